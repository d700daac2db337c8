#include "fuzz/valid_plan.h"

#include <algorithm>
#include <type_traits>

#include "core/check.h"

namespace pathex::fuzz {

namespace {

using namespace pathex::core;

std::size_t size(std::int64_t extent) {
  return static_cast<std::size_t>(extent);
}

class Builder {
 public:
  explicit Builder(Random& random) : random_(random) {
    plan_.name = "fuzzed";
    placesInArena_ = random_.below(4);
  }

  Plan build() {
    const std::size_t steps = 1 + random_.below(4);
    for (std::size_t i = 0; i < steps; ++i) {
      touched_.clear();
      if (random_.once(2)) {
        addFused(i);
      } else {
        addCall(i);
      }
    }
    return std::move(plan_);
  }

 private:
  /// A buffer of so many elements for the step that is being made: an old one, or one in a new place.
  std::size_t buffer(StorageType dtype, std::vector<std::int64_t> shape, bool isWritten) {
    PlanBuffer wanted{dtype, {shape.begin(), shape.end()}, {}};
    for (std::size_t tries = 0; tries < 3 && !plan_.buffers.empty() && random_.once(2); ++tries) {
      const std::size_t old = random_.below(plan_.buffers.size());
      const PlanBuffer& b = plan_.buffers[old];
      const bool isReadOnly = b.place.in == In::input || b.place.in == In::constant;
      const bool isFree = std::find(touched_.begin(), touched_.end(), old) == touched_.end();
      if (b.dtype != dtype || b.elements() != wanted.elements()) continue;
      if (isWritten ? isReadOnly || !isFree : std::find(written_.begin(), written_.end(), old) != written_.end())
        continue;
      return touch(old, isWritten);
    }
    place(wanted, isWritten);
    plan_.buffers.push_back(std::move(wanted));
    return touch(plan_.buffers.size() - 1, isWritten);
  }

  std::size_t touch(std::size_t buffer, bool isWritten) {
    touched_.push_back(buffer);
    if (isWritten) written_.push_back(buffer);
    return buffer;
  }

  void place(PlanBuffer& b, bool isWritten) {
    // Some plans keep nothing in the arena: guards can stand around what is bound only.
    if (random_.below(4) < placesInArena_) {
      b.place = {In::arena, plan_.arenaBytes, {}};
      plan_.arenaBytes += (b.bytes() + 63) / 64 * 64;
      return;
    }
    if (!isWritten && b.elements() <= 64 && random_.once(6)) {
      b.place.in = In::constant;
      for (std::size_t i = 0; i < b.elements(); ++i) b.place.data.push_back(static_cast<double>(random_.below(4)));
      return;
    }
    const In in = isWritten ? random_.of({In::state, In::output}) : random_.of({In::state, In::input});
    std::vector<Slot>& slots = in == In::state ? plan_.state : in == In::input ? plan_.inputs : plan_.outputs;
    b.place = {in, slots.size(), {}};
    slots.push_back({"slot", plan_.buffers.size()});
  }

  std::size_t reads(StorageType dtype, std::vector<std::int64_t> shape) {
    return buffer(dtype, std::move(shape), false);
  }
  std::size_t writes(StorageType dtype, std::vector<std::int64_t> shape) {
    return buffer(dtype, std::move(shape), true);
  }

  std::int64_t extent() { return random_.once(8) ? random_.from(30, 700) : random_.from(1, 20); }

  void addFused(std::size_t index) {
    FusedStep step;
    step.name = "fused" + std::to_string(index);
    written_.clear();
    const std::int64_t o = extent(), r = extent(), i = random_.once(3) ? 1 : extent();
    step.domain = {size(o), size(r), size(i)};
    while (step.domain.elements() > 40000)
      step.domain.outer = 1 + step.domain.outer / 8, step.domain.reduced = 1 + step.domain.reduced / 8;
    const Domain d = step.domain;
    const std::size_t loads = random_.below(4);
    for (std::size_t k = 0; k < loads; ++k) step.loads.push_back(load(d));
    const std::size_t code = random_.below(8) + (loads == 0 ? 1 : 0);
    for (std::size_t k = 0; k < code; ++k) step.code.push_back(operation(loads + k));
    const std::size_t registers = loads + code;
    const std::size_t stores = random_.below(3), reductions = random_.below(3) + (stores == 0 ? 1 : 0);
    for (std::size_t k = 0; k < stores; ++k) step.stores.push_back({random_.below(registers), target(step)});
    for (std::size_t k = 0; k < reductions; ++k) {
      const Keep keep = random_.of({Keep::none, Keep::inner, Keep::outer, Keep::outerInner});
      const std::size_t outer = keep == Keep::outer || keep == Keep::outerInner ? d.outer : 1;
      const std::size_t inner = keep == Keep::inner || keep == Keep::outerInner ? d.inner : 1;
      step.reductions.push_back({random_.below(registers), random_.of({ReductionOp::sum, ReductionOp::variance, ReductionOp::max}), keep,
                                 writes(StorageType::f32, {static_cast<std::int64_t>(outer * inner)})});
    }
    plan_.steps.push_back(std::move(step));
  }

  /// Any strides: those of a row-major buffer with some axes repeated, or others that stay inside.
  Load load(const Domain& d) {
    std::array<std::size_t, 3> strides{};
    std::size_t stride = 1 + (random_.once(5) ? random_.below(3) : 0), reach = 1;
    const std::size_t extents[] = {d.outer, d.reduced, d.inner};
    for (std::size_t axis = 3; axis-- > 0;) {
      if (random_.once(4)) continue;
      strides[axis] = stride;
      reach += (extents[axis] - 1) * stride;
      stride *= extents[axis];
    }
    const StorageType dtype = random_.once(4) ? random_.of({StorageType::i32, StorageType::u8}) : StorageType::f32;
    return {reads(dtype, {static_cast<std::int64_t>(reach + (random_.once(4) ? random_.below(5) : 0))}), strides};
  }

  /// Where a store goes: in place of a load of the whole domain, or somewhere apart.
  std::size_t target(const FusedStep& step) {
    const Domain& d = step.domain;
    for (const Load& l : step.loads) {
      const PlanBuffer& b = plan_.buffers[l.buffer];
      const bool isWritable = b.place.in != In::input && b.place.in != In::constant;
      const bool isFree = std::find(written_.begin(), written_.end(), l.buffer) == written_.end();
      const auto isAlone = [&] {
        return std::count_if(step.loads.begin(), step.loads.end(),
                             [&](const Load& other) { return other.buffer == l.buffer; }) == 1;
      };
      const std::array<std::size_t, 3> whole{d.reduced * d.inner, d.inner, 1};
      if (!isWritable || !isFree || b.elements() != d.elements() || l.strides != whole || !isAlone()) continue;
      if (random_.once(2)) return touch(l.buffer, true);
    }
    const StorageType dtype = random_.once(4) ? random_.of({StorageType::i32, StorageType::u8}) : StorageType::f32;
    return writes(dtype, {static_cast<std::int64_t>(d.elements())});
  }

  Operation operation(std::size_t registers) {
    Operation op;
    do {
      const InstructionInfo& info = instructions()[random_.below(instructions().size())];
      op = {info.instruction, {}};
      for (std::size_t k = 0; k < info.arguments; ++k) op.args.push_back(registers == 0 ? 0 : random_.below(registers));
    } while (registers == 0 && !op.args.empty());
    if (op.instruction == Instruction::constant) op.value = random_.of({0.0, 1.0, -2.5, 1e30, 1e300});
    return op;
  }

  void addCall(std::size_t index) {
    written_.clear();
    CallStep step;
    // Every kernel of the table, and some a second time.
    static const std::vector<Call> kernels{
#define PATHEX_CALL(name, ...) Call::name,
#include "core/calls.inc"
        Call::conv2d, Call::conv2dWeightGrad, Call::copy};
    step.kernel = kernels[random_.below(kernels.size())];
    step.name = nameOf(step.kernel) + std::to_string(index);
    step.attributes = attributesOf(step.kernel);
    std::visit([&](auto& attributes) { addOperands(step, attributes); }, step.attributes);
    plan_.steps.push_back(std::move(step));
  }

  // What the attributes of each record may be, and operands for them.

  /// Of records whose fields have nothing to do with each other.
  template <class Record>
  void addOperands(CallStep& step, Record& a) {
    eachField(a, [&]<class T>(FieldKind kind, const char*, T& value) {
      if constexpr (std::is_same_v<T, bool>) {
        value = random_.once(2);
      } else if constexpr (std::is_same_v<T, std::int64_t>) {
        if (kind == FieldKind::extent) value = random_.from(1, 12);
      }
    });
    const Operands wanted = wantedOperands(step).value();
    const auto shape = [](const Operand& operand) {
      return std::vector<std::int64_t>{static_cast<std::int64_t>(operand.elements.value())};
    };
    for (const Operand& operand : wanted.inputs) step.inputs.push_back(reads(StorageType::f32, shape(operand)));
    for (const Operand& operand : wanted.outputs) step.outputs.push_back(writes(StorageType::f32, shape(operand)));
  }

  void addOperands(CallStep& step, FillAttributes& a) {
    a.value = random_.of({0.0, 1.0, 255.0});
    step.outputs = {writes(random_.of({StorageType::f32, StorageType::i32, StorageType::u8}), {random_.from(0, 300)})};
  }

  void addOperands(CallStep& step, ArgMaxAttributes& a) {
    const std::int64_t rows = random_.from(0, 50);
    a = {size(rows), extent()};
    step.inputs = {reads(StorageType::f32, {rows, a.width})};
    step.outputs = {writes(StorageType::i32, {rows})};
  }

  void addOperands(CallStep& step, RankMaskAttributes& a) {
    const std::int64_t scores = random_.once(20) ? random_.from(60000, 80000) : random_.from(0, 500);
    a.size = size(scores);
    step.inputs = {reads(StorageType::f32, {scores}), reads(StorageType::i32, {1})};
    step.outputs = {writes(StorageType::f32, {scores})};
  }

  void addOperands(CallStep& step, BernoulliAttributes& a) {
    const std::int64_t count = random_.from(0, 500);
    const std::size_t threshold = random_.of<std::size_t>({0, 1, 1u << 31, (std::size_t{1} << 32) - 1, std::size_t{1} << 40});
    a = {size(count), threshold, size(random_.from(0, 9))};
    step.inputs = {reads(StorageType::i32, {2})};
    step.outputs = {writes(StorageType::f32, {count})};
  }

  /// Sizes and a geometry that fit each other.
  void drawConv(ConvAttributes& a) {
    if (random_.once(3)) {  // the shapes of our own kernels
      const std::int64_t multiple = random_.of({8, 16});
      a = {random_.from(1, 3),
           random_.from(1, 12),
           random_.from(1, 28),
           multiple * random_.from(1, 3),
           multiple * random_.from(1, 3),
           3,
           3,
           0,
           0,
           {1, 1},
           {1, 1},
           {1, 1, 1, 1}};
    } else {
      a = {random_.from(1, 3),
           random_.from(1, 12),
           random_.from(1, 12),
           random_.from(1, 20),
           random_.from(1, 20),
           random_.from(1, 4),
           random_.from(1, 4),
           0,
           0,
           {random_.from(1, 3), random_.from(1, 3)},
           {random_.from(1, 2), random_.from(1, 2)},
           {}};
      if (random_.once(3)) a.kh = a.kw = 1;
      if (!random_.once(3)) {
        for (std::int64_t& edge : a.padding) edge = random_.from(0, 3);
      }
    }
    const auto out = [&](std::int64_t in, std::int64_t kernel, int axis) {
      return in + a.padding[axis] + a.padding[axis + 2] - (kernel - 1) * a.dilation[axis] - 1;
    };
    while (out(a.h, a.kh, 0) < 0) ++a.h;
    while (out(a.w, a.kw, 1) < 0) ++a.w;
    a.oh = out(a.h, a.kh, 0) / a.stride[0] + 1;
    a.ow = out(a.w, a.kw, 1) / a.stride[1] + 1;
  }

  void addOperands(CallStep& step, ConvAttributes& a) {
    drawConv(a);
    const std::vector<std::int64_t> x{a.n, a.h, a.w, a.c}, w{a.f, a.kh, a.kw, a.c}, y{a.n, a.oh, a.ow, a.f};
    const bool isForward = step.kernel == Call::conv2d, isInputGrad = step.kernel == Call::conv2dInputGrad;
    step.inputs = {reads(StorageType::f32, isInputGrad ? y : x),
                   reads(StorageType::f32, isForward || isInputGrad ? w : y)};
    step.outputs = {writes(StorageType::f32, isForward ? y : isInputGrad ? x : w)};
  }

  void addOperands(CallStep& step, SparseConvAttributes& a) {
    ConvAttributes dense;
    drawConv(dense);
    a = {dense.n,  dense.h,  dense.w,      dense.c,        dense.f,       dense.kh, dense.kw,
         dense.oh, dense.ow, dense.stride, dense.dilation, dense.padding, 0};
    const std::size_t weights = size(a.f * a.kh * a.kw * a.c), every = random_.of<std::size_t>({1, 3, 20, 200});
    PlanBuffer index{StorageType::i32, {}, {In::constant, 0, {}}};
    const std::size_t one = random_.below(weights);
    for (std::size_t k = 0; k < weights; ++k) {
      if (k == one || random_.below(every) == 0) index.place.data.push_back(static_cast<double>(k));
    }
    index.shape = {index.place.data.size()};
    a.count = static_cast<std::int64_t>(index.place.data.size());
    const std::vector<std::int64_t> x{a.n, a.h, a.w, a.c}, values{a.count}, y{a.n, a.oh, a.ow, a.f};
    const bool isForward = step.kernel == Call::sparseConv2d, isInputGrad = step.kernel == Call::sparseConv2dInputGrad;
    plan_.buffers.push_back(std::move(index));
    const std::size_t places = touch(plan_.buffers.size() - 1, false);
    step.inputs = {reads(StorageType::f32, isInputGrad ? y : x),
                   reads(StorageType::f32, isForward || isInputGrad ? values : y), places};
    step.outputs = {writes(StorageType::f32, isForward ? y : isInputGrad ? x : values)};
  }

  void addOperands(CallStep& step, MatmulAttributes& a) {
    a = {random_.from(1, 40), random_.from(1, 40), random_.from(1, 40), random_.once(2), random_.once(2)};
    step.inputs = {reads(StorageType::f32, {a.m, a.k}), reads(StorageType::f32, {a.k, a.n})};
    step.outputs = {writes(StorageType::f32, {a.m, a.n})};
  }

  void addOperands(CallStep& step, PoolAttributes& a) {
    a = {random_.from(1, 3), random_.from(1, 12), random_.from(1, 12), random_.from(1, 20), 0, 0, {}, {}, {}};
    const std::int64_t extents[] = {a.h, a.w};
    std::int64_t outs[2] = {};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      std::int64_t &before = a.padding[axis], &after = a.padding[axis + 2], &window = a.window[axis];
      window = random_.from(1, 4);
      before = random_.from(0, window - 1);
      after = random_.from(0, window - 1);
      a.stride[axis] = random_.from(1, 3);
      const auto room = [&] { return extents[axis] + before + after - window; };
      if (room() < 0) window = extents[axis], before = after = 0;
      const auto last = [&] { return room() / a.stride[axis] * a.stride[axis] - before; };
      if (last() >= extents[axis]) a.stride[axis] = 1, after = 0;
      outs[axis] = room() / a.stride[axis] + 1;
    }
    a.oh = outs[0];
    a.ow = outs[1];
    const std::vector<std::int64_t> big{a.n, a.h, a.w, a.c}, small{a.n, a.oh, a.ow, a.c};
    const Call k = step.kernel;
    step.inputs = {reads(StorageType::f32, k == Call::sumPoolGrad ? small : big)};
    if (k == Call::maxPoolGather) step.inputs.push_back(reads(StorageType::f32, big));
    if (k == Call::maxPoolScatter) step.inputs.push_back(reads(StorageType::f32, small));
    step.outputs = {writes(StorageType::f32, k == Call::maxPoolScatter || k == Call::sumPoolGrad ? big : small)};
  }

  /// A block of one row-major buffer to a block of another, its axes exchanged or turned around.
  void addOperands(CallStep& step, CopyAttributes& a) {
    const std::size_t rank = random_.below(4);
    std::int64_t src = 1, dst = 1;
    for (std::size_t i = 0; i < rank; ++i) {
      const std::int64_t dim = random_.from(1, 9), room = random_.from(0, 2);
      a.dims.push_back(size(dim));
      const bool isTurned = random_.once(4), isRepeated = random_.once(6);
      a.srcStrides.push_back(isRepeated ? 0 : isTurned ? -src : src);
      a.srcOffset += isTurned && !isRepeated ? (dim - 1) * src : 0;
      a.dstStrides.push_back(dst);
      if (!isRepeated) src *= dim + room;
      dst *= dim + random_.from(0, 2);
    }
    if (random_.once(2)) {
      std::reverse(a.dims.begin(), a.dims.end());
      std::reverse(a.srcStrides.begin(), a.srcStrides.end());
      std::reverse(a.dstStrides.begin(), a.dstStrides.end());
    }
    const StorageType dtype = random_.of({StorageType::f32, StorageType::i32, StorageType::u8});
    step.inputs = {reads(dtype, {src})};
    step.outputs = {writes(dtype, {dst})};
  }

  void addOperands(CallStep& step, TableAttributes& a) {
    const std::int64_t rows = random_.from(1, 20), width = random_.from(0, 40), count = random_.from(0, 30);
    a = {size(rows), size(width), size(count)};
    const bool isGather = step.kernel == Call::gather;
    const StorageType dtype =
        isGather ? random_.of({StorageType::f32, StorageType::i32, StorageType::u8}) : StorageType::f32;
    step.inputs = {reads(dtype, {isGather ? rows : count, width}), reads(StorageType::i32, {count})};
    step.outputs = {writes(dtype, {isGather ? count : rows, width})};
  }

  void addOperands(CallStep& step, CropFlipAttributes& a) {
    a = {random_.from(1, 9), random_.from(1, 9), random_.from(1, 9), random_.from(1, 9), random_.from(1, 4)};
    step.inputs = {reads(StorageType::u8, {a.images, a.h, a.w, a.c}), reads(StorageType::i32, {a.batch}),
                   reads(StorageType::i32, {a.batch, 3})};
    step.outputs = {writes(StorageType::f32, {a.batch, a.h, a.w, a.c})};
  }

  Random& random_;
  Plan plan_;
  std::size_t placesInArena_ = 0;               // of four buffers
  std::vector<std::size_t> touched_, written_;  // by the step that is being made
};

}  // namespace

Plan validPlan(Random& random) {
  return Builder(random).build();
}

}  // namespace pathex::fuzz
