#pragma once

#include <string>

#include "core/kernel.h"
#include "cpu/onednn.h"

namespace pathex::cpu {

struct Probe {
  std::string onednn, isa;
};

/// What this machine offers: oneDNN's version and the instruction set it uses.
Probe probe();

/// Kernels for steps on the CPU. Make and use it on one thread, whose OpenMP team is settled (cpu/team.h).
class Backend final : public core::KernelFactory {
 public:
  core::Result<std::unique_ptr<core::Kernel>> make(const core::Plan&, const core::Step&) override;
  std::unique_ptr<core::ImageKernel> makeOfImage(const core::Plan&, const core::Step&, std::size_t images) override;

 private:
  onednn::Context context_;
};

}  // namespace pathex::cpu
