#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "cpu/kernels.h"
#include "cpu/table.h"

namespace pathex::cpu {

namespace {

class CropFlip final : public core::Kernel {
 public:
  CropFlip(const core::CallStep& step, const core::CropFlipAttributes& a)
      : images_(step.inputs[0]), index_(step.inputs[1]), shift_(step.inputs[2]), out_(step.outputs[0]), a_(a) {}

  core::Status run(const core::Bindings& b) override {
    const auto* index = b.at<std::int32_t>(index_);
    const auto* shift = b.at<std::int32_t>(shift_);
    const auto batch = static_cast<std::size_t>(a_.batch);
    if (core::Status s = checkRows(index, batch, static_cast<std::size_t>(a_.images), "cropFlip"); !s.ok()) return s;
    const std::int64_t image = a_.h * a_.w * a_.c;
    const std::size_t grain = 1 + 32768 / static_cast<std::size_t>(image + 1);
    core::forEachRange(batch, grain, [&](core::Range range) {
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const auto at = static_cast<std::int64_t>(i);
        one(b.at<float>(out_) + at * image, b.at<std::uint8_t>(images_) + index[i] * image, shift + 3 * at);
      }
    });
    return {};
  }

  std::string implementation() const override { return "image by image"; }

 private:
  void one(float* y, const std::uint8_t* x, const std::int32_t* shift) const {
    const std::int64_t dy = shift[0], dx = shift[1], row = a_.w * a_.c;
    const bool flip = shift[2] != 0;
    for (std::int64_t p = 0; p < a_.h; ++p, y += row) {
      const std::int64_t from = p + dy;
      if (from < 0 || from >= a_.h) {
        std::memset(y, 0, static_cast<std::size_t>(row) * sizeof(float));
      } else if (flip) {
        flipped(y, x + from * row, dx);
      } else {
        shifted(y, x + from * row, dx);
      }
    }
  }

  void shifted(float* y, const std::uint8_t* x, std::int64_t dx) const {
    const std::int64_t row = a_.w * a_.c;
    const std::int64_t first = std::clamp<std::int64_t>(-dx, 0, a_.w) * a_.c;
    const std::int64_t last = std::clamp<std::int64_t>(a_.w - dx, 0, a_.w) * a_.c;
    if (first >= last) {
      std::fill_n(y, row, 0.0f);
      return;
    }
    std::fill(y, y + first, 0.0f);
    const std::uint8_t* from = x + dx * a_.c;
#pragma omp simd
    for (std::int64_t j = first; j < last; ++j) y[j] = static_cast<float>(from[j]);
    std::fill(y + last, y + row, 0.0f);
  }

  void flipped(float* y, const std::uint8_t* x, std::int64_t dx) const {
    for (std::int64_t q = 0; q < a_.w; ++q, y += a_.c) {
      const std::int64_t column = a_.w - 1 - q + dx;
      const bool inside = column >= 0 && column < a_.w;
      for (std::int64_t k = 0; k < a_.c; ++k) y[k] = inside ? static_cast<float>(x[column * a_.c + k]) : 0.0f;
    }
  }

  std::size_t images_, index_, shift_, out_;
  core::CropFlipAttributes a_;
};

}  // namespace

Made makeCropFlip(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  return std::make_unique<CropFlip>(step, std::get<core::CropFlipAttributes>(step.attributes));
}

}  // namespace pathex::cpu
