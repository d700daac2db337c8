#pragma once

#include <array>
#include <cstddef>

#include "core/plan.h"
#include "cpu/fused/geometry.h"

namespace pathex::cpu {

/// y = the chunk's elements of a buffer read with any strides, as float.
void materialise(float* y, const std::byte* buffer, core::StorageType, const std::array<std::size_t, 3>& strides,
                 const Chunk&);

}  // namespace pathex::cpu
