#pragma once

#include "cpu/backend.h"
#include "cpu/device.h"

/// The kernels of the cpu device are built once for each level of instruction sets, each time into a library of its own,
/// of which the addon opens the one that this processor can run. See Note [Levels].
namespace pathex::cpu {

/// What such a library gives.
struct Module {
  Probe (*probeMachine)();
  core::Result<std::unique_ptr<core::Device>> (*openDevice)(int threads, core::StopFlag stop);
};

/// `isForced`: the level was asked for, so that oneDNN must keep to it, too, unless it has a limit of its own.
using ModuleEntry = const Module* (*)(bool isForced);

/// The one function that it exports.
constexpr const char* moduleEntry = "pathex_cpu_module";

}  // namespace pathex::cpu

// Note [Levels]
// Compiling single functions for wider instruction sets is not enough: an inline function or a template that two files
// share is kept once by the linker, in the version of whichever file came first, and then everybody runs AVX-512 code.
// Libraries with hidden symbols, opened with RTLD_LOCAL, cannot mix. Their border is `Module`: objects with virtual
// functions and values of the standard library cross it (one compiler and one libstdc++ on both sides), exceptions do
// not: the device's functions answer with a Status.
