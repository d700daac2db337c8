#pragma once

#include <optional>
#include <vector>

#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

/// Refuses a plan whose steps would read or write outside their buffers, or whose sizes keep no limit of core/sizes.h.
/// What a kernel's attributes ask of its buffers is checked by checkOperands where the kernel is made.
Status checkPlan(const Plan&);

/// Checks what step `at`, a call, says that it may do for the step after it. Both must be sound in themselves.
Status checkEpilogue(const Plan&, std::size_t at);

/// The most elements that a fused step's domain, or threads that a launch may have; see core/sizes.h.
std::size_t mostWork(const Plan&);

/// Whether a number can be converted to an element of this type. Any can to a float.
bool isValueOf(StorageType, double);

/// A fault of a plan with what to do about it.
Status withRemedy(const Status&);

/// What a product's operands are: bf16 if its first is.
StorageType operandsOf(const Plan&, const CallStep&);

/// An operand as a kernel may take it: `real` stands for f32 or bf16, whichever the device computes with.
enum class OperandType { real, any, f32, i32, u8 };
struct Operand {
  OperandType type;
  /// None where the attributes leave it open.
  std::optional<std::size_t> elements;
};
struct Operands {
  std::vector<Operand> inputs, outputs;
};
/// What the table of calls asks of a step's operands; none where the attributes are those of another kernel.
std::optional<Operands> wantedOperands(const CallStep&);

struct Expected {
  StorageType dtype;
  std::size_t elements;
};
/// Checks a call of any kernel: its attributes in themselves, then its operands against them. The buffers it names
/// must be there, which checkPlan has seen to. Every device calls this before it makes a kernel.
Status checkOperands(const Plan&, const CallStep&);

/// Checks the operands of a call: their number, element types and sizes.
Status expectBuffers(const Plan&, const CallStep&, const std::vector<Expected>& inputs,
                     const std::vector<Expected>& outputs);

}  // namespace pathex::core
