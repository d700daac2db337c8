#pragma once

#include "core/plan.h"
#include "fuzz/random.h"

namespace pathex::fuzz {

/// A small plan that keeps every rule: one to four steps of any kind, its buffers in all places. A device must load it,
/// and may refuse to run it only for an index among its inputs that names no row.
core::Plan validPlan(Random&);

}  // namespace pathex::fuzz
