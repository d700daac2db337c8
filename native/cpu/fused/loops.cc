#include "cpu/fused/loops.h"

#include <cmath>
#include <type_traits>

#include "cpu/fused/functions.h"

namespace pathex::cpu {

namespace {

// clang-format off
using F = float;
struct Add { F operator()(F a, F b) const { return a + b; } };
struct Sub { F operator()(F a, F b) const { return a - b; } };
struct Mul { F operator()(F a, F b) const { return a * b; } };
struct Div { F operator()(F a, F b) const { return a / b; } };
struct Max { F operator()(F a, F b) const { return larger(a, b); } };
struct Min { F operator()(F a, F b) const { return smaller(a, b); } };
struct Greater { F operator()(F a, F b) const { return a > b ? 1.0f : 0.0f; } };
struct Equal { F operator()(F a, F b) const { return a == b ? 1.0f : 0.0f; } };
struct MulAdd { F operator()(F a, F b, F c) const { return a * b + c; } };
struct Select { F operator()(F a, F b, F c) const { return a != 0.0f ? b : c; } };
struct Neg { F operator()(F a) const { return -a; } };
struct Abs { F operator()(F a) const { return std::fabs(a); } };
struct Sign { F operator()(F a) const { return a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a; } };
struct Exp { F operator()(F a) const { return exp(a); } };
struct Log { F operator()(F a) const { return log(a); } };
struct Sqrt { F operator()(F a) const { return std::sqrt(a); } };
struct Rsqrt { F operator()(F a) const { return 1.0f / std::sqrt(a); } };
struct Exp2 { F operator()(F a) const { return exp2(a); } };
struct Exponent { F operator()(F a) const { return exponent(a); } };
struct Relu { F operator()(F a) const { return a <= 0.0f ? 0.0f : a; } };
struct Step { F operator()(F a) const { return a > 0.0f ? 1.0f : 0.0f; } };
// clang-format on

template <class Op>
constexpr std::size_t arity = std::is_invocable_v<Op, F>      ? 1
                              : std::is_invocable_v<Op, F, F> ? 2
                                                              : 3;

template <class Op>
F apply(F a, F b, F c) {
  if constexpr (arity<Op> == 1) return Op()(a);
  if constexpr (arity<Op> == 2) return Op()(a, b);
  if constexpr (arity<Op> == 3) return Op()(a, b, c);
}

template <class Op>
void single(float* y, const float* const* x, std::size_t n) {
  const float *a = x[0], *b = x[arity<Op> > 1 ? 1 : 0], *c = x[arity<Op> > 2 ? 2 : 0];
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = apply<Op>(a[i], b[i], c[i]);
}

template <class Outer, std::size_t position, class Inner>
void pair(float* y, const float* const* x, std::size_t n) {
  constexpr std::size_t k = arity<Inner>, others = arity<Outer> - 1;
  const float *a = x[0], *b = x[k > 1 ? 1 : 0], *c = x[k > 2 ? 2 : 0];
  const float *d = x[others > 0 ? k : 0], *e = x[others > 1 ? k + 1 : 0];
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const F t = apply<Inner>(a[i], b[i], c[i]);
    if constexpr (position == 0) y[i] = apply<Outer>(t, d[i], e[i]);
    if constexpr (position == 1) y[i] = apply<Outer>(d[i], t, e[i]);
    if constexpr (position == 2) y[i] = apply<Outer>(d[i], e[i], t);
  }
}

template <class Outer, std::size_t position>
Loop pairWith(core::Instruction inner) {
  using I = core::Instruction;
  switch (inner) {
    case I::add:
      return pair<Outer, position, Add>;
    case I::sub:
      return pair<Outer, position, Sub>;
    case I::mul:
      return pair<Outer, position, Mul>;
    case I::mulAdd:
      return pair<Outer, position, MulAdd>;
    case I::step:
      return pair<Outer, position, Step>;
    case I::relu:
      return pair<Outer, position, Relu>;
    case I::abs:
      return pair<Outer, position, Abs>;
    default:
      return nullptr;
  }
}

template <class Outer>
Loop pairAt(std::size_t position, core::Instruction inner) {
  if (position == 0) return pairWith<Outer, 0>(inner);
  if constexpr (arity < Outer >> 1) {
    if (position == 1) return pairWith<Outer, 1>(inner);
  }
  if constexpr (arity < Outer >> 2) {
    if (position == 2) return pairWith<Outer, 2>(inner);
  }
  return nullptr;
}

constexpr std::size_t lanes = 32;

/// Folds x into `lanes` float accumulators, and those in order into one double.
template <class Op>
double fold(const float* x, std::size_t n, float start, Op op) {
  if (n < lanes) {
    double total = start;
    for (std::size_t i = 0; i < n; ++i) total = op(total, static_cast<double>(x[i]));
    return total;
  }
  float part[lanes];
  for (float& p : part) p = start;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (std::size_t j = 0; j < lanes; ++j) part[j] = op(part[j], x[i + j]);
  }
  for (std::size_t j = 0; i + j < n; ++j) part[j] = op(part[j], x[i + j]);
  double total = start;
  for (const float p : part) total = op(total, static_cast<double>(p));
  return total;
}

template <class To, class From>
void convertAll(To* y, const From* x, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<To>(x[i]);
}

}  // namespace

Loop loopOf(core::Instruction instruction) {
  using I = core::Instruction;
  switch (instruction) {
    case I::constant:
      return nullptr;
    case I::add:
      return single<Add>;
    case I::sub:
      return single<Sub>;
    case I::mul:
      return single<Mul>;
    case I::div:
      return single<Div>;
    case I::max:
      return single<Max>;
    case I::min:
      return single<Min>;
    case I::mulAdd:
      return single<MulAdd>;
    case I::neg:
      return single<Neg>;
    case I::abs:
      return single<Abs>;
    case I::sign:
      return single<Sign>;
    case I::exp:
      return single<Exp>;
    case I::log:
      return single<Log>;
    case I::sqrt:
      return single<Sqrt>;
    case I::rsqrt:
      return single<Rsqrt>;
    case I::exp2:
      return single<Exp2>;
    case I::exponent:
      return single<Exponent>;
    case I::relu:
      return single<Relu>;
    case I::step:
      return single<Step>;
    case I::greater:
      return single<Greater>;
    case I::equal:
      return single<Equal>;
    case I::select:
      return single<Select>;
  }
  return nullptr;
}

Loop loopOf(core::Instruction outer, std::size_t position, core::Instruction inner) {
  using I = core::Instruction;
  switch (outer) {
    case I::add:
      return pairAt<Add>(position, inner);
    case I::sub:
      return pairAt<Sub>(position, inner);
    case I::mul:
      return pairAt<Mul>(position, inner);
    case I::mulAdd:
      return pairAt<MulAdd>(position, inner);
    case I::relu:
      return pairAt<Relu>(position, inner);
    default:
      return nullptr;
  }
}

double sumOf(const float* x, std::size_t n) {
  return fold(x, n, 0.0f, [](auto a, auto b) { return a + b; });
}
double maxOf(const float* x, std::size_t n) {
  return fold(x, n, -std::numeric_limits<float>::infinity(), [](auto a, auto b) { return larger(a, b); });
}

void addTo(float* total, const float* x, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) total[i] += x[i];
}
void maxTo(float* total, const float* x, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) total[i] = larger(total[i], x[i]);
}

void addDeviations(float* sum, float* squares, const float* from, const float* x, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const float d = x[i] - from[i];
    sum[i] += d;
    squares[i] += d * d;
  }
}
void moveDeviations(double* sum, double* squares, const float* from, const float* s, const float* q, double count,
                    std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const double f = from[i], moved = count * f, t = s[i];
    sum[i] += moved + t;
    squares[i] += f * (moved + 2.0 * t) + static_cast<double>(q[i]);
  }
}

void convert(float* y, const std::int32_t* x, std::size_t n) {
  convertAll(y, x, n);
}
void convert(float* y, const std::uint8_t* x, std::size_t n) {
  convertAll(y, x, n);
}
void convert(float* y, const float* x, std::size_t n) {
  convertAll(y, x, n);
}
void convert(std::int32_t* y, const float* x, std::size_t n) {
  convertAll(y, x, n);
}
void convert(std::uint8_t* y, const float* x, std::size_t n) {
  convertAll(y, x, n);
}

}  // namespace pathex::cpu
