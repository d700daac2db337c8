#pragma once

#include <cstddef>

#include "core/plan.h"
#include "cpu/fused/geometry.h"
#include "cpu/fused/loops.h"

namespace pathex::cpu {

/// One reduction of one part. Float sums stay short; what is long is summed in double. See Note [Variances].
class Reducer {
 public:
  /// `partial`: valuesOf(op) doubles for each of the `kept` elements, all first ones before all second ones. `tile`:
  /// tilesOf(op) times the floats of one chunk, this thread's own.
  Reducer(core::ReductionOp op, core::Keep keep, const Geometry& geometry, double* partial, std::size_t kept,
          float* tile)
      : op_(op), keep_(keep), geometry_(&geometry), partial_(partial), kept_(kept), tile_(tile) {}

  void begin(std::size_t outer, std::size_t column);
  void add(const Chunk&, const float* x);
  /// The same for a value that `loop` computes from `x` and adds to what follows its `arguments` operands.
  void add(const Chunk&, Loop loop, const float** x, std::size_t arguments);
  void end();
  void finish() { flush(); }

  static double startOf(core::ReductionOp);
  static double combine(core::ReductionOp, double, double);
  /// Doubles of a partial result: of a variance, the sum and the sum of squares.
  static std::size_t valuesOf(core::ReductionOp op) { return op == core::ReductionOp::variance ? 2 : 1; }
  static std::size_t tilesOf(core::ReductionOp op) { return op == core::ReductionOp::variance ? 3 : 1; }
  static double variance(double sum, double squares, std::size_t count);

 private:
  void emit(std::size_t kept, double value) { partial_[kept] = combine(op_, partial_[kept], value); }
  double total(const float* x, std::size_t n) const;
  void openTile(const Chunk&);
  void closeTile();
  void addSpans(const Chunk&, const float* x);
  void addVariance(const Chunk&, const float* x);
  void flushVariance();
  float* tile(std::size_t i) const { return tile_ + i * geometry_->chunkRoom(); }
  /// Folds the tile, which repeats with the row, into the partial result.
  void flush();

  core::ReductionOp op_;
  core::Keep keep_;
  const Geometry* geometry_;
  double* partial_;
  std::size_t kept_;
  float* tile_;
  std::size_t filled_ = 0, chunks_ = 0;  // floats of the tile in use, chunks in it
  std::size_t base_ = 0, period_ = 1;    // kept element of the tile's first float; columns in a row
  std::size_t outer_ = 0, column_ = 0;
};

}  // namespace pathex::cpu

// Note [Variances]
// A place of the tile takes a value from each of at most 32 chunks, and sums in float how far they lie from the first
// of these, and the squares of that. Since the first is one of the values, none lies further from it than the place's
// own squared deviations allow, so rounding costs a variance no more than some 1e-4 of itself whatever the values are.
// In double, these sums are moved to zero and added up: exact enough for 1e8 values (the compiler takes one of the
// values from each before, so that the sum of squares is at most as many times the squared deviations as there are
// values).
