#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/status.h"
#include "cuda/library.h"

/// NVIDIA's run-time compiler: CUDA C to machine code of one architecture. The part of its API that pathex calls; the
/// library's own header is not needed to build.
using nvrtcProgram = struct _nvrtcProgram*;

namespace pathex::cuda {

/// Opens the compiler for everyone, and the library of its built-in functions beside it: a compiler that carries no
/// search path of its own (13.0 in NVIDIA's wheels) looks for that by its bare name, and finds what is open already.
core::Result<Library> openNvrtcLibrary();

struct Nvrtc {
  int (*nvrtcVersion)(int* major, int* minor);
  const char* (*nvrtcGetErrorString)(int result);
  int (*nvrtcCreateProgram)(nvrtcProgram* program, const char* source, const char* name, int headers,
                            const char* const* headerTexts, const char* const* headerNames);
  int (*nvrtcCompileProgram)(nvrtcProgram program, int count, const char* const* options);
  int (*nvrtcGetProgramLogSize)(nvrtcProgram program, std::size_t* size);
  int (*nvrtcGetProgramLog)(nvrtcProgram program, char* log);
  int (*nvrtcGetCUBINSize)(nvrtcProgram program, std::size_t* size);
  int (*nvrtcGetCUBIN)(nvrtcProgram program, char* cubin);
  int (*nvrtcDestroyProgram)(nvrtcProgram* program);

  /// Where the library was found, and its version.
  std::string path;
  int major = 0, minor = 0;

  /// The compiler of this process. A bad status says what is missing.
  static core::Result<const Nvrtc*> get();
  std::string version() const { return std::to_string(major) + "." + std::to_string(minor); }
  /// Machine code. A bad status holds the first error of the compiler's log.
  core::Result<std::vector<char>> compile(const std::string& source, const std::vector<std::string>& options) const;
};

}  // namespace pathex::cuda
