// plan 'train': 44 kernels for 249 steps

// The first 16 bits of a float, rounded to nearest with ties to even. NaN stays NaN.
struct Bf16 {
  unsigned short bits;
  Bf16() = default;
  __device__ Bf16(float x) {
    const unsigned all = (unsigned)__float_as_int(x);
    bits = (unsigned short)((x != x ? all | 0x400000u : all + 0x7fffu + (all >> 16 & 1u)) >> 16);
  }
  __device__ operator float() const { return __int_as_float((int)((unsigned)bits << 16)); }
};

// N neighbouring elements, moved by one instruction.
template <class T, unsigned N>
struct alignas(N * sizeof(T)) Pack {
  T v[N];
  __device__ T& operator[](unsigned i) { return v[i]; }
  __device__ const T& operator[](unsigned i) const { return v[i]; }
};

template <unsigned N, class T>
__device__ Pack<T, N> packAt(const T* x) {
  return *reinterpret_cast<const Pack<T, N>*>(x);
}

template <class T, unsigned N>
__device__ void store(T* y, const Pack<T, N>& x) {
  *reinterpret_cast<Pack<T, N>*>(y) = x;
}

// A product that is never contracted into a multiply-add.
__device__ inline float mul(float a, float b) {
  return __fmul_rn(a, b);
}

// The larger of both; NaN if either is.
template <class T>
__device__ T larger(T a, T b) {
  return a != a ? a : a > b ? a : b;
}

// x * 2^k for -252 <= k <= 254, in two steps so that neither factor leaves the normal range.
__device__ inline float timesPowerOfTwo(float x, int k) {
  const int half = k >> 1;
  return __fmul_rn(__fmul_rn(x, __int_as_float((half + 127) << 23)), __int_as_float((k - half + 127) << 23));
}

// e^r for |r| <= ln(2) / 2 by its series; exactly 1 at 0.
__device__ inline float exponentialOfSmall(float r) {
  float p = 1.0f / 5040;
  p = fmaf(p, r, 1.0f / 720);
  p = fmaf(p, r, 1.0f / 120);
  p = fmaf(p, r, 1.0f / 24);
  p = fmaf(p, r, 1.0f / 6);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  return fmaf(p, r, 1.0f);
}

// NaN passes as `low`: callers mend it.
__device__ inline float clamped(float x, float low, float high) {
  const float above = x > low ? x : low;
  return above < high ? above : high;
}

__device__ inline float exponential(float x) {
  const float inside = clamped(x, -150.0f, 130.0f);
  const float k = rintf(__fmul_rn(inside, 1.44269504f));
  const float r = fmaf(k, -0x1.7f7d1cp-20f, fmaf(k, -0x1.62e4p-1f, inside));
  const float y = timesPowerOfTwo(exponentialOfSmall(r), (int)k);
  return x != x ? x : y;
}

__device__ inline float logarithm(float x) {
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
}

__device__ inline double combine(bool adds, double a, double b) {
  return adds ? a + b : larger(a, b);
}

// The first value of a run is what its values are measured from.
__device__ inline void deviate(float& from, float& near, float& far, float taken, float x) {
  if (taken == 0.0f) from = x;
  const float d = x - from;
  near += d;
  far += d * d;
}

// The sum and the sum of squares of `taken` values whose deviations from `from` have the sums `near` and `far`.
__device__ inline void moveDeviations(double& sum, double& squares, double from, double near, double far, double taken) {
  const double moved = taken * from;
  sum += moved + near;
  squares += from * (moved + 2.0 * near) + far;
}

// Never negative; NaN stays.
__device__ inline float varianceOf(double sum, double squares, double count) {
  const double v = (squares - sum * (sum / count)) / count;
  return v < 0.0 ? 0.0f : (float)v;
}

// Reduces D rows of Q columns in shared memory to row 0: columns below SUMS are added up, of the others the largest is taken.
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
}

// True in every thread of that block which is the last of `blocks` to come here; it then sees what all of them wrote before.
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
}

// Reads S rows of Q partial results into D rows of shared memory, row d taking d, d + D, ... in this order.
template <unsigned T, unsigned Q, unsigned S, unsigned D, unsigned SUMS>
__device__ void rows(double* table, const double* partial) {
  for (unsigned j = threadIdx.x; j < Q * D; j += T) {
    double total = __ldcg(partial + j);
#pragma unroll 8
    for (unsigned s = j / Q + D; s < S; s += D) total = combine(j % Q + 1 <= SUMS, total, __ldcg(partial + s * Q + j % Q));
    table[j] = total;
  }
}

// Ends the run with CUDA_ERROR_ASSERT and a line on stderr.
extern "C" __device__ void __assertfail(const char* message, const char* file, unsigned line, const char* function, decltype(sizeof(0)) charBytes);

// Refuses an index that names no row of its table; `remedy` is the whole message.
__device__ inline void checkRow(int row, int rows, const char* remedy, const char* kernel) {
  if (row < 0 || row >= rows) __assertfail(remedy, "plan", 0, kernel, 1);
}

// steps 0 to 22, conv:mul: 23 maps side by side
extern "C" __global__ void __launch_bounds__(256) fused_0_conv_mul(const float* a0, const float* a1, Bf16* a2, const float* a3, const float* a4, Bf16* a5, const float* a6, const float* a7, Bf16* a8, const float* a9, const float* a10, Bf16* a11, const float* a12, const float* a13, Bf16* a14, const float* a15, const float* a16, Bf16* a17, const float* a18, const float* a19, Bf16* a20, const float* a21, const float* a22, Bf16* a23, const float* a24, const float* a25, Bf16* a26, const float* a27, const float* a28, Bf16* a29, const float* a30, const float* a31, Bf16* a32, const float* a33, const float* a34, Bf16* a35, const float* a36, const float* a37, Bf16* a38, const float* a39, const float* a40, Bf16* a41, const float* a42, const float* a43, Bf16* a44, const float* a45, const float* a46, Bf16* a47, const float* a48, const float* a49, Bf16* a50, const float* a51, const float* a52, Bf16* a53, const float* a54, const float* a55, Bf16* a56, const float* a57, const float* a58, Bf16* a59, const float* a60, const float* a61, Bf16* a62, const float* a63, const float* a64, float* a65, float* a66) {
  if (blockIdx.x < 1056) {
    const float* x0;
    const float* x1;
    Bf16* y0;
    unsigned count;
    unsigned first;
    if (blockIdx.x < 2) { x0 = a0; x1 = a1; y0 = a2; first = 0; count = 432; }
    else if (blockIdx.x < 11) { x0 = a3; x1 = a4; y0 = a5; first = 2; count = 2304; }
    else if (blockIdx.x < 20) { x0 = a6; x1 = a7; y0 = a8; first = 11; count = 2304; }
    else if (blockIdx.x < 29) { x0 = a9; x1 = a10; y0 = a11; first = 20; count = 2304; }
    else if (blockIdx.x < 38) { x0 = a12; x1 = a13; y0 = a14; first = 29; count = 2304; }
    else if (blockIdx.x < 47) { x0 = a15; x1 = a16; y0 = a17; first = 38; count = 2304; }
    else if (blockIdx.x < 56) { x0 = a18; x1 = a19; y0 = a20; first = 47; count = 2304; }
    else if (blockIdx.x < 74) { x0 = a21; x1 = a22; y0 = a23; first = 56; count = 4608; }
    else if (blockIdx.x < 110) { x0 = a24; x1 = a25; y0 = a26; first = 74; count = 9216; }
    else if (blockIdx.x < 112) { x0 = a27; x1 = a28; y0 = a29; first = 110; count = 512; }
    else if (blockIdx.x < 148) { x0 = a30; x1 = a31; y0 = a32; first = 112; count = 9216; }
    else if (blockIdx.x < 184) { x0 = a33; x1 = a34; y0 = a35; first = 148; count = 9216; }
    else if (blockIdx.x < 220) { x0 = a36; x1 = a37; y0 = a38; first = 184; count = 9216; }
    else if (blockIdx.x < 256) { x0 = a39; x1 = a40; y0 = a41; first = 220; count = 9216; }
    else if (blockIdx.x < 328) { x0 = a42; x1 = a43; y0 = a44; first = 256; count = 18432; }
    else if (blockIdx.x < 472) { x0 = a45; x1 = a46; y0 = a47; first = 328; count = 36864; }
    else if (blockIdx.x < 480) { x0 = a48; x1 = a49; y0 = a50; first = 472; count = 2048; }
    else if (blockIdx.x < 624) { x0 = a51; x1 = a52; y0 = a53; first = 480; count = 36864; }
    else if (blockIdx.x < 768) { x0 = a54; x1 = a55; y0 = a56; first = 624; count = 36864; }
    else if (blockIdx.x < 912) { x0 = a57; x1 = a58; y0 = a59; first = 768; count = 36864; }
    else { x0 = a60; x1 = a61; y0 = a62; first = 912; count = 36864; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = mul(r0, r1);
      y0[e] = r2;
    }
  } else if (blockIdx.x < 1059) {
    const float* x0;
    const float* x1;
    float* y0;
    unsigned count;
    unsigned first;
    { x0 = a63; x1 = a64; y0 = a65; first = 1056; count = 640; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = mul(r0, r1);
      y0[e] = r2;
    }
  } else {
    float* y0;
    unsigned count;
    unsigned first;
    { y0 = a66; first = 1059; count = 128; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = 0.0078125f;
      const float r1 = -r0;
      y0[e] = r1;
    }
  }
}

// step 23, gather: [50000, 1] by 128 rows
extern "C" __global__ void __launch_bounds__(128) gather_23_gather(const int* x, const int* index, int* y) {
  const unsigned e = blockIdx.x * 128 + threadIdx.x;
  if (e >= 128u) return;
  const int at = index[e];
  checkRow(at, 50000, "gather: an index names no row of a table of 50000; correct the index", "gather");
  const unsigned row = at;
  y[e] = x[row * 1u];
}

// step 24, cropFlip: 128 of 50000 images [32, 32, 3]
extern "C" __global__ void __launch_bounds__(256) cropFlip_24_cropFlip(const unsigned char* x, const int* index, const int* shift, float* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 393216u) return;
  const unsigned c = e % 3u, b = e / 3072u;
  const int column = e / 3u % 32u, row = e / 96u % 32u;
  const int at = index[b];
  checkRow(at, 50000, "cropFlip: an index names no row of a table of 50000; correct the index", "cropFlip");
  const unsigned image = at;
  const int dy = shift[b * 3], dx = shift[b * 3 + 1], flip = shift[b * 3 + 2];
  const int fromRow = row + dy, fromColumn = (flip != 0 ? 31 - column : column) + dx;
  const bool inside = fromRow >= 0 && fromRow < 32 && fromColumn >= 0 && fromColumn < 32;
  y[e] = inside ? (float)x[((image * 32u + fromRow) * 32u + fromColumn) * 3u + c] : 0.0f;
}

// step 25, fused:sub: [1, 131072, 3], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_25_fused_sub(const float* x0, const float* x1, const float* x2, Bf16* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 393216u) return;
  const unsigned i = e % 3u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[i];
  const float r3 = mul(r0, r1);
  const float r4 = r3 - r2;
  y0[e] = r4;
}

// steps 27 to 28, conv:sum+variance: [1, 131072, 16] to [1, 16]: a block takes 4x4 of them with 64 threads each; 256 blocks share one; then 1 more in the last block; also steps 31, 35, 39, 43, 47, 51
extern "C" __global__ void __launch_bounds__(256) fused_27_conv_sum_variance(const Bf16* a0, float* a1, float* a2, double* a3, const float* a4, float* a5) {
  __shared__ double table[3072];
  {
    const Bf16* const x0 = a0;
    float* const z0 = a1;
    float* const z1 = a2;
    double* const partial = a3;
    const unsigned a = threadIdx.x % 4, d = threadIdx.x / 4;
    const unsigned k = blockIdx.x * 4 + a;
    const unsigned first = blockIdx.y * 512u, last = first + 512u < 131072u ? first + 512u : 131072u;
    double sum1[4] = {0.0, 0.0, 0.0, 0.0};
    double squares1[4] = {0.0, 0.0, 0.0, 0.0};
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float taken1 = 0.0f;
    float from1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float near1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float far1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 4u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l1 = packAt<4>(x0 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 64) {
        const unsigned e = m * 16u + c;
        const auto l0 = packAt<4>(x0 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = r0 - r1;
          sum0[v] += r2;
          deviate(from1[v], near1[v], far1[v], taken1, r2);
        }
        taken1 += 1.0f;
      }
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        moveDeviations(sum1[v], squares1[v], from1[v], near1[v], far1[v], taken1);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 48 + v * 4 + a] = sum0[v];
      table[d * 48 + (4 + v) * 4 + a] = sum1[v];
      table[d * 48 + (8 + v) * 4 + a] = squares1[v];
    }

    fold<256, 48, 64, 4, 48>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 12288ull;
    for (unsigned q = threadIdx.x; q < 48; q += 256) mine[blockIdx.y * 48 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 256)) return;
    rows<256, 48, 256, 5, 48>(table, mine);
    fold<256, 48, 5, 1, 48>(table);
    for (unsigned q = threadIdx.x; q < 16; q += 256) {
      const unsigned z = (blockIdx.x * 4u + q % 4) * 4 + q / 4;
      z0[z] = (float)table[q];
      z1[z] = varianceOf(table[16 + q], table[32 + q], 131072.0);
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a2;
    float* const y0 = a5;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 16u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// steps 27 to 28, conv:sum+variance: moments from sums, [1, 1, 16], one element a thread; then 1 more in the last block; also steps 31, 35, 39, 43, 47, 51
extern "C" __global__ void __launch_bounds__(256) fused_27_conv_sum_variance_from_sums(float* a0, float* a1, const Bf16* a2, const float* a3, float* a4) {
  {
    const float* const x0 = a0;
    const float* const x1 = a1;
    const Bf16* const x2 = a2;
    float* const y0 = a0;
    float* const y1 = a1;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 16u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = -131072.0f;
      const float r4 = fmaf(r2, r3, r0);
      const float r5 = -0.00000762939453125f;
      const float r6 = mul(r0, r5);
      const float r7 = fmaf(r0, r6, r1);
      const float r8 = 0.00000762939453125f;
      const float r9 = mul(r7, r8);
      const float r10 = 0.0f;
      const float r11 = larger(r9, r10);
      y0[e] = r4;
      y1[e] = r11;
    }
  }
  __syncthreads();
  {
    const float* const x0 = a3;
    const float* const x1 = a1;
    float* const y0 = a4;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 16u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// step 29, bn:relu: [1, 131072, 16], 4 elements a thread; also steps 33, 41, 49
extern "C" __global__ void __launch_bounds__(256) fused_29_bn_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 2097152u) return;
  const unsigned i = e % 16u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = 0.00000762939453125f;
    const float r6 = fmaf(r2, r5, r1);
    const float r7 = r0 - r6;
    const float r8 = fmaf(r7, r3, r4);
    const float r9 = r8 <= 0.0f ? 0.0f : r8;
    s0[v] = r9;
  }
  store(y0 + e, s0);
}

// step 37, blocks.0.bn2:relu: [1, 131072, 16], 4 elements a thread; also steps 45, 53
extern "C" __global__ void __launch_bounds__(256) fused_37_blocks_0_bn2_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 2097152u) return;
  const unsigned i = e % 16u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + e);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = 0.00000762939453125f;
    const float r7 = fmaf(r2, r6, r1);
    const float r8 = r0 - r7;
    const float r9 = fmaf(r8, r3, r4);
    const float r10 = r9 + r5;
    const float r11 = r10 <= 0.0f ? 0.0f : r10;
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// steps 55 to 56, blocks.3.conv1:sum+variance: [1, 32768, 32] to [1, 32]: a block takes 8x4 of them with 32 threads each; 128 blocks share one; then 1 more in the last block; also steps 59, 62, 66, 70, 74, 78
extern "C" __global__ void __launch_bounds__(256) fused_55_blocks_3_conv1_sum_variance(const Bf16* a0, float* a1, float* a2, double* a3, const float* a4, float* a5) {
  __shared__ double table[3072];
  {
    const Bf16* const x0 = a0;
    float* const z0 = a1;
    float* const z1 = a2;
    double* const partial = a3;
    const unsigned a = threadIdx.x % 8, d = threadIdx.x / 8;
    const unsigned k = blockIdx.x * 8 + a;
    const unsigned first = blockIdx.y * 256u, last = first + 256u < 32768u ? first + 256u : 32768u;
    double sum1[4] = {0.0, 0.0, 0.0, 0.0};
    double squares1[4] = {0.0, 0.0, 0.0, 0.0};
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float taken1 = 0.0f;
    float from1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float near1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float far1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 8u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l1 = packAt<4>(x0 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 32) {
        const unsigned e = m * 32u + c;
        const auto l0 = packAt<4>(x0 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = r0 - r1;
          sum0[v] += r2;
          deviate(from1[v], near1[v], far1[v], taken1, r2);
        }
        taken1 += 1.0f;
      }
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        moveDeviations(sum1[v], squares1[v], from1[v], near1[v], far1[v], taken1);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 96 + v * 8 + a] = sum0[v];
      table[d * 96 + (4 + v) * 8 + a] = sum1[v];
      table[d * 96 + (8 + v) * 8 + a] = squares1[v];
    }

    fold<256, 96, 32, 2, 96>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 12288ull;
    for (unsigned q = threadIdx.x; q < 96; q += 256) mine[blockIdx.y * 96 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 96, 128, 2, 96>(table, mine);
    fold<256, 96, 2, 1, 96>(table);
    for (unsigned q = threadIdx.x; q < 32; q += 256) {
      const unsigned z = (blockIdx.x * 8u + q % 8) * 4 + q / 8;
      z0[z] = (float)table[q];
      z1[z] = varianceOf(table[32 + q], table[64 + q], 32768.0);
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a2;
    float* const y0 = a5;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// steps 55 to 56, blocks.3.conv1:sum+variance: moments from sums, [1, 1, 32], one element a thread; then 1 more in the last block; also steps 59, 62, 66, 70, 74, 78
extern "C" __global__ void __launch_bounds__(256) fused_55_blocks_3_conv1_sum_variance_from_sums(float* a0, float* a1, const Bf16* a2, const float* a3, float* a4) {
  {
    const float* const x0 = a0;
    const float* const x1 = a1;
    const Bf16* const x2 = a2;
    float* const y0 = a0;
    float* const y1 = a1;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = -32768.0f;
      const float r4 = fmaf(r2, r3, r0);
      const float r5 = -0.000030517578125f;
      const float r6 = mul(r0, r5);
      const float r7 = fmaf(r0, r6, r1);
      const float r8 = 0.000030517578125f;
      const float r9 = mul(r7, r8);
      const float r10 = 0.0f;
      const float r11 = larger(r9, r10);
      y0[e] = r4;
      y1[e] = r11;
    }
  }
  __syncthreads();
  {
    const float* const x0 = a3;
    const float* const x1 = a1;
    float* const y0 = a4;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// step 57, blocks.3.bn1:relu: [1, 32768, 32], 4 elements a thread; also steps 68, 76
extern "C" __global__ void __launch_bounds__(256) fused_57_blocks_3_bn1_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 1048576u) return;
  const unsigned i = e % 32u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = 0.000030517578125f;
    const float r6 = fmaf(r2, r5, r1);
    const float r7 = r0 - r6;
    const float r8 = fmaf(r7, r3, r4);
    const float r9 = r8 <= 0.0f ? 0.0f : r8;
    s0[v] = r9;
  }
  store(y0 + e, s0);
}

// step 64, blocks.3.bn2:relu: [1, 32768, 32], 4 elements a thread
extern "C" __global__ void __launch_bounds__(256) fused_64_blocks_3_bn2_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, const float* x5, const float* x6, const float* x7, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 1048576u) return;
  const unsigned i = e % 32u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + e);
  const auto l6 = packAt<4>(x4 + i);
  const auto l7 = packAt<4>(x5 + i);
  const auto l8 = packAt<4>(x6 + i);
  const auto l9 = packAt<4>(x7 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = l7[v];
    const float r8 = l8[v];
    const float r9 = l9[v];
    const float r10 = 0.000030517578125f;
    const float r11 = fmaf(r2, r10, r1);
    const float r12 = r0 - r11;
    const float r13 = fmaf(r12, r3, r4);
    const float r14 = fmaf(r7, r10, r6);
    const float r15 = r5 - r14;
    const float r16 = fmaf(r15, r8, r9);
    const float r17 = r13 + r16;
    const float r18 = r17 <= 0.0f ? 0.0f : r17;
    s0[v] = r18;
  }
  store(y0 + e, s0);
}

// step 72, blocks.4.bn2:relu: [1, 32768, 32], 4 elements a thread; also step 80
extern "C" __global__ void __launch_bounds__(256) fused_72_blocks_4_bn2_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 1048576u) return;
  const unsigned i = e % 32u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + e);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = 0.000030517578125f;
    const float r7 = fmaf(r2, r6, r1);
    const float r8 = r0 - r7;
    const float r9 = fmaf(r8, r3, r4);
    const float r10 = r9 + r5;
    const float r11 = r10 <= 0.0f ? 0.0f : r10;
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// steps 82 to 83, blocks.6.conv1:sum+variance: [1, 8192, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block; also steps 86, 89, 93, 97, 101, 105
extern "C" __global__ void __launch_bounds__(256) fused_82_blocks_6_conv1_sum_variance(const Bf16* a0, float* a1, float* a2, double* a3, const float* a4, float* a5) {
  __shared__ double table[3072];
  {
    const Bf16* const x0 = a0;
    float* const z0 = a1;
    float* const z1 = a2;
    double* const partial = a3;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    double sum1[4] = {0.0, 0.0, 0.0, 0.0};
    double squares1[4] = {0.0, 0.0, 0.0, 0.0};
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float taken1 = 0.0f;
    float from1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float near1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float far1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l1 = packAt<4>(x0 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const auto l0 = packAt<4>(x0 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = r0 - r1;
          sum0[v] += r2;
          deviate(from1[v], near1[v], far1[v], taken1, r2);
        }
        taken1 += 1.0f;
      }
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        moveDeviations(sum1[v], squares1[v], from1[v], near1[v], far1[v], taken1);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 192 + v * 16 + a] = sum0[v];
      table[d * 192 + (4 + v) * 16 + a] = sum1[v];
      table[d * 192 + (8 + v) * 16 + a] = squares1[v];
    }

    fold<256, 192, 16, 1, 192>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 24576ull;
    for (unsigned q = threadIdx.x; q < 192; q += 256) mine[blockIdx.y * 192 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 192, 128, 1, 192>(table, mine);
    fold<256, 192, 1, 1, 192>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
      z1[z] = varianceOf(table[64 + q], table[128 + q], 8192.0);
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a2;
    float* const y0 = a5;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// steps 82 to 83, blocks.6.conv1:sum+variance: moments from sums, [1, 1, 64], one element a thread; then 1 more in the last block; also steps 86, 89, 93, 97, 101, 105
extern "C" __global__ void __launch_bounds__(256) fused_82_blocks_6_conv1_sum_variance_from_sums(float* a0, float* a1, const Bf16* a2, const float* a3, float* a4) {
  {
    const float* const x0 = a0;
    const float* const x1 = a1;
    const Bf16* const x2 = a2;
    float* const y0 = a0;
    float* const y1 = a1;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = -8192.0f;
      const float r4 = fmaf(r2, r3, r0);
      const float r5 = -0.0001220703125f;
      const float r6 = mul(r0, r5);
      const float r7 = fmaf(r0, r6, r1);
      const float r8 = 0.0001220703125f;
      const float r9 = mul(r7, r8);
      const float r10 = 0.0f;
      const float r11 = larger(r9, r10);
      y0[e] = r4;
      y1[e] = r11;
    }
  }
  __syncthreads();
  {
    const float* const x0 = a3;
    const float* const x1 = a1;
    float* const y0 = a4;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = 0.00001f;
      const float r3 = r1 + r2;
      const float r4 = 1.0f / sqrtf(r3);
      const float r5 = mul(r0, r4);
      y0[e] = r5;
    }
  }
}

// step 84, blocks.6.bn1:relu: [1, 8192, 64], 4 elements a thread; also steps 95, 103
extern "C" __global__ void __launch_bounds__(256) fused_84_blocks_6_bn1_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = 0.0001220703125f;
    const float r6 = fmaf(r2, r5, r1);
    const float r7 = r0 - r6;
    const float r8 = fmaf(r7, r3, r4);
    const float r9 = r8 <= 0.0f ? 0.0f : r8;
    s0[v] = r9;
  }
  store(y0 + e, s0);
}

// step 91, blocks.6.bn2:relu: [1, 8192, 64], 4 elements a thread
extern "C" __global__ void __launch_bounds__(256) fused_91_blocks_6_bn2_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, const float* x5, const float* x6, const float* x7, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + e);
  const auto l6 = packAt<4>(x4 + i);
  const auto l7 = packAt<4>(x5 + i);
  const auto l8 = packAt<4>(x6 + i);
  const auto l9 = packAt<4>(x7 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = l7[v];
    const float r8 = l8[v];
    const float r9 = l9[v];
    const float r10 = 0.0001220703125f;
    const float r11 = fmaf(r2, r10, r1);
    const float r12 = r0 - r11;
    const float r13 = fmaf(r12, r3, r4);
    const float r14 = fmaf(r7, r10, r6);
    const float r15 = r5 - r14;
    const float r16 = fmaf(r15, r8, r9);
    const float r17 = r13 + r16;
    const float r18 = r17 <= 0.0f ? 0.0f : r17;
    s0[v] = r18;
  }
  store(y0 + e, s0);
}

// step 99, blocks.7.bn2:relu: [1, 8192, 64], 4 elements a thread
extern "C" __global__ void __launch_bounds__(256) fused_99_blocks_7_bn2_relu(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x0 + i);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + e);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = 0.0001220703125f;
    const float r7 = fmaf(r2, r6, r1);
    const float r8 = r0 - r7;
    const float r9 = fmaf(r8, r3, r4);
    const float r10 = r9 + r5;
    const float r11 = r10 <= 0.0f ? 0.0f : r10;
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// step 107, blocks.8.bn2:sum: [128, 64, 64] to [128, 64]: a block takes 16x4 of them with 16 threads each
extern "C" __global__ void __launch_bounds__(256) fused_107_blocks_8_bn2_sum(const Bf16* x0, const float* x1, const float* x2, const float* x3, const Bf16* x4, float* z0) {
  __shared__ double table[1024];
  const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
  const unsigned k = blockIdx.x * 16 + a;
  const unsigned first = 0, last = 64u;
  float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  if (k < 2048u) {
    const unsigned g = k / 16u;
    const unsigned c = k % 16u * 4;
    const unsigned i = c;
    const auto l1 = packAt<4>(x0 + i);
    const auto l2 = packAt<4>(x1 + i);
    const auto l3 = packAt<4>(x2 + i);
    const auto l4 = packAt<4>(x3 + i);
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 16) {
      const unsigned e = (g * 64u + m) * 64u + c;
      const auto l0 = packAt<4>(x0 + e);
      const auto l5 = packAt<4>(x4 + e);
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r6 = 0.0001220703125f;
        const float r7 = fmaf(r2, r6, r1);
        const float r8 = r0 - r7;
        const float r9 = fmaf(r8, r3, r4);
        const float r10 = r9 + r5;
        const float r11 = r10 <= 0.0f ? 0.0f : r10;
        sum0[v] += r11;
      }
    }
  }

#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    table[d * 64 + v * 16 + a] = sum0[v];
  }

  fold<256, 64, 16, 4, 64>(table);
  for (unsigned q = threadIdx.x; q < 64; q += 256) {
    const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
    z0[z] = (float)table[q];
  }
}

// step 108, blocks.8.bn2:mul: [1, 1, 8192], one element a thread; also step 118
extern "C" __global__ void __launch_bounds__(256) fused_108_blocks_8_bn2_mul(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const float r0 = x0[e];
  const float r1 = 0.015625f;
  const float r2 = mul(r0, r1);
  y0[e] = r2;
}

// steps 110 to 115, fc:add+maximum: [128, 1, 10] to [128, 1]: a block takes 32 of them with 8 threads each; then 5 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_110_fc_add_maximum(const float* a0, const float* __restrict__ a1, float* a2, float* a3, int* a4, const int* a5, float* a6, float* a7, const float* __restrict__ a8, float* a9, float* a10, float* a11, float* a12, float* a13, const float* __restrict__ a14, float* a15, float* a16) {
  __shared__ double table[512];
  {
    const float* const x0 = a0;
    const float* const x1 = a1;
    float* const y0 = a2;
    float* const z0 = a3;
    for (unsigned block = 0; block < 4; ++block) {
      const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
      const unsigned k = block * 32 + a;
      const unsigned first = 0, last = 10u;
      float max0 = __int_as_float(0xff800000);
      if (k < 128u) {
#pragma unroll 4
        for (unsigned m = first + d; m < last; m += 8) {
          const unsigned e = k * 10u + m;
          const unsigned i = m;
          const float r0 = x0[e];
          const float r1 = x1[i];
          const float r2 = r0 + r1;
          y0[e] = r2;
          max0 = larger(max0, r2);
        }
      }

      table[d * 32 + a] = max0;

      fold<256, 32, 8, 1, 0>(table);
      for (unsigned q = threadIdx.x; q < 32; q += 256) {
        const unsigned z = block * 32u + q;
        z0[z] = (float)table[q];
      }
      __syncthreads();
    }
  }
  __syncthreads();
  {
    const float* const x = a2;
    int* const y = a4;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 128u) {
      const float* row = x + e * 10u;
      int best = 0;
      for (int i = 1; i < 10; ++i) {
        if (row[i] > row[best]) best = i;
      }
      y[e] = best;
    }
  }
  __syncthreads();
  {
    const int* const x0 = a5;
    const int* const x1 = a4;
    float* const y0 = a6;
    float* const z0 = a7;
    const unsigned block = 0;
    if (threadIdx.x < 32) {
      const unsigned d = threadIdx.x % 32, a = threadIdx.x / 32;
      const unsigned k = block * 1 + a;
      const unsigned first = 0, last = 128u;
      float sum0 = 0.0f;
      if (k < 1u) {
        for (unsigned m = first + d * 4; m < last; m += 128) {
          const unsigned e = m;
          const auto l0 = packAt<4>(x0 + e);
          const auto l1 = packAt<4>(x1 + e);
          Pack<float, 4> s0;
#pragma unroll
          for (unsigned v = 0; v < 4; ++v) {
            const float r0 = l0[v];
            const float r1 = l1[v];
            const float r2 = r1 == r0 ? 1.0f : 0.0f;
            s0[v] = r0;
            sum0 += r2;
          }
          store(y0 + e, s0);
        }
      }

      table[d * 1 + a] = sum0;
    }

    fold<256, 1, 32, 4, 1>(table);
    for (unsigned q = threadIdx.x; q < 1; q += 256) {
      const unsigned z = block * 1u + q;
      z0[z] = (float)table[q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a2;
    const float* const x1 = a3;
    const float* const x2 = a6;
    const float* const x3 = a8;
    float* const y0 = a9;
    float* const z0 = a10;
    float* const z1 = a11;
    for (unsigned block = 0; block < 4; ++block) {
      const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
      const unsigned k = block * 32 + a;
      const unsigned first = 0, last = 10u;
      float sum0 = 0.0f;
      float sum1 = 0.0f;
      if (k < 128u) {
        const unsigned o = k;
        const float r1 = x1[o];
        const float r2 = x2[o];
#pragma unroll 4
        for (unsigned m = first + d; m < last; m += 8) {
          const unsigned e = k * 10u + m;
          const unsigned i = m;
          const float r0 = x0[e];
          const float r3 = x3[i];
          const float r4 = r0 - r1;
          const float r5 = exponential(r4);
          const float r6 = r2 == r3 ? 1.0f : 0.0f;
          const float r7 = mul(r4, r6);
          y0[e] = r5;
          sum0 += r5;
          sum1 += r7;
        }
      }

      table[d * 64 + a] = sum0;
      table[d * 64 + 32 + a] = sum1;

      fold<256, 64, 8, 1, 64>(table);
      for (unsigned q = threadIdx.x; q < 32; q += 256) {
        const unsigned z = block * 32u + q;
        z0[z] = (float)table[q];
        z1[z] = (float)table[32 + q];
      }
      __syncthreads();
    }
  }
  __syncthreads();
  {
    const float* const x0 = a10;
    const float* const x1 = a11;
    float* const y0 = a12;
    float* const z0 = a13;
    const unsigned block = 0;
    if (threadIdx.x < 32) {
      const unsigned d = threadIdx.x % 32, a = threadIdx.x / 32;
      const unsigned k = block * 1 + a;
      const unsigned first = 0, last = 128u;
      float sum0 = 0.0f;
      if (k < 1u) {
        for (unsigned m = first + d * 4; m < last; m += 128) {
          const unsigned e = m;
          const auto l0 = packAt<4>(x0 + e);
          const auto l1 = packAt<4>(x1 + e);
          Pack<float, 4> s0;
#pragma unroll
          for (unsigned v = 0; v < 4; ++v) {
            const float r0 = l0[v];
            const float r1 = l1[v];
            const float r2 = logarithm(r0);
            const float r3 = r2 - r1;
            const float r4 = 0.0078125f;
            const float r5 = r4 / r0;
            s0[v] = r5;
            sum0 += r3;
          }
          store(y0 + e, s0);
        }
      }

      table[d * 1 + a] = sum0;
    }

    fold<256, 1, 32, 4, 1>(table);
    for (unsigned q = threadIdx.x; q < 1; q += 256) {
      const unsigned z = block * 1u + q;
      z0[z] = (float)table[q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a14;
    const float* const x1 = a6;
    const float* const x2 = a8;
    const float* const x3 = a12;
    const float* const x4 = a9;
    float* const y0 = a15;
    float* const z0 = a16;
    const unsigned block = 0;
    if (threadIdx.x < 160) {
      const unsigned a = threadIdx.x % 5, d = threadIdx.x / 5;
      const unsigned k = block * 5 + a;
      const unsigned first = 0, last = 128u;
      float sum0[2] = {0.0f, 0.0f};
      if (k < 5u) {
        const unsigned c = k * 2;
        const unsigned i = c;
        const auto l2 = packAt<2>(x2 + i);
#pragma unroll 4
        for (unsigned m = first + d; m < last; m += 32) {
          const unsigned e = m * 10u + c;
          const unsigned r = m;
          const float r0 = x0[r];
          const float r1 = x1[r];
          const float r3 = x3[r];
          const auto l4 = packAt<2>(x4 + e);
          Pack<float, 2> s0;
#pragma unroll
          for (unsigned v = 0; v < 2; ++v) {
            const float r2 = l2[v];
            const float r4 = l4[v];
            const float r5 = r1 == r2 ? 1.0f : 0.0f;
            const float r6 = mul(r3, r4);
            const float r7 = fmaf(r0, r5, r6);
            s0[v] = r7;
            sum0[v] += r7;
          }
          store(y0 + e, s0);
        }
      }

#pragma unroll
      for (unsigned v = 0; v < 2; ++v) {
        table[d * 10 + v * 5 + a] = sum0[v];
      }
    }

    fold<256, 10, 32, 4, 10>(table);
    for (unsigned q = threadIdx.x; q < 10; q += 256) {
      const unsigned z = (block * 5u + q % 5) * 2 + q / 5;
      z0[z] = (float)table[q];
    }
  }
}

// steps 119 to 120, fc:sum: [128, 64, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_119_fc_sum(const float* a0, const Bf16* a1, const float* a2, const float* a3, const float* a4, const Bf16* a5, float* a6, float* a7, double* a8, float* a9, const float* a10, float* a11, const float* a12, float* a13, float* a14, float* a15, float* a16, float* a17, float* a18) {
  __shared__ double table[2048];
  {
    const float* const x0 = a0;
    const Bf16* const x1 = a1;
    const float* const x2 = a2;
    const float* const x3 = a3;
    const float* const x4 = a4;
    const Bf16* const x5 = a5;
    float* const z0 = a6;
    float* const z1 = a7;
    double* const partial = a8;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l2 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const unsigned o = m / 64u;
        const auto l0 = packAt<4>(x0 + o * 64u + i);
        const auto l1 = packAt<4>(x1 + e);
        const auto l6 = packAt<4>(x5 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = l6[v];
          const float r7 = 0.0001220703125f;
          const float r8 = fmaf(r3, r7, r2);
          const float r9 = r1 - r8;
          const float r10 = fmaf(r9, r4, r5);
          const float r11 = r10 + r6;
          const float r12 = r11 <= 0.0f ? 0.0f : r11;
          const float r13 = r12 > 0.0f ? 1.0f : 0.0f;
          const float r14 = mul(r0, r13);
          const float r15 = mul(r14, r9);
          sum0[v] += r15;
          sum1[v] += r14;
        }
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 128 + v * 16 + a] = sum0[v];
      table[d * 128 + (4 + v) * 16 + a] = sum1[v];
    }

    fold<256, 128, 16, 2, 128>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 16384ull;
    for (unsigned q = threadIdx.x; q < 128; q += 256) mine[blockIdx.y * 128 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 128, 128, 2, 128>(table, mine);
    fold<256, 128, 2, 1, 128>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
      z1[z] = (float)table[64 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a6;
    const float* const x1 = a9;
    const float* const x2 = a10;
    const float* const x3 = a7;
    const float* const x4 = a3;
    const float* const x5 = a2;
    const float* const x6 = a11;
    const float* const x7 = a12;
    const float* const x8 = a13;
    const float* const x9 = a4;
    const float* const x10 = a14;
    const Bf16* const x11 = a1;
    const float* const x12 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a11;
    float* const y3 = a9;
    float* const y4 = a13;
    float* const y5 = a18;
    float* const y6 = a14;
    float* const y7 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.000244140625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.0001220703125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.10001220852154805f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 121, fc:add: [128, 64, 64], 4 elements a thread
extern "C" __global__ void __launch_bounds__(256) fused_121_fc_add(const float* x0, const Bf16* x1, const float* x2, const float* x3, const float* x4, const Bf16* x5, const float* x6, const float* x7, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const unsigned o = e / 4096u;
  const auto l0 = packAt<4>(x0 + o * 64u + i);
  const auto l1 = packAt<4>(x1 + e);
  const auto l2 = packAt<4>(x1 + i);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  const auto l6 = packAt<4>(x5 + e);
  const auto l7 = packAt<4>(x6 + i);
  const auto l8 = packAt<4>(x7 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = l7[v];
    const float r8 = l8[v];
    const float r9 = 0.0001220703125f;
    const float r10 = fmaf(r3, r9, r2);
    const float r11 = r1 - r10;
    const float r12 = fmaf(r11, r4, r5);
    const float r13 = r12 + r6;
    const float r14 = r13 <= 0.0f ? 0.0f : r13;
    const float r15 = r14 > 0.0f ? 1.0f : 0.0f;
    const float r16 = mul(r0, r15);
    const float r17 = r1 - r2;
    const float r18 = fmaf(r17, r7, r8);
    const float r19 = fmaf(r16, r4, r18);
    s0[v] = r19;
  }
  store(y0 + e, s0);
}

// steps 124 to 125, fc:sum: [1, 8192, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block; also steps 134, 148
extern "C" __global__ void __launch_bounds__(256) fused_124_fc_sum(const Bf16* a0, const Bf16* a1, const Bf16* a2, const float* a3, float* a4, float* a5, double* a6, float* a7, const float* a8, const float* a9, float* a10, const float* a11, float* a12, float* a13, float* a14, float* a15, float* a16, float* a17) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const float* const x3 = a3;
    float* const z0 = a4;
    float* const z1 = a5;
    double* const partial = a6;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = r1 > 0.0f ? 1.0f : 0.0f;
          const float r6 = mul(r0, r5);
          const float r7 = 0.0001220703125f;
          const float r8 = fmaf(r4, r7, r3);
          const float r9 = r2 - r8;
          const float r10 = mul(r6, r9);
          sum0[v] += r10;
          sum1[v] += r6;
        }
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 128 + v * 16 + a] = sum0[v];
      table[d * 128 + (4 + v) * 16 + a] = sum1[v];
    }

    fold<256, 128, 16, 2, 128>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 16384ull;
    for (unsigned q = threadIdx.x; q < 128; q += 256) mine[blockIdx.y * 128 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 128, 128, 2, 128>(table, mine);
    fold<256, 128, 2, 1, 128>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
      z1[z] = (float)table[64 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a7;
    const float* const x2 = a8;
    const float* const x3 = a5;
    const float* const x4 = a9;
    const float* const x5 = a3;
    const float* const x6 = a10;
    const float* const x7 = a11;
    const float* const x8 = a12;
    const float* const x9 = a13;
    const float* const x10 = a14;
    const Bf16* const x11 = a2;
    const float* const x12 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a10;
    float* const y3 = a7;
    float* const y4 = a12;
    float* const y5 = a13;
    float* const y6 = a14;
    float* const y7 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.000244140625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.0001220703125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.10001220852154805f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 126, fc:add: [1, 8192, 64], 4 elements a thread; also steps 136, 150
extern "C" __global__ void __launch_bounds__(256) fused_126_fc_add(const Bf16* x0, const Bf16* x1, const float* x2, const Bf16* x3, const float* x4, const float* x5, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + e);
  const auto l2 = packAt<4>(x2 + i);
  const auto l3 = packAt<4>(x3 + e);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  const auto l6 = packAt<4>(x5 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = r1 > 0.0f ? 1.0f : 0.0f;
    const float r8 = mul(r0, r7);
    const float r9 = r3 - r4;
    const float r10 = fmaf(r9, r5, r6);
    const float r11 = fmaf(r8, r2, r10);
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// steps 129 to 130, fc:mul+sum: [128, 64, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_129_fc_mul_sum(const float* __restrict__ a0, const Bf16* __restrict__ a1, const float* __restrict__ a2, const float* __restrict__ a3, const float* __restrict__ a4, const Bf16* __restrict__ a5, const Bf16* a6, const Bf16* __restrict__ a7, const float* __restrict__ a8, Bf16* a9, float* a10, float* a11, double* a12, float* a13, const float* a14, const float* a15, float* a16, const float* a17, float* a18, float* a19, float* a20, float* a21, float* a22, float* a23) {
  __shared__ double table[2048];
  {
    const float* const x0 = a0;
    const Bf16* const x1 = a1;
    const float* const x2 = a2;
    const float* const x3 = a3;
    const float* const x4 = a4;
    const Bf16* const x5 = a5;
    const Bf16* const x6 = a6;
    const Bf16* const x7 = a7;
    const float* const x8 = a8;
    Bf16* const y0 = a9;
    float* const z0 = a10;
    float* const z1 = a11;
    double* const partial = a12;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l2 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
      const auto l9 = packAt<4>(x7 + i);
      const auto l10 = packAt<4>(x8 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const unsigned o = m / 64u;
        const auto l0 = packAt<4>(x0 + o * 64u + i);
        const auto l1 = packAt<4>(x1 + e);
        const auto l6 = packAt<4>(x5 + e);
        const auto l7 = packAt<4>(x6 + e);
        const auto l8 = packAt<4>(x7 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = l6[v];
          const float r7 = l7[v];
          const float r8 = l8[v];
          const float r9 = l9[v];
          const float r10 = l10[v];
          const float r11 = 0.0001220703125f;
          const float r12 = fmaf(r3, r11, r2);
          const float r13 = r1 - r12;
          const float r14 = fmaf(r13, r4, r5);
          const float r15 = r14 + r6;
          const float r16 = r15 <= 0.0f ? 0.0f : r15;
          const float r17 = r16 > 0.0f ? 1.0f : 0.0f;
          const float r18 = fmaf(r0, r17, r7);
          const float r19 = r6 > 0.0f ? 1.0f : 0.0f;
          const float r20 = mul(r18, r19);
          const float r21 = fmaf(r10, r11, r9);
          const float r22 = r8 - r21;
          const float r23 = mul(r20, r22);
          s0[v] = r20;
          sum0[v] += r23;
          sum1[v] += r20;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 128 + v * 16 + a] = sum0[v];
      table[d * 128 + (4 + v) * 16 + a] = sum1[v];
    }

    fold<256, 128, 16, 2, 128>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 16384ull;
    for (unsigned q = threadIdx.x; q < 128; q += 256) mine[blockIdx.y * 128 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 128, 128, 2, 128>(table, mine);
    fold<256, 128, 2, 1, 128>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
      z1[z] = (float)table[64 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a10;
    const float* const x1 = a13;
    const float* const x2 = a14;
    const float* const x3 = a11;
    const float* const x4 = a15;
    const float* const x5 = a8;
    const float* const x6 = a16;
    const float* const x7 = a17;
    const float* const x8 = a18;
    const float* const x9 = a19;
    const float* const x10 = a20;
    const Bf16* const x11 = a7;
    const float* const x12 = a21;
    float* const y0 = a22;
    float* const y1 = a23;
    float* const y2 = a16;
    float* const y3 = a13;
    float* const y4 = a18;
    float* const y5 = a19;
    float* const y6 = a20;
    float* const y7 = a21;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.000244140625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.0001220703125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.10001220852154805f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 131, fc:add: [1, 8192, 64], 4 elements a thread; also step 145
extern "C" __global__ void __launch_bounds__(256) fused_131_fc_add(const Bf16* x0, const float* x1, const Bf16* x2, const float* x3, const float* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 524288u) return;
  const unsigned i = e % 64u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + i);
  const auto l2 = packAt<4>(x2 + e);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = r2 - r3;
    const float r7 = fmaf(r6, r4, r5);
    const float r8 = fmaf(r0, r1, r7);
    s0[v] = r8;
  }
  store(y0 + e, s0);
}

// steps 139 to 140, fc:mul+sum: [1, 8192, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_139_fc_mul_sum(const Bf16* a0, const Bf16* __restrict__ a1, const Bf16* __restrict__ a2, const Bf16* __restrict__ a3, const float* __restrict__ a4, Bf16* a5, float* a6, float* a7, double* a8, float* a9, const float* a10, const float* a11, float* a12, const float* a13, float* a14, float* a15, float* a16, float* a17) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const Bf16* const x3 = a3;
    const float* const x4 = a4;
    Bf16* const y0 = a5;
    float* const z0 = a6;
    float* const z1 = a7;
    double* const partial = a8;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l3 = packAt<4>(x3 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = r0 + r1;
          const float r7 = r2 > 0.0f ? 1.0f : 0.0f;
          const float r8 = mul(r6, r7);
          const float r9 = 0.0001220703125f;
          const float r10 = fmaf(r5, r9, r4);
          const float r11 = r3 - r10;
          const float r12 = mul(r8, r11);
          s0[v] = r8;
          sum0[v] += r12;
          sum1[v] += r8;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 128 + v * 16 + a] = sum0[v];
      table[d * 128 + (4 + v) * 16 + a] = sum1[v];
    }

    fold<256, 128, 16, 2, 128>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 16384ull;
    for (unsigned q = threadIdx.x; q < 128; q += 256) mine[blockIdx.y * 128 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 128, 128, 2, 128>(table, mine);
    fold<256, 128, 2, 1, 128>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
      z1[z] = (float)table[64 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a6;
    const float* const x1 = a9;
    const float* const x2 = a10;
    const float* const x3 = a7;
    const float* const x4 = a11;
    const float* const x5 = a4;
    const float* const x6 = a12;
    const float* const x7 = a13;
    const float* const x8 = a14;
    const Bf16* const x9 = a3;
    const float* const x10 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a12;
    float* const y3 = a9;
    float* const y4 = a14;
    float* const y5 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = mul(r0, r1);
      const float r12 = 0.00001f;
      const float r13 = r2 + r12;
      const float r14 = 1.0f / sqrtf(r13);
      const float r15 = mul(r14, r14);
      const float r16 = mul(r14, r15);
      const float r17 = -0.5f;
      const float r18 = mul(r16, r17);
      const float r19 = mul(r11, r18);
      const float r20 = 0.000244140625f;
      const float r21 = mul(r19, r20);
      const float r22 = mul(r3, r4);
      const float r23 = -r22;
      const float r24 = 0.0001220703125f;
      const float r25 = mul(r23, r24);
      const float r26 = mul(r5, r24);
      const float r27 = mul(r26, r21);
      const float r28 = r25 - r27;
      const float r29 = 0.9f;
      const float r30 = 0.0001f;
      const float r31 = mul(r1, r30);
      const float r32 = fmaf(r0, r14, r31);
      const float r33 = fmaf(r6, r29, r32);
      const float r34 = mul(r33, r7);
      const float r35 = r1 - r34;
      const float r36 = r9 + r26;
      const float r37 = 0.1f;
      const float r38 = mul(r36, r37);
      const float r39 = fmaf(r8, r29, r38);
      const float r40 = 0.10001220852154805f;
      const float r41 = mul(r2, r40);
      const float r42 = fmaf(r10, r29, r41);
      y0[e] = r21;
      y1[e] = r28;
      y2[e] = r33;
      y3[e] = r35;
      y4[e] = r39;
      y5[e] = r42;
    }
  }
}

// steps 141 to 142, fc:add+sum: [1, 8192, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_141_fc_add_sum(const Bf16* __restrict__ a0, const float* __restrict__ a1, const Bf16* __restrict__ a2, const float* __restrict__ a3, const float* __restrict__ a4, const Bf16* __restrict__ a5, const float* __restrict__ a6, Bf16* a7, float* a8, double* a9, float* a10, const float* a11, const float* a12, const float* a13, float* a14, const float* a15, float* a16, float* a17, float* a18, float* a19, float* a20, float* a21, float* a22, float* a23) {
  __shared__ double table[1024];
  {
    const Bf16* const x0 = a0;
    const float* const x1 = a1;
    const Bf16* const x2 = a2;
    const float* const x3 = a3;
    const float* const x4 = a4;
    const Bf16* const x5 = a5;
    const float* const x6 = a6;
    Bf16* const y0 = a7;
    float* const z0 = a8;
    double* const partial = a9;
    const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
    const unsigned k = blockIdx.x * 16 + a;
    const unsigned first = blockIdx.y * 64u, last = first + 64u < 8192u ? first + 64u : 8192u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 16u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x6 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 16) {
        const unsigned e = m * 64u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l6 = packAt<4>(x5 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = l6[v];
          const float r7 = l7[v];
          const float r8 = l8[v];
          const float r9 = r2 - r3;
          const float r10 = fmaf(r9, r4, r5);
          const float r11 = fmaf(r0, r1, r10);
          const float r12 = 0.0001220703125f;
          const float r13 = fmaf(r8, r12, r7);
          const float r14 = r6 - r13;
          const float r15 = mul(r0, r14);
          s0[v] = r11;
          sum0[v] += r15;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 64 + v * 16 + a] = sum0[v];
    }

    fold<256, 64, 16, 4, 64>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 64; q += 256) mine[blockIdx.y * 64 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 64, 128, 4, 64>(table, mine);
    fold<256, 64, 4, 1, 64>(table);
    for (unsigned q = threadIdx.x; q < 64; q += 256) {
      const unsigned z = (blockIdx.x * 16u + q % 16) * 4 + q / 16;
      z0[z] = (float)table[q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a8;
    const float* const x1 = a10;
    const float* const x2 = a11;
    const float* const x3 = a12;
    const float* const x4 = a13;
    const float* const x5 = a6;
    const float* const x6 = a14;
    const float* const x7 = a15;
    const float* const x8 = a16;
    const float* const x9 = a17;
    const float* const x10 = a18;
    const float* const x11 = a19;
    const float* const x12 = a20;
    const Bf16* const x13 = a5;
    const float* const x14 = a21;
    float* const y0 = a22;
    float* const y1 = a23;
    float* const y2 = a14;
    float* const y3 = a10;
    float* const y4 = a16;
    float* const y5 = a17;
    float* const y6 = a18;
    float* const y7 = a19;
    float* const y8 = a20;
    float* const y9 = a21;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 64u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = x13[e];
      const float r14 = x14[e];
      const float r15 = mul(r0, r1);
      const float r16 = 0.00001f;
      const float r17 = r2 + r16;
      const float r18 = 1.0f / sqrtf(r17);
      const float r19 = mul(r18, r18);
      const float r20 = mul(r18, r19);
      const float r21 = -0.5f;
      const float r22 = mul(r20, r21);
      const float r23 = mul(r15, r22);
      const float r24 = 0.000244140625f;
      const float r25 = mul(r23, r24);
      const float r26 = mul(r3, r4);
      const float r27 = -r26;
      const float r28 = 0.0001220703125f;
      const float r29 = mul(r27, r28);
      const float r30 = mul(r5, r28);
      const float r31 = mul(r30, r25);
      const float r32 = r29 - r31;
      const float r33 = 0.9f;
      const float r34 = 0.0001f;
      const float r35 = mul(r1, r34);
      const float r36 = fmaf(r0, r18, r35);
      const float r37 = fmaf(r6, r33, r36);
      const float r38 = mul(r37, r7);
      const float r39 = r1 - r38;
      const float r40 = fmaf(r9, r34, r3);
      const float r41 = fmaf(r8, r33, r40);
      const float r42 = mul(r41, r7);
      const float r43 = r9 - r42;
      const float r44 = fmaf(r11, r34, r3);
      const float r45 = fmaf(r10, r33, r44);
      const float r46 = mul(r45, r7);
      const float r47 = r11 - r46;
      const float r48 = r13 + r30;
      const float r49 = 0.1f;
      const float r50 = mul(r48, r49);
      const float r51 = fmaf(r12, r33, r50);
      const float r52 = 0.10001220852154805f;
      const float r53 = mul(r2, r52);
      const float r54 = fmaf(r14, r33, r53);
      y0[e] = r25;
      y1[e] = r32;
      y2[e] = r37;
      y3[e] = r39;
      y4[e] = r41;
      y5[e] = r43;
      y6[e] = r45;
      y7[e] = r47;
      y8[e] = r51;
      y9[e] = r54;
    }
  }
}

// steps 153 to 154, fc:mul+sum: [1, 32768, 32] to [1, 32]: a block takes 8x4 of them with 32 threads each; 128 blocks share one; then 1 more in the last block; also step 163
extern "C" __global__ void __launch_bounds__(256) fused_153_fc_mul_sum(const Bf16* a0, const Bf16* __restrict__ a1, const Bf16* __restrict__ a2, const Bf16* __restrict__ a3, const float* __restrict__ a4, Bf16* a5, float* a6, float* a7, double* a8, float* a9, const float* a10, const float* a11, float* a12, const float* a13, float* a14, float* a15, float* a16, float* a17, float* a18, float* a19) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const Bf16* const x3 = a3;
    const float* const x4 = a4;
    Bf16* const y0 = a5;
    float* const z0 = a6;
    float* const z1 = a7;
    double* const partial = a8;
    const unsigned a = threadIdx.x % 8, d = threadIdx.x / 8;
    const unsigned k = blockIdx.x * 8 + a;
    const unsigned first = blockIdx.y * 256u, last = first + 256u < 32768u ? first + 256u : 32768u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 8u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 32) {
        const unsigned e = m * 32u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l3 = packAt<4>(x3 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = r0 + r1;
          const float r7 = r2 > 0.0f ? 1.0f : 0.0f;
          const float r8 = mul(r6, r7);
          const float r9 = 0.000030517578125f;
          const float r10 = fmaf(r5, r9, r4);
          const float r11 = r3 - r10;
          const float r12 = mul(r8, r11);
          s0[v] = r8;
          sum0[v] += r12;
          sum1[v] += r8;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 64 + v * 8 + a] = sum0[v];
      table[d * 64 + (4 + v) * 8 + a] = sum1[v];
    }

    fold<256, 64, 32, 4, 64>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 64; q += 256) mine[blockIdx.y * 64 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 64, 128, 4, 64>(table, mine);
    fold<256, 64, 4, 1, 64>(table);
    for (unsigned q = threadIdx.x; q < 32; q += 256) {
      const unsigned z = (blockIdx.x * 8u + q % 8) * 4 + q / 8;
      z0[z] = (float)table[q];
      z1[z] = (float)table[32 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a6;
    const float* const x1 = a9;
    const float* const x2 = a10;
    const float* const x3 = a7;
    const float* const x4 = a11;
    const float* const x5 = a4;
    const float* const x6 = a12;
    const float* const x7 = a13;
    const float* const x8 = a14;
    const float* const x9 = a15;
    const float* const x10 = a16;
    const Bf16* const x11 = a3;
    const float* const x12 = a17;
    float* const y0 = a18;
    float* const y1 = a19;
    float* const y2 = a12;
    float* const y3 = a9;
    float* const y4 = a14;
    float* const y5 = a15;
    float* const y6 = a16;
    float* const y7 = a17;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.00006103515625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.000030517578125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.1000030518509476f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 155, fc:add: [1, 32768, 32], 4 elements a thread; also steps 165, 179
extern "C" __global__ void __launch_bounds__(256) fused_155_fc_add(const Bf16* x0, const float* x1, const Bf16* x2, const float* x3, const float* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 1048576u) return;
  const unsigned i = e % 32u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + i);
  const auto l2 = packAt<4>(x2 + e);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = r2 - r3;
    const float r7 = fmaf(r6, r4, r5);
    const float r8 = fmaf(r0, r1, r7);
    s0[v] = r8;
  }
  store(y0 + e, s0);
}

// steps 158 to 159, fc:sum: [1, 32768, 32] to [1, 32]: a block takes 8x4 of them with 32 threads each; 128 blocks share one; then 1 more in the last block; also steps 168, 182
extern "C" __global__ void __launch_bounds__(256) fused_158_fc_sum(const Bf16* a0, const Bf16* a1, const Bf16* a2, const float* a3, float* a4, float* a5, double* a6, float* a7, const float* a8, const float* a9, float* a10, const float* a11, float* a12, float* a13, float* a14, float* a15, float* a16, float* a17) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const float* const x3 = a3;
    float* const z0 = a4;
    float* const z1 = a5;
    double* const partial = a6;
    const unsigned a = threadIdx.x % 8, d = threadIdx.x / 8;
    const unsigned k = blockIdx.x * 8 + a;
    const unsigned first = blockIdx.y * 256u, last = first + 256u < 32768u ? first + 256u : 32768u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 8u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 32) {
        const unsigned e = m * 32u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = r1 > 0.0f ? 1.0f : 0.0f;
          const float r6 = mul(r0, r5);
          const float r7 = 0.000030517578125f;
          const float r8 = fmaf(r4, r7, r3);
          const float r9 = r2 - r8;
          const float r10 = mul(r6, r9);
          sum0[v] += r10;
          sum1[v] += r6;
        }
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 64 + v * 8 + a] = sum0[v];
      table[d * 64 + (4 + v) * 8 + a] = sum1[v];
    }

    fold<256, 64, 32, 4, 64>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 64; q += 256) mine[blockIdx.y * 64 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 64, 128, 4, 64>(table, mine);
    fold<256, 64, 4, 1, 64>(table);
    for (unsigned q = threadIdx.x; q < 32; q += 256) {
      const unsigned z = (blockIdx.x * 8u + q % 8) * 4 + q / 8;
      z0[z] = (float)table[q];
      z1[z] = (float)table[32 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a7;
    const float* const x2 = a8;
    const float* const x3 = a5;
    const float* const x4 = a9;
    const float* const x5 = a3;
    const float* const x6 = a10;
    const float* const x7 = a11;
    const float* const x8 = a12;
    const float* const x9 = a13;
    const float* const x10 = a14;
    const Bf16* const x11 = a2;
    const float* const x12 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a10;
    float* const y3 = a7;
    float* const y4 = a12;
    float* const y5 = a13;
    float* const y6 = a14;
    float* const y7 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.00006103515625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.000030517578125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.1000030518509476f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 160, fc:add: [1, 32768, 32], 4 elements a thread; also steps 170, 184
extern "C" __global__ void __launch_bounds__(256) fused_160_fc_add(const Bf16* x0, const Bf16* x1, const float* x2, const Bf16* x3, const float* x4, const float* x5, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 1048576u) return;
  const unsigned i = e % 32u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + e);
  const auto l2 = packAt<4>(x2 + i);
  const auto l3 = packAt<4>(x3 + e);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  const auto l6 = packAt<4>(x5 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = r1 > 0.0f ? 1.0f : 0.0f;
    const float r8 = mul(r0, r7);
    const float r9 = r3 - r4;
    const float r10 = fmaf(r9, r5, r6);
    const float r11 = fmaf(r8, r2, r10);
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// steps 173 to 174, fc:mul+sum: [1, 32768, 32] to [1, 32]: a block takes 8x4 of them with 32 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_173_fc_mul_sum(const Bf16* a0, const Bf16* __restrict__ a1, const Bf16* __restrict__ a2, const Bf16* __restrict__ a3, const float* __restrict__ a4, Bf16* a5, float* a6, float* a7, double* a8, float* a9, const float* a10, const float* a11, float* a12, const float* a13, float* a14, float* a15, float* a16, float* a17) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const Bf16* const x3 = a3;
    const float* const x4 = a4;
    Bf16* const y0 = a5;
    float* const z0 = a6;
    float* const z1 = a7;
    double* const partial = a8;
    const unsigned a = threadIdx.x % 8, d = threadIdx.x / 8;
    const unsigned k = blockIdx.x * 8 + a;
    const unsigned first = blockIdx.y * 256u, last = first + 256u < 32768u ? first + 256u : 32768u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 8u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 32) {
        const unsigned e = m * 32u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l3 = packAt<4>(x3 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = r0 + r1;
          const float r7 = r2 > 0.0f ? 1.0f : 0.0f;
          const float r8 = mul(r6, r7);
          const float r9 = 0.000030517578125f;
          const float r10 = fmaf(r5, r9, r4);
          const float r11 = r3 - r10;
          const float r12 = mul(r8, r11);
          s0[v] = r8;
          sum0[v] += r12;
          sum1[v] += r8;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 64 + v * 8 + a] = sum0[v];
      table[d * 64 + (4 + v) * 8 + a] = sum1[v];
    }

    fold<256, 64, 32, 4, 64>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 64; q += 256) mine[blockIdx.y * 64 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 64, 128, 4, 64>(table, mine);
    fold<256, 64, 4, 1, 64>(table);
    for (unsigned q = threadIdx.x; q < 32; q += 256) {
      const unsigned z = (blockIdx.x * 8u + q % 8) * 4 + q / 8;
      z0[z] = (float)table[q];
      z1[z] = (float)table[32 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a6;
    const float* const x1 = a9;
    const float* const x2 = a10;
    const float* const x3 = a7;
    const float* const x4 = a11;
    const float* const x5 = a4;
    const float* const x6 = a12;
    const float* const x7 = a13;
    const float* const x8 = a14;
    const Bf16* const x9 = a3;
    const float* const x10 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a12;
    float* const y3 = a9;
    float* const y4 = a14;
    float* const y5 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = mul(r0, r1);
      const float r12 = 0.00001f;
      const float r13 = r2 + r12;
      const float r14 = 1.0f / sqrtf(r13);
      const float r15 = mul(r14, r14);
      const float r16 = mul(r14, r15);
      const float r17 = -0.5f;
      const float r18 = mul(r16, r17);
      const float r19 = mul(r11, r18);
      const float r20 = 0.00006103515625f;
      const float r21 = mul(r19, r20);
      const float r22 = mul(r3, r4);
      const float r23 = -r22;
      const float r24 = 0.000030517578125f;
      const float r25 = mul(r23, r24);
      const float r26 = mul(r5, r24);
      const float r27 = mul(r26, r21);
      const float r28 = r25 - r27;
      const float r29 = 0.9f;
      const float r30 = 0.0001f;
      const float r31 = mul(r1, r30);
      const float r32 = fmaf(r0, r14, r31);
      const float r33 = fmaf(r6, r29, r32);
      const float r34 = mul(r33, r7);
      const float r35 = r1 - r34;
      const float r36 = r9 + r26;
      const float r37 = 0.1f;
      const float r38 = mul(r36, r37);
      const float r39 = fmaf(r8, r29, r38);
      const float r40 = 0.1000030518509476f;
      const float r41 = mul(r2, r40);
      const float r42 = fmaf(r10, r29, r41);
      y0[e] = r21;
      y1[e] = r28;
      y2[e] = r33;
      y3[e] = r35;
      y4[e] = r39;
      y5[e] = r42;
    }
  }
}

// steps 175 to 176, fc:add+sum: [1, 32768, 32] to [1, 32]: a block takes 8x4 of them with 32 threads each; 128 blocks share one; then 1 more in the last block
extern "C" __global__ void __launch_bounds__(256) fused_175_fc_add_sum(const Bf16* __restrict__ a0, const float* __restrict__ a1, const Bf16* __restrict__ a2, const float* __restrict__ a3, const float* __restrict__ a4, const Bf16* __restrict__ a5, const float* __restrict__ a6, Bf16* a7, float* a8, double* a9, float* a10, const float* a11, const float* a12, const float* a13, float* a14, const float* a15, float* a16, float* a17, float* a18, float* a19, float* a20, float* a21, float* a22, float* a23) {
  __shared__ double table[1024];
  {
    const Bf16* const x0 = a0;
    const float* const x1 = a1;
    const Bf16* const x2 = a2;
    const float* const x3 = a3;
    const float* const x4 = a4;
    const Bf16* const x5 = a5;
    const float* const x6 = a6;
    Bf16* const y0 = a7;
    float* const z0 = a8;
    double* const partial = a9;
    const unsigned a = threadIdx.x % 8, d = threadIdx.x / 8;
    const unsigned k = blockIdx.x * 8 + a;
    const unsigned first = blockIdx.y * 256u, last = first + 256u < 32768u ? first + 256u : 32768u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 8u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x6 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 32) {
        const unsigned e = m * 32u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l6 = packAt<4>(x5 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = l6[v];
          const float r7 = l7[v];
          const float r8 = l8[v];
          const float r9 = r2 - r3;
          const float r10 = fmaf(r9, r4, r5);
          const float r11 = fmaf(r0, r1, r10);
          const float r12 = 0.000030517578125f;
          const float r13 = fmaf(r8, r12, r7);
          const float r14 = r6 - r13;
          const float r15 = mul(r0, r14);
          s0[v] = r11;
          sum0[v] += r15;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 32 + v * 8 + a] = sum0[v];
    }

    fold<256, 32, 32, 4, 32>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 4096ull;
    for (unsigned q = threadIdx.x; q < 32; q += 256) mine[blockIdx.y * 32 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 128)) return;
    rows<256, 32, 128, 8, 32>(table, mine);
    fold<256, 32, 8, 1, 32>(table);
    for (unsigned q = threadIdx.x; q < 32; q += 256) {
      const unsigned z = (blockIdx.x * 8u + q % 8) * 4 + q / 8;
      z0[z] = (float)table[q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a8;
    const float* const x1 = a10;
    const float* const x2 = a11;
    const float* const x3 = a12;
    const float* const x4 = a13;
    const float* const x5 = a6;
    const float* const x6 = a14;
    const float* const x7 = a15;
    const float* const x8 = a16;
    const float* const x9 = a17;
    const float* const x10 = a18;
    const float* const x11 = a19;
    const float* const x12 = a20;
    const Bf16* const x13 = a5;
    const float* const x14 = a21;
    float* const y0 = a22;
    float* const y1 = a23;
    float* const y2 = a14;
    float* const y3 = a10;
    float* const y4 = a16;
    float* const y5 = a17;
    float* const y6 = a18;
    float* const y7 = a19;
    float* const y8 = a20;
    float* const y9 = a21;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 32u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = x13[e];
      const float r14 = x14[e];
      const float r15 = mul(r0, r1);
      const float r16 = 0.00001f;
      const float r17 = r2 + r16;
      const float r18 = 1.0f / sqrtf(r17);
      const float r19 = mul(r18, r18);
      const float r20 = mul(r18, r19);
      const float r21 = -0.5f;
      const float r22 = mul(r20, r21);
      const float r23 = mul(r15, r22);
      const float r24 = 0.00006103515625f;
      const float r25 = mul(r23, r24);
      const float r26 = mul(r3, r4);
      const float r27 = -r26;
      const float r28 = 0.000030517578125f;
      const float r29 = mul(r27, r28);
      const float r30 = mul(r5, r28);
      const float r31 = mul(r30, r25);
      const float r32 = r29 - r31;
      const float r33 = 0.9f;
      const float r34 = 0.0001f;
      const float r35 = mul(r1, r34);
      const float r36 = fmaf(r0, r18, r35);
      const float r37 = fmaf(r6, r33, r36);
      const float r38 = mul(r37, r7);
      const float r39 = r1 - r38;
      const float r40 = fmaf(r9, r34, r3);
      const float r41 = fmaf(r8, r33, r40);
      const float r42 = mul(r41, r7);
      const float r43 = r9 - r42;
      const float r44 = fmaf(r11, r34, r3);
      const float r45 = fmaf(r10, r33, r44);
      const float r46 = mul(r45, r7);
      const float r47 = r11 - r46;
      const float r48 = r13 + r30;
      const float r49 = 0.1f;
      const float r50 = mul(r48, r49);
      const float r51 = fmaf(r12, r33, r50);
      const float r52 = 0.1000030518509476f;
      const float r53 = mul(r2, r52);
      const float r54 = fmaf(r14, r33, r53);
      y0[e] = r25;
      y1[e] = r32;
      y2[e] = r37;
      y3[e] = r39;
      y4[e] = r41;
      y5[e] = r43;
      y6[e] = r45;
      y7[e] = r47;
      y8[e] = r51;
      y9[e] = r54;
    }
  }
}

// steps 187 to 188, fc:mul+sum: [1, 131072, 16] to [1, 16]: a block takes 4x4 of them with 64 threads each; 256 blocks share one; then 1 more in the last block; also steps 197, 207, 217
extern "C" __global__ void __launch_bounds__(256) fused_187_fc_mul_sum(const Bf16* a0, const Bf16* __restrict__ a1, const Bf16* __restrict__ a2, const Bf16* __restrict__ a3, const float* __restrict__ a4, Bf16* a5, float* a6, float* a7, double* a8, float* a9, const float* a10, const float* a11, float* a12, const float* a13, float* a14, float* a15, float* a16, float* a17, float* a18, float* a19) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const Bf16* const x3 = a3;
    const float* const x4 = a4;
    Bf16* const y0 = a5;
    float* const z0 = a6;
    float* const z1 = a7;
    double* const partial = a8;
    const unsigned a = threadIdx.x % 4, d = threadIdx.x / 4;
    const unsigned k = blockIdx.x * 4 + a;
    const unsigned first = blockIdx.y * 512u, last = first + 512u < 131072u ? first + 512u : 131072u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 4u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l4 = packAt<4>(x3 + i);
      const auto l5 = packAt<4>(x4 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 64) {
        const unsigned e = m * 16u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
        const auto l3 = packAt<4>(x3 + e);
        Pack<Bf16, 4> s0;
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = l5[v];
          const float r6 = r0 + r1;
          const float r7 = r2 > 0.0f ? 1.0f : 0.0f;
          const float r8 = mul(r6, r7);
          const float r9 = 0.00000762939453125f;
          const float r10 = fmaf(r5, r9, r4);
          const float r11 = r3 - r10;
          const float r12 = mul(r8, r11);
          s0[v] = r8;
          sum0[v] += r12;
          sum1[v] += r8;
        }
        store(y0 + e, s0);
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 32 + v * 4 + a] = sum0[v];
      table[d * 32 + (4 + v) * 4 + a] = sum1[v];
    }

    fold<256, 32, 64, 8, 32>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 32; q += 256) mine[blockIdx.y * 32 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 256)) return;
    rows<256, 32, 256, 8, 32>(table, mine);
    fold<256, 32, 8, 1, 32>(table);
    for (unsigned q = threadIdx.x; q < 16; q += 256) {
      const unsigned z = (blockIdx.x * 4u + q % 4) * 4 + q / 4;
      z0[z] = (float)table[q];
      z1[z] = (float)table[16 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a6;
    const float* const x1 = a9;
    const float* const x2 = a10;
    const float* const x3 = a7;
    const float* const x4 = a11;
    const float* const x5 = a4;
    const float* const x6 = a12;
    const float* const x7 = a13;
    const float* const x8 = a14;
    const float* const x9 = a15;
    const float* const x10 = a16;
    const Bf16* const x11 = a3;
    const float* const x12 = a17;
    float* const y0 = a18;
    float* const y1 = a19;
    float* const y2 = a12;
    float* const y3 = a9;
    float* const y4 = a14;
    float* const y5 = a15;
    float* const y6 = a16;
    float* const y7 = a17;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 16u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.0000152587890625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.00000762939453125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.10000076294527394f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 189, fc:add: [1, 131072, 16], 4 elements a thread; also steps 199, 209, 219
extern "C" __global__ void __launch_bounds__(256) fused_189_fc_add(const Bf16* x0, const float* x1, const Bf16* x2, const float* x3, const float* x4, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 2097152u) return;
  const unsigned i = e % 16u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + i);
  const auto l2 = packAt<4>(x2 + e);
  const auto l3 = packAt<4>(x2 + i);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = r2 - r3;
    const float r7 = fmaf(r6, r4, r5);
    const float r8 = fmaf(r0, r1, r7);
    s0[v] = r8;
  }
  store(y0 + e, s0);
}

// steps 192 to 193, fc:sum: [1, 131072, 16] to [1, 16]: a block takes 4x4 of them with 64 threads each; 256 blocks share one; then 1 more in the last block; also steps 202, 212
extern "C" __global__ void __launch_bounds__(256) fused_192_fc_sum(const Bf16* a0, const Bf16* a1, const Bf16* a2, const float* a3, float* a4, float* a5, double* a6, float* a7, const float* a8, const float* a9, float* a10, const float* a11, float* a12, float* a13, float* a14, float* a15, float* a16, float* a17) {
  __shared__ double table[2048];
  {
    const Bf16* const x0 = a0;
    const Bf16* const x1 = a1;
    const Bf16* const x2 = a2;
    const float* const x3 = a3;
    float* const z0 = a4;
    float* const z1 = a5;
    double* const partial = a6;
    const unsigned a = threadIdx.x % 4, d = threadIdx.x / 4;
    const unsigned k = blockIdx.x * 4 + a;
    const unsigned first = blockIdx.y * 512u, last = first + 512u < 131072u ? first + 512u : 131072u;
    float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    float sum1[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    if (k < 4u) {
      const unsigned c = k * 4;
      const unsigned i = c;
      const auto l3 = packAt<4>(x2 + i);
      const auto l4 = packAt<4>(x3 + i);
#pragma unroll 4
      for (unsigned m = first + d; m < last; m += 64) {
        const unsigned e = m * 16u + c;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + e);
        const auto l2 = packAt<4>(x2 + e);
#pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = l2[v];
          const float r3 = l3[v];
          const float r4 = l4[v];
          const float r5 = r1 > 0.0f ? 1.0f : 0.0f;
          const float r6 = mul(r0, r5);
          const float r7 = 0.00000762939453125f;
          const float r8 = fmaf(r4, r7, r3);
          const float r9 = r2 - r8;
          const float r10 = mul(r6, r9);
          sum0[v] += r10;
          sum1[v] += r6;
        }
      }
    }

#pragma unroll
    for (unsigned v = 0; v < 4; ++v) {
      table[d * 32 + v * 4 + a] = sum0[v];
      table[d * 32 + (4 + v) * 4 + a] = sum1[v];
    }

    fold<256, 32, 64, 8, 32>(table);
    static __device__ unsigned arrivals[1];
    double* mine = partial + blockIdx.x * 8192ull;
    for (unsigned q = threadIdx.x; q < 32; q += 256) mine[blockIdx.y * 32 + q] = table[q];
    if (!arrivesLast(arrivals + blockIdx.x, 256)) return;
    rows<256, 32, 256, 8, 32>(table, mine);
    fold<256, 32, 8, 1, 32>(table);
    for (unsigned q = threadIdx.x; q < 16; q += 256) {
      const unsigned z = (blockIdx.x * 4u + q % 4) * 4 + q / 4;
      z0[z] = (float)table[q];
      z1[z] = (float)table[16 + q];
    }
  }
  __syncthreads();
  {
    const float* const x0 = a4;
    const float* const x1 = a7;
    const float* const x2 = a8;
    const float* const x3 = a5;
    const float* const x4 = a9;
    const float* const x5 = a3;
    const float* const x6 = a10;
    const float* const x7 = a11;
    const float* const x8 = a12;
    const float* const x9 = a13;
    const float* const x10 = a14;
    const Bf16* const x11 = a2;
    const float* const x12 = a15;
    float* const y0 = a16;
    float* const y1 = a17;
    float* const y2 = a10;
    float* const y3 = a7;
    float* const y4 = a12;
    float* const y5 = a13;
    float* const y6 = a14;
    float* const y7 = a15;
    const unsigned block = 0;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < 16u) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[e];
      const float r5 = x5[e];
      const float r6 = x6[e];
      const float r7 = x7[0u];
      const float r8 = x8[e];
      const float r9 = x9[e];
      const float r10 = x10[e];
      const float r11 = x11[e];
      const float r12 = x12[e];
      const float r13 = mul(r0, r1);
      const float r14 = 0.00001f;
      const float r15 = r2 + r14;
      const float r16 = 1.0f / sqrtf(r15);
      const float r17 = mul(r16, r16);
      const float r18 = mul(r16, r17);
      const float r19 = -0.5f;
      const float r20 = mul(r18, r19);
      const float r21 = mul(r13, r20);
      const float r22 = 0.0000152587890625f;
      const float r23 = mul(r21, r22);
      const float r24 = mul(r3, r4);
      const float r25 = -r24;
      const float r26 = 0.00000762939453125f;
      const float r27 = mul(r25, r26);
      const float r28 = mul(r5, r26);
      const float r29 = mul(r28, r23);
      const float r30 = r27 - r29;
      const float r31 = 0.9f;
      const float r32 = 0.0001f;
      const float r33 = mul(r1, r32);
      const float r34 = fmaf(r0, r16, r33);
      const float r35 = fmaf(r6, r31, r34);
      const float r36 = mul(r35, r7);
      const float r37 = r1 - r36;
      const float r38 = fmaf(r9, r32, r3);
      const float r39 = fmaf(r8, r31, r38);
      const float r40 = mul(r39, r7);
      const float r41 = r9 - r40;
      const float r42 = r11 + r28;
      const float r43 = 0.1f;
      const float r44 = mul(r42, r43);
      const float r45 = fmaf(r10, r31, r44);
      const float r46 = 0.10000076294527394f;
      const float r47 = mul(r2, r46);
      const float r48 = fmaf(r12, r31, r47);
      y0[e] = r23;
      y1[e] = r30;
      y2[e] = r35;
      y3[e] = r37;
      y4[e] = r39;
      y5[e] = r41;
      y6[e] = r45;
      y7[e] = r48;
    }
  }
}

// step 194, fc:add: [1, 131072, 16], 4 elements a thread; also steps 204, 214
extern "C" __global__ void __launch_bounds__(256) fused_194_fc_add(const Bf16* x0, const Bf16* x1, const float* x2, const Bf16* x3, const float* x4, const float* x5, Bf16* y0) {
  const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
  if (e >= 2097152u) return;
  const unsigned i = e % 16u;
  const auto l0 = packAt<4>(x0 + e);
  const auto l1 = packAt<4>(x1 + e);
  const auto l2 = packAt<4>(x2 + i);
  const auto l3 = packAt<4>(x3 + e);
  const auto l4 = packAt<4>(x3 + i);
  const auto l5 = packAt<4>(x4 + i);
  const auto l6 = packAt<4>(x5 + i);
  Pack<Bf16, 4> s0;
#pragma unroll
  for (unsigned v = 0; v < 4; ++v) {
    const float r0 = l0[v];
    const float r1 = l1[v];
    const float r2 = l2[v];
    const float r3 = l3[v];
    const float r4 = l4[v];
    const float r5 = l5[v];
    const float r6 = l6[v];
    const float r7 = r1 > 0.0f ? 1.0f : 0.0f;
    const float r8 = mul(r0, r7);
    const float r9 = r3 - r4;
    const float r10 = fmaf(r9, r5, r6);
    const float r11 = fmaf(r8, r2, r10);
    s0[v] = r11;
  }
  store(y0 + e, s0);
}

// step 220, fc:pad: 1048576 elements
extern "C" __global__ void __launch_bounds__(256) fill_220_fc_pad(Bf16* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 1048576u) return;
  y[e] = 0.0f;
}

// step 221, fc:pad: 393216 elements
extern "C" __global__ void __launch_bounds__(256) copy_221_fc_pad(const Bf16* x, Bf16* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 393216u) return;
  const unsigned i0 = e / 3u;
  const unsigned i1 = e % 3u;
  y[i0 * 8u + i1] = x[i0 * 3u + i1];
}

// step 223, fc:slice: 432 elements
extern "C" __global__ void __launch_bounds__(256) copy_223_fc_slice(const float* x, float* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 432u) return;
  const unsigned i0 = e / 3u;
  const unsigned i1 = e % 3u;
  y[i0 * 3u + i1] = x[i0 * 8u + i1];
}

// steps 224 to 247, fc:mul: 24 maps side by side
extern "C" __global__ void __launch_bounds__(256) fused_224_fc_mul(const float* a0, float* a1, float* a2, const float* a3, const float* a4, float* a5, const float* a6, float* a7, const float* a8, const float* a9, float* a10, float* a11, const float* a12, const float* a13, float* a14, float* a15, const float* a16, const float* a17, float* a18, float* a19, const float* a20, const float* a21, float* a22, float* a23, const float* a24, const float* a25, float* a26, float* a27, const float* a28, const float* a29, float* a30, float* a31, const float* a32, const float* a33, float* a34, float* a35, const float* a36, const float* a37, float* a38, float* a39, const float* a40, const float* a41, float* a42, float* a43, const float* a44, const float* a45, float* a46, float* a47, const float* a48, const float* a49, float* a50, float* a51, const float* a52, const float* a53, float* a54, float* a55, const float* a56, const float* a57, float* a58, float* a59, const float* a60, const float* a61, float* a62, float* a63, const float* a64, const float* a65, float* a66, float* a67, const float* a68, const float* a69, float* a70, float* a71, const float* a72, const float* a73, float* a74, float* a75, const float* a76, const float* a77, float* a78, float* a79, const float* a80, const float* a81, float* a82, float* a83, const float* a84, const float* a85, float* a86, float* a87, const float* a88, const float* a89, float* a90, float* a91, const float* a92, float* a93) {
  if (blockIdx.x < 1) {
    const float* x0;
    float* y0;
    unsigned count;
    unsigned first;
    { x0 = a0; y0 = a1; first = 0; count = 1; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = x0[e];
      const float r1 = 0.0078125f;
      const float r2 = mul(r0, r1);
      y0[e] = r2;
    }
  } else if (blockIdx.x < 1060) {
    const float* x0;
    const float* x1;
    const float* x2;
    const float* x3;
    const float* x4;
    float* y0;
    float* y1;
    unsigned count;
    unsigned first;
    if (blockIdx.x < 3) { x0 = a2; x1 = a3; x2 = a4; x3 = a5; x4 = a6; y0 = a2; y1 = a5; first = 1; count = 432; }
    else if (blockIdx.x < 12) { x0 = a7; x1 = a8; x2 = a9; x3 = a10; x4 = a6; y0 = a7; y1 = a10; first = 3; count = 2304; }
    else if (blockIdx.x < 21) { x0 = a11; x1 = a12; x2 = a13; x3 = a14; x4 = a6; y0 = a11; y1 = a14; first = 12; count = 2304; }
    else if (blockIdx.x < 30) { x0 = a15; x1 = a16; x2 = a17; x3 = a18; x4 = a6; y0 = a15; y1 = a18; first = 21; count = 2304; }
    else if (blockIdx.x < 39) { x0 = a19; x1 = a20; x2 = a21; x3 = a22; x4 = a6; y0 = a19; y1 = a22; first = 30; count = 2304; }
    else if (blockIdx.x < 48) { x0 = a23; x1 = a24; x2 = a25; x3 = a26; x4 = a6; y0 = a23; y1 = a26; first = 39; count = 2304; }
    else if (blockIdx.x < 57) { x0 = a27; x1 = a28; x2 = a29; x3 = a30; x4 = a6; y0 = a27; y1 = a30; first = 48; count = 2304; }
    else if (blockIdx.x < 75) { x0 = a31; x1 = a32; x2 = a33; x3 = a34; x4 = a6; y0 = a31; y1 = a34; first = 57; count = 4608; }
    else if (blockIdx.x < 111) { x0 = a35; x1 = a36; x2 = a37; x3 = a38; x4 = a6; y0 = a35; y1 = a38; first = 75; count = 9216; }
    else if (blockIdx.x < 113) { x0 = a39; x1 = a40; x2 = a41; x3 = a42; x4 = a6; y0 = a39; y1 = a42; first = 111; count = 512; }
    else if (blockIdx.x < 149) { x0 = a43; x1 = a44; x2 = a45; x3 = a46; x4 = a6; y0 = a43; y1 = a46; first = 113; count = 9216; }
    else if (blockIdx.x < 185) { x0 = a47; x1 = a48; x2 = a49; x3 = a50; x4 = a6; y0 = a47; y1 = a50; first = 149; count = 9216; }
    else if (blockIdx.x < 221) { x0 = a51; x1 = a52; x2 = a53; x3 = a54; x4 = a6; y0 = a51; y1 = a54; first = 185; count = 9216; }
    else if (blockIdx.x < 257) { x0 = a55; x1 = a56; x2 = a57; x3 = a58; x4 = a6; y0 = a55; y1 = a58; first = 221; count = 9216; }
    else if (blockIdx.x < 329) { x0 = a59; x1 = a60; x2 = a61; x3 = a62; x4 = a6; y0 = a59; y1 = a62; first = 257; count = 18432; }
    else if (blockIdx.x < 473) { x0 = a63; x1 = a64; x2 = a65; x3 = a66; x4 = a6; y0 = a63; y1 = a66; first = 329; count = 36864; }
    else if (blockIdx.x < 481) { x0 = a67; x1 = a68; x2 = a69; x3 = a70; x4 = a6; y0 = a67; y1 = a70; first = 473; count = 2048; }
    else if (blockIdx.x < 625) { x0 = a71; x1 = a72; x2 = a73; x3 = a74; x4 = a6; y0 = a71; y1 = a74; first = 481; count = 36864; }
    else if (blockIdx.x < 769) { x0 = a75; x1 = a76; x2 = a77; x3 = a78; x4 = a6; y0 = a75; y1 = a78; first = 625; count = 36864; }
    else if (blockIdx.x < 913) { x0 = a79; x1 = a80; x2 = a81; x3 = a82; x4 = a6; y0 = a79; y1 = a82; first = 769; count = 36864; }
    else if (blockIdx.x < 1057) { x0 = a83; x1 = a84; x2 = a85; x3 = a86; x4 = a6; y0 = a83; y1 = a86; first = 913; count = 36864; }
    else { x0 = a87; x1 = a88; x2 = a89; x3 = a90; x4 = a6; y0 = a87; y1 = a90; first = 1057; count = 640; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[e];
      const float r4 = x4[0u];
      const float r5 = 0.9f;
      const float r6 = 0.0001f;
      const float r7 = mul(r3, r6);
      const float r8 = fmaf(r1, r2, r7);
      const float r9 = fmaf(r0, r5, r8);
      const float r10 = mul(r9, r4);
      const float r11 = r3 - r10;
      y0[e] = r9;
      y1[e] = r11;
    }
  } else {
    const float* x0;
    const float* x1;
    const float* x2;
    const float* x3;
    float* y0;
    float* y1;
    unsigned count;
    unsigned first;
    { x0 = a91; x1 = a92; x2 = a93; x3 = a6; y0 = a91; y1 = a93; first = 1060; count = 10; }
    const unsigned block = blockIdx.x - first;
    const unsigned e = block * 256 + threadIdx.x;
    if (e < count) {
      const float r0 = x0[e];
      const float r1 = x1[e];
      const float r2 = x2[e];
      const float r3 = x3[0u];
      const float r4 = 0.9f;
      const float r5 = 0.0001f;
      const float r6 = fmaf(r2, r5, r1);
      const float r7 = fmaf(r0, r4, r6);
      const float r8 = mul(r7, r3);
      const float r9 = r2 - r8;
      y0[e] = r7;
      y1[e] = r9;
    }
  }
}

// step 248, copy: 64 elements
extern "C" __global__ void __launch_bounds__(64) copy_248_copy(const float* x, float* y) {
  const unsigned e = blockIdx.x * 64 + threadIdx.x;
  if (e >= 64u) return;
  const unsigned i0 = e;
  y[i0] = x[i0];
}
