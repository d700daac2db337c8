#include <cstring>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

using core::PoolAttributes;

struct Window {
  std::int64_t top, bottom, left, right;  // rows top..bottom-1, columns left..right-1 of the image
};

/// Geometry of one pool: whole vectors of channels are handled at a time, images are independent of each other.
class Pool : public core::Kernel {
 public:
  Pool(const core::CallStep& step, const PoolAttributes& a)
      : in(step.inputs), out(step.outputs), c(static_cast<std::size_t>(a.c)), a_(a) {}

  std::string implementation() const override { return "channels x " + std::to_string(c); }

 protected:
  /// visit(place of the window's result, window) for all windows of an image, in row-major order.
  template <class Visit>
  void eachWindow(std::size_t image, const Visit& visit) const {
    for (std::int64_t p = 0; p < a_.oh; ++p) eachWindowOfRow(image, p, visit);
  }

  template <class Visit>
  void eachWindowOfRow(std::size_t image, std::int64_t p, const Visit& visit) const {
    const auto clip = [](std::int64_t v, std::int64_t top) { return v < 0 ? 0 : v > top ? top : v; };
    const std::int64_t y = p * a_.stride[0] - a_.padding[0];
    for (std::int64_t q = 0; q < a_.ow; ++q) {
      const std::int64_t x = q * a_.stride[1] - a_.padding[1];
      visit(((image * static_cast<std::size_t>(a_.oh) + static_cast<std::size_t>(p)) * static_cast<std::size_t>(a_.ow) +
             static_cast<std::size_t>(q)) *
                c,
            Window{clip(y, a_.h), clip(y + a_.window[0], a_.h), clip(x, a_.w), clip(x + a_.window[1], a_.w)});
    }
  }

  /// visit(offset of channel 0) for the window's elements, in row-major order.
  template <class Visit>
  void eachElement(std::size_t image, const Window& w, const Visit& visit) const {
    for (std::int64_t y = w.top; y < w.bottom; ++y) {
      const std::size_t row =
          (image * static_cast<std::size_t>(a_.h) + static_cast<std::size_t>(y)) * static_cast<std::size_t>(a_.w);
      for (std::int64_t x = w.left; x < w.right; ++x) visit((row + static_cast<std::size_t>(x)) * c);
    }
  }

  /// Calls body(image, row) for all rows of outputs.
  template <class Body>
  void eachRow(const Body& body) const {
    const auto rows = static_cast<std::size_t>(a_.n * a_.oh);
    const std::size_t work = static_cast<std::size_t>(a_.ow * a_.window[0] * a_.window[1]) * c;
    core::forEachRange(rows, 1 + 16384 / (work + 1), [&](core::Range range) {
      for (std::size_t r = range.begin; r < range.end; ++r) {
        body(r / static_cast<std::size_t>(a_.oh), static_cast<std::int64_t>(r % static_cast<std::size_t>(a_.oh)));
      }
    });
  }

  /// Calls body(image); for kernels whose windows write where others do.
  template <class Body>
  void eachImage(const Body& body) const {
    const std::size_t work = static_cast<std::size_t>(a_.h * a_.w) * c;
    core::forEachRange(static_cast<std::size_t>(a_.n), 1 + 8192 / (work + 1), [&](core::Range range) {
      for (std::size_t image = range.begin; image < range.end; ++image) body(image);
    });
  }

  std::size_t imageElements() const { return static_cast<std::size_t>(a_.h * a_.w) * c; }

  /// The offsets of each channel's first largest element go to `best`; a NaN wins. `top` is room for c floats.
  void argMax(std::size_t image, const Window& w, const float* x, float* top, std::int32_t* best) const {
    bool first = true;
    const std::size_t base = image * imageElements();
    eachElement(image, w, [&](std::size_t at) {
      const float* v = x + at;
      const auto here = static_cast<std::int32_t>(at - base);
      if (first) {
        first = false;
        for (std::size_t k = 0; k < c; ++k) top[k] = v[k], best[k] = here;
        return;
      }
#pragma omp simd
      for (std::size_t k = 0; k < c; ++k) {
        const float t = top[k], u = v[k];
        const bool wins = u > t || (u != u && t == t);
        top[k] = wins ? u : t;
        best[k] = wins ? here : best[k];
      }
    });
  }

  std::size_t choiceBytes() const {
    return core::aligned(c * 8) * core::threadCount();
  }
  float* topOf(const core::Bindings& b) const {
    return reinterpret_cast<float*>(b.scratch + core::threadIndex() * core::aligned(c * 8));
  }
  std::int32_t* bestOf(const core::Bindings& b) const {
    return reinterpret_cast<std::int32_t*>(topOf(b) + c);
  }

  const std::vector<std::size_t> in, out;
  const std::size_t c;

 private:
  const PoolAttributes a_;
};

class MaxPool final : public Pool {
 public:
  using Pool::Pool;
  core::Status run(const core::Bindings& b) override {
    const float* x = b.at<float>(in[0]);
    float* y = b.at<float>(out[0]);
    eachRow([&](std::size_t image, std::int64_t row) {
      eachWindowOfRow(image, row, [&](std::size_t place, const Window& w) {
        float* to = y + place;
        bool first = true;
        eachElement(image, w, [&](std::size_t at) {
          const float* v = x + at;
          if (first) {
            first = false;
            std::memcpy(to, v, c * sizeof(float));
            return;
          }
#pragma omp simd
          for (std::size_t k = 0; k < c; ++k) {
            const float most = v[k] > to[k] ? v[k] : to[k];
            to[k] = v[k] != v[k] ? v[k] : most;
          }
        });
      });
    });
    return {};
  }
};

class MaxPoolGather final : public Pool {
 public:
  using Pool::Pool;
  std::size_t scratchBytes() const override { return choiceBytes(); }
  core::Status run(const core::Bindings& b) override {
    const float *x = b.at<float>(in[0]), *v = b.at<float>(in[1]);
    float* y = b.at<float>(out[0]);
    eachRow([&](std::size_t image, std::int64_t row) {
      std::int32_t* best = bestOf(b);
      const float* from = v + image * imageElements();
      eachWindowOfRow(image, row, [&](std::size_t place, const Window& w) {
        argMax(image, w, x, topOf(b), best);
        for (std::size_t k = 0; k < c; ++k) y[place + k] = from[static_cast<std::size_t>(best[k]) + k];
      });
    });
    return {};
  }
};

class MaxPoolScatter final : public Pool {
 public:
  using Pool::Pool;
  std::size_t scratchBytes() const override { return choiceBytes(); }
  core::Status run(const core::Bindings& b) override {
    const float *x = b.at<float>(in[0]), *dy = b.at<float>(in[1]);
    float* dx = b.at<float>(out[0]);
    eachImage([&](std::size_t image) {
      std::int32_t* best = bestOf(b);
      float* to = dx + image * imageElements();
      std::memset(to, 0, imageElements() * sizeof(float));
      eachWindow(image, [&](std::size_t place, const Window& w) {
        argMax(image, w, x, topOf(b), best);
        for (std::size_t k = 0; k < c; ++k) to[static_cast<std::size_t>(best[k]) + k] += dy[place + k];
      });
    });
    return {};
  }
};

class SumPool final : public Pool {
 public:
  using Pool::Pool;
  core::Status run(const core::Bindings& b) override {
    const float* x = b.at<float>(in[0]);
    float* y = b.at<float>(out[0]);
    eachRow([&](std::size_t image, std::int64_t row) {
      eachWindowOfRow(image, row, [&](std::size_t place, const Window& w) {
        float* to = y + place;
        std::memset(to, 0, c * sizeof(float));
        eachElement(image, w, [&](std::size_t at) {
          const float* v = x + at;
#pragma omp simd
          for (std::size_t k = 0; k < c; ++k) to[k] += v[k];
        });
      });
    });
    return {};
  }
};

class SumPoolGrad final : public Pool {
 public:
  using Pool::Pool;
  core::Status run(const core::Bindings& b) override {
    const float* dy = b.at<float>(in[0]);
    float* dx = b.at<float>(out[0]);
    eachImage([&](std::size_t image) {
      std::memset(dx + image * imageElements(), 0, imageElements() * sizeof(float));
      eachWindow(image, [&](std::size_t place, const Window& w) {
        const float* from = dy + place;
        eachElement(image, w, [&](std::size_t at) {
          float* to = dx + at;
#pragma omp simd
          for (std::size_t k = 0; k < c; ++k) to[k] += from[k];
        });
      });
    });
    return {};
  }
};

}  // namespace

Made makePool(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  const auto& a = std::get<PoolAttributes>(step.attributes);
  switch (step.kernel) {
    case core::Call::maxPool:
      return std::make_unique<MaxPool>(step, a);
    case core::Call::maxPoolGather:
      return std::make_unique<MaxPoolGather>(step, a);
    case core::Call::maxPoolScatter:
      return std::make_unique<MaxPoolScatter>(step, a);
    case core::Call::sumPool:
      return std::make_unique<SumPool>(step, a);
    default:
      return std::make_unique<SumPoolGrad>(step, a);
  }
}

}  // namespace pathex::cpu
