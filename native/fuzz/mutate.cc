#include "fuzz/mutate.h"

#include <limits>

#include "core/check.h"

namespace pathex::fuzz {

namespace {

using namespace pathex::core;

/// Another value for a number: a neighbour, a multiple, or one of those whose products and sums wrap around.
template <class T>
void change(T& value, Random& random) {
  const auto old = static_cast<std::uint64_t>(value);
  const auto power = [](unsigned bits) { return std::uint64_t{1} << bits; };
  const std::uint64_t wrapping =
      random.of({power(31) - 1, power(31), power(32), power(32) + 1, power(33), power(40), power(53), power(61),
                 power(62), power(63) - 1, power(63), ~std::uint64_t{0}});
  switch (random.below(8)) {
    case 0:
      value = static_cast<T>(old + 1);
      return;
    case 1:
      value = static_cast<T>(old - 1);
      return;
    case 2:
      value = static_cast<T>(old * 2);
      return;
    case 3:
      value = static_cast<T>(0 - old);
      return;
    case 4:
      value = static_cast<T>(random.below(30));
      return;
    case 5:
      value = static_cast<T>(old + wrapping);
      return;
    case 6:
      value = static_cast<T>(random.from(-1000, 1000));
      return;
    default:
      value = static_cast<T>(wrapping);
  }
}

template <class T>
void changeOne(std::vector<T>& items, Random& random) {
  if (!items.empty()) change(items[random.below(items.size())], random);
}
template <class T, std::size_t n>
void changeOne(std::array<T, n>& items, Random& random) {
  change(items[random.below(n)], random);
}

/// Drops, doubles or exchanges items.
template <class T>
void rearrange(std::vector<T>& items, Random& random) {
  if (items.empty()) return;
  const std::size_t at = random.below(items.size());
  switch (random.below(3)) {
    case 0:
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 1:
      items.push_back(T(items[at]));
      return;
    default:
      std::swap(items[at], items[random.below(items.size())]);
  }
}

/// The number of a buffer: mostly of one that is there.
void point(std::size_t& buffer, const Plan& plan, Random& random) {
  if (plan.buffers.empty() || random.once(6)) return change(buffer, random);
  buffer = random.below(plan.buffers.size());
}

StorageType anyType(Random& random) {
  return random.of({StorageType::f32, StorageType::bf16, StorageType::i32, StorageType::u8});
}

/// Sizes that belong together wrap around together, and the buffer may follow its shape into the nothing.
void changeShape(PlanBuffer& b, Random& random) {
  switch (random.below(4)) {
    case 0:
      b.shape = {std::size_t{1} << 31, std::size_t{1} << 31, 4};
      return;
    case 1:
      b.shape.push_back(random.of({std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{1} << 62}));
      return;
    default:
      changeOne(b.shape, random);
  }
}

void changeBuffer(Plan& plan, Random& random) {
  if (plan.buffers.empty()) return;
  PlanBuffer& b = plan.buffers[random.below(plan.buffers.size())];
  switch (random.below(6)) {
    case 0:
    case 1:
      return changeShape(b, random);
    case 2:
      b.dtype = anyType(random);
      return;
    case 3:
      // Within the arena buffers may come to lie on one another; outside it they may become views of one slot.
      if (b.place.in == In::arena && random.once(2)) {
        b.place.at = 4 * random.below(1 + plan.arenaBytes / 4);
        return;
      }
      return change(b.place.at, random);
    case 4:
      b.place.in = random.of({In::arena, In::state, In::input, In::output, In::constant});
      return;
    default:
      if (b.place.data.empty()) return rearrange(plan.buffers, random);
      b.place.data[random.below(b.place.data.size())] =
          random.of({1e300, -1.0, 0.5, 3e9, std::numeric_limits<double>::quiet_NaN()});
  }
}

void changeFused(Plan& plan, FusedStep& step, Random& random) {
  std::array<std::size_t*, 3> domain{&step.domain.outer, &step.domain.reduced, &step.domain.inner};
  switch (random.below(9)) {
    case 0:
      return change(*domain[random.below(3)], random);
    case 1:
      if (!step.loads.empty()) changeOne(step.loads[random.below(step.loads.size())].strides, random);
      return;
    case 2:
      if (!step.loads.empty()) point(step.loads[random.below(step.loads.size())].buffer, plan, random);
      return;
    case 3:
      if (!step.code.empty()) changeOne(step.code[random.below(step.code.size())].args, random);
      return;
    case 4:
      if (!step.code.empty()) rearrange(step.code[random.below(step.code.size())].args, random);
      return;
    case 5:
      if (!step.stores.empty()) {
        Store& s = step.stores[random.below(step.stores.size())];
        random.once(2) ? point(s.buffer, plan, random) : change(s.reg, random);
      }
      return;
    case 6:
      if (!step.reductions.empty()) {
        Reduction& r = step.reductions[random.below(step.reductions.size())];
        random.once(2) ? point(r.buffer, plan, random) : change(r.reg, random);
        if (random.once(3)) r.keep = random.of({Keep::none, Keep::inner, Keep::outer, Keep::outerInner});
      }
      return;
    case 7:
      random.once(2) ? rearrange(step.loads, random) : rearrange(step.code, random);
      return;
    default:
      random.once(2) ? rearrange(step.stores, random) : rearrange(step.reductions, random);
  }
}

void changeField(std::int64_t& value, Random& random) {
  change(value, random);
}
void changeField(std::size_t& value, Random& random) {
  change(value, random);
}
void changeField(bool& value, Random&) {
  value = !value;
}
void changeField(double& value, Random& random) {
  value = random.of({-1.0, 256.0, 1e300, 0.5});
}
template <std::size_t n>
void changeField(std::array<std::int64_t, n>& values, Random& random) {
  changeOne(values, random);
}
template <class T>
void changeField(std::vector<T>& values, Random& random) {
  random.once(5) ? rearrange(values, random) : changeOne(values, random);
}

/// One field of the record.
template <class Record>
void changeAttributes(Record& record, Random& random) {
  std::size_t fields = 0, at = 0;
  eachField(record, [&](FieldKind, const char*, auto&) { ++fields; });
  const std::size_t chosen = random.below(fields);
  eachField(record, [&](FieldKind, const char*, auto& value) {
    if (at++ == chosen) changeField(value, random);
  });
}

/// How many elements the attributes ask of each operand, inputs first; none where that is not settled by them.
std::vector<std::size_t> sizesOf(const CallStep& step) {
  const std::optional<Operands> wanted = wantedOperands(step);
  if (!wanted) return {};
  std::vector<std::size_t> sizes;
  for (const auto* const operands : {&wanted->inputs, &wanted->outputs}) {
    for (const Operand& operand : *operands) {
      if (!operand.elements) return {};
      sizes.push_back(*operand.elements);
    }
  }
  return sizes;
}

/// Gives the operands the sizes that changed attributes ask for, as far as these are small or come to nothing by
/// wrapping around: what is wrong then is the attributes alone.
void follow(Plan& plan, const CallStep& step) {
  const std::vector<std::size_t> sizes = sizesOf(step);
  if (sizes.size() != step.inputs.size() + step.outputs.size()) return;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t number = i < step.inputs.size() ? step.inputs[i] : step.outputs[i - step.inputs.size()];
    if (number >= plan.buffers.size()) return;
    PlanBuffer& b = plan.buffers[number];
    constexpr std::size_t small = std::size_t{1} << 16;
    b.shape = {sizes[i] <= small ? sizes[i] : 0};
    if (b.place.in == In::constant) b.place.data.assign(b.elements(), 1.0);
    if (b.place.in != In::arena) continue;
    b.place.at = plan.arenaBytes;
    plan.arenaBytes += (b.bytes() + 63) / 64 * 64;
  }
}

/// A mark of either kind, which mostly fits nothing.
void markEpilogue(const Plan& plan, CallStep& step, Random& random) {
  if (random.once(2)) {
    SumsEpilogue sums;
    point(sums.sum, plan, random);
    point(sums.squares, plan, random);
    step.epilogue = sums;
    return;
  }
  MapEpilogue map{{}, random.once(2)};
  for (std::size_t n = random.below(3); n > 0; --n) {
    map.spreads.push_back(random.of({Spread::scalar, Spread::channel, Spread::full}));
  }
  step.epilogue = map;
}

void changeCall(Plan& plan, CallStep& step, Random& random) {
  std::vector<std::size_t>& operands = random.once(2) ? step.inputs : step.outputs;
  switch (random.below(9)) {
    case 8:
      return markEpilogue(plan, step, random);
    case 0:
      if (!operands.empty()) point(operands[random.below(operands.size())], plan, random);
      return;
    case 1:
      return rearrange(operands, random);
    case 2:
      step.kernel =
          random.of({Call::conv2d, Call::conv2dInputGrad, Call::conv2dWeightGrad, Call::maxPool, Call::maxPoolGather,
                     Call::maxPoolScatter, Call::sumPool, Call::sumPoolGrad, Call::gather, Call::scatterAdd, Call::copy});
      return;
    default:
      std::visit([&](auto& record) { changeAttributes(record, random); }, step.attributes);
      if (random.once(2)) follow(plan, step);
  }
}

void changeStep(Plan& plan, Random& random) {
  if (plan.steps.empty()) return;
  Step& step = plan.steps[random.below(plan.steps.size())];
  if (auto* const fused = std::get_if<FusedStep>(&step)) return changeFused(plan, *fused, random);
  changeCall(plan, std::get<CallStep>(step), random);
}

void changeSlots(Plan& plan, Random& random) {
  std::vector<Slot>& slots = *random.of({&plan.state, &plan.inputs, &plan.outputs});
  if (slots.empty()) return;
  random.once(2) ? rearrange(slots, random) : point(slots[random.below(slots.size())].buffer, plan, random);
}

}  // namespace

void mutate(Plan& plan, Random& random) {
  switch (random.below(16)) {
    case 0:
      return change(plan.arenaBytes, random);
    case 1:
      return changeSlots(plan, random);
    case 2:
      return rearrange(plan.steps, random);
    case 3:
    case 4:
    case 5:
    case 6:
      return changeBuffer(plan, random);
    default:
      return changeStep(plan, random);
  }
}

}  // namespace pathex::fuzz
