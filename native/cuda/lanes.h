#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "cuda/owned.h"

/// The second lane of a plan's steps: a stream for those that may run beside the others.
namespace pathex::cuda {

enum class Lanes { one, two };
/// measured: whichever is faster.
enum class LaneMode { measured, one, two };

/// Which lanes the runs of a plan use. See Note [One lane or two].
class LaneChoice {
 public:
  LaneChoice(LaneMode mode, bool hasSide);

  /// Of the next run.
  Lanes next();
  /// Whether the run that next() was asked for last is one of the measurement.
  bool isTrial() const { return isTrial_; }
  void note(Lanes, double seconds);
  void choose(Lanes lanes) { chosen_ = lanes; }
  const std::optional<Lanes>& chosen() const { return chosen_; }

 private:
  struct Trial {
    int begun = 0, noted = 0;
    double least = 0;
  };
  Trial& of(Lanes lanes) { return trials_[lanes == Lanes::two ? 1 : 0]; }

  std::optional<Lanes> chosen_;
  int before_;  // runs in one lane that are still to come first
  bool isTrial_ = false;
  std::array<Trial, 2> trials_;
};

/// The side stream, and the events by which it and the main stream wait for each other.
class SideLane {
 public:
  /// For the steps of a plan, of which some run aside.
  static core::Result<SideLane> make(Context&, const std::vector<bool>& isAside);

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

// Note [One lane or two]
// Steps aside use what the others leave idle, and at large batches there is nothing idle: whether two lanes are faster
// depends on the plan and on the GPU, and no single kernel tells. So the runs of a plan themselves are measured, in one
// lane and in two by turns: both give the same bits. That begins when a plan has run for a while, since one that is soon
// done has nothing to gain. The faster of the least of five times decides for good; launches of graphs are counted that
// were there before. Where two lanes cannot be captured, one is chosen.
