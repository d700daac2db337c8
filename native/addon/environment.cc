#include "addon/environment.h"

#include <algorithm>

namespace pathex::addon {

namespace {

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

Environment::Environment(Napi::Env env) : env_(env) {
  const auto name = Napi::String::New(env, "pathex");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                                             &Environment::drain, &wakeUp_);
  if (status != napi_ok) throw Napi::Error::New(env, "pathex: napi_create_threadsafe_function failed");
  napi_unref_threadsafe_function(env, wakeUp_);
  env.AddCleanupHook([this] { stop(); });
  onProcessExit(env, *this);
}

Napi::Value Environment::errorOf(const core::Status& status) const {
  const auto code = Napi::String::New(env_, codeOf(status.code()));
  const auto message = Napi::String::New(env_, status.message());
  if (!errorClass_.IsEmpty()) return errorClass_.New({code, message});
  Napi::Error error = Napi::Error::New(env_, status.message());
  error.Value().Set("code", code);
  return error.Value();
}

std::shared_ptr<Worker> Environment::makeWorker(OpenDevice open) {
  auto worker = std::make_shared<Worker>(std::move(open), [this](JobPointer job) {
    const std::lock_guard lock(lock_);
    finished_.push_back(std::move(job));
    if (finished_.size() == 1) napi_call_threadsafe_function(wakeUp_, nullptr, napi_tsfn_nonblocking);
  });
  workers_.push_back(worker);
  return worker;
}

Napi::Promise Environment::add(Worker& worker, std::unique_ptr<PromiseJob> job) {
  const Napi::Promise promise = job->deferred.Promise();
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, wakeUp_);
  worker.add(std::move(job));
  return promise;
}

void Environment::retire(const std::shared_ptr<Worker>& worker) {
  worker->stop();
  std::erase(workers_, worker);
}

void Environment::stop() {
  if (stopped_) return;
  stopped_ = true;
  for (const auto& worker : workers_) worker->stop();
  workers_.clear();
  const std::lock_guard lock(lock_);
  finished_.clear();
}

void Environment::drain(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // Node empties its queue while the environment goes
  auto* self = static_cast<Environment*>(context);
  if (!self->stopped_) self->settleFinished();
}

void Environment::settleFinished() {
  std::vector<JobPointer> jobs;
  {
    const std::lock_guard lock(lock_);
    jobs.swap(finished_);
  }
  const Napi::HandleScope scope(env_);
  pending_ -= jobs.size();
  if (pending_ == 0) napi_unref_threadsafe_function(env_, wakeUp_);
  for (const JobPointer& job : jobs) settle(static_cast<PromiseJob&>(*job));
}

void Environment::settle(PromiseJob& job) const {
  if (!job.status.ok()) {
    if (job.failed) job.failed();
    job.deferred.Reject(errorOf(job.status));
    return;
  }
  try {
    job.deferred.Resolve(job.result ? job.result(env_) : env_.Undefined());
  } catch (const Napi::Error& e) {
    job.deferred.Reject(e.Value());
  }
}

void expectOk(Napi::Env env, const core::Status& status) {
  if (!status.ok()) throw Napi::Error(env, Environment::of(env).errorOf(status));
}

}  // namespace pathex::addon
