#include "addon/work_queue.h"

namespace pathex::addon {

void WorkQueue::enter(ResidentBase& resident) {
  live_ += resident.bytes;
  const std::lock_guard lock(lock_);
  if (isClosed_)
    resident.clear();
  else
    living_.insert(&resident);
}

void WorkQueue::leave(ResidentBase* resident) {
  std::unique_ptr<ResidentBase> held(resident);
  live_ -= held->bytes;
  {
    const std::lock_guard lock(lock_);
    if (isClosed_) return;  // it is empty
    living_.erase(resident);
    dead_.push_back(std::move(held));
  }
  wake_.notify_one();
}

void WorkQueue::add(JobPointer job) {
  {
    const std::lock_guard lock(lock_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

std::vector<JobPointer> WorkQueue::stop() {
  std::vector<JobPointer> dropped;
  {
    const std::lock_guard lock(lock_);
    isStopping_ = true;
    for (JobPointer& job : jobs_) dropped.push_back(std::move(job));
    jobs_.clear();
  }
  wake_.notify_one();
  return dropped;
}

WorkQueue::Taken WorkQueue::take(bool wantsJob, std::chrono::nanoseconds wait) {
  std::unique_lock lock(lock_);
  const auto hasWork = [&] { return isStopping_ || !dead_.empty() || (wantsJob && !jobs_.empty()); };
  if (wait == forever)
    wake_.wait(lock, hasWork);
  else if (wait.count() > 0)
    wake_.wait_for(lock, wait, hasWork);
  Taken taken;
  taken.isStopping = isStopping_;
  taken.dead.swap(dead_);
  if (wantsJob && !isStopping_ && !jobs_.empty()) {
    taken.job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  return taken;
}

void WorkQueue::close() {
  // Under the lock, so that no holder deletes a resident while it is emptied.
  const std::lock_guard lock(lock_);
  isClosed_ = true;
  dead_.clear();
  for (ResidentBase* const resident : living_) resident->clear();
  living_.clear();
}

}  // namespace pathex::addon
