#pragma once

#include <napi.h>

#include "addon/environment.h"
#include "addon/handles.h"

namespace pathex::addon {

/// new Device(options): open, allocate, load, write, read, run, mark, liveBytes, dispose. See src/runtime/native.ts.
class Device : public Napi::ObjectWrap<Device> {
 public:
  static Napi::Function define(Napi::Env);
  explicit Device(const Napi::CallbackInfo&);
  ~Device() override;

 private:
  template <auto method>
  Napi::Value entry(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return (this->*method)(info); });
  }
  Napi::Value open(const Napi::CallbackInfo&);
  Napi::Value allocate(const Napi::CallbackInfo&);
  Napi::Value load(const Napi::CallbackInfo&);
  Napi::Value write(const Napi::CallbackInfo&);
  Napi::Value read(const Napi::CallbackInfo&);
  Napi::Value run(const Napi::CallbackInfo&);
  Napi::Value mark(const Napi::CallbackInfo&);
  Napi::Value liveBytes(const Napi::CallbackInfo&);
  Napi::Value dispose(const Napi::CallbackInfo&);

  /// Tells the collector what collecting this gives back.
  void weigh(std::int64_t bytes);
  void expectAlive(const std::string& call) const;
  BufferHandle& expectBuffer(const std::string& call, const Napi::Value&) const;
  ExecutableHandle& expectExecutable(const Napi::Value&) const;
  std::vector<BlockPointer> bindState(const core::Plan&, const Napi::Value& handles) const;
  std::unique_ptr<JavaScriptJob> job(const Napi::CallbackInfo&);
  /// Queues a job and returns the promise of its answer.
  Napi::Value add(std::unique_ptr<JavaScriptJob>);

  DevicePointer core_ = std::make_shared<DeviceCore>();
  enum class Life { open, closing, closed } life_ = Life::open;
  std::int64_t weight_ = 0;
  std::vector<Deferred> waiting_;  // calls of dispose while closing
};

}  // namespace pathex::addon
