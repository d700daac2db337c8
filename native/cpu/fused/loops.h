#pragma once

#include <cstddef>
#include <cstdint>

#include "core/plan.h"

/// The inner loops of fused steps: each runs over one chunk of floats that lies in the first levels of cache.
namespace pathex::cpu {

/// The most operands of one loop: two mulAdds of which one feeds the other.
constexpr std::size_t mostOperands = 5;

/// y[i] = f(x[0][i], x[1][i], ...) for i < n. y may be one of the operands.
using Loop = void (*)(float* y, const float* const* x, std::size_t n);

/// The loop of an instruction. `constant` has none: constants are filled once.
Loop loopOf(core::Instruction);

/// One loop for two instructions, which spares the trip of the value between them through the cache: `inner` with its
/// operands first, then `outer` with the others in order; the inner value is operand `position` of `outer`. Null where
/// the pair is not worth a loop.
Loop loopOf(core::Instruction outer, std::size_t position, core::Instruction inner);

/// Sum in double of float sums over short runs.
double sumOf(const float* x, std::size_t n);
/// Largest element; NaN if there is one.
double maxOf(const float* x, std::size_t n);

void addTo(float* total, const float* x, std::size_t n);
void maxTo(float* total, const float* x, std::size_t n);

/// sum += d, squares += d * d, with d = x - from.
void addDeviations(float* sum, float* squares, const float* from, const float* x, std::size_t n);
/// Adds to `sum` and `squares` what `count` values amount to whose deviations from `from` have the sum s and the sum of
/// squares q.
void moveDeviations(double* sum, double* squares, const float* from, const float* s, const float* q, double count,
                    std::size_t n);

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
