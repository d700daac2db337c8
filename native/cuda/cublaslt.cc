#include "cuda/cublaslt.h"

#include "cuda/library.h"
#include "cuda/version.h"

namespace pathex::cuda::cublaslt {

namespace {

core::Status findAll(const Library& library, Functions& f) {
  core::Status status;
  const auto find = [&](const char* name, auto*& function) {
    if (status.ok()) status = library.find(name, function);
  };
  find("cublasLtGetVersion", f.cublasLtGetVersion);
  find("cublasLtGetStatusString", f.cublasLtGetStatusString);
  find("cublasLtCreate", f.cublasLtCreate);
  find("cublasLtDestroy", f.cublasLtDestroy);
  find("cublasLtMatmulDescCreate", f.cublasLtMatmulDescCreate);
  find("cublasLtMatmulDescDestroy", f.cublasLtMatmulDescDestroy);
  find("cublasLtMatmulDescSetAttribute", f.cublasLtMatmulDescSetAttribute);
  find("cublasLtMatrixLayoutCreate", f.cublasLtMatrixLayoutCreate);
  find("cublasLtMatrixLayoutDestroy", f.cublasLtMatrixLayoutDestroy);
  find("cublasLtMatmulPreferenceCreate", f.cublasLtMatmulPreferenceCreate);
  find("cublasLtMatmulPreferenceDestroy", f.cublasLtMatmulPreferenceDestroy);
  find("cublasLtMatmulPreferenceSetAttribute", f.cublasLtMatmulPreferenceSetAttribute);
  find("cublasLtMatmulAlgoGetHeuristic", f.cublasLtMatmulAlgoGetHeuristic);
  find("cublasLtMatmulAlgoConfigGetAttribute", f.cublasLtMatmulAlgoConfigGetAttribute);
  find("cublasLtMatmul", f.cublasLtMatmul);
  return status;
}

}  // namespace

core::Result<std::shared_ptr<const Api>> Api::load() {
  auto library = Library::open({"libcublasLt.so.13", "libcublasLt.so.12"}, true);
  if (!library.ok()) return library.status();
  auto api = std::make_shared<Api>();
  api->path = library.value().path();
  if (core::Status s = findAll(library.value(), api->call); !s.ok()) return s;
  return std::shared_ptr<const Api>(std::move(api));
}

core::Status Api::check(StatusCode code, const std::string& what) const {
  if (code == CUBLAS_STATUS_SUCCESS) return {};
  return {core::Code::native,
          "cuBLASLt " + showVersion(version()) + ": " + what + ": " + call.cublasLtGetStatusString(code)};
}

core::Result<std::shared_ptr<const Session>> Session::open() {
  auto api = Api::load();
  if (!api.ok()) return api.status();
  auto session = std::make_shared<Session>();
  session->api = std::move(api.value());
  const StatusCode code = session->api->call.cublasLtCreate(&session->handle);
  if (core::Status s = session->api->check(code, "cublasLtCreate"); !s.ok()) return s;
  return std::shared_ptr<const Session>(std::move(session));
}

Session::~Session() {
  if (handle != nullptr) api->call.cublasLtDestroy(handle);
}

}  // namespace pathex::cuda::cublaslt
