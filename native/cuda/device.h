#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/device.h"
#include "cuda/kernel.h"
#include "cuda/streams.h"

namespace pathex::cuda {

struct Options {
  int index = 0;
  Precision precision = Precision::strict;
  bool isDeterministic = true;
  /// Convolutions take the step after them along where that is measured to be faster.
  bool hasEpilogues = true;
  StreamMode streams = StreamMode::measured;
  /// Compiled code and measured choices are kept here between processes; empty: nowhere.
  std::string cacheFolder;
};

/// Opens a GPU on the calling thread, which is its own from then on. A bad status says which library, driver or GPU is
/// missing.
core::Result<std::unique_ptr<core::Device>> open(const Options&);

/// One library as found on this machine, for `pathex doctor`.
struct Finding {
  std::string name, version, path;
  /// Why it cannot be used; empty if it can.
  std::string refusal;
};
std::vector<Finding> probe();

}  // namespace pathex::cuda
