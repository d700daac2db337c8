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

const std::array<InstructionInfo, 22>& instructions() {
  using I = Instruction;
  // clang-format off
  static constexpr std::array<InstructionInfo, 22> table{{
      {"const", I::constant, 0},
      {"add", I::add, 2}, {"sub", I::sub, 2}, {"mul", I::mul, 2}, {"div", I::div, 2}, {"max", I::max, 2},
      {"min", I::min, 2}, {"mulAdd", I::mulAdd, 3},
      {"neg", I::neg, 1}, {"abs", I::abs, 1}, {"sign", I::sign, 1}, {"exp", I::exp, 1}, {"log", I::log, 1},
      {"sqrt", I::sqrt, 1}, {"rsqrt", I::rsqrt, 1}, {"exp2", I::exp2, 1}, {"exponent", I::exponent, 1},
      {"relu", I::relu, 1}, {"step", I::step, 1},
      {"greater", I::greater, 2}, {"equal", I::equal, 2}, {"select", I::select, 3},
  }};
  // clang-format on
  return table;
}

const std::string& nameOf(const Step& step) {
  return std::visit([](const auto& s) -> const std::string& { return s.name; }, step);
}

}  // namespace pathex::core
