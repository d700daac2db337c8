#include "cuda/pairs.h"

#include <algorithm>

namespace pathex::cuda {

namespace {

using core::Argument;
using core::CodeStep;
using core::Launch;

bool readsOnlyBuffers(const Launch& launch) {
  return std::all_of(launch.args.begin(), launch.args.end(),
                     [](const Argument& arg) { return arg.of == Argument::Of::buffer; });
}

/// Whether a step's launches serve it and no other, and need nothing but its buffers.
bool isAlone(const CodeStep& step) {
  return !step.launches.empty() && step.covers == 0 &&
         std::all_of(step.launches.begin(), step.launches.end(), readsOnlyBuffers);
}

/// A step's launches as the timer runs them: their workspace is its to give.
class Timed final : public Kernel {
 public:
  Timed(Kernel& kernel, std::size_t scratchBytes) : kernel_(kernel), scratchBytes_(scratchBytes) {}
  core::Status enqueue(const Bindings& bindings, CUstream stream) override { return kernel_.enqueue(bindings, stream); }
  std::size_t workspaceBytes() const override { return scratchBytes_; }
  std::string implementation() const override { return kernel_.implementation(); }

 private:
  Kernel& kernel_;
  std::size_t scratchBytes_;
};

/// What a convolution and the launches after it read and write, either way; nothing where some of it are no numbers: an
/// index made of the timer's noise would name no row.
std::optional<Work> workOf(const core::Plan& plan, const core::CallStep& conv, const CodeStep& moments) {
  Work work{&plan, conv.inputs, conv.outputs};
  const auto add = [&](const Launch& launch) {
    for (const Argument& arg : launch.args) {
      if (arg.of == Argument::Of::buffer) work.outputs.push_back(arg.at);
    }
  };
  std::for_each(moments.launches.begin(), moments.launches.end(), add);
  add(*moments.fromSums);
  const auto isNumber = [&](std::size_t buffer) {
    const core::StorageType type = plan.buffers[buffer].dtype;
    return type == core::StorageType::f32 || type == core::StorageType::bf16;
  };
  return std::all_of(work.outputs.begin(), work.outputs.end(), isNumber) ? std::optional(std::move(work))
                                                                         : std::nullopt;
}

bool joinMap(LibraryContext& libraries, const core::Plan& plan, std::size_t i, ReadySteps& ready) {
  auto fused = makeFusedKernel(libraries, plan, i, *ready.kernels[i], *ready.kernels[i + 1]);
  if (fused == nullptr) return false;
  ready.kernels[i] = std::move(fused);
  ready.kernels[i + 1] = std::make_unique<Nothing>("in the step before");
  return true;
}

core::Result<bool> joinMoments(LibraryContext& libraries, Context& context, const core::Plan& plan,
                               const core::DeviceCode& code, std::size_t i, ReadySteps& ready) {
  const CodeStep& moments = code.steps[i + 1];
  if (!moments.fromSums || moments.launches.empty()) return false;
  const auto work = workOf(plan, std::get<core::CallStep>(plan.steps[i]), moments);
  if (!work) return false;
  auto fromSums = ready.program->launches(context, {*moments.fromSums}, ", of the sums in the step before");
  if (!fromSums.ok()) return fromSums.status();
  Timed apart(*ready.kernels[i + 1], code.scratchBytes), rest(*fromSums.value(), code.scratchBytes);
  auto summing = makeSummingKernel(libraries, plan, i, *ready.kernels[i], apart, rest, *work);
  if (summing == nullptr) return false;
  ready.kernels[i] = std::move(summing);
  ready.kernels[i + 1] = std::move(fromSums.value());
  return true;
}

}  // namespace

core::Status joinPairs(LibraryContext& libraries, Context& context, const core::Plan& plan,
                       const core::DeviceCode& code, ReadySteps& ready) {
  for (std::size_t i = 0; i + 1 < plan.steps.size(); ++i) {
    const CodeStep &conv = code.steps[i], &next = code.steps[i + 1];
    const auto* const call = std::get_if<core::CallStep>(&plan.steps[i]);
    if (call == nullptr || !call->epilogue || !conv.isLibrary || conv.isAside || next.isAside) continue;
    bool isJoined = false;
    if (std::holds_alternative<core::MapEpilogue>(*call->epilogue)) {
      isJoined = isAlone(next) && joinMap(libraries, plan, i, ready);
    } else {
      auto joined = joinMoments(libraries, context, plan, code, i, ready);
      if (!joined.ok()) return joined.status().within("step '" + core::nameOf(plan.steps[i + 1]) + "'");
      isJoined = joined.value();
    }
    // The second step waits for a later step of the side stream than the convolution does.
    if (isJoined && next.after) ready.after[i] = next.after;
  }
  return {};
}

}  // namespace pathex::cuda
