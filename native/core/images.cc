#include "core/images.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/memory.h"
#include "core/parallel.h"
#include "core/stream.h"

namespace pathex::core {

// Note [Image by image]
// Step by step, each step reads from memory what the one before wrote there, since the images of a batch together
// outgrow every cache near a core. But a convolution, the map before it that normalises, and the map or the sums after
// it need one image of each operand for one image of each result. So one thread takes an image through all of them.
// What they write lies in scratch of its own, an image of each result, and goes to memory once, around the caches,
// or never, where no later step reads it. The sums of a batch are kept apart for each part of it and added at the end.
//
// Parts depend on shapes alone, so results have the same bits for any number of threads. Steps may overwrite operands
// of earlier ones, as plans do to save memory, where image lies on image; the check below is `mayFollow`.

namespace {

/// Which buffers a step uses an image at a time, and which as a whole: read before the first image or written after the
/// last.
struct Access {
  std::vector<std::size_t> reads, writes, wholeReads, wholeWrites;
};

/// Fewer images than this would leave threads without work.
constexpr std::size_t fewestImages = 16;
/// Results of one image that stay in the second cache beside what is read.
constexpr std::size_t mostImageBytes = 512 << 10;

bool isConvolution(const Step& step) {
  const auto* const call = std::get_if<CallStep>(&step);
  return call != nullptr && (call->kernel == Call::conv2d || call->kernel == Call::conv2dInputGrad ||
                             call->kernel == Call::conv2dWeightGrad);
}

Access accessOf(const CallStep& convolution) {
  const std::size_t first = convolution.inputs[0], second = convolution.inputs[1], result = convolution.outputs[0];
  if (convolution.kernel == Call::conv2dWeightGrad) return {{first, second}, {}, {}, {result}};
  return {{first}, {result}, {second}, {}};
}

std::optional<Access> accessOf(const Plan& plan, const FusedStep& step, std::size_t images) {
  const auto [outer, rows, columns] = step.domain;
  if (outer != 1 || rows % images != 0) return std::nullopt;
  const auto isWhole = [&](std::size_t buffer) {
    return plan.buffers[buffer].dtype == StorageType::f32 && plan.buffers[buffer].elements() == rows * columns;
  };
  Access access;
  for (const Load& load : step.loads) {
    if (plan.buffers[load.buffer].dtype != StorageType::f32) return std::nullopt;
    const bool alongColumns = columns == 1 || load.strides[2] == 1;
    // The second holds the first row, which is all that loads without a stride between rows read.
    if (load.strides[1] == columns && alongColumns && isWhole(load.buffer)) {
      access.reads.push_back(load.buffer);
    } else if (load.strides[1] == 0 && load.strides[2] <= 1) {
      access.wholeReads.push_back(load.buffer);
    } else {
      return std::nullopt;
    }
  }
  for (const Store& store : step.stores) {
    if (!isWhole(store.buffer)) return std::nullopt;
    access.writes.push_back(store.buffer);
  }
  for (const Reduction& r : step.reductions) {
    if (r.keep != Keep::inner && r.keep != Keep::none) return std::nullopt;
    access.wholeWrites.push_back(r.buffer);
  }
  return access;
}

std::optional<Access> accessOf(const Plan& plan, const Step& step, std::size_t images) {
  if (const auto* const fused = std::get_if<FusedStep>(&step)) return accessOf(plan, *fused, images);
  if (isConvolution(step)) return accessOf(std::get<CallStep>(step));
  return std::nullopt;
}

/// Images of the first convolution from a step on, with nothing but fused steps before it.
std::size_t imagesFrom(const Plan& plan, std::size_t at) {
  while (at < plan.steps.size() && std::holds_alternative<FusedStep>(plan.steps[at])) ++at;
  if (at == plan.steps.size() || !isConvolution(plan.steps[at])) return 0;
  return static_cast<std::size_t>(std::get<ConvAttributes>(std::get<CallStep>(plan.steps[at]).attributes).n);
}

bool hasImages(const Step& step, std::size_t images) {
  if (!isConvolution(step)) return true;
  return static_cast<std::size_t>(std::get<ConvAttributes>(std::get<CallStep>(step).attributes).n) == images;
}

bool contains(const std::vector<std::size_t>& buffers, std::size_t buffer) {
  return std::find(buffers.begin(), buffers.end(), buffer) != buffers.end();
}

class Dependences {
 public:
  Dependences(const Plan& plan, std::size_t images) : plan_(plan), images_(images) {}

  /// Whether a step may run image by image after `before`, which already do.
  bool mayFollow(const std::vector<Access>& before, const Access& next) const {
    return std::all_of(before.begin(), before.end(), [&](const Access& a) {
      return none(a.wholeWrites, next.reads, &Dependences::meet) && none(a.wholeWrites, next.writes, &Dependences::meet) &&
             none(a.wholeWrites, next.wholeReads, &Dependences::meet) &&
             none(a.wholeWrites, next.wholeWrites, &Dependences::meet) &&
             none(a.writes, next.wholeWrites, &Dependences::meet) &&
             none(a.writes, next.reads, &Dependences::meetUnnamed) &&
             none(a.writes, next.wholeReads, &Dependences::meetUnnamed) &&
             none(a.writes, next.writes, &Dependences::meetAskew) && none(a.reads, next.writes, &Dependences::meetAskew);
    });
  }

  /// Whether a step takes something from the first image of what those before it write. They then compute that image
  /// twice.
  bool wantsFirstImage(const std::vector<Access>& before, const Access& next) const {
    return std::any_of(before.begin(), before.end(), [&](const Access& a) {
      return std::any_of(next.wholeReads.begin(), next.wholeReads.end(),
                         [&](std::size_t b) { return contains(a.writes, b); });
    });
  }

 private:
  bool meet(std::size_t a, std::size_t b) const {
    return a == b || shareMemory(plan_.buffers[a], plan_.buffers[b]);
  }
  /// In memory, but under different names: results lie elsewhere while an image is computed.
  bool meetUnnamed(std::size_t a, std::size_t b) const { return a != b && meet(a, b); }
  /// So that one image of a lies on another of b.
  bool meetAskew(std::size_t a, std::size_t b) const {
    const PlanBuffer &p = plan_.buffers[a], &q = plan_.buffers[b];
    return meet(a, b) && (p.place.at != q.place.at || p.bytes() != q.bytes());
  }

  template <class Test>
  bool none(const std::vector<std::size_t>& as, const std::vector<std::size_t>& bs, Test test) const {
    return std::none_of(as.begin(), as.end(), [&](std::size_t a) {
      return std::any_of(bs.begin(), bs.end(), [&](std::size_t b) { return (this->*test)(a, b); });
    });
  }

  const Plan& plan_;
  std::size_t images_;
};

std::vector<std::size_t> readsOf(const Step& step) {
  if (const auto* const call = std::get_if<CallStep>(&step)) return call->inputs;
  std::vector<std::size_t> buffers;
  for (const Load& load : std::get<FusedStep>(step).loads) buffers.push_back(load.buffer);
  return buffers;
}

std::vector<std::size_t> writesOf(const Step& step) {
  if (const auto* const call = std::get_if<CallStep>(&step)) return call->outputs;
  const auto& fused = std::get<FusedStep>(step);
  std::vector<std::size_t> buffers;
  for (const Store& store : fused.stores) buffers.push_back(store.buffer);
  for (const Reduction& r : fused.reductions) buffers.push_back(r.buffer);
  return buffers;
}

/// Whether anybody reads a buffer's value from step `from` on: a step before another value lies there, or the caller.
bool isReadFrom(const Plan& plan, std::size_t buffer, std::size_t from) {
  if (plan.buffers[buffer].place.in != In::arena) return true;
  std::vector<std::size_t> replaced;
  for (std::size_t at = from; at < plan.steps.size(); ++at) {
    for (const std::size_t read : readsOf(plan.steps[at])) {
      const bool meets = read == buffer || shareMemory(plan.buffers[read], plan.buffers[buffer]);
      if (meets && !contains(replaced, read)) return true;
    }
    for (const std::size_t written : writesOf(plan.steps[at])) replaced.push_back(written);
  }
  return false;
}

}  // namespace

std::optional<ImageSteps> imageStepsAt(const Plan& plan, std::size_t first, KernelFactory& factory) {
  ImageSteps steps{first, imagesFrom(plan, first), {}};
  if (steps.images < fewestImages) return std::nullopt;
  const Dependences dependences(plan, steps.images);
  std::vector<Access> accesses;
  std::size_t bytes = 0;
  bool convolves = false, adds = false;
  for (std::size_t at = first; at < plan.steps.size() && hasImages(plan.steps[at], steps.images); ++at) {
    const std::optional<Access> access = accessOf(plan, plan.steps[at], steps.images);
    if (!access || !dependences.mayFollow(accesses, *access)) break;
    // What is computed twice must not be added twice.
    if (adds && dependences.wantsFirstImage(accesses, *access)) break;
    for (const std::size_t b : access->writes) bytes += plan.buffers[b].bytes() / steps.images;
    if (bytes > mostImageBytes) break;
    auto kernel = factory.makeOfImage(plan, plan.steps[at], steps.images);
    if (kernel == nullptr) break;
    steps.kernels.push_back(std::move(kernel));
    accesses.push_back(*access);
    convolves = convolves || isConvolution(plan.steps[at]);
    adds = adds || !access->wholeWrites.empty();
  }
  if (steps.kernels.size() < 2 || !convolves) return std::nullopt;
  return steps;
}

ImageRun::ImageRun(const Plan& plan, ImageSteps steps, bool profile)
    : steps_(std::move(steps)), buffers_(plan.buffers.size()), threads_(threadCount()), profile_(profile) {
  std::vector<Access> accesses;
  const Dependences dependences(plan, steps_.images);
  parts_ = steps_.images;
  for (std::size_t k = 0; k < count(); ++k) {
    const Access access = *accessOf(plan, plan.steps[first() + k], steps_.images);
    wantsFirstImage_.push_back(dependences.wantsFirstImage(accesses, access));
    for (const std::size_t b : access.writes) {
      const std::size_t bytes = plan.buffers[b].bytes() / steps_.images;
      imaged_.push_back({b, bytes, true, isReadFrom(plan, b, steps_.end()), threadBytes_});
      threadBytes_ += aligned(bytes) + alignment;
    }
    for (const std::size_t b : access.reads) {
      const bool isKnown = std::any_of(imaged_.begin(), imaged_.end(), [&](const Imaged& i) { return i.buffer == b; });
      if (!isKnown) imaged_.push_back({b, plan.buffers[b].bytes() / steps_.images, false, false, 0});
    }
    accesses.push_back(access);
    parts_ = std::min(parts_, steps_.kernels[k]->mostParts());
    fetches_ += steps_.kernels[k]->fetches();
  }
  tableBytes_ = aligned(buffers_ * sizeof(std::byte*));
  std::size_t at = (tableBytes_ + threadBytes_) * threads_;
  for (const auto& kernel : steps_.kernels) {
    kernel->cut(parts_);
    scratchAt_.push_back(at);
    at += aligned(kernel->scratchBytes());
  }
  scratchBytes_ = at;
  busySeconds_.resize(count());
  busyOfThread_.assign(threads_, busySeconds_);
}

std::byte** ImageRun::table(const Bindings& b, std::size_t thread) const {
  return reinterpret_cast<std::byte**>(b.scratch + thread * (tableBytes_ + threadBytes_));
}

Bindings ImageRun::bindingsOf(const Bindings& b, std::size_t thread, std::size_t kernel) const {
  return {table(b, thread), b.scratch + scratchAt_[kernel]};
}

void ImageRun::openThread(const Bindings& b, std::size_t thread, bool isFirst) const {
  std::byte** const addresses = table(b, thread);
  std::copy_n(b.buffers, buffers_, addresses);
  std::byte* const images = reinterpret_cast<std::byte*>(addresses) + tableBytes_;
  for (const Imaged& i : imaged_) {
    if (i.isWritten && (isFirst || !i.isReadLater)) addresses[i.buffer] = images + i.at;
  }
}

void ImageRun::openImage(const Bindings& b, std::size_t thread, std::size_t image) const {
  for (const Imaged& i : imaged_) {
    if (!i.isWritten || i.isReadLater) table(b, thread)[i.buffer] = b.buffers[i.buffer] + image * i.bytes;
  }
}

void ImageRun::fetchAhead(const Bindings& b, std::size_t image, Ahead& ahead) const {
  for (const Imaged& i : imaged_) {
    if (!i.isWritten || i.isReadLater) ahead.add(b.buffers[i.buffer] + image * i.bytes, i.bytes);
  }
}

void ImageRun::prepare(const Bindings& b) {
  openThread(b, 0, true);
  Ahead nothing;
  std::size_t computed = 0;
  for (std::size_t k = 0; k < count(); ++k) {
    if (wantsFirstImage_[k]) {
      for (const Imaged& i : imaged_) {
        if (!i.isWritten) table(b, 0)[i.buffer] = b.buffers[i.buffer];
      }
      for (; computed < k; ++computed) steps_.kernels[computed]->compute(bindingsOf(b, 0, computed), {0, 0, 0, true, &nothing});
    }
    // Buffers that steps before write are the first image's, all others whole.
    for (const Imaged& i : imaged_) {
      if (!i.isWritten) table(b, 0)[i.buffer] = b.buffers[i.buffer];
    }
    steps_.kernels[k]->prepare(bindingsOf(b, 0, k));
  }
}

void ImageRun::run(const Bindings& b) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  prepare(b);
  for (std::vector<double>& busy : busyOfThread_) std::fill(busy.begin(), busy.end(), 0.0);
  forEachPartOfTeam(parts_, threads_, [&](std::size_t thread, auto nextPart) {
    openThread(b, thread, false);
    Ahead ahead;
    nextPart([&](std::size_t part) {
      const Range images = partOf(steps_.images, part, parts_);
      for (std::size_t image = images.begin; image < images.end; ++image) {
        openImage(b, thread, image);
        ahead.open(fetches_);
        if (image + 1 < images.end) fetchAhead(b, image + 1, ahead);
        auto since = profile_ ? Clock::now() : Clock::time_point{};
        for (std::size_t k = 0; k < count(); ++k) {
          steps_.kernels[k]->compute(bindingsOf(b, thread, k), {thread, part, image, image == images.begin, &ahead});
          if (!profile_) continue;
          const auto now = Clock::now();
          busyOfThread_[thread][k] += Seconds(now - since).count();
          since = now;
        }
      }
    });
    endStream();
  });
  for (std::size_t k = 0; k < count(); ++k) steps_.kernels[k]->finish({b.buffers, b.scratch + scratchAt_[k]});
  std::fill(busySeconds_.begin(), busySeconds_.end(), 0.0);
  for (const std::vector<double>& busy : busyOfThread_) {
    for (std::size_t k = 0; k < count(); ++k) busySeconds_[k] += busy[k];
  }
}

}  // namespace pathex::core
