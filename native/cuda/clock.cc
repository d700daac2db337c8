#include "cuda/clock.h"

namespace pathex::cuda {

/// A mark that the stream may not have reached.
class StreamClock::Mark final : public core::Pending {
 public:
  Mark(StreamClock& of, Event event, double* seconds) : of_(of), event_(std::move(event)), seconds_(seconds) {}

  core::Result<bool> isDone() override {
    Context& context = of_.context_;
    if (core::Status s = context.expectAlive(); !s.ok()) return s.within("mark");
    const int result = context.driver().cuEventQuery(event_.get());
    if (result == value::CUDA_ERROR_NOT_READY) return false;
    if (core::Status s = context.judge(result, "cuEventQuery"); !s.ok()) return s.within("mark");
    auto at = of_.secondsAt(std::move(event_));
    if (!at.ok()) return at.status().within("mark");
    *seconds_ = at.value();
    return true;
  }

 private:
  StreamClock& of_;
  Event event_;
  double* seconds_;
};

core::Result<Event> StreamClock::takeEvent() {
  if (spare_.empty()) return makeEvent(context_, value::CU_EVENT_DEFAULT);  // the flag that keeps the time
  Event event = std::move(spare_.back());
  spare_.pop_back();
  return event;
}

core::Submitted StreamClock::mark(double* seconds) {
  auto event = takeEvent();
  if (!event.ok()) return event.status().within("mark");
  core::Status s = context_.call("cuEventRecord", &Driver::cuEventRecord, event.value().get(), context_.stream());
  if (!s.ok()) return s.within("mark");
  return std::unique_ptr<core::Pending>(std::make_unique<Mark>(*this, std::move(event.value()), seconds));
}

core::Result<double> StreamClock::secondsAt(Event event) {
  if (last_) {
    float milliseconds = 0;
    core::Status s = context_.call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &milliseconds, last_.get(),
                                   event.get());
    if (!s.ok()) return s;
    seconds_ += static_cast<double>(milliseconds) / 1e3;
    spare_.push_back(std::move(last_));
  }
  last_ = std::move(event);
  return seconds_;
}

}  // namespace pathex::cuda
