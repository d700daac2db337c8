#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "addon/work_queue.h"
#include "addon/outbox.h"
#include "core/device.h"
#include "core/status.h"

namespace pathex::addon {

using Opened = core::Result<std::unique_ptr<core::Device>>;
using OpenDevice = std::function<Opened(const core::StopFlag&)>;

/// The one thread of a device: it opens the device, makes every call of its libraries in the order in which jobs were
/// given, and closes it. (An OpenMP team belongs to the thread that calls it, so a pool of callers would make a team
/// each; a CUDA context is current for a thread.) See Note [Overlap].
class Worker {
 public:
  /// `outbox` receives each job when its work is done, in order, and is woken once more when the thread ends. Throws
  /// std::system_error where the system grants no thread.
  Worker(OpenDevice open, std::shared_ptr<Outbox> outbox);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void add(JobPointer job) { shared_->queue->add(std::move(job)); }
  WorkQueue& queue() const { return *shared_->queue; }

  /// Asks the thread to close its device and end. Nothing is queued.
  void finish();
  /// Asks the thread to end as soon as it can: at the next step of what is under way. Returns the jobs that never ran.
  std::vector<JobPointer> interrupt();
  /// JavaScript thread only: whether either was called.
  bool stopped() const { return stopped_; }
  /// Whether the device is closed and the thread about to return.
  bool ended() const { return hasEnded_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  /// Waits for the thread, which was asked to end, but not beyond `until`: then it is left behind, and when the process
  /// exits it does so at once, since destructors of libraries must not run beside the thread that uses them.
  void join(std::chrono::steady_clock::time_point until);

 private:
  /// What the thread uses; it may outlive the Worker.
  struct Shared {
    OpenDevice open;
    std::shared_ptr<Outbox> outbox;
    std::shared_ptr<WorkQueue> queue = std::make_shared<WorkQueue>();
    std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
    std::promise<void> ended;
  };
  static void loop(Shared&);

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_future<void> hasEnded_ = shared_->ended.get_future();
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace pathex::addon

// Note [Overlap]
// A device may take work and go on with it while the worker does other things (core::Pending). The worker gives it all
// jobs that are queued, one after the other, and only then looks whether the oldest is done; so between two queued runs
// a GPU never waits for the host. While it looks it also takes new jobs. A device that works on this very thread, like
// cpu, is done when the call returns, and none of this costs it anything.
