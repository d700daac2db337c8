#include "cpu/fused/loops.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "cpu/fused/functions.h"

namespace pathex::cpu {

namespace {

using F = float;
using I = core::Instruction;

/// The arithmetic of an instruction.
template <I>
struct Function;

#define PATHEX_INSTRUCTION(name, enumerator, registers, ...)                           \
  template <>                                                                          \
  struct Function<I::enumerator> {                                                     \
    static constexpr std::size_t arity = registers;                                    \
    F operator()([[maybe_unused]] F a, [[maybe_unused]] F b, [[maybe_unused]] F c) const \
    __VA_ARGS__                                                                        \
  };
#include "core/instructions.inc"
#undef PATHEX_INSTRUCTION

template <I op>
constexpr std::size_t arity = Function<op>::arity;

template <I op>
F apply(F a, F b, F c) {
  return Function<op>()(a, b, c);
}

template <I op>
void single(float* y, const float* const* x, std::size_t n) {
  const float *a = x[0], *b = x[arity<op> > 1 ? 1 : 0], *c = x[arity<op> > 2 ? 2 : 0];
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = apply<op>(a[i], b[i], c[i]);
}

template <I outer, std::size_t position, I inner>
void pair(float* y, const float* const* x, std::size_t n) {
  constexpr std::size_t k = arity<inner>, others = arity<outer> - 1;
  const float *a = x[0], *b = x[k > 1 ? 1 : 0], *c = x[k > 2 ? 2 : 0];
  const float *d = x[others > 0 ? k : 0], *e = x[others > 1 ? k + 1 : 0];
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    const F t = apply<inner>(a[i], b[i], c[i]);
    if constexpr (position == 0) y[i] = apply<outer>(t, d[i], e[i]);
    if constexpr (position == 1) y[i] = apply<outer>(d[i], t, e[i]);
    if constexpr (position == 2) y[i] = apply<outer>(d[i], e[i], t);
  }
}

template <I outer, std::size_t position>
Loop pairWith(I inner) {
  switch (inner) {
    case I::add:
      return pair<outer, position, I::add>;
    case I::sub:
      return pair<outer, position, I::sub>;
    case I::mul:
      return pair<outer, position, I::mul>;
    case I::mulAdd:
      return pair<outer, position, I::mulAdd>;
    case I::step:
      return pair<outer, position, I::step>;
    case I::relu:
      return pair<outer, position, I::relu>;
    case I::abs:
      return pair<outer, position, I::abs>;
    default:
      return nullptr;
  }
}

template <I outer>
Loop pairAt(std::size_t position, I inner) {
  if (position == 0) return pairWith<outer, 0>(inner);
  if constexpr (arity<outer> > 1) {
    if (position == 1) return pairWith<outer, 1>(inner);
  }
  if constexpr (arity<outer> > 2) {
    if (position == 2) return pairWith<outer, 2>(inner);
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

template <class From>
void widen(float* y, const From* x, std::size_t n) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(x[i]);
}

/// Towards zero, to the nearest value of the type where it has none such, NaN to 0: what the hardware does with others
/// differs from machine to machine.
template <class To>
void narrow(To* y, const float* x, std::size_t n) {
  constexpr To least = std::numeric_limits<To>::min(), most = std::numeric_limits<To>::max();
  constexpr auto above = static_cast<float>(most);  // for i32 this is 2^31, one more than the largest
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] >= above) {
      y[i] = most;
    } else if (x[i] < static_cast<float>(least)) {
      y[i] = least;
    } else {
      y[i] = x[i] == x[i] ? static_cast<To>(x[i]) : To{0};
    }
  }
}

}  // namespace

Loop loopOf(core::Instruction instruction) {
  switch (instruction) {
#define PATHEX_INSTRUCTION(name, enumerator, registers, ...)                  \
  case I::enumerator:                                                         \
    if constexpr (registers == 0) return nullptr; /* filled once, not run */  \
    return single<I::enumerator>;
#include "core/instructions.inc"
#undef PATHEX_INSTRUCTION
  }
  return nullptr;
}

Loop loopOf(core::Instruction outer, std::size_t position, core::Instruction inner) {
  switch (outer) {
    case I::add:
      return pairAt<I::add>(position, inner);
    case I::sub:
      return pairAt<I::sub>(position, inner);
    case I::mul:
      return pairAt<I::mul>(position, inner);
    case I::mulAdd:
      return pairAt<I::mulAdd>(position, inner);
    case I::relu:
      return pairAt<I::relu>(position, inner);
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
  widen(y, x, n);
}
void convert(float* y, const std::uint8_t* x, std::size_t n) {
  widen(y, x, n);
}
void convert(float* y, const float* x, std::size_t n) {
  widen(y, x, n);
}
void convert(std::int32_t* y, const float* x, std::size_t n) {
  narrow(y, x, n);
}
void convert(std::uint8_t* y, const float* x, std::size_t n) {
  narrow(y, x, n);
}

}  // namespace pathex::cpu
