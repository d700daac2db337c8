#pragma once

#include <memory>
#include <string>

#include "core/status.h"
#include "cuda/api/cublaslt.h"

/// cuBLASLt with owned objects and statuses that say what failed.
namespace pathex::cuda::cublaslt {

struct Api {
  Functions call{};
  std::string path;

  static core::Result<std::shared_ptr<const Api>> load();

  std::size_t version() const { return call.cublasLtGetVersion(); }
  core::Status check(StatusCode, const std::string& what) const;
};
using ApiRef = std::shared_ptr<const Api>;

/// cuBLASLt on the GPU whose CUDA context is current.
struct Session {
  ApiRef api;
  Handle handle = nullptr;

  static core::Result<std::shared_ptr<const Session>> open();
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();
};

}  // namespace pathex::cuda::cublaslt
