#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <vector>

#include "addon/worker.h"
#include "core/status.h"

namespace pathex::addon {

/// A job that settles a promise. `held` keeps JavaScript objects alive until then.
struct PromiseJob : Job {
  explicit PromiseJob(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  std::vector<Napi::ObjectReference> held;
  /// Called on the JavaScript thread after good work; the promise resolves to its value.
  std::function<Napi::Value(Napi::Env)> result;
  /// Called on the JavaScript thread after bad work, before the promise is rejected.
  std::function<void()> failed;
};

/// What one JavaScript environment (main thread or worker thread) has of this addon. See Note [Leaving].
class Environment {
 public:
  explicit Environment(Napi::Env env);
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// The JavaScript error class that every error is made with; Error until it is set.
  void setErrorClass(Napi::Function errorClass) { errorClass_ = Napi::Persistent(errorClass); }
  Napi::Value errorOf(const core::Status&) const;

  std::shared_ptr<Worker> makeWorker(OpenDevice open);
  /// Queues the job and returns its promise. The process stays alive until it is settled.
  Napi::Promise add(Worker&, std::unique_ptr<PromiseJob>);
  /// Joins a worker whose queue is empty.
  void retire(const std::shared_ptr<Worker>&);
  /// Ends all work: what is in flight finishes, what is queued never runs, no promise settles any more.
  void stop();
  bool stopped() const { return stopped_; }

  Napi::FunctionReference device, buffer, executable;

 private:
  static void drain(napi_env, napi_value, void* context, void*);
  void settleFinished();
  void settle(PromiseJob&) const;

  Napi::Env env_;
  napi_threadsafe_function wakeUp_ = nullptr;
  Napi::FunctionReference errorClass_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::size_t pending_ = 0;
  bool stopped_ = false;
  std::mutex lock_;
  std::vector<JobPointer> finished_;  // under the lock
};

/// Throws a JavaScript exception for a bad status.
void expectOk(Napi::Env, const core::Status&);

}  // namespace pathex::addon

// Note [Leaving]
// An environment ends by returning, by process.exit, by worker.terminate or by an exception nobody caught. Whichever it
// is, no thread of ours may run on while the libraries under it are torn down. So `stop` is called from two places:
// the process's 'exit' event, which process.exit emits while everything still stands, and the environment's cleanup
// hook, which a terminated worker thread reaches. The thread-safe function is made before the hook is added; hooks run
// last in, first out, so the workers are joined before Node closes it, and nobody calls it afterwards.
