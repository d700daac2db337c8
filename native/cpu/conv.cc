#include <algorithm>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/direct/direct.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

/// The three descriptors of a convolution. Logical dimensions are oneDNN's (nchw, oihw) whatever the layout.
struct Descriptors {
  memory::desc x, w, y;
};

memory::desc describe(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

Descriptors descriptors(const core::ConvAttributes& a, Tag activations, Tag weights) {
  return {describe({a.n, a.c, a.h, a.w}, activations), describe({a.f, a.c, a.kh, a.kw}, weights),
          describe({a.n, a.f, a.oh, a.ow}, activations)};
}

onednn::ConvGeometry geometryOf(const core::ConvAttributes& a) {
  // The trailing edges follow from the output size: a stride may leave rows of the given padding unread.
  const auto high = [&](std::int64_t in, std::int64_t out, std::int64_t kernel, int axis) {
    return (out - 1) * a.stride[axis] + (kernel - 1) * a.dilation[axis] + 1 - in - a.padding[axis];
  };
  return {{a.stride[0], a.stride[1]},
          {a.dilation[0] - 1, a.dilation[1] - 1},
          {a.padding[0], a.padding[1]},
          {high(a.h, a.oh, a.kh, 0), high(a.w, a.ow, a.kw, 1)}};
}

bool isReference(const std::string& implementation) {
  return implementation.find("ref") != std::string::npos;
}

/// Builds one candidate: kernel with the primitive of `kind` on descriptors that `wanted` asks for.
std::unique_ptr<core::Kernel> candidate(const onednn::Context& context, const core::CallStep& step,
                                        const core::ConvAttributes& a, const Descriptors& wanted) {
  const Descriptors ours = descriptors(a, Tag::nhwc, Tag::ohwi);
  const onednn::ConvGeometry geometry = geometryOf(a);
  const auto forward = onednn::convForward(context.engine, wanted.x, wanted.w, wanted.y, geometry);
  const auto kernel = [&](const auto& pd, const dnnl::primitive& primitive, std::vector<onednn::Operand> operands) {
    return std::make_unique<onednn::PrimitiveKernel>(context, primitive, pd.impl_info_str(), pd.scratchpad_desc(),
                                                     operands);
  };
  const std::size_t first = step.inputs[0], second = step.inputs[1], out = step.outputs[0];
  if (step.kernel == core::Call::conv2d) {
    return kernel(forward, dnnl::convolution_forward(forward),
                  {{DNNL_ARG_SRC, first, ours.x, forward.src_desc(), false},
                   {DNNL_ARG_WEIGHTS, second, ours.w, forward.weights_desc(), false},
                   {DNNL_ARG_DST, out, ours.y, forward.dst_desc(), true}});
  }
  if (step.kernel == core::Call::conv2dInputGrad) {
    const auto pd = onednn::convInputGrad(context.engine, wanted.x, wanted.w, wanted.y, geometry, forward);
    return kernel(pd, dnnl::convolution_backward_data(pd),
                  {{DNNL_ARG_DIFF_DST, first, ours.y, pd.diff_dst_desc(), false},
                   {DNNL_ARG_WEIGHTS, second, ours.w, pd.weights_desc(), false},
                   {DNNL_ARG_DIFF_SRC, out, ours.x, pd.diff_src_desc(), true}});
  }
  const auto pd = onednn::convWeightGrad(context.engine, wanted.x, wanted.w, wanted.y, geometry, forward);
  return kernel(pd, dnnl::convolution_backward_weights(pd),
                {{DNNL_ARG_SRC, first, ours.x, pd.src_desc(), false},
                 {DNNL_ARG_DIFF_DST, second, ours.y, pd.diff_dst_desc(), false},
                 {DNNL_ARG_DIFF_WEIGHTS, out, ours.w, pd.diff_weights_desc(), true}});
}

/// A strided 1x1 weight gradient as one of stride 1 over the rows and columns of x that it reads. oneDNN 2.6.3 on
/// AVX-512 does the same inside, but in blocks of 16 channels, and reads what it never wrote where x has fewer. The
/// last row it reads, (oh - 1) * stride, lies inside x, since oh is what checkOperands derives from h.
class Subsampled final : public core::Kernel {
 public:
  Subsampled(const core::ConvAttributes& a, std::size_t x, std::size_t buffers, std::unique_ptr<core::Kernel> dense)
      : a_(a), x_(x), buffers_(buffers), dense_(std::move(dense)) {}

  static bool suits(const core::CallStep& step, const core::ConvAttributes& a) {
    const bool strided = a.stride[0] != 1 || a.stride[1] != 1;
    return step.kernel == core::Call::conv2dWeightGrad && a.kh == 1 && a.kw == 1 && strided && a.c % 16 != 0 &&
           a.padding == core::Edges{};
  }
  static core::ConvAttributes denseAttributes(core::ConvAttributes a) {
    a.h = a.oh;
    a.w = a.ow;
    a.stride = {1, 1};
    return a;
  }

  core::Status run(const core::Bindings& b) override {
    const float* from = b.at<float>(x_);
    std::byte* const rest = b.scratch + packedBytes();
    auto* const packed = reinterpret_cast<float*>(b.scratch);
    const std::int64_t c = a_.c, row = a_.ow * c;
    core::forEachRange(static_cast<std::size_t>(a_.n * a_.oh), 16, [&](core::Range range) {
      for (auto r = static_cast<std::int64_t>(range.begin); r < static_cast<std::int64_t>(range.end); ++r) {
        const float* line = from + ((r / a_.oh * a_.h + r % a_.oh * a_.stride[0]) * a_.w) * c;
        for (std::int64_t q = 0; q < a_.ow; ++q) std::copy_n(line + q * a_.stride[1] * c, c, packed + r * row + q * c);
      }
    });
    std::copy_n(b.buffers, buffers_.size(), buffers_.begin());
    buffers_[x_] = b.scratch;
    return dense_->run({buffers_.data(), rest});
  }
  std::size_t scratchBytes() const override { return packedBytes() + dense_->scratchBytes(); }
  std::string implementation() const override { return "subsampled " + dense_->implementation(); }

 private:
  std::size_t packedBytes() const {
    return core::aligned(static_cast<std::size_t>(a_.n * a_.oh * a_.ow * a_.c) * sizeof(float));
  }

  core::ConvAttributes a_;
  std::size_t x_;
  std::vector<std::byte*> buffers_;
  std::unique_ptr<core::Kernel> dense_;
};

Made makeDense(const onednn::Context& context, const core::CallStep& step, const core::ConvAttributes& a) {
  if (auto kernel = direct::select(step, a)) return kernel;
  // Activations stay as they lie where a fast implementation takes them so; otherwise they are reordered.
  Made plain = onednn::guarded(
      core::nameOf(step.kernel), [&]() -> Made { return candidate(context, step, a, descriptors(a, Tag::nhwc, Tag::any)); });
  if (plain.ok() && !isReference(plain.value()->implementation())) return plain;
  Made chosen = onednn::guarded(
      core::nameOf(step.kernel), [&]() -> Made { return candidate(context, step, a, descriptors(a, Tag::any, Tag::any)); });
  if (!chosen.ok()) return plain;
  if (plain.ok() && isReference(chosen.value()->implementation())) return plain;
  return chosen;
}

}  // namespace

Made makeConv(const onednn::Context& context, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<core::ConvAttributes>(step.attributes);
  if (!Subsampled::suits(step, a)) return makeDense(context, step, a);
  Made dense = makeDense(context, step, Subsampled::denseAttributes(a));
  if (!dense.ok()) return dense;
  return std::make_unique<Subsampled>(a, step.inputs[0], plan.buffers.size(), std::move(dense.value()));
}

}  // namespace pathex::cpu
