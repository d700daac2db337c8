#include "cpu/fused/loops.h"

#include <cmath>

#include "cpu/fused/functions.h"

namespace pathex::cpu {

namespace {

template <class F>
void unary(float* y, const float* a, const float*, const float*, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = F()(a[i]);
}

template <class F>
void binary(float* y, const float* a, const float* b, const float*, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = F()(a[i], b[i]);
}

template <class F>
void ternary(float* y, const float* a, const float* b, const float* c, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = F()(a[i], b[i], c[i]);
}

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
    case I::constant: return nullptr;
    case I::add: return binary<Add>;
    case I::sub: return binary<Sub>;
    case I::mul: return binary<Mul>;
    case I::div: return binary<Div>;
    case I::max: return binary<Max>;
    case I::min: return binary<Min>;
    case I::mulAdd: return ternary<MulAdd>;
    case I::neg: return unary<Neg>;
    case I::abs: return unary<Abs>;
    case I::sign: return unary<Sign>;
    case I::exp: return unary<Exp>;
    case I::log: return unary<Log>;
    case I::sqrt: return unary<Sqrt>;
    case I::rsqrt: return unary<Rsqrt>;
    case I::exp2: return unary<Exp2>;
    case I::exponent: return unary<Exponent>;
    case I::relu: return unary<Relu>;
    case I::step: return unary<Step>;
    case I::greater: return binary<Greater>;
    case I::equal: return binary<Equal>;
    case I::select: return ternary<Select>;
  }
  return nullptr;
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

void convert(float* y, const std::int32_t* x, std::size_t n) { convertAll(y, x, n); }
void convert(float* y, const std::uint8_t* x, std::size_t n) { convertAll(y, x, n); }
void convert(float* y, const float* x, std::size_t n) { convertAll(y, x, n); }
void convert(std::int32_t* y, const float* x, std::size_t n) { convertAll(y, x, n); }
void convert(std::uint8_t* y, const float* x, std::size_t n) { convertAll(y, x, n); }

}  // namespace pathex::cpu
