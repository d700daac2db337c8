#pragma once

#include <memory>

#include "core/kernel.h"

namespace pathex::cpu {

/// A map or map-reduce over one index space, interpreted chunk by chunk.
std::unique_ptr<core::Kernel> makeFused(const core::Plan&, const core::FusedStep&);
/// The same for one of the images that the step's rows are made of; null where an image is too small to cut in chunks.
std::unique_ptr<core::ImageKernel> makeFusedOfImage(const core::Plan&, const core::FusedStep&, std::size_t images);

}  // namespace pathex::cpu
