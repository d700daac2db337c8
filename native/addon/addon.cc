#include <dlfcn.h>
#include <napi.h>

#include "addon/cpu_module.h"
#include "addon/device.h"
#include "addon/environment.h"
#include "addon/handles.h"
#include "cuda/device.h"

namespace pathex::addon {

namespace {

/// Keeps this library loaded for as long as the process lives. Node unloads it with the last worker thread that used
/// it, and libraries under it may still have threads of their own on the way out.
void stayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&stayLoaded), &self) != 0) {
    dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

Napi::Value probe(const Napi::CallbackInfo& info) {
  auto module = cpuModule();
  if (!module.ok()) expectOk(info.Env(), module.status());
  const cpu::Probe found = module.value()->probeMachine();
  const auto result = Napi::Object::New(info.Env());
  result.Set("onednn", found.onednn);
  result.Set("isa", found.isa);
  return result;
}

/// What of CUDA is here. Opens the libraries, which takes a moment, and asks for no GPU memory.
Napi::Value probeCuda(const Napi::CallbackInfo& info) {
  const std::vector<cuda::Finding> findings = cuda::probe();
  const auto list = Napi::Array::New(info.Env(), findings.size());
  for (std::uint32_t i = 0; i < findings.size(); ++i) {
    const auto entry = Napi::Object::New(info.Env());
    entry.Set("name", findings[i].name);
    entry.Set("version", findings[i].version);
    entry.Set("path", findings[i].path);
    entry.Set("refusal", findings[i].refusal);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value setErrorClass(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "setErrorClass: not a class");
  Environment::of(info.Env()).setErrorClass(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value entry(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return function(info); });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  stayLoaded();
  auto* environment = new Environment(env);  // owned by Node from the next line on
  env.SetInstanceData(environment);
  environment->open();
  const Napi::Function device = Device::define(env);
  environment->device = Napi::Persistent(device);
  environment->buffer = Napi::Persistent(BufferHandle::define(env));
  environment->executable = Napi::Persistent(ExecutableHandle::define(env));
  exports.Set("Device", device);
  exports.Set("probe", Napi::Function::New<entry<probe>>(env));
  exports.Set("probeCuda", Napi::Function::New<entry<probeCuda>>(env));
  exports.Set("setErrorClass", Napi::Function::New<entry<setErrorClass>>(env));
  return exports;
}

}  // namespace

}  // namespace pathex::addon

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  return pathex::addon::init(env, exports);
}

NODE_API_MODULE(pathex, initialise)
