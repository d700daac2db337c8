#include <deque>
#include <map>

#include "ask.h"
#include "cuda/conv_graph.h"
#include "cuda/engines.h"
#include "fusion_api.h"

namespace pathex::test {

namespace {

using namespace cuda;
using namespace cuda::cudnn;
using core::Status;
using Four = std::array<std::int64_t, 4>;

/// An operation graph in the making; the first failure sticks.
class Graph {
 public:
  Graph(const Session& session, const core::ConvAttributes& a) : session_(session), a_(a) {}

  const Descriptor& x() { return tensor({a_.n, a_.h, a_.w, a_.c}); }
  const Descriptor& w() { return tensor({a_.f, a_.kh, a_.kw, a_.c}); }
  const Descriptor& y() { return tensor({a_.n, a_.oh, a_.ow, a_.f}); }
  const Descriptor& virtualX() { return tensor({a_.n, a_.h, a_.w, a_.c}, true); }
  const Descriptor& virtualW() { return tensor({a_.f, a_.kh, a_.kw, a_.c}, true); }
  const Descriptor& virtualY() { return tensor({a_.n, a_.oh, a_.ow, a_.f}, true); }
  const Descriptor& booleanY() { return tensor({a_.n, a_.oh, a_.ow, a_.f}, false, CUDNN_DATA_BOOLEAN); }
  const Descriptor& perChannel() { return tensor({1, 1, 1, a_.f}); }
  const Descriptor& scalar() { return tensor({1, 1, 1, 1}); }

  void convolution(Direction direction, const Descriptor& x, const Descriptor& w, const Descriptor& y) {
    const Descriptor& geometry = keep(convGeometry(session_, a_));
    if (status_.ok()) operation(convOperation(session_, direction, geometry, x, w, y));
  }
  /// y = mode(x), or mode(x, b).
  void pointwise(PointwiseMode mode, const Descriptor& x, const Descriptor* b, const Descriptor& y) {
    const Descriptor& how = keep(Builder(session_.api, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "pointwise")
                                     .set(pointwiseMode, mode)
                                     .set(pointwiseType, CUDNN_DATA_FLOAT)
                                     .finalize());
    if (!status_.ok()) return;
    Builder builder(session_.api, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "pointwise operation");
    builder.set(pointwiseDescriptor, how).set(pointwiseX, x).set(pointwiseY, y);
    if (b != nullptr) builder.set(pointwiseB, *b);
    operation(builder.finalize());
  }
  void sum(const Descriptor& x, const Descriptor& y, bool deterministic) {
    const Descriptor& how = keep(Builder(session_.api, CUDNN_BACKEND_REDUCTION_DESCRIPTOR, "reduction")
                                     .set(reductionOperator, CUDNN_REDUCE_TENSOR_ADD)
                                     .set(reductionType, CUDNN_DATA_FLOAT)
                                     .set(reductionIsDeterministic, deterministic)
                                     .finalize());
    if (!status_.ok()) return;
    operation(Builder(session_.api, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR, "reduction operation")
                  .set(reductionDescriptor, how)
                  .set(reductionX, x)
                  .set(reductionY, y)
                  .finalize());
  }
  core::Result<Descriptor> finish() {
    if (!status_.ok()) return status_;
    return operationGraph(session_, operations_);
  }

 private:
  const Descriptor& tensor(const Four& nhwc, bool isVirtual = false, DataType type = CUDNN_DATA_FLOAT) {
    const auto [n, h, w, c] = nhwc;
    return keep(Builder(session_.api, CUDNN_BACKEND_TENSOR_DESCRIPTOR, "tensor")
                    .set(tensorType, type)
                    .set(tensorDimensions, Four{n, c, h, w})
                    .set(tensorStrides, Four{h * w * c, 1, w * c, c})
                    .set(tensorAlignment, 16)
                    .set(tensorId, ++ids_)
                    .set(tensorIsVirtual, isVirtual)
                    .finalize());
  }
  const Descriptor& keep(core::Result<Descriptor> made) {
    if (!made.ok() && status_.ok()) status_ = made.status();
    return kept_.emplace_back(made.ok() ? std::move(made.value()) : Descriptor());
  }
  void operation(core::Result<Descriptor> made) { operations_.push_back(keep(std::move(made)).raw()); }

  const Session& session_;
  core::ConvAttributes a_;
  std::deque<Descriptor> kept_;  // addresses stay
  std::vector<RawDescriptor> operations_;
  std::int64_t ids_ = 0;
  Status status_;
};

/// y = conv(x, w), and per channel the sums of y and of its squares.
void statistics(Graph& g, bool deterministic) {
  const Descriptor &y = g.y(), &square = g.virtualY();
  g.convolution(Direction::forward, g.x(), g.w(), y);
  g.pointwise(CUDNN_POINTWISE_MUL, y, &y, square);
  g.sum(y, g.perChannel(), deterministic);
  g.sum(square, g.perChannel(), deterministic);
}

/// relu(conv * scale + bias + residual), and where it is positive.
void normalised(Graph& g, bool) {
  const Descriptor &conv = g.virtualY(), &scaled = g.virtualY(), &shifted = g.virtualY(), &sum = g.virtualY();
  g.convolution(Direction::forward, g.x(), g.w(), conv);
  g.pointwise(CUDNN_POINTWISE_MUL, conv, &g.perChannel(), scaled);
  g.pointwise(CUDNN_POINTWISE_ADD, scaled, &g.perChannel(), shifted);
  g.pointwise(CUDNN_POINTWISE_ADD, shifted, &g.y(), sum);
  g.pointwise(CUDNN_POINTWISE_RELU_FWD, sum, nullptr, g.y());
  g.pointwise(CUDNN_POINTWISE_CMP_GT, sum, &g.scalar(), g.booleanY());
}

void maskedWeightGrad(Graph& g, bool) {
  const Descriptor& dw = g.virtualW();
  g.convolution(Direction::weightGrad, g.x(), dw, g.y());
  g.pointwise(CUDNN_POINTWISE_MUL, dw, &g.w(), g.w());
}

/// The residual's join: dx = adjoint + what comes along the other branch.
void joinedInputGrad(Graph& g, bool) {
  const Descriptor& dx = g.virtualX();
  g.convolution(Direction::inputGrad, dx, g.w(), g.y());
  g.pointwise(CUDNN_POINTWISE_ADD, dx, &g.x(), g.x());
}

struct Fusion {
  const char* name;
  const char* kernel;
  void (*describe)(Graph&, bool deterministic);
};
constexpr Fusion fusions[] = {
    {"statistics", "conv2d", statistics},
    {"scale-bias-residual-relu-mask", "conv2d", normalised},
    {"weight gradient x mask", "conv2dWeightGrad", maskedWeightGrad},
    {"input gradient + residual", "conv2dInputGrad", joinedInputGrad},
};

struct Answer {
  std::size_t listed = 0;
  std::string engine, workspace, note;
};

/// The first permitted engine that can be built.
Answer answer(const Session& session, const LibraryOptions& options, const Descriptor& graph) {
  Answer a{0, "none", "-", ""};
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    auto list = listed(session, graph, mode);
    if (!list.ok()) {
      a.note = list.status().message();
      continue;
    }
    a.listed += list.value().size();
    for (const Candidate& c : list.value()) {
      if (options.precision == Precision::strict && c.has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE)) continue;
      if (options.deterministic && c.has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) continue;
      auto built = build(session, c);
      if (!built.ok()) {
        a.note = built.status().message();
        continue;
      }
      std::string note = c.runtimeCompiled ? "compiled at run time, notes" : "notes";
      for (const NumericalNote n : c.notes) note += " " + std::to_string(n);
      return {a.listed, std::to_string(c.choice.engine), std::to_string(built.value().workspace), std::move(note)};
    }
  }
  return a;
}

}  // namespace

bool askFusions(const LibraryContext& context, const std::vector<Question>& questions) {
  const Session& session = *context.cudnn();
  for (const Question& q : questions) {
    for (const Fusion& fusion : fusions) {
      if (q.kernel != fusion.kernel) continue;
      const std::string signature = signatureOf(q.kernel, q.attributes);
      Graph g(session, q.attributes);
      fusion.describe(g, context.options().deterministic);
      auto graph = g.finish();
      const Answer a = graph.ok() ? answer(session, context.options(), graph.value())
                                  : Answer{0, "none", "-", graph.status().message()};
      printRow({"fusion", fusion.name, signature, std::to_string(a.listed), a.engine, a.workspace, cell(a.note)});
    }
  }
  return true;
}

}  // namespace pathex::test
