#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/calls.h"
#include "core/sizes.h"

/// The Plan of src/plan/plan.ts, name for name. That file is the contract and explains every field.
namespace pathex::core {

constexpr int planVersion = 3;

/// bf16: the first 16 bits of a float32, in the arena only.
enum class StorageType { f32, bf16, i32, u8 };
std::size_t bytesPerElement(StorageType);
const char* nameOf(StorageType);

enum class In { arena, state, input, output, constant };

struct Place {
  In in = In::arena;
  std::size_t at = 0;
  std::vector<double> data;
};

struct PlanBuffer {
  StorageType dtype = StorageType::f32;
  std::vector<std::size_t> shape;
  Place place;

  /// `endless` where the product wraps around; so are the bytes.
  std::size_t elements() const;
  std::size_t bytes() const { return productOf({elements(), bytesPerElement(dtype)}); }
};

/// Whether two buffers have bytes in common in some run. Constants have none, since nobody writes them.
bool shareMemory(const PlanBuffer&, const PlanBuffer&);

struct Domain {
  std::size_t outer = 1, reduced = 1, inner = 1;
  std::size_t elements() const { return productOf({outer, reduced, inner}); }
};

struct Load {
  std::size_t buffer = 0;
  std::array<std::size_t, 3> strides{};
};

enum class Instruction {
#define PATHEX_INSTRUCTION(name, enumerator, registers, ...) enumerator,
#include "core/instructions.inc"
#undef PATHEX_INSTRUCTION
};
struct InstructionInfo {
  std::string_view name;
  Instruction instruction;
  std::size_t arguments;
};
/// Every instruction, in the order of the enumeration.
std::span<const InstructionInfo> instructions();

struct Operation {
  Instruction instruction = Instruction::constant;
  std::vector<std::size_t> args;
  double value = 0;
};

struct Store {
  std::size_t reg = 0, buffer = 0;
};

/// `variance`: mean squared deviation from the mean of what is reduced.
enum class ReductionOp { sum, variance, max };
enum class Keep { none, inner, outer, outerInner };

struct Reduction {
  std::size_t reg = 0;
  ReductionOp op = ReductionOp::sum;
  Keep keep = Keep::none;
  std::size_t buffer = 0;
};

struct FusedStep {
  std::string name;
  Domain domain;
  std::vector<Load> loads;
  std::vector<Operation> code;
  std::vector<Store> stores;
  std::vector<Reduction> reductions;
};

/// Along which axes a value differs over the result of a convolution: one for all, one for each channel, or one for each
/// element.
enum class Spread { scalar, channel, full };

/// All of the step after a convolution, a map of its result: how each load lies over it, and whether the result is read
/// later, too.
struct MapEpilogue {
  std::vector<Spread> spreads;
  bool keepsResult = false;
};
/// The sums of each channel of the result and of its squares, where the step after it puts its first two reductions.
struct SumsEpilogue {
  std::size_t sum = 0, squares = 0;
};
using EpilogueMark = std::variant<MapEpilogue, SumsEpilogue>;

struct CallStep {
  std::string name;
  Call kernel{};
  std::vector<std::size_t> inputs, outputs;
  CallAttributes attributes;
  /// What a device may do in this call for the step after it.
  std::optional<EpilogueMark> epilogue{};
};

using Step = std::variant<FusedStep, CallStep>;
const std::string& nameOf(const Step&);

struct Slot {
  std::string name;
  std::size_t buffer = 0;
};

struct Plan {
  std::string name;
  std::size_t arenaBytes = 0;
  std::vector<PlanBuffer> buffers;
  std::vector<Slot> state, inputs, outputs;
  std::vector<Step> steps;
};

}  // namespace pathex::core
