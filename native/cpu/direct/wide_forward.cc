#include <algorithm>
#include <cstring>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/direct/direct.h"
#include "cpu/direct/transpose.h"
#include "cpu/direct/wide_tile.h"

namespace pathex::cpu::direct {

namespace {

using wide::lanes;

/// y = x * w for a band of image rows at a time, which is copied first: in blocks of 16 channels, with a column of
/// zeros on either side. Missing rows are left out of the windows at the upper and lower edge of the image.
class WideForward : public Convolution {
 public:
  WideForward(const core::CallStep& step, const Extents& e)
      : e_(e), x_(step.inputs[0]), w_(step.inputs[1]), y_(step.outputs[0]) {
    vectors_ = e.f % (2 * lanes) == 0 ? 2 : 1;
    // Bands that fit half of the first cache, and enough of them for many threads even if there is one image.
    constexpr std::size_t mostBytes = 24 << 10, enough = 16;
    const std::size_t rows = std::max<std::size_t>(1, mostBytes / (e.c * (e.w + 2) * sizeof(float)));
    bands_ = std::min(e.h, std::max((e.h + rows - 1) / rows, (enough + e.n - 1) / e.n));
    bandRows_ = (e.h + bands_ - 1) / bands_;
    const std::size_t most = wide::mostPixels(vectors_), tiles = (e.w + most - 1) / most;
    for (std::size_t i = 0; i < tiles; ++i) {
      const core::Range pixels = core::partOf(e.w, i, tiles);
      const wide::ComputeTile tile = vectors_ == 1 ? wide::tileOf<1>(pixels.size()) : wide::tileOf<2>(pixels.size());
      tiles_.push_back({pixels.begin, tile});
    }
  }

  core::Status run(const core::Bindings& b) override {
    prepare(b);
    const std::size_t work = 9 * e_.c * e_.f * e_.w * bandRows_;
    core::forEachRange(e_.n * bands_, 1 + 262144 / work, [&](core::Range range) {
      core::Prefetch nothing;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::size_t image = i / bands_ * e_.h * e_.w;
        computePart(b, b.at<float>(x_) + image * e_.c, b.at<float>(y_) + image * e_.f, i % bands_, nothing);
      }
    });
    return {};
  }

  void prepare(const core::Bindings& b) override {
    auto* weights = reinterpret_cast<float*>(b.scratch);
    const float* w = b.at<float>(w_);
    core::forEachPart(e_.f / panelFilters(), [&](std::size_t panel) {
      regroup(w, panel * panelFilters(), panelFilters(), weights + panel * panelFilters() * 9 * e_.c);
    });
  }

  void compute(const core::Bindings& b, const core::ImageContext& context) override {
    for (std::size_t i = 0; i < bands_; ++i) computePart(b, b.at<float>(x_), b.at<float>(y_), i, context.ahead);
  }
  std::size_t fetches() const override { return e_.f / panelFilters() * e_.h * tiles_.size(); }

  std::size_t scratchBytes() const override { return weightBytes() + core::threadCount() * copyBytes(); }
  std::string implementation() const override { return "direct:avx512"; }

 protected:
  /// Writes the panel of `count` filters from `filter` on: [block][row][channel][tap][filter].
  virtual void regroup(const float* w, std::size_t filter, std::size_t count, float* panel) const {
    for (std::size_t first = 0; first < count; first += lanes) {
      for (std::size_t tap = 0; tap < 9; ++tap) {
        for (std::size_t c = 0; c < e_.c; c += lanes) {
          wide::Vector rows[lanes];
          for (std::size_t i = 0; i < lanes; ++i) {
            rows[i] = wide::vectorAt(w + ((filter + first + i) * 9 + tap) * e_.c + c);
          }
          wide::transpose(rows);
          for (std::size_t k = 0; k < lanes; ++k) wide::vectorAt(panel + placeOf(tap, c + k) * count + first) = rows[k];
        }
      }
    }
  }

  /// Where a panel has the weights of a tap and channel.
  static std::size_t placeOf(std::size_t tap, std::size_t c) {
    return ((c / lanes * 3 + tap / 3) * lanes + c % lanes) * 3 + tap % 3;
  }

  const Extents e_;

 private:
  std::size_t panelFilters() const { return vectors_ * lanes; }
  std::size_t rowStride() const { return (e_.w + 2) * lanes; }
  std::size_t blockStride() const { return (bandRows_ + 2) * rowStride(); }
  std::size_t weightBytes() const { return core::aligned(e_.weights() * sizeof(float)); }
  std::size_t copyBytes() const { return core::aligned(e_.c / lanes * blockStride() * sizeof(float)); }

  /// One band of an image.
  void computePart(const core::Bindings& b, const float* x, float* y, std::size_t part, core::Prefetch& ahead) const {
    const auto* const weights = reinterpret_cast<const float*>(b.scratch);
    auto* const copy = reinterpret_cast<float*>(b.scratch + weightBytes() + core::threadIndex() * copyBytes());
    const core::Range band = core::partOf(e_.h, part, bands_);
    copyBand(x, band, copy);
    computeBand(copy, weights, band, y + band.begin * e_.w * e_.f, ahead);
  }

  /// The rows of a band and the one above and below, as far as the image has them.
  void copyBand(const float* x, core::Range band, float* copy) const {
    const std::size_t end = std::min(e_.h, band.end + 1);
    for (std::size_t r = band.begin == 0 ? 0 : band.begin - 1; r < end; ++r) {
      for (std::size_t block = 0; block < e_.c / lanes; ++block) {
        float* to = copy + block * blockStride() + (r + 1 - band.begin) * rowStride();
        const float* from = x + r * e_.w * e_.c + block * lanes;
        std::fill_n(to, lanes, 0.0f);
        to += lanes;
        for (std::size_t q = 0; q < e_.w; ++q, to += lanes, from += e_.c) std::memcpy(to, from, lanes * sizeof(float));
        std::fill_n(to, lanes, 0.0f);
      }
    }
  }

  void computeBand(const float* copy, const float* weights, core::Range band, float* y, core::Prefetch& ahead) const {
    for (std::size_t filter = 0; filter < e_.f; filter += panelFilters()) {
      for (std::size_t row = band.begin; row < band.end; ++row) {
        const core::Range window{row == 0 ? std::size_t{1} : 0, row == e_.h - 1 ? std::size_t{2} : 3};
        for (const auto& [first, tile] : tiles_) {
          ahead.fetch();
          tile({
              .x = copy + (row - band.begin + window.begin) * rowStride() + first * lanes,
              .rows = window.size(),
              .rowStride = rowStride(),
              .blocks = e_.c / lanes,
              .blockStride = blockStride(),
              .weights = weights + filter * 9 * e_.c + window.begin * 3 * lanes * panelFilters(),
              .y = y + ((row - band.begin) * e_.w + first) * e_.f + filter,
              .filters = e_.f,
          });
        }
      }
    }
  }

  struct PlacedTile {
    std::size_t first;
    wide::ComputeTile compute;
  };
  const std::size_t x_, w_, y_;
  std::size_t vectors_ = 1, bands_ = 1, bandRows_ = 1;
  std::vector<PlacedTile> tiles_;
};

/// dx = dy * w with every window turned around, and channels and filters exchanged.
class WideInputGrad final : public WideForward {
 public:
  WideInputGrad(const core::CallStep& step, const Extents& e) : WideForward(step, {e.n, e.h, e.w, e.f, e.c}) {}

 protected:
  void regroup(const float* w, std::size_t channel, std::size_t count, float* panel) const override {
    const std::size_t filters = e_.c, channels = e_.f;
    for (std::size_t f = 0; f < filters; ++f) {
      for (std::size_t tap = 0; tap < 9; ++tap) {
        std::memcpy(panel + placeOf(8 - tap, f) * count, w + (f * 9 + tap) * channels + channel, count * sizeof(float));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Convolution> makeWideForward(const core::CallStep& step, const Extents& e) {
  return std::make_unique<WideForward>(step, e);
}

std::unique_ptr<Convolution> makeWideInputGrad(const core::CallStep& step, const Extents& e) {
  return std::make_unique<WideInputGrad>(step, e);
}

}  // namespace pathex::cpu::direct
