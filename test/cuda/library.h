#pragma once

// The steps that a library runs on a GPU, as plain loops in double, for float and bf16 elements: so that whole plans run
// in the emulator.

#include <vector>

namespace library {

struct Conv {
  int n, h, w, c, f, kh, kw, oh, ow, stride[2], dilation[2], padding[4];
};

/// Calls visit(x, weight, y) with the places of every product.
template <class Visit>
void products(const Conv& a, const Visit& visit) {
  for (int b = 0; b < a.n; ++b)
    for (int p = 0; p < a.oh; ++p)
      for (int q = 0; q < a.ow; ++q)
        for (int i = 0; i < a.kh; ++i)
          for (int j = 0; j < a.kw; ++j) {
            const int y = p * a.stride[0] - a.padding[0] + i * a.dilation[0];
            const int x = q * a.stride[1] - a.padding[1] + j * a.dilation[1];
            if (y < 0 || y >= a.h || x < 0 || x >= a.w) continue;
            for (int f = 0; f < a.f; ++f)
              for (int c = 0; c < a.c; ++c)
                visit(((b * a.h + y) * a.w + x) * a.c + c, ((f * a.kh + i) * a.kw + j) * a.c + c,
                      ((b * a.oh + p) * a.ow + q) * a.f + f);
          }
}

inline double product(float a, float b) {
  return static_cast<double>(a) * b;
}
template <class Y>
void write(Y* y, const std::vector<double>& total) {
  for (std::size_t i = 0; i < total.size(); ++i) y[i] = static_cast<float>(total[i]);
}

template <class X, class Y>
void conv2d(const Conv& a, const X* x, const X* w, Y* y) {
  std::vector<double> total(a.n * a.oh * a.ow * a.f);
  products(a, [&](int i, int j, int k) { total[k] += product(x[i], w[j]); });
  write(y, total);
}
template <class X, class Y>
void conv2dInputGrad(const Conv& a, const X* dy, const X* w, Y* dx) {
  std::vector<double> total(a.n * a.h * a.w * a.c);
  products(a, [&](int i, int j, int k) { total[i] += product(dy[k], w[j]); });
  write(dx, total);
}
template <class X, class Y>
void conv2dWeightGrad(const Conv& a, const X* x, const X* dy, Y* dw) {
  std::vector<double> total(a.f * a.kh * a.kw * a.c);
  products(a, [&](int i, int j, int k) { total[j] += product(dy[k], x[i]); });
  write(dw, total);
}

struct Matmul {
  int m, n, k;
  bool transposeA, transposeB;
};

template <class X, class Y>
void matmul(const Matmul& s, const X* a, const X* b, Y* y) {
  std::vector<double> total(s.m * s.n);
  for (int i = 0; i < s.m; ++i)
    for (int j = 0; j < s.n; ++j)
      for (int l = 0; l < s.k; ++l)
        total[i * s.n + j] +=
            product(a[s.transposeA ? l * s.m + i : i * s.k + l], b[s.transposeB ? j * s.k + l : l * s.n + j]);
  write(y, total);
}

}  // namespace library
