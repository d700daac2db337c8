#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/kernel.h"

/// Convolutions whose kernel has few weights, named by their places, and their two adjoints.
namespace pathex::cpu::sparse {

using Attributes = core::SparseConvAttributes;

/// Where a weight is in the kernel: [filter, row, column, channel].
struct Place {
  std::int64_t f, row, column, c;
};
/// The places of a call's weights, in their order: filters ascend.
std::vector<Place> placesOf(const core::Plan&, const core::CallStep&, const Attributes&);

/// The row of x that a weight joins with row 0 of y; and the column.
inline std::int64_t rowOffset(const Attributes& a, const Place& p) {
  return p.row * a.dilation[0] - a.padding[0];
}
inline std::int64_t columnOffset(const Attributes& a, const Place& p) {
  return p.column * a.dilation[1] - a.padding[1];
}

/// The numbers from `begin` up to `end` of rows or columns of y that lie on some of x: the first on number `x`.
struct Span {
  std::int64_t begin, end, x;
};
/// Number p of `out` lies on number p * stride + offset, which is one of 0..in-1.
inline Span spanOf(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t offset) {
  const auto reaching = [&](std::int64_t x) { return x <= offset ? 0 : (x - offset + stride - 1) / stride; };
  const std::int64_t begin = reaching(0), end = std::max(begin, std::min(out, reaching(in)));
  return {begin, end, begin * stride + offset};
}

/// visit(offset in x, offset in y) for the numbers that a weight joins of row `xRow` of all images with row `yRow`.
template <class Visit>
void eachPair(const Attributes& a, const Place& place, std::int64_t xRow, std::int64_t yRow, const Visit& visit) {
  const Span columns = spanOf(a.w, a.ow, a.stride[1], columnOffset(a, place));
  std::int64_t x = (xRow * a.w + columns.x) * a.c + place.c;
  std::int64_t y = (yRow * a.ow + columns.begin) * a.f + place.f;
  for (std::int64_t q = columns.begin; q < columns.end; ++q, x += a.stride[1] * a.c, y += a.f) visit(x, y);
}

// Null where images are so wide or padded that no scratch could hold a part of them.
std::unique_ptr<core::Kernel> makeTiledForward(const core::CallStep&, const Attributes&, const std::vector<Place>&);
std::unique_ptr<core::Kernel> makeTiledInputGrad(const core::CallStep&, const Attributes&, const std::vector<Place>&);
std::unique_ptr<core::Kernel> makeTiledWeightGrad(const core::CallStep&, const Attributes&, const std::vector<Place>&);

std::unique_ptr<core::Kernel> makePortableForward(const core::CallStep&, const Attributes&, std::vector<Place>);
std::unique_ptr<core::Kernel> makePortableInputGrad(const core::CallStep&, const Attributes&, std::vector<Place>);
std::unique_ptr<core::Kernel> makePortableWeightGrad(const core::CallStep&, const Attributes&, std::vector<Place>);
/// Copies the images into planes, whatever the geometry; null where a row of them would be too large.
std::unique_ptr<core::Kernel> makeTiledWeightGrad(const core::CallStep&, const Attributes&, const std::vector<Place>&);

}  // namespace pathex::cpu::sparse
