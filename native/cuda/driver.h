#pragma once

#include <cstddef>
#include <string>

#include "core/status.h"
#include "cuda/kernel.h"  // CUdeviceptr, CUstream

/// The part of the CUDA driver's API that pathex calls. NVIDIA's cuda.h is not needed to build; test/cuda compares this
/// page with it where it can be found. Enumerations of the API are plain integers here.
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUevent = struct CUevent_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;

namespace pathex::cuda {

namespace value {

// CUresult
constexpr int CUDA_SUCCESS = 0;
constexpr int CUDA_ERROR_OUT_OF_MEMORY = 2;
constexpr int CUDA_ERROR_DEINITIALIZED = 4;
constexpr int CUDA_ERROR_NO_DEVICE = 100;
constexpr int CUDA_ERROR_INVALID_IMAGE = 200;
constexpr int CUDA_ERROR_NO_BINARY_FOR_GPU = 209;
constexpr int CUDA_ERROR_ECC_UNCORRECTABLE = 214;
constexpr int CUDA_ERROR_NVLINK_UNCORRECTABLE = 220;
constexpr int CUDA_ERROR_CONTAINED = 226;
constexpr int CUDA_ERROR_NOT_READY = 600;
constexpr int CUDA_ERROR_ILLEGAL_ADDRESS = 700;
constexpr int CUDA_ERROR_LAUNCH_TIMEOUT = 702;
constexpr int CUDA_ERROR_CONTEXT_IS_DESTROYED = 709;
constexpr int CUDA_ERROR_ASSERT = 710;
constexpr int CUDA_ERROR_HARDWARE_STACK_ERROR = 714;
constexpr int CUDA_ERROR_ILLEGAL_INSTRUCTION = 715;
constexpr int CUDA_ERROR_MISALIGNED_ADDRESS = 716;
constexpr int CUDA_ERROR_INVALID_ADDRESS_SPACE = 717;
constexpr int CUDA_ERROR_INVALID_PC = 718;
constexpr int CUDA_ERROR_LAUNCH_FAILED = 719;
constexpr int CUDA_ERROR_TENSOR_MEMORY_LEAK = 721;
constexpr int CUDA_ERROR_UNKNOWN = 999;

// CUdevice_attribute
constexpr int CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16;
constexpr int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75;
constexpr int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76;

// CUstream_flags, CUevent_flags
constexpr unsigned CU_STREAM_NON_BLOCKING = 1;
constexpr unsigned CU_EVENT_DEFAULT = 0;
constexpr unsigned CU_EVENT_DISABLE_TIMING = 2;

// CUstreamCaptureMode, CUstreamCaptureStatus
constexpr int CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1;
constexpr int CU_STREAM_CAPTURE_STATUS_ACTIVE = 1;

}  // namespace value

/// The driver's functions under their exported names.
struct Driver {
  int (*cuInit)(unsigned flags);
  int (*cuDriverGetVersion)(int* version);
  int (*cuGetErrorName)(int result, const char** name);
  int (*cuGetErrorString)(int result, const char** text);

  int (*cuDeviceGetCount)(int* count);
  int (*cuDeviceGet)(int* device, int ordinal);
  int (*cuDeviceGetName)(char* name, int length, int device);
  int (*cuDeviceGetAttribute)(int* value, int attribute, int device);
  int (*cuDevicePrimaryCtxRetain)(CUcontext* context, int device);
  int (*cuCtxSetCurrent)(CUcontext context);

  int (*cuMemGetInfo_v2)(std::size_t* free, std::size_t* total);
  int (*cuMemAlloc_v2)(CUdeviceptr* address, std::size_t bytes);
  int (*cuMemFree_v2)(CUdeviceptr address);
  int (*cuMemHostAlloc)(void** address, std::size_t bytes, unsigned flags);
  int (*cuMemFreeHost)(void* address);
  int (*cuMemcpyHtoDAsync_v2)(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream);
  int (*cuMemcpyDtoHAsync_v2)(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream);
  int (*cuMemsetD8Async)(CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream stream);

  int (*cuStreamCreate)(CUstream* stream, unsigned flags);
  int (*cuStreamDestroy_v2)(CUstream stream);
  int (*cuStreamSynchronize)(CUstream stream);
  int (*cuStreamWaitEvent)(CUstream stream, CUevent event, unsigned flags);
  int (*cuStreamBeginCapture_v2)(CUstream stream, int mode);
  int (*cuStreamEndCapture)(CUstream stream, CUgraph* graph);
  int (*cuStreamIsCapturing)(CUstream stream, int* status);
  int (*cuEventCreate)(CUevent* event, unsigned flags);
  int (*cuEventDestroy_v2)(CUevent event);
  int (*cuEventRecord)(CUevent event, CUstream stream);
  int (*cuEventQuery)(CUevent event);
  int (*cuEventElapsedTime)(float* milliseconds, CUevent start, CUevent end);

  int (*cuModuleLoadData)(CUmodule* module, const void* image);
  int (*cuModuleUnload)(CUmodule module);
  int (*cuModuleGetFunction)(CUfunction* function, CUmodule module, const char* name);
  int (*cuLaunchKernel)(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters,
                        void** extra);

  int (*cuGraphInstantiateWithFlags)(CUgraphExec* exec, CUgraph graph, unsigned long long flags);
  int (*cuGraphLaunch)(CUgraphExec exec, CUstream stream);
  int (*cuGraphExecDestroy)(CUgraphExec exec);
  int (*cuGraphDestroy)(CUgraph graph);

  /// Where the library was found.
  std::string path;

  /// The driver of this process, opened and initialised. A bad status says what is missing.
  static core::Result<const Driver*> get();
  /// Major and minor: 13000 is 13.0.
  int version() const;
  /// "cuda driver: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory".
  core::Status statusOf(int result, const char* call) const;
};

/// Errors after which the process's context on the GPU is unusable for good.
bool isFatal(int result);

}  // namespace pathex::cuda
