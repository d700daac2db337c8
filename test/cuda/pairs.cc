// Every convolution of a plan with the step after it: whether both are one operation, or the sums of its channels can be
// taken in it, and which implementations there are.
#include <algorithm>
#include <iostream>
#include <map>

#include "ask.h"
#include "core/check.h"
#include "cuda/choice.h"
#include "cuda/conv_graph.h"
#include "printed_plan.h"

namespace pathex::test {

namespace {

using namespace cuda;

struct Answer {
  std::size_t permitted = 0;
  std::string engine = "none", workspace = "-", note;
};

Answer answerTo(LibraryContext& context, core::StorageType operands, core::Result<OperationGraph> graph) {
  Answer a;
  if (!graph.ok()) {
    a.note = graph.status().message();
    return a;
  }
  const Problem problem{context, graph.value(), operands, ""};
  auto candidates = permitted(problem);
  if (!candidates.ok()) {
    a.note = candidates.status().message();
    return a;
  }
  a.permitted = candidates.value().size();
  auto first = firstBuilt(problem, candidates.value());
  if (!first.ok()) {
    a.note = first.status().message();
    return a;
  }
  a.engine = std::to_string(first.value().plan->choice.engine);
  a.workspace = std::to_string(first.value().plan->workspace);
  return a;
}

}  // namespace

bool askPairs(LibraryContext& context) {
  const core::Plan plan = readPlan(std::cin);
  std::map<std::string, Answer> known;  // plans repeat themselves, and building takes a second each
  for (std::size_t i = 0; i + 1 < plan.steps.size(); ++i) {
    const auto* const step = std::get_if<core::CallStep>(&plan.steps[i]);
    const auto* const map = std::get_if<core::FusedStep>(&plan.steps[i + 1]);
    if (step == nullptr || (step->kernel != core::Call::conv2d && step->kernel != core::Call::conv2dInputGrad)) continue;
    const std::string signature = signatureOf(step->kernel, std::get<core::ConvAttributes>(step->attributes));
    const core::StorageType operands = core::operandsOf(plan, *step);
    const auto print = [&](const char* kind, const std::string& program, const Answer& a) {
      printRow({kind, signature, program, std::to_string(a.permitted), a.engine, a.workspace, cell(a.note)});
    };
    const auto* const sums = step->epilogue ? std::get_if<core::SumsEpilogue>(&*step->epilogue) : nullptr;
    if (sums != nullptr) {
      const auto [at, isNew] = known.try_emplace(signature + " sums");
      if (isNew) {
        at->second = answerTo(context, operands,
                              convSumsGraph(*context.cudnn(), plan, *step, *sums, context.options().deterministic));
      }
      print("sums", "-", at->second);
      continue;
    }
    const auto readsResult = [&](const core::Load& load) { return load.buffer == step->outputs[0]; };
    if (map == nullptr || !map->reductions.empty() || std::none_of(map->loads.begin(), map->loads.end(), readsResult)) {
      printRow({"other", signature});
      continue;
    }
    const auto epilogue = epilogueOf(plan, i);
    if (!epilogue) {
      printRow({"apart", signature});
      continue;
    }
    const std::string program = showEpilogue(plan, *epilogue);
    const auto [at, isNew] = known.try_emplace(signature + " " + program);
    if (isNew) at->second = answerTo(context, operands, convGraph(*context.cudnn(), plan, *step, &*epilogue));
    print("pair", program, at->second);
  }
  return true;
}

}  // namespace pathex::test
