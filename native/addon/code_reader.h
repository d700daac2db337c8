#pragma once

#include <napi.h>

#include "core/device.h"

namespace pathex::addon {

/// Reads the options of load(): { profile?, code? }, where `code` is a CudaPlan.
core::Result<core::LoadOptions> readLoadOptions(const Napi::Value&);

}  // namespace pathex::addon
