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

/// A kernel of all images at once, or of each by itself.
class Convolution : public core::Kernel, public core::ImageKernel {};

/// The kernel of a convolution or one of its gradients, or null where oneDNN is to be asked.
std::unique_ptr<Convolution> select(const core::CallStep&, const core::ConvAttributes&);

std::unique_ptr<Convolution> makeForward(const core::CallStep&, const Extents&);
std::unique_ptr<Convolution> makeInputGrad(const core::CallStep&, const Extents&);
std::unique_ptr<Convolution> makeWeightGrad(const core::CallStep&, const Extents&);
/// For AVX-512: channels and filters in sixteens.
std::unique_ptr<Convolution> makeWideForward(const core::CallStep&, const Extents&);
std::unique_ptr<Convolution> makeWideInputGrad(const core::CallStep&, const Extents&);
std::unique_ptr<Convolution> makeWideWeightGrad(const core::CallStep&, const Extents&);

}  // namespace pathex::cpu::direct
