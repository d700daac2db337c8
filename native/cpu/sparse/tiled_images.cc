#include <algorithm>
#include <numeric>

#include "core/memory.h"
#include "core/parallel.h"
#include "cpu/sparse/lanes.h"
#include "cpu/sparse/planes.h"
#include "cpu/sparse/sparse.h"

namespace pathex::cpu::sparse {

// Note [Images from few weights]
// y and dx are sums, over the weights of a channel, of numbers of another image some rows and columns away. Lanes are
// images, as in Note [Gradients of few weights], so that all of these are aligned registers at any stride, dilation and
// padding. The sums of a strip of pixels stay in registers while all weights of a channel pass by: each is broadcast
// once and multiplied with as many registers of memory as the strip has pixels. Strips are outside and channels inside,
// so that what a strip reads is fetched into the first cache once. A register's worth of channels is then turned back
// into the order of memory.
//
// Pixels of dx whose row and column have the same remainder by the stride have the same weights, and neighbours among
// them read neighbours of dy: each such phase is an image of its own. y has one.
//
// A sum is formed in the order of the blocks and weights, wherever strips and parts begin: a result has the same bits
// for any number of threads. Zeros of the edges are multiplied, too, as for the gradients.

namespace {

#if defined(__AVX512F__)
constexpr std::size_t stripRows = 4, stripColumns = 4;
#elif defined(__AVX2__)
constexpr std::size_t stripRows = 3, stripColumns = 4;
#else
constexpr std::size_t stripRows = 2, stripColumns = 2;
#endif
/// Rows of a strip of narrow images.
constexpr std::size_t mostRows = 8;
constexpr std::size_t mostPixels = 16;
/// Bytes of a step's planes, which the second cache is to hold.
constexpr std::size_t mostOfStep = lanes << 16;
/// Bytes of what a strip reads, which the first cache is to hold: more channels are taken in blocks of them, if a block
/// has weights enough for a channel of the result that its sums may come and go.
constexpr std::size_t mostOfBlock = lanes * (40 << 6), fewestOfBlock = 6;
/// Channels of the result whose sums are kept until all blocks have passed.
constexpr std::size_t mostChannels = 128;
/// A step of one row may need this many bytes; beyond, images are so wide or padded that copies do not pay.
constexpr std::size_t mostScratch = std::size_t{64} << 20;

std::size_t ceiling(std::size_t count, std::size_t by) {
  return (count + by - 1) / by;
}
std::size_t size(std::int64_t extent) {
  return static_cast<std::size_t>(extent);
}

void storeFirst(float* to, const Vector& value, std::size_t count) {
  if (count == lanes) {
    *reinterpret_cast<Stored*>(to) = value;
    return;
  }
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), value);
#else
  for (std::size_t i = 0; i < count; ++i) to[i] = value[i];
#endif
}

/// Where the pixels of a strip lie in planes: a register at each row and column.
struct Strip {
  const float* x;
  std::size_t rows[mostRows];
  std::size_t stride;  // floats between columns
};
/// Weights of one channel and the places in planes that they multiply.
struct Terms {
  const std::uint32_t* offsets;
  const float* values;
  std::size_t count;
  bool add;  // to sums that are there
};

template <std::size_t rows, std::size_t columns>
[[gnu::noinline]] void sumStrip(const Strip& strip, const Terms& terms, float* to) {
  Vector sums[rows * columns] = {};
  if (terms.add) direct::unrolled<rows * columns>([&](auto p) { sums[p] = vectorIn(to + p * lanes); });
  std::size_t row[rows];
  direct::unrolled<rows>([&](auto r) { row[r] = strip.rows[r]; });
  const std::size_t stride = strip.stride;
  for (std::size_t k = 0; k < terms.count; ++k) {
    const float* const at = strip.x + terms.offsets[k];
    const Vector value = terms.values[k] - Vector{};
    direct::unrolled<rows>([&](auto r) {
      const float* const line = at + row[r];
      direct::unrolled<columns>([&](auto c) { sums[r * columns + c] += value * vectorIn(line + c * stride); });
    });
  }
  direct::unrolled<rows * columns>([&](auto p) { vectorIn(to + p * lanes) = sums[p]; });
}

using SumStrip = void (*)(const Strip&, const Terms&, float*);
struct Shape {
  std::size_t rows, columns;
  SumStrip sum;
};
/// The shape of strips of images of so many columns.
Shape shapeOf(std::size_t width) {
  if (width >= stripColumns) return {stripRows, stripColumns, sumStrip<stripRows, stripColumns>};
  if (width >= 2) return {2 * stripRows, 2, sumStrip<2 * stripRows, 2>};
  return {2 * stripRows, 1, sumStrip<2 * stripRows, 1>};
}
static_assert(2 * stripRows <= mostRows && stripRows * stripColumns <= mostPixels);

/// What is computed of what: y [n, out...] of x [n, in...], or dx of dy.
struct Problem {
  struct Axis {
    std::int64_t in, out;
    /// Places of the result from one of a phase to the next, and of the image for them.
    std::int64_t phases, stride;
  };
  std::size_t images;
  Axis rows, columns;
  std::int64_t inChannels, outChannels;
};
/// A weight: number `value` of all, of a phase and channel of the result, times the image so many rows and columns away.
struct Term {
  std::int64_t phaseRow, phaseColumn, to, from, row, column;
  std::size_t value;
};

Problem forwardProblem(const Attributes& a) {
  return {size(a.n), {a.h, a.oh, 1, a.stride[0]}, {a.w, a.ow, 1, a.stride[1]}, a.c, a.f};
}
std::vector<Term> forwardTerms(const Attributes& a, const std::vector<Place>& places) {
  std::vector<Term> terms;
  for (const Place& p : places) terms.push_back({0, 0, p.f, p.c, rowOffset(a, p), columnOffset(a, p), terms.size()});
  return terms;
}

Problem inputGradProblem(const Attributes& a) {
  return {size(a.n), {a.oh, a.h, a.stride[0], 1}, {a.ow, a.w, a.stride[1], 1}, a.f, a.c};
}
/// Row r of dx has row (r - rowOffset) / stride of dy, where that is whole.
std::vector<Term> inputGradTerms(const Attributes& a, const std::vector<Place>& places) {
  std::vector<Term> terms;
  for (const Place& p : places) {
    const std::int64_t row = rowOffset(a, p), column = columnOffset(a, p);
    const auto phase = [](std::int64_t offset, std::int64_t stride) { return (offset % stride + stride) % stride; };
    const std::int64_t phaseRow = phase(row, a.stride[0]), phaseColumn = phase(column, a.stride[1]);
    terms.push_back({phaseRow, phaseColumn, p.c, p.f, (phaseRow - row) / a.stride[0],
                     (phaseColumn - column) / a.stride[1], terms.size()});
  }
  return terms;
}

class Images final : public core::Kernel {
 public:
  Images(const core::CallStep& step, const Problem& problem, std::vector<Term> terms)
      : in_(step.inputs[0]),
        values_(step.inputs[1]),
        out_(step.outputs[0]),
        threads_(core::threadCount()),
        p_(problem),
        grid_{ceiling(size(p_.rows.out), size(p_.rows.phases)), ceiling(size(p_.columns.out), size(p_.columns.phases))},
        layout_(p_.images, grid_.rows),
        shape_(shapeOf(grid_.columns)) {
    std::vector<bool> live(size(p_.inChannels));
    for (const Term& t : terms) live[size(t.from)] = true;
    x_.setLive(live);
    layOut(terms);
    if (fits()) makeTable(std::move(terms));
  }

  bool fits() const { return x_.floats() * sizeof(float) <= mostScratch; }

  core::Status run(const core::Bindings& b) override {
    auto* const values = reinterpret_cast<float*>(b.scratch);
    const float* const given = b.at<float>(values_);
    core::forEachRange(order_.size(), 1 << 15, [&](core::Range range) {
      for (std::size_t k = range.begin; k < range.end; ++k) values[k] = given[order_[k]];
    });
    core::forEachPartOfTeam(steps_, threads_, [&](std::size_t thread, const auto& nextPart) {
      float* const x = values + valueFloats() + thread * threadFloats();
      nextPart([&](std::size_t step) {
        const std::size_t tile = step / stepsOfBand_ * x_.tiles, row = step % stepsOfBand_ * rowsOfStep_;
        x_.fill(layout_, b.at<float>(in_), tile, row, x);
        computeStep(x, values, tile, row, x + x_.floats(), b.at<float>(out_));
      });
    });
    return {};
  }

  std::size_t scratchBytes() const override {
    return core::aligned((valueFloats() + threads_ * threadFloats()) * sizeof(float));
  }
  std::string implementation() const override { return "sparse:tiles of " + std::to_string(lanes); }

 private:
  std::size_t valueFloats() const { return ceiling(order_.size(), lanes) * lanes; }
  /// Planes, and the sums of a strip.
  std::size_t threadFloats() const { return x_.floats() + heldChannels() * mostPixels * lanes; }
  std::size_t heldChannels() const { return std::min(ceiling(size(p_.outChannels), lanes) * lanes, mostChannels); }

  /// Cuts the work into steps.
  void layOut(const std::vector<Term>& terms) {
    const auto reach = [&](std::int64_t Term::* axis) {
      const auto [low, high] = std::minmax_element(terms.begin(), terms.end(),
                                                   [&](const Term& s, const Term& t) { return s.*axis < t.*axis; });
      return std::array<std::int64_t, 2>{*low.*axis, *high.*axis - *low.*axis + 1};
    };
    const auto [firstRow, high] = reach(&Term::row);
    const auto [firstColumn, wide] = reach(&Term::column);
    x_.height = size(p_.rows.in), x_.width = size(p_.columns.in), x_.stride = size(p_.rows.stride);
    x_.firstRow = firstRow, x_.firstColumn = firstColumn;
    const auto inputs = [](std::size_t outputs, std::int64_t stride, std::int64_t extent) {
      return (outputs - 1) * size(stride) + size(extent);
    };
    const std::size_t columns = inputs(grid_.columns, p_.columns.stride, wide);
    const auto bytesOf = [&](std::size_t rows) {
      return inputs(rows, p_.rows.stride, high) * columns * x_.count * lanes * sizeof(float);
    };
    std::size_t rows = layout_.rows, tiles = 1;
    while (rows > 1 && bytesOf(rows) > mostOfStep) --rows;
    // Cuts decide nothing about the bits of a result, so there may be as many as there are threads to share them.
    while (rows > 1 && layout_.tiles() * ceiling(layout_.rows, rows) < threads_) rows = (rows + 1) / 2;
    stepsOfBand_ = ceiling(layout_.rows, rows);
    rows = ceiling(layout_.rows, stepsOfBand_);
    // Rows of several tiles fill the strips of small images.
    const auto isSmall = [&] { return stepsOfBand_ == 1 && tiles * rows < shape_.rows; };
    const auto suits = [&] { return tiles * 2 * threads_ <= layout_.tiles() && 2 * tiles * bytesOf(rows) <= mostOfStep; };
    while (isSmall() && suits()) tiles *= 2;
    steps_ = ceiling(layout_.tiles(), tiles) * stepsOfBand_;
    threads_ = std::min(steps_, threads_);
    rowsOfStep_ = rows;
    x_.tiles = tiles;
    x_.rows.assign(inputs(rows, p_.rows.stride, high), false);
    x_.columns.assign(columns, false);
    for (const Term& t : terms) {
      for (std::size_t r = 0; r < rows; ++r) x_.rows[r * x_.stride + size(t.row - firstRow)] = true;
      for (std::size_t c = 0; c < grid_.columns; ++c) {
        x_.columns[c * size(p_.columns.stride) + size(t.column - firstColumn)] = true;
      }
    }
    x_.settle();
    // Blocks order the sums, so that nothing that depends on threads may decide on them.
    const std::size_t together = std::min(layout_.rows, shape_.rows);
    const std::size_t lines = inputs(together, p_.rows.stride, high) * ceiling(shape_.rows, together);
    const std::size_t read = lines * inputs(shape_.columns, p_.columns.stride, wide);
    const std::size_t wanted = ceiling(read * x_.count * lanes * sizeof(float), mostOfBlock);
    const std::size_t most = terms.size() / (size(p_.outChannels * p_.rows.phases * p_.columns.phases) * fewestOfBlock);
    blocks_ = std::clamp<std::size_t>(most, 1, wanted);
  }
  std::size_t blockOf(std::int64_t channel) const { return x_.slots[size(channel)] * blocks_ / x_.count; }

  /// Orders the weights by phase, block and channel of the result, and by their own order.
  void makeTable(std::vector<Term> terms) {
    const auto listOf = [&](const Term& t) {
      return size(t.phaseRow * p_.columns.phases + t.phaseColumn) * blocks_ + blockOf(t.from);
    };
    std::stable_sort(terms.begin(), terms.end(), [&](const Term& s, const Term& t) {
      return listOf(s) != listOf(t) ? listOf(s) < listOf(t) : s.to < t.to;
    });
    for (const Term& t : terms) {
      const std::size_t pixel = size(t.row - x_.firstRow) * x_.columns.size() + size(t.column - x_.firstColumn);
      offsets_.push_back(static_cast<std::uint32_t>(x_.slots[size(t.from)] * x_.stridePlane + pixel * lanes));
      order_.push_back(t.value);
    }
    std::size_t next = 0;
    for (std::size_t list = 0; list < size(p_.rows.phases * p_.columns.phases) * blocks_; ++list) {
      for (std::int64_t channel = 0; channel < p_.outChannels; ++channel) {
        first_.push_back(next);
        while (next < terms.size() && listOf(terms[next]) == list && terms[next].to == channel) ++next;
      }
    }
    first_.push_back(next);
  }

  /// Rows of a strip: where they are in planes, and in the result for each lane; null where no image has that row.
  struct Rows {
    std::size_t offsets[mostRows];
    float* lines[mostRows][lanes];
  };
  /// Rows first, first + 1 ... of all tiles of a step; the last one again where there are no more.
  Rows rowsOf(std::size_t first, std::size_t tile, std::size_t row, std::int64_t phase, float* out) const {
    Rows rows;
    const std::size_t count = x_.tiles * rowsOfStep_, line = size(p_.columns.out * p_.outChannels);
    for (std::size_t r = 0; r < shape_.rows; ++r) {
      const std::size_t at = std::min(first + r, count - 1), t = at / rowsOfStep_, own = at % rowsOfStep_;
      rows.offsets[r] = (t * x_.rows.size() + own * x_.stride) * x_.columns.size() * lanes;
      for (std::size_t l = 0; l < lanes; ++l) {
        const std::size_t number = (tile + t) * lanes + l, image = number / layout_.bands;
        const std::size_t ofGrid = number % layout_.bands * layout_.rows + row + own;
        const std::size_t ofImage = ofGrid * size(p_.rows.phases) + size(phase);
        const bool exists = first + r < count && image < p_.images && row + own < layout_.rows;
        const bool isInside = exists && ofImage < size(p_.rows.out);
        rows.lines[r][l] = isInside ? out + (image * size(p_.rows.out) + ofImage) * line : nullptr;
      }
    }
    return rows;
  }

  void computeStep(const float* x, const float* values, std::size_t tile, std::size_t row, float* strip,
                   float* out) const {
    for (std::size_t first = 0; first < x_.tiles * rowsOfStep_; first += shape_.rows) {
      for (std::int64_t phaseRow = 0; phaseRow < p_.rows.phases; ++phaseRow) {
        const Rows rows = rowsOf(first, tile, row, phaseRow, out);
        for (std::size_t column = 0; column < grid_.columns; column += shape_.columns) {
          const std::size_t begin = std::min(column, grid_.columns - shape_.columns);
          for (std::int64_t phase = 0; phase < p_.columns.phases; ++phase) {
            const std::size_t number = size(phaseRow * p_.columns.phases + phase);
            computeStrip(x, values, number, rows, begin, size(phase), strip);
          }
        }
      }
    }
  }

  void computeStrip(const float* x, const float* values, std::size_t phase, const Rows& rows, std::size_t column,
                    std::size_t phaseColumn, float* sums) const {
    const std::size_t channels = size(p_.outChannels), pixels = shape_.rows * shape_.columns;
    Strip strip{x + column * size(p_.columns.stride) * lanes, {}, size(p_.columns.stride) * lanes};
    std::copy_n(rows.offsets, shape_.rows, strip.rows);
    for (std::size_t held = 0; held < channels; held += mostChannels) {
      const std::size_t end = std::min(channels, held + mostChannels);
      for (std::size_t block = 0; block < blocks_; ++block) {
        const std::size_t* const first = &first_[(phase * blocks_ + block) * channels];
        for (std::size_t k = held; k < end; ++k) {
          const std::size_t count = first[k + 1] - first[k];
          if (block > 0 && count == 0) continue;
          const Terms terms{offsets_.data() + first[k], values + first[k], count, block > 0};
          shape_.sum(strip, terms, sums + (k - held) * pixels * lanes);
        }
      }
      for (std::size_t group = held; group < end; group += lanes) {
        const float* const own = sums + (group - held) * pixels * lanes;
        writeStrip(own, rows, column, phaseColumn, group, std::min(lanes, channels - group));
      }
    }
  }

  /// `some` channels from `group` on.
  void writeStrip(const float* sums, const Rows& rows, std::size_t column, std::size_t phaseColumn, std::size_t group,
                  std::size_t some) const {
    const std::size_t channels = size(p_.outChannels), pixels = shape_.rows * shape_.columns;
    for (std::size_t r = 0; r < shape_.rows; ++r) {
      for (std::size_t c = 0; c < shape_.columns; ++c) {
        const std::size_t at = (column + c) * size(p_.columns.phases) + phaseColumn;
        if (at >= size(p_.columns.out)) continue;
        writePixel(sums + (r * shape_.columns + c) * lanes, pixels * lanes, rows.lines[r], at * channels + group, some);
      }
    }
  }

  /// `some` channels of one pixel of every lane.
  static void writePixel(const float* sums, std::size_t stride, float* const* lines, std::size_t at, std::size_t some) {
    Vector channels[lanes];
    direct::unrolled<lanes>([&](auto k) { channels[k] = k < some ? vectorIn(sums + k * stride) : Vector{}; });
    transpose(channels);
    direct::unrolled<lanes>([&](auto l) {
      if (lines[l] != nullptr) storeFirst(lines[l] + at, channels[l], some);
    });
  }

  const std::size_t in_, values_, out_;
  std::size_t threads_;
  const Problem p_;
  /// Places of a phase of the result.
  const struct Grid {
    std::size_t rows, columns;
  } grid_;
  const LaneLayout layout_;
  const Shape shape_;
  Planes x_;
  std::size_t stepsOfBand_ = 1, steps_ = 1, rowsOfStep_ = 1, blocks_ = 1;
  std::vector<std::uint32_t> offsets_;      // of each weight, in planes
  std::vector<std::size_t> order_, first_;  // numbers of the weights; the first of each phase, block and channel
};

std::unique_ptr<core::Kernel> makeImages(const core::CallStep& step, const Problem& problem, std::vector<Term> terms) {
  auto kernel = std::make_unique<Images>(step, problem, std::move(terms));
  if (!kernel->fits()) return nullptr;
  return kernel;
}

}  // namespace

std::unique_ptr<core::Kernel> makeTiledForward(const core::CallStep& step, const Attributes& a,
                                               const std::vector<Place>& places) {
  return makeImages(step, forwardProblem(a), forwardTerms(a, places));
}

std::unique_ptr<core::Kernel> makeTiledInputGrad(const core::CallStep& step, const Attributes& a,
                                                 const std::vector<Place>& places) {
  return makeImages(step, inputGradProblem(a), inputGradTerms(a, places));
}

}  // namespace pathex::cpu::sparse
