#include "addon/worker.h"

#include <omp.h>

#include <exception>

namespace pathex::addon {

Worker::Worker(int threads, std::function<void(JobPointer)> finished) : finished_(std::move(finished)) {
  thread_ = std::thread([this, threads] { loop(threads); });
}

void Worker::add(JobPointer job) {
  {
    const std::lock_guard lock(lock_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

std::vector<JobPointer> Worker::stop() {
  if (stopped_) return {};
  stopped_ = true;
  std::vector<JobPointer> dropped;
  {
    const std::lock_guard lock(lock_);
    stopping_ = true;
    for (JobPointer& job : queue_) dropped.push_back(std::move(job));
    queue_.clear();
  }
  wake_.notify_one();
  thread_.join();
  return dropped;
}

void Worker::loop(int threads) {
  omp_set_num_threads(threads);
  std::optional<cpu::Backend> backend;
  for (;;) {
    JobPointer job;
    {
      std::unique_lock lock(lock_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      if (!backend) backend.emplace();
      job->status = job->work(*backend);
    } catch (const std::exception& e) {
      job->status = core::Status(core::Code::native, e.what());
    }
    finished_(std::move(job));
  }
}

}  // namespace pathex::addon
