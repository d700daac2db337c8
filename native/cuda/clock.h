#pragma once

#include <vector>

#include "core/device.h"
#include "cuda/owned.h"

namespace pathex::cuda {

/// The time of a device's stream, by the GPU's own clock. See Note [Gaps].
class StreamClock {
 public:
  explicit StreamClock(Context& context) : context_(context) {}

  /// Records an event and goes on; see core::Device::mark.
  core::Submitted mark(double* seconds);

 private:
  class Mark;
  core::Result<Event> takeEvent();
  /// Of an event that is done, and becomes the last one.
  core::Result<double> secondsAt(Event);

  Context& context_;
  Event last_;
  double seconds_ = 0;  // at the last event; zero at the first
  std::vector<Event> spare_;
};

}  // namespace pathex::cuda

// Note [Gaps]
// The driver tells the time between two events in milliseconds as a float, of 24 bits: over an hour that is a quarter of
// a millisecond. So a mark adds the time since the mark before it to a double, and the difference of two marks is as
// exact as the gaps between them. Marks end in the order in which they were made, so one old event is enough.
