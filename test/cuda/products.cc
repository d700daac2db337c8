#include <array>
#include <bit>
#include <cmath>

#include "ask.h"
#include "cuda/calls.h"
#include "cuda/cublaslt.h"

/// Opaque to the library's users, and so free to be anything here.
namespace pathex::cuda::cublaslt {

struct cublasLtContext {};
struct cublasLtMatmulDescOpaque_t {
  ComputeType compute;
  bool transposeA = false, transposeB = false;
};
struct cublasLtMatrixLayoutOpaque_t {
  DataType type;
  std::uint64_t rows, columns;
  std::int64_t leading;
};
struct cublasLtMatmulPreferenceOpaque_t {
  std::uint32_t alignment = 256;
};

}  // namespace pathex::cuda::cublaslt

namespace pathex::test {

namespace {

using namespace cuda::cublaslt;

constexpr StatusCode invalid{7};

StatusCode setDesc(MatmulDesc desc, DescAttribute attribute, const void* value, std::size_t size) {
  if (size != sizeof(Operation)) return invalid;
  const bool transposed = *static_cast<const Operation*>(value) == CUBLAS_OP_T;
  (attribute == CUBLASLT_MATMUL_DESC_TRANSA ? desc->transposeA : desc->transposeB) = transposed;
  return CUBLAS_STATUS_SUCCESS;
}

StatusCode setPreference(Preference preference, PreferenceAttribute attribute, const void* value, std::size_t size) {
  if (size != (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? 8u : 4u)) return invalid;
  if (attribute == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES) {
    preference->alignment = *static_cast<const std::uint32_t*>(value);
  }
  return CUBLAS_STATUS_SUCCESS;
}

/// Element (row, column) of an operand after its transpose: matrices are column-major.
double element(const void* data, MatrixLayout layout, bool transposed, std::uint64_t row, std::uint64_t column) {
  if (transposed) std::swap(row, column);
  const std::uint64_t at = column * static_cast<std::uint64_t>(layout->leading) + row;
  if (layout->type == CUDA_R_32F) return static_cast<const float*>(data)[at];
  return std::bit_cast<float>(std::uint32_t{static_cast<const std::uint16_t*>(data)[at]} << 16);
}

/// Shapes agree, and the operands are said to be aligned no better than a plan aligns them.
StatusCode heuristic(Handle, MatmulDesc desc, MatrixLayout a, MatrixLayout b, MatrixLayout, MatrixLayout d,
                     Preference preference, int, HeuristicResult* result, int* got) {
  const auto [m, k] = desc->transposeA ? std::array{a->columns, a->rows} : std::array{a->rows, a->columns};
  const auto [k2, n] = desc->transposeB ? std::array{b->columns, b->rows} : std::array{b->rows, b->columns};
  if (k != k2 || m != d->rows || n != d->columns || preference->alignment > 64) return invalid;
  // Operands of one type, a product of float32, and sums that are neither rounded nor emulated.
  const bool isNarrow = a->type == CUDA_R_16BF;
  if (a->type != b->type || d->type != CUDA_R_32F) return invalid;
  if (desc->compute != (isNarrow ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_PEDANTIC)) return invalid;
  *result = {};
  *got = 1;
  return CUBLAS_STATUS_SUCCESS;
}

StatusCode multiply(Handle, MatmulDesc desc, const void* alpha, const void* a, MatrixLayout la, const void* b,
                    MatrixLayout lb, const void* beta, const void*, MatrixLayout, void* d, MatrixLayout ld, const Algo*,
                    void*, std::size_t, CUstream) {
  if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(beta) != 0) return invalid;
  const std::uint64_t inner = desc->transposeA ? la->rows : la->columns;
  for (std::uint64_t column = 0; column < ld->columns; ++column) {
    for (std::uint64_t row = 0; row < ld->rows; ++row) {
      double sum = 0;
      for (std::uint64_t i = 0; i < inner; ++i) {
        sum += element(a, la, desc->transposeA, row, i) * element(b, lb, desc->transposeB, i, column);
      }
      static_cast<float*>(d)[column * static_cast<std::uint64_t>(ld->leading) + row] = static_cast<float>(sum);
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

template <class T>
StatusCode destroy(T* object) {
  delete object;
  return CUBLAS_STATUS_SUCCESS;
}

std::shared_ptr<const Session> session() {
  auto api = std::make_shared<Api>();
  Functions& f = api->call;
  f.cublasLtGetVersion = []() -> std::size_t { return 0; };
  f.cublasLtGetStatusString = [](StatusCode) { return "refused by the test's own cuBLASLt"; };
  f.cublasLtDestroy = destroy<cublasLtContext>;
  f.cublasLtMatmulDescCreate = [](MatmulDesc* desc, ComputeType compute, DataType) {
    *desc = new cublasLtMatmulDescOpaque_t{compute};
    return CUBLAS_STATUS_SUCCESS;
  };
  f.cublasLtMatmulDescDestroy = destroy<cublasLtMatmulDescOpaque_t>;
  f.cublasLtMatmulDescSetAttribute = setDesc;
  f.cublasLtMatrixLayoutCreate = [](MatrixLayout* l, DataType type, std::uint64_t rows, std::uint64_t columns,
                                    std::int64_t leading) {
    *l = new cublasLtMatrixLayoutOpaque_t{type, rows, columns, leading};
    return CUBLAS_STATUS_SUCCESS;
  };
  f.cublasLtMatrixLayoutDestroy = destroy<cublasLtMatrixLayoutOpaque_t>;
  f.cublasLtMatmulPreferenceCreate = [](Preference* preference) {
    *preference = new cublasLtMatmulPreferenceOpaque_t;
    return CUBLAS_STATUS_SUCCESS;
  };
  f.cublasLtMatmulPreferenceDestroy = destroy<cublasLtMatmulPreferenceOpaque_t>;
  f.cublasLtMatmulPreferenceSetAttribute = setPreference;
  f.cublasLtMatmulAlgoGetHeuristic = heuristic;
  f.cublasLtMatmulAlgoConfigGetAttribute = [](const Algo*, AlgoAttribute, void*, std::size_t, std::size_t*) {
    return invalid;
  };
  f.cublasLtMatmul = multiply;
  auto made = std::make_shared<Session>();
  made->api = std::move(api);
  made->handle = new cublasLtContext;
  return made;
}

/// 1, 2, 3, ... modulo a prime: exact in float, and no two rows alike.
std::vector<float> numbers(std::int64_t count, int seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((static_cast<int>(i) * 7 + seed) % 23 - 11);
  }
  return values;
}

/// The first halves of floats, which hold all of small integers.
std::vector<std::uint16_t> narrowed(const std::vector<float>& values) {
  std::vector<std::uint16_t> halves;
  for (const float x : values) halves.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16));
  return halves;
}

/// The message that says what is wrong with one product; empty if nothing is.
std::string faultOf(const core::MatmulAttributes& a, core::StorageType operands) {
  const auto left = numbers(a.m * a.k, 3), right = numbers(a.k * a.n, 5);
  std::vector<float> out(static_cast<std::size_t>(a.m * a.n), NAN);
  const bool isNarrow = operands == core::StorageType::bf16;
  const auto narrowLeft = narrowed(left), narrowRight = narrowed(right);
  core::Plan plan;
  plan.buffers = {{operands, {left.size()}, {}},
                  {operands, {right.size()}, {}},
                  {core::StorageType::f32, {out.size()}, {}}};
  cuda::LibraryOptions options;
  options.precision = cuda::Precision::bf16;
  auto kernel = cuda::makeMatmul(session(), options, plan, {"product", core::Call::matmul, {0, 1}, {2}, a});
  if (!kernel.ok()) return kernel.status().message();
  const auto address = [](const auto* data) {
    return static_cast<CUdeviceptr>(reinterpret_cast<std::uintptr_t>(data));
  };
  const std::array buffers{isNarrow ? address(narrowLeft.data()) : address(left.data()),
                           isNarrow ? address(narrowRight.data()) : address(right.data()), address(out.data())};
  if (core::Status s = kernel.value()->enqueue({buffers.data(), 0}, nullptr); !s.ok()) return s.message();
  for (std::int64_t i = 0; i < a.m; ++i) {
    for (std::int64_t j = 0; j < a.n; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < a.k; ++l) {
        sum += static_cast<double>(left[static_cast<std::size_t>(a.transposeA ? l * a.m + i : i * a.k + l)]) *
               right[static_cast<std::size_t>(a.transposeB ? j * a.k + l : l * a.n + j)];
      }
      if (out[static_cast<std::size_t>(i * a.n + j)] != sum) {
        return "element " + std::to_string(i) + "," + std::to_string(j) + " differs";
      }
    }
  }
  return "";
}

}  // namespace

bool checkProducts() {
  bool right = true;
  for (const bool transposeA : {false, true}) {
    for (const bool transposeB : {false, true}) {
      for (const auto operands : {core::StorageType::f32, core::StorageType::bf16}) {
        const std::string fault = faultOf({4, 5, 7, transposeA, transposeB}, operands);
        printRow({"product", transposeA ? "A'" : "A", transposeB ? "B'" : "B", core::nameOf(operands),
                  fault.empty() ? "right" : cell(fault)});
        right = right && fault.empty();
      }
    }
  }
  return right;
}

}  // namespace pathex::test
