#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/status.h"

/// Opaque types of the CUDA driver; the same names as in NVIDIA's cuda.h, which is not needed.
using CUdeviceptr = unsigned long long;
using CUstream = struct CUstream_st*;

namespace pathex::cuda {

/// Where everything lies: the plan's buffers by number, and a workspace that all steps share in turn. Addresses do not
/// change between runs, so that a captured graph stays valid.
struct Bindings {
  const CUdeviceptr* buffers = nullptr;
  CUdeviceptr workspace = 0;

  template <class T = void>
  T* at(std::size_t buffer) const {
    return reinterpret_cast<T*>(static_cast<std::uintptr_t>(buffers[buffer]));
  }
};

/// One step of a plan on the GPU, made ready at load: enqueueing decides nothing and allocates nothing, so it can be
/// captured into a graph.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual core::Status enqueue(const Bindings&, CUstream) = 0;
  virtual std::size_t workspaceBytes() const { return 0; }
  /// The implementation, for people and for tests: "cudnn engine 4, knobs ...", "3 launches".
  virtual std::string implementation() const = 0;
};

/// Of a step that has nothing to do, or that another one does as well.
class Nothing final : public Kernel {
 public:
  explicit Nothing(std::string why) : why_(std::move(why)) {}
  core::Status enqueue(const Bindings&, CUstream) override { return {}; }
  std::string implementation() const override { return why_; }

 private:
  std::string why_;
};

/// How products of float32 operands are computed. strict: float32 with fused multiply-add only; tf32: tensor cores on
/// operands rounded to 10 bits of mantissa; bf16: as strict, since the plan itself says which operands are bf16. Those
/// are multiplied on tensor cores whatever the precision, and added up in float32.
enum class Precision { strict, tf32, bf16 };

}  // namespace pathex::cuda
