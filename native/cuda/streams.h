#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "cuda/owned.h"

/// The second stream of a plan: of the steps that may run beside the others.
namespace pathex::cuda {

enum class Streams { one, two };
/// measured: whichever is faster.
enum class StreamMode { measured, one, two };

/// Which streams the runs of a plan use. See Note [One stream or two].
class StreamChoice {
 public:
  StreamChoice(StreamMode mode, bool hasSide);

  /// Of the next run.
  Streams next();
  /// Whether the run that next() was asked for last is one of the measurement.
  bool isTrial() const { return isTrial_; }
  void note(Streams, double seconds);
  void choose(Streams streams) { chosen_ = streams; }
  const std::optional<Streams>& chosen() const { return chosen_; }

 private:
  struct Trial {
    int begun = 0, noted = 0;
    double least = 0;
  };
  Trial& of(Streams streams) { return trials_[streams == Streams::two ? 1 : 0]; }

  std::optional<Streams> chosen_;
  int before_;  // runs in one stream that are still to come first
  bool isTrial_ = false;
  std::array<Trial, 2> trials_;
};

/// The side stream, and the events by which it and the main stream wait for each other.
class SideStream {
 public:
  /// For the steps of a plan, of which some run aside.
  static core::Result<SideStream> make(Context&, const std::vector<bool>& isAside);

  CUstream stream() const { return stream_.get(); }
  /// A run begins.
  void begin() { begun_ = joined_ = 0; }
  /// The side stream waits for all that the main stream was given so far.
  core::Status fork(Context&);
  /// The side stream was given a step.
  core::Status given(Context&);
  /// The main stream waits for a step of the side stream; without one, for all of them.
  core::Status join(Context&, std::optional<std::size_t> step);

 private:
  using Stream = Owned<CUstream, &Driver::cuStreamDestroy_v2>;
  std::vector<std::size_t> steps_;  // those that run aside, in order
  Event forked_;
  std::vector<Event> done_;  // of each of them
  Stream stream_;            // goes first: its work may still record the events
  std::size_t begun_ = 0, joined_ = 0;  // of this run: how many were given, and how many are waited for
};

}  // namespace pathex::cuda

// Note [One stream or two]
// Steps aside use what the others leave idle, and at large batches there is nothing idle: whether two streams are faster
// depends on the plan and on the GPU, and no single kernel tells. So the runs of a plan themselves are measured, in one
// stream and in two by turns: both give the same bits. That begins when a plan has run for a while, since one that is soon
// done has nothing to gain. The faster of the least of five times decides for good; launches of graphs are counted that
// were there before. Where two streams cannot be captured, one is chosen.
