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

/// The implementation for both steps that is faster than `conv` and `map` one after the other; null if there is none.
PlanRef chooseFused(const Problem& p, const Work& work, Kernel& conv, Kernel& map, const std::string& how) {
  TuningCache& tuning = p.context.tuning();
  if (const auto known = tuning.choice(p.signature)) {
    if (!known->engine) return nullptr;
    if (PlanRef built = recalled(p, *known->engine)) return built;
  }
  auto candidates = permitted(p);
  if (!candidates.ok() || candidates.value().empty()) return nullptr;
  Timer& timer = *p.context.options().timer;
  auto plain = timer.seconds({&conv, &map}, work, noMatch);
  if (!plain.ok()) return nullptr;
  const auto measure = [&](const PlanRef& built, double best) {
    GraphKernel kernel(p.context.cudnn(), built, p.graph, how);
    return timer.seconds({&kernel}, work, best);
  };
  auto fused = fastest(p, candidates.value(), measure, plain.value());
  if (!fused.ok() || *fused.value().seconds > gain * plain.value()) {
    tuning.remember(p.signature, {}, plain.value());
    return nullptr;
  }
  tuning.remember(p.signature, {fused.value().plan->choice}, fused.value().seconds);
  return fused.value().plan;
}

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
  const std::string how = ", with the step after it";
  const Problem problem{context, graph.value(), operands,
                        permittedSignature(context.options(), step, operands) + "; " + showEpilogue(plan, *epilogue)};
  PlanRef built = context.tuning().live(problem.signature);
  if (built == nullptr) {
    built = chooseFused(problem, workOf(plan, step, *epilogue), conv, map, how);
    if (built == nullptr) return nullptr;
    context.tuning().share(problem.signature, built);
  }
  return std::make_unique<GraphKernel>(context.cudnn(), built, graph.value(), how);
}

}  // namespace pathex::cuda
