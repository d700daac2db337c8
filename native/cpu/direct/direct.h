#pragma once

#include <memory>

#include "core/kernel.h"

/// Our own convolutions for the shape that matters most: 3x3, stride 1, the image's size kept, channels and filters in
/// eights for AVX2, in sixteens for AVX-512. They are at least as fast as oneDNN's. See Note [Direct convolutions] in
/// direct.cc.
namespace pathex::cpu::direct {

struct Extents {
  std::size_t n, h, w, c, f;
  std::size_t weights() const { return 9 * c * f; }
};

/// The kernel of a convolution or one of its gradients, or null where oneDNN is to be asked.
std::unique_ptr<core::Kernel> select(const core::CallStep&, const core::ConvAttributes&);

std::unique_ptr<core::Kernel> makeForward(const core::CallStep&, const Extents&);
std::unique_ptr<core::Kernel> makeInputGrad(const core::CallStep&, const Extents&);
std::unique_ptr<core::Kernel> makeWeightGrad(const core::CallStep&, const Extents&);
/// For AVX-512: channels and filters in sixteens.
std::unique_ptr<core::Kernel> makeWideForward(const core::CallStep&, const Extents&);
std::unique_ptr<core::Kernel> makeWideInputGrad(const core::CallStep&, const Extents&);
std::unique_ptr<core::Kernel> makeWideWeightGrad(const core::CallStep&, const Extents&);

}  // namespace pathex::cpu::direct
