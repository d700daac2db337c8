#include "core/device_code.h"

#include <algorithm>

#include "core/check.h"

namespace pathex::core {

namespace {

std::string str(std::size_t n) {
  return std::to_string(n);
}

/// Limits of every GPU of compute capability 3 and later.
constexpr std::array<std::size_t, 3> largestGrid{0x7fffffff, 65535, 65535};
constexpr std::array<std::size_t, 3> largestBlock{1024, 1024, 64};
constexpr std::size_t threadsOfBlock = 1024;
/// Arguments are addresses, and the driver takes 32,764 bytes of them.
constexpr std::size_t mostArguments = 4095;
/// Code loads and stores four elements at a time.
constexpr std::size_t bytesOfVector = 16;
/// What begins in the workspace begins at multiples of these bytes.
constexpr std::size_t bytesOfScratch = 256;

Status checkExtents(const std::array<std::size_t, 3>& extents, const std::array<std::size_t, 3>& largest,
                    const std::string& path) {
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] >= 1 && extents[i] <= largest[i]) continue;
    return planError(path + "[" + str(i) + "]: " + str(extents[i]) + " is not from 1 to " + str(largest[i]));
  }
  return {};
}

Status checkLaunch(const Plan& plan, std::size_t mostThreads, const DeviceCode& code, const Launch& launch) {
  if (launch.kernel.empty()) return planError("kernel: has no name");
  if (Status s = checkExtents(launch.grid, largestGrid, "grid"); !s.ok()) return s;
  if (Status s = checkExtents(launch.block, largestBlock, "block"); !s.ok()) return s;
  if (const std::size_t threads = launch.block[0] * launch.block[1] * launch.block[2]; threads > threadsOfBlock) {
    return planError("block: " + str(threads) + " threads, at most " + str(threadsOfBlock) + " fit");
  }
  const auto& [g, b] = std::pair(launch.grid, launch.block);
  if (const std::size_t threads = productOf({g[0], g[1], g[2], b[0], b[1], b[2]}); threads > mostThreads) {
    return planError("grid: more than " + str(mostThreads) + " threads, the most for buffers of these sizes");
  }
  if (launch.args.size() > mostArguments) {
    return planError("args: " + str(launch.args.size()) + ", at most " + str(mostArguments) + " can be passed");
  }
  for (std::size_t i = 0; i < launch.args.size(); ++i) {
    const Argument& arg = launch.args[i];
    const bool isBuffer = arg.of == Argument::Of::buffer;
    if (isBuffer && arg.at >= plan.buffers.size()) return planError("args[" + str(i) + "]: no buffer " + str(arg.at));
    if (!isBuffer && arg.at >= code.scratchBytes) {
      return planError("args[" + str(i) + "]: byte " + str(arg.at) + " is outside the workspace of " +
                       str(code.scratchBytes));
    }
    if (!isBuffer && arg.at % bytesOfScratch != 0) {
      return planError("args[" + str(i) + "]: byte " + str(arg.at) + " of the workspace is not a multiple of " +
                       str(bytesOfScratch));
    }
  }
  return {};
}

Status check(const Plan& plan, const DeviceCode& code) {
  const std::size_t mostThreads = mostWork(plan);
  if (code.scratchBytes > mostBytes) {
    return planError("code.scratchBytes: " + str(code.scratchBytes) + ", at most " + str(mostBytes) + " can be had");
  }
  if (code.steps.size() != plan.steps.size()) {
    return planError("code.steps: " + str(code.steps.size()) + " for a plan of " + str(plan.steps.size()) + " steps");
  }
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const Place& place = plan.buffers[i].place;
    if (place.in != In::arena || place.at % bytesOfVector == 0) continue;
    return planError("buffers[" + str(i) + "]: byte " + str(place.at) + " of the arena is not a multiple of " +
                     str(bytesOfVector) + ", as the code needs it to be");
  }
  for (std::size_t i = 0; i < code.steps.size(); ++i) {
    const std::string path = "code.steps[" + str(i) + "] '" + nameOf(plan.steps[i]) + "'";
    const CodeStep& step = code.steps[i];
    if (step.isLibrary && !std::holds_alternative<CallStep>(plan.steps[i])) {
      return planError(path + ": no library has a fused step");
    }
    if (step.after && (*step.after >= i || !code.steps[*step.after].isAside)) {
      return planError(path + ".after: step " + str(*step.after) + " is none of the side stream before it");
    }
    const bool usesScratch = std::any_of(step.launches.begin(), step.launches.end(), [](const Launch& launch) {
      return std::any_of(launch.args.begin(), launch.args.end(),
                         [](const Argument& arg) { return arg.of == Argument::Of::scratch; });
    });
    if (step.isAside && usesScratch) return planError(path + ".stream: the workspace of launches is the main stream's");
    for (std::size_t k = 0; k < step.launches.size(); ++k) {
      const Status s = checkLaunch(plan, mostThreads, code, step.launches[k]);
      if (!s.ok()) return s.within(path + ".launches[" + str(k) + "]");
    }
    if (!step.fromSums) continue;
    if (Status s = checkLaunch(plan, mostThreads, code, *step.fromSums); !s.ok()) return s.within(path + ".fromSums");
    const auto* const fused = std::get_if<FusedStep>(&plan.steps[i]);
    if (fused == nullptr || fused->reductions.size() != 2) {
      return planError(path + ".fromSums: the step does not take a sum and a variance");
    }
  }
  return {};
}

}  // namespace

Status checkCode(const Plan& plan, const DeviceCode& code) {
  return withRemedy(check(plan, code));
}

}  // namespace pathex::core
