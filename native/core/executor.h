#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/device.h"
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

  Plan plan_;
  bool profile_;
  StopFlag stop_;
  std::size_t bytes_ = 0;
  Memory arena_, constants_, scratch_;
  std::vector<std::byte*> buffers_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
  mutable std::mutex reportLock_;
  std::vector<StepReport> report_;
};

}  // namespace pathex::core
