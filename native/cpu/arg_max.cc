#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

class ArgMax final : public core::Kernel {
 public:
  ArgMax(const core::CallStep& step, const core::ArgMaxAttributes& a)
      : in_(step.inputs[0]), out_(step.outputs[0]), rows_(a.rows), width_(static_cast<std::size_t>(a.width)) {}

  core::Status run(const core::Bindings& b) override {
    const float* x = b.at<float>(in_);
    auto* y = b.at<std::int32_t>(out_);
    core::forEachRange(rows_, 1 + 16384 / width_, [&](core::Range rows) {
      for (std::size_t r = rows.begin; r < rows.end; ++r) {
        const float* row = x + r * width_;
        std::size_t best = 0;
        for (std::size_t i = 1; i < width_; ++i) best = row[i] > row[best] ? i : best;
        y[r] = static_cast<std::int32_t>(best);
      }
    });
    return {};
  }

  std::string implementation() const override { return "row by row"; }

 private:
  std::size_t in_, out_, rows_, width_;
};

}  // namespace

Made makeArgMax(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  return std::make_unique<ArgMax>(step, std::get<core::ArgMaxAttributes>(step.attributes));
}

}  // namespace pathex::cpu
