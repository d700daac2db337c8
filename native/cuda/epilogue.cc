#include "cuda/epilogue.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <map>

namespace pathex::cuda {

namespace {

using core::FusedStep;
using core::Instruction;
using core::Plan;
using core::StorageType;

/// More than any step of ours has. cuDNN compiles each operation graph, and long ones for long.
constexpr std::size_t mostNodes = 48;

/// Translates the registers that are asked for, each once.
class Translation {
 public:
  Translation(const Plan& plan, const FusedStep& step, std::size_t result, const std::vector<Spread>& spreads)
      : plan_(plan), step_(step), result_(result), spreads_(spreads) {}

  std::optional<Epilogue> run() {
    std::vector<std::size_t> values;
    for (const core::Store& store : step_.stores) values.push_back(real(store.reg));
    for (std::size_t i = 0; isPossible_ && i < values.size(); ++i) {
      outputs_.push_back({written(values[i], step_.stores[i].buffer), step_.stores[i].buffer});
    }
    if (!isPossible_ || !readsResult_ || nodes_.size() > mostNodes) return std::nullopt;
    return numbered();
  }

 private:
  /// Until all are known, operands and constants count from marks of their own.
  static constexpr std::size_t ofConvolution = 0, firstOperand = 1, firstConstant = 1u << 20, firstNode = 2u << 20;

  std::size_t refuse() {
    isPossible_ = false;
    return ofConvolution;
  }
  Spread spreadOfValue(std::size_t value) const {
    if (value >= firstNode) return nodes_[value - firstNode].spread;
    if (value >= firstConstant) return Spread::scalar;
    return value >= firstOperand ? operands_[value - firstOperand].spread : Spread::full;
  }

  std::size_t node(Pointwise op, std::vector<std::size_t> args) {
    Spread spread = Spread::scalar;
    for (const std::size_t arg : args) spread = std::max(spread, spreadOfValue(arg));
    nodes_.push_back({op, std::move(args), spread});
    return firstNode + nodes_.size() - 1;
  }
  std::size_t constant(double value) {
    const auto number = static_cast<float>(value);
    const auto same = [&](float c) { return std::bit_cast<std::uint32_t>(c) == std::bit_cast<std::uint32_t>(number); };
    const auto found = std::find_if(constants_.begin(), constants_.end(), same);
    const auto at = static_cast<std::size_t>(found - constants_.begin());
    if (found == constants_.end()) constants_.push_back(number);
    return firstConstant + at;
  }

  /// A register as a number.
  std::size_t real(std::size_t reg) {
    if (const auto known = reals_.find(reg); known != reals_.end()) return known->second;
    const std::size_t value = reg < step_.loads.size() ? load(reg) : compute(reg);
    reals_.emplace(reg, value);
    return value;
  }
  /// Whether a register is not zero.
  std::size_t truth(std::size_t reg) {
    const Instruction of = reg < step_.loads.size() ? Instruction::constant : operation(reg).instruction;
    if (isComparison(of)) return comparison(reg);
    return node(Pointwise::notEqual, {real(reg), constant(0)});
  }

  std::size_t load(std::size_t reg) {
    const std::size_t buffer = step_.loads[reg].buffer;
    const Spread spread = spreads_[reg];
    if (buffer == result_) {
      readsResult_ = true;
      return ofConvolution;
    }
    const auto same = [&](const Epilogue::Operand& o) { return o.buffer == buffer && o.spread == spread; };
    const auto found = std::find_if(operands_.begin(), operands_.end(), same);
    const auto at = static_cast<std::size_t>(found - operands_.begin());
    if (found == operands_.end()) operands_.push_back({buffer, spread});
    return firstOperand + at;
  }

  const core::Operation& operation(std::size_t reg) const { return step_.code[reg - step_.loads.size()]; }
  static bool isComparison(Instruction i) {
    return i == Instruction::step || i == Instruction::greater || i == Instruction::equal;
  }
  std::size_t comparison(std::size_t reg) {
    const core::Operation& c = operation(reg);
    if (c.instruction == Instruction::equal) return node(Pointwise::equal, {real(c.args[0]), real(c.args[1])});
    const std::size_t than = c.instruction == Instruction::step ? constant(0) : real(c.args[1]);
    return node(Pointwise::greater, {real(c.args[0]), than});
  }

  std::size_t compute(std::size_t reg) {
    const core::Operation& c = operation(reg);
    const auto arg = [&](std::size_t i) { return real(c.args[i]); };
    const auto unary = [&](Pointwise op) { return node(op, {arg(0)}); };
    const auto binary = [&](Pointwise op) { return node(op, {arg(0), arg(1)}); };
    switch (c.instruction) {
      case Instruction::constant:
        return constant(c.value);
      case Instruction::add:
        return binary(Pointwise::add);
      case Instruction::sub:
        return binary(Pointwise::sub);
      case Instruction::mul:
        return binary(Pointwise::mul);
      case Instruction::div:
        return binary(Pointwise::div);
      case Instruction::mulAdd:
        return node(Pointwise::add, {node(Pointwise::mul, {arg(0), arg(1)}), arg(2)});
      case Instruction::neg:
        return unary(Pointwise::neg);
      case Instruction::abs:
        return unary(Pointwise::abs);
      case Instruction::exp:
        return unary(Pointwise::exp);
      case Instruction::log:
        return unary(Pointwise::log);
      case Instruction::sqrt:
        return unary(Pointwise::sqrt);
      case Instruction::rsqrt:
        return unary(Pointwise::rsqrt);
      case Instruction::max:
        return extreme(arg(0), arg(1), true);
      case Instruction::min:
        return extreme(arg(0), arg(1), false);
      case Instruction::relu: {
        const std::size_t x = arg(0), zero = constant(0);
        return node(Pointwise::select, {node(Pointwise::lessOrEqual, {x, zero}), zero, x});
      }
      case Instruction::step:
      case Instruction::greater:
      case Instruction::equal:
        return node(Pointwise::select, {comparison(reg), constant(1), constant(0)});
      case Instruction::select:
        return node(Pointwise::select, {truth(c.args[0]), arg(1), arg(2)});
      default:  // what cuDNN has no pointwise operation for
        return refuse();
    }
  }
  /// NaN if either is: cuDNN does not say what its own maximum makes of that, and of relu neither.
  std::size_t extreme(std::size_t a, std::size_t b, bool isMax) {
    const std::size_t takesA = node(Pointwise::greater, isMax ? std::vector{a, b} : std::vector{b, a});
    const std::size_t chosen = node(Pointwise::select, {takesA, a, b});
    return node(Pointwise::select, {node(Pointwise::notEqual, {a, a}), a, chosen});
  }

  /// The value to write: one of its own where it is no node yet or written elsewhere, or where nodes read it unrounded.
  std::size_t written(std::size_t value, std::size_t buffer) {
    if (spreadOfValue(value) != Spread::full) return refuse();
    const auto isWritten = [&](const Epilogue::Output& o) { return o.value == value; };
    const auto isRead = [&](const Epilogue::Node& n) { return std::count(n.args.begin(), n.args.end(), value) > 0; };
    const bool isRounded = plan_.buffers[buffer].dtype != StorageType::f32;
    return value < firstNode || std::any_of(outputs_.begin(), outputs_.end(), isWritten) ||
                   (isRounded && std::any_of(nodes_.begin(), nodes_.end(), isRead))
               ? node(Pointwise::identity, {value})
               : value;
  }

  Epilogue numbered() {
    Epilogue made{std::move(operands_), std::move(constants_), std::move(nodes_), std::move(outputs_)};
    const auto number = [&](std::size_t& value) {
      if (value >= firstNode)
        value += made.firstNode() - firstNode;
      else if (value >= firstConstant)
        value += made.firstConstant() - firstConstant;
    };
    for (Epilogue::Node& n : made.nodes) std::for_each(n.args.begin(), n.args.end(), number);
    for (Epilogue::Output& o : made.outputs) number(o.value);
    return made;
  }

  const Plan& plan_;
  const FusedStep& step_;
  std::size_t result_;
  const std::vector<Spread>& spreads_;
  bool isPossible_ = true, readsResult_ = false;
  std::vector<Epilogue::Operand> operands_;
  std::vector<float> constants_;
  std::vector<Epilogue::Node> nodes_;
  std::vector<Epilogue::Output> outputs_;
  std::map<std::size_t, std::size_t> reals_;
};

}  // namespace

std::optional<Epilogue> epilogueOf(const Plan& plan, std::size_t at) {
  const auto& conv = std::get<core::CallStep>(plan.steps[at]);
  const auto* const mark = conv.epilogue ? std::get_if<core::MapEpilogue>(&*conv.epilogue) : nullptr;
  if (mark == nullptr) return std::nullopt;
  const auto& map = std::get<FusedStep>(plan.steps[at + 1]);
  auto epilogue = Translation(plan, map, conv.outputs[0], mark->spreads).run();
  if (epilogue) epilogue->keepsResult = mark->keepsResult;
  return epilogue;
}

std::string showEpilogue(const Plan& plan, const Epilogue& epilogue) {
  static constexpr std::array spreads{"scalar", "channel", "full"};
  static constexpr std::array names{"identity",    "add",   "sub",      "mul",   "div",   "neg",
                                    "abs",         "exp",   "log",      "sqrt",  "rsqrt", "greater",
                                    "lessOrEqual", "equal", "notEqual", "select"};
  const auto type = [&](std::size_t buffer) { return std::string(core::nameOf(plan.buffers[buffer].dtype)); };
  std::string text;
  std::size_t value = 1;
  const auto begin = [&] { text += (text.empty() ? "v" : " v") + std::to_string(value++) + "="; };
  for (const auto& [buffer, spread] : epilogue.operands) {
    begin();
    text += std::string(spreads[static_cast<std::size_t>(spread)]) + "." + type(buffer);
  }
  for (const float constant : epilogue.constants) {
    std::array<char, 32> shown{};
    std::snprintf(shown.data(), shown.size(), "%a", static_cast<double>(constant));
    begin();
    text += shown.data();
  }
  for (const auto& [op, args, spread] : epilogue.nodes) {
    begin();
    text += names[static_cast<std::size_t>(op)];
    for (std::size_t i = 0; i < args.size(); ++i) text += (i == 0 ? "(v" : " v") + std::to_string(args[i]);
    text += ")";
  }
  text += " ->";
  for (const auto& [of, buffer] : epilogue.outputs) text += " v" + std::to_string(of) + "." + type(buffer);
  return text + (epilogue.keepsResult ? " v0" : "");
}

}  // namespace pathex::cuda
