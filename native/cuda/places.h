#pragma once

#include "core/plan.h"

/// Who shares memory in a plan, and for how long.
namespace pathex::cuda {

/// Whether two buffers have a byte in common.
bool overlap(const core::Plan&, std::size_t one, std::size_t other);

/// Whether anybody reads a buffer's value after step `last`: a later step before another value lies there, or the
/// caller.
bool isReadAfter(const core::Plan&, std::size_t buffer, std::size_t last);

}  // namespace pathex::cuda
