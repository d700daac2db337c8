#include "cuda/choice.h"

#include <algorithm>
#include <limits>

namespace pathex::cuda {

namespace {

using core::Result;
using core::Status;
using cudnn::Candidate;

/// Heads of the lists that are measured. The lists are not sorted by speed for small problems; what compiles at run
/// time takes about a second each.
constexpr std::size_t precompiledTried = 16, compiledTried = 3;

/// Candidates this close to the fastest are as good: the one with the least workspace is taken.
constexpr double tie = 1.02;

const cudnn::Session& sessionOf(const Problem& p) {
  return *p.context.cudnn();
}

bool isPermitted(const Candidate& c, const Problem& p) {
  using namespace cudnn;
  const LibraryOptions& options = p.context.options();
  const auto hasAny = [&](auto... notes) { return (c.has(notes) || ...); };
  if (c.workspace > options.workspaceLimit || c.has(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) return false;
  if (options.deterministic && c.has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  // Products of bf16 operands are exact in float32, so tensor cores lose nothing there.
  if (p.operands == core::StorageType::bf16) return !hasAny(CUDNN_NUMERICAL_NOTE_WINOGRAD, CUDNN_NUMERICAL_NOTE_FFT);
  // Transforms of the operands round otherwise than the sum that is meant.
  return options.precision == Precision::tf32 ||
         !hasAny(CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                 CUDNN_NUMERICAL_NOTE_WINOGRAD, CUDNN_NUMERICAL_NOTE_FFT);
}

Result<PlanRef> build(const Problem& p, const Candidate& candidate) {
  auto built = cudnn::build(sessionOf(p), candidate);
  if (!built.ok()) return built.status();
  return PlanRef(std::make_shared<const cudnn::BuiltPlan>(std::move(built.value())));
}

}  // namespace

Result<std::vector<Candidate>> permitted(const Problem& p) {
  std::vector<Candidate> all;
  Status refusal;
  for (const auto mode : {cudnn::CUDNN_HEUR_MODE_A, cudnn::CUDNN_HEUR_MODE_FALLBACK}) {
    auto list = cudnn::listed(sessionOf(p), p.graph.graph, mode);
    if (!list.ok()) {
      refusal = list.status();
      continue;  // one heuristic may not know the problem, and say so by failing
    }
    for (Candidate& c : list.value()) {
      const auto same = [&](const Candidate& other) { return other.choice == c.choice; };
      if (isPermitted(c, p) && std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(c));
    }
  }
  if (all.empty() && !refusal.ok()) return refusal;
  return all;
}

Result<Choice> firstBuilt(const Problem& p, const std::vector<Candidate>& candidates) {
  Status last;
  for (const Candidate& c : candidates) {
    auto built = build(p, c);
    if (built.ok()) return Choice{built.value(), std::nullopt};
    last = built.status();
  }
  return last;
}

Result<Choice> fastest(const Problem& p, const std::vector<Candidate>& candidates, const Measure& measure,
                       double best) {
  std::vector<Choice> timed;
  Status last;
  std::size_t precompiled = 0, compiled = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const Candidate& c : candidates) {
    std::size_t& tried = c.runtimeCompiled ? compiled : precompiled;
    if (tried >= (c.runtimeCompiled ? compiledTried : precompiledTried)) continue;
    auto built = build(p, c);
    if (!built.ok()) {
      last = built.status();
      continue;
    }
    ++tried;
    auto seconds = measure(built.value(), std::min(best, least));
    if (!seconds.ok()) {
      last = seconds.status();
      continue;
    }
    least = std::min(least, seconds.value());
    timed.push_back({built.value(), seconds.value()});
  }
  const Choice* chosen = nullptr;
  for (const Choice& c : timed) {
    if (*c.seconds <= least * tie && (chosen == nullptr || c.plan->workspace < chosen->plan->workspace)) chosen = &c;
  }
  if (chosen == nullptr) return last;
  return *chosen;
}

PlanRef recalled(const Problem& p, const cudnn::EngineChoice& choice) {
  auto candidate = cudnn::remembered(sessionOf(p), p.graph.graph, choice);
  if (!candidate.ok() || !isPermitted(candidate.value(), p)) return nullptr;
  auto built = build(p, candidate.value());
  return built.ok() ? built.value() : nullptr;
}

}  // namespace pathex::cuda
