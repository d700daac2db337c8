#include "cpu/sparse/planes.h"

#include <algorithm>

#include "cpu/sparse/lanes.h"

namespace pathex::cpu::sparse {

using direct::unrolled;

namespace {

constexpr unsigned allLanes = (1u << lanes) - 1;

std::size_t ceiling(std::size_t count, std::size_t by) {
  return (count + by - 1) / by;
}

/// Floats first, first + 1 ... of the row of each lane, `some` of them.
[[gnu::always_inline]] inline void load(Vector (&rows)[lanes], const float* const* from, std::size_t first,
                                        std::size_t some, unsigned mask) {
  if (mask == allLanes && some == lanes) {
    unrolled<lanes>([&](auto l) { rows[l] = loadAll(from[l] + first); });
  } else if (mask == allLanes) {
    unrolled<lanes>([&](auto l) { rows[l] = loadFirst(from[l] + first, some); });
  } else {
    unrolled<lanes>([&](auto l) { rows[l] = (mask >> l & 1) != 0 ? loadFirst(from[l] + first, some) : Vector{}; });
  }
}

}  // namespace

LaneLayout::LaneLayout(std::size_t batch, std::size_t height) : images(batch) {
  // Bands of an image overlap in the rows of x that they read, so they are worth an eighth of idle lanes.
  const auto idles = [&] { return ceiling(images * bands, lanes) * lanes * 8 > images * bands * 9; };
  while (bands < lanes && bands * 2 <= height && idles()) bands *= 2;
  rows = ceiling(height, bands);
}

std::size_t LaneLayout::tiles() const {
  return ceiling(images * bands, lanes);
}

void Planes::setLive(const std::vector<bool>& live) {
  channels = live.size();
  count = static_cast<std::size_t>(std::count(live.begin(), live.end(), true));
  slots.assign(ceiling(channels, lanes) * lanes, count);
  std::size_t next = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    if (!live[c]) continue;
    slots[c] = next++;
    const std::size_t group = c / lanes * lanes;
    if (groups.empty() || groups.back() != group) groups.push_back(group);
  }
}

void Planes::settle() {
  // An odd number of lines: planes a power of two apart would all lie on the same few places of the first cache.
  stridePlane = (tiles * rows.size() * columns.size() | 1) * lanes;
}

void Planes::fill(const LaneLayout& layout, const float* images, std::size_t tile, std::size_t row, float* to) const {
  for (std::size_t t = 0; t < tiles; ++t) {
    const float* image[lanes];
    std::int64_t first[lanes], end[lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
      const std::size_t number = (tile + t) * lanes + l, band = number % layout.bands, begin = band * layout.rows;
      const bool exists = number < layout.images * layout.bands;
      image[l] = images + (exists ? number / layout.bands : 0) * height * width * channels;
      first[l] = static_cast<std::int64_t>((begin + row) * stride) + firstRow;
      const std::size_t last = endsWithBand ? std::min(height, begin + layout.rows) : height;
      end[l] = exists ? static_cast<std::int64_t>(last) : 0;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i]) continue;
      const float* from[lanes];
      unsigned mask = 0;
      for (std::size_t l = 0; l < lanes; ++l) {
        const std::int64_t at = first[l] + static_cast<std::int64_t>(i);
        const bool isInside = at >= 0 && at < end[l];
        mask |= unsigned{isInside} << l;
        from[l] = image[l] + (isInside ? static_cast<std::size_t>(at) : 0) * width * channels;
      }
      fillRow(from, mask, to + (t * rows.size() + i) * columns.size() * lanes);
    }
  }
}

core::Range Planes::columnsInside() const {
  const auto all = static_cast<std::int64_t>(columns.size());
  const std::int64_t begin = std::clamp<std::int64_t>(-firstColumn, 0, all);
  const std::int64_t end = std::clamp<std::int64_t>(static_cast<std::int64_t>(width) - firstColumn, begin, all);
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

void Planes::fillRow(const float* const* from, unsigned mask, float* to) const {
  core::Range inside = columnsInside();
  if (mask == 0) inside.end = inside.begin;
  for (std::size_t slot = 0; slot < count; ++slot) {
    float* const line = to + slot * stridePlane;
    std::fill(line, line + inside.begin * lanes, 0.0f);
    std::fill(line + inside.end * lanes, line + columns.size() * lanes, 0.0f);
  }
  for (std::size_t j = inside.begin; j < inside.end; ++j) {
    if (!columns[j]) continue;
    const auto pixel = static_cast<std::size_t>(static_cast<std::int64_t>(j) + firstColumn) * channels;
    for (const std::size_t c : groups) {
      Vector rowsOfLanes[lanes];
      load(rowsOfLanes, from, pixel + c, std::min(lanes, channels - c), mask);
      transpose(rowsOfLanes);
      float* const column = to + j * lanes;
      unrolled<lanes>([&](auto k) { vectorIn(column + slots[c + k] * stridePlane) = rowsOfLanes[k]; });
    }
  }
}

}  // namespace pathex::cpu::sparse
