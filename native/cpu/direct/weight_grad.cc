#include <algorithm>
#include <array>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/direct/direct.h"
#include "cpu/direct/vector.h"

namespace pathex::cpu::direct {

namespace {

constexpr std::size_t taps = 3;

/// What the sums of one pass are: a row of the window, some channels, one register of filters.
struct Narrow {
  using Vector = direct::Vector;
  using Stored = direct::Stored;
  static constexpr std::size_t lanes = direct::lanes, channels = 4;
  static constexpr const char* name = "direct:avx2";
};
struct Wide {
  using Vector = wide::Vector;
  using Stored = wide::Stored;
  static constexpr std::size_t lanes = wide::lanes, channels = 8;
  static constexpr const char* name = "direct:avx512";
};

template <class Width>
using Sums = typename Width::Vector[taps][Width::channels];
template <class Width, class Body>
[[gnu::always_inline]] inline void eachSum(const Body& body) {
  unrolled<taps>([&](auto t) { unrolled<Width::channels>([&](auto k) { body(t, k); }); });
}
template <class Width>
constexpr std::size_t floatsOfBlock = taps * Width::channels * Width::lanes;

/// Cache lines of later rows that one pass fetches, some with each of its own rows.
struct Share {
  const float* from;
  core::Range lines;
  // inlined always: as a function without effects the compiler would leave it out
  [[gnu::always_inline]] void fetch(std::size_t row, std::size_t rows) const {
    const std::size_t each = (lines.size() + rows - 1) / rows, begin = lines.begin + row * each;
    for (std::size_t line = begin; line < std::min(lines.end, begin + each); ++line) {
      __builtin_prefetch(from + line * core::alignment / sizeof(float), 0, 2);
    }
  }
};

/// What one pass reads: rows of x from a first channel on, and the rows of dy that one row of the window pairs them
/// with, from a first filter on.
struct Rows {
  const float *x, *dy;
  std::size_t count, w, c, f;
  std::array<Share, 2> ahead;
  core::Prefetch& next;
};

/// Adds the products of one pixel of x with its three pixels of dy, of which the image's edges leave two or one.
template <class Width, bool hasLeft, bool hasRight>
[[gnu::always_inline]] inline void addPixel(Sums<Width>& sums, const float* x, const float* dy, std::size_t f) {
  typename Width::Vector left, middle, right;
  if constexpr (hasRight) load(right, dy + f);
  load(middle, dy);
  if constexpr (hasLeft) load(left, dy - f);
#pragma GCC unroll 8
  for (std::size_t c = 0; c < Width::channels; ++c) {
    const float value = x[c];
    if constexpr (hasRight) sums[0][c] += value * right;
    sums[1][c] += value * middle;
    if constexpr (hasLeft) sums[2][c] += value * left;
  }
}

/// Adds the sums of one pass to its block of a partial result: [tap][channel][filter].
template <class Width>
void addRows(const Rows& rows, float* block) {
  Sums<Width> sums;
  eachSum<Width>([&](auto t, auto k) { sums[t][k] = typename Width::Vector{}; });
  const float *x = rows.x, *dy = rows.dy;
  const std::size_t w = rows.w, c = rows.c, f = rows.f;
  for (std::size_t row = 0; row < rows.count; ++row, x += c, dy += f) {
    for (const Share& share : rows.ahead) share.fetch(row, rows.count);
    rows.next.fetch();
    if (w == 1) {
      addPixel<Width, false, false>(sums, x, dy, f);
      continue;
    }
    addPixel<Width, false, true>(sums, x, dy, f);
    x += c, dy += f;
    for (std::size_t q = 2; q < w; ++q, x += c, dy += f) addPixel<Width, true, true>(sums, x, dy, f);
    addPixel<Width, true, false>(sums, x, dy, f);
  }
  eachSum<Width>([&](auto t, auto k) {
    *reinterpret_cast<typename Width::Stored*>(block + (t * Width::channels + k) * Width::lanes) += sums[t][k];
  });
}

/// dw from bands of image rows. Each part of the bands has its own partial dw, in blocks of one pass: [filters][row of
/// the window][channels]; at the end they are added in the order of the parts.
template <class Width>
class WeightGrad final : public Convolution {
 public:
  WeightGrad(const core::CallStep& step, const Extents& e)
      : e_(e), x_(step.inputs[0]), dy_(step.inputs[1]), dw_(step.outputs[0]) {
    // A band is read once for every block, so it should stay in the nearest caches.
    constexpr std::size_t mostBytes = 48 << 10, fewestPixels = 128;
    const std::size_t bandRows = std::max<std::size_t>(1, mostBytes / (e.w * (e.c + e.f) * sizeof(float)));
    bands_ = (e.h + bandRows - 1) / bandRows;
    // Adding a partial result must cost little beside computing it.
    const std::size_t worthwhile = std::max<std::size_t>(1, e.n * e.h * e.w / fewestPixels);
    parts_ = std::min({e.n * bands_, mostPartials, worthwhile});
  }

  core::Status run(const core::Bindings& b) override {
    core::forEachPart(parts_, [&](std::size_t part) {
      const core::Range range = core::partOf(e_.n * bands_, part, parts_);
      std::fill_n(partialOf(b, part), e_.weights(), 0.0f);
      core::Prefetch nothing;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::size_t pixels = i / bands_ * e_.h * e_.w;
        addBand(b.at<float>(x_) + pixels * e_.c, b.at<float>(dy_) + pixels * e_.f,
                core::partOf(e_.h, i % bands_, bands_), partialOf(b, part), nothing);
      }
    });
    finish(b);
    return {};
  }

  std::size_t mostParts() const override { return mostPartials; }
  void cut(std::size_t parts) override { parts_ = parts; }

  void prepare(const core::Bindings&) override {}
  std::size_t fetches() const override { return e_.f / lanes * taps * (e_.c / blockChannels) * e_.h; }

  void compute(const core::Bindings& b, const core::ImageContext& context) override {
    float* const partial = partialOf(b, context.part);
    if (context.isFirst) std::fill_n(partial, e_.weights(), 0.0f);
    for (std::size_t i = 0; i < bands_; ++i) {
      addBand(b.at<float>(x_), b.at<float>(dy_), core::partOf(e_.h, i, bands_), partial, context.ahead);
    }
  }

  void finish(const core::Bindings& b) override {
    core::forEachPart(e_.f / lanes, [&](std::size_t filters) { finish(partialOf(b, 0), filters, b.at<float>(dw_)); });
  }

  std::size_t scratchBytes() const override { return core::aligned(parts_ * e_.weights() * sizeof(float)); }
  std::string implementation() const override { return Width::name; }

 private:
  static constexpr std::size_t lanes = Width::lanes, blockChannels = Width::channels,
                               blockFloats = floatsOfBlock<Width>;

  /// Adding up more partial results costs more than threads would win.
  static constexpr std::size_t mostPartials = 16;

  float* partialOf(const core::Bindings& b, std::size_t part) const {
    return reinterpret_cast<float*>(b.scratch) + part * e_.weights();
  }

  /// Adds what the rows `band` of an image x contribute. Meanwhile the rows after them are fetched, a share in each
  /// pass: a pass reads only some channels of each pixel, which is not a pattern that the processor foresees.
  void addBand(const float* x, const float* dy, core::Range band, float* block, core::Prefetch& next) const {
    const std::size_t passes = e_.f / lanes * taps * (e_.c / blockChannels), pixels = band.size() * e_.w;
    constexpr std::size_t line = core::alignment / sizeof(float);
    std::size_t pass = 0;
    const auto share = [&](const float* image, std::size_t channels) {
      return Share{image + band.end * e_.w * channels, core::partOf(pixels * channels / line, pass, passes)};
    };
    for (std::size_t f = 0; f < e_.f; f += lanes) {
      for (std::size_t t = 0; t < taps; ++t) {
        // Row r of x meets row r + 1 - t of dy, if there is one.
        const std::size_t begin = std::max(band.begin, t == 2 ? std::size_t{1} : 0);
        const std::size_t end = std::min(band.end, t == 0 ? e_.h - 1 : e_.h);
        for (std::size_t c = 0; c < e_.c; c += blockChannels, block += blockFloats) {
          const std::array<Share, 2> ahead{share(x, e_.c), share(dy, e_.f)};
          ++pass;
          if (begin >= end) continue;
          const float *xRow = x + begin * e_.w * e_.c, *dyRow = dy + (begin + 1 - t) * e_.w * e_.f;
          addRows<Width>({xRow + c, dyRow + f, end - begin, e_.w, e_.c, e_.f, ahead, next}, block);
        }
      }
    }
  }

  /// Adds the partial results of a register of filters and writes them to dw.
  void finish(const float* partials, std::size_t filters, float* dw) const {
    const std::size_t blocks = taps * e_.c / blockChannels, stride = 9 * e_.c;
    dw += filters * lanes * stride;
    for (std::size_t i = 0; i < blocks; ++i) {
      const float* block = partials + (filters * blocks + i) * blockFloats;
      float sums[blockFloats] = {};
      for (std::size_t part = 0; part < parts_; ++part, block += e_.weights()) {
        for (std::size_t k = 0; k < blockFloats; ++k) sums[k] += block[k];
      }
      const std::size_t c = i * blockChannels % e_.c, row = i * blockChannels / e_.c;
      for (std::size_t f = 0; f < lanes; ++f) {
        for (std::size_t t = 0; t < taps; ++t) {
          float* to = dw + f * stride + (row * taps + t) * e_.c + c;
          for (std::size_t k = 0; k < blockChannels; ++k) to[k] = sums[(t * blockChannels + k) * lanes + f];
        }
      }
    }
  }

  const Extents e_;
  const std::size_t x_, dy_, dw_;
  std::size_t bands_ = 1, parts_ = 1;
};

}  // namespace

std::unique_ptr<Convolution> makeWeightGrad(const core::CallStep& step, const Extents& e) {
  return std::make_unique<WeightGrad<Narrow>>(step, e);
}

std::unique_ptr<Convolution> makeWideWeightGrad(const core::CallStep& step, const Extents& e) {
  return std::make_unique<WeightGrad<Wide>>(step, e);
}

}  // namespace pathex::cpu::direct
