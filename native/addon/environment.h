#pragma once

#include <napi.h>

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "addon/deferred.h"
#include "addon/outbox.h"
#include "addon/worker.h"
#include "core/status.h"

namespace pathex::addon {

/// A job that answers JavaScript. `held` keeps JavaScript objects alive until then.
struct JavaScriptJob : Job {
  std::optional<Deferred> deferred;  // empty: nobody waits
  std::vector<Napi::ObjectReference> held;
  /// Called on the JavaScript thread after good work; the promise resolves to its value.
  std::function<Napi::Value(Napi::Env)> result;
  /// Called on the JavaScript thread after bad work, before the promise is rejected.
  std::function<void()> failed;
};

/// What one JavaScript environment (main thread or worker thread) has of this addon. See Note [Leaving].
class Environment {
 public:
  explicit Environment(Napi::Env env) : env_(env) {}
  /// Makes what calls back into JavaScript; throws where that is not to be had. The environment is Node's by then.
  void open();
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  /// The JavaScript error class that every error is made with; Error until it is set.
  void setErrorClass(Napi::Function errorClass) { errorClass_ = Napi::Persistent(errorClass); }
  Napi::Value errorOf(const core::Status&) const;

  /// Throws DEVICE where the system grants no thread.
  std::shared_ptr<Worker> makeWorker(OpenDevice open);
  /// Queues the job. The process stays alive until it has answered.
  void add(Worker&, std::unique_ptr<JavaScriptJob>);
  /// Ends a worker whose queue is empty, without waiting for it; `after` is answered when its thread has gone, and the
  /// process stays alive until then. Without `after` nothing waits.
  void retire(const std::shared_ptr<Worker>&, std::unique_ptr<JavaScriptJob> after);
  /// Ends all work: what is under way ends at its next step, what is queued never runs, no promise settles any more.
  void stop();
  bool stopped() const { return stopped_; }

  Napi::FunctionReference device, buffer, executable;

 private:
  struct Retiring {
    std::shared_ptr<Worker> worker;
    std::unique_ptr<JavaScriptJob> after;
  };
  static void drain(napi_env, napi_value, void* context, void*);
  void answerFinished();
  void reapRetired();
  void answer(JavaScriptJob&) const noexcept;
  void expect(std::size_t answers);
  void forget(std::size_t answers);

  Napi::Env env_;
  napi_threadsafe_function wakeUp_ = nullptr;
  Napi::FunctionReference errorClass_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::vector<Retiring> retiring_;
  std::size_t pending_ = 0;
  bool stopped_ = false;
  std::shared_ptr<Outbox> outbox_ = std::make_shared<Outbox>();
};

/// Throws a JavaScript exception for a bad status.
void expectOk(Napi::Env, const core::Status&);
/// Throws DEVICE.
[[noreturn]] void refuse(Napi::Env, const std::string& message);

/// Throws into JavaScript, where that is possible: in an environment that is being terminated nothing can be thrown,
/// and nothing is missed.
void raise(Napi::Env, const Napi::Error&) noexcept;
void raise(Napi::Env, const core::Status&) noexcept;

/// The body of a function that JavaScript calls: whatever it throws is raised. node-addon-api's own wrapper lets a
/// second exception through where the first one cannot be thrown, which ends the process.
template <class Body>
Napi::Value guarded(Napi::Env env, const Body& body) {
  try {
    return body();
  } catch (const Napi::Error& error) {
    raise(env, error);
  } catch (const std::bad_alloc&) {
    raise(env, {core::Code::device, "out of memory; use a smaller batch, or dispose what is no longer used"});
  } catch (const std::exception& error) {
    raise(env, {core::Code::native, error.what()});
  }
  return {};
}

}  // namespace pathex::addon

// Note [Leaving]
// An environment ends by returning, by process.exit, by worker.terminate or by an exception nobody caught. Whichever it
// is, no thread of ours may run on while the libraries under it are torn down. So `stop` is called from two places:
// the process's 'exit' event, which process.exit emits while everything still stands, and the environment's cleanup
// hook, which a terminated worker thread reaches. The thread-safe function is made before the hook is added; hooks run
// last in, first out, so the workers are joined before Node closes it, and nobody calls it afterwards.
//
// worker.terminate comes at any moment, in the middle of our calls, too. From then on every call of Node-API that could
// run JavaScript fails. So what Node calls outside of JavaScript (`drain`, hooks, finalizers) uses the C functions and
// lets their failures pass, and what JavaScript calls is `guarded`.
//
// A call that does not come back (a library that hangs, one step of minutes) must not keep a process from ending: after
// a while its thread is left behind. See Worker::join.
