#pragma once

#include <napi.h>

#include "core/plan.h"
#include "core/status.h"

namespace pathex::addon {

/// Reads the plan object. It has been validated in TypeScript; a fault that is left is reported with its path.
core::Result<core::Plan> readPlan(const Napi::Value&);

}  // namespace pathex::addon
