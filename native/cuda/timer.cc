#include "cuda/timer.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <set>

#include "cuda/graphs.h"

namespace pathex::cuda {

namespace {

/// Launched from one graph: outside of graphs the host's own time shows, which no captured plan pays. That time is
/// within `hostSeconds`, so a run outside that takes longer than `hopeless` times the best and this need not be
/// measured well.
constexpr int rounds = 3;
constexpr double hopeless = 3, hostSeconds = 2e-4;

/// Enough for two milliseconds, at most 20.
int repeatsFor(double seconds) {
  return static_cast<int>(std::clamp(2e-3 / seconds, 1.0, 20.0));
}

constexpr std::size_t alignment = 256;
constexpr std::size_t noiseElements = std::size_t{1} << 22;

std::size_t roomFor(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Numbers of both signs between 2^-8 and 1, whether read as float32 or as bf16. Zeros and repeated values make
/// multipliers faster than they are.
std::vector<float> makeNoise() {
  std::vector<float> noise(noiseElements);
  std::uint32_t state = 1;
  for (float& x : noise) {
    state = state * 1664525u + 1013904223u;
    // Both halves are a bf16: a sign, an exponent of -8 to -1, seven bits of mantissa.
    const auto half = [](std::uint32_t bits) {
      return (bits & 0x400) << 5 | (119 + ((bits >> 7) & 7)) << 7 | (bits & 0x7f);
    };
    x = std::bit_cast<float>(half(state >> 21) << 16 | half(state >> 10 & 0x7ff));
  }
  return noise;
}

/// A step that writes where it reads does so here, too.
bool isSamePlace(const core::PlanBuffer& a, const core::PlanBuffer& b) {
  return a.place.in == core::In::arena && b.place.in == core::In::arena && a.place.at == b.place.at &&
         a.bytes() == b.bytes();
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
  bytes_ = bytes;
  return {};
}

core::Result<double> GraphTimer::time(const std::function<core::Status()>& enqueue) {
  auto start = makeEvent(context_, value::CU_EVENT_DEFAULT), end = makeEvent(context_, value::CU_EVENT_DEFAULT);
  if (!start.ok()) return start.status();
  if (!end.ok()) return end.status();
  float milliseconds = 0;
  const CUstream stream = context_.stream();
  core::Status s = context_.call("cuEventRecord", &Driver::cuEventRecord, start.value().get(), stream);
  if (s.ok()) s = enqueue();
  if (s.ok()) s = context_.call("cuEventRecord", &Driver::cuEventRecord, end.value().get(), stream);
  if (s.ok()) s = context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, stream);
  if (s.ok()) {
    s = context_.call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &milliseconds, start.value().get(),
                      end.value().get());
  }
  if (!s.ok()) return s;
  return static_cast<double>(milliseconds) / 1e3;
}

core::Result<double> GraphTimer::seconds(const std::vector<Kernel*>& kernels, const Work& work, double best) {
  const core::Plan& plan = *work.plan;
  std::set<std::size_t> operands(work.inputs.begin(), work.inputs.end());
  operands.insert(work.outputs.begin(), work.outputs.end());
  std::vector<std::size_t> offsets(plan.buffers.size(), 0);
  std::size_t bytes = 0, workspace = 0;
  for (auto i = operands.begin(); i != operands.end(); ++i) {
    const auto isPlace = [&](std::size_t other) { return isSamePlace(plan.buffers[*i], plan.buffers[other]); };
    const auto before = std::find_if(operands.begin(), i, isPlace);
    offsets[*i] = before == i ? bytes : offsets[*before];
    if (before == i) bytes += roomFor(plan.buffers[*i].bytes());
  }
  for (const Kernel* const kernel : kernels) workspace = std::max(workspace, kernel->workspaceBytes());
  if (core::Status s = reserve(bytes + roomFor(workspace)); !s.ok()) return s;
  // What the work before left here would be operands of this one, and grow from one to the next.
  if (filledFor_ != work) {
    if (core::Status s = fill(memory_.get(), bytes); !s.ok()) return s;
    filledFor_ = work;
  }

  std::vector<CUdeviceptr> buffers(plan.buffers.size(), 0);
  for (const std::size_t buffer : operands) buffers[buffer] = memory_.get() + offsets[buffer];
  // The workspace last: operands keep their places from one candidate to the next.
  const Bindings bindings{buffers.data(), memory_.get() + bytes};
  const auto once = [&]() -> core::Status {
    for (Kernel* const kernel : kernels) {
      if (core::Status s = kernel->enqueue(bindings, context_.stream()); !s.ok()) return s;
    }
    return {};
  };
  // Once before anything is measured or captured: libraries load their code on the first call.
  if (core::Status s = once(); !s.ok()) return s;
  auto rough = time(once);
  if (!rough.ok() || rough.value() > hopeless * best + hostSeconds) return rough;
  const int repeats = repeatsFor(rough.value());
  auto graph = capture(context_, [&]() -> core::Status {
    for (int i = 0; i < repeats; ++i) {
      if (core::Status s = once(); !s.ok()) return s;
    }
    return {};
  });
  if (!graph.ok()) return graph.status();
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < rounds; ++i) {
    auto taken = time(
        [&] { return context_.call("cuGraphLaunch", &Driver::cuGraphLaunch, graph.value().get(), context_.stream()); });
    if (!taken.ok()) return taken;
    least = std::min(least, taken.value());
  }
  return least / repeats;
}

}  // namespace pathex::cuda
