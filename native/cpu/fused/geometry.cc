#include "cpu/fused/geometry.h"

#include <algorithm>
#include <numeric>

namespace pathex::cpu {

namespace {

constexpr std::size_t chunkTarget = 512;  // floats: 2 KiB for each live register
constexpr std::size_t longestRow = 2048;
constexpr std::size_t shortestSpan = 512;
constexpr std::size_t partElements = 16384;
constexpr std::size_t mostParts = 64;

std::size_t ceilDiv(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

template <class Test>
bool all(const auto& items, const Test& test) {
  return std::all_of(items.begin(), items.end(), test);
}

/// Rows in a chunk: about chunkTarget elements, whole vectors where that is possible, and chunks of nearly equal size.
std::size_t rowsInChunk(std::size_t rows, std::size_t inner) {
  const std::size_t wanted = std::max<std::size_t>(1, chunkTarget / inner);
  if (wanted >= rows) return rows;
  const std::size_t balanced = ceilDiv(rows, ceilDiv(rows, wanted));
  const std::size_t step = 16 / std::gcd<std::size_t>(16, inner);
  const std::size_t whole = ceilDiv(balanced, step) * step;
  return std::min(whole * inner <= longestRow ? whole : balanced, rows);
}

}  // namespace

Geometry::Geometry(core::Domain domain, std::vector<core::Load>& loads, const std::vector<core::Reduction>& reductions)
    : domain_(domain) {
  using core::Keep;
  auto& [O, R, I] = domain_;
  const auto keepsNone = [](const core::Reduction& r) { return r.keep == Keep::none; };
  const auto keepsAtMost = [&](Keep keep) {
    return [=](const core::Reduction& r) { return keepsNone(r) || r.keep == keep; };
  };
  const auto joins = [](std::size_t high, std::size_t highExtent, std::size_t low, std::size_t lowExtent) {
    return highExtent == 1 || lowExtent == 1 || high == low * lowExtent;
  };

  const bool mergeInner = all(reductions, keepsAtMost(Keep::outer)) && all(loads, [&](const core::Load& l) {
                            return joins(l.strides[1], domain_.reduced, l.strides[2], domain_.inner);
                          });
  if (mergeInner) {
    for (core::Load& l : loads) l.strides = {l.strides[0], I > 1 ? l.strides[2] : l.strides[1], 0};
    R *= I;
    I = 1;
  }
  const bool mergeOuter = all(reductions, keepsAtMost(Keep::inner)) && all(loads, [&](const core::Load& l) {
                            return joins(l.strides[0], domain_.outer, l.strides[1], domain_.reduced);
                          });
  if (mergeOuter) {
    for (core::Load& l : loads) l.strides = {0, R > 1 ? l.strides[1] : l.strides[0], l.strides[2]};
    R *= O;
    O = 1;
  }
  cut();
}

void Geometry::cut() {
  const auto& [O, R, I] = domain_;
  const std::size_t wanted = std::clamp<std::size_t>(domain_.elements() / partElements, 1, mostParts);
  if (I > longestRow) {
    shape_ = Shape::pieces;
    columns_ = ceilDiv(ceilDiv(I, ceilDiv(I, chunkTarget)), 16) * 16;
    innerParts_ = std::min(wanted, ceilDiv(I, columns_));
    outerParts_ = std::min(O, ceilDiv(wanted, innerParts_));
    reducedParts_ = std::min(R, ceilDiv(wanted, innerParts_ * outerParts_));
  } else if (R * I < shortestSpan && O > 1) {
    shape_ = Shape::spans;
    rows_ = R;
    columns_ = I;
    outers_ = rowsInChunk(O, R * I);
    outerParts_ = std::min(wanted, ceilDiv(O, outers_));
  } else {
    shape_ = Shape::rows;
    rows_ = rowsInChunk(R, I);
    columns_ = I;
    outerParts_ = std::min(O, wanted);
    reducedParts_ = std::min(ceilDiv(wanted, outerParts_), ceilDiv(R, rows_));
  }
}

Part Geometry::part(std::size_t index) const {
  // Cuts fall on whole chunks, so that only the last chunk of an axis is shorter than the others.
  const auto cutAxis = [](std::size_t extent, std::size_t unit, std::size_t i, std::size_t parts) {
    const core::Range units = core::partOf(ceilDiv(extent, unit), i, parts);
    return core::Range{units.begin * unit, std::min(units.end * unit, extent)};
  };
  const std::size_t c = index % innerParts_;
  const std::size_t b = index / innerParts_ % reducedParts_;
  const std::size_t a = index / innerParts_ / reducedParts_;
  return {cutAxis(domain_.outer, outers_, a, outerParts_), cutAxis(domain_.reduced, rows_, b, reducedParts_),
          cutAxis(domain_.inner, columns_, c, innerParts_)};
}

std::size_t Geometry::partials(core::Keep keep) const {
  switch (keep) {
    case core::Keep::none:
      return parts();
    case core::Keep::inner:
      return outerParts_ * reducedParts_;
    case core::Keep::outer:
      return reducedParts_ * innerParts_;
    case core::Keep::outerInner:
      return reducedParts_;
  }
  return 1;
}

std::size_t Geometry::partialOf(core::Keep keep, std::size_t part) const {
  switch (keep) {
    case core::Keep::none:
      return part;
    case core::Keep::inner:
      return part / innerParts_;
    case core::Keep::outer:
      return part % (reducedParts_ * innerParts_);
    case core::Keep::outerInner:
      return part / innerParts_ % reducedParts_;
  }
  return 0;
}

std::string Geometry::describe() const {
  const char* names[] = {"spans", "rows", "pieces"};
  const auto& [O, R, I] = domain_;
  return std::string(names[static_cast<int>(shape_)]) + " [" + std::to_string(O) + "," + std::to_string(R) + "," +
         std::to_string(I) + "] chunk " + std::to_string(chunkElements()) + " parts " + std::to_string(parts());
}

}  // namespace pathex::cpu
