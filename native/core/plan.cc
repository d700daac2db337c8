#include "core/plan.h"

#include <algorithm>

namespace pathex::core {

std::size_t bytesPerElement(StorageType type) {
  switch (type) {
    case StorageType::f32:
    case StorageType::i32:
      return 4;
    case StorageType::bf16:
      return 2;
    case StorageType::u8:
      return 1;
  }
  return 0;
}

const char* nameOf(StorageType type) {
  switch (type) {
    case StorageType::f32:
      return "f32";
    case StorageType::bf16:
      return "bf16";
    case StorageType::i32:
      return "i32";
    case StorageType::u8:
      return "u8";
  }
  return "?";
}

std::size_t PlanBuffer::elements() const {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count = productOf({count, extent});
  return std::find(shape.begin(), shape.end(), std::size_t{0}) == shape.end() ? count : 0;
}

bool shareMemory(const PlanBuffer& a, const PlanBuffer& b) {
  if (a.place.in != b.place.in || a.place.in == In::constant) return false;
  if (a.place.in != In::arena) return a.place.at == b.place.at;
  return a.place.at < sumOf({b.place.at, b.bytes()}) && b.place.at < sumOf({a.place.at, a.bytes()});
}

std::span<const InstructionInfo> instructions() {
  static constexpr InstructionInfo table[] = {
#define PATHEX_INSTRUCTION(name, enumerator, registers, ...) {name, Instruction::enumerator, registers},
#include "core/instructions.inc"
#undef PATHEX_INSTRUCTION
  };
  return table;
}

const std::string& nameOf(const Step& step) {
  return std::visit([](const auto& s) -> const std::string& { return s.name; }, step);
}

}  // namespace pathex::core
