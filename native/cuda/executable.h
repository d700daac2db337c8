#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/device.h"
#include "cuda/graphs.h"
#include "cuda/kernel.h"
#include "cuda/streams.h"
#include "cuda/program.h"

namespace pathex::cuda {

/// A plan's steps made ready, with the code that they run.
struct ReadySteps {
  std::optional<Program> program;  // none where every step is a library's
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<bool> isOurs;  // by step: launches of the plan's code
  std::vector<bool> isAside;  // by step: in the side stream
  std::vector<std::optional<std::size_t>> after;  // by step: the step of the side stream that it waits for
  /// Of our own kernels, which find in it what the step before left; libraries have a workspace of their own.
  std::size_t scratchBytes = 0;
};

/// Offsets of the parts of an executable's one allocation, and of the slots in their parts.
struct Layout {
  std::size_t constants = 0, inputs = 0, outputs = 0, scratch = 0, workspace = 0, sideWorkspace = 0, bytes = 0;
  std::size_t inputBytes = 0, outputBytes = 0;
  std::vector<std::size_t> inputAt, outputAt, constantAt;  // by slot, by slot, by buffer

  /// `hasSide`: steps may run aside, with a workspace of their own.
  Layout(const core::Plan&, const ReadySteps&, bool hasSide);
};

/// A plan on a GPU with everything that a run needs besides the state: memory, code, graphs. See Note [A run].
class CudaExecutable final : public core::Executable {
 public:
  static core::Result<std::unique_ptr<core::Executable>> make(Context&, core::Plan, ReadySteps, bool profile,
                                                              StreamMode);

  const core::Plan& plan() const override { return plan_; }
  std::size_t bytes() const override { return layout_.bytes; }
  std::vector<core::StepReport> report() const override;
  core::Submitted run(const std::vector<const core::Block*>& state, const std::vector<std::byte*>& inputs,
                      const std::vector<std::byte*>& outputs) override;

 private:
  /// Inputs and outputs of one run where the GPU can reach them, and the event that ends it.
  struct Area {
    PinnedBytes memory;
    Event done;
    Event begin, end;  // of the steps of a run that is measured
    std::optional<Streams> trial;
    std::byte* inputs() const { return static_cast<std::byte*>(memory.get()); }
  };
  class Run;

  CudaExecutable(Context&, core::Plan, ReadySteps, bool profile, StreamMode);
  core::Status prepare();
  core::Status checkMemory();
  core::Status placeConstants();
  core::Result<std::unique_ptr<Area>> takeArea();
  core::Status submit(Area&, const std::vector<CUdeviceptr>& state);
  core::Status runInStreams(Area&, const std::vector<CUdeviceptr>& state);
  /// Takes the time of a measured run that is done.
  core::Status note(Area&);
  core::Status enqueue(bool capturing, Streams);
  core::Status enqueueStep(std::size_t step, bool aside = false);
  core::Status enqueueAside(std::size_t step);
  core::Status runMeasured();
  /// The error of a run that could not be given to the GPU.
  core::Status failure(const core::Status&);
  /// An error of the GPU's that may be any step's.
  core::Status unplaced(const core::Status&, const std::string& hint) const;
  std::string where(std::size_t step) const;

  Context& context_;
  core::Plan plan_;
  ReadySteps steps_;
  bool profile_;
  Layout layout_;
  DeviceBytes memory_;
  std::vector<CUdeviceptr> buffers_;
  std::vector<std::unique_ptr<Area>> areas_;  // not in use
  Event before_, after_;                      // of a measured step
  mutable std::mutex reportLock_;
  std::vector<core::StepReport> report_;
  StreamChoice streams_;
  std::optional<SideStream> side_;
  Graphs graphs_;  // last: they go before the kernels whose work they hold
};

}  // namespace pathex::cuda

// Note [A run]
// Inputs are copied into pinned memory and from there to the GPU in one transfer; then come the steps, as one graph
// from the second run on; then one transfer of all outputs; then an event. Nothing of it waits, so the next run can be
// enqueued behind it at once. The transfers are no nodes of the graph: every queued run has a staging area of its own,
// and a node holds an address. Where steps may run aside there are two graphs, with one stream and with two, until one
// of them has turned out faster.
