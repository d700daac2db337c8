#pragma once

#include <cstddef>

#include "core/plan.h"
#include "cpu/fused/geometry.h"
#include "cpu/fused/loops.h"

namespace pathex::cpu {

/// One reduction of one part. Float sums stay short; what is long is summed in double.
class Reducer {
 public:
  /// `partial`: one double for each kept element. `tile`: floats for one chunk, this thread's own.
  Reducer(core::ReductionOp op, core::Keep keep, const Geometry& geometry, double* partial, float* tile)
      : op_(op), keep_(keep), geometry_(&geometry), partial_(partial), tile_(tile) {}

  void begin(std::size_t outer, std::size_t column);
  void add(const Chunk&, const float* x);
  /// The same for a value that `loop` computes from `x` and adds to what follows its `arguments` operands.
  void add(const Chunk&, Loop loop, const float** x, std::size_t arguments);
  void end();
  void finish() { flush(); }

  static double startOf(core::ReductionOp);
  static double combine(core::ReductionOp, double, double);

 private:
  void emit(std::size_t kept, double value) { partial_[kept] = combine(op_, partial_[kept], value); }
  double total(const float* x, std::size_t n) const;
  void openTile(const Chunk&);
  void closeTile();
  void addSpans(const Chunk&, const float* x);
  /// Folds the tile, which repeats with the row, into the partial result.
  void flush();

  core::ReductionOp op_;
  core::Keep keep_;
  const Geometry* geometry_;
  double* partial_;
  float* tile_;
  std::size_t filled_ = 0, chunks_ = 0;  // floats of the tile in use, chunks in it
  std::size_t base_ = 0, period_ = 1;    // kept element of the tile's first float; columns in a row
  std::size_t outer_ = 0, column_ = 0;
};

}  // namespace pathex::cpu
