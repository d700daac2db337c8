#include <algorithm>
#include <limits>

#include "core/check.h"
#include "cuda/calls.h"
#include "cuda/choice.h"
#include "cuda/conv_graph.h"
#include "cuda/tuning.h"
#include "cuda/version.h"

namespace pathex::cuda {

namespace {

using core::ConvAttributes;
using core::Status;

constexpr double noMatch = std::numeric_limits<double>::infinity();

/// Two steps are kept unless one operation is faster by more than measurements differ.
constexpr double gain = 0.98;

Status check(const core::Plan& plan, const core::CallStep& step, const ConvAttributes& a, core::StorageType operands) {
  const auto count = [](core::StorageType type, auto... extents) {
    return core::Expected{type, static_cast<std::size_t>((extents * ...))};
  };
  const Direction direction = directionOf(step);
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

/// "conv2d ..., tf32, deterministic".
std::string permittedSignature(const LibraryOptions& o, const core::CallStep& step, core::StorageType operands) {
  const char* const products = operands == core::StorageType::bf16 ? ", bf16"
                               : o.precision == Precision::tf32    ? ", tf32"
                                                                   : ", strict";
  return signatureOf(step.kernel, std::get<ConvAttributes>(step.attributes)) + products +
         (o.deterministic ? ", deterministic" : "");
}

core::Result<PlanRef> choose(const Problem& p, const core::Plan& plan, const core::CallStep& step) {
  TuningCache& tuning = p.context.tuning();
  if (const auto known = tuning.choice(p.signature); known && known->engine) {
    if (PlanRef built = recalled(p, *known->engine)) return built;
  }
  auto candidates = permitted(p);
  if (!candidates.ok()) return candidates.status();
  if (candidates.value().empty()) {
    return Status(core::Code::native,
                  "cuDNN " + showVersion(p.context.cudnn()->api->version()) + ": no implementation of " + p.signature);
  }
  Timer* const timer = p.context.options().timer;
  const Work work{&plan, step.inputs, step.outputs};
  const auto measure = [&](const PlanRef& built, double best) {
    GraphKernel kernel(p.context.cudnn(), built, p.graph);
    return timer->seconds({&kernel}, work, best);
  };
  auto chosen = timer == nullptr ? firstBuilt(p, candidates.value()) : fastest(p, candidates.value(), measure, noMatch);
  if (!chosen.ok()) return chosen.status().within(p.signature);
  tuning.remember(p.signature, {chosen.value().plan->choice}, chosen.value().seconds);
  return chosen.value().plan;
}

/// What the two steps of a pair read and write.
Work workOf(const core::Plan& plan, const core::CallStep& step, const Epilogue& epilogue) {
  Work work{&plan, step.inputs, step.outputs};
  for (const Epilogue::Operand& operand : epilogue.operands) work.inputs.push_back(operand.buffer);
  for (const Epilogue::Output& output : epilogue.outputs) work.outputs.push_back(output.buffer);
  return work;
}

/// Two ways to do two steps.
struct Rivals {
  const Work& work;
  /// Of the steps one after the other.
  std::vector<Kernel*> apart;
  /// What is left to do after the one operation; may be null.
  Kernel* rest;
  /// Ends the operation's name.
  const char* how;
};

/// The implementation of the one operation that is faster than the steps apart; null if there is none.
PlanRef chooseFused(const Problem& p, const Rivals& rivals) {
  TuningCache& tuning = p.context.tuning();
  if (const auto known = tuning.choice(p.signature)) {
    if (!known->engine) return nullptr;
    if (PlanRef built = recalled(p, *known->engine)) return built;
  }
  auto candidates = permitted(p);
  if (!candidates.ok() || candidates.value().empty()) return nullptr;
  Timer& timer = *p.context.options().timer;
  auto plain = timer.seconds(rivals.apart, rivals.work, noMatch);
  if (!plain.ok()) return nullptr;
  const auto measure = [&](const PlanRef& built, double best) {
    GraphKernel kernel(p.context.cudnn(), built, p.graph, rivals.how);
    std::vector<Kernel*> kernels{&kernel};
    if (rivals.rest != nullptr) kernels.push_back(rivals.rest);
    return timer.seconds(kernels, rivals.work, best);
  };
  auto fused = fastest(p, candidates.value(), measure, plain.value());
  if (!fused.ok() || *fused.value().seconds > gain * plain.value()) {
    tuning.remember(p.signature, {}, plain.value());
    return nullptr;
  }
  tuning.remember(p.signature, {fused.value().plan->choice}, fused.value().seconds);
  return fused.value().plan;
}

/// A kernel of what chooseFused chose, or chose for an equal pair before.
std::unique_ptr<Kernel> makeChosen(const Problem& p, const Rivals& rivals) {
  PlanRef built = p.context.tuning().live(p.signature);
  if (built == nullptr) {
    built = chooseFused(p, rivals);
    if (built == nullptr) return nullptr;
    p.context.tuning().share(p.signature, built);
  }
  return std::make_unique<GraphKernel>(p.context.cudnn(), built, p.graph, rivals.how);
}

/// Since when a reduction can be asked to be deterministic.
constexpr std::size_t deterministicSums = 91100;

}  // namespace

MadeKernel makeConv(LibraryContext& context, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<ConvAttributes>(step.attributes);
  const core::StorageType operands = core::operandsOf(plan, step);
  if (Status s = check(plan, step, a, operands); !s.ok()) return s;
  if (std::any_of(a.padding.begin(), a.padding.end(), [](std::int64_t edge) { return edge < 0; })) {
    return core::planError(step.name + ": padding is negative in " + signatureOf(step.kernel, a) +
                           "; cuDNN has no such convolution; crop x before it");
  }
  auto graph = convGraph(*context.cudnn(), plan, step);
  if (!graph.ok()) return graph.status();
  const Problem problem{context, graph.value(), operands, permittedSignature(context.options(), step, operands)};
  PlanRef built = context.tuning().live(problem.signature);
  if (built == nullptr) {
    auto chosen = choose(problem, plan, step);
    if (!chosen.ok()) return chosen.status();
    built = std::move(chosen.value());
    context.tuning().share(problem.signature, built);
  }
  return std::unique_ptr<Kernel>(std::make_unique<GraphKernel>(context.cudnn(), built, graph.value()));
}

std::unique_ptr<Kernel> makeFusedConv(LibraryContext& context, const core::Plan& plan, std::size_t at, Kernel& conv,
                                      Kernel& map) {
  if (context.options().timer == nullptr) return nullptr;
  const auto epilogue = epilogueOf(plan, at);
  if (!epilogue) return nullptr;
  const auto& step = std::get<core::CallStep>(plan.steps[at]);
  const core::StorageType operands = core::operandsOf(plan, step);
  auto graph = convGraph(*context.cudnn(), plan, step, &*epilogue);
  if (!graph.ok()) return nullptr;
  const Problem problem{context, graph.value(), operands,
                        permittedSignature(context.options(), step, operands) + "; " + showEpilogue(plan, *epilogue)};
  const Work work = workOf(plan, step, *epilogue);
  return makeChosen(problem, {work, {&conv, &map}, nullptr, ", with the step after it"});
}

std::unique_ptr<Kernel> makeSummingConv(LibraryContext& context, const core::Plan& plan, std::size_t at,
                                        const std::vector<Kernel*>& apart, Kernel& fromSums, const Work& work) {
  const LibraryOptions& options = context.options();
  const auto& step = std::get<core::CallStep>(plan.steps[at]);
  const auto* const sums = step.epilogue ? std::get_if<core::SumsEpilogue>(&*step.epilogue) : nullptr;
  if (options.timer == nullptr || sums == nullptr) return nullptr;
  const core::StorageType operands = core::operandsOf(plan, step);
  // See Note [Sums about nothing].
  if (operands != core::StorageType::bf16 && options.precision != Precision::tf32) return nullptr;
  if (options.deterministic && context.cudnn()->api->version() < deterministicSums) return nullptr;
  auto graph = convSumsGraph(*context.cudnn(), plan, step, *sums, options.deterministic);
  if (!graph.ok()) return nullptr;
  const Problem problem{context, graph.value(), operands,
                        permittedSignature(options, step, operands) + "; sums of channels and of their squares"};
  return makeChosen(problem, {work, apart, &fromSums, ", with the sums of the step after it"});
}

}  // namespace pathex::cuda

// Note [Sums about nothing]
// Our own launches take the sums about the first element of each channel, so that little cancels where a mean is large
// beside the deviation. cuDNN's are of y and y * y: with mean / deviation = m, a relative error of 2^-24 in the second
// becomes one of m * m * 2^-24 in the variance. Factors rounded to 10 or 7 bits of mantissa move a normalised y by up to
// m * 2^-11 or m * 2^-8, which is more for all m that occur; float32 products move it by m * 2^-24, and keep our sums.
