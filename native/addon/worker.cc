#include "addon/worker.h"

#include <cstdlib>
#include <deque>
#include <exception>

#ifdef __GLIBC__
#include <unistd.h>
#endif

namespace pathex::addon {

namespace {

using Clock = std::chrono::steady_clock;

struct InFlight {
  JobPointer job;
  std::unique_ptr<core::Pending> pending;
};

/// Work given to the device at once; beyond this it waits in the queue, so that staging memory stays bounded.
constexpr std::size_t mostInFlight = 32;

/// How long to sleep between two looks at the oldest work. Short steps are watched without sleep; for long ones being
/// late by a thirtieth costs little, and a core is free meanwhile.
class Patience {
 public:
  void restart() { since_ = Clock::now(); }
  std::chrono::nanoseconds slice() const {
    const auto waited = Clock::now() - since_;
    if (waited > std::chrono::milliseconds(2)) return std::chrono::nanoseconds(waited) / 32;
    std::this_thread::yield();
    return std::chrono::nanoseconds(0);
  }

 private:
  Clock::time_point since_ = Clock::now();
};

/// Calls into libraries, which may throw.
template <class Call>
core::Status guarded(const Call& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return {core::Code::device, "out of memory; use a smaller batch, or dispose what is no longer used"};
  } catch (const std::exception& e) {
    return {core::Code::native, e.what()};
  }
}

/// The device, which is opened for the first job, and its work in flight.
class Dispatcher {
 public:
  Dispatcher(const OpenDevice& open, const core::StopFlag& stop, Outbox& outbox)
      : open_(open), stop_(stop), outbox_(outbox) {}

  bool isIdle() const { return inFlight_.empty(); }
  bool isFull() const { return inFlight_.size() >= mostInFlight; }

  void begin(JobPointer job) {
    std::unique_ptr<core::Pending> pending;
    job->status = guarded([&]() -> core::Status {
      if (!job->work) return {};
      if (!device_) {
        auto opened = open_(stop_);
        if (!opened.ok()) return opened.status();
        device_ = std::move(opened.value());
      }
      core::Submitted submitted = job->work(*device_);
      pending = std::move(submitted.pending);
      return submitted.status;
    });
    inFlight_.push_back({std::move(job), std::move(pending)});
  }

  /// Hands over what is done, in order. Returns whether anything was.
  bool collect() {
    bool any = false;
    for (; !inFlight_.empty() && isDone(inFlight_.front()); any = true) {
      outbox_.put(std::move(inFlight_.front().job));
      inFlight_.pop_front();
    }
    return any;
  }

 private:
  static bool isDone(InFlight& work) {
    if (!work.pending) return true;
    bool done = false;
    work.job->status = guarded([&]() -> core::Status {
      auto answer = work.pending->isDone();
      if (!answer.ok()) return answer.status();
      done = answer.value();
      return {};
    });
    return done || !work.job->status.ok();
  }

  const OpenDevice& open_;
  const core::StopFlag stop_;
  Outbox& outbox_;
  std::unique_ptr<core::Device> device_;
  std::deque<InFlight> inFlight_;  // after the device: they go first
};

}  // namespace

Worker::Worker(OpenDevice open, std::shared_ptr<Outbox> outbox) {
  shared_->open = std::move(open);
  shared_->outbox = std::move(outbox);
  thread_ = std::thread([shared = shared_] { loop(*shared); });
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  interrupt();
  join(std::chrono::steady_clock::now());
}

void Worker::finish() {
  stopped_ = true;
  shared_->queue->stop();
}

std::vector<JobPointer> Worker::interrupt() {
  stopped_ = true;
  *shared_->stop = true;
  return shared_->queue->stop();
}

void Worker::join(std::chrono::steady_clock::time_point until) {
  if (!thread_.joinable()) return;
  if (hasEnded_.wait_until(until) == std::future_status::ready) return thread_.join();
  thread_.detach();
#ifdef __GLIBC__
  const auto exitBeside = [](int status, void* running) {
    const auto& ended = *static_cast<std::shared_future<void>*>(running);
    if (ended.wait_for(std::chrono::seconds(0)) != std::future_status::ready) _exit(status);
  };
  on_exit(exitBeside, new std::shared_future<void>(hasEnded_));  // for as long as the process lives
#endif
}

void Worker::loop(Shared& shared) {
  WorkQueue& queue = *shared.queue;
  {
    Dispatcher dispatcher(shared.open, shared.stop, *shared.outbox);
    Patience patience;
    for (;;) {
      const auto wait = dispatcher.isIdle() ? WorkQueue::forever : patience.slice();
      WorkQueue::Taken taken = queue.take(!dispatcher.isFull(), wait);
      if (taken.isStopping) break;
      taken.dead.clear();
      if (dispatcher.isIdle()) patience.restart();
      if (taken.job) dispatcher.begin(std::move(taken.job));
      if (dispatcher.collect()) patience.restart();
    }
    while (!dispatcher.isIdle()) {  // what is in flight uses memory that is about to go
      if (!dispatcher.collect()) std::this_thread::sleep_for(patience.slice());
    }
    queue.close();
  }
  shared.ended.set_value();
  shared.outbox->wake();
}

}  // namespace pathex::addon
