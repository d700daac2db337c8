#include "cpu/fused/materialise.h"

#include <algorithm>

#include "cpu/fused/loops.h"

namespace pathex::cpu {

namespace {

struct Axis {
  std::size_t extent, stride;
};

template <class T>
void readRow(float* y, const T* x, Axis axis) {
  if (axis.stride == 0) {
    std::fill_n(y, axis.extent, static_cast<float>(*x));
  } else if (axis.stride == 1) {
    convert(y, x, axis.extent);
  } else {
    for (std::size_t i = 0; i < axis.extent; ++i) y[i] = static_cast<float>(x[i * axis.stride]);
  }
}

template <class T>
void read(float* y, const T* x, Axis outer, Axis reduced, Axis inner) {
  // The innermost axis that has more than one element makes the loop worth its start.
  if (inner.extent == 1) inner = reduced, reduced = outer, outer = {1, 0};
  if (inner.extent == 1) inner = reduced, reduced = {1, 0};
  for (std::size_t o = 0; o < outer.extent; ++o) {
    for (std::size_t r = 0; r < reduced.extent; ++r, y += inner.extent) {
      readRow(y, x + o * outer.stride + r * reduced.stride, inner);
    }
  }
}

}  // namespace

void materialise(float* y, const std::byte* buffer, core::StorageType dtype, const std::array<std::size_t, 3>& strides,
                 const Chunk& c) {
  const auto from = [&]<class T>(const T* x) {
    x += c.outer * strides[0] + c.row * strides[1] + c.column * strides[2];
    read(y, x, {c.outers, strides[0]}, {c.rows, strides[1]}, {c.columns, strides[2]});
  };
  switch (dtype) {
    case core::StorageType::f32:
      return from(reinterpret_cast<const float*>(buffer));
    case core::StorageType::bf16:
      return;  // the device refuses such plans
    case core::StorageType::i32:
      return from(reinterpret_cast<const std::int32_t*>(buffer));
    case core::StorageType::u8:
      return from(reinterpret_cast<const std::uint8_t*>(buffer));
  }
}

}  // namespace pathex::cpu
