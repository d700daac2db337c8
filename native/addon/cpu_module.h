#pragma once

#include "core/status.h"
#include "cpu/module.h"

namespace pathex::addon {

/// The cpu kernels for this processor: the library pathex-cpu-<level>.so beside the addon, of the highest level that the
/// processor and its operating system support, or of the level that the environment variable PATHEX_ISA names (v2, v3
/// or v4). Opened at the first call and kept. Any thread.
core::Result<const cpu::Module*> cpuModule();

}  // namespace pathex::addon
