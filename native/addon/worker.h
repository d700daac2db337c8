#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/status.h"
#include "cpu/backend.h"

namespace pathex::addon {

/// One piece of work. It is made and destroyed on the JavaScript thread; only `work` runs elsewhere.
struct Job {
  virtual ~Job() = default;
  std::function<core::Status(cpu::Backend&)> work;
  core::Status status;
};
using JobPointer = std::unique_ptr<Job>;

/// The one thread of a device: it makes every OpenMP and oneDNN call, in the order in which jobs were given. An OpenMP
/// team belongs to the thread that calls it, so a pool of callers would make a team each.
class Worker {
 public:
  /// `finished` receives each job when its work is done, on the worker's thread.
  Worker(int threads, std::function<void(JobPointer)> finished);
  ~Worker() { stop(); }

  void add(JobPointer);
  /// Lets the work in flight end, joins the thread and returns the jobs that never ran. Later calls do nothing.
  std::vector<JobPointer> stop();
  bool stopped() const { return stopped_; }

 private:
  void loop(int threads);

  std::function<void(JobPointer)> finished_;
  std::mutex lock_;
  std::condition_variable wake_;
  std::deque<JobPointer> queue_;
  bool stopping_ = false;  // under the lock
  bool stopped_ = false;   // JavaScript thread only
  std::thread thread_;
};

}  // namespace pathex::addon
