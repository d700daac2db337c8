#pragma once

#include <functional>
#include <list>
#include <vector>

#include "cuda/streams.h"
#include "cuda/owned.h"

namespace pathex::cuda {

/// The work that `enqueue` gives to the context's stream, as one graph.
core::Result<GraphExec> capture(Context&, const std::function<core::Status()>& enqueue);

/// Good while the capture goes on; asked after each step, it finds the one that broke it.
core::Status expectCapturing(Context&);

/// The captured graphs of one executable, by the addresses of its state and by streams. See Note [When to capture].
class Graphs {
 public:
  explicit Graphs(Context& context) : context_(context) {}

  enum class How { stepByStep, captured, ready };
  /// Enqueues the work as it is, or as a graph; tells whether that was there before.
  core::Result<How> run(const std::vector<CUdeviceptr>& state, Streams,
                        const std::function<core::Status(bool capturing)>& enqueue);
  /// Whether the last run, be it a failed one, may have given work to the GPU.
  bool hasLaunched() const { return hasLaunched_; }

 private:
  struct Binding {
    std::vector<CUdeviceptr> state;
    Streams streams;
    GraphExec graph;  // empty until the second run
  };
  core::Result<Binding*> find(const std::vector<CUdeviceptr>& state, Streams);

  Context& context_;
  bool hasLaunched_ = false;
  std::list<Binding> bindings_;  // used last, first
};

}  // namespace pathex::cuda

// Note [When to capture]
// The first run on a binding is enqueued step by step: libraries load code and set themselves up on their first call,
// which a capture does not allow, and a program that runs once gains nothing from a graph. The second run is captured,
// which costs about as much as enqueueing it, and every later one is a single launch. Addresses are part of a graph, so
// other state means another graph; a few are kept, since programs alternate between stores (training and evaluation).
// Two streams are captured at once: a run in one stream has set everything up before, and a capture that fails has run
// nothing.
