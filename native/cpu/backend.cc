#include "cpu/backend.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "core/check.h"
#include "cpu/fused/fused.h"
#include "cpu/kernels.h"

namespace pathex::cpu {

namespace {

/// Cores, not hardware threads: two of those on one core share the units that arithmetic waits for.
int physicalCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    std::string siblings;
    cores.insert(std::getline(file, siblings) ? siblings : std::to_string(cpu));
  }
  return std::max(1, static_cast<int>(cores.size()));
}

int defaultThreads() {
  const char* asked = std::getenv("OMP_NUM_THREADS");
  const int threads = asked ? std::atoi(asked) : 0;
  return threads > 0 ? threads : physicalCores();
}

}  // namespace

Probe probe() {
  return {onednn::version(), onednn::isa(), defaultThreads()};
}

core::Result<std::unique_ptr<core::Kernel>> Backend::make(const core::Plan& plan, const core::Step& step) {
  if (const auto* fused = std::get_if<core::FusedStep>(&step)) return makeFused(plan, *fused);
  const auto& call = std::get<core::CallStep>(step);
  if (core::Status s = core::checkOperands(plan, call); !s.ok()) return s;
  const std::string& k = call.kernel;
  if (k == "conv2d" || k == "conv2dInputGrad" || k == "conv2dWeightGrad") return makeConv(context_, plan, call);
  if (k == "matmul") return makeMatmul(context_, plan, call);
  if (k == "maxPool" || k == "maxPoolGather" || k == "maxPoolScatter" || k == "sumPool" || k == "sumPoolGrad") {
    return makePool(plan, call);
  }
  if (k == "copy") return makeCopy(plan, call);
  if (k == "fill") return makeFill(plan, call);
  if (k == "gather") return makeGather(plan, call);
  if (k == "scatterAdd") return makeScatterAdd(plan, call);
  if (k == "cropFlip") return makeCropFlip(plan, call);
  if (k == "argMax") return makeArgMax(plan, call);
  if (k == "rankMask") return makeRankMask(plan, call);
  return core::withRemedy(core::planError("kernel: the cpu device has no '" + k + "'"));
}

}  // namespace pathex::cpu
