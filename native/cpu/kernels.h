#pragma once

#include <memory>

#include "core/kernel.h"
#include "cpu/onednn.h"

/// The call kernels, one maker each. A maker does all that can be done before the first run. Its step has passed
/// core::checkOperands, so it has the attributes and operands of its kernel, and products of its extents fit.
namespace pathex::cpu {

using Made = core::Result<std::unique_ptr<core::Kernel>>;

Made makeConv(const onednn::Context&, const core::Plan&, const core::CallStep&);
Made makeMatmul(const onednn::Context&, const core::Plan&, const core::CallStep&);
Made makePool(const core::Plan&, const core::CallStep&);
Made makeCopy(const core::Plan&, const core::CallStep&);
Made makeFill(const core::Plan&, const core::CallStep&);
Made makeGather(const core::Plan&, const core::CallStep&);
Made makeScatterAdd(const core::Plan&, const core::CallStep&);
Made makeCropFlip(const core::Plan&, const core::CallStep&);
Made makeArgMax(const core::Plan&, const core::CallStep&);
Made makeRankMask(const core::Plan&, const core::CallStep&);

}  // namespace pathex::cpu
