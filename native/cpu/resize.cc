#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

using core::ResizeAttributes;

/// Rows or columns `low` and `high` of the image, the second with `share` of the weight.
struct Tap {
  std::int64_t low, high;
  float share;

  float weightOf(std::int64_t i) const { return (low == i ? 1.0f - share : 0.0f) + (high == i ? share : 0.0f); }
};

/// One axis: number p of the result lies at (factor * p + offset) / denominator of the image, and not before its first.
/// Extents are within 31 bits, so that no product here needs more than 63.
struct Axis {
  std::int64_t in, out, factor, offset, denominator;

  Axis(std::int64_t extent, std::int64_t result, bool alignCorners) : in(extent), out(result) {
    factor = alignCorners ? (out > 1 ? in - 1 : 0) : 2 * in;
    offset = alignCorners ? 0 : in - out;
    denominator = alignCorners ? std::max<std::int64_t>(out - 1, 1) : 2 * out;
  }

  Tap at(std::int64_t p) const {
    const std::int64_t place = std::max<std::int64_t>(factor * p + offset, 0), low = place / denominator;
    const double share = static_cast<double>(place % denominator) / static_cast<double>(denominator);
    return {low, std::min(low + 1, in - 1), static_cast<float>(share)};
  }
  /// The first and the last of the result that number i of the image may have a part in.
  std::int64_t first(std::int64_t i) const {
    return factor == 0 || i == 0 ? 0 : std::max<std::int64_t>(((i - 1) * denominator - offset) / factor, 0);
  }
  std::int64_t last(std::int64_t i) const {
    return factor == 0 ? out - 1 : std::min(((i + 1) * denominator - offset) / factor, out - 1);
  }
};

/// Geometry of both: whole vectors of channels are handled at a time, rows are independent of each other.
class Resize : public core::Kernel {
 public:
  Resize(const core::CallStep& step, const ResizeAttributes& a)
      : in_(step.inputs[0]),
        out_(step.outputs[0]),
        channels_(static_cast<std::size_t>(a.c)),
        images_(a.n),
        rows_(a.h, a.oh, a.alignCorners),
        columns_(a.w, a.ow, a.alignCorners) {}
  std::string implementation() const override { return "channels x " + std::to_string(channels_); }

 protected:
  /// Calls body(image, row) for `rows` rows of every image.
  template <class Body>
  void eachRow(std::int64_t rows, const Body& body) const {
    const auto work = static_cast<std::size_t>(columns_.out + columns_.in) * channels_;
    core::forEachRange(static_cast<std::size_t>(images_ * rows), 1 + 16384 / (work + 1), [&](core::Range range) {
      for (auto r = static_cast<std::int64_t>(range.begin); r < static_cast<std::int64_t>(range.end); ++r) {
        body(r / rows, r % rows);
      }
    });
  }
  std::size_t offset(std::int64_t row, std::int64_t width, std::int64_t column = 0) const {
    return static_cast<std::size_t>(row * width + column) * channels_;
  }

  std::size_t in_, out_, channels_;
  std::int64_t images_;
  Axis rows_, columns_;
};

class ResizeBilinear final : public Resize {
 public:
  using Resize::Resize;
  core::Status run(const core::Bindings& b) override {
    const float* x = b.at<float>(in_);
    float* y = b.at<float>(out_);
    const std::size_t c = channels_;
    eachRow(rows_.out, [&](std::int64_t image, std::int64_t p) {
      const Tap row = rows_.at(p);
      const float* const above = x + offset(image * rows_.in + row.low, columns_.in);
      const float* const below = x + offset(image * rows_.in + row.high, columns_.in);
      float* to = y + offset(image * rows_.out + p, columns_.out);
      for (std::int64_t q = 0; q < columns_.out; ++q, to += c) {
        const Tap column = columns_.at(q);
        const std::size_t left = offset(0, 0, column.low), right = offset(0, 0, column.high);
        const float v = row.share, h = column.share;
#pragma omp simd
        for (std::size_t k = 0; k < c; ++k) {
          const float upper = (1.0f - h) * above[left + k] + h * above[right + k];
          const float lower = (1.0f - h) * below[left + k] + h * below[right + k];
          to[k] = (1.0f - v) * upper + v * lower;
        }
      }
    });
    return {};
  }
};

/// A row of the image gathers from the rows of the result that it has a part in, so that rows do not wait for another.
class ResizeBilinearGrad final : public Resize {
 public:
  using Resize::Resize;
  core::Status run(const core::Bindings& b) override {
    const float* dy = b.at<float>(in_);
    float* dx = b.at<float>(out_);
    eachRow(rows_.in, [&](std::int64_t image, std::int64_t i) {
      float* const to = dx + offset(image * rows_.in + i, columns_.in);
      std::memset(to, 0, offset(1, columns_.in) * sizeof(float));
      for (std::int64_t p = rows_.first(i); p <= rows_.last(i); ++p) {
        const float weight = rows_.at(p).weightOf(i);
        if (weight != 0.0f) addRow(to, dy + offset(image * rows_.out + p, columns_.out), weight);
      }
    });
    return {};
  }

 private:
  void addRow(float* to, const float* from, float weight) const {
    const std::size_t c = channels_;
    for (std::int64_t q = 0; q < columns_.out; ++q, from += c) {
      const Tap column = columns_.at(q);
      add(to + offset(0, 0, column.low), from, weight * (1.0f - column.share));
      if (column.share != 0.0f) add(to + offset(0, 0, column.high), from, weight * column.share);
    }
  }
  void add(float* to, const float* from, float weight) const {
#pragma omp simd
    for (std::size_t k = 0; k < channels_; ++k) to[k] += weight * from[k];
  }
};

}  // namespace

Made makeResize(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  const auto& a = std::get<ResizeAttributes>(step.attributes);
  if (step.kernel == core::Call::resizeBilinear) return std::make_unique<ResizeBilinear>(step, a);
  return std::make_unique<ResizeBilinearGrad>(step, a);
}

}  // namespace pathex::cpu
