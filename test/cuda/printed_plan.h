#pragma once

#include <istream>

#include "core/plan.h"

namespace pathex::test {

/// A plan as `pathex plan` prints it (src/compile/print-plan.ts): buffers, fused steps and convolutions as they were.
/// Of other calls the attributes are left out, of constants everything but that they are there.
core::Plan readPlan(std::istream&);

}  // namespace pathex::test
