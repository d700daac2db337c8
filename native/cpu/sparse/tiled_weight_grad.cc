#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/sparse/lanes.h"
#include "cpu/sparse/planes.h"
#include "cpu/sparse/sparse.h"

namespace pathex::cpu::sparse {

// Note [Gradients of few weights]
// The gradient of a weight is the sum over all pixels of dy in one channel times x in another, some rows and columns
// away. Lanes are images here: x and dy are copied into planes of their channels, [row][column][lane], a few rows of
// them at a time, so that any stride, dilation and padding is only another distance between two registers, all aligned,
// and edges are zeros. A copy costs little beside reading the images, which nobody can do without.
//
// Weights of one filter form runs of up to eight: a register of dy that is loaded serves all of them, each with two
// sums, since a multiply-add takes four cycles and two start in each. Sums are added up over their lanes after every
// block of some 32 pixels, many at a time; to keep registers of sums in memory instead would be the most of all traffic
// where weights are many and pixels few. Runs are ordered by channels of x, a group whose block the first cache holds
// at a time, and then by their length, so that the processor foresees which loop comes next.
//
// Work is cut by the shape and the weights alone, and the parts are added in their order, so a result has the same
// bits for any number of threads. Zeros of the edges are multiplied, too: an infinity in x or dy may make a NaN of a
// sum that would not have met it.

namespace {

/// Two sums for each weight of a run are registers; and a run's sums fit into those of one chunk.
constexpr std::size_t mostRun = std::min<std::size_t>(8, lanes);
/// Bytes of a step's planes, which the second cache is to hold, and of what a block of pixels reads, for the first.
constexpr std::size_t mostOfStep = lanes << 16, mostOfBlock = lanes * (36 << 6);
/// Registers of pixels in a block: enough that adding sums up costs little.
constexpr std::size_t pixelsOfBlock = 32, columnsOfBlock = 8;
constexpr std::size_t mostParts = 16;
/// A step of one row may need this many bytes; beyond, images are so wide or padded that copies do not pay.
constexpr std::size_t mostScratch = std::size_t{64} << 20;

std::size_t ceiling(std::size_t count, std::size_t by) {
  return (count + by - 1) / by;
}

std::size_t size(std::int64_t extent) {
  return static_cast<std::size_t>(extent);
}

/// Weights of one filter, whose plane of dy begins at float `dy`: numbers first, first + 1 ... in the order of sums.
struct Run {
  std::uint32_t dy, first, count;
};

/// Where a row of a block begins in planes of x and of dy.
struct Row {
  std::size_t x, dy;
};
/// Pixels of a step: some rows, and some columns of each, `stride` floats apart in x.
struct Block {
  const Row* rows;
  std::size_t count, columns, stride;
};

/// Sums of x * dy over the pixels of a block, for weights whose x lies at `offsets`.
template <std::size_t count>
[[gnu::noinline]] void addRun(const Block& block, const float* x, const std::uint32_t* offsets, const float* dy,
                              Vector* sums) {
  Vector even[count] = {}, odd[count] = {};
  const float* at[count];
  direct::unrolled<count>([&](auto k) { at[k] = x + offsets[k]; });
  for (std::size_t r = 0; r < block.count; ++r) {
    std::size_t place = block.rows[r].x;
    const float* from = dy + block.rows[r].dy;
    const float* const end = from + block.columns * lanes;
    for (; from + lanes < end; from += 2 * lanes) {
      Vector first, second;
      load(first, from);
      load(second, from + lanes);
      direct::unrolled<count>([&](auto k) { even[k] += first * vectorIn(at[k] + place); });
      place += block.stride;
      direct::unrolled<count>([&](auto k) { odd[k] += second * vectorIn(at[k] + place); });
      place += block.stride;
    }
    if (from < end) {
      Vector last;
      load(last, from);
      direct::unrolled<count>([&](auto k) { even[k] += last * vectorIn(at[k] + place); });
    }
  }
  direct::unrolled<count>([&](auto k) { sums[k] = even[k] + odd[k]; });
}

using AddRun = void (*)(const Block&, const float*, const std::uint32_t*, const float*, Vector*);
template <std::size_t... i>
constexpr std::array<AddRun, sizeof...(i)> addRuns(std::index_sequence<i...>) {
  return {addRun<i + 1>...};
}
/// By the number of weights, less one.
constexpr std::array<AddRun, mostRun> addRunOf = addRuns(std::make_index_sequence<mostRun>{});

/// What live weights reach along an axis of their kernel.
struct Reach {
  std::vector<bool> taps;
  std::int64_t dilation, first = 0;  // of the taps that are live
  std::size_t extent = 1;

  Reach(std::vector<bool> live, std::int64_t spacing) : taps(std::move(live)), dilation(spacing) {
    first = std::find(taps.begin(), taps.end(), true) - taps.begin();
    const std::int64_t last = taps.rend() - std::find(taps.rbegin(), taps.rend(), true) - 1;
    extent = size((last - first) * dilation) + 1;
  }
  std::size_t offset(std::int64_t tap) const { return size((tap - first) * dilation); }
  std::size_t inputs(std::size_t outputs, std::size_t stride) const { return (outputs - 1) * stride + extent; }
  /// Which of these inputs some tap reads for some output.
  std::vector<bool> read(std::size_t outputs, std::size_t stride) const {
    std::vector<bool> which(inputs(outputs, stride));
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
      if (!taps[tap]) continue;
      for (std::size_t o = 0; o < outputs; ++o) which[o * stride + offset(static_cast<std::int64_t>(tap))] = true;
    }
    return which;
  }
};

std::vector<bool> liveOf(const std::vector<Place>& places, std::int64_t Place::* axis, std::int64_t extent) {
  std::vector<bool> live(size(extent));
  for (const Place& place : places) live[size(place.*axis)] = true;
  return live;
}

/// Whether a step of one row is small enough, which also bounds all products of extents below.
bool fits(const Attributes& a) {
  const auto rows = static_cast<double>((a.kh - 1) * a.dilation[0] + 1);
  const auto columns = static_cast<double>((a.ow - 1) * a.stride[1] + (a.kw - 1) * a.dilation[1] + 1);
  const double ofX = rows * columns * static_cast<double>(a.c);
  const double floats = ofX + static_cast<double>(a.ow) * static_cast<double>(a.f);
  return floats * static_cast<double>(lanes * sizeof(float)) <= static_cast<double>(mostScratch);
}

class WeightGrad final : public core::Kernel {
 public:
  WeightGrad(const core::CallStep& step, const Attributes& a, const std::vector<Place>& places)
      : xIn_(step.inputs[0]),
        dyIn_(step.inputs[1]),
        out_(step.outputs[0]),
        threads_(core::threadCount()),
        layout_(size(a.n), size(a.oh)),
        down_(liveOf(places, &Place::row, a.kh), a.dilation[0]),
        across_(liveOf(places, &Place::column, a.kw), a.dilation[1]) {
    x_.setLive(liveOf(places, &Place::c, a.c));
    dy_.setLive(liveOf(places, &Place::f, a.f));
    layOut(a);
    makeRuns(places, channelsOfBlock());
  }

  core::Status run(const core::Bindings& b) override {
    auto* const partials = reinterpret_cast<float*>(b.scratch);
    core::forEachPartOfTeam(parts_, threads_, [&](std::size_t thread, const auto& nextPart) {
      float* const x = partials + parts_ * sums_ + thread * (x_.floats() + dy_.floats());
      float* const dy = x + x_.floats();
      nextPart([&](std::size_t part) {
        float* const partial = partials + part * sums_;
        std::fill_n(partial, sums_, 0.0f);
        const core::Range steps = core::partOf(steps_, part, parts_);
        for (std::size_t s = steps.begin; s < steps.end; ++s) {
          const std::size_t tile = s / stepsOfBand_ * x_.tiles, row = s % stepsOfBand_ * dy_.rows.size();
          x_.fill(layout_, b.at<float>(xIn_), tile, row, x);
          dy_.fill(layout_, b.at<float>(dyIn_), tile, row, dy);
          addStep(x, dy, partial);
        }
      });
    });
    finish(partials, b.at<float>(out_));
    return {};
  }

  std::size_t scratchBytes() const override {
    return core::aligned((parts_ * sums_ + threads_ * (x_.floats() + dy_.floats())) * sizeof(float));
  }
  std::string implementation() const override { return "sparse:tiles of " + std::to_string(lanes); }

 private:
  /// Cuts the work into steps and a step into blocks.
  void layOut(const Attributes& a) {
    const std::size_t width = size(a.ow), stride = size(a.stride[1]);
    x_.height = size(a.h), x_.width = size(a.w), x_.stride = size(a.stride[0]);
    x_.firstRow = down_.first * a.dilation[0] - a.padding[0];
    x_.firstColumn = across_.first * a.dilation[1] - a.padding[1];
    dy_.height = size(a.oh), dy_.width = width, dy_.endsWithBand = true;

    const auto bytesOf = [&](std::size_t rows) {
      const std::size_t ofX = down_.inputs(rows, x_.stride) * across_.inputs(width, stride) * x_.count;
      return (ofX + rows * width * dy_.count) * lanes * sizeof(float);
    };
    const std::size_t first = bytesOf(1), more = mostOfStep > first ? (mostOfStep - first) / (bytesOf(2) - first) : 0;
    std::size_t rows = std::min(layout_.rows, 1 + more), tiles = 1;
    stepsOfBand_ = ceiling(layout_.rows, rows);
    rows = ceiling(layout_.rows, stepsOfBand_);
    // Small images are taken several tiles at a time, but not so many that nothing is left for other threads.
    const auto isSmall = [&] { return stepsOfBand_ == 1 && tiles * rows * width < pixelsOfBlock / 2; };
    const auto fitsTwice = [&] { return 2 * tiles * bytesOf(rows) <= mostOfStep * 3 / 2; };
    while (isSmall() && fitsTwice() && tiles * 4 <= layout_.tiles()) tiles *= 2;
    steps_ = ceiling(layout_.tiles(), tiles) * stepsOfBand_;
    parts_ = std::min(mostParts, steps_);
    threads_ = std::min(parts_, threads_);

    x_.tiles = dy_.tiles = tiles;
    x_.rows = down_.read(rows, x_.stride), x_.columns = across_.read(width, stride);
    dy_.rows.assign(rows, true), dy_.columns.assign(width, true);
    x_.settle(), dy_.settle();

    stride_ = stride * lanes;
    blockColumns_ = ceiling(width, ceiling(width, columnsOfBlock));
    const std::size_t most = pixelsOfBlock / blockColumns_;
    blockRows_ = ceiling(tiles * rows, ceiling(tiles * rows, most));
    for (std::size_t t = 0; t < tiles; ++t) {
      for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t ofX = (t * x_.rows.size() + r * x_.stride) * x_.columns.size();
        rows_.push_back({ofX * lanes, (t * rows + r) * width * lanes});
      }
    }
  }

  /// Channels of x whose block of pixels the first cache holds together: all of about one size.
  std::size_t channelsOfBlock() const {
    const std::size_t rows = std::min(blockRows_, dy_.rows.size()), tiles = ceiling(blockRows_, dy_.rows.size());
    const std::size_t columns = across_.inputs(blockColumns_, stride_ / lanes);
    const std::size_t bytes = tiles * down_.inputs(rows, x_.stride) * columns * lanes * sizeof(float);
    const std::size_t most = std::max<std::size_t>(1, mostOfBlock / bytes);
    return ceiling(x_.count, ceiling(x_.count, most));
  }

  /// Orders the weights into runs, and those into chunks of a register of sums.
  void makeRuns(const std::vector<Place>& places, std::size_t channels) {
    const auto groupOf = [&](std::size_t k) { return x_.slots[size(places[k].c)] / channels; };
    std::vector<std::size_t> order(places.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return groupOf(i) < groupOf(j); });
    numbers_.resize(places.size());
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      std::vector<core::Range> runs;
      while (end < order.size() && groupOf(order[end]) == groupOf(order[begin])) {
        const std::size_t first = end, group = groupOf(order[first]);
        const std::int64_t filter = places[order[first]].f;
        const auto follows = [&](std::size_t k) { return groupOf(k) == group && places[k].f == filter; };
        while (end < order.size() && follows(order[end])) ++end;
        const std::size_t count = end - first, pieces = ceiling(count, mostRun);
        for (std::size_t piece = 0; piece < pieces; ++piece) {
          const core::Range range = core::partOf(count, piece, pieces);
          runs.push_back({first + range.begin, first + range.end});
        }
      }
      std::stable_sort(runs.begin(), runs.end(), [](auto p, auto q) { return p.size() > q.size(); });
      addGroup(places, order, runs);
    }
    sums_ = chunks_.size() * lanes;
    groups_.push_back(chunks_.size());
    chunks_.push_back(runs_.size());
  }

  void addGroup(const std::vector<Place>& places, const std::vector<std::size_t>& order,
                const std::vector<core::Range>& runs) {
    groups_.push_back(chunks_.size());
    std::size_t used = lanes;
    for (const core::Range& run : runs) {
      if (used + run.size() > lanes) {
        chunks_.push_back(runs_.size());
        used = 0;
      }
      const auto dy = static_cast<std::uint32_t>(dy_.slots[size(places[order[run.begin]].f)] * dy_.stridePlane);
      runs_.push_back({dy, static_cast<std::uint32_t>(offsets_.size()), static_cast<std::uint32_t>(run.size())});
      for (std::size_t i = run.begin; i < run.end; ++i) {
        const Place& place = places[order[i]];
        const std::size_t pixel = down_.offset(place.row) * x_.columns.size() + across_.offset(place.column);
        offsets_.push_back(static_cast<std::uint32_t>(x_.slots[size(place.c)] * x_.stridePlane + pixel * lanes));
        numbers_[order[i]] = (chunks_.size() - 1) * lanes + used++;
      }
    }
  }

  void addStep(const float* x, const float* dy, float* partial) const {
    const std::size_t width = dy_.columns.size();
    for (std::size_t group = 0; group + 1 < groups_.size(); ++group) {
      for (std::size_t row = 0; row < rows_.size(); row += blockRows_) {
        for (std::size_t column = 0; column < width; column += blockColumns_) {
          const Block block{&rows_[row], std::min(blockRows_, rows_.size() - row),
                            std::min(blockColumns_, width - column), stride_};
          addChunks({groups_[group], groups_[group + 1]}, block, x + column * stride_, dy + column * lanes, partial);
        }
      }
    }
  }

  void addChunks(core::Range chunks, const Block& block, const float* x, const float* dy, float* partial) const {
    Vector sums[lanes] = {};
    for (std::size_t chunk = chunks.begin; chunk < chunks.end; ++chunk) {
      Vector* to = sums;
      for (std::size_t i = chunks_[chunk]; i < chunks_[chunk + 1]; ++i) {
        const Run& run = runs_[i];
        addRunOf[run.count - 1](block, x, offsets_.data() + run.first, dy + run.dy, to);
        to += run.count;
      }
      vectorIn(partial + chunk * lanes) += sumsOf(sums);
    }
  }

  /// Adds the partial results in the order of the parts.
  void finish(const float* partials, float* out) const {
    core::forEachRange(numbers_.size(), 1 << 14, [&](core::Range range) {
      for (std::size_t k = range.begin; k < range.end; ++k) {
        float sum = 0;
        for (std::size_t part = 0; part < parts_; ++part) sum += partials[part * sums_ + numbers_[k]];
        out[k] = sum;
      }
    });
  }

  const std::size_t xIn_, dyIn_, out_;
  std::size_t threads_;
  const LaneLayout layout_;
  const Reach down_, across_;
  Planes x_, dy_;
  std::size_t stepsOfBand_ = 1, steps_ = 1, parts_ = 1;
  std::size_t blockRows_ = 1, blockColumns_ = 1, stride_ = lanes, sums_ = 0;
  std::vector<Row> rows_;                     // of a step
  std::vector<Run> runs_;                     // by group of channels and length
  std::vector<std::uint32_t> offsets_;        // of the weights of runs, in planes of x
  std::vector<std::size_t> chunks_, groups_;  // the first run of each chunk, the first chunk of each group
  std::vector<std::size_t> numbers_;          // where the sum of each weight is
};

}  // namespace

std::unique_ptr<core::Kernel> makeTiledWeightGrad(const core::CallStep& step, const Attributes& a,
                                                  const std::vector<Place>& places) {
  if (places.empty() || !fits(a)) return nullptr;
  return std::make_unique<WeightGrad>(step, a, places);
}

}  // namespace pathex::cpu::sparse
