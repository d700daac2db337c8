#include <algorithm>

#include "core/parallel.h"
#include "cpu/sparse/sparse.h"

/// Both directions of images for any geometry and processor. Each row of a result is formed by one thread, weight after
/// weight in their order, so that results do not depend on the number of threads.
namespace pathex::cpu::sparse {

namespace {

class Portable : public core::Kernel {
 public:
  Portable(const core::CallStep& step, const Attributes& attributes, std::vector<Place> places)
      : in_(step.inputs[0]),
        values_(step.inputs[1]),
        out_(step.outputs[0]),
        a_(attributes),
        places_(std::move(places)) {}
  std::string implementation() const override { return "sparse:portable"; }

 protected:
  /// Zeros `rows` rows of `width` numbers and calls make(row) for each, on all threads.
  template <class Make>
  void eachRow(float* out, std::int64_t rows, std::int64_t width, const Make& make) const {
    const std::size_t work = 1 + places_.size() * static_cast<std::size_t>(a_.ow);
    core::forEachRange(static_cast<std::size_t>(rows), 1 + 65536 / work, [&](core::Range range) {
      const auto begin = static_cast<std::int64_t>(range.begin), end = static_cast<std::int64_t>(range.end);
      std::fill(out + begin * width, out + end * width, 0.0f);
      for (std::int64_t row = begin; row < end; ++row) make(row);
    });
  }

  const std::size_t in_, values_, out_;
  const Attributes a_;
  const std::vector<Place> places_;
};

class Forward final : public Portable {
 public:
  using Portable::Portable;

  core::Status run(const core::Bindings& b) override {
    const float *x = b.at<float>(in_), *values = b.at<float>(values_);
    float* y = b.at<float>(out_);
    eachRow(y, a_.n * a_.oh, a_.ow * a_.f, [&](std::int64_t row) {
      const std::int64_t image = row / a_.oh, p = row % a_.oh;
      for (std::size_t k = 0; k < places_.size(); ++k) {
        const std::int64_t r = p * a_.stride[0] + rowOffset(a_, places_[k]);
        if (r < 0 || r >= a_.h) continue;
        eachPair(a_, places_[k], image * a_.h + r, row, [&](std::int64_t i, std::int64_t j) {
          y[j] += x[i] * values[k];
        });
      }
    });
    return {};
  }
};

class InputGrad final : public Portable {
 public:
  using Portable::Portable;

  core::Status run(const core::Bindings& b) override {
    const float *dy = b.at<float>(in_), *values = b.at<float>(values_);
    float* dx = b.at<float>(out_);
    eachRow(dx, a_.n * a_.h, a_.w * a_.c, [&](std::int64_t row) {
      const std::int64_t image = row / a_.h, r = row % a_.h;
      for (std::size_t k = 0; k < places_.size(); ++k) {
        const std::int64_t from = r - rowOffset(a_, places_[k]), p = from / a_.stride[0];
        if (from < 0 || from % a_.stride[0] != 0 || p >= a_.oh) continue;
        eachPair(a_, places_[k], row, image * a_.oh + p, [&](std::int64_t i, std::int64_t j) {
          dx[i] += dy[j] * values[k];
        });
      }
    });
    return {};
  }
};

}  // namespace

std::unique_ptr<core::Kernel> makePortableForward(const core::CallStep& step, const Attributes& a,
                                                  std::vector<Place> places) {
  return std::make_unique<Forward>(step, a, std::move(places));
}

std::unique_ptr<core::Kernel> makePortableInputGrad(const core::CallStep& step, const Attributes& a,
                                                    std::vector<Place> places) {
  return std::make_unique<InputGrad>(step, a, std::move(places));
}

}  // namespace pathex::cpu::sparse
