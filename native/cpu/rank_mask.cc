#include <algorithm>
#include <array>
#include <bit>

#include "core/check.h"
#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

/// Maps floats to integers of the same order; both zeros are one, NaN is the lowest.
std::uint32_t keyOf(float score) {
  if (score != score) return 0;
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 + 0 = 0
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/// Finds the key of the last score that is kept, digit by digit from histograms, in three passes over the scores.
class RankMask final : public core::Kernel {
 public:
  RankMask(const core::CallStep& step, std::size_t size)
      : scores_(step.inputs[0]), keep_(step.inputs[1]), out_(step.outputs[0]), size_(size) {}

  core::Status run(const core::Bindings& b) override {
    const float* scores = b.at<float>(scores_);
    float* mask = b.at<float>(out_);
    const std::int32_t asked = *b.at<std::int32_t>(keep_);
    const std::size_t keep = asked < 0 ? 0 : std::min(static_cast<std::size_t>(asked), size_);
    if (keep == 0 || keep == size_) {
      std::fill_n(mask, size_, keep == 0 ? 0.0f : 1.0f);
      return {};
    }
    const auto [threshold, ties] = select(scores, keep);
    std::size_t left = ties;
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint32_t key = keyOf(scores[i]);
      const bool tied = key == threshold && left > 0;
      left -= tied ? 1 : 0;
      mask[i] = key > threshold || tied ? 1.0f : 0.0f;
    }
    return {};
  }

  std::string implementation() const override { return "histogram select"; }

 private:
  struct Threshold {
    std::uint32_t key;
    std::size_t ties;  // how many scores of exactly this key are kept
  };

  Threshold select(const float* scores, std::size_t keep) {
    std::uint32_t known = 0, prefix = 0;  // bits of the key that are settled, and their value
    for (const int shift : {21, 10, 0}) {
      const std::uint32_t digits = shift == 0 ? 1023 : 2047;
      histogram_.fill(0);
      for (std::size_t i = 0; i < size_; ++i) {
        const std::uint32_t key = keyOf(scores[i]);
        if ((key & known) == prefix) ++histogram_[key >> shift & digits];
      }
      std::uint32_t digit = digits;
      while (histogram_[digit] < keep) keep -= histogram_[digit--];
      known |= digits << shift;
      prefix |= digit << shift;
    }
    return {prefix, keep};
  }

  std::size_t scores_, keep_, out_, size_;
  std::array<std::size_t, 2048> histogram_{};
};

}  // namespace

Made makeRankMask(const core::Plan& plan, const core::CallStep& step) {
  using core::StorageType;
  const std::size_t size = std::get<core::RankMaskAttributes>(step.attributes).size;
  if (core::Status s = core::expectBuffers(plan, step, {{StorageType::f32, size}, {StorageType::i32, 1}},
                                           {{StorageType::f32, size}});
      !s.ok()) {
    return s;
  }
  return std::make_unique<RankMask>(step, size);
}

}  // namespace pathex::cpu
