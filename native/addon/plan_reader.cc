#include "addon/plan_reader.h"

#include "addon/node.h"
#include "core/check.h"

namespace pathex::addon {

namespace {

using namespace pathex::core;

Place readPlace(const Node& n) {
  Place p;
  p.in = n.field("in").word<In>({{"arena", In::arena},
                                 {"state", In::state},
                                 {"input", In::input},
                                 {"output", In::output},
                                 {"constant", In::constant}});
  if (p.in == In::constant) {
    p.data = n.field("data").numbers();
  } else {
    p.at = n.field("at").natural();
  }
  return p;
}

PlanBuffer readBuffer(const Node& n) {
  return {
      n.field("dtype").word<StorageType>(
          {{"f32", StorageType::f32}, {"bf16", StorageType::bf16}, {"i32", StorageType::i32}, {"u8", StorageType::u8}}),
      n.field("shape").naturals(), readPlace(n.field("place"))};
}

Slot readSlot(const Node& n) {
  return {n.field("name").text(), n.field("buffer").natural()};
}

Operation readOperation(const Node& n) {
  const std::string name = n.field("op").text();
  for (const InstructionInfo& info : instructions()) {
    if (info.name != name) continue;
    Operation op{info.instruction, n.field("args").naturals()};
    if (op.instruction == Instruction::constant) op.value = n.field("value").number();
    return op;
  }
  n.field("op").fail("'" + name + "' is unknown");
}

FusedStep readFused(const Node& n) {
  FusedStep step;
  step.name = n.field("name").text();
  const auto domain = n.field("domain").tuple<std::size_t, 3>();
  step.domain = {domain[0], domain[1], domain[2]};
  step.loads = n.field("loads").list([](const Node& x) {
    return Load{x.field("buffer").natural(), x.field("strides").tuple<std::size_t, 3>()};
  });
  step.code = n.field("code").list(readOperation);
  step.stores = n.field("stores").list([](const Node& x) {
    return Store{x.field("register").natural(), x.field("buffer").natural()};
  });
  step.reductions = n.field("reductions").list([](const Node& x) {
    return Reduction{
        x.field("register").natural(),
        x.field("op").word<ReductionOp>(
            {{"sum", ReductionOp::sum}, {"variance", ReductionOp::variance}, {"max", ReductionOp::max}}),
        x.field("keep").word<Keep>(
            {{"none", Keep::none}, {"inner", Keep::inner}, {"outer", Keep::outer}, {"outerInner", Keep::outerInner}}),
        x.field("buffer").natural()};
  });
  return step;
}

void readField(const Node& n, std::int64_t& value) {
  value = n.integer();
}
void readField(const Node& n, std::size_t& value) {
  value = n.natural();
}
void readField(const Node& n, bool& value) {
  value = n.boolean();
}
void readField(const Node& n, double& value) {
  value = n.number();
}
void readField(const Node& n, std::vector<std::size_t>& value) {
  value = n.naturals();
}
void readField(const Node& n, std::vector<std::int64_t>& value) {
  value = n.integers();
}
template <std::size_t N>
void readField(const Node& n, std::array<std::int64_t, N>& value) {
  value = n.tuple<std::int64_t, N>();
}

/// Their limits are for checkOperands to hold.
CallAttributes readAttributes(const Node& n, Call kernel) {
  CallAttributes attributes = attributesOf(kernel);
  const auto read = [&](FieldKind, const char* name, auto& value) { readField(n.field(name), value); };
  std::visit([&](auto& record) { eachField(record, read); }, attributes);
  return attributes;
}

EpilogueMark readEpilogue(const Node& n) {
  const auto isMap = n.field("kind").word<bool>({{"map", true}, {"sums", false}});
  if (!isMap) return SumsEpilogue{n.field("sum").natural(), n.field("squares").natural()};
  const auto readSpread = [](const Node& x) {
    return x.word<Spread>({{"scalar", Spread::scalar}, {"channel", Spread::channel}, {"full", Spread::full}});
  };
  return MapEpilogue{n.field("spreads").list(readSpread), n.field("keepsResult").boolean()};
}

CallStep readCall(const Node& n) {
  const std::string name = n.field("kernel").text();
  const std::optional<Call> kernel = callNamed(name);
  if (!kernel) n.field("kernel").fail("'" + name + "' is unknown");
  CallStep step{n.field("name").text(), *kernel, n.field("inputs").naturals(), n.field("outputs").naturals(),
                readAttributes(n.field("attributes"), *kernel)};
  if (n.has("epilogue")) step.epilogue = readEpilogue(n.field("epilogue"));
  return step;
}

Step readStep(const Node& n) {
  const bool fused = n.field("kind").word<bool>({{"fused", true}, {"call", false}});
  return fused ? Step(readFused(n)) : Step(readCall(n));
}

Plan readWhole(const Node& n) {
  if (n.field("format").text() != "pathex-plan") n.field("format").fail("is not 'pathex-plan'");
  if (const auto version = n.field("version").integer(); version != planVersion) {
    n.field("version").fail(std::to_string(version) + "; this addon reads version " + std::to_string(planVersion) +
                            "; if the addon is the older one, build it anew with: npm run setup");
  }
  Plan plan;
  plan.name = n.field("name").text();
  plan.arenaBytes = n.field("arenaBytes").natural();
  plan.buffers = n.field("buffers").list(readBuffer);
  plan.state = n.field("state").list(readSlot);
  plan.inputs = n.field("inputs").list(readSlot);
  plan.outputs = n.field("outputs").list(readSlot);
  plan.steps = n.field("steps").list(readStep);
  return plan;
}

}  // namespace

Result<Plan> readPlan(const Napi::Value& value) {
  try {
    return readWhole(Node(value, "plan"));
  } catch (const Fault& fault) {
    return withRemedy(planError(fault.message));
  }
}

}  // namespace pathex::addon
