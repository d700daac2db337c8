#pragma once

#include <cstdint>

#include "cpu/direct/vector.h"

namespace pathex::cpu::direct::wide {

/// Exchanges rows and columns of 16 x 16 floats in registers: quarters of the whole, then of each half, and so on.
[[gnu::always_inline]] inline void transpose(Vector (&rows)[lanes]) {
  using Lanes = std::int32_t __attribute__((vector_size(64)));
  unrolled<4>([&](auto stage) {
    constexpr std::int32_t step = 8 >> stage;
    // Lane i of the two results is this lane of the 32 of both operands.
    Lanes low{}, high{};
    for (std::int32_t i = 0; i < 16; ++i) {
      low[i] = (i & step) == 0 ? i : 16 + i - step;
      high[i] = (i & step) == 0 ? i + step : 16 + i;
    }
    unrolled<lanes>([&](auto i) {
      if constexpr ((i & step) == 0) {
        const Vector a = rows[i], b = rows[i + step];
        rows[i] = __builtin_shuffle(a, b, low);
        rows[i + step] = __builtin_shuffle(a, b, high);
      }
    });
  });
}

}  // namespace pathex::cpu::direct::wide
