#include "cpu/kernels.h"

namespace pathex::cpu {

Made makeMatmul(const onednn::Context& context, const core::Plan&, const core::CallStep& step) {
  using dnnl::memory;
  const auto& a = std::get<core::MatmulAttributes>(step.attributes);
  const auto matrix = [](std::int64_t rows, std::int64_t columns, bool transposed) {
    const memory::dims strides = transposed ? memory::dims{1, rows} : memory::dims{columns, 1};
    return memory::desc({rows, columns}, memory::data_type::f32, strides);
  };
  return onednn::guarded("matmul", [&]() -> Made {
    const memory::desc left = matrix(a.m, a.k, a.transposeA), right = matrix(a.k, a.n, a.transposeB);
    const memory::desc out = matrix(a.m, a.n, false);
    const auto pd = onednn::matmul(context.engine, left, right, out);
    return std::make_unique<onednn::PrimitiveKernel>(
        context, dnnl::matmul(pd), pd.impl_info_str(), pd.scratchpad_desc(),
        std::vector<onednn::Operand>{{DNNL_ARG_SRC, step.inputs[0], left, left, false},
                                     {DNNL_ARG_WEIGHTS, step.inputs[1], right, right, false},
                                     {DNNL_ARG_DST, step.outputs[0], out, out, true}});
  });
}

}  // namespace pathex::cpu
