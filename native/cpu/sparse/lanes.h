#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __AVX__
#include <immintrin.h>
#endif

#include "cpu/direct/vector.h"

/// The widest registers of the level, and what crosses their lanes.
namespace pathex::cpu::sparse {

#if defined(__AVX512F__)
using direct::wide::lanes;
using direct::wide::Stored;
using direct::wide::Vector;
using direct::load;
#elif defined(__AVX__)
using direct::lanes;
using direct::Stored;
using direct::Vector;
using direct::load;
#else
constexpr std::size_t lanes = 4;
using Vector = float __attribute__((vector_size(16)));
using Stored = float __attribute__((vector_size(16), aligned(4), may_alias));
inline void load(Vector& value, const float* at) {
  value = *reinterpret_cast<const Stored*>(at);
}
#endif

/// For memory that is aligned to a register.
inline Vector& vectorIn(float* at) {
  return *reinterpret_cast<Vector*>(at);
}
inline const Vector& vectorIn(const float* at) {
  return *reinterpret_cast<const Vector*>(at);
}

/// For any memory.
[[gnu::always_inline]] inline Vector loadAll(const float* at) {
  return *reinterpret_cast<const Stored*>(at);
}
/// For any memory: floats 0..count-1 of a register, and 0 in the lanes after them.
[[gnu::always_inline]] inline Vector loadFirst(const float* at, std::size_t count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), at);
#elif defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(at, _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane));
#else
  Vector first{};
  for (std::size_t i = 0; i < count; ++i) first[i] = at[i];
  return first;
#endif
}

/// Where lanes are cut into blocks of `step`: every other block of a, each followed by its like of b; the even blocks,
/// or the odd ones.
template <std::int32_t step, bool isOdd>
[[gnu::always_inline]] inline Vector everyOther(const Vector& a, const Vector& b) {
  using Lanes = std::int32_t __attribute__((vector_size(sizeof(Vector))));
  constexpr auto count = static_cast<std::int32_t>(lanes);
  Lanes from{};
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t even = (i & step) == 0 ? i : count + i - step;
    from[i] = even + (isOdd ? step : 0);
  }
  return __builtin_shuffle(a, b, from);
}

/// Exchanges rows and columns of lanes x lanes floats: quarters of the whole, then of each quarter, and so on.
template <std::int32_t step = lanes / 2>
[[gnu::always_inline]] inline void transpose(Vector (&rows)[lanes]) {
  direct::unrolled<lanes>([&](auto i) {
    if constexpr ((i & step) == 0) {
      const Vector a = rows[i], b = rows[i + step];
      rows[i] = everyOther<step, false>(a, b);
      rows[i + step] = everyOther<step, true>(a, b);
    }
  });
  if constexpr (step > 1) transpose<step / 2>(rows);
}

/// The sum over the lanes of rows[i] in lane i, of as many rows as there are lanes.
template <std::int32_t step = lanes / 2>
[[gnu::always_inline]] inline Vector sumsOf(const Vector* rows) {
  Vector sums[step];
  direct::unrolled<step>([&](auto i) {
    const Vector &a = rows[i], &b = rows[i + step];
    sums[i] = everyOther<step, false>(a, b) + everyOther<step, true>(a, b);
  });
  if constexpr (step == 1) {
    return sums[0];
  } else {
    return sumsOf<step / 2>(sums);
  }
}

}  // namespace pathex::cpu::sparse
