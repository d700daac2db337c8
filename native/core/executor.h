#pragma once

#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/kernel.h"
#include "core/memory.h"
#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

struct StepReport {
  std::string name, kind, implementation;
  double seconds = 0;
  /// Seconds of the fastest call, which other work on the machine slowed least; infinite before the first.
  double least = std::numeric_limits<double>::infinity();
  std::size_t calls = 0;
};

/// A plan with its kernels, arena, constants and scratch: everything that a run needs besides the bound slots.
class Executable {
 public:
  static Result<std::shared_ptr<Executable>> make(Plan, KernelFactory&, LiveBytes, bool profile);

  const Plan& plan() const { return plan_; }
  /// Arena, constants and scratch.
  std::size_t bytes() const { return bytes_; }

  /// Runs every step in order. Each vector holds one address for each slot of its kind. One thread at a time.
  Status run(const std::vector<std::byte*>& state, const std::vector<std::byte*>& inputs,
             const std::vector<std::byte*>& outputs);

  /// One entry for each step; times are zero unless profiling was asked for. Any thread.
  std::vector<StepReport> report() const;

 private:
  Executable(Plan plan, LiveBytes live, bool profile);
  void placeConstants();
  Status runStep(std::size_t index, const Bindings&);

  Plan plan_;
  LiveBytes live_;
  bool profile_;
  std::size_t bytes_ = 0;
  Memory arena_, constants_, scratch_;
  std::vector<std::byte*> buffers_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
  mutable std::mutex reportLock_;
  std::vector<StepReport> report_;
};

}  // namespace pathex::core
