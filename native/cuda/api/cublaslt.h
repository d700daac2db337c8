#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/kernel.h"

/// What is used of the C interface of cuBLASLt 12 and 13, under NVIDIA's names. test/cuda compares every value with
/// NVIDIA's own headers where they can be had.
namespace pathex::cuda::cublaslt {

using Handle = struct cublasLtContext*;
using MatmulDesc = struct cublasLtMatmulDescOpaque_t*;
using MatrixLayout = struct cublasLtMatrixLayoutOpaque_t*;
using Preference = struct cublasLtMatmulPreferenceOpaque_t*;

enum StatusCode : int { CUBLAS_STATUS_SUCCESS = 0 };
enum Operation : int { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum DataType : int { CUDA_R_32F = 0, CUDA_R_16BF = 14 };
enum ComputeType : int {
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_32F_PEDANTIC = 69,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
};
enum DescAttribute : int { CUBLASLT_MATMUL_DESC_TRANSA = 3, CUBLASLT_MATMUL_DESC_TRANSB = 4 };
enum PreferenceAttribute : int {
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
  CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8,
};
enum ReductionScheme : std::uint32_t {
  CUBLASLT_REDUCTION_SCHEME_NONE = 0,
  CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2,
  CUBLASLT_REDUCTION_SCHEME_MASK = 7,
};
enum AlgoAttribute : int {
  CUBLASLT_ALGO_CONFIG_ID = 0,
  CUBLASLT_ALGO_CONFIG_TILE_ID = 1,
  CUBLASLT_ALGO_CONFIG_SPLITK_NUM = 2,
};

struct Algo {
  std::uint64_t data[8];
};
struct HeuristicResult {
  Algo algo;
  std::size_t workspaceSize;
  StatusCode state;
  float wavesCount;
  int reserved[4];
};

struct Functions {
  std::size_t (*cublasLtGetVersion)();
  const char* (*cublasLtGetStatusString)(StatusCode);
  StatusCode (*cublasLtCreate)(Handle*);
  StatusCode (*cublasLtDestroy)(Handle);
  StatusCode (*cublasLtMatmulDescCreate)(MatmulDesc*, ComputeType, DataType scale);
  StatusCode (*cublasLtMatmulDescDestroy)(MatmulDesc);
  StatusCode (*cublasLtMatmulDescSetAttribute)(MatmulDesc, DescAttribute, const void*, std::size_t);
  StatusCode (*cublasLtMatrixLayoutCreate)(MatrixLayout*, DataType, std::uint64_t rows, std::uint64_t cols,
                                           std::int64_t ld);
  StatusCode (*cublasLtMatrixLayoutDestroy)(MatrixLayout);
  StatusCode (*cublasLtMatmulPreferenceCreate)(Preference*);
  StatusCode (*cublasLtMatmulPreferenceDestroy)(Preference);
  StatusCode (*cublasLtMatmulPreferenceSetAttribute)(Preference, PreferenceAttribute, const void*, std::size_t);
  StatusCode (*cublasLtMatmulAlgoGetHeuristic)(Handle, MatmulDesc, MatrixLayout a, MatrixLayout b, MatrixLayout c,
                                               MatrixLayout d, Preference, int wanted, HeuristicResult*, int* got);
  StatusCode (*cublasLtMatmulAlgoConfigGetAttribute)(const Algo*, AlgoAttribute, void*, std::size_t,
                                                     std::size_t* written);
  StatusCode (*cublasLtMatmul)(Handle, MatmulDesc, const void* alpha, const void* a, MatrixLayout, const void* b,
                               MatrixLayout, const void* beta, const void* c, MatrixLayout, void* d, MatrixLayout,
                               const Algo*, void* workspace, std::size_t workspaceSize, CUstream);
};

}  // namespace pathex::cuda::cublaslt
