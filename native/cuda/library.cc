#include "cuda/library.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace pathex::cuda {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool isFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// What python3 imports from; empty where there is no python3.
std::vector<std::string> pythonPath() {
  // A process of its own: the interpreter's answer depends on its version, user folder and .pth files.
  FILE* const pipe = popen("python3 -c 'import sys; print(\"\\n\".join(sys.path))' 2>/dev/null", "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;) text.append(part.data(), got);
  pclose(pipe);
  return split(text, '\n');
}

/// Collects folders that exist, each once, in order.
class Folders {
 public:
  void add(const fs::path& folder) {
    if (isFolder(folder) && std::find(found_.begin(), found_.end(), folder.string()) == found_.end()) {
      found_.push_back(folder.string());
    }
  }
  /// The layout of NVIDIA's wheels: everything of CUDA 13 in one folder, other libraries in one of their own each.
  void addWheels(const fs::path& sitePackages) {
    for (const char* const part : {"cu13", "cudnn", "cublas", "cuda_nvrtc", "nccl"}) {
      add(sitePackages / "nvidia" / part / "lib");
    }
  }
  /// A virtual environment: the name of its packages' folder holds the interpreter's version.
  void addEnvironment(const std::string& root) {
    if (root.empty()) return;
    std::error_code ignored;
    std::vector<fs::path> versions;
    for (const auto& entry : fs::directory_iterator(fs::path(root) / "lib", ignored)) {
      if (entry.path().filename().string().rfind("python3", 0) == 0) versions.push_back(entry.path());
    }
    std::sort(versions.begin(), versions.end());
    for (const fs::path& version : versions) addWheels(version / "site-packages");
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

std::vector<std::string> findFolders() {
  Folders folders;
  for (const std::string& folder : split(variable("PATHEX_CUDA_LIBRARIES"), ':')) folders.add(folder);
  folders.addEnvironment(variable("VIRTUAL_ENV"));
  if (const std::string conda = variable("CONDA_PREFIX"); !conda.empty()) {
    folders.addEnvironment(conda);
    folders.add(fs::path(conda) / "lib");
  }
  for (const std::string& folder : pythonPath()) folders.addWheels(folder);
  for (const char* const name : {"CUDA_HOME", "CUDA_PATH"}) {
    const std::string root = variable(name);
    if (root.empty()) continue;
    folders.add(fs::path(root) / "lib64");
    folders.add(fs::path(root) / "lib");
  }
  return folders.take();
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string linkerError() {
  const char* const error = dlerror();
  return error == nullptr ? "no reason given" : error;
}

/// The file behind a handle: the linker finds bare names in places of its own.
std::string fileOf(void* handle, const std::string& name) {
  link_map* map = nullptr;
  return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0' ? map->l_name : name;
}

}  // namespace

const std::vector<std::string>& searchFolders() {
  static const std::vector<std::string> folders = findFolders();
  return folders;
}

core::Result<Library> Library::open(const std::vector<std::string>& names, bool global) {
  const int flags = RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL);
  std::vector<std::string> reasons;
  for (const std::string& name : names) {
    for (const std::string& folder : searchFolders()) {
      const std::string path = (fs::path(folder) / name).string();
      std::error_code ignored;
      if (!fs::exists(path, ignored)) continue;
      if (void* const handle = dlopen(path.c_str(), flags)) return Library(handle, path);
      reasons.push_back(linkerError());
    }
    if (void* const handle = dlopen(name.c_str(), flags)) return Library(handle, fileOf(handle, name));
    reasons.push_back(linkerError());
  }
  const std::string places = searchFolders().empty() ? "" : joined(searchFolders(), ", ") + " and ";
  return core::Status(core::Code::device, joined(names, " or ") + ": not found in " + places +
                                              "the linker's own folders (" + joined(reasons, "; ") +
                                              "); install it or name its folder in PATHEX_CUDA_LIBRARIES");
}

void* Library::address(const char* symbol) const {
  return dlsym(handle_, symbol);
}

}  // namespace pathex::cuda
