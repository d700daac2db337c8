#pragma once

#include <memory>
#include <string>

#include "core/device_code.h"
#include "cuda/cubin_cache.h"
#include "cuda/kernel.h"
#include "cuda/nvrtc.h"
#include "cuda/owned.h"

namespace pathex::cuda {

/// The compiled source of a plan in a context, from which its launches are made.
class Program {
 public:
  /// Compiles for the context's GPU, or takes the code from the cache.
  static core::Result<Program> make(Context&, const Nvrtc&, const CubinCache&, const std::string& source);

  /// The launches of one step; `program` has to outlive them. `how` ends the implementation's name.
  core::Result<std::unique_ptr<Kernel>> launches(Context&, const std::vector<core::Launch>&,
                                                 std::string how = "") const;

 private:
  explicit Program(Module module) : module_(std::move(module)) {}
  Module module_;
};

}  // namespace pathex::cuda
