#include "cuda/places.h"

#include <algorithm>

namespace pathex::cuda {

namespace {

using core::FusedStep;
using core::Plan;

struct Bytes {
  core::In in;
  std::size_t slot, begin, end;
};
Bytes bytesOf(const Plan& plan, std::size_t buffer) {
  const core::PlanBuffer& b = plan.buffers[buffer];
  switch (b.place.in) {
    case core::In::arena:
      return {b.place.in, 0, b.place.at, b.place.at + b.bytes()};
    case core::In::constant:
      return {b.place.in, buffer, 0, b.bytes()};
    case core::In::state:
    case core::In::input:
    case core::In::output:
      break;
  }
  return {b.place.in, b.place.at, 0, b.bytes()};
}
std::vector<std::size_t> readBy(const core::Step& step) {
  const auto* const fused = std::get_if<FusedStep>(&step);
  if (fused == nullptr) return std::get<core::CallStep>(step).inputs;
  std::vector<std::size_t> buffers;
  for (const core::Load& load : fused->loads) buffers.push_back(load.buffer);
  return buffers;
}
std::vector<std::size_t> writtenBy(const core::Step& step) {
  const auto* const fused = std::get_if<FusedStep>(&step);
  if (fused == nullptr) return std::get<core::CallStep>(step).outputs;
  std::vector<std::size_t> buffers;
  for (const core::Store& store : fused->stores) buffers.push_back(store.buffer);
  for (const core::Reduction& reduction : fused->reductions) buffers.push_back(reduction.buffer);
  return buffers;
}

}  // namespace

bool overlap(const Plan& plan, std::size_t one, std::size_t other) {
  const Bytes a = bytesOf(plan, one), b = bytesOf(plan, other);
  return a.in == b.in && a.slot == b.slot && a.begin < b.end && b.begin < a.end;
}

bool isReadAfter(const Plan& plan, std::size_t value, std::size_t last) {
  if (plan.buffers[value].place.in != core::In::arena) return true;
  std::vector<std::size_t> replaced = writtenBy(plan.steps[last]);
  for (std::size_t i = last + 1; i < plan.steps.size(); ++i) {
    for (const std::size_t buffer : readBy(plan.steps[i])) {
      const bool isOther = std::find(replaced.begin(), replaced.end(), buffer) != replaced.end();
      if (!isOther && overlap(plan, buffer, value)) return true;
    }
    for (const std::size_t buffer : writtenBy(plan.steps[i])) replaced.push_back(buffer);
  }
  return false;
}

}  // namespace pathex::cuda
