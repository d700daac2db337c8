#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/kernel.h"
#include "core/plan.h"

/// Neighbouring steps that run in turn for one image of a batch, then for the next, so that what one leaves to the
/// other is still in the cache. See Note [Image by image] in images.cc.
namespace pathex::core {

/// Neighbouring steps of a plan and their kernels.
struct ImageSteps {
  std::size_t first = 0, images = 0;
  std::vector<std::unique_ptr<ImageKernel>> kernels;
  std::size_t end() const { return first + kernels.size(); }
};

/// The steps from `first` on that may run image by image; none where there are fewer than two, or no convolution.
std::optional<ImageSteps> imageStepsAt(const Plan&, std::size_t first, KernelFactory&);

/// Runs such steps. Not itself a kernel, since it is several steps of a report.
class ImageRun {
 public:
  ImageRun(const Plan&, ImageSteps, bool profile);

  std::size_t first() const { return steps_.first; }
  std::size_t count() const { return steps_.kernels.size(); }
  std::size_t scratchBytes() const { return scratchBytes_; }

  void run(const Bindings&);
  /// How long each step kept threads busy in the last run; zero unless profiling was asked for.
  const std::vector<double>& busySeconds() const { return busySeconds_; }

 private:
  /// A buffer of which steps use one image at a time.
  struct Imaged {
    std::size_t buffer, bytes;  // of one image
    bool isResult, isInMemory;  // written by one of the steps; used by others than these
    std::size_t at;             // of a result in a thread's scratch
  };

  std::byte** tableOf(const Bindings&, std::size_t thread) const;
  Bindings bindingsOf(const Bindings&, std::size_t thread, std::size_t kernel) const;
  void prepare(const Bindings&);
  void runPart(const Bindings&, std::size_t thread, std::size_t part);

  ImageSteps steps_;
  std::size_t buffers_, threads_, parts_ = 1;
  std::vector<Imaged> imaged_;
  std::vector<bool> wantsFirst_;  // for each step, whether it prepares from the first image of a result
  bool wantsAnyFirst_ = false;
  std::vector<std::size_t> scratchAt_;
  std::size_t tableBytes_ = 0, resultBytes_ = 0, scratchBytes_ = 0, fetches_ = 0;
  bool profile_;
  std::vector<double> busySeconds_;
  std::vector<std::vector<double>> busyOfThread_;
};

}  // namespace pathex::core
