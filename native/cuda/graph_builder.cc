#include "cuda/graph_builder.h"

namespace pathex::cuda {

namespace {

using namespace cudnn;
using core::Result;

/// Every buffer of a plan lies at a multiple of 64 bytes or better; 16 is what the widest loads ask for.
constexpr std::int64_t alignmentBytes = 16;

Builder& refer(Builder& builder, const Attribute<Descriptor>& attribute, RawDescriptor to) {
  return builder.set(attribute, std::array{to});
}

}  // namespace

RawDescriptor GraphBuilder::keep(Result<Descriptor> made) {
  if (!made.ok()) {
    if (status_.ok()) status_ = made.status();
    return nullptr;
  }
  return made_.parts.emplace_back(std::move(made.value())).raw();
}

void GraphBuilder::operation(Result<Descriptor> made) {
  operations_.push_back(keep(std::move(made)));
}

RawDescriptor GraphBuilder::tensor(const Nhwc& nhwc, DataType type, Kind kind) {
  if (!status_.ok()) return nullptr;
  const auto [n, h, w, c] = nhwc;
  Builder builder(session_.api, CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor " + std::to_string(++ids_));
  builder.set(tensorType, type)
      .set(tensorDimensions, Nhwc{n, c, h, w})
      .set(tensorStrides, Nhwc{h * w * c, 1, w * c, c})
      .set(tensorAlignment, alignmentBytes)
      .set(tensorId, ids_)
      .set(tensorIsVirtual, kind == Kind::passing);
  if (kind == Kind::byValue) builder.set(tensorIsByValue, true);
  return keep(builder.finalize());
}

RawDescriptor GraphBuilder::bound(const core::Plan& plan, std::size_t buffer, const Nhwc& nhwc) {
  const bool isNarrow = plan.buffers[buffer].dtype == core::StorageType::bf16;
  const RawDescriptor made = tensor(nhwc, isNarrow ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT, Kind::bound);
  made_.bound.push_back({ids_, buffer});
  return made;
}

RawDescriptor GraphBuilder::byValue(float value) {
  const RawDescriptor made = tensor({1, 1, 1, 1}, CUDNN_DATA_FLOAT, Kind::byValue);
  made_.values.push_back({ids_, value});
  return made;
}

RawDescriptor GraphBuilder::passing(const Nhwc& nhwc, DataType type) {
  return tensor(nhwc, type, Kind::passing);
}

void GraphBuilder::convolution(Direction direction, const core::ConvAttributes& a, RawDescriptor x, RawDescriptor w,
                               RawDescriptor y) {
  const auto [top, left, bottom, right] = a.padding;
  const RawDescriptor geometry = keep(Builder(session_.api, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "convolution")
                                          .set(convolutionType, CUDNN_DATA_FLOAT)
                                          .set(convolutionMode, CUDNN_CROSS_CORRELATION)
                                          .set(convolutionAxes, 2)
                                          .set(convolutionStrides, a.stride)
                                          .set(convolutionDilations, a.dilation)
                                          .set(convolutionPaddingBefore, core::Pair{top, left})
                                          .set(convolutionPaddingAfter, core::Pair{bottom, right})
                                          .finalize());
  if (!status_.ok()) return;
  const auto make = [&](DescriptorType type, const char* what, const auto& attributes) {
    const auto& [how, ofX, ofW, ofY, alpha, beta] = attributes;
    Builder builder(session_.api, type, what);
    refer(refer(refer(refer(builder, how, geometry), ofX, x), ofW, w), ofY, y).set(alpha, 1).set(beta, 0);
    operation(builder.finalize());
  };
  switch (direction) {
    case Direction::forward:
      return make(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "forward convolution",
                  std::tie(forwardConvolution, forwardX, forwardW, forwardY, forwardAlpha, forwardBeta));
    case Direction::inputGrad:
      return make(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, "input gradient",
                  std::tie(dataConvolution, dataDx, dataW, dataDy, dataAlpha, dataBeta));
    case Direction::weightGrad:
      return make(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, "weight gradient",
                  std::tie(filterConvolution, filterX, filterDw, filterDy, filterAlpha, filterBeta));
  }
}

void GraphBuilder::pointwise(PointwiseMode mode, const std::vector<RawDescriptor>& args, RawDescriptor y) {
  if (!status_.ok()) return;
  const std::string what = "pointwise operation " + std::to_string(mode);
  const RawDescriptor how = keep(Builder(session_.api, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, what)
                                     .set(pointwiseMode, mode)
                                     .set(pointwiseType, CUDNN_DATA_FLOAT)
                                     .finalize());
  if (!status_.ok()) return;
  Builder builder(session_.api, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, what);
  refer(builder, pointwiseDescriptor, how);
  if (args.size() == 3) refer(builder, pointwiseT, args[0]);
  refer(builder, pointwiseX, args[args.size() == 3 ? 1 : 0]);
  if (args.size() > 1) refer(builder, pointwiseB, args.back());
  refer(builder, pointwiseY, y);
  operation(builder.finalize());
}

void GraphBuilder::sum(RawDescriptor x, RawDescriptor y, bool deterministic) {
  if (!status_.ok()) return;
  Builder reduction(session_.api, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "reduction");
  reduction.set(reductionOperator, CUDNN_REDUCE_TENSOR_ADD).set(reductionType, CUDNN_DATA_FLOAT);
  if (deterministic) reduction.set(reductionIsDeterministic, true);
  const RawDescriptor how = keep(reduction.finalize());
  if (!status_.ok()) return;
  Builder builder(session_.api, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "sum");
  refer(refer(refer(builder, reductionDescriptor, how), reductionX, x), reductionY, y);
  operation(builder.finalize());
}

Result<OperationGraph> GraphBuilder::finish() {
  if (!status_.ok()) return status_;
  Builder builder(session_.api, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph");
  builder.set(graphOperations, operations_);
  if (session_.handle != nullptr) builder.set(graphHandle, session_.handle);
  auto graph = builder.finalize();
  if (!graph.ok()) return graph.status();
  made_.graph = std::move(graph.value());
  return std::move(made_);
}

}  // namespace pathex::cuda
