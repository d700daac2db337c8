/** Device functions that kernels call. A source holds those that it uses, and nothing else. */
interface Piece {
  readonly name: string;
  readonly text: string;
}

const PIECES: readonly Piece[] = [
  {
    name: 'Bf16',
    text: `// The first 16 bits of a float, rounded to nearest with ties to even. NaN stays NaN.
struct Bf16 {
  unsigned short bits;
  Bf16() = default;
  __device__ Bf16(float x) {
    const unsigned all = (unsigned)__float_as_int(x);
    bits = (unsigned short)((x != x ? all | 0x400000u : all + 0x7fffu + (all >> 16 & 1u)) >> 16);
  }
  __device__ operator float() const { return __int_as_float((int)((unsigned)bits << 16)); }
};`,
  },
  {
    name: 'Pack',
    text: `// N neighbouring elements, moved by one instruction.
template <class T, unsigned N>
struct alignas(N * sizeof(T)) Pack {
  T v[N];
  __device__ T& operator[](unsigned i) { return v[i]; }
  __device__ const T& operator[](unsigned i) const { return v[i]; }
};`,
  },
  {
    name: 'packAt',
    text: `template <unsigned N, class T>
__device__ Pack<T, N> packAt(const T* x) {
  return *reinterpret_cast<const Pack<T, N>*>(x);
}`,
  },
  {
    name: 'packOf',
    text: `// N elements at equal distances, or where packAt's alignment does not hold.
template <unsigned N, class T>
__device__ Pack<T, N> packOf(const T* x, unsigned long long stride) {
  Pack<T, N> y;
#pragma unroll
  for (unsigned i = 0; i < N; ++i) y[i] = x[i * stride];
  return y;
}`,
  },
  {
    name: 'store',
    text: `template <class T, unsigned N>
__device__ void store(T* y, const Pack<T, N>& x) {
  *reinterpret_cast<Pack<T, N>*>(y) = x;
}`,
  },
  {
    name: 'mul',
    text: `// A product that is never contracted into a multiply-add.
__device__ inline float mul(float a, float b) {
  return __fmul_rn(a, b);
}`,
  },
  {
    name: 'larger',
    text: `// The larger of both; NaN if either is.
template <class T>
__device__ T larger(T a, T b) {
  return a != a ? a : a > b ? a : b;
}`,
  },
  {
    name: 'smaller',
    text: `// The smaller of both; NaN if either is.
template <class T>
__device__ T smaller(T a, T b) {
  return a != a ? a : a < b ? a : b;
}`,
  },
  {
    name: 'timesPowerOfTwo',
    text: `// x * 2^k for -252 <= k <= 254, in two steps so that neither factor leaves the normal range.
__device__ inline float timesPowerOfTwo(float x, int k) {
  const int half = k >> 1;
  return __fmul_rn(__fmul_rn(x, __int_as_float((half + 127) << 23)), __int_as_float((k - half + 127) << 23));
}`,
  },
  {
    name: 'exponentialOfSmall',
    text: `// e^r for |r| <= ln(2) / 2 by its series; exactly 1 at 0.
__device__ inline float exponentialOfSmall(float r) {
  float p = 1.0f / 5040;
  p = fmaf(p, r, 1.0f / 720);
  p = fmaf(p, r, 1.0f / 120);
  p = fmaf(p, r, 1.0f / 24);
  p = fmaf(p, r, 1.0f / 6);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  return fmaf(p, r, 1.0f);
}`,
  },
  {
    name: 'clamped',
    text: `// NaN passes as \`low\`: callers mend it.
__device__ inline float clamped(float x, float low, float high) {
  const float above = x > low ? x : low;
  return above < high ? above : high;
}`,
  },
  {
    name: 'exponential',
    text: `__device__ inline float exponential(float x) {
  const float inside = clamped(x, -150.0f, 130.0f);
  const float k = rintf(__fmul_rn(inside, 1.44269504f));
  const float r = fmaf(k, -0x1.7f7d1cp-20f, fmaf(k, -0x1.62e4p-1f, inside));
  const float y = timesPowerOfTwo(exponentialOfSmall(r), (int)k);
  return x != x ? x : y;
}`,
  },
  {
    name: 'powerOfTwo',
    text: `// 2^x; exact for integers.
__device__ inline float powerOfTwo(float x) {
  const float inside = clamped(x, -200.0f, 200.0f);
  const float k = rintf(inside);
  const float y = timesPowerOfTwo(exponentialOfSmall(__fmul_rn(inside - k, 0.693147181f)), (int)k);
  return x != x ? x : y;
}`,
  },
  {
    name: 'logarithm',
    text: `__device__ inline float logarithm(float x) {
  const bool denormal = x < 0x1p-126f;
  const float normal = denormal ? __fmul_rn(x, 0x1p23f) : x;
  // Offset so that the fraction m lies in sqrt(1/2)..sqrt(2): then log(x) = k ln 2 + log(m) without cancellation.
  const int offset = (int)((unsigned)__float_as_int(normal) - 0x3f3504f3u);
  const float k = (float)((offset >> 23) - (denormal ? 23 : 0));
  const float m = __int_as_float((offset & 0x007fffff) + 0x3f3504f3);
  const float f = m - 1.0f, s = f / (m + 1.0f), z = __fmul_rn(s, s);
  // log(m) = 2 atanh(s) = f - s * (f - R), with R the rest of the series.
  const float rest = __fmul_rn(z, fmaf(z, fmaf(z, fmaf(z, fmaf(z, 2.0f / 11, 2.0f / 9), 2.0f / 7), 2.0f / 5), 2.0f / 3));
  const float y = fmaf(k, 0x1.62e4p-1f, fmaf(k, 0x1.7f7d1cp-20f, fmaf(-s, f - rest, f)));
  const float atEdge = __int_as_float(x == 0.0f ? 0xff800000 : 0x7fffffff);
  return x > 0.0f ? (x < __int_as_float(0x7f800000) ? y : x) : x != x ? x : atEdge;
}`,
  },
  {
    name: 'exponent',
    text: `// floor(log2 |x|); 0 at 0, NaN for infinities and NaN.
__device__ inline float exponent(float x) {
  const float a = fabsf(x);
  const bool denormal = a < 0x1p-126f;
  const int biased = __float_as_int(denormal ? __fmul_rn(a, 0x1p24f) : a) >> 23;
  const float e = (float)(biased - (denormal ? 127 + 24 : 127));
  return a == 0.0f ? 0.0f : a < __int_as_float(0x7f800000) ? e : __int_as_float(0x7fffffff);
}`,
  },
  {
    name: 'combine',
    text: `__device__ inline double combine(bool adds, double a, double b) {
  return adds ? a + b : larger(a, b);
}`,
  },
  {
    name: 'deviate',
    text: `// The first value of a run is what its values are measured from.
__device__ inline void deviate(float& from, float& near, float& far, float taken, float x) {
  if (taken == 0.0f) from = x;
  const float d = x - from;
  near += d;
  far += d * d;
}`,
  },
  {
    name: 'moveDeviations',
    text: `// The sum and the sum of squares of \`taken\` values whose deviations from \`from\` have the sums \`near\` and \`far\`.
__device__ inline void moveDeviations(double& sum, double& squares, double from, double near, double far, double taken) {
  const double moved = taken * from;
  sum += moved + near;
  squares += from * (moved + 2.0 * near) + far;
}`,
  },
  {
    name: 'varianceOf',
    text: `// Never negative; NaN stays.
__device__ inline float varianceOf(double sum, double squares, double count) {
  const double v = (squares - sum * (sum / count)) / count;
  return v < 0.0 ? 0.0f : (float)v;
}`,
  },
  {
    name: 'fold',
    text: `// Reduces D rows of Q columns in shared memory to row 0: columns below SUMS are added up, of the others the largest is taken.
// (Written j + 1 <= SUMS, since compilers warn that no unsigned number is below a SUMS of 0.)
// The order depends on Q, D and P alone: P interleaved strips of rows first, then their results.
template <unsigned T, unsigned Q, unsigned D, unsigned P, unsigned SUMS>
__device__ void fold(double* table) {
  __syncthreads();
  if (P > 1) {
    for (unsigned j = threadIdx.x; j < Q * P; j += T) {
      double total = table[j];
      for (unsigned d = j / Q + P; d < D; d += P) total = combine(j % Q + 1 <= SUMS, total, table[d * Q + j % Q]);
      table[j] = total;
    }
    __syncthreads();
  }
  for (unsigned q = threadIdx.x; q < Q; q += T) {
    double total = table[q];
    for (unsigned p = 1; p < (P > 1 ? P : D); ++p) total = combine(q + 1 <= SUMS, total, table[p * Q + q]);
    table[q] = total;
  }
  __syncthreads();
}`,
  },
  {
    name: 'arrivesLast',
    text: `// True in every thread of that block which is the last of \`blocks\` to come here; it then sees what all of them wrote before.
// The counter is zero again afterwards.
__device__ inline bool arrivesLast(unsigned* arrivals, unsigned blocks) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(arrivals, 1u) == blocks - 1;
    if (last) *arrivals = 0;
  }
  __syncthreads();
  __threadfence();
  return last;
}`,
  },
  {
    name: 'rows',
    text: `// Reads S rows of Q partial results into D rows of shared memory, row d taking d, d + D, ... in this order.
template <unsigned T, unsigned Q, unsigned S, unsigned D, unsigned SUMS>
__device__ void rows(double* table, const double* partial) {
  for (unsigned j = threadIdx.x; j < Q * D; j += T) {
    double total = __ldcg(partial + j);
#pragma unroll 8
    for (unsigned s = j / Q + D; s < S; s += D) total = combine(j % Q + 1 <= SUMS, total, __ldcg(partial + s * Q + j % Q));
    table[j] = total;
  }
}`,
  },
  {
    name: '__assertfail',
    text: `// Ends the run with CUDA_ERROR_ASSERT and a line on stderr.
extern "C" __device__ void __assertfail(const char* message, const char* file, unsigned line, const char* function, decltype(sizeof(0)) charBytes);`,
  },
  {
    name: 'checkRow',
    text: `// Refuses an index that names no row of its table; \`remedy\` is the whole message.
__device__ inline void checkRow(int row, int rows, const char* remedy, const char* kernel) {
  if (row < 0 || row >= rows) __assertfail(remedy, "plan", 0, kernel, 1);
}`,
  },
  {
    name: 'keyOf',
    text: `// Integers in the order of the scores; both zeros are one, NaN is the lowest.
__device__ inline unsigned keyOf(float score) {
  if (score != score) return 0;
  const unsigned bits = (unsigned)__float_as_int(score + 0.0f);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}`,
  },
  {
    name: 'scan',
    text: `// Exclusive sum over the threads of a block in the order of their numbers; \`total\` receives the sum over all.
template <unsigned T>
__device__ unsigned scan(unsigned own, unsigned& total) {
  __shared__ unsigned sums[2][T];
  unsigned at = 0;
  sums[0][threadIdx.x] = own;
  __syncthreads();
  for (unsigned step = 1; step < T; step *= 2, at ^= 1) {
    sums[at ^ 1][threadIdx.x] = sums[at][threadIdx.x] + (threadIdx.x < step ? 0 : sums[at][threadIdx.x - step]);
    __syncthreads();
  }
  total = sums[at][T - 1];
  const unsigned before = sums[at][threadIdx.x] - own;
  __syncthreads();
  return before;
}`,
  },
];

const uses = (text: string, name: string): boolean =>
  new RegExp(name === 'Bf16' ? '\\bBf16\\b' : `\\b${name}\\s*[<(]`).test(text.replace(/\/\/.*$/gm, ''));

/** The functions that `kernels` need, in an order in which each stands before its use. */
export const preludeFor = (kernels: string): string => {
  const chosen = [...PIECES]
    .reverse()
    .reduce<readonly Piece[]>(
      (taken, piece) =>
        uses([kernels, ...taken.map((p) => p.text)].join('\n'), piece.name) ? [piece, ...taken] : taken,
      [],
    );
  return chosen.map((p) => `${p.text}\n`).join('\n');
};
