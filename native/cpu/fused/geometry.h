#pragma once

#include <string>
#include <vector>

#include "core/memory.h"
#include "core/parallel.h"
#include "core/plan.h"

namespace pathex::cpu {

/// A fused step's index space after merging axes, cut into chunks that fit the cache and parts that threads share.
/// See Note [Chunks] and Note [Parts].
enum class Shape {
  spans,  // a chunk is several whole outer indices (reduced * inner is small)
  rows,   // a chunk is several whole rows of `inner` within one outer index
  pieces  // a chunk is a piece of one row (inner is large)
};

struct Chunk {
  std::size_t outer, outers;
  std::size_t row, rows;
  std::size_t column, columns;
  std::size_t elements() const { return outers * rows * columns; }
};

struct Part {
  core::Range outer, reduced, inner;
};

class Geometry {
 public:
  /// Merges axes where every load and reduction allows it, and rewrites the loads' strides accordingly.
  Geometry(core::Domain, std::vector<core::Load>& loads, const std::vector<core::Reduction>&);

  Shape shape() const { return shape_; }
  const core::Domain& domain() const { return domain_; }
  /// Elements of the largest chunk.
  std::size_t chunkElements() const { return outers_ * rows_ * columns_; }
  /// Floats between neighbouring tiles and slots: a chunk in whole cache lines, and a few lines more, since registers
  /// at equal distances of 4 KiB would all compete for the same sets of the first cache.
  std::size_t chunkRoom() const {
    return (core::aligned(chunkElements() * sizeof(float)) + 5 * core::alignment) / sizeof(float);
  }

  std::size_t outersPerChunk() const { return outers_; }
  std::size_t rowsPerChunk() const { return rows_; }

  std::size_t parts() const { return outerParts_ * reducedParts_ * innerParts_; }
  Part part(std::size_t index) const;

  /// How many partial results a reduction has for each kept element, and which of them a part adds to.
  std::size_t partials(core::Keep) const;
  std::size_t partialOf(core::Keep, std::size_t part) const;

  std::string describe() const;

  /// Calls begin(), chunk(c) ... and end() in the fixed order of the part. `section` is a maximal run of chunks that
  /// share the columns and, except for spans, the outer index.
  template <class Visitor>
  void visit(const Part& part, Visitor& visitor) const;

 private:
  void cut();

  core::Domain domain_;
  Shape shape_ = Shape::rows;
  std::size_t outers_ = 1, rows_ = 1, columns_ = 1;
  std::size_t outerParts_ = 1, reducedParts_ = 1, innerParts_ = 1;
};

template <class Visitor>
void Geometry::visit(const Part& part, Visitor& visitor) const {
  const auto least = [](std::size_t a, std::size_t b) { return a < b ? a : b; };
  if (shape_ == Shape::spans) {
    visitor.begin(part.outer.begin, 0);
    for (std::size_t o = part.outer.begin; o < part.outer.end; o += outers_) {
      visitor.chunk(Chunk{o, least(outers_, part.outer.end - o), 0, domain_.reduced, 0, domain_.inner});
    }
    visitor.end(domain_.inner);
    return;
  }
  for (std::size_t i = part.inner.begin; i < part.inner.end; i += columns_) {
    const std::size_t columns = least(columns_, part.inner.end - i);
    for (std::size_t o = part.outer.begin; o < part.outer.end; ++o) {
      visitor.begin(o, i);
      for (std::size_t r = part.reduced.begin; r < part.reduced.end; r += rows_) {
        visitor.chunk(Chunk{o, 1, r, least(rows_, part.reduced.end - r), i, columns});
      }
      visitor.end(columns);
    }
  }
}

}  // namespace pathex::cpu

// Note [Chunks]
// Elements are numbered (o*R + r)*I + i, and every chunk is a contiguous run of them, so a full-domain buffer needs no
// address arithmetic inside a chunk. Chunks start at whole rows (or whole outer indices), so a value that depends on i
// alone has the same pattern in every chunk: it is laid out once as a tile, and instructions on such tiles run once.
//
// Note [Parts]
// Parts depend on the sizes alone, never on the number of threads. Each reduction collects in its own partial result
// for each part that shares kept elements with others, and these are combined in order, in double.
