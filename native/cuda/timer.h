#pragma once

#include <functional>
#include <vector>

#include "cuda/library_kernels.h"
#include "cuda/owned.h"

namespace pathex::cuda {

/// Measures candidates of the libraries on the device's own stream.
class GraphTimer final : public Timer {
 public:
  explicit GraphTimer(Context& context) : context_(context) {}

  core::Result<double> seconds(const std::vector<Kernel*>&, const Work&, double best) override;
  /// Gives its memory back.
  void rest() { memory_ = DeviceBytes(), bytes_ = 0, filledFor_ = {}; }

 private:
  core::Status reserve(std::size_t bytes);
  core::Status fill(CUdeviceptr at, std::size_t bytes);
  /// Between two events around what `enqueue` gives to the stream.
  core::Result<double> time(const std::function<core::Status()>& enqueue);

  Context& context_;
  DeviceBytes memory_;
  std::size_t bytes_ = 0;
  Work filledFor_;
  std::vector<float> noise_;
};

}  // namespace pathex::cuda
