#include "cpu/backend.h"

#include "core/check.h"
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
  const std::string& k = call.kernel;
  if (k == "conv2d" || k == "conv2dInputGrad" || k == "conv2dWeightGrad") return makeConv(context_, plan, call);
  if (k == "matmul") return makeMatmul(context_, plan, call);
  if (k == "maxPool" || k == "maxPoolGather" || k == "maxPoolScatter" || k == "sumPool" || k == "sumPoolGrad") {
    return makePool(plan, call);
  }
  if (k == "copy") return makeCopy(plan, call);
  if (k == "fill") return makeFill(plan, call);
  if (k == "gather") return makeGather(plan, call);
  if (k == "scatterAdd") return makeScatterAdd(plan, call);
  if (k == "cropFlip") return makeCropFlip(plan, call);
  if (k == "argMax") return makeArgMax(plan, call);
  if (k == "rankMask") return makeRankMask(plan, call);
  return core::withRemedy(core::planError("kernel: the cpu device has no '" + k + "'"));
}

}  // namespace pathex::cpu
