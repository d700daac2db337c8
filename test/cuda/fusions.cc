#include "ask.h"
#include "cuda/choice.h"
#include "cuda/conv_graph.h"
#include "fusion_api.h"

namespace pathex::test {

namespace {

using namespace cuda;
using namespace cuda::cudnn;

/// A plan of one convolution and two results for each channel.
core::Plan withSums(const core::ConvAttributes& a) {
  const auto buffer = [](auto... extents) {
    return core::PlanBuffer{core::StorageType::f32, {static_cast<std::size_t>(extents)...}, {}};
  };
  core::Plan plan;
  plan.buffers = {buffer(a.n, a.h, a.w, a.c), buffer(a.f, a.kh, a.kw, a.c), buffer(a.n, a.oh, a.ow, a.f), buffer(a.f),
                  buffer(a.f)};
  return plan;
}

void sum(const Session& session, GraphBuilder& builder, RawDescriptor x, RawDescriptor y, bool deterministic) {
  const RawDescriptor how = builder.keep(Builder(session.api, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "reduction")
                                             .set(reductionOperator, CUDNN_REDUCE_TENSOR_ADD)
                                             .set(reductionType, CUDNN_DATA_FLOAT)
                                             .set(reductionIsDeterministic, deterministic)
                                             .finalize());
  builder.operation(Builder(session.api, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "reduction operation")
                        .set(reductionDescriptor, std::array{how})
                        .set(reductionX, std::array{x})
                        .set(reductionY, std::array{y})
                        .finalize());
}

/// y = conv(x, w), and per channel the sums of y and of its squares.
core::Result<OperationGraph> statistics(const Session& session, const core::Plan& plan, const core::ConvAttributes& a,
                                        bool deterministic) {
  GraphBuilder builder(session);
  const Nhwc full{a.n, a.oh, a.ow, a.f}, channels{1, 1, 1, a.f};
  const RawDescriptor y = builder.bound(plan, 2, full), square = builder.passing(full);
  builder.convolution(Direction::forward, a, builder.bound(plan, 0, {a.n, a.h, a.w, a.c}),
                      builder.bound(plan, 1, {a.f, a.kh, a.kw, a.c}), y);
  builder.pointwise(CUDNN_POINTWISE_MUL, {y, y}, square);
  sum(session, builder, y, builder.bound(plan, 3, channels), deterministic);
  sum(session, builder, square, builder.bound(plan, 4, channels), deterministic);
  return builder.finish();
}

}  // namespace

bool askFusions(LibraryContext& context, const std::vector<Question>& questions) {
  for (const Question& q : questions) {
    if (q.kernel != "conv2d") continue;
    const core::Plan plan = withSums(q.attributes);
    const auto ask = [&]() -> std::vector<std::string> {
      auto graph = statistics(*context.cudnn(), plan, q.attributes, context.options().deterministic);
      if (!graph.ok()) return {"0", "none", "-", cell(graph.status().message())};
      const Problem problem{context, graph.value(), core::StorageType::f32, ""};
      auto candidates = permitted(problem);
      if (!candidates.ok()) return {"0", "none", "-", cell(candidates.status().message())};
      auto first = firstBuilt(problem, candidates.value());
      const std::string count = std::to_string(candidates.value().size());
      if (!first.ok()) return {count, "none", "-", cell(first.status().message())};
      return {count, std::to_string(first.value().plan->choice.engine), std::to_string(first.value().plan->workspace),
              ""};
    };
    std::vector<std::string> row{"fusion", "statistics", signatureOf(q.kernel, q.attributes)};
    for (std::string& answer : ask()) row.push_back(std::move(answer));
    printRow(row);
  }
  return true;
}

}  // namespace pathex::test
