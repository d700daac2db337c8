#pragma once

#include <cstddef>
#include <utility>

/// Registers of eight floats for AVX2, and in `wide` of sixteen for AVX-512. Other instruction sets compile this too,
/// slowly; `select` keeps it from them.
namespace pathex::cpu::direct {

constexpr std::size_t lanes = 8;
using Vector = float __attribute__((vector_size(32)));
/// The same in memory, among other floats.
using Stored = float __attribute__((vector_size(32), aligned(4), may_alias));

namespace wide {
constexpr std::size_t lanes = 16;
using Vector = float __attribute__((vector_size(64)));
using Stored = float __attribute__((vector_size(64), aligned(4), may_alias));

inline const Stored& vectorAt(const float* at) {
  return *reinterpret_cast<const Stored*>(at);
}
inline Stored& vectorAt(float* at) {
  return *reinterpret_cast<Stored*>(at);
}
}  // namespace wide

inline const Stored& vectorAt(const float* at) {
  return *reinterpret_cast<const Stored*>(at);
}
inline Stored& vectorAt(float* at) {
  return *reinterpret_cast<Stored*>(at);
}

// Loads into a register of its own. The compiler would repeat the load inside every multiply-add that uses the value,
// so that loads take longer than the arithmetic, or keep the value for the next pixel in a register it does not have.
inline void load(Vector& value, const float* at) {
#if defined(__AVX__)
  __asm__ volatile("vmovups %1, %0" : "=x"(value) : "m"(vectorAt(at)));
#else
  value = vectorAt(at);
#endif
}
inline void load(wide::Vector& value, const float* at) {
#if defined(__AVX512F__)
  __asm__ volatile("vmovups %1, %0" : "=v"(value) : "m"(wide::vectorAt(at)));
#else
  value = wide::vectorAt(at);
#endif
}

/// body(0) .. body(count-1) without a loop, each with a constant argument, so that arrays indexed by it are registers.
template <std::size_t count, class Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
    (body(std::integral_constant<std::size_t, i>{}), ...);
  }
  (std::make_index_sequence<count>{});
}

}  // namespace pathex::cpu::direct
