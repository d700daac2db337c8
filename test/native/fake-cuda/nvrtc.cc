// A run-time compiler whose machine is the host: CUDA C through g++ and the emulator of test/cuda, named by the macro
// EMULATOR. FAKE_NVRTC_FAIL, if set, is the log of a failing compilation. Like NVIDIA's of 13.0, it carries no search
// path and asks the linker for its built-in functions by their bare name.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cuda/nvrtc.h"
#include "image.h"

struct _nvrtcProgram {
  std::string source, log;
  std::vector<char> code;
};

namespace {

constexpr int compilationFailed = 6, builtinsFailed = 7;

void note(const std::string& line) {
  const char* const path = std::getenv("FAKE_CUDA_LOG");
  if (path != nullptr && *path != '\0') std::ofstream(path, std::ios::app) << line << "\n";
}

/// Functions that a driver can call with an array of addresses.
std::string doorsOf(const std::string& source) {
  std::string doors;
  const std::string mark = "__global__";
  for (std::size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at + 1)) {
    const std::string head = source.substr(at, source.find('{', at) - at);
    const std::size_t open = head.rfind('('), close = head.rfind(')');
    std::size_t begin = open;
    while (begin > 0 && (std::isalnum(static_cast<unsigned char>(head[begin - 1])) || head[begin - 1] == '_')) --begin;
    const std::string name = head.substr(begin, open - begin), parameters = head.substr(open + 1, close - open - 1);
    int count = parameters.empty() ? 0 : 1;
    for (const char c : parameters) count += c == ',' ? 1 : 0;
    std::string arguments;
    for (int i = 0; i < count; ++i) {
      arguments += (i == 0 ? "" : ", ") + ("emulator::Pointer{arguments[" + std::to_string(i) + "]}");
    }
    doors += "extern \"C\" { int fake_args_" + name + " = " + std::to_string(count) + ";\nvoid fake_run_" + name +
             "(unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, void** arguments) {\n"
             "  emulator::launch({gx, gy, gz}, {bx, by, bz}, [=] { " +
             name + "(" + arguments + "); });\n}}\n";
  }
  return doors;
}

std::vector<char> bytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
const char* nvrtcGetErrorString(int result) {
  return result == compilationFailed ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR";
}
int nvrtcCreateProgram(nvrtcProgram* program, const char* source, const char*, int, const char* const*,
                       const char* const*) {
  *program = new _nvrtcProgram{source, "", {}};
  return 0;
}
int nvrtcCompileProgram(nvrtcProgram program, int count, const char* const* options) {
  std::string line = "nvrtcCompileProgram";
  for (int i = 0; i < count; ++i) line += std::string(" ") + options[i];
  note(line);
  if (const char* const log = std::getenv("FAKE_NVRTC_FAIL"); log != nullptr && *log != '\0') {
    program->log = log;
    return compilationFailed;
  }
  if (dlopen("libnvrtc-builtins.so.13.0", RTLD_NOW) == nullptr) {
    program->log = std::string("nvrtc: error: ") + dlerror();
    return builtinsFailed;
  }
  char folder[] = "/tmp/fake-nvrtc-XXXXXX";
  if (mkdtemp(folder) == nullptr) std::abort();
  const std::string at = folder;
  std::ofstream(at + "/plan.cc") << "#include \"" EMULATOR "\"\n"
                                 << program->source << "\n"
                                 << doorsOf(program->source);
  const std::string command = "g++ -shared -fPIC -std=c++17 -O1 -w -ffp-contract=off -fno-gnu-unique -o " + at +
                              "/plan.so " + at + "/plan.cc 2> " + at + "/log";
  const int status = std::system(command.c_str());
  const std::vector<char> code = bytesOf(at + "/plan.so"), log = bytesOf(at + "/log");
  if (std::system(("rm -rf " + at).c_str()) != 0) std::abort();
  if (status != 0) {
    program->log.assign(log.begin(), log.end());
    return compilationFailed;
  }
  fake::Image head{};
  std::memcpy(head.word, fake::word, sizeof head.word);
  head.bytes = code.size();
  const char* const first = reinterpret_cast<const char*>(&head);
  program->code.assign(first, first + sizeof head);
  program->code.insert(program->code.end(), code.begin(), code.end());
  return 0;
}
int nvrtcGetProgramLogSize(nvrtcProgram program, std::size_t* size) {
  *size = program->log.size() + 1;
  return 0;
}
int nvrtcGetProgramLog(nvrtcProgram program, char* log) {
  std::memcpy(log, program->log.c_str(), program->log.size() + 1);
  return 0;
}
int nvrtcGetCUBINSize(nvrtcProgram program, std::size_t* size) {
  *size = program->code.size();
  return 0;
}
int nvrtcGetCUBIN(nvrtcProgram program, char* code) {
  std::memcpy(code, program->code.data(), program->code.size());
  return 0;
}
int nvrtcDestroyProgram(nvrtcProgram* program) {
  delete *program;
  *program = nullptr;
  return 0;
}

}  // extern "C"
