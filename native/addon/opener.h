#pragma once

#include <napi.h>

#include "addon/worker.h"

namespace pathex::addon {

/// What the worker calls to open the device that the options of `new Device(options)` describe; see
/// src/runtime/native.ts. Throws DEVICE for options that have no meaning.
OpenDevice openerOf(const Napi::CallbackInfo&);

}  // namespace pathex::addon
