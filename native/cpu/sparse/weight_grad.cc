#include "core/parallel.h"
#include "cpu/sparse/sparse.h"

namespace pathex::cpu::sparse {

namespace {

/// The gradient of each weight that exists, for any geometry and processor. A sum is formed by one thread.
class WeightGrad final : public core::Kernel {
 public:
  WeightGrad(const core::CallStep& step, const Attributes& attributes, std::vector<Place> places)
      : x_(step.inputs[0]), dy_(step.inputs[1]), out_(step.outputs[0]), a_(attributes), places_(std::move(places)) {}
  std::string implementation() const override { return "sparse:portable"; }

  core::Status run(const core::Bindings& b) override {
    const float *x = b.at<float>(x_), *dy = b.at<float>(dy_);
    float* out = b.at<float>(out_);
    core::forEachRange(places_.size(), 1, [&](core::Range range) {
      for (std::size_t k = range.begin; k < range.end; ++k) out[k] = static_cast<float>(sum(x, dy, places_[k]));
    });
    return {};
  }

 private:
  double sum(const float* x, const float* dy, const Place& place) const {
    const Span rows = spanOf(a_.h, a_.oh, a_.stride[0], rowOffset(a_, place));
    double total = 0;
    for (std::int64_t image = 0; image < a_.n; ++image) {
      std::int64_t r = rows.x;
      for (std::int64_t p = rows.begin; p < rows.end; ++p, r += a_.stride[0]) {
        eachPair(a_, place, image * a_.h + r, image * a_.oh + p,
                 [&](std::int64_t i, std::int64_t j) { total += double{x[i]} * double{dy[j]}; });
      }
    }
    return total;
  }

  const std::size_t x_, dy_, out_;
  const Attributes a_;
  const std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<core::Kernel> makePortableWeightGrad(const core::CallStep& step, const Attributes& a,
                                                     std::vector<Place> places) {
  return std::make_unique<WeightGrad>(step, a, std::move(places));
}

}  // namespace pathex::cpu::sparse
