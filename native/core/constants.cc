#include "core/constants.h"

namespace pathex::core {

void writeConstant(const PlanBuffer& buffer, std::byte* to) {
  const auto write = [&]<class T>(T* at) {
    for (const double value : buffer.place.data) *at++ = static_cast<T>(value);
  };
  switch (buffer.dtype) {
    case StorageType::f32:
      return write(reinterpret_cast<float*>(to));
    case StorageType::bf16:
      return;  // checkPlan refuses such constants
    case StorageType::i32:
      return write(reinterpret_cast<std::int32_t*>(to));
    case StorageType::u8:
      return write(reinterpret_cast<std::uint8_t*>(to));
  }
}

}  // namespace pathex::core
