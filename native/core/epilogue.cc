#include <algorithm>
#include <array>

#include "core/check.h"

namespace pathex::core {

namespace {

/// Reads and writes of one call for two steps: it does them in an order of its own, so that they must lie apart.
Status checkApart(const Plan& plan, const std::vector<std::size_t>& read, const std::vector<std::size_t>& written) {
  const auto meet = [&](std::size_t a, std::size_t b) {
    return a == b || shareMemory(plan.buffers[a], plan.buffers[b]);
  };
  for (std::size_t i = 0; i < written.size(); ++i) {
    for (const std::size_t other : read) {
      if (!meet(written[i], other)) continue;
      return planError("epilogue: writes buffer " + std::to_string(written[i]) + " where the same call reads buffer " +
                       std::to_string(other));
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (!meet(written[i], written[k])) continue;
      return planError("epilogue: writes buffer " + std::to_string(written[i]) + " where it writes buffer " +
                       std::to_string(written[k]));
    }
  }
  return {};
}

bool liesSo(const Domain& d, const Load& load, Spread spread, std::size_t channels) {
  const std::array<std::size_t, 3> extents{d.outer, d.reduced, d.inner},
      whole{productOf({d.reduced, d.inner}), d.inner, 1};
  std::size_t last = 3;  // the innermost axis that is one
  for (std::size_t i = 0; i < 3; ++i) {
    if (extents[i] > 1) last = i;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t ofChannels = i == last ? 1 : 0;
    const std::size_t wanted = spread == Spread::full ? whole[i] : spread == Spread::channel ? ofChannels : 0;
    if (extents[i] > 1 && load.strides[i] != wanted) return false;
  }
  return spread != Spread::channel || (last < 3 && extents[last] == channels);
}

Status checkMap(const Plan& plan, const CallStep& conv, const FusedStep& map, const MapEpilogue& mark,
                std::size_t channels) {
  const std::size_t result = conv.outputs[0];
  if (!map.reductions.empty() || map.domain.elements() != plan.buffers[result].elements()) {
    return planError("epilogue: the step after it is no map of its result");
  }
  if (mark.spreads.size() != map.loads.size()) {
    return planError("epilogue: " + std::to_string(mark.spreads.size()) + " spreads for " +
                     std::to_string(map.loads.size()) + " loads");
  }
  std::vector<std::size_t> read = conv.inputs, written;
  bool readsResult = false;
  for (std::size_t i = 0; i < map.loads.size(); ++i) {
    const Load& load = map.loads[i];
    const bool isResult = load.buffer == result;
    const StorageType type = plan.buffers[load.buffer].dtype;
    const bool isReal = type == StorageType::f32 || type == StorageType::bf16;
    if (!isReal || !liesSo(map.domain, load, mark.spreads[i], channels) ||
        (isResult && mark.spreads[i] != Spread::full)) {
      return planError("epilogue.spreads[" + std::to_string(i) + "]: the step after it does not load so");
    }
    if (!isResult) read.push_back(load.buffer);
    readsResult = readsResult || isResult;
  }
  if (!readsResult) return planError("epilogue: the step after it does not load its result");
  for (const Store& store : map.stores) written.push_back(store.buffer);
  if (mark.keepsResult) written.push_back(result);
  return checkApart(plan, read, written);
}

Status checkSums(const Plan& plan, const CallStep& conv, const FusedStep& step, const SumsEpilogue& mark,
                 std::size_t channels) {
  const auto isTaken = [&](std::size_t i, std::size_t buffer) {
    return step.reductions.size() == 2 && step.reductions[i].buffer == buffer &&
           plan.buffers[buffer].elements() == channels;
  };
  if (conv.kernel != Call::conv2d || !isTaken(0, mark.sum) || !isTaken(1, mark.squares)) {
    return planError("epilogue: the step after it does not reduce the channels of its result to buffers " +
                     std::to_string(mark.sum) + " and " + std::to_string(mark.squares));
  }
  return checkApart(plan, conv.inputs, {mark.sum, mark.squares, conv.outputs[0]});
}

}  // namespace

Status checkEpilogue(const Plan& plan, std::size_t at) {
  const auto* const conv = std::get_if<CallStep>(&plan.steps[at]);
  if (conv == nullptr || !conv->epilogue) return {};
  const bool isForward = conv->kernel == Call::conv2d;
  const auto* const a = std::get_if<ConvAttributes>(&conv->attributes);
  if (a == nullptr || (!isForward && conv->kernel != Call::conv2dInputGrad) || conv->outputs.empty()) {
    return planError("epilogue: only convolutions with an image for a result have one");
  }
  const auto* const next = at + 1 < plan.steps.size() ? std::get_if<FusedStep>(&plan.steps[at + 1]) : nullptr;
  if (next == nullptr) return planError("epilogue: no fused step follows");
  const auto channels = static_cast<std::size_t>(isForward ? a->f : a->c);
  if (const auto* const map = std::get_if<MapEpilogue>(&*conv->epilogue)) {
    return checkMap(plan, *conv, *next, *map, channels);
  }
  return checkSums(plan, *conv, *next, std::get<SumsEpilogue>(*conv->epilogue), channels);
}

}  // namespace pathex::core
