#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>

/// Arithmetic on the sizes of a plan, and the limits that they keep. A plan may come from anywhere, so nothing that it
/// says is multiplied or added in any other way before checkPlan and checkOperands have let it pass.
namespace pathex::core {

/// What products and sums that would wrap around are: more than any limit.
constexpr std::size_t endless = std::numeric_limits<std::size_t>::max();

constexpr std::size_t productOf(std::initializer_list<std::size_t> factors) {
  std::size_t product = 1;
  bool wraps = false;
  for (const std::size_t factor : factors) {
    if (factor == 0) return 0;
    wraps = __builtin_mul_overflow(product, factor, &product) || wraps;
  }
  return wraps ? endless : product;
}

constexpr std::size_t sumOf(std::initializer_list<std::size_t> terms) {
  std::size_t sum = 0;
  for (const std::size_t term : terms) {
    if (__builtin_add_overflow(sum, term, &sum)) return endless;
  }
  return sum;
}

/// Elements of a buffer: 4 TB of float32.
constexpr std::size_t mostElements = std::size_t{1} << 40;
/// Axes of a buffer; ours have four.
constexpr std::size_t mostAxes = 64;
/// Bytes of an arena or a workspace: what addresses of 47 bits leave room for.
constexpr std::size_t mostBytes = std::size_t{1} << 46;
/// What an element of an i32 buffer can number.
constexpr std::size_t mostNumbered = std::numeric_limits<std::int32_t>::max();
/// Stride, padding and dilated kernel of a convolution: libraries compute with them in 32 bits.
constexpr std::int64_t mostReach = std::int64_t{1} << 16;
/// Loads and instructions of a fused step, each of which may need a tile; and its results.
constexpr std::size_t mostRegisters = 4096;
/// Elements of a fused step's domain: any number up to the first limit, and beyond it so many times the elements of the
/// plan's largest buffer. Steps that go over small buffers again and again (a sum of what is repeated along the batch)
/// stay below by far; 10^15 elements out of nothing do not.
constexpr std::size_t alwaysWorked = std::size_t{1} << 28;
constexpr std::size_t mostRepeats = std::size_t{1} << 10;

}  // namespace pathex::core
