#include "cuda/context.h"

#include <array>
#include <map>
#include <mutex>

namespace pathex::cuda {

namespace {

/// The primary context of a device, retained once for the whole process and never released.
core::Result<CUcontext> retained(const Driver& driver, int device) {
  static std::mutex lock;
  static std::map<int, CUcontext> contexts;
  const std::lock_guard guard(lock);
  if (const auto found = contexts.find(device); found != contexts.end()) return found->second;
  CUcontext context = nullptr;
  core::Status s = driver.statusOf(driver.cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
  if (!s.ok()) return s;
  contexts.emplace(device, context);
  return context;
}

}  // namespace

core::Result<std::unique_ptr<Context>> Context::open(int index) {
  auto driver = Driver::get();
  if (!driver.ok()) return driver.status();
  const Driver& d = *driver.value();
  int count = 0;
  if (core::Status s = d.statusOf(d.cuDeviceGetCount(&count), "cuDeviceGetCount"); !s.ok()) return s;
  if (index >= count) {
    return core::Status(core::Code::device, "cuda driver: there is no GPU " + std::to_string(index) + ", " +
                                                std::to_string(count) +
                                                " can be seen; CUDA_VISIBLE_DEVICES may hide some");
  }
  int device = 0;
  if (core::Status s = d.statusOf(d.cuDeviceGet(&device, index), "cuDeviceGet"); !s.ok()) return s;
  std::unique_ptr<Context> made(new Context(d, device));
  if (core::Status s = made->prepare(); !s.ok()) return s;
  return made;
}

core::Status Context::prepare() {
  std::array<char, 256> name{};
  if (core::Status s = call("cuDeviceGetName", &Driver::cuDeviceGetName, name.data(), int{name.size()}, device_);
      !s.ok()) {
    return s;
  }
  name_ = name.data();
  int major = 0, minor = 0;
  for (auto [number, attribute] : {std::pair(&major, value::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                                   std::pair(&minor, value::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                                   std::pair(&multiprocessors_, value::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)}) {
    core::Status s = call("cuDeviceGetAttribute", &Driver::cuDeviceGetAttribute, number, attribute, device_);
    if (!s.ok()) return s;
  }
  capability_ = 10 * major + minor;
  auto context = retained(driver_, device_);
  if (!context.ok()) return context.status();
  if (core::Status s = call("cuCtxSetCurrent", &Driver::cuCtxSetCurrent, context.value()); !s.ok()) return s;
  return call("cuStreamCreate", &Driver::cuStreamCreate, &stream_, value::CU_STREAM_NON_BLOCKING);
}

// Results do not matter here: what cannot be given back is gone already.
Context::~Context() {
  if (stream_ != nullptr) driver_.cuStreamDestroy_v2(stream_);
  driver_.cuCtxSetCurrent(nullptr);
}

core::Status Context::judge(int result, const char* call) {
  core::Status status = driver_.statusOf(result, call);
  if (!isFatal(result)) return status;
  std::string what = status.message();
  if (result == value::CUDA_ERROR_ASSERT) {
    if (stream_ != nullptr) (void)driver_.cuStreamSynchronize(stream_);  // what kernels wrote comes out here
    what += "; a kernel refused its data and wrote why to stderr";
  }
  lost_ = {core::Code::device, "cuda: the GPU was lost (" + what + "); restart the process"};
  fault_ = {core::Code::native, what + "; the GPU is lost to this process: restart it"};
  return fault_;
}

}  // namespace pathex::cuda
