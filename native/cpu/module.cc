#include "cpu/module.h"

#include <cstdlib>

namespace {

/// oneDNN chooses by the processor. Where a level was asked for, it is to be what runs, as on a processor of that level.
void keepToLevel() {
  for (const char* limit : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    if (std::getenv(limit) != nullptr) return;
  }
#if defined(__AVX512F__)
  // the widest there is
#elif defined(__AVX2__)
  static_cast<void>(dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2));
#elif defined(__x86_64__)
  static_cast<void>(dnnl::set_max_cpu_isa(dnnl::cpu_isa::sse41));
#endif
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const pathex::cpu::Module* pathex_cpu_module(bool isForced) {
  static constexpr pathex::cpu::Module module{&pathex::cpu::probe, &pathex::cpu::open};
  if (isForced) keepToLevel();
  return &module;
}
