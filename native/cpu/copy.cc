#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

struct Axis {
  std::int64_t extent, src, dst;
};

/// Drops axes of one element and joins neighbours that are walked as one.
std::vector<Axis> simplified(const core::CopyAttributes& a) {
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < a.dims.size(); ++i) {
    const Axis axis{static_cast<std::int64_t>(a.dims[i]), a.srcStrides[i], a.dstStrides[i]};
    if (axis.extent == 1) continue;
    if (!axes.empty() && axes.back().src == axis.src * axis.extent && axes.back().dst == axis.dst * axis.extent) {
      axes.back() = {axes.back().extent * axis.extent, axis.src, axis.dst};
    } else {
      axes.push_back(axis);
    }
  }
  return axes;
}

template <class T>
void copyRun(T* dst, const T* src, const Axis& a) {
  if (a.src == 1 && a.dst == 1) {
    std::memcpy(dst, src, static_cast<std::size_t>(a.extent) * sizeof(T));
    return;
  }
  for (std::int64_t i = 0; i < a.extent; ++i) dst[i * a.dst] = src[i * a.src];
}

template <class T>
class Copy final : public core::Kernel {
 public:
  Copy(const core::CallStep& step, const core::CopyAttributes& a)
      : in_(step.inputs[0]), out_(step.outputs[0]), srcOffset_(a.srcOffset), dstOffset_(a.dstOffset) {
    outer_ = simplified(a);
    if (!outer_.empty()) {
      run_ = outer_.back();
      outer_.pop_back();
    }
    for (const Axis& axis : outer_) runs_ *= static_cast<std::size_t>(axis.extent);
  }

  core::Status run(const core::Bindings& b) override {
    const T* src = b.at<T>(in_) + srcOffset_;
    T* dst = b.at<T>(out_) + dstOffset_;
    const std::size_t grain = 1 + 16384 / static_cast<std::size_t>(run_.extent);
    core::forEachRange(runs_, grain, [&](core::Range range) {
      for (std::size_t r = range.begin; r < range.end; ++r) {
        std::int64_t from = 0, to = 0;
        std::size_t rest = r;
        for (std::size_t k = outer_.size(); k-- > 0;) {
          const auto i = static_cast<std::int64_t>(rest % static_cast<std::size_t>(outer_[k].extent));
          rest /= static_cast<std::size_t>(outer_[k].extent);
          from += i * outer_[k].src;
          to += i * outer_[k].dst;
        }
        copyRun(dst + to, src + from, run_);
      }
    });
    return {};
  }

  std::string implementation() const override {
    return std::to_string(runs_) + " runs of " + std::to_string(run_.extent);
  }

 private:
  std::size_t in_, out_;
  std::int64_t srcOffset_, dstOffset_;
  std::vector<Axis> outer_;
  Axis run_{1, 1, 1};
  std::size_t runs_ = 1;
};

template <class T>
class Fill final : public core::Kernel {
 public:
  Fill(std::size_t out, std::size_t count, double value) : out_(out), count_(count), value_(static_cast<T>(value)) {}
  core::Status run(const core::Bindings& b) override {
    T* y = b.at<T>(out_);
    core::forEachRange(count_, 65536, [&](core::Range r) { std::fill(y + r.begin, y + r.end, value_); });
    return {};
  }
  std::string implementation() const override { return "fill"; }

 private:
  std::size_t out_, count_;
  T value_;
};

class Nothing final : public core::Kernel {
 public:
  core::Status run(const core::Bindings&) override { return {}; }
  std::string implementation() const override { return "nothing to do"; }
};

}  // namespace

Made makeCopy(const onednn::Context&, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<core::CopyAttributes>(step.attributes);
  if (std::find(a.dims.begin(), a.dims.end(), std::size_t{0}) != a.dims.end()) return std::make_unique<Nothing>();
  if (plan.buffers[step.inputs[0]].dtype == core::StorageType::u8) return std::make_unique<Copy<std::uint8_t>>(step, a);
  return std::make_unique<Copy<std::uint32_t>>(step, a);
}

Made makeFill(const onednn::Context&, const core::Plan& plan, const core::CallStep& step) {
  const double value = std::get<core::FillAttributes>(step.attributes).value;
  const std::size_t out = step.outputs[0], count = plan.buffers[out].elements();
  switch (plan.buffers[out].dtype) {
    case core::StorageType::f32:
      return std::make_unique<Fill<float>>(out, count, value);
    case core::StorageType::bf16:
      break;  // the device refuses such plans
    case core::StorageType::i32:
      return std::make_unique<Fill<std::int32_t>>(out, count, value);
    case core::StorageType::u8:
      return std::make_unique<Fill<std::uint8_t>>(out, count, value);
  }
  return core::planError("fill: unknown element type");
}

}  // namespace pathex::cpu
