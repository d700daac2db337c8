#pragma once

#include <memory>

#include "core/kernel.h"

namespace pathex::cpu {

/// A map or map-reduce over one index space, interpreted chunk by chunk.
std::unique_ptr<core::Kernel> makeFused(const core::Plan&, const core::FusedStep&);

}  // namespace pathex::cpu
