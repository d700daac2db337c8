// The timer of candidates on the driver of test/native/fake-cuda, whose clock says FAKE_CUDA_ELAPSED: how often it runs
// a kernel, and on what.
#include "cuda/timer.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "ask.h"

namespace pathex::test {

namespace {

using cuda::Driver;

constexpr std::size_t elements = 1024, bytes = elements * sizeof(float);

/// Leaves infinities wherever it may write, and looks at what it reads.
class Greedy final : public cuda::Kernel {
 public:
  Greedy(cuda::Context& context, const core::CallStep& step, std::size_t workspace)
      : context_(context), step_(step), workspace_(workspace) {}

  core::Status enqueue(const cuda::Bindings& b, CUstream stream) override {
    ++runs;
    isInPlace = b.buffers[step_.inputs[0]] == b.buffers[step_.outputs[0]];
    core::Status s = context_.call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, seen.data(),
                                   b.buffers[step_.inputs[0]], bytes, stream);
    if (s.ok()) s = spoil(b.buffers[step_.outputs[0]], stream);
    if (s.ok() && workspace_ > 0) s = spoil(b.workspace, stream);
    return s;
  }
  std::size_t workspaceBytes() const override { return workspace_; }
  std::string implementation() const override { return "greedy"; }

  int runs = 0;
  bool isInPlace = false;
  std::vector<float> seen = std::vector<float>(elements, 0.0f);

 private:
  core::Status spoil(CUdeviceptr at, CUstream stream) {
    return context_.call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, at, infinities_.data(), bytes, stream);
  }

  cuda::Context& context_;
  const core::CallStep& step_;
  std::size_t workspace_;
  std::vector<float> infinities_ = std::vector<float>(elements, std::numeric_limits<float>::infinity());
};

bool isNoise(const std::vector<float>& values) {
  for (const float x : values) {
    if (!(std::abs(x) >= 0x1p-8f && std::abs(x) <= 1)) return false;
  }
  return true;
}

}  // namespace

bool checkTimer() {
  auto context = cuda::Context::open(0);
  if (!context.ok()) {
    printRow({"refused", cell(context.status().message())});
    return false;
  }
  cuda::GraphTimer timer(*context.value());
  core::Plan plan;
  plan.buffers = {{core::StorageType::f32, {elements}, {core::In::arena, 0}},
                  {core::StorageType::f32, {elements}, {core::In::arena, bytes}},
                  {core::StorageType::f32, {elements}, {core::In::arena, bytes}}};
  const core::CallStep there{"there", core::Call::conv2d, {0}, {1}, {}}, back{"back", core::Call::conv2d, {1}, {0}, {}};
  const auto measure = [&](const core::CallStep& step, std::size_t workspace, const char* elapsed, double best) {
    setenv("FAKE_CUDA_ELAPSED", elapsed, 1);
    Greedy kernel(*context.value(), step, workspace);
    auto seconds = timer.seconds({&kernel}, {&plan, step.inputs, step.outputs}, best);
    const std::string took = seconds.ok() ? std::to_string(seconds.value() * 1e6) : cell(seconds.status().message());
    printRow({step.name, elapsed, std::to_string(kernel.runs), took, isNoise(kernel.seen) ? "noise" : "spoilt"});
  };
  constexpr double none = std::numeric_limits<double>::infinity();
  measure(there, 0, "0.01", none);
  measure(there, bytes, "1", none);
  measure(there, 0, "10", none);
  measure(back, 0, "0.19", 1e-5);
  measure(back, 0, "0.3", 1e-5);

  setenv("FAKE_CUDA_ELAPSED", "1", 1);
  const core::CallStep onto{"onto", core::Call::conv2d, {1}, {2}, {}};
  Greedy first(*context.value(), there, 0), second(*context.value(), onto, bytes);
  auto seconds = timer.seconds({&first, &second}, {&plan, {0, 1}, {1, 2}}, none);
  printRow({"two", std::to_string(first.runs), std::to_string(second.runs), std::to_string(seconds.value() * 1e6),
            first.isInPlace ? "in place" : "apart", second.isInPlace ? "in place" : "apart"});
  return true;
}

}  // namespace pathex::test
