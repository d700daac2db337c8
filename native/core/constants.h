#pragma once

#include <cstddef>

#include "core/plan.h"

namespace pathex::core {

/// Writes the elements of a constant buffer in its own type.
void writeConstant(const PlanBuffer&, std::byte* to);

}  // namespace pathex::core
