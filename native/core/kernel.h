#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

/// Where everything lies during one run: the plan's buffers by number, and scratch that all steps share in turn.
struct Bindings {
  std::byte* const* buffers = nullptr;
  std::byte* scratch = nullptr;

  template <class T>
  T* at(std::size_t buffer) const {
    return reinterpret_cast<T*>(buffers[buffer]);
  }
};

/// One step, made ready at load: a run decides nothing and allocates nothing.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual Status run(const Bindings&) = 0;
  virtual std::size_t scratchBytes() const { return 0; }
  /// The implementation, for people and for tests: "jit:avx2", "rows 64 x 16".
  virtual std::string implementation() const = 0;
};

/// Makes kernels for the steps of a plan. A backend implements it.
class KernelFactory {
 public:
  virtual ~KernelFactory() = default;
  virtual Result<std::unique_ptr<Kernel>> make(const Plan&, const Step&) = 0;
};

}  // namespace pathex::core
