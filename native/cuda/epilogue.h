#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan.h"

/// What a fused step makes of the result of the convolution before it, in the pointwise operations of cuDNN.
namespace pathex::cuda {

/// Comparisons give truth values, which only `select` takes; everything else is of float32.
// clang-format off
enum class Pointwise {
  identity, add, sub, mul, div, neg, abs, exp, log, sqrt, rsqrt, greater, lessOrEqual, equal, notEqual,
  select,  // (condition, where true, where false)
};
// clang-format on

using core::Spread;

struct Epilogue {
  /// Read from a buffer of the plan.
  struct Operand {
    std::size_t buffer;
    Spread spread;
  };
  struct Node {
    Pointwise op;
    std::vector<std::size_t> args;
    Spread spread;
  };
  /// Every element of a value in the order of the convolution's result.
  struct Output {
    std::size_t value, buffer;
  };

  /// Values are numbered: first the convolution's result, then operands, constants and nodes. A node takes earlier
  /// ones.
  std::vector<Operand> operands;
  std::vector<float> constants;
  std::vector<Node> nodes;
  std::vector<Output> outputs;
  /// The convolution's own result is written, too: a later step reads it.
  bool keepsResult = false;

  std::size_t firstConstant() const { return 1 + operands.size(); }
  std::size_t firstNode() const { return firstConstant() + constants.size(); }
};

/// The epilogue of step `at`: what the step after it does, in operations of cuDNN. Nothing where the plan does not say
/// that one call may do both, or where cuDNN has no such operation.
std::optional<Epilogue> epilogueOf(const core::Plan&, std::size_t at);

/// "v1 full f32, 0x1p+0; add(0 1), ...; -> v5 f32": equal for equal programs, wherever their buffers lie.
std::string showEpilogue(const core::Plan&, const Epilogue&);

}  // namespace pathex::cuda
