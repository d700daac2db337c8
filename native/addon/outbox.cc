#include "addon/outbox.h"

namespace pathex::addon {

void Outbox::put(JobPointer job) {
  const std::lock_guard lock(lock_);
  if (isClosed_) {
    job->work = nullptr;  // the memory it worked on is freed
    static_cast<void>(job.release());
    return;
  }
  finished_.push_back(std::move(job));
  if (finished_.size() == 1) call();
}

void Outbox::wake() {
  const std::lock_guard lock(lock_);
  call();
}

std::vector<JobPointer> Outbox::take() {
  std::vector<JobPointer> taken;
  const std::lock_guard lock(lock_);
  taken.swap(finished_);
  return taken;
}

std::vector<JobPointer> Outbox::close() {
  std::vector<JobPointer> left;
  const std::lock_guard lock(lock_);
  isClosed_ = true;
  left.swap(finished_);
  return left;
}

/// An error says that Node has begun to close the function: then nobody listens.
void Outbox::call() {
  if (!isClosed_ && wakeUp_ != nullptr) napi_call_threadsafe_function(wakeUp_, nullptr, napi_tsfn_nonblocking);
}

}  // namespace pathex::addon
