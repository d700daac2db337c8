#include "cuda/owned.h"

namespace pathex::cuda {

core::Result<DeviceBytes> makeDeviceBytes(Context& context, std::size_t bytes) {
  DeviceBytes made(context);
  if (bytes == 0) return made;
  if (core::Status s = context.call("cuMemAlloc", &Driver::cuMemAlloc_v2, made.receive(), bytes); !s.ok()) {
    return core::Status(core::Code::device,
                        "no memory for " + std::to_string(bytes) + " bytes: " + s.message() + "; use a smaller batch");
  }
  core::Status s = context.call("cuMemsetD8Async", &Driver::cuMemsetD8Async, made.get(), static_cast<unsigned char>(0),
                                bytes, context.stream());
  if (!s.ok()) return s;
  return made;
}

core::Result<PinnedBytes> makePinnedBytes(Context& context, std::size_t bytes) {
  PinnedBytes made(context);
  if (bytes == 0) return made;
  core::Status s = context.call("cuMemHostAlloc", &Driver::cuMemHostAlloc, made.receive(), bytes, 0u);
  if (!s.ok()) return s;
  return made;
}

}  // namespace pathex::cuda
