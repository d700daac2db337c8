#include "fuzz/mutate.h"

#include <limits>

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

void changeAttributes(CallAttributes& attributes, Random& random) {
  const auto one = [&]<class T>(T* first, auto*... others) {
    T* const all[] = {first, others...};
    change(*all[random.below(sizeof...(others) + 1)], random);
  };
  struct Visit {
    Random& random;
    const decltype(one)& change;
    void operator()(ConvAttributes& a) const {
      if (random.once(2)) return change(&a.n, &a.h, &a.w, &a.c, &a.f, &a.kh, &a.kw, &a.oh, &a.ow);
      change(&a.stride[0], &a.stride[1], &a.dilation[0], &a.dilation[1], &a.padding[0], &a.padding[1], &a.padding[2],
             &a.padding[3]);
    }
    void operator()(PoolAttributes& a) const {
      if (random.once(2)) return change(&a.n, &a.h, &a.w, &a.c, &a.oh, &a.ow);
      change(&a.window[0], &a.window[1], &a.stride[0], &a.stride[1], &a.padding[0], &a.padding[1], &a.padding[2],
             &a.padding[3]);
    }
    void operator()(MatmulAttributes& a) const { change(&a.m, &a.n, &a.k); }
    void operator()(CopyAttributes& a) const {
      if (random.once(3)) return change(&a.srcOffset, &a.dstOffset);
      std::vector<std::int64_t>& list = *random.of({&a.dims, &a.srcStrides, &a.dstStrides});
      random.once(5) ? rearrange(list, random) : changeOne(list, random);
    }
    void operator()(FillAttributes& a) const { a.value = random.of({-1.0, 256.0, 1e300, 0.5}); }
    void operator()(TableAttributes& a) const { change(&a.rows, &a.width, &a.count); }
    void operator()(CropFlipAttributes& a) const { change(&a.images, &a.batch, &a.h, &a.w, &a.c); }
    void operator()(ArgMaxAttributes& a) const { change(&a.rows, &a.width); }
    void operator()(RankMaskAttributes& a) const { change(&a.size); }
  };
  std::visit(Visit{random, one}, attributes);
}

std::size_t countOf(std::initializer_list<std::int64_t> extents) {
  std::size_t count = 1;
  for (const std::int64_t extent : extents) count = productOf({count, static_cast<std::size_t>(extent)});
  return count;
}

/// How many elements the attributes ask of each operand, inputs first; none where that is not settled by them.
std::vector<std::size_t> sizesOf(const CallStep& step) {
  const std::string& k = step.kernel;
  if (const auto* const a = std::get_if<ConvAttributes>(&step.attributes)) {
    const std::size_t x = countOf({a->n, a->h, a->w, a->c}), w = countOf({a->f, a->kh, a->kw, a->c});
    const std::size_t y = countOf({a->n, a->oh, a->ow, a->f});
    if (k == "conv2d") return {x, w, y};
    return k == "conv2dInputGrad" ? std::vector{y, w, x} : std::vector{x, y, w};
  }
  if (const auto* const a = std::get_if<PoolAttributes>(&step.attributes)) {
    const std::size_t big = countOf({a->n, a->h, a->w, a->c}), small = countOf({a->n, a->oh, a->ow, a->c});
    if (k == "maxPoolGather") return {big, big, small};
    if (k == "maxPoolScatter") return {big, small, big};
    return k == "sumPoolGrad" ? std::vector{small, big} : std::vector{big, small};
  }
  if (const auto* const a = std::get_if<MatmulAttributes>(&step.attributes)) {
    return {countOf({a->m, a->k}), countOf({a->k, a->n}), countOf({a->m, a->n})};
  }
  if (const auto* const a = std::get_if<TableAttributes>(&step.attributes)) {
    const std::size_t table = productOf({a->rows, a->width}), rows = productOf({a->count, a->width});
    return k == "gather" ? std::vector{table, a->count, rows} : std::vector{rows, a->count, table};
  }
  return {};
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
      step.kernel = random.of({"conv2d", "conv2dInputGrad", "conv2dWeightGrad", "maxPool", "maxPoolGather",
                               "maxPoolScatter", "sumPool", "sumPoolGrad", "gather", "scatterAdd", "copy", "none"});
      return;
    default:
      changeAttributes(step.attributes, random);
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
