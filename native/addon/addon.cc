#include <napi.h>

#include "addon/device.h"
#include "addon/environment.h"
#include "addon/handles.h"
#include "cpu/backend.h"

namespace pathex::addon {

namespace {

Napi::Value probe(const Napi::CallbackInfo& info) {
  const cpu::Probe found = cpu::probe();
  const auto result = Napi::Object::New(info.Env());
  result.Set("onednn", found.onednn);
  result.Set("isa", found.isa);
  result.Set("threads", found.threads);
  return result;
}

Napi::Value setErrorClass(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "setErrorClass: not a class");
  Environment::of(info.Env()).setErrorClass(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment(env);  // owned by Node from the next line on
  env.SetInstanceData(environment);
  const Napi::Function device = Device::define(env);
  environment->device = Napi::Persistent(device);
  environment->buffer = Napi::Persistent(BufferHandle::define(env));
  environment->executable = Napi::Persistent(ExecutableHandle::define(env));
  exports.Set("Device", device);
  exports.Set("probe", Napi::Function::New<probe>(env));
  exports.Set("setErrorClass", Napi::Function::New<setErrorClass>(env));
  return exports;
}

}  // namespace

}  // namespace pathex::addon

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  return pathex::addon::init(env, exports);
}

NODE_API_MODULE(pathex, initialise)
