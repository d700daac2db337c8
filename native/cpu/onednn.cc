#include "cpu/onednn.h"

#include "core/memory.h"

namespace pathex::cpu::onednn {

using core::aligned;

std::string isa() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 BF16";
    default:
      break;
  }
  // Newer oneDNN knows more names than we can compile against; they are ordered by what they contain.
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto contains = [&](dnnl::cpu_isa other) {
    return (isa & static_cast<unsigned>(other)) == static_cast<unsigned>(other);
  };
  return contains(dnnl::cpu_isa::avx512_core) ? "AVX-512 and more"
         : contains(dnnl::cpu_isa::avx2)      ? "AVX2 and more"
                                              : "generic";
}

std::string nameOf(dnnl_status_t status) {
  switch (status) {
    case dnnl_success:
      return "success";
    case dnnl_out_of_memory:
      return "out of memory";
    case dnnl_invalid_arguments:
      return "invalid arguments";
    case dnnl_unimplemented:
      return "unimplemented";
    case dnnl_runtime_error:
      return "runtime error";
    default:
      return "status " + std::to_string(static_cast<int>(status));
  }
}

core::Status failureOf(const std::string& call, const dnnl::error& error) {
  const std::string said =
      "oneDNN " + version() + ": " + call + ": " + nameOf(error.status) + " (" + error.what() + ")";
  if (error.status == dnnl_out_of_memory) return {core::Code::device, said + "; use a smaller batch"};
  return {core::Code::native, said};
}

PrimitiveKernel::PrimitiveKernel(const Context& context, const dnnl::primitive& primitive, std::string implementation,
                                 const memory::desc& scratchpad, const std::vector<Operand>& operands)
    : context_(context), primitive_(primitive), implementation_(std::move(implementation)) {
  const dnnl::engine& engine = context_.engine;
  scratchpad_ = memory(scratchpad, engine, DNNL_MEMORY_NONE);
  scratchBytes_ = aligned(scratchpad.get_size());
  std::size_t reorderPad = 0;
  for (const Operand& o : operands) {
    Side side{.buffer = o.buffer, .ours = memory(o.ours, engine, DNNL_MEMORY_NONE), .written = o.written};
    if (o.ours != o.wanted) {
      side.reordered = true;
      side.innerAt = scratchBytes_;
      side.inner = memory(o.wanted, engine, DNNL_MEMORY_NONE);
      scratchBytes_ += aligned(o.wanted.get_size());
      const dnnl::reorder::primitive_desc pd(engine, o.written ? o.wanted : o.ours, engine,
                                             o.written ? o.ours : o.wanted, userScratchpad());
      side.reorder = dnnl::reorder(pd);
      side.reorderPad = memory(pd.scratchpad_desc(), engine, DNNL_MEMORY_NONE);
      reorderPad = std::max(reorderPad, pd.scratchpad_desc().get_size());
    }
    arguments_.emplace(o.argument, side.reordered ? side.inner : side.ours);
    sides_.push_back(std::move(side));
  }
  // Reorders run before and after the primitive, so they may use the primitive's own scratchpad.
  if (reorderPad > scratchpad.get_size()) {
    const std::size_t more = aligned(reorderPad) - aligned(scratchpad.get_size());
    for (Side& side : sides_) side.innerAt += more;
    scratchBytes_ += more;
  }
  arguments_.emplace(DNNL_ARG_SCRATCHPAD, scratchpad_);
}

void PrimitiveKernel::place(const core::Bindings& b) {
  for (Side& side : sides_) side.ours.set_data_handle(b.buffers[side.buffer]);
  if (placed_ == b.scratch) return;
  placed_ = b.scratch;
  scratchpad_.set_data_handle(b.scratch);
  for (Side& side : sides_) {
    if (!side.reordered) continue;
    side.inner.set_data_handle(b.scratch + side.innerAt);
    side.reorderPad.set_data_handle(b.scratch);
  }
}

core::Status PrimitiveKernel::run(const core::Bindings& b) {
  try {
    place(b);
    const auto reorder = [&](Side& s, memory& from, memory& to) {
      s.reorder.execute(context_.stream,
                        {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, s.reorderPad}});
    };
    for (Side& s : sides_) {
      if (s.reordered && !s.written) reorder(s, s.ours, s.inner);
    }
    primitive_.execute(context_.stream, arguments_);
    for (Side& s : sides_) {
      if (s.reordered && s.written) reorder(s, s.inner, s.ours);
    }
    context_.stream.wait();
    return {};
  } catch (const dnnl::error& e) {
    return failureOf("execute", e);
  }
}

}  // namespace pathex::cpu::onednn
