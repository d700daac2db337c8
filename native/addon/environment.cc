#include "addon/environment.h"

#include <algorithm>
#include <system_error>

namespace pathex::addon {

namespace {

/// A message reads "where: what differs; remedy". What libraries say has no remedy of its own.
std::string withRemedy(const core::Status& status) {
  const bool isBare = status.code() == core::Code::native && status.message().find("; ") == std::string::npos;
  return status.message() + (isBare ? "; run npx pathex doctor, and report this with what it says" : "");
}

/// How long an ending environment waits for calls into libraries, all workers together.
constexpr std::chrono::milliseconds mostWait{3000};

const char* codeOf(core::Code code) {
  switch (code) {
    case core::Code::ok:
      return "OK";
    case core::Code::native:
      return "NATIVE";
    case core::Code::device:
      return "DEVICE";
    case core::Code::plan:
      return "PLAN";
    case core::Code::data:
      return "DATA";
  }
  return "NATIVE";
}

void onProcessExit(Napi::Env env, Environment& environment) {
  const Napi::Object process = env.Global().Get("process").As<Napi::Object>();
  const auto stop = [&environment](const Napi::CallbackInfo&) { environment.stop(); };
  process.Get("once").As<Napi::Function>().Call(process,
                                                {Napi::String::New(env, "exit"), Napi::Function::New(env, stop)});
}

}  // namespace

void Environment::open() {
  const auto name = Napi::String::New(env_, "pathex");
  const napi_status status = napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                                             &Environment::drain, &wakeUp_);
  if (status != napi_ok) throw Napi::Error::New(env_, "pathex: napi_create_threadsafe_function failed");
  napi_unref_threadsafe_function(env_, wakeUp_);
  outbox_->open(wakeUp_);
  const auto hook = [](void* self) { static_cast<Environment*>(self)->stop(); };
  if (napi_add_env_cleanup_hook(env_, hook, this) != napi_ok) {
    throw Napi::Error::New(env_, "pathex: napi_add_env_cleanup_hook failed");
  }
  onProcessExit(env_, *this);
}

Napi::Value Environment::errorOf(const core::Status& status) const {
  const auto code = Napi::String::New(env_, codeOf(status.code()));
  const auto message = Napi::String::New(env_, withRemedy(status));
  if (!errorClass_.IsEmpty()) return errorClass_.New({code, message});
  Napi::Error error = Napi::Error::New(env_, withRemedy(status));
  error.Value().Set("code", code);
  return error.Value();
}

std::shared_ptr<Worker> Environment::makeWorker(OpenDevice open) {
  if (stopped_) refuse(env_, "Device: the process is about to exit; open devices before");
  try {
    workers_.push_back(std::make_shared<Worker>(std::move(open), outbox_));
  } catch (const std::system_error& e) {
    refuse(env_, std::string("Device: the system grants no thread (") + e.what() +
                     "); dispose devices that are no longer used, or raise the limit (ulimit -u, pids.max)");
  }
  return workers_.back();
}

void Environment::expect(std::size_t answers) {
  if (pending_ == 0 && answers > 0) napi_ref_threadsafe_function(env_, wakeUp_);
  pending_ += answers;
}

void Environment::forget(std::size_t answers) {
  pending_ -= answers;
  if (pending_ == 0 && answers > 0) napi_unref_threadsafe_function(env_, wakeUp_);
}

void Environment::add(Worker& worker, std::unique_ptr<JavaScriptJob> job) {
  expect(1);
  worker.add(std::move(job));
}

void Environment::retire(const std::shared_ptr<Worker>& worker, std::unique_ptr<JavaScriptJob> after) {
  if (stopped_) return;
  if (after) expect(1);
  retiring_.push_back({worker, std::move(after)});
  worker->finish();
}

void Environment::stop() {
  if (stopped_) return;
  stopped_ = true;
  std::vector<JobPointer> dropped;
  for (const auto& worker : workers_) {  // all, and only then wait: they end side by side
    for (JobPointer& job : worker->interrupt()) dropped.push_back(std::move(job));
  }
  const auto until = std::chrono::steady_clock::now() + mostWait;
  for (const auto& worker : workers_) worker->join(until);
  workers_.clear();
  retiring_.clear();
  outbox_->close();
}

void Environment::drain(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // Node empties its queue while the environment goes
  auto* self = static_cast<Environment*>(context);
  if (!self->stopped_) self->answerFinished();
  if (!self->stopped_) self->reapRetired();
}

void Environment::answerFinished() {
  const std::vector<JobPointer> jobs = outbox_->take();
  const Napi::HandleScope scope(env_);
  forget(jobs.size());
  for (const JobPointer& job : jobs) answer(static_cast<JavaScriptJob&>(*job));
}

void Environment::reapRetired() {
  const auto ended =
      std::stable_partition(retiring_.begin(), retiring_.end(), [](const Retiring& r) { return !r.worker->ended(); });
  std::vector<Retiring> gone(std::make_move_iterator(ended), std::make_move_iterator(retiring_.end()));
  retiring_.erase(ended, retiring_.end());
  const Napi::HandleScope scope(env_);
  for (const Retiring& each : gone) {
    each.worker->join(std::chrono::steady_clock::now());  // it is about to return
    std::erase(workers_, each.worker);
    if (!each.after) continue;
    forget(1);
    answer(*each.after);
  }
}

void Environment::answer(JavaScriptJob& job) const noexcept {
  const auto reject = [&job](napi_value reason) {
    if (job.deferred) job.deferred->reject(reason);
  };
  try {
    try {
      if (!job.status.ok()) {
        if (job.failed) job.failed();
        return reject(errorOf(job.status));
      }
      const napi_value value = job.result ? job.result(env_) : env_.Undefined();
      if (job.deferred) job.deferred->resolve(value);
    } catch (const Napi::Error& e) {
      reject(e.Value());
    }
  } catch (...) {  // the environment is going: not even the error can be read
  }
}

void expectOk(Napi::Env env, const core::Status& status) {
  if (!status.ok()) throw Napi::Error(env, Environment::of(env).errorOf(status));
}

void raise(Napi::Env env, const Napi::Error& error) noexcept {
  try {
    static_cast<void>(napi_throw(env, error.Value()));
  } catch (...) {  // not even the error can be read
  }
}

void raise(Napi::Env env, const core::Status& status) noexcept {
  try {
    static_cast<void>(napi_throw(env, Environment::of(env).errorOf(status)));
  } catch (const Napi::Error& error) {  // the class that JavaScript gave failed itself
    raise(env, error);
  } catch (...) {
  }
}

void refuse(Napi::Env env, const std::string& message) {
  expectOk(env, {core::Code::device, message});
  throw Napi::Error::New(env, message);  // not reached
}

}  // namespace pathex::addon
