#include "cpu/direct/direct.h"

#include "cpu/direct/vector.h"
#include "cpu/direct/wide_tile.h"
#include "cpu/onednn_compat.h"

namespace pathex::cpu::direct {

// Note [Direct convolutions]
// An AVX2 core starts two multiply-adds and two loads a cycle, each on eight floats, and has 16 registers. Twelve of
// them hold sums; the rest must feed twelve multiply-adds with fewer than twelve loads. The forward pass does it with
// 6 pixels x 16 filters (2 loads of weights, 6 of pixels), the weight gradient with 3 taps of a row x 4 channels x 8
// filters (3 loads of gradients, 4 of pixels). The input gradient is a forward pass with the weights turned around.
//
// AVX-512 has twice the registers of twice the width. Its forward pass holds up to 24 sums of neighbouring pixels in a
// row: each pixel that is loaded serves the three of them whose windows hold its column, so that 16 pixels x 16 filters
// take 21 loads for 48 multiply-adds. Its weight gradient is that of AVX2 with 8 channels x 16 filters.
//
// The choice depends on the shape and the instruction set, never on a measurement, and work is cut by shape alone: a
// result has the same bits in every run and for any number of threads.

namespace {

/// Floats of a register: what channels and filters come in. Zero where there are no kernels for the machine. oneDNN
/// says which instructions may be used, since ONEDNN_MAX_CPU_ISA is to hold for both.
std::size_t lanesOfMachine() {
#if defined(__AVX512F__)
  if (onednn::isa().starts_with("AVX-512")) return wide::lanes;
#endif
#if defined(__AVX2__) && defined(__FMA__)
  if (onednn::isa().starts_with("AVX2") || onednn::isa().starts_with("AVX-512")) return lanes;
#endif
  return 0;
}

bool shapeFits(const core::ConvAttributes& a, std::size_t multiple) {
  const auto both = [](const auto& pair, std::int64_t value) { return pair[0] == value && pair[1] == value; };
  return a.kh == 3 && a.kw == 3 && both(a.stride, 1) && both(a.dilation, 1) && both(a.padding, 1) && a.oh == a.h &&
         a.ow == a.w && a.c % multiple == 0 && a.f % multiple == 0 && a.n * a.h * a.w * a.c * a.f > 0;
}

}  // namespace

std::unique_ptr<Convolution> select(const core::CallStep& step, const core::ConvAttributes& a) {
  const std::size_t multiple = lanesOfMachine();
  if (multiple == 0 || !shapeFits(a, multiple)) return nullptr;
  const auto size = [](std::int64_t extent) { return static_cast<std::size_t>(extent); };
  const Extents extents{size(a.n), size(a.h), size(a.w), size(a.c), size(a.f)};
  if (step.kernel == core::Call::conv2dWeightGrad) {
    // Where the second cache cannot hold a partial result, adding to it costs more than is won.
    constexpr std::size_t mostWeights = 1 << 18;
    if (extents.weights() > mostWeights) return nullptr;
    return multiple == wide::lanes ? makeWideWeightGrad(step, extents) : makeWeightGrad(step, extents);
  }
  // Regrouping the weights pays only if enough pixels use them.
  constexpr std::size_t fewestPixels = 32;
  if (extents.n * extents.h * extents.w < fewestPixels) return nullptr;
  if (multiple == wide::lanes) {
    return step.kernel == core::Call::conv2d ? makeWideForward(step, extents) : makeWideInputGrad(step, extents);
  }
  return step.kernel == core::Call::conv2d ? makeForward(step, extents) : makeInputGrad(step, extents);
}

}  // namespace pathex::cpu::direct
