#pragma once

#include <memory>

#include "core/device.h"
#include "cpu/backend.h"

namespace pathex::cpu {

/// Opens the cpu device on the calling thread, which is its own from then on. Results do not depend on `threads` where
/// core/parallel.h cuts the work; oneDNN's may.
core::Result<std::unique_ptr<core::Device>> open(int threads);

}  // namespace pathex::cpu
