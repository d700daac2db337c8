#include "cpu/fused/reducer.h"

#include <algorithm>
#include <limits>

#include "cpu/fused/loops.h"

namespace pathex::cpu {

using core::Keep;
using core::ReductionOp;

namespace {
constexpr std::size_t chunksInTile = 32;  // more would let float error grow
}

double Reducer::startOf(ReductionOp op) {
  return op == ReductionOp::max ? -std::numeric_limits<double>::infinity() : 0.0;
}

double Reducer::combine(ReductionOp op, double a, double b) {
  return op == ReductionOp::max ? larger(a, b) : a + b;
}

double Reducer::variance(double sum, double squares, std::size_t count) {
  if (count == 0) return 0.0;
  const double n = static_cast<double>(count), v = (squares - sum * (sum / n)) / n;
  return v < 0.0 ? 0.0 : v;  // NaN stays
}

double Reducer::total(const float* x, std::size_t n) const {
  return op_ == ReductionOp::sum ? sumOf(x, n) : maxOf(x, n);
}

void Reducer::begin(std::size_t outer, std::size_t column) {
  if (column != column_) flush();
  outer_ = outer;
  column_ = column;
}

void Reducer::add(const Chunk& chunk, const float* x) {
  if (op_ == ReductionOp::variance) {
    addVariance(chunk, x);
  } else if (keep_ == Keep::none) {
    emit(0, total(x, chunk.elements()));
  } else if (keep_ == Keep::inner || (keep_ == Keep::outerInner && geometry_->shape() != Shape::spans)) {
    openTile(chunk);
    op_ == ReductionOp::sum ? addTo(tile_, x, chunk.elements()) : maxTo(tile_, x, chunk.elements());
    closeTile();
  } else if (geometry_->shape() == Shape::spans) {
    addSpans(chunk, x);
  } else {
    emit(chunk.outer, total(x, chunk.elements()));
  }
}

void Reducer::add(const Chunk& chunk, Loop loop, const float** x, std::size_t arguments) {
  openTile(chunk);
  x[arguments] = tile_;
  loop(tile_, x, chunk.elements());
  closeTile();
}

void Reducer::end() {
  if (keep_ == Keep::outerInner) flush();
}

void Reducer::addSpans(const Chunk& chunk, const float* x) {
  const std::size_t span = chunk.rows * chunk.columns;
  for (std::size_t o = 0; o < chunk.outers; ++o, x += span) {
    if (keep_ == Keep::outer) {
      emit(chunk.outer + o, total(x, span));
      continue;
    }
    double* to = partial_ + (chunk.outer + o) * chunk.columns;
    for (std::size_t j = 0; j < span; j += chunk.columns) {
      for (std::size_t i = 0; i < chunk.columns; ++i) to[i] = combine(op_, to[i], static_cast<double>(x[j + i]));
    }
  }
}

void Reducer::addVariance(const Chunk& chunk, const float* x) {
  const std::size_t n = chunk.elements();
  if (keep_ == Keep::outer || (keep_ == Keep::outerInner && geometry_->shape() == Shape::spans)) {
    const std::size_t span = n / chunk.outers;
    for (std::size_t o = 0; o < chunk.outers; ++o) {
      for (std::size_t j = 0; j < span; ++j) {
        const std::size_t row = chunk.outer + o, column = keep_ == Keep::outer ? 0 : j % chunk.columns;
        const std::size_t kept = keep_ == Keep::outer ? row : row * chunk.columns + column;
        const double v = x[o * span + j];
        partial_[kept] += v;
        partial_[kept_ + kept] += v * v;
      }
    }
    return;
  }
  if (n != filled_) flush();  // so that each place of the tile has as many values as the others
  if (chunks_ == 0) {
    base_ = keep_ == Keep::none    ? 0
            : keep_ == Keep::inner ? chunk.column
                                   : chunk.outer * geometry_->domain().inner + chunk.column;
    period_ = keep_ == Keep::none ? 1 : chunk.columns;
    filled_ = n;
    std::copy_n(x, n, tile(0));
    std::fill_n(tile(1), n, 0.0f);
    std::fill_n(tile(2), n, 0.0f);
  } else {
    addDeviations(tile(1), tile(2), tile(0), x, n);
  }
  closeTile();
}

void Reducer::flushVariance() {
  const double n = static_cast<double>(chunks_);
  double *sum = partial_ + base_, *squares = sum + kept_;
  for (std::size_t row = 0; row < filled_; row += period_) {
    moveDeviations(sum, squares, tile(0) + row, tile(1) + row, tile(2) + row, n, period_);
  }
}

void Reducer::openTile(const Chunk& chunk) {
  base_ = keep_ == Keep::inner ? chunk.column : chunk.outer * geometry_->domain().inner + chunk.column;
  period_ = chunk.columns;
  const std::size_t n = chunk.elements();
  if (n <= filled_) return;
  std::fill(tile_ + filled_, tile_ + n, static_cast<float>(startOf(op_)));
  filled_ = n;
}

void Reducer::closeTile() {
  if (++chunks_ == chunksInTile) flush();
}

void Reducer::flush() {
  if (op_ == ReductionOp::variance) {
    flushVariance();
    filled_ = 0;
    chunks_ = 0;
    return;
  }
  for (std::size_t row = 0; row < filled_; row += period_) {
    for (std::size_t i = 0; i < period_; ++i) emit(base_ + i, static_cast<double>(tile_[row + i]));
  }
  filled_ = 0;
  chunks_ = 0;
}

}  // namespace pathex::cpu
