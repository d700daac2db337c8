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
Result<Descriptor> channelsLast(const Session& s, const char* what, std::int64_t id, const Four& nhwc) {
  const auto [n, h, w, c] = nhwc;
  return Builder(s.api, CUDNN_BACKEND_TENSOR_DESCRIPTOR, what)
      .set(tensorType, CUDNN_DATA_FLOAT)
      .set(tensorDimensions, Four{n, c, h, w})
      .set(tensorStrides, Four{h * w * c, 1, w * c, c})
      .set(tensorAlignment, alignmentBytes)
      .set(tensorId, id)
      .finalize();
}

}  // namespace

Result<Descriptor> activations(const Session& s, std::int64_t id, std::int64_t n, std::int64_t h, std::int64_t w,
                               std::int64_t c) {
  return channelsLast(s, "tensor", id, {n, h, w, c});
}

Result<ConvTensors> convTensors(const Session& s, const ConvAttributes& a) {
  auto x = channelsLast(s, "x", idX, {a.n, a.h, a.w, a.c});
  if (!x.ok()) return x.status();
  auto w = channelsLast(s, "weight", idW, {a.f, a.kh, a.kw, a.c});
  if (!w.ok()) return w.status();
  auto y = channelsLast(s, "y", idY, {a.n, a.oh, a.ow, a.f});
  if (!y.ok()) return y.status();
  return ConvTensors{std::move(x.value()), std::move(w.value()), std::move(y.value())};
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

Result<ConvGraph> convGraph(const Session& s, Direction direction, const ConvAttributes& a) {
  auto tensors = convTensors(s, a);
  if (!tensors.ok()) return tensors.status();
  auto geometry = convGeometry(s, a);
  if (!geometry.ok()) return geometry.status();
  const auto& [x, w, y] = tensors.value();
  auto operation = convOperation(s, direction, geometry.value(), x, w, y);
  if (!operation.ok()) return operation.status();
  auto graph = operationGraph(s, std::array{operation.value().raw()});
  if (!graph.ok()) return graph.status();
  return ConvGraph{std::move(tensors.value()), std::move(geometry.value()), std::move(operation.value()),
                   std::move(graph.value())};
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
