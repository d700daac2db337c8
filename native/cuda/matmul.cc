#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/memory.h"
#include "cuda/calls.h"
#include "cuda/cublaslt.h"

namespace pathex::cuda {

namespace {

using namespace cublaslt;
using core::MatmulAttributes;
using core::Result;
using core::Status;

/// More seldom helps, and all steps share the largest.
constexpr std::size_t workspaceWanted = std::size_t{32} << 20;

/// An object of cuBLASLt, destroyed with its owner.
template <class T>
using Owned = std::unique_ptr<std::remove_pointer_t<T>, StatusCode (*)(T)>;

/// A matrix of plan order (row-major) is, to cuBLASLt, the transposed one in its own (column-major). So out = A B is
/// asked for as out' = B' A': operands change places, and no operand is transposed on top of what the step says.
struct Problem {
  MatmulAttributes a;
  /// Of the operands; the product is float32.
  DataType type;

  std::int64_t rows() const { return a.n; }
  std::int64_t columns() const { return a.m; }
  Operation left() const { return a.transposeB ? CUBLAS_OP_T : CUBLAS_OP_N; }
  Operation right() const { return a.transposeA ? CUBLAS_OP_T : CUBLAS_OP_N; }
};

struct Descriptors {
  Owned<MatmulDesc> product;
  Owned<MatrixLayout> left, right, out;
};

class MatmulKernel final : public Kernel {
 public:
  MatmulKernel(std::shared_ptr<const Session> session, Descriptors descriptors, const HeuristicResult& chosen,
               std::array<std::size_t, 3> buffers)
      : session_(std::move(session)), d_(std::move(descriptors)), chosen_(chosen), buffers_(buffers) {}

  Status enqueue(const Bindings& b, CUstream stream) override {
    const float one = 1, zero = 0;
    void* const workspace = reinterpret_cast<void*>(static_cast<std::uintptr_t>(b.workspace));
    const Api& api = *session_->api;
    return api.check(api.call.cublasLtMatmul(session_->handle, d_.product.get(), &one, b.at(buffers_[1]), d_.left.get(),
                                             b.at(buffers_[0]), d_.right.get(), &zero, b.at(buffers_[2]), d_.out.get(),
                                             b.at(buffers_[2]), d_.out.get(), &chosen_.algo, workspace,
                                             chosen_.workspaceSize, stream),
                     "cublasLtMatmul");
  }
  std::size_t workspaceBytes() const override { return chosen_.workspaceSize; }
  std::string implementation() const override {
    return "cublasLt algorithm " + config(CUBLASLT_ALGO_CONFIG_ID) + ", tile " + config(CUBLASLT_ALGO_CONFIG_TILE_ID) +
           ", split " + config(CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  }

 private:
  std::string config(AlgoAttribute attribute) const {
    std::int32_t value = 0;
    std::size_t written = 0;
    const StatusCode code = session_->api->call.cublasLtMatmulAlgoConfigGetAttribute(&chosen_.algo, attribute, &value,
                                                                                     sizeof value, &written);
    return code == CUBLAS_STATUS_SUCCESS ? std::to_string(value) : "?";
  }

  std::shared_ptr<const Session> session_;
  Descriptors d_;
  HeuristicResult chosen_;
  std::array<std::size_t, 3> buffers_;
};

/// Calls create(&object, ...) and hands back its owner.
template <class T, class Create, class... Arguments>
Result<Owned<T>> make(const Api& api, const char* what, StatusCode (*destroy)(T), Create create, Arguments... given) {
  T object = nullptr;
  if (Status s = api.check(create(&object, given...), what); !s.ok()) return s;
  return Owned<T>(object, destroy);
}

Result<Owned<MatrixLayout>> layout(const Api& api, DataType type, std::int64_t rows, std::int64_t columns) {
  return make<MatrixLayout>(api, "cublasLtMatrixLayoutCreate", api.call.cublasLtMatrixLayoutDestroy,
                            api.call.cublasLtMatrixLayoutCreate, type, static_cast<std::uint64_t>(rows),
                            static_cast<std::uint64_t>(columns), rows);
}

Result<Descriptors> describe(const Api& api, const Problem& p, Precision precision) {
  // Pedantic: nothing in the environment may turn plain float32 into an emulation on tensor cores.
  const ComputeType type = p.type == CUDA_R_16BF          ? CUBLAS_COMPUTE_32F
                           : precision == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                          : CUBLAS_COMPUTE_32F_PEDANTIC;
  auto product = make<MatmulDesc>(api, "cublasLtMatmulDescCreate", api.call.cublasLtMatmulDescDestroy,
                                  api.call.cublasLtMatmulDescCreate, type, CUDA_R_32F);
  if (!product.ok()) return product.status();
  const auto transpose = [&](DescAttribute attribute, Operation operation) {
    const StatusCode code =
        api.call.cublasLtMatmulDescSetAttribute(product.value().get(), attribute, &operation, sizeof operation);
    return api.check(code, "cublasLtMatmulDescSetAttribute");
  };
  if (Status s = transpose(CUBLASLT_MATMUL_DESC_TRANSA, p.left()); !s.ok()) return s;
  if (Status s = transpose(CUBLASLT_MATMUL_DESC_TRANSB, p.right()); !s.ok()) return s;
  const MatmulAttributes& a = p.a;
  auto left = a.transposeB ? layout(api, p.type, a.k, a.n) : layout(api, p.type, a.n, a.k);
  if (!left.ok()) return left.status();
  auto right = a.transposeA ? layout(api, p.type, a.m, a.k) : layout(api, p.type, a.k, a.m);
  if (!right.ok()) return right.status();
  auto out = layout(api, CUDA_R_32F, p.rows(), p.columns());
  if (!out.ok()) return out.status();
  return Descriptors{std::move(product.value()), std::move(left.value()), std::move(right.value()),
                     std::move(out.value())};
}

Result<HeuristicResult> choose(const Session& session, const Descriptors& d, const LibraryOptions& options) {
  const Api& api = *session.api;
  auto preference = make<Preference>(api, "cublasLtMatmulPreferenceCreate", api.call.cublasLtMatmulPreferenceDestroy,
                                     api.call.cublasLtMatmulPreferenceCreate);
  if (!preference.ok()) return preference.status();
  Status status;
  const auto prefer = [&](PreferenceAttribute attribute, const auto& value) {
    if (!status.ok()) return;
    const StatusCode code =
        api.call.cublasLtMatmulPreferenceSetAttribute(preference.value().get(), attribute, &value, sizeof value);
    status = api.check(code, "cublasLtMatmulPreferenceSetAttribute");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::min(workspaceWanted, options.workspaceLimit));
  // cuBLASLt takes for granted 256 bytes, which a plan does not give.
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    prefer(attribute, static_cast<std::uint32_t>(core::alignment));
  }
  if (options.deterministic) {
    // Partial sums are kept apart and added in order, never by whoever comes first.
    prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
  }
  if (!status.ok()) return status;
  HeuristicResult result{};
  int got = 0;
  const StatusCode code =
      api.call.cublasLtMatmulAlgoGetHeuristic(session.handle, d.product.get(), d.left.get(), d.right.get(), d.out.get(),
                                              d.out.get(), preference.value().get(), 1, &result, &got);
  if (Status s = api.check(code, "cublasLtMatmulAlgoGetHeuristic"); !s.ok()) return s;
  if (Status s = api.check(result.state, "cublasLtMatmulAlgoGetHeuristic"); !s.ok()) return s;
  if (got == 0) return Status(core::Code::native, "cuBLASLt: no algorithm for this product");
  return result;
}

}  // namespace

MadeKernel makeMatmul(const std::shared_ptr<const Session>& session, const LibraryOptions& options,
                      const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<MatmulAttributes>(step.attributes);
  using core::StorageType;
  const auto count = [](StorageType type, std::int64_t rows, std::int64_t columns) {
    return core::Expected{type, static_cast<std::size_t>(rows * columns)};
  };
  const StorageType operands = core::operandsOf(plan, step);
  Status fit = core::expectBuffers(plan, step, {count(operands, a.m, a.k), count(operands, a.k, a.n)},
                                   {count(StorageType::f32, a.m, a.n)});
  if (!fit.ok()) return fit;
  const DataType type = operands == StorageType::bf16 ? CUDA_R_16BF : CUDA_R_32F;
  auto descriptors = describe(*session->api, {a, type}, options.precision);
  if (!descriptors.ok()) return descriptors.status();
  auto chosen = choose(*session, descriptors.value(), options);
  if (!chosen.ok()) return chosen.status();
  return std::make_unique<MatmulKernel>(session, std::move(descriptors.value()), chosen.value(),
                                        std::array{step.inputs[0], step.inputs[1], step.outputs[0]});
}

}  // namespace pathex::cuda
