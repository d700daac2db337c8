#pragma once

#include <string>

#include "core/kernel.h"
#include "cpu/onednn.h"

namespace pathex::cpu {

struct Probe {
  std::string onednn, isa;
  int threads;
};

/// What this machine offers: oneDNN's version, the instruction set it uses, and the threads a device takes when it is
/// not told (OMP_NUM_THREADS, or the physical cores this process may run on).
Probe probe();

/// Kernels for steps on the CPU. Make and use it on one thread, whose OpenMP team has `threads` members.
class Backend final : public core::KernelFactory {
 public:
  core::Result<std::unique_ptr<core::Kernel>> make(const core::Plan&, const core::Step&) override;

 private:
  onednn::Context context_;
};

}  // namespace pathex::cpu
