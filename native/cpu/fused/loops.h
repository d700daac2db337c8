#pragma once

#include <cstddef>
#include <cstdint>

#include "core/plan.h"

/// The inner loops of fused steps: each runs over one chunk of floats that lies in the first levels of cache.
namespace pathex::cpu {

/// y[i] = f(a[i], b[i], c[i]) for i < n. Operands that the instruction does not take are ignored; y may be one of them.
using Loop = void (*)(float* y, const float* a, const float* b, const float* c, std::size_t n);

/// The loop of an instruction. `constant` has none: constants are filled once.
Loop loopOf(core::Instruction);

/// Sum in double of float sums over short runs.
double sumOf(const float* x, std::size_t n);
/// Largest element; NaN if there is one.
double maxOf(const float* x, std::size_t n);

void addTo(float* total, const float* x, std::size_t n);
void maxTo(float* total, const float* x, std::size_t n);

/// The larger of a and b; NaN if either is.
template <class T>
inline T larger(T a, T b) {
  const T most = a > b ? a : b;
  return a != a ? a : most;
}
template <class T>
inline T smaller(T a, T b) {
  const T least = a < b ? a : b;
  return a != a ? a : least;
}

void convert(float* y, const std::int32_t* x, std::size_t n);
void convert(float* y, const std::uint8_t* x, std::size_t n);
void convert(float* y, const float* x, std::size_t n);
void convert(std::int32_t* y, const float* x, std::size_t n);
void convert(std::uint8_t* y, const float* x, std::size_t n);

}  // namespace pathex::cpu
