#include "cuda/conv_graph.h"

#include "core/check.h"

namespace pathex::cuda {

namespace {

using namespace cudnn;

PointwiseMode modeOf(Pointwise op) {
  switch (op) {
    case Pointwise::identity:
      return CUDNN_POINTWISE_IDENTITY;
    case Pointwise::add:
      return CUDNN_POINTWISE_ADD;
    case Pointwise::sub:
      return CUDNN_POINTWISE_SUB;
    case Pointwise::mul:
      return CUDNN_POINTWISE_MUL;
    case Pointwise::div:
      return CUDNN_POINTWISE_DIV;
    case Pointwise::neg:
      return CUDNN_POINTWISE_NEG;
    case Pointwise::abs:
      return CUDNN_POINTWISE_ABS;
    case Pointwise::exp:
      return CUDNN_POINTWISE_EXP;
    case Pointwise::log:
      return CUDNN_POINTWISE_LOG;
    case Pointwise::sqrt:
      return CUDNN_POINTWISE_SQRT;
    case Pointwise::rsqrt:
      return CUDNN_POINTWISE_RSQRT;
    case Pointwise::greater:
      return CUDNN_POINTWISE_CMP_GT;
    case Pointwise::lessOrEqual:
      return CUDNN_POINTWISE_CMP_LE;
    case Pointwise::equal:
      return CUDNN_POINTWISE_CMP_EQ;
    case Pointwise::notEqual:
      return CUDNN_POINTWISE_CMP_NEQ;
    case Pointwise::select:
      return CUDNN_POINTWISE_BINARY_SELECT;
  }
  return CUDNN_POINTWISE_IDENTITY;
}

bool isCondition(Pointwise op) {
  return op == Pointwise::greater || op == Pointwise::lessOrEqual || op == Pointwise::equal ||
         op == Pointwise::notEqual;
}

void addEpilogue(GraphBuilder& builder, const core::Plan& plan, const Epilogue& epilogue, const Nhwc& full,
                 RawDescriptor result) {
  const auto shapeOf = [&](Spread spread) {
    return spread == Spread::full ? full : Nhwc{1, 1, 1, spread == Spread::channel ? full[3] : 1};
  };
  std::vector<RawDescriptor> values{result};
  for (const auto& [buffer, spread] : epilogue.operands) values.push_back(builder.bound(plan, buffer, shapeOf(spread)));
  for (const float constant : epilogue.constants) values.push_back(builder.byValue(constant));
  for (const auto& [op, args, spread] : epilogue.nodes) {
    const Epilogue::Output* output = nullptr;
    for (const Epilogue::Output& o : epilogue.outputs) {
      if (o.value == values.size()) output = &o;
    }
    const DataType type = isCondition(op) ? CUDNN_DATA_BOOLEAN : CUDNN_DATA_FLOAT;
    const RawDescriptor made =
        output != nullptr ? builder.bound(plan, output->buffer, full) : builder.passing(shapeOf(spread), type);
    std::vector<RawDescriptor> given;
    for (const std::size_t arg : args) given.push_back(values[arg]);
    builder.pointwise(modeOf(op), given, made);
    values.push_back(made);
  }
}

}  // namespace

Direction directionOf(const core::CallStep& step) {
  if (step.kernel == core::Call::conv2d) return Direction::forward;
  return step.kernel == core::Call::conv2dInputGrad ? Direction::inputGrad : Direction::weightGrad;
}

core::Result<OperationGraph> convGraph(const Session& session, const core::Plan& plan, const core::CallStep& step,
                                       const Epilogue* epilogue) {
  const auto& a = std::get<core::ConvAttributes>(step.attributes);
  const Direction direction = directionOf(step);
  const Nhwc x{a.n, a.h, a.w, a.c}, w{a.f, a.kh, a.kw, a.c}, y{a.n, a.oh, a.ow, a.f};
  const Nhwc &first = direction == Direction::inputGrad ? y : x, &second = direction == Direction::weightGrad ? y : w;
  const Nhwc& out = direction == Direction::forward ? y : direction == Direction::inputGrad ? x : w;

  GraphBuilder builder(session);
  const RawDescriptor one = builder.bound(plan, step.inputs[0], first);
  const RawDescriptor other = builder.bound(plan, step.inputs[1], second);
  const bool isSummed = direction == Direction::weightGrad && core::operandsOf(plan, step) == core::StorageType::bf16;
  const bool isWritten = !isSummed && (epilogue == nullptr || epilogue->keepsResult);
  const RawDescriptor result = isWritten ? builder.bound(plan, step.outputs[0], out) : builder.passing(out);
  switch (direction) {
    case Direction::forward:
      builder.convolution(direction, a, one, other, result);
      break;
    case Direction::inputGrad:
      builder.convolution(direction, a, result, other, one);
      break;
    case Direction::weightGrad:
      builder.convolution(direction, a, one, result, other);
      break;
  }
  if (isSummed) builder.pointwise(CUDNN_POINTWISE_IDENTITY, {result}, builder.bound(plan, step.outputs[0], out));
  if (epilogue != nullptr) addEpilogue(builder, plan, *epilogue, out, result);
  return builder.finish();
}

core::Result<OperationGraph> convSumsGraph(const Session& session, const core::Plan& plan, const core::CallStep& step,
                                           const core::SumsEpilogue& sums, bool deterministic) {
  const auto& a = std::get<core::ConvAttributes>(step.attributes);
  const Nhwc full{a.n, a.oh, a.ow, a.f}, channels{1, 1, 1, a.f};
  GraphBuilder builder(session);
  const RawDescriptor x = builder.bound(plan, step.inputs[0], {a.n, a.h, a.w, a.c});
  const RawDescriptor w = builder.bound(plan, step.inputs[1], {a.f, a.kh, a.kw, a.c});
  const RawDescriptor y = builder.bound(plan, step.outputs[0], full), square = builder.passing(full);
  builder.convolution(Direction::forward, a, x, w, y);
  builder.pointwise(CUDNN_POINTWISE_MUL, {y, y}, square);
  builder.sum(y, builder.bound(plan, sums.sum, channels), deterministic);
  builder.sum(square, builder.bound(plan, sums.squares, channels), deterministic);
  return builder.finish();
}

std::string signatureOf(core::Call kernel, const core::ConvAttributes& a) {
  const auto joined = [](const char* separator, auto first, auto... rest) {
    std::string text = std::to_string(first);
    ((text += separator + std::to_string(rest)), ...);
    return text;
  };
  return std::string(core::nameOf(kernel)) + " " + joined("x", a.n, a.h, a.w, a.c) + " to " +
         joined("x", a.oh, a.ow, a.f) + ", kernel " +
         joined("x", a.kh, a.kw) + ", stride " + joined("x", a.stride[0], a.stride[1]) + ", dilation " +
         joined("x", a.dilation[0], a.dilation[1]) + ", padding " +
         joined(" ", a.padding[0], a.padding[1], a.padding[2], a.padding[3]);
}

}  // namespace pathex::cuda
