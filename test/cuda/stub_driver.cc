// Stands in for libcuda.so.1 where there is no driver. cuDNN's runtime-compiled engines bind these names, compile with
// NVRTC, and hand the driver what came out: that succeeds here, with a handle that stands for nothing. Whatever would
// look for a GPU or run on one says CUDA_ERROR_NO_DEVICE, so that nothing can seem to have run.
#define PATHEX_DOES_NOTHING(name) \
  extern "C" int name() {         \
    return 0;                     \
  }
#define PATHEX_GIVES_HANDLE(name)            \
  extern "C" int name(const void** handle) { \
    static const char nothing = 0;           \
    *handle = &nothing;                      \
    return 0;                                \
  }
#define PATHEX_HAS_NO_DEVICE(name) \
  extern "C" int name() {          \
    return 100;                    \
  }

PATHEX_DOES_NOTHING(cuKernelGetAttribute)
PATHEX_GIVES_HANDLE(cuKernelGetFunction)
PATHEX_DOES_NOTHING(cuKernelSetAttribute)
PATHEX_GIVES_HANDLE(cuLibraryGetKernel)
PATHEX_GIVES_HANDLE(cuLibraryLoadData)
PATHEX_GIVES_HANDLE(cuLibraryLoadFromFile)
PATHEX_DOES_NOTHING(cuLibraryUnload)
PATHEX_GIVES_HANDLE(cuModuleGetFunction)
PATHEX_GIVES_HANDLE(cuModuleLoadData)
PATHEX_DOES_NOTHING(cuModuleUnload)

PATHEX_HAS_NO_DEVICE(cuCtxGetCurrent)
PATHEX_HAS_NO_DEVICE(cuCtxGetLimit)
PATHEX_HAS_NO_DEVICE(cuCtxPopCurrent)
PATHEX_HAS_NO_DEVICE(cuCtxPushCurrent)
PATHEX_HAS_NO_DEVICE(cuDeviceGet)
PATHEX_HAS_NO_DEVICE(cuDeviceGetCount)
PATHEX_HAS_NO_DEVICE(cuDriverGetVersion)
PATHEX_HAS_NO_DEVICE(cuGetErrorName)
PATHEX_HAS_NO_DEVICE(cuGetErrorString)
PATHEX_HAS_NO_DEVICE(cuLaunchCooperativeKernel)
PATHEX_HAS_NO_DEVICE(cuLaunchKernel)
PATHEX_HAS_NO_DEVICE(cuLaunchKernelEx)
PATHEX_HAS_NO_DEVICE(cuLinkAddData)
PATHEX_HAS_NO_DEVICE(cuLinkComplete)
PATHEX_HAS_NO_DEVICE(cuLinkCreate)
PATHEX_HAS_NO_DEVICE(cuLinkDestroy)
PATHEX_HAS_NO_DEVICE(cuOccupancyMaxPotentialClusterSize)
PATHEX_HAS_NO_DEVICE(cuStreamGetCtx)
PATHEX_HAS_NO_DEVICE(cuTensorMapEncodeIm2col)
PATHEX_HAS_NO_DEVICE(cuTensorMapEncodeTiled)
