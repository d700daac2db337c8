#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/images.h"
#include "core/kernel.h"
#include "core/memory.h"
#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

/// A plan in host memory with its kernels, arena, constants and scratch: everything that a run needs besides the bound
/// slots.
class HostExecutable final : public Executable {
 public:
  static Result<std::unique_ptr<Executable>> make(Plan, KernelFactory&, bool profile, StopFlag stop = {});

  const Plan& plan() const override { return plan_; }
  /// Arena, constants and scratch.
  std::size_t bytes() const override { return bytes_; }
  std::vector<StepReport> report() const override;

  Submitted run(const std::vector<const Block*>& state, const std::vector<std::byte*>& inputs,
                const std::vector<std::byte*>& outputs) override;

 private:
  HostExecutable(Plan plan, bool profile);
  void placeConstants();
  Status runStep(std::size_t index, const Bindings&);
  void runImages(ImageRun&, const Bindings&);
  void count(std::size_t index, double seconds);

  Plan plan_;
  bool profile_;
  StopFlag stop_;
  std::size_t bytes_ = 0;
  Memory arena_, constants_, scratch_;
  std::vector<std::byte*> buffers_;
  /// A kernel for each step that runs by itself, or a run of several steps at the first of them.
  std::vector<std::unique_ptr<Kernel>> kernels_;
  std::vector<std::unique_ptr<ImageRun>> imageRuns_;
  mutable std::mutex reportLock_;
  std::vector<StepReport> report_;
};

}  // namespace pathex::core
