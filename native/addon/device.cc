#include "addon/device.h"

#include <algorithm>
#include <cstring>

#include "addon/code_reader.h"
#include "addon/opener.h"
#include "addon/plan_reader.h"
#include "addon/typed_arrays.h"

namespace pathex::addon {

namespace {

std::string slotName(const std::string& where, const char* kind, std::size_t i, const core::Slot& slot) {
  return where + ": " + kind + "[" + std::to_string(i) + "] '" + slot.name + "'";
}

/// The block of a resident, which is allocated when it is first used.
core::Result<const core::Block*> blockOf(core::Device& device, Resident<core::Block>& resident) {
  if (!resident.object) {
    auto made = device.allocate(resident.bytes);
    if (!made.ok()) return made.status();
    resident.object = std::move(made.value());
  }
  return static_cast<const core::Block*>(resident.object.get());
}

/// Host bytes without a first value.
std::shared_ptr<std::byte[]> hostBytes(std::size_t size) {
  return std::make_unique_for_overwrite<std::byte[]>(size);
}

}  // namespace

Napi::Function Device::define(Napi::Env env) {
  return DefineClass(
      env, "Device",
      {InstanceMethod<&Device::entry<&Device::open>>("open"),
       InstanceMethod<&Device::entry<&Device::allocate>>("allocate"),
       InstanceMethod<&Device::entry<&Device::load>>("load"), InstanceMethod<&Device::entry<&Device::write>>("write"),
       InstanceMethod<&Device::entry<&Device::read>>("read"), InstanceMethod<&Device::entry<&Device::run>>("run"),
       InstanceMethod<&Device::entry<&Device::mark>>("mark"),
       InstanceMethod<&Device::entry<&Device::liveBytes>>("liveBytes"),
       InstanceMethod<&Device::entry<&Device::dispose>>("dispose"),
       InstanceMethod<&Device::entry<&Device::dispose>>(Napi::Symbol::WellKnown(env, "asyncDispose"))});
}

/// The stack of a device's thread, as address space: without it the collector would take a device for a few bytes, and
/// leave hundreds that were dropped alone.
constexpr std::int64_t threadBytes = std::int64_t{8} << 20;

Device::Device(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  core_->worker = Environment::of(info.Env()).makeWorker(openerOf(info));
  weigh(threadBytes);
}

/// Collected. Without dispose nothing is queued, since work holds on to its device; the thread ends by itself.
Device::~Device() {
  if (!core_->worker) return;
  weigh(0);
  core_->isClosing = true;
  if (!core_->worker->stopped()) Environment::of(Env()).retire(core_->worker, nullptr);
}

void Device::weigh(std::int64_t bytes) {
  adjustExternalMemory(Env(), bytes - weight_);
  weight_ = bytes;
}

void Device::expectAlive(const std::string& call) const {
  if (life_ != Life::open) refuse(Env(), call + ": the device was disposed; open another");
  if (core_->worker->stopped()) refuse(Env(), call + ": the process is about to exit; finish the work before");
}

BufferHandle& Device::expectBuffer(const std::string& call, const Napi::Value& value) const {
  BufferHandle* handle = BufferHandle::of(value);
  if (handle == nullptr) refuse(Env(), call + ": not a buffer handle; give what allocate() returned");
  if (handle->device() != core_) refuse(Env(), call + ": the buffer belongs to another device; allocate one on this");
  if (!handle->block()) refuse(Env(), call + ": the buffer was disposed; allocate another");
  return *handle;
}

ExecutableHandle& Device::expectExecutable(const Napi::Value& value) const {
  ExecutableHandle* handle = ExecutableHandle::of(value);
  if (handle == nullptr) refuse(Env(), "run: not an executable handle; give what load() resolved to");
  if (handle->device() != core_) refuse(Env(), "run: the executable belongs to another device; load the plan on this");
  if (!handle->executable()) refuse(Env(), "run: the executable was disposed; load the plan again");
  return *handle;
}

std::unique_ptr<JavaScriptJob> Device::job(const Napi::CallbackInfo& info) {
  auto made = std::make_unique<JavaScriptJob>();
  made->held.push_back(Napi::Persistent(info.This().As<Napi::Object>()));
  return made;
}

Napi::Value Device::add(std::unique_ptr<JavaScriptJob> job) {
  const Deferred& answer = job->deferred.emplace(Env());
  const Napi::Value promise = answer.promise();
  Environment::of(Env()).add(*core_->worker, std::move(job));
  return promise;
}

Napi::Value Device::open(const Napi::CallbackInfo& info) {
  expectAlive("open");
  auto opening = job(info);
  auto description = std::make_shared<std::string>();
  opening->work = [description](core::Device& device) {
    *description = device.description();
    return core::Status();
  };
  opening->result = [description](Napi::Env env) -> Napi::Value { return Napi::String::New(env, *description); };
  return add(std::move(opening));
}

Napi::Value Device::allocate(const Napi::CallbackInfo& info) {
  expectAlive("allocate");
  const double bytes = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(bytes >= 0 && bytes <= 0x1p53) || bytes != static_cast<double>(static_cast<std::size_t>(bytes))) {
    refuse(info.Env(), "allocate: bytes must be a natural number; give the size of an array");
  }
  return BufferHandle::make(info.Env(), core_,
                            core_->worker->queue().admit<core::Block>(static_cast<std::size_t>(bytes)));
}

Napi::Value Device::load(const Napi::CallbackInfo& info) {
  expectAlive("load");
  auto plan = readPlan(info[0]);
  if (!plan.ok()) expectOk(info.Env(), plan.status().within("load"));
  auto options = readLoadOptions(info[1]);
  if (!options.ok()) expectOk(info.Env(), options.status().within("load"));

  auto loading = job(info);
  auto made = std::make_shared<ExecutablePointer>();
  loading->work = [made, worker = core_->worker, given = std::make_shared<core::Plan>(std::move(plan.value())),
                   with = std::make_shared<core::LoadOptions>(std::move(options.value()))](core::Device& device) {
    auto result = device.load(std::move(*given), std::move(*with));
    if (!result.ok()) return result.status();
    const std::size_t bytes = result.value()->bytes();
    *made = worker->queue().admit(bytes, std::move(result.value()));
    return core::Status();
  };
  loading->result = [this, made](Napi::Env env) -> Napi::Value {
    if (life_ == Life::closed) refuse(env, "load: the device was disposed; open another");
    return ExecutableHandle::make(env, core_, *made);
  };
  return add(std::move(loading));
}

Napi::Value Device::write(const Napi::CallbackInfo& info) {
  expectAlive("write");
  const BlockPointer block = expectBuffer("write", info[0]).block();
  const Bytes from = bytesOf(info[1], "write");
  if (from.size != block->bytes) {
    refuse(info.Env(), "write: the array has " + std::to_string(from.size) + " bytes, the buffer " +
                           std::to_string(block->bytes) + "; give as many");
  }
  auto writing = job(info);
  const auto staged = hostBytes(from.size);
  if (from.size > 0) std::memcpy(staged.get(), from.data, from.size);
  writing->work = [block, staged](core::Device& device) -> core::Submitted {
    auto to = blockOf(device, *block);
    return to.ok() ? device.write(*to.value(), staged.get()) : to.status().within("write");
  };
  return add(std::move(writing));
}

Napi::Value Device::read(const Napi::CallbackInfo& info) {
  expectAlive("read");
  const BlockPointer block = expectBuffer("read", info[0]).block();
  const Bytes to = bytesOf(info[1], "read");
  if (to.size != block->bytes) {
    refuse(info.Env(), "read: the array has " + std::to_string(to.size) + " bytes, the buffer " +
                           std::to_string(block->bytes) + "; give as many");
  }
  auto reading = job(info);
  reading->held.push_back(Napi::Persistent(info[1].As<Napi::Object>()));
  auto staged = std::make_shared<std::shared_ptr<std::byte[]>>();  // made only when its turn has come
  reading->work = [block, staged](core::Device& device) -> core::Submitted {
    auto from = blockOf(device, *block);
    if (!from.ok()) return from.status().within("read");
    *staged = hostBytes(block->bytes);
    return device.read(*from.value(), staged->get());
  };
  reading->result = [block, staged, job = reading.get()](Napi::Env env) -> Napi::Value {
    const Bytes target = bytesOf(job->held[1].Value(), "read");
    if (target.size != block->bytes)
      refuse(env, "read: the array changed its length meanwhile; leave it alone until the promise resolves");
    if (target.size > 0) std::memcpy(target.data, staged->get(), target.size);
    return env.Undefined();
  };
  return add(std::move(reading));
}

std::vector<BlockPointer> Device::bindState(const core::Plan& plan, const Napi::Value& handles) const {
  const std::string where = "run '" + plan.name + "'";
  const auto list = expectList(handles, plan.state.size(), where + ": state");
  std::vector<BlockPointer> state;
  std::vector<const void*> seen;
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const std::string name = slotName(where, "state", i, plan.state[i]);
    const BufferHandle& handle = expectBuffer(name, list.Get(i));
    const std::size_t wanted = plan.buffers[plan.state[i].buffer].bytes();
    if (handle.size() != wanted) {
      refuse(Env(), name + ": needs " + std::to_string(wanted) + " bytes, the buffer has " +
                        std::to_string(handle.size()) + "; allocate it by the plan's slot");
    }
    state.push_back(handle.block());
    seen.push_back(handle.block().get());
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
    refuse(Env(), where + ": one buffer is bound to two state slots; give each its own");
  return state;
}

Napi::Value Device::run(const Napi::CallbackInfo& info) {
  expectAlive("run");
  ExecutableHandle& handle = expectExecutable(info[0]);
  const auto executable = handle.executable();
  const core::Plan& plan = executable->object->plan();
  const std::string where = "run '" + plan.name + "'";
  const auto state = bindState(plan, info[1]);
  const auto inputs = expectList(info[2], plan.inputs.size(), where + ": inputs");
  const auto outputs = expectList(info[3], plan.outputs.size(), where + ": outputs");

  std::vector<Bytes> given;
  for (std::uint32_t i = 0; i < inputs.Length(); ++i) {
    given.push_back(
        elementsOf(inputs.Get(i), plan.buffers[plan.inputs[i].buffer], slotName(where, "inputs", i, plan.inputs[i])));
  }
  auto running = job(info);
  running->held.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
  for (std::uint32_t i = 0; i < outputs.Length(); ++i) {
    elementsOf(outputs.Get(i), plan.buffers[plan.outputs[i].buffer], slotName(where, "outputs", i, plan.outputs[i]));
    running->held.push_back(Napi::Persistent(outputs.Get(i).As<Napi::Object>()));
  }

  const std::shared_ptr<Staging> staging = handle.takeStaging();
  for (std::size_t i = 0; i < given.size(); ++i) std::memcpy(staging->inputs[i], given[i].data, given[i].size);

  running->work = [executable, state, staging, where](core::Device& device) -> core::Submitted {
    std::vector<const core::Block*> blocks;
    for (const BlockPointer& resident : state) {
      auto block = blockOf(device, *resident);
      if (!block.ok()) return block.status().within(where);
      blocks.push_back(block.value());
    }
    return executable->object->run(blocks, staging->inputs, staging->outputs);
  };
  const auto giveBack = [&handle, staging] { handle.giveBack(std::make_unique<Staging>(std::move(*staging))); };
  running->failed = giveBack;
  running->result = [executable, staging, giveBack, where, job = running.get()](Napi::Env env) -> Napi::Value {
    const core::Plan& p = executable->object->plan();
    for (std::size_t i = 0; i < p.outputs.size(); ++i) {
      const std::string name = slotName(where, "outputs", i, p.outputs[i]);
      const Bytes to = elementsOf(job->held[i + 2].Value(), p.buffers[p.outputs[i].buffer], name);
      std::memcpy(to.data, staging->outputs[i], to.size);
    }
    giveBack();
    return env.Undefined();
  };
  return add(std::move(running));
}

Napi::Value Device::mark(const Napi::CallbackInfo& info) {
  expectAlive("mark");
  auto marking = job(info);
  auto seconds = std::make_shared<double>(0);
  marking->work = [seconds](core::Device& device) { return device.mark(seconds.get()); };
  marking->result = [seconds](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, *seconds); };
  return add(std::move(marking));
}

Napi::Value Device::liveBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(core_->worker->queue().liveBytes()));
}

Napi::Value Device::dispose(const Napi::CallbackInfo& info) {
  if (life_ == Life::open && core_->worker->stopped()) life_ = Life::closed;
  const Deferred answer(info.Env());
  if (life_ == Life::closed) answer.resolve(info.Env().Undefined());
  if (life_ != Life::closed) waiting_.push_back(answer);
  if (life_ != Life::open) return answer.promise();
  life_ = Life::closing;
  core_->isClosing = true;
  auto turn = job(info);  // when this comes back, so has all work before it
  turn->result = [this, job = turn.get()](Napi::Env env) -> Napi::Value {
    const std::vector<Owned*> owned(core_->owned.begin(), core_->owned.end());
    for (Owned* each : owned) each->release();
    auto last = std::make_unique<JavaScriptJob>();
    last->held = std::move(job->held);
    last->result = [this](Napi::Env e) -> Napi::Value {
      life_ = Life::closed;
      weigh(0);
      for (const Deferred& each : waiting_) each.resolve(e.Undefined());
      waiting_.clear();
      return e.Undefined();
    };
    Environment::of(env).retire(core_->worker, std::move(last));
    return env.Undefined();
  };
  Environment::of(info.Env()).add(*core_->worker, std::move(turn));
  return answer.promise();
}

}  // namespace pathex::addon
