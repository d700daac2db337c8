#include "cuda/driver.h"

#include <memory>
#include <mutex>

#include "cuda/library.h"

namespace pathex::cuda {

namespace {

/// Finds functions one after the other; the first that is missing is the one reported.
class Finder {
 public:
  explicit Finder(const Library& library) : library_(library) {}
  template <class Function>
  Finder& operator()(const char* symbol, Function*& function) {
    if (status_.ok()) status_ = library_.find(symbol, function);
    return *this;
  }
  const core::Status& status() const { return status_; }

 private:
  const Library& library_;
  core::Status status_;
};

core::Status findAll(const Library& library, Driver& d) {
  Finder find(library);
  find("cuInit", d.cuInit)("cuDriverGetVersion", d.cuDriverGetVersion)("cuGetErrorName", d.cuGetErrorName);
  find("cuGetErrorString", d.cuGetErrorString)("cuDeviceGetCount", d.cuDeviceGetCount)("cuDeviceGet", d.cuDeviceGet);
  find("cuDeviceGetName", d.cuDeviceGetName)("cuDeviceGetAttribute", d.cuDeviceGetAttribute);
  find("cuDevicePrimaryCtxRetain", d.cuDevicePrimaryCtxRetain)("cuCtxSetCurrent", d.cuCtxSetCurrent);
  find("cuMemGetInfo_v2", d.cuMemGetInfo_v2)("cuMemAlloc_v2", d.cuMemAlloc_v2)("cuMemFree_v2", d.cuMemFree_v2);
  find("cuMemHostAlloc", d.cuMemHostAlloc)("cuMemFreeHost", d.cuMemFreeHost);
  find("cuMemcpyHtoDAsync_v2", d.cuMemcpyHtoDAsync_v2)("cuMemcpyDtoHAsync_v2", d.cuMemcpyDtoHAsync_v2);
  find("cuMemsetD8Async", d.cuMemsetD8Async)("cuStreamCreate", d.cuStreamCreate);
  find("cuStreamDestroy_v2", d.cuStreamDestroy_v2)("cuStreamSynchronize", d.cuStreamSynchronize)(
      "cuStreamWaitEvent", d.cuStreamWaitEvent);
  find("cuStreamBeginCapture_v2", d.cuStreamBeginCapture_v2)("cuStreamEndCapture", d.cuStreamEndCapture);
  find("cuStreamIsCapturing", d.cuStreamIsCapturing)("cuEventCreate", d.cuEventCreate);
  find("cuEventDestroy_v2", d.cuEventDestroy_v2)("cuEventRecord", d.cuEventRecord)("cuEventQuery", d.cuEventQuery);
  find("cuEventElapsedTime", d.cuEventElapsedTime)("cuModuleLoadData", d.cuModuleLoadData);
  find("cuModuleUnload", d.cuModuleUnload)("cuModuleGetFunction", d.cuModuleGetFunction);
  find("cuLaunchKernel", d.cuLaunchKernel);
  find("cuGraphInstantiateWithFlags", d.cuGraphInstantiateWithFlags)("cuGraphLaunch", d.cuGraphLaunch);
  find("cuGraphExecDestroy", d.cuGraphExecDestroy)("cuGraphDestroy", d.cuGraphDestroy);
  return find.status();
}

core::Result<const Driver*> openDriver() {
  auto library = Library::open({"libcuda.so.1"});
  if (!library.ok()) return library.status().within("cuda driver");
  auto driver = std::make_unique<Driver>();
  if (core::Status s = findAll(library.value(), *driver); !s.ok()) return s.within("cuda driver");
  driver->path = library.value().path();
  const core::Status ready = driver->statusOf(driver->cuInit(0), "cuInit");
  if (!ready.ok()) return core::Status(core::Code::device, ready.message());
  return static_cast<const Driver*>(driver.release());  // never freed: libraries stay loaded as well
}

}  // namespace

core::Result<const Driver*> Driver::get() {
  // A failure is tried anew: the module of the kernel may be loaded meanwhile.
  static std::mutex lock;
  static const Driver* opened = nullptr;
  const std::lock_guard guard(lock);
  if (opened != nullptr) return opened;
  auto result = openDriver();
  if (result.ok()) opened = result.value();
  return result;
}

int Driver::version() const {
  int number = 0;
  return cuDriverGetVersion(&number) == value::CUDA_SUCCESS ? number : 0;
}

core::Status Driver::statusOf(int result, const char* call) const {
  if (result == value::CUDA_SUCCESS) return {};
  const char* name = nullptr;
  const char* text = nullptr;
  if (cuGetErrorName(result, &name) != value::CUDA_SUCCESS || name == nullptr) name = "unknown error";
  if (cuGetErrorString(result, &text) != value::CUDA_SUCCESS || text == nullptr) text = "no text";
  return {core::Code::native,
          std::string("cuda driver: ") + call + ": " + name + " (" + std::to_string(result) + "): " + text};
}

bool isFatal(int result) {
  using namespace value;
  switch (result) {
    case CUDA_ERROR_DEINITIALIZED:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
    case CUDA_ERROR_CONTAINED:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_TENSOR_MEMORY_LEAK:
    case CUDA_ERROR_UNKNOWN:
      return true;
    default:  // the driver's codes are an open set
      return false;
  }
}

}  // namespace pathex::cuda
