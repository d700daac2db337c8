// A cuBLASLt that opens and has no implementation of anything: a device with libraries opens it, too.
#include <cstddef>

namespace {
constexpr int notSupported = 15;
}

extern "C" {

std::size_t cublasLtGetVersion() {
  return 130000;
}
const char* cublasLtGetStatusString(int) {
  return "CUBLAS_STATUS_NOT_SUPPORTED";
}
int cublasLtCreate(void** handle) {
  *handle = handle;
  return 0;
}
int cublasLtDestroy(void*) {
  return 0;
}

#define PATHEX_HAS_NONE(name) \
  int name() {                \
    return notSupported;      \
  }
PATHEX_HAS_NONE(cublasLtMatmulDescCreate)
PATHEX_HAS_NONE(cublasLtMatmulDescDestroy)
PATHEX_HAS_NONE(cublasLtMatmulDescSetAttribute)
PATHEX_HAS_NONE(cublasLtMatrixLayoutCreate)
PATHEX_HAS_NONE(cublasLtMatrixLayoutDestroy)
PATHEX_HAS_NONE(cublasLtMatmulPreferenceCreate)
PATHEX_HAS_NONE(cublasLtMatmulPreferenceDestroy)
PATHEX_HAS_NONE(cublasLtMatmulPreferenceSetAttribute)
PATHEX_HAS_NONE(cublasLtMatmulAlgoGetHeuristic)
PATHEX_HAS_NONE(cublasLtMatmulAlgoConfigGetAttribute)
PATHEX_HAS_NONE(cublasLtMatmul)

}  // extern "C"
