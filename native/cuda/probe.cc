#include "cuda/device.h"
#include "cuda/driver.h"
#include "cuda/library_kernels.h"
#include "cuda/nvrtc.h"

namespace pathex::cuda {

namespace {

Finding probeDriver() {
  auto driver = Driver::get();
  if (!driver.ok()) return {"driver", "", "", driver.status().message()};
  const Driver& d = *driver.value();
  Finding found{"driver", "CUDA " + std::to_string(d.version() / 1000) + "." + std::to_string(d.version() % 1000 / 10),
                d.path, ""};
  int count = 0;
  if (core::Status s = d.statusOf(d.cuDeviceGetCount(&count), "cuDeviceGetCount"); !s.ok())
    found.refusal = s.message();
  else if (count == 0)
    found.refusal = "cuda driver: it sees no GPU";
  return found;
}

Finding probeNvrtc() {
  auto nvrtc = Nvrtc::get();
  if (!nvrtc.ok()) return {"NVRTC", "", "", nvrtc.status().message()};
  return {"NVRTC", nvrtc.value()->version(), nvrtc.value()->path, ""};
}

}  // namespace

std::vector<Finding> probe() {
  std::vector<Finding> found{probeDriver(), probeNvrtc()};
  for (const LibraryReport& each : probeLibraries())
    found.push_back({each.name, each.version, each.path, each.refusal});
  return found;
}

}  // namespace pathex::cuda
