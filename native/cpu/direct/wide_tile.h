#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "cpu/direct/vector.h"

/// The innermost part of the forward pass on AVX-512: sums of a few neighbouring pixels and filters, held in registers.
namespace pathex::cpu::direct::wide {

/// Registers of filters in one panel of weights, and the most pixels that go with them: sums, three taps of weights and
/// one pixel fill 32 registers.
constexpr std::size_t mostVectors = 2;
constexpr std::size_t mostPixels(std::size_t vectors) {
  return vectors == 1 ? 24 : 12;
}

/// Neighbouring output pixels of one row and the windows that they sum. Channels of x lie in blocks of 16, so that
/// neighbouring pixels are a constant apart.
struct Tile {
  const float* x;  // of the first window: its first row and column, in the first block of channels
  std::size_t rows, rowStride, blocks, blockStride;
  const float* weights;  // of the first row: [block][row][channel][tap][filter of the panel]
  float* y;
  std::size_t filters;  // floats between neighbouring pixels of y
};

/// A pixel is read once for the three outputs of a row that its column belongs to: a third of the loads that one output
/// at a time would take.
template <std::size_t pixels, std::size_t vectors>
void computeTile(const Tile& t) {
  constexpr std::size_t taps = 3, step = taps * vectors * lanes;
  Vector sums[pixels][vectors];
  unrolled<pixels>([&](auto p) { unrolled<vectors>([&](auto v) { sums[p][v] = Vector{}; }); });
  for (std::size_t block = 0; block < t.blocks; ++block) {
    const float* x = t.x + block * t.blockStride;
    const float* weights = t.weights + block * 3 * lanes * step;
    for (std::size_t row = 0; row < t.rows; ++row, x += t.rowStride) {
      for (std::size_t k = 0; k < lanes; ++k, weights += step) {
        Vector w[taps][vectors];
        unrolled<taps>([&](auto tap) {
          unrolled<vectors>([&](auto v) {
            w[tap][v] = vectorAt(weights + (tap * vectors + v) * lanes);
          });
        });
        unrolled<pixels + taps - 1>([&](auto column) {
          const float value = x[column * lanes + k];
          unrolled<taps>([&](auto tap) {
            if constexpr (column >= tap && column - tap < pixels) {
              unrolled<vectors>([&](auto v) { sums[column - tap][v] += value * w[tap][v]; });
            }
          });
        });
      }
    }
  }
  unrolled<pixels>([&](auto p) {
    unrolled<vectors>([&](auto v) { vectorAt(t.y + p * t.filters + v * lanes) = sums[p][v]; });
  });
}

using ComputeTile = void (*)(const Tile&);

template <std::size_t vectors>
ComputeTile tileOf(std::size_t pixels) {
  static constexpr auto tiles = []<std::size_t... p>(std::index_sequence<p...>) {
    return std::array<ComputeTile, sizeof...(p)>{computeTile<p + 1, vectors>...};
  }(std::make_index_sequence<mostPixels(vectors)>{});
  return tiles[pixels - 1];
}

}  // namespace pathex::cpu::direct::wide
