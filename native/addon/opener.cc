#include "addon/opener.h"

#include "addon/cpu_module.h"
#include "addon/environment.h"
#include "addon/node.h"
#include "cuda/device.h"

namespace pathex::addon {

namespace {

int threadsFrom(const Node& options) {
  if (!options.has("threads")) return 1;
  const Node threads = options.field("threads");
  const double count = threads.isNumber() ? threads.number() : 0;
  if (count >= 1 && count <= 1024 && count == static_cast<int>(count)) return static_cast<int>(count);
  throw Fault{"threads is " + threads.shown() + ", it must be an integer from 1 to 1024"};
}

cuda::Options cudaOptionsFrom(const Node& options) {
  cuda::Options read;
  read.index = static_cast<int>(options.field("index").natural());
  read.precision =
      options.field("precision")
          .word<cuda::Precision>(
              {{"strict", cuda::Precision::strict}, {"tf32", cuda::Precision::tf32}, {"bf16", cuda::Precision::bf16}});
  read.isDeterministic = options.field("deterministic").boolean();
  if (options.has("epilogues")) read.hasEpilogues = options.field("epilogues").boolean();
  if (options.has("streams")) {
    read.streams = options.field("streams").word<cuda::StreamMode>(
        {{"measured", cuda::StreamMode::measured}, {"one", cuda::StreamMode::one}, {"two", cuda::StreamMode::two}});
  }
  if (options.has("cacheFolder")) read.cacheFolder = options.field("cacheFolder").text();
  return read;
}

OpenDevice openerFrom(const Node& options) {
  if (!options.isObject()) throw Fault{"the options are not an object"};
  const bool isCuda = options.has("kind") && options.field("kind").word<bool>({{"cpu", false}, {"cuda", true}});
  if (isCuda) return [read = cudaOptionsFrom(options)](const core::StopFlag&) { return cuda::open(read); };
  return [threads = threadsFrom(options)](const core::StopFlag& stop) -> Opened {
    auto module = cpuModule();
    if (!module.ok()) return module.status();
    return module.value()->openDevice(threads, stop);
  };
}

}  // namespace

OpenDevice openerOf(const Napi::CallbackInfo& info) {
  const Napi::Value given = info.Length() == 0 || info[0].IsUndefined() ? Napi::Object::New(info.Env()) : info[0];
  try {
    return openerFrom(Node(given, "options"));
  } catch (const Fault& fault) {
    expectOk(info.Env(), {core::Code::device, "Device: " + fault.message});
    throw Napi::Error::New(info.Env(), fault.message);  // not reached
  }
}

}  // namespace pathex::addon
