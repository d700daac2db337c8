#include "cuda/lanes.h"

#include <algorithm>

namespace pathex::cuda {

namespace {

constexpr int runsBefore = 16, measured = 5;
/// Two lanes must gain more than measurements differ.
constexpr double gain = 0.99;

}  // namespace

LaneChoice::LaneChoice(LaneMode mode, bool hasSide) : before_(mode == LaneMode::measured ? runsBefore : 1) {
  if (mode == LaneMode::one || !hasSide) chosen_ = Lanes::one;
  if (mode == LaneMode::two && hasSide) chosen_ = Lanes::two;
}

Lanes LaneChoice::next() {
  isTrial_ = false;
  if (before_ > 0) {
    before_ -= 1;
    return Lanes::one;
  }
  if (chosen_) return *chosen_;
  isTrial_ = true;
  const Lanes lanes = of(Lanes::two).begun < of(Lanes::one).begun ? Lanes::two : Lanes::one;
  of(lanes).begun += 1;
  return lanes;
}

void LaneChoice::note(Lanes lanes, double seconds) {
  if (chosen_) return;
  Trial& trial = of(lanes);
  trial.least = trial.noted == 0 ? seconds : std::min(trial.least, seconds);
  trial.noted += 1;
  const Trial& one = of(Lanes::one);
  const Trial& two = of(Lanes::two);
  if (std::min(one.noted, two.noted) < measured) return;
  chosen_ = two.least < gain * one.least ? Lanes::two : Lanes::one;
}

core::Result<SideLane> SideLane::make(Context& context, const std::vector<bool>& isAside) {
  SideLane lane;
  for (std::size_t i = 0; i < isAside.size(); ++i) {
    if (isAside[i]) lane.steps_.push_back(i);
  }
  for (std::size_t i = 0; i <= lane.steps_.size(); ++i) {
    auto event = makeEvent(context);
    if (!event.ok()) return event.status();
    if (i == 0) {
      lane.forked_ = std::move(event.value());
    } else {
      lane.done_.push_back(std::move(event.value()));
    }
  }
  lane.stream_ = Stream(context);
  core::Status s = context.call("cuStreamCreate", &Driver::cuStreamCreate, lane.stream_.receive(),
                                value::CU_STREAM_NON_BLOCKING);
  if (!s.ok()) return s;
  return lane;
}

core::Status SideLane::fork(Context& context) {
  core::Status s = context.call("cuEventRecord", &Driver::cuEventRecord, forked_.get(), context.stream());
  if (!s.ok()) return s;
  return context.call("cuStreamWaitEvent", &Driver::cuStreamWaitEvent, stream_.get(), forked_.get(), 0u);
}

core::Status SideLane::given(Context& context) {
  return context.call("cuEventRecord", &Driver::cuEventRecord, done_[begun_++].get(), stream_.get());
}

core::Status SideLane::join(Context& context, std::optional<std::size_t> step) {
  const auto last = step ? std::upper_bound(steps_.begin(), steps_.end(), *step) : steps_.end();
  const std::size_t needed = std::min(static_cast<std::size_t>(last - steps_.begin()), begun_);
  if (needed <= joined_) return {};
  joined_ = needed;
  return context.call("cuStreamWaitEvent", &Driver::cuStreamWaitEvent, context.stream(), done_[needed - 1].get(), 0u);
}

}  // namespace pathex::cuda
