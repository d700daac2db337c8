#include "core/images.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/memory.h"
#include "core/parallel.h"

namespace pathex::core {

// Note [Image by image]
// Step by step, each step reads from memory what the one before wrote there, since the images of a batch together
// outgrow every cache near a core. But a convolution, the map before it that normalises, and the map or the sums after
// it need one image of each operand for one image of each result. So one thread takes an image through all of them, and
// meanwhile fetches the next image of what must come from memory: convolutions leave it idle. A result that no other
// step reads lies in the thread's own scratch and never goes there.
//
// What is made of a whole batch ends such a run of steps: BatchNorm's moments, or the sums of its gradient. They are
// kept apart for each part of the batch and added at the end in order; parts depend on shapes alone, so results have
// the same bits for any number of threads.
//
// Steps run in another order than the plan has them, and the plan saves memory: a step may write where an earlier one
// reads. That is allowed where image lies on image, since each image of an operand is read before that of the result
// is written, and where the operand was read before the first image; `mayFollow` says all of it.

namespace {

/// Which buffers a step uses an image at a time, and which as a whole: read before the first image or written after the
/// last. Of some it reads the beginning alone, before the first image, too.
struct Access {
  std::vector<std::size_t> reads, writes, wholeReads, wholeWrites, beginnings;
  std::size_t beginningBytes = 0;
};

/// Fewer images than this would leave threads without work.
constexpr std::size_t fewestImages = 16;
/// Operands and results of one image, which lie in the second cache of a core together with some of the next.
constexpr std::size_t mostImageBytes = 768 << 10;

bool isConvolution(const Step& step) {
  const auto* const call = std::get_if<CallStep>(&step);
  return call != nullptr && (call->kernel == Call::conv2d || call->kernel == Call::conv2dInputGrad ||
                             call->kernel == Call::conv2dWeightGrad);
}

Access accessOf(const CallStep& convolution) {
  const std::size_t first = convolution.inputs[0], second = convolution.inputs[1], result = convolution.outputs[0];
  if (convolution.kernel == Call::conv2dWeightGrad) return {{first, second}, {}, {}, {result}, {}};
  return {{first}, {result}, {second}, {}, {}};
}

std::optional<Access> accessOf(const Plan& plan, const FusedStep& step, std::size_t images) {
  const auto [outer, rows, columns] = step.domain;
  if (outer != 1 || rows % images != 0) return std::nullopt;
  const auto isWhole = [&](std::size_t buffer) {
    return plan.buffers[buffer].dtype == StorageType::f32 && plan.buffers[buffer].elements() == rows * columns;
  };
  Access access;
  access.beginningBytes = columns * sizeof(float);
  for (const Load& load : step.loads) {
    if (plan.buffers[load.buffer].dtype != StorageType::f32) return std::nullopt;
    const bool alongColumns = columns == 1 || load.strides[2] == 1;
    if (load.strides[1] == columns && alongColumns && isWhole(load.buffer)) {
      access.reads.push_back(load.buffer);
    } else if (load.strides[1] == 0 && load.strides[2] <= 1) {
      access.beginnings.push_back(load.buffer);  // one row of it, for all rows
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

/// Whether anybody reads what step `writer` leaves in a buffer from step `from` on: a step before another value lies
/// there, or the caller.
bool isReadFrom(const Plan& plan, std::size_t buffer, std::size_t writer, std::size_t from) {
  if (plan.buffers[buffer].place.in != In::arena) return true;
  std::vector<std::size_t> replaced;
  for (std::size_t at = writer + 1; at < plan.steps.size(); ++at) {
    for (const std::size_t read : readsOf(plan.steps[at])) {
      const bool meets = read == buffer || shareMemory(plan.buffers[read], plan.buffers[buffer]);
      if (at >= from && meets && !contains(replaced, read)) return true;
    }
    for (const std::size_t written : writesOf(plan.steps[at])) replaced.push_back(written);
  }
  return false;
}

bool overlap(const Plan& plan, std::size_t a, std::size_t b) {
  return a == b || shareMemory(plan.buffers[a], plan.buffers[b]);
}
/// The same memory under two names.
bool overlapUnderTwoNames(const Plan& plan, std::size_t a, std::size_t b) {
  return a != b && overlap(plan, a, b);
}
/// So that an image of one lies on another image of the other.
bool overlapShifted(const Plan& plan, std::size_t a, std::size_t b) {
  const PlanBuffer &p = plan.buffers[a], &q = plan.buffers[b];
  return overlap(plan, a, b) && (p.place.at != q.place.at || p.bytes() != q.bytes());
}

/// Steps that run image by image, as far as they are known.
class Members {
 public:
  Members(const Plan& plan, std::size_t first, std::size_t images) : plan_(plan), first_(first), images_(images) {}

  /// Whether the step after them may be one of them.
  bool mayFollow(const Access& next) const {
    for (std::size_t k = 0; k < accesses_.size(); ++k) {
      const Access& a = accesses_[k];
      // Written after the last image.
      for (const auto* used : {&next.reads, &next.writes, &next.wholeReads, &next.wholeWrites, &next.beginnings}) {
        if (any(a.wholeWrites, *used, overlap)) return false;
      }
      // Results lie in scratch or memory as later steps want it, so that only their name finds them.
      if (any(a.writes, foreign(next.reads), overlapUnderTwoNames)) return false;
      if (any(a.writes, foreign(next.beginnings), overlapUnderTwoNames)) return false;
      if (any(a.writes, next.wholeReads, overlap)) return false;
      const std::vector<std::size_t> inMemory = readElsewhere(k, first_ + accesses_.size() + 1);
      if (any(inMemory, next.wholeWrites, overlap) || any(inMemory, next.writes, overlapShifted)) return false;
      if (any(a.reads, next.writes, overlapShifted)) return false;
    }
    // For the beginning of a result, steps compute its first image twice; they must not add it twice.
    return !wantsFirst(next) || std::all_of(accesses_.begin(), accesses_.end(), [&](const Access& a) {
      return a.wholeWrites.empty() && std::all_of(a.writes.begin(), a.writes.end(), [&](std::size_t b) {
               return plan_.buffers[b].bytes() / images_ >= next.beginningBytes;
             });
    });
  }

  /// Whether the step after them reads the beginning of what they write.
  bool wantsFirst(const Access& next) const {
    return std::any_of(accesses_.begin(), accesses_.end(), [&](const Access& a) {
      return any(a.writes, next.beginnings, [](const Plan&, std::size_t p, std::size_t q) { return p == q; });
    });
  }

  /// Bytes of an image of all that they use, and of what the next step adds to that.
  std::size_t imageBytes(const Access& next) const {
    std::vector<std::size_t> buffers;
    const auto count = [&](const Access& a) {
      for (const auto* used : {&a.reads, &a.writes}) {
        for (const std::size_t b : *used) {
          if (!contains(buffers, b)) buffers.push_back(b);
        }
      }
    };
    for (const Access& a : accesses_) count(a);
    count(next);
    std::size_t bytes = 0;
    for (const std::size_t b : buffers) bytes += plan_.buffers[b].bytes() / images_;
    return bytes;
  }

  void add(Access access) { accesses_.push_back(std::move(access)); }

 private:
  template <class Test>
  bool any(const std::vector<std::size_t>& as, const std::vector<std::size_t>& bs, const Test& test) const {
    return std::any_of(as.begin(), as.end(), [&](std::size_t a) {
      return std::any_of(bs.begin(), bs.end(), [&](std::size_t b) { return test(plan_, a, b); });
    });
  }

  /// Buffers that they do not write.
  std::vector<std::size_t> foreign(std::vector<std::size_t> buffers) const {
    std::erase_if(buffers, [&](std::size_t b) {
      return std::any_of(accesses_.begin(), accesses_.end(), [&](const Access& a) { return contains(a.writes, b); });
    });
    return buffers;
  }

  /// Results of member k that somebody reads from step `end` on.
  std::vector<std::size_t> readElsewhere(std::size_t k, std::size_t end) const {
    std::vector<std::size_t> buffers;
    for (const std::size_t b : accesses_[k].writes) {
      if (isReadFrom(plan_, b, first_ + k, end)) buffers.push_back(b);
    }
    return buffers;
  }

  const Plan& plan_;
  std::size_t first_, images_;
  std::vector<Access> accesses_;
};

}  // namespace

std::optional<ImageSteps> imageStepsAt(const Plan& plan, std::size_t first, KernelFactory& factory) {
  ImageSteps steps{first, imagesFrom(plan, first), {}};
  if (steps.images < fewestImages) return std::nullopt;
  Members members(plan, first, steps.images);
  bool convolves = false;
  for (std::size_t at = first; at < plan.steps.size() && hasImages(plan.steps[at], steps.images); ++at) {
    std::optional<Access> access = accessOf(plan, plan.steps[at], steps.images);
    if (!access || !members.mayFollow(*access) || members.imageBytes(*access) > mostImageBytes) break;
    auto kernel = factory.makeOfImage(plan, plan.steps[at], steps.images);
    if (kernel == nullptr) break;
    steps.kernels.push_back(std::move(kernel));
    members.add(std::move(*access));
    convolves = convolves || isConvolution(plan.steps[at]);
  }
  if (steps.kernels.size() < 2 || !convolves) return std::nullopt;
  return steps;
}

ImageRun::ImageRun(const Plan& plan, ImageSteps steps, bool profile)
    : steps_(std::move(steps)), buffers_(plan.buffers.size()), threads_(threadCount()), profile_(profile) {
  Members members(plan, first(), steps_.images);
  parts_ = steps_.images;
  for (std::size_t k = 0; k < count(); ++k) {
    const std::size_t at = first() + k;
    Access access = *accessOf(plan, plan.steps[at], steps_.images);
    const auto bytesOf = [&](std::size_t b) { return plan.buffers[b].bytes() / steps_.images; };
    for (const std::size_t b : access.writes) {
      imaged_.push_back({b, bytesOf(b), true, isReadFrom(plan, b, at, steps_.end()), 0});
    }
    for (const std::size_t b : access.reads) {
      const bool isKnown = std::any_of(imaged_.begin(), imaged_.end(), [&](const Imaged& i) { return i.buffer == b; });
      if (!isKnown) imaged_.push_back({b, bytesOf(b), false, true, 0});
    }
    wantsFirst_.push_back(members.wantsFirst(access));
    wantsAnyFirst_ = wantsAnyFirst_ || wantsFirst_.back();
    members.add(std::move(access));
    parts_ = std::min(parts_, steps_.kernels[k]->mostParts());
    fetches_ += steps_.kernels[k]->fetches();
  }
  for (Imaged& i : imaged_) {
    if (!i.isResult || (i.isInMemory && !wantsAnyFirst_)) continue;
    i.at = resultBytes_;
    // a line more, since images at equal distances of 4 KiB would compete for the same sets of the first cache
    resultBytes_ += aligned(i.bytes) + alignment;
  }
  tableBytes_ = aligned(buffers_ * sizeof(std::byte*));
  scratchBytes_ = (tableBytes_ + resultBytes_) * threads_;
  for (const auto& kernel : steps_.kernels) {
    kernel->cut(parts_);
    scratchAt_.push_back(scratchBytes_);
    scratchBytes_ += aligned(kernel->scratchBytes());
  }
  busySeconds_.resize(count());
  busyOfThread_.assign(threads_, busySeconds_);
}

/// A thread's own addresses of the plan's buffers; its results of one image follow.
std::byte** ImageRun::tableOf(const Bindings& b, std::size_t thread) const {
  return reinterpret_cast<std::byte**>(b.scratch + thread * (tableBytes_ + resultBytes_));
}

Bindings ImageRun::bindingsOf(const Bindings& b, std::size_t thread, std::size_t kernel) const {
  return {tableOf(b, thread), b.scratch + scratchAt_[kernel]};
}

/// What all images have in common. Where that is in the first image of a result, the steps before compute it, in
/// scratch.
void ImageRun::prepare(const Bindings& b) {
  std::byte** const table = tableOf(b, 0);
  std::copy_n(b.buffers, buffers_, table);
  for (const Imaged& i : imaged_) {
    if (i.isResult && wantsAnyFirst_) table[i.buffer] = reinterpret_cast<std::byte*>(table) + tableBytes_ + i.at;
  }
  Prefetch nothing;
  std::size_t computed = 0;
  for (std::size_t k = 0; k < count(); ++k) {
    for (; wantsFirst_[k] && computed < k; ++computed) {
      steps_.kernels[computed]->compute(bindingsOf(b, 0, computed), {0, 0, true, nothing});
    }
    steps_.kernels[k]->prepare(bindingsOf(b, 0, k));
  }
}

void ImageRun::runPart(const Bindings& b, std::size_t thread, std::size_t part) {
  using Clock = std::chrono::steady_clock;
  std::byte** const table = tableOf(b, thread);
  const Range images = partOf(steps_.images, part, parts_);
  for (std::size_t image = images.begin; image < images.end; ++image) {
    Prefetch ahead(fetches_);
    for (const Imaged& i : imaged_) {
      if (!i.isInMemory) continue;
      table[i.buffer] = b.buffers[i.buffer] + image * i.bytes;
      if (image + 1 < images.end) ahead.add(table[i.buffer] + i.bytes, i.bytes);
    }
    auto since = profile_ ? Clock::now() : Clock::time_point{};
    for (std::size_t k = 0; k < count(); ++k) {
      steps_.kernels[k]->compute(bindingsOf(b, thread, k), {thread, part, image == images.begin, ahead});
      if (!profile_) continue;
      const auto now = Clock::now();
      busyOfThread_[thread][k] += std::chrono::duration<double>(now - since).count();
      since = now;
    }
  }
}

void ImageRun::run(const Bindings& b) {
  prepare(b);
  for (std::vector<double>& busy : busyOfThread_) std::fill(busy.begin(), busy.end(), 0.0);
  forEachPartOfTeam(parts_, threads_, [&](std::size_t thread, auto nextPart) {
    std::byte** const table = tableOf(b, thread);
    std::copy_n(b.buffers, buffers_, table);
    for (const Imaged& i : imaged_) {
      if (!i.isInMemory) table[i.buffer] = reinterpret_cast<std::byte*>(table) + tableBytes_ + i.at;
    }
    nextPart([&](std::size_t part) { runPart(b, thread, part); });
  });
  for (std::size_t k = 0; k < count(); ++k) steps_.kernels[k]->finish({b.buffers, b.scratch + scratchAt_[k]});
  for (std::size_t k = 0; k < count(); ++k) {
    busySeconds_[k] = 0;
    for (const std::vector<double>& busy : busyOfThread_) busySeconds_[k] += busy[k];
  }
}

}  // namespace pathex::core
