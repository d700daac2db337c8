#include "cpu/module.h"

extern "C" __attribute__((visibility("default"))) const pathex::cpu::Module* pathex_cpu_module() {
  static constexpr pathex::cpu::Module module{&pathex::cpu::probe, &pathex::cpu::open};
  return &module;
}
