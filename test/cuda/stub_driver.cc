// Stands in for libcuda.so.1 where there is no driver. cuDNN 9 opens its parts only if these six names can be bound;
// planning for a described GPU never needs what they do. Each says CUDA_ERROR_NO_DEVICE, so that nothing can seem to run.
#define PATHEX_ABSENT(name) \
  extern "C" int name() { return 100; }

PATHEX_ABSENT(cuGetErrorString)
PATHEX_ABSENT(cuModuleGetFunction)
PATHEX_ABSENT(cuModuleLoadData)
PATHEX_ABSENT(cuModuleUnload)
PATHEX_ABSENT(cuTensorMapEncodeIm2col)
PATHEX_ABSENT(cuTensorMapEncodeTiled)
