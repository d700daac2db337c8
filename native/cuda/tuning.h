#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cuda/engines.h"

namespace pathex::cuda {

/// An implementation; none where an operation that does the work of two steps was not worth while.
struct TunedChoice {
  std::optional<cudnn::EngineChoice> engine{};
};

/// What was chosen for each operation: plans that are in use, choices of this process, and measured choices of earlier
/// ones. A file holds for one device and one version of cuDNN, which its name tells; each line is
///
///   signature <tab> engine, or plain <tab> knobs <tab> seconds <tab> SHA-256 of the file's name and of the line before it
///
/// Processes append whole lines, and a later line wins. The file only saves time: a line that cannot be read or has another
/// digest is passed over, so is a file that another user may have written, and a folder that cannot be written leaves the
/// choices in memory.
class TuningCache {
 public:
  /// `folder` must be there (see makeOwnFolder), or be empty: then nothing is kept between processes.
  TuningCache(const std::string& folder, const std::string& deviceName, int multiprocessors, std::size_t version);

  std::optional<TunedChoice> choice(const std::string& signature) const;
  void remember(const std::string& signature, const TunedChoice&, std::optional<double> seconds);

  /// A plan of this signature that some kernel still holds: equal steps share it.
  std::shared_ptr<const cudnn::BuiltPlan> live(const std::string& signature) const;
  void share(const std::string& signature, const std::shared_ptr<const cudnn::BuiltPlan>&);

  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::map<std::string, TunedChoice> choices_;
  std::map<std::string, std::weak_ptr<const cudnn::BuiltPlan>> live_;
};

}  // namespace pathex::cuda
