#pragma once

#include <node_api.h>

#include <mutex>
#include <vector>

#include "addon/work_queue.h"

namespace pathex::addon {

/// Finished jobs on their way back to the JavaScript thread. Workers share it with the environment and may outlive
/// that; see Note [Leaving] in environment.h.
class Outbox {
 public:
  /// JavaScript thread, before any worker knows of it.
  void open(napi_threadsafe_function wakeUp) { wakeUp_ = wakeUp; }

  /// Any thread: hands over a job. After `close` the job is given up as it is, since what it holds of JavaScript can
  /// neither be used nor freed any more.
  void put(JobPointer);
  /// Any thread: calls the JavaScript thread.
  void wake();

  /// JavaScript thread.
  std::vector<JobPointer> take();
  /// JavaScript thread: nobody is called from here on. Returns what was still to be taken.
  std::vector<JobPointer> close();

 private:
  void call();

  std::mutex lock_;
  // under the lock:
  napi_threadsafe_function wakeUp_ = nullptr;
  std::vector<JobPointer> finished_;
  bool isClosed_ = false;
};

}  // namespace pathex::addon
