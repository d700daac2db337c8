#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "core/memory.h"
#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

/// Where everything lies during one run: the plan's buffers by number, and scratch that all steps share in turn.
struct Bindings {
  std::byte* const* buffers = nullptr;
  std::byte* scratch = nullptr;

  template <class T>
  T* at(std::size_t buffer) const {
    return reinterpret_cast<T*>(buffers[buffer]);
  }
};

/// One step, made ready at load: a run decides nothing and allocates nothing.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual Status run(const Bindings&) = 0;
  virtual std::size_t scratchBytes() const { return 0; }
  /// The implementation, for people and for tests: "jit:avx2", "rows 64 x 16".
  virtual std::string implementation() const = 0;
};

/// Memory that the next image needs, fetched into the cache while this image is computed.
class Prefetch {
 public:
  Prefetch() = default;
  /// All of it is fetched in this many calls of `fetch`, a few lines each, since a core waits if it asks for many.
  explicit Prefetch(std::size_t calls) : calls_(calls) {}

  void add(const std::byte* from, std::size_t bytes) {
    if (calls_ == 0 || count_ == pieces_.size()) return;
    const std::size_t lines = (bytes + alignment - 1) / alignment;
    pieces_[count_++] = {from, lines};
    lines_ += lines;
    each_ = (lines_ + calls_ - 1) / calls_;
  }

  // inlined always: as a function without effects the compiler would leave it out
  [[gnu::always_inline]] void fetch() {
    for (std::size_t left = each_; left > 0 && next_ < count_; --left) {
      const Piece& piece = pieces_[next_];
      __builtin_prefetch(piece.from + line_ * alignment, 0, 2);
      if (++line_ == piece.lines) ++next_, line_ = 0;
    }
  }

 private:
  struct Piece {
    const std::byte* from;
    std::size_t lines;
  };
  std::array<Piece, 16> pieces_{};
  std::size_t calls_ = 0, count_ = 0, next_ = 0, line_ = 0, lines_ = 0, each_ = 0;
};

/// Where a step computes: the thread, and the part of the batch that the image belongs to.
struct ImageContext {
  std::size_t thread, part;
  bool isFirst;  // image of its part
  Prefetch& ahead;
};

/// One step, an image at a time; see core/images.h. Bindings hold the addresses of one image where the step uses one
/// image, else of whole buffers, and scratch of the kernel's own.
class ImageKernel {
 public:
  ImageKernel() = default;
  ImageKernel(const ImageKernel&) = delete;
  ImageKernel& operator=(const ImageKernel&) = delete;
  virtual ~ImageKernel() = default;

  /// Parts of a batch that may be computed at the same time. What they add up is kept apart, so parts cost scratch.
  virtual std::size_t mostParts() const { return 16; }
  /// How many there will be; called once, before all that follows.
  virtual void cut(std::size_t) {}
  virtual std::size_t scratchBytes() const = 0;

  /// How often `compute` calls `fetch`, evenly.
  virtual std::size_t fetches() const { return 0; }

  /// Reads what all images have in common: another step may overwrite it afterwards.
  virtual void prepare(const Bindings&) = 0;
  /// Images of one part come in order, on one thread.
  virtual void compute(const Bindings&, const ImageContext&) = 0;
  /// Writes what is made of all images.
  virtual void finish(const Bindings&) {}
};

/// Makes kernels for the steps of a plan. A backend implements it.
class KernelFactory {
 public:
  virtual ~KernelFactory() = default;
  virtual Result<std::unique_ptr<Kernel>> make(const Plan&, const Step&) = 0;
  /// The kernel of one image, for a step that `images` make up; null where the backend has none.
  virtual std::unique_ptr<ImageKernel> makeOfImage(const Plan&, const Step&, [[maybe_unused]] std::size_t images) {
    return nullptr;
  }
};

}  // namespace pathex::core
