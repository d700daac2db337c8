#pragma once

#include <cstddef>
#include <utility>

#include "cuda/context.h"

/// Objects of the driver, each destroyed by its owner. All of them go before their context.
namespace pathex::cuda {

template <class Handle, int (*Driver::*destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(const Context& context) : driver_(&context.driver()) {}
  Owned(Owned&& other) noexcept : driver_(other.driver_), handle_(std::exchange(other.handle_, Handle{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(driver_, other.driver_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  // The result does not matter: what cannot be given back is gone already.
  ~Owned() {
    if (handle_ != Handle{}) (driver_->*destroy)(handle_);
  }

  Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != Handle{}; }
  /// Where a call of the driver writes the new object.
  Handle* receive() { return &handle_; }

 private:
  const Driver* driver_ = nullptr;
  Handle handle_{};
};

using Event = Owned<CUevent, &Driver::cuEventDestroy_v2>;
using Module = Owned<CUmodule, &Driver::cuModuleUnload>;
using Graph = Owned<CUgraph, &Driver::cuGraphDestroy>;
using GraphExec = Owned<CUgraphExec, &Driver::cuGraphExecDestroy>;
using DeviceBytes = Owned<CUdeviceptr, &Driver::cuMemFree_v2>;
/// Memory of the host that the GPU reads and writes by itself.
using PinnedBytes = Owned<void*, &Driver::cuMemFreeHost>;

inline core::Result<Event> makeEvent(Context& context, unsigned flags = value::CU_EVENT_DISABLE_TIMING) {
  Event event(context);
  if (core::Status s = context.call("cuEventCreate", &Driver::cuEventCreate, event.receive(), flags); !s.ok()) return s;
  return event;
}

/// Zero-filled, on the context's stream. No bytes need no memory: the address is 0.
core::Result<DeviceBytes> makeDeviceBytes(Context&, std::size_t bytes);
core::Result<PinnedBytes> makePinnedBytes(Context&, std::size_t bytes);

}  // namespace pathex::cuda
