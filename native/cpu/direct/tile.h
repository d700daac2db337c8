#pragma once

#include "core/kernel.h"
#include "core/parallel.h"
#include "cpu/direct/vector.h"

/// The innermost part of the forward pass: sums of a few pixels and filters, held in registers.
namespace pathex::cpu::direct {

/// The most pixels of one tile.
constexpr std::size_t tilePixels = 6;
/// Filters of one panel of weights; the last panel of an odd number of eights has half of them.
constexpr std::size_t panelFilters = 2 * lanes;

/// A run of output pixels and the products that they sum: `rows` rows of their windows, and in each `run` floats, which
/// are the same place of every window. Channels of neighbouring pixels adjoin, so a whole row is one run of 3c floats.
struct Stretch {
  const float* x;              // the first float of the run, in the window of a pixel at offset 0
  const std::size_t* windows;  // offset of each pixel's window
  std::size_t pixels;
  std::size_t rows, rowStride, run;
  const float* weights;  // for each float of the runs, its weight for every filter of the panel
  float* y;
  std::size_t filters;  // floats between neighbouring pixels of y
  bool add;             // to what y holds
};

template <std::size_t pixels, std::size_t vectors>
void computeTile(const Stretch& s, std::size_t first) {
  const float* x[pixels];
  Vector sums[pixels][vectors];
  float* y = s.y + first * s.filters;
  unrolled<pixels>([&](auto p) {
    x[p] = s.x + s.windows[first + p];
    unrolled<vectors>([&](auto v) { sums[p][v] = s.add ? Vector(vectorAt(y + p * s.filters + v * lanes)) : Vector{}; });
  });
  const float* weights = s.weights;
  for (std::size_t row = 0; row < s.rows; ++row) {
    const std::size_t begin = row * s.rowStride, end = begin + s.run;
#pragma GCC unroll 4
    for (std::size_t k = begin; k < end; ++k, weights += vectors * lanes) {
      Vector w[vectors];
      unrolled<vectors>([&](auto v) { w[v] = vectorAt(weights + v * lanes); });
      unrolled<pixels>([&](auto p) {
        const float value = x[p][k];
        unrolled<vectors>([&](auto v) { sums[p][v] += value * w[v]; });
      });
    }
  }
  unrolled<pixels>(
      [&](auto p) { unrolled<vectors>([&](auto v) { vectorAt(y + p * s.filters + v * lanes) = sums[p][v]; }); });
}

constexpr std::size_t tilesOf(std::size_t pixels) {
  return (pixels + tilePixels - 1) / tilePixels;
}

/// Tiles of nearly equal size: a tile of one or two pixels would wait for its own sums.
template <std::size_t vectors>
void computeStretch(const Stretch& s, core::Prefetch& ahead) {
  using Tile = void (*)(const Stretch&, std::size_t);
  static constexpr Tile tiles[tilePixels] = {computeTile<1, vectors>, computeTile<2, vectors>, computeTile<3, vectors>,
                                             computeTile<4, vectors>, computeTile<5, vectors>, computeTile<6, vectors>};
  const std::size_t count = tilesOf(s.pixels);
  for (std::size_t tile = 0; tile < count; ++tile) {
    const core::Range pixels = core::partOf(s.pixels, tile, count);
    ahead.fetch();
    tiles[pixels.size() - 1](s, pixels.begin);
  }
}

}  // namespace pathex::cpu::direct
