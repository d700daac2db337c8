#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "core/device.h"

namespace pathex::addon {

/// One piece of work. It is made and destroyed on the JavaScript thread; only `work` runs elsewhere.
struct Job {
  virtual ~Job() = default;
  std::function<core::Submitted(core::Device&)> work;  // empty: it only waits for its turn
  core::Status status;
};
using JobPointer = std::unique_ptr<Job>;

/// A place for something of a device, which is made and destroyed on the device's thread; the place itself is held by
/// JavaScript's handles and by jobs. Empty before it is made and after the device has gone.
struct ResidentBase {
  explicit ResidentBase(std::size_t size) : bytes(size) {}
  virtual ~ResidentBase() = default;
  virtual void clear() = 0;
  const std::size_t bytes;
};
template <class T>
struct Resident final : ResidentBase {
  Resident(std::size_t size, std::unique_ptr<T> made) : ResidentBase(size), object(std::move(made)) {}
  void clear() override { object.reset(); }
  std::unique_ptr<T> object;
};
using BlockPointer = std::shared_ptr<Resident<core::Block>>;
using ExecutablePointer = std::shared_ptr<Resident<core::Executable>>;

/// What the JavaScript thread hands to a device's thread: jobs in order, and residents that nobody holds any more. It
/// outlives both, since a handle may be collected after its device. Any thread.
class WorkQueue : public std::enable_shared_from_this<WorkQueue> {
 public:
  /// A resident of `bytes` bytes, which count from now until the last holder lets go.
  template <class T>
  std::shared_ptr<Resident<T>> admit(std::size_t bytes, std::unique_ptr<T> made = nullptr) {
    std::unique_ptr<Resident<T>> resident = std::make_unique<Resident<T>>(bytes, std::move(made));
    enter(*resident);
    return {resident.release(), [queue = shared_from_this()](ResidentBase* r) { queue->leave(r); }};
  }
  std::size_t liveBytes() const { return live_; }

  void add(JobPointer);
  /// Asks the device's thread to end; returns the jobs that never ran.
  std::vector<JobPointer> stop();

  struct Taken {
    JobPointer job;  // empty when none was wanted or none came
    std::vector<std::unique_ptr<ResidentBase>> dead;
    bool isStopping = false;
  };
  static constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();
  /// Waits for work, but not longer than told.
  Taken take(bool wantsJob, std::chrono::nanoseconds wait);
  /// Empties every resident, for ever.
  void close();

 private:
  void enter(ResidentBase&);
  void leave(ResidentBase*);

  std::atomic<std::size_t> live_ = 0;
  std::mutex lock_;
  std::condition_variable wake_;
  // under the lock:
  std::deque<JobPointer> jobs_;
  std::unordered_set<ResidentBase*> living_;
  std::vector<std::unique_ptr<ResidentBase>> dead_;
  bool isStopping_ = false, isClosed_ = false;
};

}  // namespace pathex::addon
