#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/status.h"
#include "cuda/driver.h"

namespace pathex::cuda {

/// A GPU's primary context, current on the calling thread, with the one stream of the device. The primary one, so that
/// cuDNN and cuBLASLt, which speak the runtime API, work in it as well; and since they stay loaded and keep what they
/// set up in it, a process that opened it once keeps it to its end. Everything made on the stream goes before it.
class Context {
 public:
  static core::Result<std::unique_ptr<Context>> open(int index);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  const Driver& driver() const { return driver_; }
  CUstream stream() const { return stream_; }
  /// "NVIDIA H100 80GB HBM3".
  const std::string& name() const { return name_; }
  /// Compute capability 9.0 is 90.
  int capability() const { return capability_; }
  int multiprocessors() const { return multiprocessors_; }

  /// Calls a function of the driver: context.call("cuMemFree", &Driver::cuMemFree_v2, address). After a fatal error
  /// the context is lost, and every later call fails at once.
  template <class... Parameters, class... Arguments>
  core::Status call(const char* name, int (*Driver::*function)(Parameters...), Arguments&&... arguments) {
    if (core::Status s = expectAlive(); !s.ok()) return s;
    return judge((driver_.*function)(std::forward<Arguments>(arguments)...), name);
  }
  /// Bad once the context is lost; says why and what to do.
  core::Status expectAlive() const { return lost_; }
  /// Takes note of a result of the driver.
  core::Status judge(int result, const char* call);
  /// What lost the context, until taken. An error on the GPU shows in whichever call comes next, be it for later work:
  /// it belongs to the oldest run that has not ended.
  const core::Status& fault() const { return fault_; }
  core::Status takeFault() { return std::exchange(fault_, {}); }

 private:
  Context(const Driver& driver, int device) : driver_(driver), device_(device) {}
  core::Status prepare();

  const Driver& driver_;
  int device_;
  CUstream stream_ = nullptr;
  std::string name_;
  int capability_ = 0, multiprocessors_ = 0;
  core::Status lost_, fault_;
};

}  // namespace pathex::cuda
