// A CUDA driver on the host's memory, for tests of the device without a GPU. Streams are threads, so work is as
// asynchronous as on a GPU; a captured graph is a list that a launch walks through; kernels are compiled by nvrtc.cc.
//
//   FAKE_CUDA_LOG     every call is one line of this file, and so is what is left when the last stream goes
//   FAKE_CUDA_FAIL    "cuMemAlloc_v2:2" fails each such call with that code, "cuMemAlloc_v2:2@3" the third one alone;
//                     "kernel:700" is an error that happens on the GPU and shows later
//   FAKE_CUDA_DELAY   microseconds that each launch takes
//   FAKE_CUDA_ELAPSED milliseconds between any two events, or several values by turns: "5,3"; without it, what the
//                     host's clock says
//   FAKE_CUDA_MEMORY  bytes of the GPU, by default a gigabyte
//   FAKE_CUDA_SIDE    "early": work of other streams than the first is done as soon as it is given; without it, as late
//                     as the first stream's waits for it allow, so that a missing wait shows in the results
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cuda/driver.h"
#include "image.h"

namespace {

using namespace pathex::cuda::value;
constexpr int invalidContext = 201, invalidHandle = 400, captureUnsupported = 900, captureInvalidated = 901,
              captureUnjoined = 904;

std::mutex lock;  // of everything below
std::map<std::string, int> live, calls;
std::map<void*, std::size_t> memory;
std::size_t used = 0;
std::atomic<int> sticky = 0;
thread_local CUcontext current = nullptr;

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void note(const char* format, ...) {
  const std::string path = setting("FAKE_CUDA_LOG");
  if (path.empty()) return;
  std::FILE* const file = std::fopen(path.c_str(), "a");
  if (file == nullptr) return;
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(file, format, arguments);
  va_end(arguments);
  std::fputc('\n', file);
  std::fclose(file);
}

/// The code that FAKE_CUDA_FAIL has for this call.
int injected(const std::string& call) {
  const std::string rule = setting("FAKE_CUDA_FAIL");
  if (rule.rfind(call + ":", 0) != 0) return 0;
  int code = 0, at = 0;
  const int read = std::sscanf(rule.c_str() + call.size() + 1, "%d@%d", &code, &at);
  const std::lock_guard guard(lock);
  return read == 2 && ++calls[rule] != at ? 0 : code;
}

/// What every call does first.
int enter(const char* call, bool needsContext = true) {
  note("%s", call);
  if (const int code = injected(call)) {
    if (code >= 700 && code < 720) sticky = code;
    return code;
  }
  if (needsContext && current == nullptr) return invalidContext;
  return needsContext ? sticky.load() : 0;
}

void count(const char* what, int change) {
  const std::lock_guard guard(lock);
  live[what] += change;
}

}  // namespace

struct CUctx_st {};
struct CUgraph_st {
  std::vector<std::function<void()>> work;
};
struct CUgraphExec_st : CUgraph_st {
  int number = 0;
};
struct CUevent_st {
  bool keepsTime = false, isRecorded = false;
  std::atomic<bool> isDone = true;
  std::chrono::steady_clock::time_point at;
  CUstream_st* side = nullptr;  // where it was recorded, if not on the first stream
  std::size_t upTo = 0;
};
struct CUmod_st {
  void* handle = nullptr;
};
struct CUfunc_st {
  fake::Run run = nullptr;
  int arguments = 0;
};

/// Work is done in order on a thread of its own.
struct CUstream_st {
  std::mutex own;
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  bool isEnding = false, isBusy = false;
  std::unique_ptr<CUgraph_st> recording;
  bool isBroken = false;
  /// Of a stream besides the first: the first, what is put off, and how much of that the first has taken.
  CUstream_st* first = nullptr;
  std::vector<std::function<void()>> putOff;
  std::size_t taken = 0;
  bool hasWaited = false;
  std::thread thread{[this] { loop(); }};

  void loop() {
    for (std::unique_lock guard(own);;) {
      changed.wait(guard, [this] { return isEnding || !queue.empty(); });
      if (queue.empty()) return;
      const std::function<void()> work = std::move(queue.front());
      queue.pop_front();
      isBusy = true;
      guard.unlock();
      work();
      guard.lock();
      isBusy = false;
      changed.notify_all();
    }
  }
  int add(std::function<void()> work) {
    if (first != nullptr) {
      if (!hasWaited) return 1;  // this driver cannot do it before work that it does not wait for
      putOff.push_back(std::move(work));
      return setting("FAKE_CUDA_SIDE") == "early" ? take(putOff.size()) : 0;
    }
    if (recording) {
      recording->work.push_back(std::move(work));
      return 0;
    }
    const std::lock_guard guard(own);
    queue.push_back(std::move(work));
    changed.notify_all();
    return 0;
  }
  int take(std::size_t upTo) {
    for (; taken < upTo; ++taken) first->add(putOff[taken]);
    return 0;
  }
  void finish() {
    if (first != nullptr) {
      take(putOff.size());
      first->finish();
      return;
    }
    std::unique_lock guard(own);
    changed.wait(guard, [this] { return queue.empty() && !isBusy; });
  }
  ~CUstream_st() {
    {
      const std::lock_guard guard(own);
      isEnding = true;
      changed.notify_all();
    }
    thread.join();
  }
};

namespace {

CUctx_st theContext;
// A device has a thread of its own for its calls: the first stream that it makes there does the work of the others, too.
thread_local std::set<CUstream_st*> sides;
thread_local CUstream theStream = nullptr;

/// Calls that would wait or allocate are not allowed while a stream is captured, and break the capture.
int refuseInCapture() {
  if (theStream == nullptr || !theStream->recording) return 0;
  theStream->isBroken = true;
  return captureUnsupported;
}

void sleepOfLaunch() {
  const std::string delay = setting("FAKE_CUDA_DELAY");
  if (!delay.empty()) std::this_thread::sleep_for(std::chrono::microseconds(std::stol(delay)));
}

}  // namespace

extern "C" {

// For the libraries beside this one.
void fake_note(const char* line) {
  note("%s", line);
}
void fake_stream_add(CUstream stream, const std::function<void()>& work) {
  stream->add(work);
}

int cuInit(unsigned) {
  return enter("cuInit", false);
}
int cuDriverGetVersion(int* version) {
  const std::string asked = setting("FAKE_CUDA_VERSION");
  *version = asked.empty() ? 13000 : std::stoi(asked);
  return 0;
}
int cuGetErrorName(int result, const char** name) {
  static thread_local std::string text;
  text = result == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
         : result == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                         : "CUDA_ERROR_" + std::to_string(result);
  *name = text.c_str();
  return 0;
}
int cuGetErrorString(int result, const char** text) {
  *text = result == 2 ? "out of memory" : result == 700 ? "an illegal memory access was encountered" : "a fake failure";
  return 0;
}
int cuDeviceGetCount(int* number) {
  *number = 1;
  return enter("cuDeviceGetCount", false);
}
int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return enter("cuDeviceGet", false);
}
int cuDeviceGetName(char* name, int length, int) {
  std::snprintf(name, static_cast<std::size_t>(length), "Fake GPU");
  return enter("cuDeviceGetName", false);
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR   ? 9
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR ? 0
                                                                       : 132;
  return enter("cuDeviceGetAttribute", false);
}
int cuDevicePrimaryCtxRetain(CUcontext* context, int) {
  if (const int code = enter("cuDevicePrimaryCtxRetain", false)) return code;
  *context = &theContext;
  return 0;
}
int cuCtxSetCurrent(CUcontext context) {
  if (context == nullptr) {
    current = nullptr;
    return 0;
  }
  if (const int code = enter("cuCtxSetCurrent", false)) return code;
  current = context;
  return 0;
}

int cuMemGetInfo_v2(std::size_t* available, std::size_t* total) {
  if (const int code = enter("cuMemGetInfo_v2")) return code;
  const std::string size = setting("FAKE_CUDA_MEMORY");
  *total = size.empty() ? std::size_t{1} << 30 : std::stoull(size);
  const std::lock_guard guard(lock);
  *available = *total - used;
  return 0;
}
int cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes) {
  if (const int code = enter("cuMemAlloc_v2")) return code;
  if (const int code = refuseInCapture()) return code;
  void* const made = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(made, 0xff, bytes);  // a device promises nothing of new memory
  count("memory", 1);
  const std::lock_guard guard(lock);
  memory[made] = bytes;
  used += bytes;
  *address = reinterpret_cast<CUdeviceptr>(made);
  return 0;
}
int cuMemFree_v2(CUdeviceptr address) {
  note("cuMemFree_v2");
  if (current == nullptr) std::abort();
  if (theStream != nullptr) theStream->finish();
  void* const at = reinterpret_cast<void*>(address);
  {
    const std::lock_guard guard(lock);
    const auto found = memory.find(at);
    if (found == memory.end()) std::abort();
    used -= found->second;
    memory.erase(found);
  }
  count("memory", -1);
  std::free(at);
  return 0;
}
int cuMemHostAlloc(void** address, std::size_t bytes, unsigned) {
  if (const int code = enter("cuMemHostAlloc")) return code;
  if (const int code = refuseInCapture()) return code;
  *address = std::malloc(bytes);
  count("pinned", 1);
  return 0;
}
int cuMemFreeHost(void* address) {
  note("cuMemFreeHost");
  if (current == nullptr) std::abort();
  std::free(address);
  count("pinned", -1);
  return 0;
}
int cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  if (const int code = enter("cuMemcpyHtoDAsync_v2")) return code;
  return stream->add([=] { std::memcpy(reinterpret_cast<void*>(to), from, bytes); });
}
int cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  if (const int code = enter("cuMemcpyDtoHAsync_v2")) return code;
  return stream->add([=] {
    if (sticky == 0) std::memcpy(to, reinterpret_cast<void*>(from), bytes);
  });
}
int cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream stream) {
  if (const int code = enter("cuMemsetD8Async")) return code;
  return stream->add([=] { std::memset(reinterpret_cast<void*>(to), value, bytes); });
}

int cuStreamCreate(CUstream* stream, unsigned) {
  if (const int code = enter("cuStreamCreate")) return code;
  *stream = new CUstream_st;
  count("streams", 1);
  if (theStream == nullptr) {
    theStream = *stream;
  } else {
    (*stream)->first = theStream;
    sides.insert(*stream);
  }
  return 0;
}
int cuStreamDestroy_v2(CUstream stream) {
  note("cuStreamDestroy_v2");
  if (stream->first != nullptr) stream->finish();
  if (stream == theStream) theStream = nullptr;
  sides.erase(stream);
  delete stream;
  count("streams", -1);
  const std::lock_guard guard(lock);
  if (live["streams"] > 0) return 0;
  sticky = 0;  // a GPU stays lost to its process, but the tests of one process lose it more than once
  std::string left;
  for (const auto& [what, number] : live) {
    if (number != 0) left += " " + what + "=" + std::to_string(number);
  }
  note("left:%s", left.c_str());
  return 0;
}
int cuStreamSynchronize(CUstream stream) {
  if (const int code = enter("cuStreamSynchronize")) return code;
  if (const int code = refuseInCapture()) return code;
  stream->finish();
  return sticky;
}
int cuStreamBeginCapture_v2(CUstream stream, int mode) {
  if (const int code = enter("cuStreamBeginCapture_v2")) return code;
  if (mode != CU_STREAM_CAPTURE_MODE_THREAD_LOCAL || stream->recording) return 1;
  stream->recording = std::make_unique<CUgraph_st>();
  stream->isBroken = false;
  return 0;
}
int cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  if (!stream->recording) return 1;
  std::unique_ptr<CUgraph_st> made = std::move(stream->recording);
  if (const int code = enter("cuStreamEndCapture")) return code;
  if (stream->isBroken) return captureInvalidated;
  for (const CUstream_st* const side : sides) {
    if (side->taken < side->putOff.size()) return captureUnjoined;
  }
  *graph = made.release();
  count("graphs", 1);
  return 0;
}
int cuStreamIsCapturing(CUstream stream, int* status) {
  if (const int code = injected("capture")) stream->isBroken = code != 0;
  *status = !stream->recording ? 0 : stream->isBroken ? 2 : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return 0;
}

int cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  if (const int code = enter("cuStreamWaitEvent")) return code;
  if (!event->isRecorded) return invalidHandle;
  if (stream->first != nullptr) {
    if (event->side != nullptr) return 1;  // pathex does not ask for it
    stream->hasWaited = true;
    return 0;
  }
  return event->side == nullptr ? 0 : event->side->take(event->upTo);
}

int cuEventCreate(CUevent* event, unsigned flags) {
  if (const int code = enter("cuEventCreate")) return code;
  *event = new CUevent_st{(flags & CU_EVENT_DISABLE_TIMING) == 0};
  count("events", 1);
  return 0;
}
int cuEventDestroy_v2(CUevent event) {
  if (current == nullptr) std::abort();
  if (theStream != nullptr && !event->isDone) theStream->finish();
  delete event;
  count("events", -1);
  return 0;
}
int cuEventRecord(CUevent event, CUstream stream) {
  if (const int code = enter("cuEventRecord")) return code;
  event->isRecorded = true;
  event->isDone = false;
  event->side = stream->first == nullptr ? nullptr : stream;
  if (event->side != nullptr) event->upTo = stream->putOff.size() + 1;  // this record itself
  return stream->add([event] {
    event->at = std::chrono::steady_clock::now();
    event->isDone = true;
  });
}
int cuEventQuery(CUevent event) {
  if (current == nullptr) return invalidContext;
  const bool isDone = event->isDone;
  if (const int code = isDone ? enter("cuEventQuery") : sticky.load()) return code;
  return isDone ? 0 : CUDA_ERROR_NOT_READY;
}
int cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  if (const int code = enter("cuEventElapsedTime")) return code;
  for (const CUevent event : {start, end}) {
    if (!event->keepsTime || !event->isRecorded) return invalidHandle;
    if (!event->isDone) return CUDA_ERROR_NOT_READY;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(end->at - start->at).count();
  std::istringstream said(setting("FAKE_CUDA_ELAPSED"));
  std::vector<float> values;
  for (std::string value; std::getline(said, value, ',');) values.push_back(std::stof(value));
  if (values.empty()) return 0;
  const std::lock_guard guard(lock);
  *milliseconds = values[static_cast<std::size_t>(calls["elapsed"]++) % values.size()];
  return 0;
}

int cuModuleLoadData(CUmodule* module, const void* image) {
  if (const int code = enter("cuModuleLoadData")) return code;
  const auto* const head = static_cast<const fake::Image*>(image);
  if (std::memcmp(head->word, fake::word, sizeof fake::word) != 0) return CUDA_ERROR_INVALID_IMAGE;
  char path[] = "/tmp/fake-cuda-XXXXXX";
  const int file = mkstemp(path);
  if (write(file, head + 1, head->bytes) != static_cast<ssize_t>(head->bytes)) std::abort();
  close(file);
  void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  unlink(path);
  if (handle == nullptr) return CUDA_ERROR_INVALID_IMAGE;
  *module = new CUmod_st{handle};
  count("modules", 1);
  return 0;
}
int cuModuleUnload(CUmodule module) {
  note("cuModuleUnload");
  if (current == nullptr) std::abort();
  dlclose(module->handle);
  delete module;
  count("modules", -1);
  return 0;
}
int cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  if (const int code = enter("cuModuleGetFunction")) return code;
  static std::map<void*, std::unique_ptr<CUfunc_st>> functions;
  auto* const run = dlsym(module->handle, (std::string("fake_run_") + name).c_str());
  auto* const arguments = static_cast<int*>(dlsym(module->handle, (std::string("fake_args_") + name).c_str()));
  if (run == nullptr || arguments == nullptr) return 500;
  auto& known = functions[run];
  if (!known) known = std::make_unique<CUfunc_st>();
  *known = {reinterpret_cast<fake::Run>(run), *arguments};
  *function = known.get();
  return 0;
}
int cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned, CUstream stream, void** parameters, void**) {
  if (const int code = enter("cuLaunchKernel")) return code;
  std::vector<void*> arguments;
  for (int i = 0; i < function->arguments; ++i) arguments.push_back(*static_cast<void**>(parameters[i]));
  return stream->add([=, run = function->run]() mutable {
    sleepOfLaunch();
    if (const int code = injected("kernel")) sticky = code;
    if (sticky != 0) return;
    run(gridX, gridY, gridZ, blockX, blockY, blockZ, arguments.data());
  });
}

int cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph, unsigned long long) {
  static int number = 0;
  if (const int code = enter("cuGraphInstantiateWithFlags")) return code;
  *exec = new CUgraphExec_st{{graph->work}, ++number};
  count("execs", 1);
  return 0;
}
int cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  if (const int code = enter("cuGraphLaunch")) return code;
  note("graph %d", exec->number);
  return stream->add([work = exec->work] {
    for (const auto& each : work) each();
  });
}
int cuGraphExecDestroy(CUgraphExec exec) {
  if (current == nullptr) std::abort();
  delete exec;
  count("execs", -1);
  return 0;
}
int cuGraphDestroy(CUgraph graph) {
  delete graph;
  count("graphs", -1);
  return 0;
}

}  // extern "C"
