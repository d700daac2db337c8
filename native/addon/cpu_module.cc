#include "addon/cpu_module.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>
#include <span>
#include <string>

namespace pathex::addon {

namespace {

using core::Code;
using core::Status;

/// x86-64-v2, -v3 and -v4 of the System V ABI; `isSupported` asks the processor, and the system for its registers.
struct Level {
  const char* name;
  bool (*isSupported)();
  const char* needs;
};

#if defined(__x86_64__)
/// All that the compiler may use: where lzcnt is missing, for one, it runs as another instruction, with other results.
bool isV3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") &&
         __builtin_cpu_supports("movbe");
}
bool isV4() {
  return isV3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
constexpr Level all[] = {
    {"v4", isV4, "AVX-512"},
    {"v3", isV3, "AVX2, FMA and what came with them"},
    {"v2", [] { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"); }, "SSE4.2"},
};
#else
constexpr Level all[] = {{"native", [] { return true; }, "nothing"}};
#endif
constexpr std::span<const Level> levels(all);

Status deviceError(std::string message) {
  return {Code::device, std::move(message)};
}

/// What PATHEX_ISA says; empty where it leaves the choice to the processor.
std::string askedLevel() {
  const char* const asked = std::getenv("PATHEX_ISA");
  return asked != nullptr ? asked : "";
}

core::Result<const Level*> chosenLevel(const std::string& asked) {
  const bool isAsked = !asked.empty();
  for (const Level& level : levels) {
    if (isAsked && asked != level.name) continue;
    if (level.isSupported()) return &level;
    if (isAsked) {
      return deviceError("PATHEX_ISA is " + asked + ", which needs " + level.needs +
                         "; this processor has no such instructions: choose a lower level, or leave it out");
    }
  }
  if (isAsked) return deviceError("PATHEX_ISA is '" + asked + "'; it must be v2, v3 or v4, or left out");
  return deviceError("the cpu device needs SSE4.2 (x86-64-v2), which this processor lacks; use the reference device");
}

/// The folder of this very library, with a slash at its end.
std::string ownFolder() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&ownFolder), &self) == 0) return "";
  const std::string path = self.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

/// How to get a library that the loader misses, by what it said.
std::string installing(const std::string& why) {
  if (why.find("cannot open shared object") == std::string::npos) return ";";
  if (why.find("libdnnl.so") != std::string::npos) return "; install oneDNN (Debian, Ubuntu: libdnnl-dev), or";
  if (why.find("libgomp.so") != std::string::npos) return "; install GNU's OpenMP (Debian, Ubuntu: libgomp1), or";
  return ";";
}

core::Result<const cpu::Module*> openModule(const std::string& asked) {
  auto level = chosenLevel(asked);
  if (!level.ok()) return level.status();
  const std::string path = ownFolder() + "pathex-cpu-" + level.value()->name + ".so";
  const std::string remedy = " build the addon for what is here: npx pathex setup --build";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: it may have threads of its own
  if (library == nullptr) {
    const char* const said = dlerror();
    const std::string why = said != nullptr ? said : path;
    return Status(Code::native, "cpu kernels: " + why + installing(why) + remedy);
  }
  const auto entry = reinterpret_cast<cpu::ModuleEntry>(dlsym(library, cpu::moduleEntry));
  if (entry == nullptr) return Status(Code::native, "cpu kernels: " + path + " is of another version;" + remedy);
  return entry(!asked.empty());
}

}  // namespace

core::Result<const cpu::Module*> cpuModule() {
  static std::mutex lock;
  static const cpu::Module* opened = nullptr;
  static std::string openedFor;
  const std::lock_guard hold(lock);
  const std::string asked = askedLevel();
  if (opened != nullptr && asked != openedFor) {
    return deviceError("PATHEX_ISA is '" + asked + "' now and was '" + openedFor +
                       "' when this process opened its kernels, which it keeps; set it before the first device");
  }
  if (opened != nullptr) return opened;
  auto found = openModule(asked);
  if (found.ok()) {
    opened = found.value();
    openedFor = asked;
  }
  return found;
}

}  // namespace pathex::addon
