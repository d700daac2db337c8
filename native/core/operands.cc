#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "core/check.h"

/// What the kernels of calls ask of their attributes and operands. Signed attributes are held against their limits
/// before they are multiplied.
namespace pathex::core {

namespace {

template <class T>
std::string str(T n) {
  return std::to_string(n);
}

bool fits(StorageType given, OperandType type) {
  switch (type) {
    case OperandType::any:
      return true;
    case OperandType::real:
      return given == StorageType::f32 || given == StorageType::bf16;
    case OperandType::f32:
      return given == StorageType::f32;
    case OperandType::i32:
      return given == StorageType::i32;
    case OperandType::u8:
      return given == StorageType::u8;
  }
  return false;
}

const char* nameOf(OperandType type) {
  switch (type) {
    case OperandType::any:
      return "any type";
    case OperandType::real:
    case OperandType::f32:
      return "f32";
    case OperandType::i32:
      return "i32";
    case OperandType::u8:
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
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const PlanBuffer& b = plan.buffers[operands[i]];
    const std::size_t elements = wanted[i].elements.value_or(b.elements());
    if (fits(b.dtype, wanted[i].type) && b.elements() == elements) continue;
    return misfit(plan, operands[i], kind + "[" + str(i) + "]", nameOf(wanted[i].type), elements);
  }
  return {};
}

struct Attribute {
  std::string name;
  std::int64_t value;
};

/// Numbers from a least one to a largest.
Status expectWithin(std::initializer_list<Attribute> attributes, std::int64_t least, std::int64_t most) {
  for (const auto& [name, value] : attributes) {
    if (value >= least && value <= most) continue;
    return planError("attributes." + name + ": " + str(value) + " is not from " + str(least) + " to " +
                     str(most));
  }
  return {};
}

/// What numbers of a kind are held against; what is not bounded here is so by its type.
std::optional<std::array<std::int64_t, 2>> limitsOf(FieldKind kind) {
  constexpr auto numbered = static_cast<std::int64_t>(mostNumbered);
  switch (kind) {
    case FieldKind::extent:
    case FieldKind::extents2:
      return {{1, numbered}};
    case FieldKind::reach:
    case FieldKind::reaches2:
      return {{1, mostReach}};
    case FieldKind::margins:
      return {{0, mostReach}};
    case FieldKind::rows:
      return {{0, numbered}};
    case FieldKind::edges:
    case FieldKind::natural:
    case FieldKind::naturals:
    case FieldKind::integers:
    case FieldKind::flag:
    case FieldKind::number:
      return std::nullopt;
  }
  return std::nullopt;
}

/// A whole number that is more than a signed one can say is more than any limit.
std::int64_t clamped(std::size_t n) {
  constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(n, most));
}
std::int64_t clamped(std::int64_t n) {
  return n;
}

template <class Record>
Status checkLimits(const Record& record) {
  Status status;
  eachField(record, [&]<class T>(FieldKind kind, const std::string& name, const T& value) {
    const auto limits = limitsOf(kind);
    if (!limits || !status.ok()) return;
    const auto [least, most] = *limits;
    if constexpr (std::is_same_v<T, Pair> || std::is_same_v<T, Edges>) {
      for (std::size_t i = 0; i < value.size() && status.ok(); ++i) {
        status = expectWithin({{name + "[" + str(i) + "]", value[i]}}, least, most);
      }
    } else if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::size_t>) {
      status = expectWithin({{name, clamped(value)}}, least, most);
    }
  });
  return status;
}

template <class... Extents>
std::size_t countOf(Extents... extents) {
  return productOf({static_cast<std::size_t>(extents)...});
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

// What the fields of a record and the operands have to do with each other, beyond what the table says of each alone.
// Asked when all fields are within their limits and the operands as many as the table says.

template <class Record>
Status checkTogether(const Plan&, const CallStep&, const Record&) {
  return {};
}

Status expectOneType(const Plan& plan, const CallStep& step) {
  const auto isNarrow = [&](std::size_t i) { return plan.buffers[step.inputs[i]].dtype == StorageType::bf16; };
  if (isNarrow(0) == isNarrow(1)) return {};
  return planError("inputs: one is bf16, the other f32; the kernel multiplies operands of one type");
}

/// What slides, of convolutions. Extents are within 32 bits and reaches within 17, so that nothing here wraps around.
template <class Record>
Status expectSlides(const Record& a) {
  const std::int64_t high = (a.kh - 1) * a.dilation[0] + 1, wide = (a.kw - 1) * a.dilation[1] + 1;
  if (Status s = expectWithin({{"kh, dilated", high}, {"kw, dilated", wide}}, 1, mostReach); !s.ok()) return s;
  if (Status s = expectSlide({"oh", a.h, high, a.stride[0], a.padding[0], a.padding[2], a.oh}); !s.ok()) return s;
  return expectSlide({"ow", a.w, wide, a.stride[1], a.padding[1], a.padding[3], a.ow});
}

Status checkTogether(const Plan& plan, const CallStep& step, const ConvAttributes& a) {
  if (Status s = expectSlides(a); !s.ok()) return s;
  return expectOneType(plan, step);
}

/// The places of the weights are asked here, once, so that kernels can make tables of them when they are made.
Status checkTogether(const Plan& plan, const CallStep& step, const SparseConvAttributes& a) {
  if (Status s = expectSlides(a); !s.ok()) return s;
  const std::size_t weights = countOf(a.f, a.kh, a.kw, a.c);
  if (weights > mostNumbered) {
    return planError("attributes: a kernel of more than " + str(mostNumbered) + " weights, which cannot be numbered");
  }
  const Place& index = plan.buffers[step.inputs[2]].place;
  if (index.in != In::constant) {
    return planError("inputs[2]: buffer " + str(step.inputs[2]) + " is no constant, which the places of weights are");
  }
  double least = 0;
  for (std::size_t k = 0; k < index.data.size(); ++k) {
    const double place = index.data[k];
    const bool isPlace = place >= least && place < static_cast<double>(weights) && place == std::floor(place);
    if (!isPlace) {
      return planError("inputs[2]: place " + str(k) + " is " + str(place) + "; places are whole, ascend and lie below " +
                       str(weights));
    }
    least = place + 1;
  }
  return {};
}

Status checkTogether(const Plan& plan, const CallStep& step, const MatmulAttributes&) {
  return expectOneType(plan, step);
}

/// Every window must hold an element of the image: an empty maximum has no value.
Status checkTogether(const Plan&, const CallStep& step, const PoolAttributes& a) {
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
  const bool isChoice = step.kernel == Call::maxPoolGather || step.kernel == Call::maxPoolScatter;
  if (!isChoice || countOf(a.h, a.w, a.c) <= mostNumbered) return {};
  return planError("attributes: an image of more than " + str(mostNumbered) + " elements, which cannot be numbered");
}

/// Whether every element that the strides reach lies in the buffer.
bool isInside(std::size_t offset, const std::vector<std::size_t>& dims, const std::vector<std::int64_t>& strides,
              std::size_t elements) {
  std::int64_t low = clamped(offset), high = low;
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
bool isApart(const std::vector<std::size_t>& dims, const std::vector<std::int64_t>& strides) {
  std::vector<std::array<std::int64_t, 2>> axes;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1) axes.push_back({std::abs(strides[i]), clamped(dims[i])});
  }
  std::sort(axes.begin(), axes.end());
  std::int64_t reached = 0;
  for (const auto& [stride, extent] : axes) {
    if (stride <= reached) return false;
    reached += (extent - 1) * stride;
  }
  return true;
}

Status checkTogether(const Plan& plan, const CallStep& step, const CopyAttributes& a) {
  const PlanBuffer &src = plan.buffers[step.inputs[0]], &dst = plan.buffers[step.outputs[0]];
  const bool areReal = fits(src.dtype, OperandType::real) && fits(dst.dtype, OperandType::real);
  if (src.dtype != dst.dtype && !areReal) return planError("copy: the element types differ");
  if (a.dims.size() != a.srcStrides.size() || a.dims.size() != a.dstStrides.size()) {
    return planError("attributes: dims, srcStrides and dstStrides differ in length");
  }
  if (std::find(a.dims.begin(), a.dims.end(), std::size_t{0}) != a.dims.end()) return {};
  if (!isInside(a.srcOffset, a.dims, a.srcStrides, src.elements()) ||
      !isInside(a.dstOffset, a.dims, a.dstStrides, dst.elements())) {
    return planError("attributes: the copy leaves its buffers");
  }
  if (!isApart(a.dims, a.dstStrides)) return planError("attributes.dstStrides: an element is written more than once");
  return {};
}

Status checkTogether(const Plan& plan, const CallStep& step, const FillAttributes& a) {
  const StorageType type = plan.buffers[step.outputs[0]].dtype;
  if (isValueOf(type, a.value)) return {};
  return planError("attributes.value: " + std::to_string(a.value) + " is no " + nameOf(type));
}

Status checkTogether(const Plan& plan, const CallStep& step, const TableAttributes& a) {
  if (a.rows == 0 && a.count > 0) return planError("attributes.rows: a table of 0 rows has none to name");
  const PlanBuffer &in = plan.buffers[step.inputs[0]], &out = plan.buffers[step.outputs[0]];
  if (in.dtype == out.dtype) return {};
  return planError("outputs[0]: buffer " + str(step.outputs[0]) + " is " + nameOf(out.dtype) +
                   ", the rows of inputs[0] are " + nameOf(in.dtype));
}

/// The words of the table.
namespace operands {
template <class... Extents>
Operand real(Extents... extents) {
  return {OperandType::real, countOf(extents...)};
}
template <class... Extents>
Operand any(Extents... extents) {
  return {OperandType::any, countOf(extents...)};
}
Operand anySize() {
  return {OperandType::any, std::nullopt};
}
template <class... Extents>
Operand f32(Extents... extents) {
  return {OperandType::f32, countOf(extents...)};
}
template <class... Extents>
Operand i32(Extents... extents) {
  return {OperandType::i32, countOf(extents...)};
}
template <class... Extents>
Operand u8(Extents... extents) {
  return {OperandType::u8, countOf(extents...)};
}
}  // namespace operands

/// Calls use(attributes, what they ask of the operands); other attributes than the kernel's are a fault.
template <class Use>
Status withOperands(const CallStep& step, const Use& use) {
  using namespace operands;
  switch (step.kernel) {
#define PATHEX_OPERANDS(...) {__VA_ARGS__}
#define PATHEX_CALL(name, Record, cpu, cuda, inputs, outputs)                                            \
  case Call::name: {                                                                                     \
    const auto* const given = std::get_if<Record##Attributes>(&step.attributes);                         \
    if (given == nullptr) break;                                                                         \
    [[maybe_unused]] const Record##Attributes& a = *given;                                               \
    return use(a, Operands{inputs, outputs});                                                            \
  }
#include "core/calls.inc"
#undef PATHEX_OPERANDS
  }
  return planError("attributes: are those of another kernel");
}

Status checkKernel(const Plan& plan, const CallStep& step) {
  return withOperands(step, [&](const auto& attributes, const Operands& wanted) -> Status {
    if (Status s = checkLimits(attributes); !s.ok()) return s;
    if (Status s = checkCount(step.inputs, wanted.inputs.size(), "inputs"); !s.ok()) return s;
    if (Status s = checkCount(step.outputs, wanted.outputs.size(), "outputs"); !s.ok()) return s;
    if (Status s = checkTogether(plan, step, attributes); !s.ok()) return s;
    if (Status s = fit(plan, step.inputs, wanted.inputs, "inputs"); !s.ok()) return s;
    return fit(plan, step.outputs, wanted.outputs, "outputs");
  });
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

std::optional<Operands> wantedOperands(const CallStep& step) {
  std::optional<Operands> found;
  const Status s = withOperands(step, [&](const auto&, const Operands& wanted) -> Status {
    found = wanted;
    return {};
  });
  return s.ok() ? found : std::nullopt;
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
