#include "cuda/timer.h"

#include <algorithm>
#include <set>

#include "cuda/graphs.h"

namespace pathex::cuda {

namespace {

/// Launched from one graph: outside of graphs the host's own time shows, which no captured plan pays.
constexpr int repeats = 20;
constexpr int rounds = 3;
constexpr std::size_t alignment = 256;
constexpr std::size_t noiseElements = std::size_t{1} << 22;

std::size_t roomFor(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Numbers of both signs between 2^-8 and 1. Zeros and repeated values make multipliers faster than they are.
std::vector<float> makeNoise() {
  std::vector<float> noise(noiseElements);
  std::uint32_t state = 1;
  for (float& x : noise) {
    state = state * 1664525u + 1013904223u;
    const float size = 0x1p-8f + static_cast<float>(state >> 9) * 0x1p-23f * (1 - 0x1p-8f);
    x = (state & 0x100) != 0 ? -size : size;
  }
  return noise;
}

}  // namespace

core::Status GraphTimer::fill(CUdeviceptr at, std::size_t bytes) {
  if (noise_.empty()) noise_ = makeNoise();
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t part = std::min(bytes - done, noise_.size() * sizeof(float));
    core::Status s = context_.call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, at + done, noise_.data(), part,
                                   context_.stream());
    if (!s.ok()) return s;
    done += part;
  }
  return {};
}

core::Status GraphTimer::reserve(std::size_t bytes) {
  if (bytes <= bytes_) return {};
  rest();
  auto made = makeDeviceBytes(context_, bytes);
  if (!made.ok()) return made.status();
  memory_ = std::move(made.value());
  if (core::Status s = fill(memory_.get(), bytes); !s.ok()) return s;
  bytes_ = bytes;
  return {};
}

core::Result<double> GraphTimer::time(const GraphExec& graph) {
  auto start = makeEvent(context_, value::CU_EVENT_DEFAULT), end = makeEvent(context_, value::CU_EVENT_DEFAULT);
  if (!start.ok()) return start.status();
  if (!end.ok()) return end.status();
  float best = 0;
  for (int i = 0; i < rounds; ++i) {
    float milliseconds = 0;
    const CUstream stream = context_.stream();
    core::Status s = context_.call("cuEventRecord", &Driver::cuEventRecord, start.value().get(), stream);
    if (s.ok()) s = context_.call("cuGraphLaunch", &Driver::cuGraphLaunch, graph.get(), stream);
    if (s.ok()) s = context_.call("cuEventRecord", &Driver::cuEventRecord, end.value().get(), stream);
    if (s.ok()) s = context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, stream);
    if (s.ok()) {
      s = context_.call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &milliseconds, start.value().get(),
                        end.value().get());
    }
    if (!s.ok()) return s;
    best = i == 0 ? milliseconds : std::min(best, milliseconds);
  }
  return static_cast<double>(best) / 1e3 / repeats;
}

core::Result<double> GraphTimer::seconds(Kernel& kernel, const core::Plan& plan, const core::CallStep& step) {
  std::set<std::size_t> operands(step.inputs.begin(), step.inputs.end());
  operands.insert(step.outputs.begin(), step.outputs.end());
  std::size_t bytes = roomFor(kernel.workspaceBytes());
  for (const std::size_t buffer : operands) bytes += roomFor(plan.buffers[buffer].bytes());
  if (core::Status s = reserve(bytes); !s.ok()) return s;

  std::vector<CUdeviceptr> buffers(plan.buffers.size(), 0);
  CUdeviceptr at = memory_.get() + roomFor(kernel.workspaceBytes());
  for (const std::size_t buffer : operands) {
    buffers[buffer] = at;
    at += roomFor(plan.buffers[buffer].bytes());
  }
  const Bindings bindings{buffers.data(), memory_.get()};
  // Once before the capture: libraries load their code on the first call.
  if (core::Status s = kernel.enqueue(bindings, context_.stream()); !s.ok()) return s;
  auto graph = capture(context_, [&]() -> core::Status {
    for (int i = 0; i < repeats; ++i) {
      if (core::Status s = kernel.enqueue(bindings, context_.stream()); !s.ok()) return s;
    }
    return {};
  });
  if (!graph.ok()) return graph.status();
  return time(graph.value());
}

}  // namespace pathex::cuda
