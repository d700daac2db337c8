#include <algorithm>
#include <array>
#include <limits>

#include "core/check.h"
#include "cuda/calls.h"
#include "cuda/conv_graph.h"
#include "cuda/tuning.h"
#include "cuda/version.h"

namespace pathex::cuda {

namespace {

using core::Result;
using core::Status;
using cudnn::BuiltPlan;
using cudnn::Candidate;
using PlanRef = std::shared_ptr<const BuiltPlan>;

/// Heads of the lists that are measured. The lists are not sorted by speed for small problems; what compiles at run
/// time takes about a second each.
constexpr std::size_t precompiledTried = 16, compiledTried = 3;

/// Candidates this close to the fastest are as good: the one with the least workspace is taken.
constexpr double tie = 1.02;

struct Operands {
  std::size_t x, w, y;
};
Operands operandsOf(const core::CallStep& step, Direction direction) {
  const std::size_t first = step.inputs[0], second = step.inputs[1], out = step.outputs[0];
  switch (direction) {
    case Direction::forward:
      return {first, second, out};
    case Direction::inputGrad:
      return {out, second, first};
    case Direction::weightGrad:
      return {first, out, second};
  }
  return {};
}

class ConvKernel final : public Kernel {
 public:
  ConvKernel(std::shared_ptr<const cudnn::Session> session, PlanRef plan, const Operands& operands)
      : session_(std::move(session)), plan_(std::move(plan)), operands_(operands) {}

  Status enqueue(const Bindings& b, CUstream stream) override {
    const cudnn::Api& api = *session_->api;
    if (session_->handle == nullptr) return {core::Code::device, "convolution: planned for a described GPU only"};
    const Pointers pointers{b.at(operands_.x), b.at(operands_.w), b.at(operands_.y), workspaceOf(b)};
    if (Status s = pack(pointers); !s.ok()) return s;
    if (Status s = api.check(api.call.cudnnSetStream(session_->handle, stream), "cudnnSetStream"); !s.ok()) return s;
    return api.check(api.call.cudnnBackendExecute(session_->handle, plan_->plan.raw(), pack_.raw()),
                     "cudnnBackendExecute");
  }
  std::size_t workspaceBytes() const override { return plan_->workspace; }
  std::string implementation() const override {
    return "cudnn engine " + std::to_string(plan_->choice.engine) + ", knobs " + showKnobs(plan_->choice.knobs);
  }

 private:
  using Pointers = std::array<void*, 4>;  // x, w, y, workspace

  void* workspaceOf(const Bindings& b) const {
    return plan_->workspace == 0 ? nullptr : reinterpret_cast<void*>(static_cast<std::uintptr_t>(b.workspace));
  }
  /// Addresses seldom change: a pack serves until they do.
  Status pack(const Pointers& pointers) {
    if (pack_ && pointers == packed_) return {};
    auto made = cudnn::Builder(session_->api, cudnn::CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "variant pack")
                    .set(cudnn::packIds, std::array<std::int64_t, 3>{idX, idW, idY})
                    .set(cudnn::packPointers, std::span(pointers).first(3))
                    .set(cudnn::packWorkspace, pointers[3])
                    .finalize();
    if (!made.ok()) return made.status();
    pack_ = std::move(made.value());
    packed_ = pointers;
    return {};
  }

  std::shared_ptr<const cudnn::Session> session_;
  PlanRef plan_;
  Operands operands_;
  cudnn::Descriptor pack_;
  Pointers packed_{};
};

/// One step on its way to a kernel.
struct Request {
  LibraryContext& context;
  const core::Plan& plan;
  const core::CallStep& step;
  Direction direction;
  /// Of x and y.
  core::StorageType operands;

  const cudnn::Session& session() const { return *context.cudnn(); }
  std::unique_ptr<Kernel> kernel(const PlanRef& built) const {
    return std::make_unique<ConvKernel>(context.cudnn(), built, operandsOf(step, direction));
  }
};

bool isPermitted(const Candidate& c, const Request& r) {
  using namespace cudnn;
  const LibraryOptions& options = r.context.options();
  const auto hasAny = [&](auto... notes) { return (c.has(notes) || ...); };
  if (c.workspace > options.workspaceLimit || c.has(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) return false;
  if (options.deterministic && c.has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  // Products of bf16 operands are exact in float32, so tensor cores lose nothing there.
  if (r.operands == core::StorageType::bf16) return !hasAny(CUDNN_NUMERICAL_NOTE_WINOGRAD, CUDNN_NUMERICAL_NOTE_FFT);
  // Transforms of the operands round otherwise than the sum that is meant.
  return options.precision == Precision::tf32 ||
         !hasAny(CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                 CUDNN_NUMERICAL_NOTE_WINOGRAD, CUDNN_NUMERICAL_NOTE_FFT);
}

/// Every permitted candidate once, the heuristic's before those that always work.
Result<std::vector<Candidate>> permitted(const Request& r, const cudnn::Descriptor& graph) {
  std::vector<Candidate> all;
  Status refusal;
  for (const auto mode : {cudnn::CUDNN_HEUR_MODE_A, cudnn::CUDNN_HEUR_MODE_FALLBACK}) {
    auto list = cudnn::listed(r.session(), graph, mode);
    if (!list.ok()) {
      refusal = list.status();
      continue;  // one heuristic may not know the problem, and say so by failing
    }
    for (Candidate& c : list.value()) {
      const auto same = [&](const Candidate& other) { return other.choice == c.choice; };
      if (isPermitted(c, r) && std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(c));
    }
  }
  if (all.empty() && !refusal.ok()) return refusal;
  return all;
}

Result<PlanRef> build(const Request& r, const Candidate& candidate) {
  auto built = cudnn::build(r.session(), candidate);
  if (!built.ok()) return built.status();
  return PlanRef(std::make_shared<const BuiltPlan>(std::move(built.value())));
}

struct Chosen {
  PlanRef plan;
  std::optional<double> seconds;
};

/// Listed is not buildable: the first that is.
Result<Chosen> firstBuilt(const Request& r, const std::vector<Candidate>& candidates) {
  Status last;
  for (const Candidate& c : candidates) {
    auto built = build(r, c);
    if (built.ok()) return Chosen{built.value(), std::nullopt};
    last = built.status();
  }
  return last;
}

Result<Chosen> fastest(const Request& r, const std::vector<Candidate>& candidates, Timer& timer) {
  std::vector<Chosen> timed;
  Status last;
  std::size_t precompiled = 0, compiled = 0;
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& c : candidates) {
    std::size_t& tried = c.runtimeCompiled ? compiled : precompiled;
    if (tried >= (c.runtimeCompiled ? compiledTried : precompiledTried)) continue;
    auto built = build(r, c);
    if (!built.ok()) {
      last = built.status();
      continue;
    }
    ++tried;
    auto seconds = timer.seconds(*r.kernel(built.value()), r.plan, r.step, best);
    if (!seconds.ok()) {
      last = seconds.status();
      continue;
    }
    best = std::min(best, seconds.value());
    timed.push_back({built.value(), seconds.value()});
  }
  const Chosen* chosen = nullptr;
  for (const Chosen& c : timed) {
    if (*c.seconds <= best * tie && (chosen == nullptr || c.plan->workspace < chosen->plan->workspace)) chosen = &c;
  }
  if (chosen == nullptr) return last;
  return *chosen;
}

/// The remembered choice, unless this cuDNN does not build it after all.
PlanRef recalled(const Request& r, const cudnn::Descriptor& graph, const std::string& signature) {
  const auto choice = r.context.tuning().choice(signature);
  if (!choice) return nullptr;
  auto candidate = cudnn::remembered(r.session(), graph, *choice);
  if (!candidate.ok() || !isPermitted(candidate.value(), r)) return nullptr;
  auto built = build(r, candidate.value());
  return built.ok() ? built.value() : nullptr;
}

Result<PlanRef> choose(const Request& r, const core::ConvAttributes& a, const std::string& signature) {
  auto graph = convGraph(r.session(), r.direction, a, r.operands);
  if (!graph.ok()) return graph.status();
  if (PlanRef known = recalled(r, graph.value().graph, signature)) return known;
  auto candidates = permitted(r, graph.value().graph);
  if (!candidates.ok()) return candidates.status();
  if (candidates.value().empty()) {
    return Status(core::Code::native,
                  "cuDNN " + showVersion(r.session().api->version()) + ": no implementation of " + signature);
  }
  Timer* const timer = r.context.options().timer;
  auto chosen = timer == nullptr ? firstBuilt(r, candidates.value()) : fastest(r, candidates.value(), *timer);
  if (!chosen.ok()) return chosen.status().within(signature);
  r.context.tuning().remember(signature, chosen.value().plan->choice, chosen.value().seconds);
  return chosen.value().plan;
}

Status check(const Request& r, const core::ConvAttributes& a) {
  const auto& [context, plan, step, direction, operands] = r;
  const auto count = [](core::StorageType type, auto... extents) {
    return core::Expected{type, static_cast<std::size_t>((extents * ...))};
  };
  const auto x = count(operands, a.n, a.h, a.w, a.c), y = count(operands, a.n, a.oh, a.ow, a.f);
  const auto w = count(direction == Direction::weightGrad ? core::StorageType::f32 : operands, a.f, a.kh, a.kw, a.c);
  switch (direction) {
    case Direction::forward:
      return core::expectBuffers(plan, step, {x, w}, {y});
    case Direction::inputGrad:
      return core::expectBuffers(plan, step, {y, w}, {x});
    case Direction::weightGrad:
      return core::expectBuffers(plan, step, {x, y}, {w});
  }
  return core::planError(step.name + ": no such direction");
}

}  // namespace

MadeKernel makeConv(LibraryContext& context, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<core::ConvAttributes>(step.attributes);
  const Direction direction = step.kernel == "conv2d"            ? Direction::forward
                              : step.kernel == "conv2dInputGrad" ? Direction::inputGrad
                                                                 : Direction::weightGrad;
  const core::StorageType operands = core::operandsOf(plan, step);
  const Request request{context, plan, step, direction, operands};
  if (Status s = check(request, a); !s.ok()) return s;
  if (std::any_of(a.padding.begin(), a.padding.end(), [](std::int64_t edge) { return edge < 0; })) {
    return core::planError(step.name + ": padding is negative in " + signatureOf(step.kernel, a) +
                           "; cuDNN has no such convolution; crop x before it");
  }
  const LibraryOptions& o = context.options();
  const char* const products = operands == core::StorageType::bf16  ? ", bf16"
                               : o.precision == Precision::tf32 ? ", tf32"
                                                                : ", strict";
  const std::string signature = signatureOf(step.kernel, a) + products +
                                (o.deterministic ? ", deterministic" : "");
  PlanRef built = context.tuning().live(signature);
  if (built == nullptr) {
    auto chosen = choose(request, a, signature);
    if (!chosen.ok()) return chosen.status();
    built = std::move(chosen.value());
    context.tuning().share(signature, built);
  }
  return request.kernel(built);
}

}  // namespace pathex::cuda
