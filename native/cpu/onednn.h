#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/kernel.h"
#include "cpu/onednn_compat.h"

namespace pathex::cpu::onednn {

/// Engine and stream of one device. Used by its worker thread only, whose OpenMP team every primitive runs on.
struct Context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

/// One argument of a primitive: which plan buffer it is, how that lies in our memory, and how the primitive wants it.
struct Operand {
  int argument;
  std::size_t buffer;
  memory::desc ours, wanted;
  bool written;
};

/// A primitive as a kernel: reorders operands into scratch and back where the primitive wants another layout.
class PrimitiveKernel final : public core::Kernel {
 public:
  PrimitiveKernel(const Context&, const dnnl::primitive&, std::string implementation, const memory::desc& scratchpad,
                  const std::vector<Operand>&);

  core::Status run(const core::Bindings&) override;
  std::size_t scratchBytes() const override { return scratchBytes_; }
  std::string implementation() const override { return implementation_; }

 private:
  struct Side {
    std::size_t buffer;
    memory ours;
    bool written;
    bool reordered = false;
    memory inner{};           // in scratch, when reordered
    std::size_t innerAt = 0;  // its offset there
    dnnl::reorder reorder{};
    memory reorderPad{};
  };
  void place(const core::Bindings&);

  Context context_;
  dnnl::primitive primitive_;
  std::string implementation_;
  std::vector<Side> sides_;
  memory scratchpad_;
  std::size_t scratchBytes_ = 0;
  std::byte* placed_ = nullptr;
  std::unordered_map<int, memory> arguments_;
};

/// What an exception of oneDNN means: DEVICE where memory is short, else NATIVE.
core::Status failureOf(const std::string& call, const dnnl::error&);

/// Runs a function that calls oneDNN and turns its exception into a Status that names the call.
template <class Make>
core::Result<std::unique_ptr<core::Kernel>> guarded(const std::string& call, const Make& make) {
  try {
    return make();
  } catch (const dnnl::error& e) {
    return failureOf(call, e);
  }
}

}  // namespace pathex::cpu::onednn
