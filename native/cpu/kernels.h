#pragma once

#include <memory>

#include "core/kernel.h"
#include "cpu/onednn.h"

/// The makers of the table of calls. A maker does all that can be done before the first run. Its step has passed
/// core::checkOperands, so it has the attributes and operands of its kernel, and products of its extents fit.
namespace pathex::cpu {

using Made = core::Result<std::unique_ptr<core::Kernel>>;

// Some make several kernels, and are declared as often.
#define PATHEX_CALL(name, Record, maker, ...) \
  Made maker(const onednn::Context&, const core::Plan&, const core::CallStep&);
#include "core/calls.inc"

}  // namespace pathex::cpu
