#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace pathex::cuda {

/// A shared library opened at run time; the addon links nothing of NVIDIA's. Libraries are never closed: threads of
/// theirs may still run. Copies share the handle.
class Library {
 public:
  /// Opens the first of `names` (versioned sonames or whole paths, best first) that is found in one of searchFolders()
  /// or by the dynamic linker itself. `global` makes its symbols visible to libraries opened later (cuDNN wants
  /// cuBLASLt and NVRTC so). A bad status says where it was looked for and what the linker said.
  static core::Result<Library> open(const std::vector<std::string>& names, bool global = false);

  /// Throws nothing: a bad status names library and symbol.
  template <class Function>
  core::Status find(const char* symbol, Function*& function) const {
    function = reinterpret_cast<Function*>(address(symbol));
    if (function != nullptr) return {};
    return {core::Code::native, path_ + ": it has no function " + symbol + "; another version is needed"};
  }
  /// Where it was found.
  const std::string& path() const { return path_; }

 private:
  Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* address(const char* symbol) const;

  void* handle_;
  std::string path_;
};

/// Folders to look in before the linker's own, in this order: PATHEX_CUDA_LIBRARIES (colon-separated), the pip wheels'
/// layout (nvidia/cu13/lib, nvidia/cudnn/lib, ...) under VIRTUAL_ENV, CONDA_PREFIX and python3's site-packages, and
/// CUDA_HOME or CUDA_PATH. Worked out once.
const std::vector<std::string>& searchFolders();

}  // namespace pathex::cuda
