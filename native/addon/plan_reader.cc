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

std::int64_t positive(const Node& n, const char* name) {
  const std::int64_t x = n.field(name).integer();
  if (x < 1) n.field(name).fail("is not positive");
  return x;
}

Pair positivePair(const Node& n, const char* name) {
  const Pair pair = n.field(name).tuple<std::int64_t, 2>();
  if (pair[0] < 1 || pair[1] < 1) n.field(name).fail("is not positive");
  return pair;
}

CallAttributes readConv(const Node& n) {
  const auto p = [&](const char* name) { return positive(n, name); };
  return ConvAttributes{p("n"),
                        p("h"),
                        p("w"),
                        p("c"),
                        p("f"),
                        p("kh"),
                        p("kw"),
                        p("oh"),
                        p("ow"),
                        positivePair(n, "stride"),
                        positivePair(n, "dilation"),
                        n.field("padding").tuple<std::int64_t, 4>()};
}

CallAttributes readPool(const Node& n) {
  const auto p = [&](const char* name) { return positive(n, name); };
  return PoolAttributes{p("n"),
                        p("h"),
                        p("w"),
                        p("c"),
                        p("oh"),
                        p("ow"),
                        positivePair(n, "window"),
                        positivePair(n, "stride"),
                        n.field("padding").tuple<std::int64_t, 4>()};
}

CallAttributes readMatmul(const Node& n) {
  return MatmulAttributes{positive(n, "m"), positive(n, "n"), positive(n, "k"), n.field("transposeA").boolean(),
                          n.field("transposeB").boolean()};
}

CallAttributes readCopy(const Node& n) {
  const std::vector<std::size_t> dims = n.field("dims").naturals();
  return CopyAttributes{{dims.begin(), dims.end()},
                        n.field("srcStrides").integers(),
                        n.field("dstStrides").integers(),
                        n.field("srcOffset").integer(),
                        n.field("dstOffset").integer()};
}

CallAttributes readFill(const Node& n) {
  return FillAttributes{n.field("value").number()};
}

CallAttributes readTable(const Node& n) {
  return TableAttributes{n.field("rows").natural(), n.field("width").natural(), n.field("count").natural()};
}

CallAttributes readCropFlip(const Node& n) {
  const auto p = [&](const char* name) { return positive(n, name); };
  return CropFlipAttributes{p("images"), p("batch"), p("h"), p("w"), p("c")};
}

CallAttributes readArgMax(const Node& n) {
  return ArgMaxAttributes{n.field("rows").natural(), n.field("width").natural()};
}

CallAttributes readRankMask(const Node& n) {
  return RankMaskAttributes{n.field("size").natural()};
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
  using Reader = CallAttributes (*)(const Node&);
  const Node kernel = n.field("kernel");
  const auto read = kernel.word<Reader>({
      {"conv2d", readConv},
      {"conv2dInputGrad", readConv},
      {"conv2dWeightGrad", readConv},
      {"matmul", readMatmul},
      {"maxPool", readPool},
      {"maxPoolGather", readPool},
      {"maxPoolScatter", readPool},
      {"sumPool", readPool},
      {"sumPoolGrad", readPool},
      {"copy", readCopy},
      {"fill", readFill},
      {"gather", readTable},
      {"scatterAdd", readTable},
      {"cropFlip", readCropFlip},
      {"argMax", readArgMax},
      {"rankMask", readRankMask},
  });
  CallStep step{n.field("name").text(), kernel.text(), n.field("inputs").naturals(), n.field("outputs").naturals(),
                read(n.field("attributes"))};
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
