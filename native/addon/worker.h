#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "addon/mailbox.h"
#include "core/device.h"
#include "core/status.h"

namespace pathex::addon {

using Opened = core::Result<std::unique_ptr<core::Device>>;
using OpenDevice = std::function<Opened()>;

/// The one thread of a device: it opens the device, makes every call of its libraries in the order in which jobs were
/// given, and closes it. (An OpenMP team belongs to the thread that calls it, so a pool of callers would make a team
/// each; a CUDA context is current for a thread.) See Note [Overlap].
class Worker {
 public:
  /// `finished` receives each job when its work is done, in order, on the worker's thread.
  Worker(OpenDevice open, std::function<void(JobPointer)> finished);
  ~Worker() { stop(); }

  void add(JobPointer job) { mailbox_->add(std::move(job)); }
  /// Lets the work in flight end, joins the thread and returns the jobs that never ran. Later calls do nothing.
  std::vector<JobPointer> stop();
  bool stopped() const { return stopped_; }
  Mailbox& mailbox() const { return *mailbox_; }

 private:
  void loop(const OpenDevice& open);

  std::function<void(JobPointer)> finished_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  bool stopped_ = false;  // JavaScript thread only
  std::thread thread_;
};

}  // namespace pathex::addon

// Note [Overlap]
// A device may take work and go on with it while the worker does other things (core::Pending). The worker gives it all
// jobs that are queued, one after the other, and only then looks whether the oldest is done; so between two queued runs
// a GPU never waits for the host. While it looks it also takes new jobs. A device that works on this very thread, like
// cpu, is done when the call returns, and none of this costs it anything.
