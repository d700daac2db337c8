#pragma once

#include <string>
#include <vector>

#include "cuda/library_kernels.h"
#include "cuda/owned.h"

namespace pathex::cuda {

/// Measures candidates of the libraries on the device's own stream.
class GraphTimer final : public Timer {
 public:
  explicit GraphTimer(Context& context) : context_(context) {}

  core::Result<double> seconds(Kernel&, const core::Plan&, const core::CallStep&) override;
  /// Gives its memory back.
  void rest() { memory_ = DeviceBytes(), bytes_ = 0; }

 private:
  core::Status reserve(std::size_t bytes);
  core::Status fill(CUdeviceptr at, std::size_t bytes);
  core::Result<double> time(const GraphExec&);

  Context& context_;
  DeviceBytes memory_;
  std::size_t bytes_ = 0;
  std::vector<float> noise_;
};

}  // namespace pathex::cuda
