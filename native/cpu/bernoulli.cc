#include <algorithm>
#include <memory>

#include "core/parallel.h"
#include "cpu/kernels.h"
#include "cpu/philox.h"

namespace pathex::cpu {

namespace {

class Bernoulli final : public core::Kernel {
 public:
  Bernoulli(const core::CallStep& step, const core::BernoulliAttributes& a)
      : noise_(step.inputs[0]), out_(step.outputs[0]), a_(a) {}

  core::Status run(const core::Bindings& b) override {
    const auto* noise = b.at<std::int32_t>(noise_);
    const auto key = static_cast<std::uint32_t>(noise[0]), step = static_cast<std::uint32_t>(noise[1]);
    const auto stream = static_cast<std::uint32_t>(a_.stream);
    float* y = b.at<float>(out_);
    core::forEachRange((a_.size + 3) / 4, 2048, [&](core::Range range) {
      for (std::size_t block = range.begin; block < range.end; ++block) {
        const std::uint64_t counter = block;
        const Words words = philox(
            {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), step, stream}, key, 0);
        const std::size_t count = std::min<std::size_t>(4, a_.size - 4 * block);
        for (std::size_t i = 0; i < count; ++i) y[4 * block + i] = words[i] < a_.threshold ? 1.0f : 0.0f;
      }
    });
    return {};
  }

  std::string implementation() const override { return "Philox by blocks of 4"; }

 private:
  std::size_t noise_, out_;
  core::BernoulliAttributes a_;
};

}  // namespace

Made makeBernoulli(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  return std::make_unique<Bernoulli>(step, std::get<core::BernoulliAttributes>(step.attributes));
}

}  // namespace pathex::cpu
