#include "cpu/backend.h"

#include "core/check.h"
#include "cpu/direct/direct.h"
#include "cpu/fused/fused.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

Probe probe() {
  return {onednn::version(), onednn::isa()};
}

core::Result<std::unique_ptr<core::Kernel>> Backend::make(const core::Plan& plan, const core::Step& step) {
  if (const auto* fused = std::get_if<core::FusedStep>(&step)) return makeFused(plan, *fused);
  const auto& call = std::get<core::CallStep>(step);
  if (core::Status s = core::checkOperands(plan, call); !s.ok()) return s;
  switch (call.kernel) {
#define PATHEX_CALL(name, Record, maker, ...) \
  case core::Call::name:                      \
    return maker(context_, plan, call);
#include "core/calls.inc"
  }
  return core::planError(call.name + ": no such kernel");
}

std::unique_ptr<core::ImageKernel> Backend::makeOfImage(const core::Plan& plan, const core::Step& step,
                                                        std::size_t images) {
  if (const auto* fused = std::get_if<core::FusedStep>(&step)) return makeFusedOfImage(plan, *fused, images);
  const auto& call = std::get<core::CallStep>(step);
  const auto* const convolution = std::get_if<core::ConvAttributes>(&call.attributes);
  return convolution == nullptr ? nullptr : direct::select(call, *convolution);
}

}  // namespace pathex::cpu
