#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plan.h"
#include "core/status.h"
#include "cuda/kernel.h"

namespace pathex::cuda {

namespace cudnn {
struct Session;
}
namespace cublaslt {
struct Session;
}
class TuningCache;

/// What a sequence of kernels reads and writes, by the numbers of a plan's buffers.
struct Work {
  const core::Plan* plan = nullptr;
  std::vector<std::size_t> inputs, outputs;
  bool operator==(const Work&) const = default;
};

/// Measures candidates. The device implements it with the driver; a context without one takes the first
/// implementation that can be built, and remembers nothing.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Seconds of one run of a few kernels one after the other: many runs inside one captured graph, on memory of the
  /// timer's own that holds no zeros and has the sizes of the work's buffers, plus the largest workspaceBytes().
  /// `best`, of another candidate for the work or infinite: one that turns out far slower gets a rough answer. A bad
  /// status drops the candidate.
  virtual core::Result<double> seconds(const std::vector<Kernel*>&, const Work&, double best) = 0;
};

struct LibraryOptions {
  Precision precision = Precision::tf32;
  /// Only implementations that give the same bits in every run.
  bool deterministic = true;
  /// Implementations that want more are not considered.
  std::size_t workspaceLimit = std::size_t{256} << 20;
  /// A tuned choice holds for devices of one name and size: MIG and green contexts change the size.
  std::string deviceName;
  int multiprocessors = 0;
  /// Measured choices are kept here between processes; empty: in memory only.
  std::string tuningFolder;
  /// Outlives the context.
  Timer* timer = nullptr;
};

/// cuDNN and cuBLASLt on one device. Made and used on the device's worker thread with its CUDA context current.
class LibraryContext {
 public:
  static core::Result<std::unique_ptr<LibraryContext>> make(LibraryOptions);
  /// For a GPU that this machine need not have, described by cuDNN's flat JSON of device properties. Kernels are
  /// chosen and built as there; they cannot run. cuBLASLt has no such mode: matmul is refused.
  static core::Result<std::unique_ptr<LibraryContext>> describe(LibraryOptions, const std::string& deviceJson);
  ~LibraryContext();
  LibraryContext(const LibraryContext&) = delete;
  LibraryContext& operator=(const LibraryContext&) = delete;

  const LibraryOptions& options() const { return options_; }
  const std::shared_ptr<const cudnn::Session>& cudnn() const { return cudnn_; }
  const std::shared_ptr<const cublaslt::Session>& cublaslt() const { return cublaslt_; }
  TuningCache& tuning() { return *tuning_; }

 private:
  explicit LibraryContext(LibraryOptions);
  void openTuning();

  LibraryOptions options_;
  std::shared_ptr<const cudnn::Session> cudnn_;
  std::shared_ptr<const cublaslt::Session> cublaslt_;
  std::unique_ptr<TuningCache> tuning_;
};

using MadeKernel = core::Result<std::unique_ptr<Kernel>>;

/// Makes a step of conv2d, conv2dInputGrad, conv2dWeightGrad or matmul. Kernels may outlive the context; a graph that
/// was captured from a kernel must be destroyed before the kernel. A kernel's first run loads code, which no capture
/// allows: it is enqueued once before.
MadeKernel makeLibraryKernel(LibraryContext&, const core::Plan&, const core::CallStep&);

/// One kernel for step `at`, a convolution that `conv` runs, and for the step after it, that `map` runs alone: if cuDNN
/// has one that is measured to be faster than both by more than the noise. Null otherwise, and without a timer.
std::unique_ptr<Kernel> makeFusedKernel(LibraryContext&, const core::Plan&, std::size_t at, Kernel& conv, Kernel& map);

/// A kernel for step `at`, a convolution that `conv` runs, which also takes the sums of its channels for the step after
/// it, that `moments` runs, so that `fromSums` is left to do: if cuDNN has one with which both are faster by more than
/// the noise. Null otherwise, without a timer, and where the products are float32 throughout.
std::unique_ptr<Kernel> makeSummingKernel(LibraryContext&, const core::Plan&, std::size_t at, Kernel& conv,
                                          Kernel& moments, Kernel& fromSums, const Work&);

/// One library as found on this machine, for `pathex doctor`. Asks for no GPU.
struct LibraryReport {
  std::string name, version, path;
  /// Why it cannot be used; empty if it can.
  std::string refusal;
};
std::vector<LibraryReport> probeLibraries();

}  // namespace pathex::cuda
