#include "cuda/conv_graph.h"

namespace pathex::cuda {

namespace {

using namespace cudnn;
using core::ConvAttributes;
using core::Result;
using Four = std::array<std::int64_t, 4>;

/// Every buffer of a plan lies at a multiple of 64 bytes or better; 16 is what the widest loads ask for.
constexpr std::int64_t alignmentBytes = 16;

/// [n,h,w,c] in memory; the same strides serve OHWI weights.
Result<Descriptor> channelsLast(const Session& s, const char* what, std::int64_t id, const Four& nhwc,
                                DataType type = CUDNN_DATA_FLOAT, bool isVirtual = false) {
  const auto [n, h, w, c] = nhwc;
  return Builder(s.api, CUDNN_BACKEND_TENSOR_DESCRIPTOR, what)
      .set(tensorType, type)
      .set(tensorDimensions, Four{n, c, h, w})
      .set(tensorStrides, Four{h * w * c, 1, w * c, c})
      .set(tensorAlignment, alignmentBytes)
      .set(tensorId, id)
      .set(tensorIsVirtual, isVirtual)
      .finalize();
}

Result<ConvTensors> convTensors(const Session& s, const ConvAttributes& a, DataType operands, DataType weight) {
  auto x = channelsLast(s, "x", idX, {a.n, a.h, a.w, a.c}, operands);
  if (!x.ok()) return x.status();
  auto w = channelsLast(s, "weight", idW, {a.f, a.kh, a.kw, a.c}, weight);
  if (!w.ok()) return w.status();
  auto y = channelsLast(s, "y", idY, {a.n, a.oh, a.ow, a.f}, operands);
  if (!y.ok()) return y.status();
  return ConvTensors{std::move(x.value()), std::move(w.value()), std::move(y.value())};
}

}  // namespace

Result<Descriptor> activations(const Session& s, std::int64_t id, std::int64_t n, std::int64_t h, std::int64_t w,
                               std::int64_t c) {
  return channelsLast(s, "tensor", id, {n, h, w, c});
}

Result<Descriptor> convGeometry(const Session& s, const ConvAttributes& a) {
  const auto [top, left, bottom, right] = a.padding;
  return Builder(s.api, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "convolution")
      .set(convolutionType, CUDNN_DATA_FLOAT)
      .set(convolutionMode, CUDNN_CROSS_CORRELATION)
      .set(convolutionAxes, 2)
      .set(convolutionStrides, a.stride)
      .set(convolutionDilations, a.dilation)
      .set(convolutionPaddingBefore, core::Pair{top, left})
      .set(convolutionPaddingAfter, core::Pair{bottom, right})
      .finalize();
}

Result<Descriptor> convOperation(const Session& s, Direction direction, const Descriptor& geometry, const Descriptor& x,
                                 const Descriptor& w, const Descriptor& y) {
  switch (direction) {
    case Direction::forward:
      return Builder(s.api, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "forward convolution")
          .set(forwardConvolution, geometry)
          .set(forwardX, x)
          .set(forwardW, w)
          .set(forwardY, y)
          .set(forwardAlpha, 1)
          .set(forwardBeta, 0)
          .finalize();
    case Direction::inputGrad:
      return Builder(s.api, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, "input gradient")
          .set(dataConvolution, geometry)
          .set(dataDx, x)
          .set(dataW, w)
          .set(dataDy, y)
          .set(dataAlpha, 1)
          .set(dataBeta, 0)
          .finalize();
    case Direction::weightGrad:
      return Builder(s.api, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, "weight gradient")
          .set(filterConvolution, geometry)
          .set(filterX, x)
          .set(filterDw, w)
          .set(filterDy, y)
          .set(filterAlpha, 1)
          .set(filterBeta, 0)
          .finalize();
  }
  return core::planError("convolution: no such direction");
}

Result<Descriptor> operationGraph(const Session& s, std::span<const RawDescriptor> operations) {
  Builder builder(s.api, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph");
  builder.set(graphOperations, operations);
  if (s.handle != nullptr) builder.set(graphHandle, s.handle);
  return builder.finalize();
}

Result<ConvGraph> convGraph(const Session& s, Direction direction, const ConvAttributes& a,
                            core::StorageType operands) {
  const bool isNarrow = operands == core::StorageType::bf16, sums = isNarrow && direction == Direction::weightGrad;
  const DataType type = isNarrow ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  auto tensors = convTensors(s, a, type, sums ? CUDNN_DATA_FLOAT : type);
  if (!tensors.ok()) return tensors.status();
  auto geometry = convGeometry(s, a);
  if (!geometry.ok()) return geometry.status();
  ConvGraph made{std::move(tensors.value()), std::move(geometry.value()), {}, {}, {}, {}, {}};
  const auto& [x, w, y] = made.tensors;
  if (sums) {
    auto sum = channelsLast(s, "sum", idSum, {a.f, a.kh, a.kw, a.c}, CUDNN_DATA_FLOAT, true);
    if (!sum.ok()) return sum.status();
    made.sum = std::move(sum.value());
  }
  auto operation = convOperation(s, direction, made.geometry, x, sums ? made.sum : w, y);
  if (!operation.ok()) return operation.status();
  made.operation = std::move(operation.value());
  std::vector<RawDescriptor> operations{made.operation.raw()};
  if (sums) {
    auto identity = Builder(s.api, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "identity")
                        .set(pointwiseMode, CUDNN_POINTWISE_IDENTITY)
                        .set(pointwiseType, CUDNN_DATA_FLOAT)
                        .finalize();
    if (!identity.ok()) return identity.status();
    made.identity = std::move(identity.value());
    auto writing = Builder(s.api, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "identity of the weight gradient")
                       .set(pointwiseDescriptor, made.identity)
                       .set(pointwiseX, made.sum)
                       .set(pointwiseY, w)
                       .finalize();
    if (!writing.ok()) return writing.status();
    made.writing = std::move(writing.value());
    operations.push_back(made.writing.raw());
  }
  auto graph = operationGraph(s, operations);
  if (!graph.ok()) return graph.status();
  made.graph = std::move(graph.value());
  return made;
}

std::string signatureOf(const std::string& kernel, const ConvAttributes& a) {
  const auto joined = [](const char* separator, auto first, auto... rest) {
    std::string text = std::to_string(first);
    ((text += separator + std::to_string(rest)), ...);
    return text;
  };
  return kernel + " " + joined("x", a.n, a.h, a.w, a.c) + " to " + joined("x", a.oh, a.ow, a.f) + ", kernel " +
         joined("x", a.kh, a.kw) + ", stride " + joined("x", a.stride[0], a.stride[1]) + ", dilation " +
         joined("x", a.dilation[0], a.dilation[1]) + ", padding " +
         joined(" ", a.padding[0], a.padding[1], a.padding[2], a.padding[3]);
}

}  // namespace pathex::cuda
