#include "addon/handles.h"

#include "addon/environment.h"

namespace pathex::addon {

namespace {

// Marks our objects, so that a foreign object with the same methods is never taken for one.
constexpr napi_type_tag bufferTag = {0x6f2a17c2b3d94e05, 0x9a51c7e08d3f4b61};
constexpr napi_type_tag executableTag = {0x1d83f5a6e7094c2b, 0xb7604f19c2ae8d53};

template <class Handle>
Handle* unwrap(const Napi::Value& value, const napi_type_tag& tag) {
  if (!value.IsObject()) return nullptr;
  const auto object = value.As<Napi::Object>();
  return object.CheckTypeTag(&tag) ? Handle::Unwrap(object) : nullptr;
}

/// The constructors are not public: they take what only `make` can give.
template <class Made>
Made& madeBy(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsExternal()) {
    expectOk(info.Env(), {core::Code::device, "this handle is made by a Device: use allocate() or load()"});
  }
  return *info[0].As<Napi::External<Made>>().Data();
}

struct NewBuffer {
  DevicePointer device;
  BlockPointer block;
};
struct NewExecutable {
  DevicePointer device;
  ExecutablePointer executable;
};

}  // namespace

Napi::Function BufferHandle::define(Napi::Env env) {
  return DefineClass(
      env, "DeviceBuffer",
      {InstanceAccessor<&BufferHandle::bytes>("bytes"), InstanceMethod<&BufferHandle::dispose>("dispose"),
       InstanceMethod<&BufferHandle::dispose>(Napi::Symbol::WellKnown(env, "dispose"))});
}

Napi::Object BufferHandle::make(Napi::Env env, const DevicePointer& device, BlockPointer block) {
  NewBuffer made{device, std::move(block)};
  return Environment::of(env).buffer.New({Napi::External<NewBuffer>::New(env, &made)});
}

BufferHandle* BufferHandle::of(const Napi::Value& value) {
  return unwrap<BufferHandle>(value, bufferTag);
}

BufferHandle::BufferHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  auto& made = madeBy<NewBuffer>(info);
  device_ = made.device;
  block_ = made.block;
  bytes_ = block_->bytes;
  info.This().As<Napi::Object>().TypeTag(&bufferTag);
  device_->owned.insert(this);
  adjustExternalMemory(info.Env(), static_cast<std::int64_t>(bytes_));
}

void BufferHandle::release() {
  if (!block_) return;
  block_.reset();
  device_->owned.erase(this);
  adjustExternalMemory(Env(), -static_cast<std::int64_t>(bytes_));
}

Napi::Value BufferHandle::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(bytes_));
}

Napi::Value BufferHandle::dispose(const Napi::CallbackInfo& info) {
  release();
  return info.Env().Undefined();
}

Staging::Staging(const core::Plan& plan) {
  std::size_t bytes = 0;
  for (const auto* slots : {&plan.inputs, &plan.outputs}) {
    for (const core::Slot& s : *slots) bytes += core::aligned(plan.buffers[s.buffer].bytes());
  }
  memory = core::Memory(bytes);
  std::byte* at = memory.data();
  const auto place = [&](const std::vector<core::Slot>& slots, std::vector<std::byte*>& addresses) {
    for (const core::Slot& s : slots) {
      addresses.push_back(at);
      at += core::aligned(plan.buffers[s.buffer].bytes());
    }
  };
  place(plan.inputs, inputs);
  place(plan.outputs, outputs);
}

Napi::Function ExecutableHandle::define(Napi::Env env) {
  return DefineClass(env, "DeviceExecutable",
                     {InstanceAccessor<&ExecutableHandle::bytes>("bytes"),
                      InstanceMethod<&ExecutableHandle::entry<&ExecutableHandle::describe>>("describe"),
                      InstanceMethod<&ExecutableHandle::entry<&ExecutableHandle::profile>>("profile"),
                      InstanceMethod<&ExecutableHandle::dispose>("dispose"),
                      InstanceMethod<&ExecutableHandle::dispose>(Napi::Symbol::WellKnown(env, "dispose"))});
}

Napi::Object ExecutableHandle::make(Napi::Env env, const DevicePointer& device, ExecutablePointer executable) {
  NewExecutable made{device, std::move(executable)};
  return Environment::of(env).executable.New({Napi::External<NewExecutable>::New(env, &made)});
}

ExecutableHandle* ExecutableHandle::of(const Napi::Value& value) {
  return unwrap<ExecutableHandle>(value, executableTag);
}

ExecutableHandle::ExecutableHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  auto& made = madeBy<NewExecutable>(info);
  device_ = made.device;
  executable_ = made.executable;
  bytes_ = executable_->bytes;
  info.This().As<Napi::Object>().TypeTag(&executableTag);
  device_->owned.insert(this);
  adjustExternalMemory(info.Env(), static_cast<std::int64_t>(bytes_));
}

void ExecutableHandle::release() {
  if (!executable_) return;
  executable_.reset();
  staging_.clear();
  device_->owned.erase(this);
  adjustExternalMemory(Env(), -static_cast<std::int64_t>(bytes_));
}

std::unique_ptr<Staging> ExecutableHandle::takeStaging() {
  if (staging_.empty()) return std::make_unique<Staging>(executable_->object->plan());
  auto last = std::move(staging_.back());
  staging_.pop_back();
  return last;
}

void ExecutableHandle::giveBack(std::unique_ptr<Staging> staging) {
  if (executable_) staging_.push_back(std::move(staging));
}

core::Executable& ExecutableHandle::expectAlive(const char* call) const {
  if (!executable_ || device_->isClosing || device_->worker->stopped() || !executable_->object)
    expectOk(Env(), {core::Code::device, std::string(call) + ": the executable was disposed; load the plan again"});
  return *executable_->object;
}

Napi::Value ExecutableHandle::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(bytes_));
}

Napi::Value ExecutableHandle::describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto report = expectAlive("describe").report();
  const auto list = Napi::Array::New(env, report.size());
  for (std::uint32_t i = 0; i < report.size(); ++i) {
    const auto entry = Napi::Object::New(env);
    entry.Set("name", report[i].name);
    entry.Set("kind", report[i].kind);
    entry.Set("implementation", report[i].implementation);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value ExecutableHandle::profile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto report = expectAlive("profile").report();
  const auto list = Napi::Array::New(env, report.size());
  for (std::uint32_t i = 0; i < report.size(); ++i) {
    const auto entry = Napi::Object::New(env);
    entry.Set("name", report[i].name);
    entry.Set("kind", report[i].kind);
    entry.Set("seconds", report[i].seconds);
    entry.Set("least", report[i].least);
    entry.Set("calls", static_cast<double>(report[i].calls));
    list.Set(i, entry);
  }
  return list;
}

Napi::Value ExecutableHandle::dispose(const Napi::CallbackInfo& info) {
  release();
  return info.Env().Undefined();
}

}  // namespace pathex::addon
