#include <algorithm>
#include <cstring>
#include <vector>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/direct/direct.h"
#include "cpu/direct/tile.h"

namespace pathex::cpu::direct {

namespace {

/// Rows of a window and a run of floats in each: what is summed before y is written back.
struct Slice {
  core::Range rows, run;
  bool add;
};

/// Slices whose weights of one panel stay in the first cache. The middle row comes first: every output pixel has it,
/// so the others can add to it and be left out at the upper and lower edge of the image.
std::vector<Slice> slicesOf(std::size_t c) {
  constexpr std::size_t mostWhole = 96, mostOfRow = 192;
  const std::size_t row = 3 * c;
  if (row <= mostWhole) return {{{0, 3}, {0, row}, false}};
  std::vector<Slice> slices;
  for (const std::size_t r : {1, 0, 2}) {
    for (std::size_t k = 0; k < row; k += mostOfRow) {
      slices.push_back({{r, r + 1}, {k, std::min(row, k + mostOfRow)}, !slices.empty()});
    }
  }
  return slices;
}

/// y = x * w for a band of image rows at a time, which is copied between two columns of zeros first. The weights are
/// regrouped in panels at the start of each run: [panel][row][column, channel][filter].
class Forward : public Convolution {
 public:
  Forward(const core::CallStep& step, const Extents& e)
      : e_(e), x_(step.inputs[0]), w_(step.inputs[1]), y_(step.outputs[0]), slices_(slicesOf(e.c)) {
    // Bands that fit the second cache, and enough of them for many threads even if there is one image.
    constexpr std::size_t mostBytes = 96 << 10, enough = 16;
    const std::size_t forCache = e.h * rowStride() * sizeof(float) / mostBytes + 1;
    bands_ = std::min(e.h, std::max(forCache, (enough + e.n - 1) / e.n));
    bandRows_ = (e.h + bands_ - 1) / bands_;
    for (std::size_t row = 0; row < bandRows_; ++row) {
      for (std::size_t column = 0; column < e.w; ++column) windows_.push_back(row * rowStride() + column * e.c);
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
    core::forEachPart((e_.f + panelFilters - 1) / panelFilters, [&](std::size_t panel) {
      const std::size_t filter = panel * panelFilters;
      regroup(w, filter, std::min(panelFilters, e_.f - filter), weights + filter * 9 * e_.c);
    });
  }

  void compute(const core::Bindings& b, const core::ImageContext& context) override {
    for (std::size_t i = 0; i < bands_; ++i) computePart(b, b.at<float>(x_), b.at<float>(y_), i, context.ahead);
  }
  std::size_t fetches() const override {
    return (e_.f + panelFilters - 1) / panelFilters * slices_.size() * tilesOf(e_.h * e_.w);
  }

  std::size_t scratchBytes() const override { return weightBytes() + core::threadCount() * copyBytes(); }
  std::string implementation() const override { return "direct:avx2"; }

 protected:
  /// Writes the panel of `count` filters from `filter` on.
  virtual void regroup(const float* w, std::size_t filter, std::size_t count, float* panel) const {
    const std::size_t window = 9 * e_.c;
    for (std::size_t k = 0; k < window; ++k) {
      for (std::size_t i = 0; i < count; ++i) *panel++ = w[(filter + i) * window + k];
    }
  }

  const Extents e_;

 private:
  std::size_t rowStride() const { return (e_.w + 2) * e_.c; }
  std::size_t weightBytes() const { return core::aligned(e_.weights() * sizeof(float)); }
  std::size_t copyBytes() const { return core::aligned((bandRows_ + 2) * rowStride() * sizeof(float)); }

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
    const std::size_t row = e_.w * e_.c, end = std::min(e_.h, band.end + 1);
    for (std::size_t r = band.begin == 0 ? 0 : band.begin - 1; r < end; ++r) {
      float* to = copy + (r + 1 - band.begin) * rowStride();
      std::fill_n(to, e_.c, 0.0f);
      std::memcpy(to + e_.c, x + r * row, row * sizeof(float));
      std::fill_n(to + e_.c + row, e_.c, 0.0f);
    }
  }

  void computeBand(const float* copy, const float* weights, core::Range band, float* y, core::Prefetch& ahead) const {
    for (std::size_t filter = 0; filter < e_.f; filter += panelFilters) {
      for (const Slice& slice : slices_) {
        // The first and the last row of the image lack a row of their windows.
        std::size_t row = band.begin;
        while (row < band.end) {
          const bool first = row == 0, last = row == e_.h - 1;
          const std::size_t end = first || last ? row + 1 : std::min(band.end, e_.h - 1);
          const core::Range rows{std::max<std::size_t>(slice.rows.begin, first ? 1 : 0),
                                 std::min<std::size_t>(slice.rows.end, last ? 2 : 3)};
          if (rows.begin < rows.end) {
            computeRows({row - band.begin, end - band.begin}, {rows, slice.run, slice.add}, filter, copy, weights, y,
                        ahead);
          }
          row = end;
        }
      }
    }
  }

  /// Adds a slice to some output rows of a band.
  void computeRows(core::Range outputs, const Slice& slice, std::size_t filter, const float* copy, const float* weights,
                   float* y, core::Prefetch& ahead) const {
    const std::size_t width = std::min(panelFilters, e_.f - filter), row = 3 * e_.c;
    const Stretch stretch{
        .x = copy + slice.rows.begin * rowStride() + slice.run.begin,
        .windows = windows_.data() + outputs.begin * e_.w,
        .pixels = outputs.size() * e_.w,
        .rows = slice.rows.size(),
        .rowStride = rowStride(),
        .run = slice.run.size(),
        .weights = weights + filter * 9 * e_.c + (slice.rows.begin * row + slice.run.begin) * width,
        .y = y + outputs.begin * e_.w * e_.f + filter,
        .filters = e_.f,
        .add = slice.add,
    };
    width == panelFilters ? computeStretch<2>(stretch, ahead) : computeStretch<1>(stretch, ahead);
  }

  const std::size_t x_, w_, y_;
  const std::vector<Slice> slices_;
  std::size_t bands_ = 1, bandRows_ = 1;
  std::vector<std::size_t> windows_;
};

/// dx = dy * w with every window turned around, and channels and filters exchanged.
class InputGrad final : public Forward {
 public:
  InputGrad(const core::CallStep& step, const Extents& e) : Forward(step, {e.n, e.h, e.w, e.f, e.c}) {}

 protected:
  void regroup(const float* w, std::size_t channel, std::size_t count, float* panel) const override {
    const std::size_t filters = e_.c, channels = e_.f;
    for (std::size_t tap = 9; tap-- > 0;) {
      for (std::size_t f = 0; f < filters; ++f, panel += count) {
        std::memcpy(panel, w + (f * 9 + tap) * channels + channel, count * sizeof(float));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Convolution> makeForward(const core::CallStep& step, const Extents& e) {
  return std::make_unique<Forward>(step, e);
}

std::unique_ptr<Convolution> makeInputGrad(const core::CallStep& step, const Extents& e) {
  return std::make_unique<InputGrad>(step, e);
}

}  // namespace pathex::cpu::direct
