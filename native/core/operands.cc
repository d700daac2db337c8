#include <algorithm>
#include <cstdlib>

#include "core/check.h"

/// What the kernels of calls ask of their attributes and operands. Signed attributes are held against their limits
/// before they are multiplied.
namespace pathex::core {

namespace {

template <class T>
std::string str(T n) {
  return std::to_string(n);
}

/// An operand as a kernel may take it: `real` stands for f32 or bf16, whichever the device computes with.
enum class Type { real, f32, i32, u8 };
struct Operand {
  Type type;
  std::size_t elements;
};

bool fits(StorageType given, Type type) {
  switch (type) {
    case Type::real:
      return given == StorageType::f32 || given == StorageType::bf16;
    case Type::f32:
      return given == StorageType::f32;
    case Type::i32:
      return given == StorageType::i32;
    case Type::u8:
      return given == StorageType::u8;
  }
  return false;
}

const char* nameOf(Type type) {
  switch (type) {
    case Type::real:
    case Type::f32:
      return "f32";
    case Type::i32:
      return "i32";
    case Type::u8:
      return "u8";
  }
  return "?";
}

Status misfit(const Plan& plan, std::size_t buffer, const std::string& path, const char* type, std::size_t elements) {
  const PlanBuffer& b = plan.buffers[buffer];
  return planError(path + ": buffer " + str(buffer) + " is " + nameOf(b.dtype) + " with " + str(b.elements()) +
                   " elements, the kernel's attributes ask for " + type + " with " +
                   (elements == endless ? "2^64 or more" : str(elements)));
}

Status checkCount(const std::vector<std::size_t>& operands, std::size_t count, const std::string& kind) {
  if (operands.size() == count) return {};
  return planError(kind + ": " + str(operands.size()) + " buffers, the kernel takes " + str(count));
}

Status fit(const Plan& plan, const std::vector<std::size_t>& operands, const std::vector<Operand>& wanted,
           const std::string& kind) {
  if (Status s = checkCount(operands, wanted.size(), kind); !s.ok()) return s;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const PlanBuffer& b = plan.buffers[operands[i]];
    if (fits(b.dtype, wanted[i].type) && b.elements() == wanted[i].elements) continue;
    return misfit(plan, operands[i], kind + "[" + str(i) + "]", nameOf(wanted[i].type), wanted[i].elements);
  }
  return {};
}

Status fit(const Plan& plan, const CallStep& step, const std::vector<Operand>& inputs,
           const std::vector<Operand>& outputs) {
  if (Status s = fit(plan, step.inputs, inputs, "inputs"); !s.ok()) return s;
  return fit(plan, step.outputs, outputs, "outputs");
}

struct Attribute {
  const char* name;
  std::int64_t value;
};

/// Numbers from a least one to a largest.
Status expectWithin(std::initializer_list<Attribute> attributes, std::int64_t least, std::int64_t most) {
  for (const auto& [name, value] : attributes) {
    if (value >= least && value <= most) continue;
    return planError("attributes." + std::string(name) + ": " + str(value) + " is not from " + str(least) + " to " +
                     str(most));
  }
  return {};
}
Status expectExtents(std::initializer_list<Attribute> attributes) {
  return expectWithin(attributes, 1, static_cast<std::int64_t>(mostNumbered));
}

std::size_t countOf(std::initializer_list<std::int64_t> extents) {
  std::size_t count = 1;
  for (const std::int64_t extent : extents) count = productOf({count, static_cast<std::size_t>(extent)});
  return count;
}

/// One axis of a convolution or pool: what slides over what.
struct Slide {
  const char* out;
  std::int64_t in, window, stride, before, after, given;
};

/// The size of the result follows from the others; a window that fits nowhere gives none.
Status expectSlide(const Slide& s) {
  const std::int64_t room = s.in + s.before + s.after - s.window;
  const std::int64_t follows = room < 0 ? 0 : room / s.stride + 1;
  if (s.given == follows) return {};
  return planError("attributes." + std::string(s.out) + ": " + str(s.given) + ", but the window, stride and padding " +
                   "give " + str(follows));
}

/// Extents are within 32 bits and reaches within 17, so that nothing here wraps around.
Status checkConv(const ConvAttributes& a) {
  if (Status s =
          expectExtents({{"n", a.n}, {"h", a.h}, {"w", a.w}, {"c", a.c}, {"f", a.f}, {"oh", a.oh}, {"ow", a.ow}});
      !s.ok()) {
    return s;
  }
  if (Status s = expectWithin({{"kh", a.kh},
                               {"kw", a.kw},
                               {"stride[0]", a.stride[0]},
                               {"stride[1]", a.stride[1]},
                               {"dilation[0]", a.dilation[0]},
                               {"dilation[1]", a.dilation[1]}},
                              1, mostReach);
      !s.ok()) {
    return s;
  }
  if (Status s = expectWithin({{"padding[0]", a.padding[0]},
                               {"padding[1]", a.padding[1]},
                               {"padding[2]", a.padding[2]},
                               {"padding[3]", a.padding[3]}},
                              0, mostReach);
      !s.ok()) {
    return s;
  }
  const std::int64_t high = (a.kh - 1) * a.dilation[0] + 1, wide = (a.kw - 1) * a.dilation[1] + 1;
  if (Status s = expectWithin({{"kh, dilated", high}, {"kw, dilated", wide}}, 1, mostReach); !s.ok()) return s;
  if (Status s = expectSlide({"oh", a.h, high, a.stride[0], a.padding[0], a.padding[2], a.oh}); !s.ok()) return s;
  return expectSlide({"ow", a.w, wide, a.stride[1], a.padding[1], a.padding[3], a.ow});
}

Status checkConv(const Plan& plan, const CallStep& step, const ConvAttributes& a) {
  if (Status s = checkConv(a); !s.ok()) return s;
  const bool isNarrow = operandsOf(plan, step) == StorageType::bf16;
  const auto operand = [&](std::initializer_list<std::int64_t> extents) {
    return Operand{Type::real, countOf(extents)};
  };
  const Operand x = operand({a.n, a.h, a.w, a.c}), y = operand({a.n, a.oh, a.ow, a.f});
  Operand w = operand({a.f, a.kh, a.kw, a.c});
  const bool isWeightGrad = step.kernel == "conv2dWeightGrad";
  if (isWeightGrad) w.type = Type::f32;
  Status s;
  if (step.kernel == "conv2d") s = fit(plan, step, {x, w}, {y});
  if (step.kernel == "conv2dInputGrad") s = fit(plan, step, {y, w}, {x});
  if (isWeightGrad) s = fit(plan, step, {x, y}, {w});
  if (!s.ok()) return s;
  if ((plan.buffers[step.inputs[1]].dtype == StorageType::bf16) == isNarrow) return {};
  return planError("inputs: one is bf16, the other f32; the kernel multiplies operands of one type");
}

Status checkMatmul(const Plan& plan, const CallStep& step, const MatmulAttributes& a) {
  if (Status s = expectExtents({{"m", a.m}, {"n", a.n}, {"k", a.k}}); !s.ok()) return s;
  if (Status s = fit(plan, step, {{Type::real, countOf({a.m, a.k})}, {Type::real, countOf({a.k, a.n})}},
                     {{Type::f32, countOf({a.m, a.n})}});
      !s.ok()) {
    return s;
  }
  if (plan.buffers[step.inputs[0]].dtype == plan.buffers[step.inputs[1]].dtype) return {};
  return planError("inputs: one is bf16, the other f32; the kernel multiplies operands of one type");
}

/// Every window must hold an element of the image: an empty maximum has no value.
Status checkPool(const PoolAttributes& a) {
  if (Status s = expectExtents({{"n", a.n},
                                {"h", a.h},
                                {"w", a.w},
                                {"c", a.c},
                                {"oh", a.oh},
                                {"ow", a.ow},
                                {"window[0]", a.window[0]},
                                {"window[1]", a.window[1]},
                                {"stride[0]", a.stride[0]},
                                {"stride[1]", a.stride[1]}});
      !s.ok()) {
    return s;
  }
  const std::int64_t extents[] = {a.h, a.w}, outs[] = {a.oh, a.ow};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    // Bounded on either side before anything is added to them.
    constexpr auto most = static_cast<std::int64_t>(mostNumbered);
    const std::int64_t before = a.padding[axis], after = a.padding[axis + 2], window = a.window[axis];
    if (before < -most || after < -most || before >= window || after >= window) {
      return planError("attributes.padding: a window lies outside the image");
    }
    if (Status s =
            expectSlide({axis == 0 ? "oh" : "ow", extents[axis], window, a.stride[axis], before, after, outs[axis]});
        !s.ok()) {
      return s;
    }
    if ((outs[axis] - 1) * a.stride[axis] - before < extents[axis]) continue;
    return planError("attributes: a window lies outside the image");
  }
  return {};
}

Status checkPool(const Plan& plan, const CallStep& step, const PoolAttributes& a) {
  if (Status s = checkPool(a); !s.ok()) return s;
  const Operand big{Type::real, countOf({a.n, a.h, a.w, a.c})}, small{Type::real, countOf({a.n, a.oh, a.ow, a.c})};
  if (step.kernel == "maxPool" || step.kernel == "sumPool") return fit(plan, step, {big}, {small});
  if (step.kernel == "sumPoolGrad") return fit(plan, step, {small}, {big});
  if (countOf({a.h, a.w, a.c}) > mostNumbered) {
    return planError("attributes: an image of more than " + str(mostNumbered) + " elements, which cannot be numbered");
  }
  if (step.kernel == "maxPoolGather") return fit(plan, step, {big, big}, {small});
  return fit(plan, step, {big, small}, {big});
}

/// Whether every element that the strides reach lies in the buffer.
bool isInside(std::int64_t offset, const std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& strides,
              std::size_t elements) {
  std::int64_t low = offset, high = offset;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::int64_t reach = 0;
    std::int64_t& end = strides[i] < 0 ? low : high;
    if (__builtin_mul_overflow(dims[i] - 1, strides[i], &reach) || __builtin_add_overflow(end, reach, &end)) {
      return false;
    }
  }
  return low >= 0 && high >= 0 && static_cast<std::size_t>(high) < elements;
}

/// Whether no element is written twice: each stride steps over all that the smaller ones reach. Strides have passed
/// isInside.
bool isApart(const std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& strides) {
  std::vector<std::array<std::int64_t, 2>> axes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1) axes.push_back({std::abs(strides[i]), dims[i]});
  }
  std::sort(axes.begin(), axes.end());
  std::int64_t reached = 0;
  for (const auto& [stride, extent] : axes) {
    if (stride <= reached) return false;
    reached += (extent - 1) * stride;
  }
  return true;
}

Status checkCopy(const Plan& plan, const CallStep& step, const CopyAttributes& a) {
  if (Status s = checkCount(step.inputs, 1, "inputs"); !s.ok()) return s;
  if (Status s = checkCount(step.outputs, 1, "outputs"); !s.ok()) return s;
  const PlanBuffer &src = plan.buffers[step.inputs[0]], &dst = plan.buffers[step.outputs[0]];
  const bool areReal = fits(src.dtype, Type::real) && fits(dst.dtype, Type::real);
  if (src.dtype != dst.dtype && !areReal) return planError("copy: the element types differ");
  if (a.dims.size() != a.srcStrides.size() || a.dims.size() != a.dstStrides.size()) {
    return planError("attributes: dims, srcStrides and dstStrides differ in length");
  }
  if (std::any_of(a.dims.begin(), a.dims.end(), [](std::int64_t extent) { return extent < 0; })) {
    return planError("attributes.dims: one is negative");
  }
  if (std::find(a.dims.begin(), a.dims.end(), 0) != a.dims.end()) return {};
  if (!isInside(a.srcOffset, a.dims, a.srcStrides, src.elements()) ||
      !isInside(a.dstOffset, a.dims, a.dstStrides, dst.elements())) {
    return planError("attributes: the copy leaves its buffers");
  }
  if (!isApart(a.dims, a.dstStrides)) return planError("attributes.dstStrides: an element is written more than once");
  return {};
}

Status checkFill(const Plan& plan, const CallStep& step, const FillAttributes& a) {
  if (Status s = checkCount(step.inputs, 0, "inputs"); !s.ok()) return s;
  if (Status s = checkCount(step.outputs, 1, "outputs"); !s.ok()) return s;
  const StorageType type = plan.buffers[step.outputs[0]].dtype;
  if (isValueOf(type, a.value)) return {};
  return planError("attributes.value: " + std::to_string(a.value) + " is no " + nameOf(type));
}

Status checkTable(const Plan& plan, const CallStep& step, const TableAttributes& a) {
  if (a.rows == 0 && a.count > 0) return planError("attributes.rows: a table of 0 rows has none to name");
  if (a.rows > mostNumbered) {
    return planError("attributes.rows: " + str(a.rows) + ", an index names at most " + str(mostNumbered));
  }
  const std::size_t table = productOf({a.rows, a.width}), rows = productOf({a.count, a.width});
  if (step.kernel == "scatterAdd")
    return fit(plan, step, {{Type::f32, rows}, {Type::i32, a.count}}, {{Type::f32, table}});
  if (Status s = checkCount(step.inputs, 2, "inputs"); !s.ok()) return s;
  const StorageType dtype = plan.buffers[step.inputs[0]].dtype;
  return expectBuffers(plan, step, {{dtype, table}, {StorageType::i32, a.count}}, {{dtype, rows}});
}

Status checkCropFlip(const Plan& plan, const CallStep& step, const CropFlipAttributes& a) {
  if (Status s = expectExtents({{"images", a.images}, {"batch", a.batch}, {"h", a.h}, {"w", a.w}, {"c", a.c}});
      !s.ok()) {
    return s;
  }
  return fit(plan, step,
             {{Type::u8, countOf({a.images, a.h, a.w, a.c})},
              {Type::i32, countOf({a.batch})},
              {Type::i32, countOf({a.batch, 3})}},
             {{Type::f32, countOf({a.batch, a.h, a.w, a.c})}});
}

Status checkArgMax(const Plan& plan, const CallStep& step, const ArgMaxAttributes& a) {
  if (a.width == 0) return planError("attributes.width: 0 columns have no largest");
  if (a.width > mostNumbered) {
    return planError("attributes.width: " + str(a.width) + " columns, an i32 numbers at most " + str(mostNumbered));
  }
  return fit(plan, step, {{Type::f32, productOf({a.rows, a.width})}}, {{Type::i32, a.rows}});
}

Status checkRankMask(const Plan& plan, const CallStep& step, const RankMaskAttributes& a) {
  if (a.size > mostNumbered) {
    return planError("attributes.size: " + str(a.size) + " scores, an i32 counts at most " + str(mostNumbered));
  }
  return fit(plan, step, {{Type::f32, a.size}, {Type::i32, 1}}, {{Type::f32, a.size}});
}

template <class Attributes>
using Check = Status (*)(const Plan&, const CallStep&, const Attributes&);

template <class Attributes>
Status with(Check<Attributes> check, const Plan& plan, const CallStep& step) {
  const auto* const attributes = std::get_if<Attributes>(&step.attributes);
  return attributes == nullptr ? planError("attributes: are those of another kernel") : check(plan, step, *attributes);
}

Status checkKernel(const Plan& plan, const CallStep& step) {
  const std::string& k = step.kernel;
  if (k == "conv2d" || k == "conv2dInputGrad" || k == "conv2dWeightGrad")
    return with<ConvAttributes>(checkConv, plan, step);
  if (k == "matmul") return with<MatmulAttributes>(checkMatmul, plan, step);
  if (k == "maxPool" || k == "maxPoolGather" || k == "maxPoolScatter" || k == "sumPool" || k == "sumPoolGrad") {
    return with<PoolAttributes>(checkPool, plan, step);
  }
  if (k == "copy") return with<CopyAttributes>(checkCopy, plan, step);
  if (k == "fill") return with<FillAttributes>(checkFill, plan, step);
  if (k == "gather" || k == "scatterAdd") return with<TableAttributes>(checkTable, plan, step);
  if (k == "cropFlip") return with<CropFlipAttributes>(checkCropFlip, plan, step);
  if (k == "argMax") return with<ArgMaxAttributes>(checkArgMax, plan, step);
  if (k == "rankMask") return with<RankMaskAttributes>(checkRankMask, plan, step);
  return planError("kernel: '" + k + "' is unknown");
}

Status expectOperands(const Plan& plan, const std::vector<std::size_t>& operands, const std::vector<Expected>& expected,
                      const std::string& kind) {
  if (Status s = checkCount(operands, expected.size(), kind); !s.ok()) return s;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const PlanBuffer& b = plan.buffers[operands[i]];
    if (b.dtype == expected[i].dtype && b.elements() == expected[i].elements) continue;
    return misfit(plan, operands[i], kind + "[" + str(i) + "]", nameOf(expected[i].dtype), expected[i].elements);
  }
  return {};
}

}  // namespace

Status checkOperands(const Plan& plan, const CallStep& step) {
  return withRemedy(checkKernel(plan, step));
}

StorageType operandsOf(const Plan& plan, const CallStep& step) {
  const bool isNarrow = !step.inputs.empty() && plan.buffers[step.inputs[0]].dtype == StorageType::bf16;
  return isNarrow ? StorageType::bf16 : StorageType::f32;
}

Status expectBuffers(const Plan& plan, const CallStep& step, const std::vector<Expected>& inputs,
                     const std::vector<Expected>& outputs) {
  if (Status s = expectOperands(plan, step.inputs, inputs, "inputs"); !s.ok()) return s;
  return expectOperands(plan, step.outputs, outputs, "outputs");
}

}  // namespace pathex::core
