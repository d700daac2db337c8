#include "cuda/channel_sums.h"

#include <algorithm>

#include "cuda/places.h"

namespace pathex::cuda {

namespace {

using core::FusedStep;
using core::Instruction;

/// r0 = y, r1 = its first pixel, r2 = r0 - r1: the sum of r2 over the pixels, and its variance.
bool takesSums(const FusedStep& step, std::size_t y, std::size_t pixels, std::size_t channels) {
  const auto isLoad = [&](std::size_t i, std::size_t stride) {
    const core::Load& load = step.loads[i];
    return load.buffer == y && load.strides[1] == stride && load.strides[2] == 1;
  };
  const auto isCentred = [&](const core::Operation& c) {
    return c.instruction == Instruction::sub && c.args[0] == 0 && c.args[1] == 1;
  };
  const auto isOf = [&](std::size_t i, core::ReductionOp op) {
    const core::Reduction& r = step.reductions[i];
    return r.op == op && r.keep == core::Keep::inner && r.reg == 2;
  };
  const core::Domain& d = step.domain;
  return step.stores.empty() && step.loads.size() == 2 && step.code.size() == 1 && step.reductions.size() == 2 &&
         d.outer == 1 && d.reduced == pixels && d.inner == channels && isLoad(0, channels) && isLoad(1, 0) &&
         isCentred(step.code[0]) && isOf(0, core::ReductionOp::sum) && isOf(1, core::ReductionOp::variance);
}

}  // namespace

std::optional<ChannelSums> channelSumsOf(const core::Plan& plan, std::size_t at) {
  if (at + 1 >= plan.steps.size()) return std::nullopt;
  const auto* const conv = std::get_if<core::CallStep>(&plan.steps[at]);
  const auto* const step = std::get_if<FusedStep>(&plan.steps[at + 1]);
  if (conv == nullptr || step == nullptr || conv->kernel != core::Call::conv2d) return std::nullopt;
  const auto& a = std::get<core::ConvAttributes>(conv->attributes);
  const std::size_t y = conv->outputs[0];
  if (!takesSums(*step, y, static_cast<std::size_t>(a.n * a.oh * a.ow), static_cast<std::size_t>(a.f))) {
    return std::nullopt;
  }
  const ChannelSums sums{step->reductions[0].buffer, step->reductions[1].buffer};
  const auto isFree = [&](std::size_t sum, std::size_t other) {
    const auto isHit = [&](std::size_t buffer) { return overlap(plan, sum, buffer); };
    return !isHit(y) && !isHit(other) && std::none_of(conv->inputs.begin(), conv->inputs.end(), isHit);
  };
  return isFree(sums.first, sums.second) && isFree(sums.second, sums.first) ? std::optional(sums) : std::nullopt;
}

}  // namespace pathex::cuda
