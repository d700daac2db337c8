#pragma once

#include <napi.h>

#include <memory>
#include <unordered_set>
#include <vector>

#include "addon/environment.h"
#include "addon/worker.h"
#include "core/device.h"
#include "core/memory.h"

namespace pathex::addon {

class Owned;

/// What a device shares with everything that was made on it.
struct DeviceCore {
  std::shared_ptr<Worker> worker;
  std::unordered_set<Owned*> owned;  // released when the device is disposed
  bool isClosing = false;            // from then on its thread may take down what residents hold
};
using DevicePointer = std::shared_ptr<DeviceCore>;

/// Tells the collector of memory it does not see. May be called from finalizers.
inline void adjustExternalMemory(napi_env env, std::int64_t bytes) {
  std::int64_t total = 0;
  static_cast<void>(napi_adjust_external_memory(env, bytes, &total));
}

/// Something that holds native memory until it, or its device, is disposed. Collection is only the safety net.
class Owned {
 public:
  virtual ~Owned() = default;
  virtual void release() = 0;
};

/// Bytes on a device: `bytes`, dispose().
class BufferHandle : public Napi::ObjectWrap<BufferHandle>, public Owned {
 public:
  static Napi::Function define(Napi::Env);
  static Napi::Object make(Napi::Env, const DevicePointer&, BlockPointer);
  /// The handle behind a value, if it is one of ours; else nullptr.
  static BufferHandle* of(const Napi::Value&);

  explicit BufferHandle(const Napi::CallbackInfo&);
  ~BufferHandle() override { release(); }

  const BlockPointer& block() const { return block_; }  // empty when disposed
  const DevicePointer& device() const { return device_; }
  std::size_t size() const { return bytes_; }
  void release() override;

 private:
  Napi::Value bytes(const Napi::CallbackInfo&);
  Napi::Value dispose(const Napi::CallbackInfo&);

  DevicePointer device_;
  BlockPointer block_;
  std::size_t bytes_ = 0;
};

/// Input and output elements of one run, on their way between the threads.
struct Staging {
  core::Memory memory;
  std::vector<std::byte*> inputs, outputs;
  explicit Staging(const core::Plan&);
};

/// A loaded plan: `bytes`, describe(), profile(), dispose().
class ExecutableHandle : public Napi::ObjectWrap<ExecutableHandle>, public Owned {
 public:
  static Napi::Function define(Napi::Env);
  static Napi::Object make(Napi::Env, const DevicePointer&, ExecutablePointer);
  static ExecutableHandle* of(const Napi::Value&);

  explicit ExecutableHandle(const Napi::CallbackInfo&);
  ~ExecutableHandle() override { release(); }

  const ExecutablePointer& executable() const { return executable_; }  // empty when disposed
  const DevicePointer& device() const { return device_; }
  void release() override;

  /// Staging is reused, since steps of a training loop follow each other closely.
  std::unique_ptr<Staging> takeStaging();
  void giveBack(std::unique_ptr<Staging> staging);

 private:
  template <auto method>
  Napi::Value entry(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return (this->*method)(info); });
  }
  Napi::Value bytes(const Napi::CallbackInfo&);
  Napi::Value describe(const Napi::CallbackInfo&);
  Napi::Value profile(const Napi::CallbackInfo&);
  Napi::Value dispose(const Napi::CallbackInfo&);
  core::Executable& expectAlive(const char* call) const;

  DevicePointer device_;
  ExecutablePointer executable_;
  std::vector<std::unique_ptr<Staging>> staging_;
  std::size_t bytes_ = 0;
};

}  // namespace pathex::addon
