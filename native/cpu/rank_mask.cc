#include <algorithm>
#include <array>
#include <bit>

#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

/// Maps floats to integers of the same order; both zeros are one, NaN is the lowest.
std::uint32_t keyOf(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 + 0 = 0
  const std::uint32_t negative = 0u - (bits >> 31);
  return score != score ? 0 : bits ^ (negative | 0x80000000u);
}

/// Finds the key of the last score that is kept, digit by digit from histograms, in three passes over the scores.
class RankMask final : public core::Kernel {
 public:
  RankMask(const core::CallStep& step, std::size_t size)
      : scores_(step.inputs[0]), keep_(step.inputs[1]), out_(step.outputs[0]), size_(size) {
    constexpr std::size_t fewest = 32768, most = 16;
    parts_ = std::clamp<std::size_t>(size / fewest, 1, most);
  }

  core::Status run(const core::Bindings& b) override {
    const float* scores = b.at<float>(scores_);
    float* mask = b.at<float>(out_);
    const std::int32_t asked = *b.at<std::int32_t>(keep_);
    const std::size_t keep = asked < 0 ? 0 : std::min(static_cast<std::size_t>(asked), size_);
    if (keep == 0 || keep == size_) {
      std::fill_n(mask, size_, keep == 0 ? 0.0f : 1.0f);
      return {};
    }
    const Threshold threshold = select(scores, keep, reinterpret_cast<Histogram*>(b.scratch));
    const std::uint32_t lowest = threshold.key;
    core::forEachPart(parts_, [&](std::size_t part) {
      const core::Range range = core::partOf(size_, part, parts_);
      for (std::size_t i = range.begin; i < range.end; ++i) mask[i] = keyOf(scores[i]) >= lowest ? 1.0f : 0.0f;
    });
    if (threshold.kept < threshold.ties) dropLast(scores, mask, threshold);
    return {};
  }

  std::size_t scratchBytes() const override { return parts_ * sizeof(Histogram); }
  std::string implementation() const override { return "histogram select"; }

 private:
  /// Two counts for each digit, for scores at even and odd places: where all scores are equal, a single count would
  /// wait for itself.
  using Histogram = std::array<std::array<std::uint32_t, 2048>, 2>;

  struct Threshold {
    std::uint32_t key;
    std::size_t ties, kept;  // how many scores have exactly this key, and how many of those are kept
  };

  Threshold select(const float* scores, std::size_t keep, Histogram* histograms) const {
    std::uint32_t known = 0, prefix = 0;  // bits of the key that are settled, and their value
    std::size_t ties = 0;
    for (const int shift : {21, 10, 0}) {
      const std::uint32_t digits = shift == 0 ? 1023 : 2047;
      core::forEachPart(parts_, [&](std::size_t part) {
        Histogram& histogram = histograms[part];
        histogram = {};
        const core::Range range = core::partOf(size_, part, parts_);
        for (std::size_t i = range.begin; i < range.end; ++i) {
          const std::uint32_t key = keyOf(scores[i]);
          if ((key & known) == prefix) ++histogram[i % 2][key >> shift & digits];
        }
      });
      const auto count = [&](std::uint32_t digit) {
        std::size_t total = 0;
        for (std::size_t part = 0; part < parts_; ++part) {
          total += histograms[part][0][digit] + histograms[part][1][digit];
        }
        return total;
      };
      std::uint32_t digit = digits;
      for (ties = count(digit); ties < keep; ties = count(--digit)) keep -= ties;
      known |= digits << shift;
      prefix |= digit << shift;
    }
    return {prefix, ties, keep};
  }

  /// Of equal scores the first are kept.
  void dropLast(const float* scores, float* mask, const Threshold& threshold) const {
    std::size_t left = threshold.kept;
    for (std::size_t i = 0; i < size_; ++i) {
      if (keyOf(scores[i]) != threshold.key) continue;
      if (left == 0) mask[i] = 0.0f;
      left -= left == 0 ? 0 : 1;
    }
  }

  std::size_t scores_, keep_, out_, size_, parts_ = 1;
};

}  // namespace

Made makeRankMask(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  return std::make_unique<RankMask>(step, std::get<core::RankMaskAttributes>(step.attributes).size);
}

}  // namespace pathex::cpu
