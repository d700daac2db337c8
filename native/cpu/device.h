#pragma once

#include <memory>

#include "core/device.h"
#include "cpu/backend.h"

namespace pathex::cpu {

/// Opens the cpu device on the calling thread, which is its own from then on, with as many of `threads` as are granted.
/// Results do not depend on their number where core/parallel.h cuts the work; oneDNN's may.
core::Result<std::unique_ptr<core::Device>> open(int threads, core::StopFlag stop);

}  // namespace pathex::cpu
