#pragma once

#include "core/plan.h"
#include "fuzz/random.h"

namespace pathex::fuzz {

/// Changes one thing of a plan as a damaged file, another version or an attacker would: a size, a stride, an offset, an
/// attribute, an element type, a number of a buffer or register, or the presence of something.
void mutate(core::Plan&, Random&);

}  // namespace pathex::fuzz
