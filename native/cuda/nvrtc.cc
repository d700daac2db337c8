#include "cuda/nvrtc.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <sstream>

namespace pathex::cuda {

namespace {

constexpr int NVRTC_SUCCESS = 0;

core::Result<const Nvrtc*> openNvrtc() {
  auto library = openNvrtcLibrary();
  if (!library.ok()) return library.status().within("nvrtc");
  auto n = std::make_unique<Nvrtc>();
  core::Status s;
  const auto find = [&](const char* symbol, auto& function) {
    if (s.ok()) s = library.value().find(symbol, function);
  };
  find("nvrtcVersion", n->nvrtcVersion);
  find("nvrtcGetErrorString", n->nvrtcGetErrorString);
  find("nvrtcCreateProgram", n->nvrtcCreateProgram);
  find("nvrtcCompileProgram", n->nvrtcCompileProgram);
  find("nvrtcGetProgramLogSize", n->nvrtcGetProgramLogSize);
  find("nvrtcGetProgramLog", n->nvrtcGetProgramLog);
  find("nvrtcGetCUBINSize", n->nvrtcGetCUBINSize);
  find("nvrtcGetCUBIN", n->nvrtcGetCUBIN);
  find("nvrtcDestroyProgram", n->nvrtcDestroyProgram);
  if (!s.ok()) return s.within("nvrtc");
  n->path = library.value().path();
  if (n->nvrtcVersion(&n->major, &n->minor) != NVRTC_SUCCESS) {
    return core::Status(core::Code::native, "nvrtc: nvrtcVersion failed in " + n->path);
  }
  return static_cast<const Nvrtc*>(n.release());  // never freed: libraries stay loaded as well
}

/// One compilation; gives its program back.
class Compilation {
 public:
  explicit Compilation(const Nvrtc& nvrtc) : nvrtc_(nvrtc) {}
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;
  ~Compilation() {
    if (program_ != nullptr) nvrtc_.nvrtcDestroyProgram(&program_);
  }

  core::Status create(const std::string& source) {
    const int result = nvrtc_.nvrtcCreateProgram(&program_, source.c_str(), "plan.cu", 0, nullptr, nullptr);
    return check(result, "nvrtcCreateProgram", "");
  }
  core::Status compile(const std::vector<std::string>& options) {
    std::vector<const char*> words;
    for (const std::string& option : options) words.push_back(option.c_str());
    const int result = nvrtc_.nvrtcCompileProgram(program_, static_cast<int>(words.size()), words.data());
    return check(result, "nvrtcCompileProgram", result == NVRTC_SUCCESS ? "" : firstError());
  }
  core::Result<std::vector<char>> cubin() {
    std::size_t size = 0;
    core::Status s = check(nvrtc_.nvrtcGetCUBINSize(program_, &size), "nvrtcGetCUBINSize", "");
    if (!s.ok()) return s;
    std::vector<char> code(size);
    if (s = check(nvrtc_.nvrtcGetCUBIN(program_, code.data()), "nvrtcGetCUBIN", ""); !s.ok()) return s;
    return code;
  }

 private:
  core::Status check(int result, const char* call, const std::string& log) const {
    if (result == NVRTC_SUCCESS) return {};
    return {core::Code::native, "nvrtc " + nvrtc_.version() + ": " + call + ": " + nvrtc_.nvrtcGetErrorString(result) +
                                    " (" + std::to_string(result) + ")" + (log.empty() ? "" : ": " + log)};
  }
  std::string firstError() const {
    std::size_t size = 0;
    if (nvrtc_.nvrtcGetProgramLogSize(program_, &size) != NVRTC_SUCCESS || size <= 1) return "";
    std::string log(size, '\0');
    if (nvrtc_.nvrtcGetProgramLog(program_, log.data()) != NVRTC_SUCCESS) return "";
    log.resize(log.find_last_not_of(std::string("\0\n ", 3)) + 1);
    std::istringstream lines(log);
    std::string first;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("error") != std::string::npos) return line;
      if (first.empty()) first = line;
    }
    return first;
  }

  const Nvrtc& nvrtc_;
  nvrtcProgram program_ = nullptr;
};

}  // namespace

core::Result<Library> openNvrtcLibrary() {
  // Global, since cuDNN looks its symbols up.
  auto library = Library::open({"libnvrtc.so.13", "libnvrtc.so.12"}, true);
  if (!library.ok()) return library.status();
  int (*versionOf)(int*, int*) = nullptr;
  int major = 0, minor = 0;
  const core::Status found = library.value().find("nvrtcVersion", versionOf);
  if (!found.ok() || versionOf(&major, &minor) != NVRTC_SUCCESS) return library;  // its callers say so
  const std::string name = "libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor);
  // Where it is not there, the compiler may know better, or says what it misses.
  (void)Library::open({(std::filesystem::path(library.value().path()).parent_path() / name).string()}, true);
  return library;
}

core::Result<const Nvrtc*> Nvrtc::get() {
  static std::mutex lock;
  static const Nvrtc* opened = nullptr;
  const std::lock_guard guard(lock);
  if (opened != nullptr) return opened;
  auto result = openNvrtc();
  if (result.ok()) opened = result.value();
  return result;
}

core::Result<std::vector<char>> Nvrtc::compile(const std::string& source,
                                               const std::vector<std::string>& options) const {
  Compilation compilation(*this);
  if (core::Status s = compilation.create(source); !s.ok()) return s;
  if (core::Status s = compilation.compile(options); !s.ok()) return s;
  return compilation.cubin();
}

}  // namespace pathex::cuda
