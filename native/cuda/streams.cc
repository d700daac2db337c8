#include "cuda/streams.h"

#include <algorithm>

namespace pathex::cuda {

namespace {

constexpr int runsBefore = 16, measured = 5;
/// Two streams must gain more than measurements differ.
constexpr double gain = 0.99;

}  // namespace

StreamChoice::StreamChoice(StreamMode mode, bool hasSide) : before_(mode == StreamMode::measured ? runsBefore : 1) {
  if (mode == StreamMode::one || !hasSide) chosen_ = Streams::one;
  if (mode == StreamMode::two && hasSide) chosen_ = Streams::two;
}

Streams StreamChoice::next() {
  isTrial_ = false;
  if (before_ > 0) {
    before_ -= 1;
    return Streams::one;
  }
  if (chosen_) return *chosen_;
  isTrial_ = true;
  const Streams streams = of(Streams::two).begun < of(Streams::one).begun ? Streams::two : Streams::one;
  of(streams).begun += 1;
  return streams;
}

void StreamChoice::note(Streams streams, double seconds) {
  if (chosen_) return;
  Trial& trial = of(streams);
  trial.least = trial.noted == 0 ? seconds : std::min(trial.least, seconds);
  trial.noted += 1;
  const Trial& one = of(Streams::one);
  const Trial& two = of(Streams::two);
  if (std::min(one.noted, two.noted) < measured) return;
  chosen_ = two.least < gain * one.least ? Streams::two : Streams::one;
}

core::Result<SideStream> SideStream::make(Context& context, const std::vector<bool>& isAside) {
  SideStream side;
  for (std::size_t i = 0; i < isAside.size(); ++i) {
    if (isAside[i]) side.steps_.push_back(i);
  }
  for (std::size_t i = 0; i <= side.steps_.size(); ++i) {
    auto event = makeEvent(context);
    if (!event.ok()) return event.status();
    if (i == 0) {
      side.forked_ = std::move(event.value());
    } else {
      side.done_.push_back(std::move(event.value()));
    }
  }
  side.stream_ = Stream(context);
  core::Status s = context.call("cuStreamCreate", &Driver::cuStreamCreate, side.stream_.receive(),
                                value::CU_STREAM_NON_BLOCKING);
  if (!s.ok()) return s;
  return side;
}

core::Status SideStream::fork(Context& context) {
  core::Status s = context.call("cuEventRecord", &Driver::cuEventRecord, forked_.get(), context.stream());
  if (!s.ok()) return s;
  return context.call("cuStreamWaitEvent", &Driver::cuStreamWaitEvent, stream_.get(), forked_.get(), 0u);
}

core::Status SideStream::given(Context& context) {
  return context.call("cuEventRecord", &Driver::cuEventRecord, done_[begun_++].get(), stream_.get());
}

core::Status SideStream::join(Context& context, std::optional<std::size_t> step) {
  const auto last = step ? std::upper_bound(steps_.begin(), steps_.end(), *step) : steps_.end();
  const std::size_t needed = std::min(static_cast<std::size_t>(last - steps_.begin()), begun_);
  if (needed <= joined_) return {};
  joined_ = needed;
  return context.call("cuStreamWaitEvent", &Driver::cuStreamWaitEvent, context.stream(), done_[needed - 1].get(), 0u);
}

}  // namespace pathex::cuda
