#include "cuda/graphs.h"

#include <algorithm>
#include <iterator>

namespace pathex::cuda {

namespace {

/// Of a number of streams.
constexpr std::ptrdiff_t mostBindings = 4;

}  // namespace

core::Status expectCapturing(Context& context) {
  int status = 0;
  core::Status s = context.call("cuStreamIsCapturing", &Driver::cuStreamIsCapturing, context.stream(), &status);
  if (!s.ok()) return s;
  if (status == value::CU_STREAM_CAPTURE_STATUS_ACTIVE) return {};
  return {core::Code::native, "cuda driver: this step did what a graph cannot hold, and broke the capture"};
}

core::Result<GraphExec> capture(Context& context, const std::function<core::Status()>& enqueue) {
  const CUstream stream = context.stream();
  // Of this thread only: devices of other threads go on as they are.
  core::Status s = context.call("cuStreamBeginCapture", &Driver::cuStreamBeginCapture_v2, stream,
                                value::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  if (!s.ok()) return s;
  s = enqueue();
  Graph graph(context);
  // Whatever happened, the stream must leave the capture. After a failure the end fails too, and says less.
  const int ended = context.driver().cuStreamEndCapture(stream, graph.receive());
  if (!s.ok()) return s;
  if (s = context.judge(ended, "cuStreamEndCapture"); !s.ok()) return s;
  GraphExec exec(context);
  s = context.call("cuGraphInstantiate", &Driver::cuGraphInstantiateWithFlags, exec.receive(), graph.get(), 0ull);
  if (!s.ok()) return s;
  return exec;
}

core::Result<Graphs::Binding*> Graphs::find(const std::vector<CUdeviceptr>& state, Streams streams) {
  const auto known =
      std::find_if(bindings_.begin(), bindings_.end(),
                   [&](const Binding& b) { return b.streams == streams && b.state == state; });
  if (known != bindings_.end()) {
    bindings_.splice(bindings_.begin(), bindings_, known);
    return &bindings_.front();
  }
  const auto isAlike = [&](const Binding& b) { return b.streams == streams; };
  if (std::count_if(bindings_.begin(), bindings_.end(), isAlike) == mostBindings) {
    // Its last launch may not have ended.
    core::Status s = context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, context_.stream());
    if (!s.ok()) return s;
    bindings_.erase(std::prev(std::find_if(bindings_.rbegin(), bindings_.rend(), isAlike).base()));
  }
  bindings_.push_front({state, streams, GraphExec()});
  return static_cast<Binding*>(nullptr);
}

core::Result<Graphs::How> Graphs::run(const std::vector<CUdeviceptr>& state, Streams streams,
                                      const std::function<core::Status(bool capturing)>& enqueue) {
  hasLaunched_ = false;
  auto found = find(state, streams);
  if (!found.ok()) return found.status();
  if (found.value() == nullptr && streams == Streams::one) {
    hasLaunched_ = true;
    core::Status s = enqueue(false);
    if (s.ok()) return How::stepByStep;
    bindings_.pop_front();  // libraries may not have set themselves up: the next run is a first one again
    return s;
  }
  Binding& binding = bindings_.front();
  const How how = binding.graph ? How::ready : How::captured;
  if (how == How::captured) {
    auto made = capture(context_, [&] { return enqueue(true); });
    if (!made.ok()) return made.status();
    binding.graph = std::move(made.value());
  }
  hasLaunched_ = true;
  core::Status s = context_.call("cuGraphLaunch", &Driver::cuGraphLaunch, binding.graph.get(), context_.stream());
  if (!s.ok()) return s;
  return how;
}

}  // namespace pathex::cuda
