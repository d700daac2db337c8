// plan 'px/select': 91 kernels for 268 steps

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

// 2^x; exact for integers.
__device__ inline float powerOfTwo(float x) {
  const float inside = clamped(x, -200.0f, 200.0f);
  const float k = rintf(inside);
  const float y = timesPowerOfTwo(exponentialOfSmall(__fmul_rn(inside - k, 0.693147181f)), (int)k);
  return x != x ? x : y;
}

// floor(log2 |x|); 0 at 0, NaN for infinities and NaN.
__device__ inline float exponent(float x) {
  const float a = fabsf(x);
  const bool denormal = a < 0x1p-126f;
  const int biased = __float_as_int(denormal ? __fmul_rn(a, 0x1p24f) : a) >> 23;
  const float e = (float)(biased - (denormal ? 127 + 24 : 127));
  return a == 0.0f ? 0.0f : a < __int_as_float(0x7f800000) ? e : __int_as_float(0x7fffffff);
}

__device__ inline double combine(bool adds, double a, double b) {
  return adds ? a + b : larger(a, b);
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

// Integers in the order of the scores; both zeros are one, NaN is the lowest.
__device__ inline unsigned keyOf(float score) {
  if (score != score) return 0;
  const unsigned bits = (unsigned)__float_as_int(score + 0.0f);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

// Exclusive sum over the threads of a block in the order of their numbers; `total` receives the sum over all.
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
}

// step 0, conv:concat: 22 runs of 270896 elements in all, of as many steps; also step 218
extern "C" __global__ void __launch_bounds__(256) copy_0_conv_concat(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, const float* x9, const float* x10, const float* x11, const float* x12, const float* x13, const float* x14, const float* x15, const float* x16, const float* x17, const float* x18, const float* x19, const float* x20, const float* x21, float* y0) {
  const float* from = x0;
  float* to = y0;
  unsigned first = 0, count = 0;  // the first block of this block's run, and its elements
  if (blockIdx.x < 2) { from = x0; to = y0; first = 0; count = 432; }
  else if (blockIdx.x < 11) { from = x1; to = y0 + 432; first = 2; count = 2304; }
  else if (blockIdx.x < 20) { from = x2; to = y0 + 2736; first = 11; count = 2304; }
  else if (blockIdx.x < 29) { from = x3; to = y0 + 5040; first = 20; count = 2304; }
  else if (blockIdx.x < 38) { from = x4; to = y0 + 7344; first = 29; count = 2304; }
  else if (blockIdx.x < 47) { from = x5; to = y0 + 9648; first = 38; count = 2304; }
  else if (blockIdx.x < 56) { from = x6; to = y0 + 11952; first = 47; count = 2304; }
  else if (blockIdx.x < 74) { from = x7; to = y0 + 14256; first = 56; count = 4608; }
  else if (blockIdx.x < 110) { from = x8; to = y0 + 18864; first = 74; count = 9216; }
  else if (blockIdx.x < 112) { from = x9; to = y0 + 28080; first = 110; count = 512; }
  else if (blockIdx.x < 148) { from = x10; to = y0 + 28592; first = 112; count = 9216; }
  else if (blockIdx.x < 184) { from = x11; to = y0 + 37808; first = 148; count = 9216; }
  else if (blockIdx.x < 220) { from = x12; to = y0 + 47024; first = 184; count = 9216; }
  else if (blockIdx.x < 256) { from = x13; to = y0 + 56240; first = 220; count = 9216; }
  else if (blockIdx.x < 328) { from = x14; to = y0 + 65456; first = 256; count = 18432; }
  else if (blockIdx.x < 472) { from = x15; to = y0 + 83888; first = 328; count = 36864; }
  else if (blockIdx.x < 480) { from = x16; to = y0 + 120752; first = 472; count = 2048; }
  else if (blockIdx.x < 624) { from = x17; to = y0 + 122800; first = 480; count = 36864; }
  else if (blockIdx.x < 768) { from = x18; to = y0 + 159664; first = 624; count = 36864; }
  else if (blockIdx.x < 912) { from = x19; to = y0 + 196528; first = 768; count = 36864; }
  else if (blockIdx.x < 1056) { from = x20; to = y0 + 233392; first = 912; count = 36864; }
  else { from = x21; to = y0 + 270256; first = 1056; count = 640; }
  const unsigned e = (blockIdx.x - first) * 256 + threadIdx.x;
  if (e < count) to[e] = from[e];
}

// step 22, constant: 3072 elements
extern "C" __global__ void __launch_bounds__(256) fill_22_constant(float* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 3072u) return;
  y[e] = 1.0f;
}

// step 23, fused:maximum: [1, 1, 10] to [1, 1]: a block takes 1 of them with 8 threads each
extern "C" __global__ void __launch_bounds__(8) fused_23_fused_maximum(const float* x0, float* z0) {
  const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 10u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 8) {
      const unsigned e = m;
      const float r0 = x0[e];
      max0 = larger(max0, r0);
    }
  }

  __shared__ double table[8];
  table[d * 1 + a] = max0;

  fold<8, 1, 8, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 8) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 24, fused:exp2: [1, 1, 1], one element a thread; also step 26
extern "C" __global__ void __launch_bounds__(32) fused_24_fused_exp2(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = exponent(r0);
  const float r2 = -r1;
  const float r3 = powerOfTwo(r2);
  y0[e] = r3;
}

// step 25, fused:maximum: [1, 1, 3072] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_25_fused_maximum(const float* x0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 3072u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const auto l0 = packAt<4>(x0 + e);
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        max0 = larger(max0, r0);
      }
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 27, conv:mul: [1, 1, 432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_27_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 432u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 29, bn:mul: [1, 1, 16], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_29_bn_mul(const float* x0, const float* x1, const float* x2, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 16u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = 0.00001f;
  const float r4 = r1 + r3;
  const float r5 = 1.0f / sqrtf(r4);
  const float r6 = mul(r0, r5);
  const float r7 = mul(r6, r6);
  const float r8 = exponent(r2);
  const float r9 = 0.0f;
  const float r10 = larger(r8, r9);
  const float r11 = r8 - r10;
  const float r12 = powerOfTwo(r11);
  const float r13 = mul(r7, r12);
  y0[e] = r6;
  y1[e] = r13;
}

// step 30, conv:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_30_conv_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = exponent(r5);
        const float r11 = larger(r10, r9);
        const float r12 = r9 - r11;
        const float r13 = powerOfTwo(r12);
        const float r14 = mul(r8, r13);
        const float r15 = fmaf(r0, r1, r14);
        s0[v] = r15;
        max0 = larger(max0, r15);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 4ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 4)) return;
  rows<256, 1, 4, 4, 0>(table, mine);
  fold<256, 1, 4, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 31, conv:add+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_31_conv_add_exp2(const float* x0, const float* x1, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = exponent(r0);
  const float r3 = 0.0f;
  const float r4 = larger(r2, r3);
  const float r5 = exponent(r1);
  const float r6 = r4 + r5;
  const float r7 = -r5;
  const float r8 = powerOfTwo(r7);
  y0[e] = r6;
  y1[e] = r8;
}

// step 32, blocks.0.conv1:mul: [1, 1, 2304], one element a thread; also steps 37, 42, 47, 52, 57
extern "C" __global__ void __launch_bounds__(256) fused_32_blocks_0_conv1_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2304u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 34, blocks.0.bn1:mul: [1, 1, 16], one element a thread; also step 54
extern "C" __global__ void __launch_bounds__(32) fused_34_blocks_0_bn1_mul(const float* x0, const float* x1, const float* x2, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 16u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = 0.00001f;
  const float r4 = r1 + r3;
  const float r5 = 1.0f / sqrtf(r4);
  const float r6 = mul(r0, r5);
  const float r7 = mul(r6, r6);
  const float r8 = 0.0f;
  const float r9 = larger(r2, r8);
  const float r10 = r2 - r9;
  const float r11 = powerOfTwo(r10);
  const float r12 = mul(r7, r11);
  y0[e] = r6;
  y1[e] = r12;
}

// step 35, blocks.0.conv1:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one; also step 55
extern "C" __global__ void __launch_bounds__(256) fused_35_blocks_0_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = larger(r5, r9);
        const float r11 = r9 - r10;
        const float r12 = powerOfTwo(r11);
        const float r13 = mul(r8, r12);
        const float r14 = fmaf(r0, r1, r13);
        s0[v] = r14;
        max0 = larger(max0, r14);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 4ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 4)) return;
  rows<256, 1, 4, 4, 0>(table, mine);
  fold<256, 1, 4, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 36, conv+blocks.0.conv1:add+max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_36_conv_blocks_0_conv1_add_max_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = 0.0f;
  const float r4 = larger(r0, r3);
  const float r5 = exponent(r1);
  const float r6 = r4 + r5;
  const float r7 = larger(r6, r3);
  const float r8 = exponent(r2);
  const float r9 = larger(r8, r3);
  const float r10 = larger(r7, r9);
  const float r11 = -r5;
  const float r12 = powerOfTwo(r11);
  const float r13 = r6 - r7;
  const float r14 = powerOfTwo(r13);
  const float r15 = r7 - r10;
  const float r16 = powerOfTwo(r15);
  const float r17 = r9 - r10;
  const float r18 = powerOfTwo(r17);
  y0[e] = r6;
  y1[e] = r10;
  y2[e] = r12;
  y3[e] = r14;
  y4[e] = r16;
  y5[e] = r18;
}

// step 39, blocks.0.bn2:mul: [1, 1, 16], one element a thread; also steps 49, 59
extern "C" __global__ void __launch_bounds__(32) fused_39_blocks_0_bn2_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 16u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = 0.00001f;
  const float r3 = r1 + r2;
  const float r4 = 1.0f / sqrtf(r3);
  const float r5 = mul(r0, r4);
  y0[e] = r5;
}

// step 40, blocks.0.conv2:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one; also step 60
extern "C" __global__ void __launch_bounds__(256) fused_40_blocks_0_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = larger(r5, r14);
        const float r16 = r14 - r15;
        const float r17 = powerOfTwo(r16);
        const float r18 = mul(r13, r17);
        const float r19 = fmaf(r0, r10, r18);
        const float r20 = mul(r7, r8);
        const float r21 = fmaf(r19, r6, r20);
        s0[v] = r21;
        max0 = larger(max0, r21);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 4ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 4)) return;
  rows<256, 1, 4, 4, 0>(table, mine);
  fold<256, 1, 4, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 41, conv+blocks.0.conv2:max+exp2: [1, 1, 1], one element a thread; also steps 84, 107
extern "C" __global__ void __launch_bounds__(32) fused_41_conv_blocks_0_conv2_max_exp2(const float* x0, const float* x1, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = exponent(r1);
  const float r3 = r0 + r2;
  const float r4 = 0.0f;
  const float r5 = larger(r3, r4);
  const float r6 = -r2;
  const float r7 = powerOfTwo(r6);
  y0[e] = r5;
  y1[e] = r7;
}

// step 44, blocks.1.bn1:mul: [1, 1, 16], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_44_blocks_1_bn1_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 16u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = 0.00001f;
  const float r6 = r1 + r5;
  const float r7 = 1.0f / sqrtf(r6);
  const float r8 = mul(r0, r7);
  const float r9 = mul(r8, r8);
  const float r10 = exponent(r3);
  const float r11 = r2 + r10;
  const float r12 = r11 - r4;
  const float r13 = powerOfTwo(r12);
  const float r14 = mul(r9, r13);
  y0[e] = r8;
  y1[e] = r14;
}

// step 45, blocks.1.conv1:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_45_blocks_1_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = r9 - r5;
        const float r11 = powerOfTwo(r10);
        const float r12 = mul(r8, r11);
        const float r13 = fmaf(r0, r1, r12);
        s0[v] = r13;
        max0 = larger(max0, r13);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 4ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 4)) return;
  rows<256, 1, 4, 4, 0>(table, mine);
  fold<256, 1, 4, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 46, conv+blocks.1.conv1:max+exp2: [1, 1, 1], one element a thread; also steps 89, 112
extern "C" __global__ void __launch_bounds__(32) fused_46_conv_blocks_1_conv1_max_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3, float* y4) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = exponent(r1);
  const float r4 = r0 + r3;
  const float r5 = 0.0f;
  const float r6 = larger(r4, r5);
  const float r7 = -r3;
  const float r8 = powerOfTwo(r7);
  const float r9 = r4 - r6;
  const float r10 = powerOfTwo(r9);
  const float r11 = larger(r6, r2);
  const float r12 = r6 - r11;
  const float r13 = powerOfTwo(r12);
  const float r14 = r2 - r11;
  const float r15 = powerOfTwo(r14);
  y0[e] = r6;
  y1[e] = r8;
  y2[e] = r10;
  y3[e] = r13;
  y4[e] = r15;
}

// step 50, blocks.1.conv2:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_50_blocks_1_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = r14 - r5;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r13, r16);
        const float r18 = fmaf(r0, r10, r17);
        const float r19 = mul(r7, r8);
        const float r20 = fmaf(r18, r6, r19);
        s0[v] = r20;
        max0 = larger(max0, r20);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 4ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 4)) return;
  rows<256, 1, 4, 4, 0>(table, mine);
  fold<256, 1, 4, 1, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 51, conv+blocks.1.conv2:add+exp2: [1, 1, 1], one element a thread; also steps 74, 117
extern "C" __global__ void __launch_bounds__(32) fused_51_conv_blocks_1_conv2_add_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = larger(r0, r1);
  const float r4 = exponent(r2);
  const float r5 = r3 + r4;
  const float r6 = -r4;
  const float r7 = powerOfTwo(r6);
  y0[e] = r5;
  y1[e] = r7;
}

// step 56, conv+blocks.2.conv1:add+max+exp2: [1, 1, 1], one element a thread; also steps 79, 122
extern "C" __global__ void __launch_bounds__(32) fused_56_conv_blocks_2_conv1_add_max_exp2(const float* x0, const float* x1, const float* x2, const float* x3, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = x3[e];
  const float r4 = 0.0f;
  const float r5 = larger(r0, r4);
  const float r6 = exponent(r1);
  const float r7 = r5 + r6;
  const float r8 = larger(r7, r4);
  const float r9 = larger(r2, r3);
  const float r10 = larger(r8, r9);
  const float r11 = -r6;
  const float r12 = powerOfTwo(r11);
  const float r13 = r7 - r8;
  const float r14 = powerOfTwo(r13);
  const float r15 = r8 - r10;
  const float r16 = powerOfTwo(r15);
  const float r17 = r9 - r10;
  const float r18 = powerOfTwo(r17);
  y0[e] = r7;
  y1[e] = r10;
  y2[e] = r12;
  y3[e] = r14;
  y4[e] = r16;
  y5[e] = r18;
}

// step 61, conv+blocks.2.conv2:max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_61_conv_blocks_2_conv2_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = exponent(r1);
  const float r3 = r0 + r2;
  const float r4 = 0.0f;
  const float r5 = larger(r3, r4);
  const float r6 = -r2;
  const float r7 = powerOfTwo(r6);
  const float r8 = r3 - r5;
  const float r9 = powerOfTwo(r8);
  y0[e] = r5;
  y1[e] = r7;
  y2[e] = r9;
}

// step 62, blocks.3.conv1:mul: [1, 1, 4608], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_62_blocks_3_conv1_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4608u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 64, blocks.3.bn1:mul: [1, 1, 32], one element a thread; also steps 69, 72, 82, 92
extern "C" __global__ void __launch_bounds__(32) fused_64_blocks_3_bn1_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 32u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = 0.00001f;
  const float r3 = r1 + r2;
  const float r4 = 1.0f / sqrtf(r3);
  const float r5 = mul(r0, r4);
  y0[e] = r5;
}

// step 65, blocks.3.conv1:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_65_blocks_3_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r1, r1);
        const float r7 = mul(r6, r2);
        const float r8 = mul(r4, r1);
        const float r9 = r3 - r8;
        const float r10 = mul(r9, r9);
        const float r11 = 0.0f;
        const float r12 = r11 - r5;
        const float r13 = powerOfTwo(r12);
        const float r14 = mul(r10, r13);
        const float r15 = fmaf(r0, r7, r14);
        s0[v] = r15;
        max0 = larger(max0, r15);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 66, conv+blocks.3.conv1:max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_66_conv_blocks_3_conv1_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2, float* y3, float* y4) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = exponent(r1);
  const float r3 = r0 + r2;
  const float r4 = 0.0f;
  const float r5 = larger(r3, r4);
  const float r6 = -r2;
  const float r7 = powerOfTwo(r6);
  const float r8 = r3 - r5;
  const float r9 = powerOfTwo(r8);
  const float r10 = larger(r5, r0);
  const float r11 = r5 - r10;
  const float r12 = powerOfTwo(r11);
  const float r13 = r0 - r10;
  const float r14 = powerOfTwo(r13);
  y0[e] = r5;
  y1[e] = r7;
  y2[e] = r9;
  y3[e] = r12;
  y4[e] = r14;
}

// step 67, blocks.3.conv2:mul: [1, 1, 9216], one element a thread; also steps 75, 80, 85, 90
extern "C" __global__ void __launch_bounds__(256) fused_67_blocks_3_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 9216u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 70, blocks.3.shortcut.0:mul: [1, 1, 512], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_70_blocks_3_shortcut_0_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 512u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 73, blocks.3.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_73_blocks_3_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, const float* __restrict__ x10, const float* __restrict__ x11, const float* __restrict__ x12, const float* __restrict__ x13, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r9 = x9[0u];
    const float r12 = x12[0u];
    const float r13 = x13[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      const auto l8 = packAt<4>(x8 + i);
      const auto l10 = packAt<4>(x10 + i);
      const auto l11 = packAt<4>(x11 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r8 = l8[v];
        const float r10 = l10[v];
        const float r11 = l11[v];
        const float r14 = mul(r1, r1);
        const float r15 = mul(r14, r2);
        const float r16 = mul(r4, r1);
        const float r17 = r3 - r16;
        const float r18 = mul(r17, r17);
        const float r19 = 0.0f;
        const float r20 = r19 - r5;
        const float r21 = powerOfTwo(r20);
        const float r22 = mul(r18, r21);
        const float r23 = fmaf(r0, r15, r22);
        const float r24 = mul(r8, r8);
        const float r25 = mul(r24, r9);
        const float r26 = mul(r11, r8);
        const float r27 = r10 - r26;
        const float r28 = mul(r27, r27);
        const float r29 = r19 - r12;
        const float r30 = powerOfTwo(r29);
        const float r31 = mul(r28, r30);
        const float r32 = fmaf(r7, r25, r31);
        const float r33 = mul(r32, r13);
        const float r34 = fmaf(r23, r6, r33);
        s0[v] = r34;
        max0 = larger(max0, r34);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 77, blocks.4.bn1:mul: [1, 1, 32], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_77_blocks_4_bn1_mul(const float* x0, const float* x1, const float* x2, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 32u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = 0.00001f;
  const float r4 = r1 + r3;
  const float r5 = 1.0f / sqrtf(r4);
  const float r6 = mul(r0, r5);
  const float r7 = mul(r6, r6);
  const float r8 = 0.0f;
  const float r9 = larger(r2, r8);
  const float r10 = r2 - r9;
  const float r11 = powerOfTwo(r10);
  const float r12 = mul(r7, r11);
  y0[e] = r6;
  y1[e] = r12;
}

// step 78, blocks.4.conv1:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_78_blocks_4_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = larger(r5, r9);
        const float r11 = r9 - r10;
        const float r12 = powerOfTwo(r11);
        const float r13 = mul(r8, r12);
        const float r14 = fmaf(r0, r1, r13);
        s0[v] = r14;
        max0 = larger(max0, r14);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 83, blocks.4.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_83_blocks_4_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = larger(r5, r14);
        const float r16 = r14 - r15;
        const float r17 = powerOfTwo(r16);
        const float r18 = mul(r13, r17);
        const float r19 = fmaf(r0, r10, r18);
        const float r20 = mul(r7, r8);
        const float r21 = fmaf(r19, r6, r20);
        s0[v] = r21;
        max0 = larger(max0, r21);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 87, blocks.5.bn1:mul: [1, 1, 32], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_87_blocks_5_bn1_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 32u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = 0.00001f;
  const float r6 = r1 + r5;
  const float r7 = 1.0f / sqrtf(r6);
  const float r8 = mul(r0, r7);
  const float r9 = mul(r8, r8);
  const float r10 = exponent(r3);
  const float r11 = r2 + r10;
  const float r12 = r11 - r4;
  const float r13 = powerOfTwo(r12);
  const float r14 = mul(r9, r13);
  y0[e] = r8;
  y1[e] = r14;
}

// step 88, blocks.5.conv1:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_88_blocks_5_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = r9 - r5;
        const float r11 = powerOfTwo(r10);
        const float r12 = mul(r8, r11);
        const float r13 = fmaf(r0, r1, r12);
        s0[v] = r13;
        max0 = larger(max0, r13);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 93, blocks.5.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_93_blocks_5_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = r14 - r5;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r13, r16);
        const float r18 = fmaf(r0, r10, r17);
        const float r19 = mul(r7, r8);
        const float r20 = fmaf(r18, r6, r19);
        s0[v] = r20;
        max0 = larger(max0, r20);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 94, conv+blocks.5.conv2:add+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_94_conv_blocks_5_conv2_add_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = larger(r0, r1);
  const float r4 = exponent(r2);
  const float r5 = r3 + r4;
  const float r6 = -r4;
  const float r7 = powerOfTwo(r6);
  const float r8 = 0.0f;
  const float r9 = larger(r5, r8);
  const float r10 = r5 - r9;
  const float r11 = powerOfTwo(r10);
  const float r12 = r8 - r9;
  const float r13 = powerOfTwo(r12);
  y0[e] = r5;
  y1[e] = r7;
  y2[e] = r11;
  y3[e] = r13;
}

// step 95, blocks.6.conv1:mul: [1, 1, 18432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_95_blocks_6_conv1_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 18432u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 97, blocks.6.bn1:mul: [1, 1, 64], one element a thread; also steps 102, 105, 115, 125
extern "C" __global__ void __launch_bounds__(64) fused_97_blocks_6_bn1_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 64 + threadIdx.x;
  if (e >= 64u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = 0.00001f;
  const float r3 = r1 + r2;
  const float r4 = 1.0f / sqrtf(r3);
  const float r5 = mul(r0, r4);
  y0[e] = r5;
}

// step 98, blocks.6.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_98_blocks_6_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r1, r1);
        const float r7 = mul(r6, r2);
        const float r8 = mul(r4, r1);
        const float r9 = r3 - r8;
        const float r10 = mul(r9, r9);
        const float r11 = mul(r10, r5);
        const float r12 = fmaf(r0, r7, r11);
        s0[v] = r12;
        max0 = larger(max0, r12);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 99, conv+blocks.6.conv1:add+max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_99_conv_blocks_6_conv1_add_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = 0.0f;
  const float r3 = larger(r0, r2);
  const float r4 = exponent(r1);
  const float r5 = r3 + r4;
  const float r6 = larger(r5, r2);
  const float r7 = larger(r6, r3);
  const float r8 = -r4;
  const float r9 = powerOfTwo(r8);
  const float r10 = r5 - r6;
  const float r11 = powerOfTwo(r10);
  const float r12 = r6 - r7;
  const float r13 = powerOfTwo(r12);
  const float r14 = r3 - r7;
  const float r15 = powerOfTwo(r14);
  y0[e] = r5;
  y1[e] = r7;
  y2[e] = r9;
  y3[e] = r11;
  y4[e] = r13;
  y5[e] = r15;
}

// step 100, blocks.6.conv2:mul: [1, 1, 36864], one element a thread; also steps 108, 113, 118, 123
extern "C" __global__ void __launch_bounds__(256) fused_100_blocks_6_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 36864u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 103, blocks.6.shortcut.0:mul: [1, 1, 2048], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_103_blocks_6_shortcut_0_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2048u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 106, blocks.6.conv2:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_106_blocks_6_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, const float* __restrict__ x10, const float* __restrict__ x11, const float* __restrict__ x12, const float* __restrict__ x13, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r9 = x9[0u];
    const float r12 = x12[0u];
    const float r13 = x13[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      const auto l8 = packAt<4>(x8 + i);
      const auto l10 = packAt<4>(x10 + i);
      const auto l11 = packAt<4>(x11 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r8 = l8[v];
        const float r10 = l10[v];
        const float r11 = l11[v];
        const float r14 = mul(r1, r1);
        const float r15 = mul(r14, r2);
        const float r16 = mul(r4, r1);
        const float r17 = r3 - r16;
        const float r18 = mul(r17, r17);
        const float r19 = 0.0f;
        const float r20 = larger(r5, r19);
        const float r21 = r19 - r20;
        const float r22 = powerOfTwo(r21);
        const float r23 = mul(r18, r22);
        const float r24 = fmaf(r0, r15, r23);
        const float r25 = mul(r8, r8);
        const float r26 = mul(r25, r9);
        const float r27 = mul(r11, r8);
        const float r28 = r10 - r27;
        const float r29 = mul(r28, r28);
        const float r30 = mul(r29, r12);
        const float r31 = fmaf(r7, r26, r30);
        const float r32 = mul(r31, r13);
        const float r33 = fmaf(r24, r6, r32);
        s0[v] = r33;
        max0 = larger(max0, r33);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 110, blocks.7.bn1:mul: [1, 1, 64], one element a thread
extern "C" __global__ void __launch_bounds__(64) fused_110_blocks_7_bn1_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 64 + threadIdx.x;
  if (e >= 64u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = 0.00001f;
  const float r6 = r1 + r5;
  const float r7 = 1.0f / sqrtf(r6);
  const float r8 = mul(r0, r7);
  const float r9 = mul(r8, r8);
  const float r10 = exponent(r3);
  const float r11 = r2 + r10;
  const float r12 = r11 - r4;
  const float r13 = powerOfTwo(r12);
  const float r14 = mul(r9, r13);
  y0[e] = r8;
  y1[e] = r14;
}

// step 111, blocks.7.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_111_blocks_7_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = r9 - r5;
        const float r11 = powerOfTwo(r10);
        const float r12 = mul(r8, r11);
        const float r13 = fmaf(r0, r1, r12);
        s0[v] = r13;
        max0 = larger(max0, r13);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 116, blocks.7.conv2:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_116_blocks_7_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l7 = packAt<4>(x7 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = r14 - r5;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r13, r16);
        const float r18 = fmaf(r0, r10, r17);
        const float r19 = mul(r7, r8);
        const float r20 = fmaf(r18, r6, r19);
        s0[v] = r20;
        max0 = larger(max0, r20);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 120, blocks.8.bn1:mul: [1, 1, 64], one element a thread
extern "C" __global__ void __launch_bounds__(64) fused_120_blocks_8_bn1_mul(const float* x0, const float* x1, const float* x2, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 64 + threadIdx.x;
  if (e >= 64u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = 0.00001f;
  const float r4 = r1 + r3;
  const float r5 = 1.0f / sqrtf(r4);
  const float r6 = mul(r0, r5);
  const float r7 = mul(r6, r6);
  const float r8 = 0.0f;
  const float r9 = larger(r2, r8);
  const float r10 = r2 - r9;
  const float r11 = powerOfTwo(r10);
  const float r12 = mul(r7, r11);
  y0[e] = r6;
  y1[e] = r12;
}

// step 121, blocks.8.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_121_blocks_8_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l2 = packAt<4>(x2 + i);
      const auto l3 = packAt<4>(x3 + i);
      const auto l4 = packAt<4>(x4 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = l2[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r6 = mul(r3, r4);
        const float r7 = r2 - r6;
        const float r8 = mul(r7, r7);
        const float r9 = 0.0f;
        const float r10 = larger(r5, r9);
        const float r11 = r9 - r10;
        const float r12 = powerOfTwo(r11);
        const float r13 = mul(r8, r12);
        const float r14 = fmaf(r0, r1, r13);
        s0[v] = r14;
        max0 = larger(max0, r14);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = max0;

  fold<256, 1, 256, 16, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 126, blocks.8.bn2:sum: [1, 64, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each
extern "C" __global__ void __launch_bounds__(256) fused_126_blocks_8_bn2_sum(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, float* z0) {
  const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
  const unsigned k = blockIdx.x * 16 + a;
  const unsigned first = 0, last = 64u;
  float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  if (k < 16u) {
    const unsigned c = k * 4;
    const unsigned i = c;
    const auto l1 = packAt<4>(x1 + i);
    const float r2 = x2[0u];
    const auto l3 = packAt<4>(x3 + i);
    const auto l4 = packAt<4>(x4 + i);
    const float r5 = x5[0u];
    const float r6 = x6[0u];
    const float r8 = x8[0u];
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 16) {
      const unsigned e = m * 64u + c;
      const auto l0 = packAt<4>(x0 + e);
      const auto l7 = packAt<4>(x7 + e);
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r3 = l3[v];
        const float r4 = l4[v];
        const float r7 = l7[v];
        const float r9 = mul(r1, r1);
        const float r10 = mul(r9, r2);
        const float r11 = mul(r4, r1);
        const float r12 = r3 - r11;
        const float r13 = mul(r12, r12);
        const float r14 = 0.0f;
        const float r15 = larger(r5, r14);
        const float r16 = r14 - r15;
        const float r17 = powerOfTwo(r16);
        const float r18 = mul(r13, r17);
        const float r19 = fmaf(r0, r10, r18);
        const float r20 = mul(r7, r8);
        const float r21 = fmaf(r19, r6, r20);
        sum0[v] += r21;
      }
    }
  }

  __shared__ double table[1024];
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

// step 127, blocks.8.bn2:mul+maximum: [1, 1, 64] to [1, 1]: a block takes 1 of them with 32 threads each
extern "C" __global__ void __launch_bounds__(32) fused_127_blocks_8_bn2_mul_maximum(const float* x0, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 32, a = threadIdx.x / 32;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 64u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    for (unsigned m = first + d * 2; m < last; m += 64) {
      const unsigned e = m;
      const auto l0 = packAt<2>(x0 + e);
      Pack<float, 2> s0;
#pragma unroll
      for (unsigned v = 0; v < 2; ++v) {
        const float r0 = l0[v];
        const float r1 = 0.015625f;
        const float r2 = mul(r0, r1);
        s0[v] = r2;
        max0 = larger(max0, r2);
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[32];
  table[d * 1 + a] = max0;

  fold<32, 1, 32, 4, 0>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 32) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 128, conv+blocks.8.bn2:max+exp2+add: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_128_conv_blocks_8_bn2_max_exp2_add(const float* x0, const float* x1, const float* x2, const float* x3, float* y0, float* y1, float* y2, float* y3) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[e];
  const float r3 = x3[e];
  const float r4 = exponent(r1);
  const float r5 = r0 + r4;
  const float r6 = 0.0f;
  const float r7 = larger(r5, r6);
  const float r8 = r5 - r7;
  const float r9 = powerOfTwo(r8);
  const float r10 = -r4;
  const float r11 = powerOfTwo(r10);
  const float r12 = exponent(r3);
  const float r13 = r2 + r12;
  const float r14 = r7 + r13;
  y0[e] = r7;
  y1[e] = r9;
  y2[e] = r11;
  y3[e] = r14;
}

// step 129, conv:mul: [1, 1, 10], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_129_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 10u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = 1.0f;
  const float r4 = mul(r1, r2);
  const float r5 = mul(r0, r4);
  const float r6 = mul(r3, r5);
  y0[e] = r6;
}

// step 130, fc:mul: [1, 1, 640], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_130_fc_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 640u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = mul(r0, r1);
  const float r4 = mul(r3, r3);
  const float r5 = mul(r4, r2);
  y0[e] = r5;
}

// step 132, conv:mul: [1, 1, 64], one element a thread
extern "C" __global__ void __launch_bounds__(64) fused_132_conv_mul(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 64 + threadIdx.x;
  if (e >= 64u) return;
  const float r0 = x0[e];
  const float r1 = 0.015625f;
  const float r2 = mul(r0, r1);
  y0[e] = r2;
}

// step 133, conv:mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_133_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[i];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = mul(r1, r1);
  const float r5 = mul(r2, r3);
  const float r6 = mul(r4, r5);
  const float r7 = mul(r0, r6);
  y0[e] = r7;
}

// step 135, conv:mul: [1, 64, 64], one element a thread; also step 139
extern "C" __global__ void __launch_bounds__(256) fused_135_conv_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = mul(r0, r1);
  y0[e] = r2;
}

// step 137, conv:add+mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_137_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[i];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = fmaf(r0, r1, r2);
  const float r7 = mul(r3, r3);
  const float r8 = mul(r4, r5);
  const float r9 = mul(r7, r8);
  const float r10 = mul(r6, r9);
  y0[e] = r6;
  y1[e] = r10;
}

// step 141, conv:mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_141_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[i];
  const float r7 = x7[0u];
  const float r8 = x8[0u];
  const float r9 = fmaf(r0, r1, r2);
  const float r10 = mul(r3, r3);
  const float r11 = mul(r4, r5);
  const float r12 = mul(r10, r11);
  const float r13 = mul(r9, r12);
  const float r14 = mul(r6, r6);
  const float r15 = mul(r7, r8);
  const float r16 = mul(r14, r15);
  const float r17 = mul(r9, r16);
  y0[e] = r13;
  y1[e] = r17;
}

// step 143, conv:mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_143_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = mul(r1, r1);
  const float r4 = mul(r3, r2);
  const float r5 = mul(r0, r4);
  y0[e] = r5;
}

// step 146, conv:mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_146_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[i];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = r0 + r1;
  const float r6 = mul(r2, r2);
  const float r7 = mul(r3, r4);
  const float r8 = mul(r6, r7);
  const float r9 = mul(r5, r8);
  y0[e] = r9;
}

// step 148, conv:mul: [1, 256, 32], one element a thread; also step 152
extern "C" __global__ void __launch_bounds__(256) fused_148_conv_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = mul(r0, r1);
  y0[e] = r2;
}

// step 150, conv:add+mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_150_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[i];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = r0 + r1;
  const float r8 = fmaf(r7, r2, r3);
  const float r9 = mul(r4, r4);
  const float r10 = mul(r5, r6);
  const float r11 = mul(r9, r10);
  const float r12 = mul(r8, r11);
  y0[e] = r8;
  y1[e] = r12;
}

// step 154, conv:mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_154_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[i];
  const float r7 = x7[0u];
  const float r8 = x8[0u];
  const float r9 = fmaf(r0, r1, r2);
  const float r10 = mul(r3, r3);
  const float r11 = mul(r4, r5);
  const float r12 = mul(r10, r11);
  const float r13 = mul(r9, r12);
  const float r14 = mul(r6, r6);
  const float r15 = mul(r7, r8);
  const float r16 = mul(r14, r15);
  const float r17 = mul(r9, r16);
  y0[e] = r13;
  y1[e] = r17;
}

// step 156, conv:mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_156_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = mul(r1, r1);
  const float r4 = mul(r3, r2);
  const float r5 = mul(r0, r4);
  y0[e] = r5;
}

// step 159, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_159_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[i];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = r0 + r1;
  const float r6 = mul(r2, r2);
  const float r7 = mul(r3, r4);
  const float r8 = mul(r6, r7);
  const float r9 = mul(r5, r8);
  y0[e] = r9;
}

// step 161, conv:mul: [1, 1024, 16], one element a thread; also steps 165, 169
extern "C" __global__ void __launch_bounds__(256) fused_161_conv_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = mul(r0, r1);
  y0[e] = r2;
}

// step 163, conv:add+mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_163_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[i];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = r0 + r1;
  const float r8 = fmaf(r7, r2, r3);
  const float r9 = mul(r4, r4);
  const float r10 = mul(r5, r6);
  const float r11 = mul(r9, r10);
  const float r12 = mul(r8, r11);
  y0[e] = r8;
  y1[e] = r12;
}

// step 167, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_167_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = fmaf(r0, r1, r2);
  const float r7 = mul(r3, r3);
  const float r8 = mul(r4, r5);
  const float r9 = mul(r7, r8);
  const float r10 = mul(r6, r9);
  y0[e] = r10;
}

// step 171, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_171_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[0u];
  const float r4 = x4[e];
  const float r5 = x5[i];
  const float r6 = fmaf(r0, r1, r2);
  const float r7 = fmaf(r6, r3, r4);
  const float r8 = mul(r7, r5);
  y0[e] = r8;
}

// step 174, fc:sum: [1, 1, 10] to [1, 1]: a block takes 1 of them with 8 threads each
extern "C" __global__ void __launch_bounds__(8) fused_174_fc_sum(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* z0) {
  const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 10u;
  float sum0 = 0.0f;
  if (k < 1u) {
    const float r1 = x1[0u];
    const float r3 = x3[0u];
    const float r5 = x5[0u];
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 8) {
      const unsigned e = m;
      const float r0 = x0[e];
      const float r2 = x2[e];
      const float r4 = x4[e];
      const float r6 = mul(r2, r2);
      const float r7 = 0.0f;
      const float r8 = r7 - r3;
      const float r9 = powerOfTwo(r8);
      const float r10 = mul(r6, r9);
      const float r11 = fmaf(r0, r1, r10);
      const float r12 = mul(r4, r5);
      const float r13 = mul(r11, r12);
      sum0 += r13;
    }
  }

  __shared__ double table[8];
  table[d * 1 + a] = sum0;

  fold<8, 1, 8, 1, 1>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 8) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 175, conv:mul: [1, 1, 432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_175_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 432u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 177, conv:mul: [1, 1, 2304], one element a thread; also steps 179, 181, 183, 185, 187
extern "C" __global__ void __launch_bounds__(256) fused_177_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2304u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 189, blocks.2.conv2:mul: [1, 1, 4608], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_189_blocks_2_conv2_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4608u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 191, blocks.3.conv1:mul: [1, 1, 9216], one element a thread; also steps 195, 197, 199, 201
extern "C" __global__ void __launch_bounds__(256) fused_191_blocks_3_conv1_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 9216u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 193, blocks.2.conv2:mul: [1, 1, 512], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_193_blocks_2_conv2_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 512u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 203, blocks.5.conv2:mul: [1, 1, 18432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_203_blocks_5_conv2_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 18432u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 205, blocks.6.conv1:mul: [1, 1, 36864], one element a thread; also steps 209, 211, 213, 215
extern "C" __global__ void __launch_bounds__(256) fused_205_blocks_6_conv1_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 36864u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 207, blocks.5.conv2:mul: [1, 1, 2048], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_207_blocks_5_conv2_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2048u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 217, conv:mul: [1, 1, 640], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_217_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 640u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[e];
  const float r4 = x4[e];
  const float r5 = mul(r0, r1);
  const float r6 = r5 / r2;
  const float r7 = mul(r3, r4);
  const float r8 = mul(r7, r7);
  const float r9 = mul(r6, r8);
  y0[e] = r9;
}

// step 240, conv:select+sum: [1, 1, 270896] to [1, 1]: a block takes 1 of them with 256 threads each; 67 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_240_conv_select_sum(const float* x0, const float* __restrict__ x1, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 270896u ? first + 4096u : 270896u;
  float sum0 = 0.0f;
  if (k < 1u) {
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r2 = -3e+38f;
        const float r3 = r0 != 0.0f ? r1 : r2;
        const float r4 = r1 - r1;
        const float r5 = 0.0f;
        const float r6 = r4 == r5 ? 1.0f : 0.0f;
        s0[v] = r3;
        sum0 += r6;
      }
      store(y0 + e, s0);
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = sum0;

  fold<256, 1, 256, 16, 1>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 67ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 67)) return;
  rows<256, 1, 67, 67, 1>(table, mine);
  fold<256, 1, 67, 8, 1>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 241, conv:rankMask: digit 1 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_241_conv_rankMask_1(const float* scores, const int* keep, unsigned* state) {
  static __device__ unsigned histogram[2048];
  static __device__ unsigned arrivals;
  __shared__ unsigned counts[2048];
  for (unsigned j = threadIdx.x; j < 2048; j += 256) counts[j] = 0;
  __syncthreads();
  const unsigned first = blockIdx.x * 1024;
  const unsigned last = first + 1024 < 270896u ? first + 1024 : 270896u;
  unsigned bin = 0, run = 0;  // equal neighbours are counted together: most scores of a sparse round are equal
  for (unsigned e = first + threadIdx.x; e < last; e += 256) {
    const unsigned key = keyOf(scores[e]);
    const unsigned here = key >> 21 & 2047;
    if (here != bin && run > 0) {
      atomicAdd(counts + bin, run);
      run = 0;
    }
    bin = here;
    ++run;
  }
  if (run > 0) atomicAdd(counts + bin, run);
  __syncthreads();
  for (unsigned j = threadIdx.x; j < 2048; j += 256) {
    if (counts[j] > 0) atomicAdd(histogram + j, counts[j]);
  }
  if (!arrivesLast(&arrivals, 265)) return;

  // thread t counts bins from the highest down: t * 8 of them lie above its own
  unsigned mine[8], sum = 0, total;
#pragma unroll
  for (unsigned j = 0; j < 8; ++j) {
    const unsigned at = 2047 - (threadIdx.x * 8 + j);
    mine[j] = __ldcg(histogram + at);
    histogram[at] = 0;
    sum += mine[j];
  }
  const unsigned wanted = keep[0] < 0 ? 0 : keep[0] < 270896 ? keep[0] : 270896;
  unsigned before = scan<256>(sum, total);
  if (wanted == 0 && threadIdx.x == 0) {  // above every key: nothing is kept
    state[0] = 0xffffffffu;
    state[1] = 0;
    state[2] = 0;
  }
#pragma unroll
  for (unsigned j = 0; j < 8; ++j) {
    if (wanted > 0 && before < wanted && before + mine[j] >= wanted) {
      state[0] = (2047 - (threadIdx.x * 8 + j)) << 21;
      state[1] = wanted - before;
      state[2] = mine[j];
    }
    before += mine[j];
  }
}

// step 241, conv:rankMask: digit 2 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_241_conv_rankMask_2(const float* scores, unsigned* state) {
  static __device__ unsigned histogram[2048];
  static __device__ unsigned arrivals;
  __shared__ unsigned counts[2048];
  for (unsigned j = threadIdx.x; j < 2048; j += 256) counts[j] = 0;
  __syncthreads();
  const unsigned first = blockIdx.x * 1024;
  const unsigned last = first + 1024 < 270896u ? first + 1024 : 270896u;
  const unsigned prefix = state[0];
  unsigned bin = 0, run = 0;  // equal neighbours are counted together: most scores of a sparse round are equal
  for (unsigned e = first + threadIdx.x; e < last; e += 256) {
    const unsigned key = keyOf(scores[e]);
    if (key >> 21 != prefix >> 21) continue;
    const unsigned here = key >> 10 & 2047;
    if (here != bin && run > 0) {
      atomicAdd(counts + bin, run);
      run = 0;
    }
    bin = here;
    ++run;
  }
  if (run > 0) atomicAdd(counts + bin, run);
  __syncthreads();
  for (unsigned j = threadIdx.x; j < 2048; j += 256) {
    if (counts[j] > 0) atomicAdd(histogram + j, counts[j]);
  }
  if (!arrivesLast(&arrivals, 265)) return;

  // thread t counts bins from the highest down: t * 8 of them lie above its own
  unsigned mine[8], sum = 0, total;
#pragma unroll
  for (unsigned j = 0; j < 8; ++j) {
    const unsigned at = 2047 - (threadIdx.x * 8 + j);
    mine[j] = __ldcg(histogram + at);
    histogram[at] = 0;
    sum += mine[j];
  }
  const unsigned wanted = state[1];
  unsigned before = scan<256>(sum, total);
#pragma unroll
  for (unsigned j = 0; j < 8; ++j) {
    if (wanted > 0 && before < wanted && before + mine[j] >= wanted) {
      state[0] = prefix | (2047 - (threadIdx.x * 8 + j)) << 10;
      state[1] = wanted - before;
      state[2] = mine[j];
    }
    before += mine[j];
  }
}

// step 241, conv:rankMask: digit 3 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_241_conv_rankMask_3(const float* scores, unsigned* state) {
  static __device__ unsigned histogram[1024];
  static __device__ unsigned arrivals;
  __shared__ unsigned counts[1024];
  for (unsigned j = threadIdx.x; j < 1024; j += 256) counts[j] = 0;
  __syncthreads();
  const unsigned first = blockIdx.x * 1024;
  const unsigned last = first + 1024 < 270896u ? first + 1024 : 270896u;
  const unsigned prefix = state[0];
  unsigned bin = 0, run = 0;  // equal neighbours are counted together: most scores of a sparse round are equal
  for (unsigned e = first + threadIdx.x; e < last; e += 256) {
    const unsigned key = keyOf(scores[e]);
    if (key >> 10 != prefix >> 10) continue;
    const unsigned here = key >> 0 & 1023;
    if (here != bin && run > 0) {
      atomicAdd(counts + bin, run);
      run = 0;
    }
    bin = here;
    ++run;
  }
  if (run > 0) atomicAdd(counts + bin, run);
  __syncthreads();
  for (unsigned j = threadIdx.x; j < 1024; j += 256) {
    if (counts[j] > 0) atomicAdd(histogram + j, counts[j]);
  }
  if (!arrivesLast(&arrivals, 265)) return;

  // thread t counts bins from the highest down: t * 4 of them lie above its own
  unsigned mine[4], sum = 0, total;
#pragma unroll
  for (unsigned j = 0; j < 4; ++j) {
    const unsigned at = 1023 - (threadIdx.x * 4 + j);
    mine[j] = __ldcg(histogram + at);
    histogram[at] = 0;
    sum += mine[j];
  }
  const unsigned wanted = state[1];
  unsigned before = scan<256>(sum, total);
#pragma unroll
  for (unsigned j = 0; j < 4; ++j) {
    if (wanted > 0 && before < wanted && before + mine[j] >= wanted) {
      state[0] = prefix | (1023 - (threadIdx.x * 4 + j)) << 0;
      state[1] = wanted - before;
      state[2] = mine[j];
    }
    before += mine[j];
  }
}

// step 241, conv:rankMask: ties of each block, and before it
extern "C" __global__ void __launch_bounds__(256) rankMask_241_conv_rankMask_4(const float* scores, unsigned* state, unsigned* ties) {
  if (state[1] == state[2]) return;  // all ties are kept, or none
  static __device__ unsigned arrivals;
  __shared__ unsigned count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  const unsigned threshold = state[0];
  const unsigned first = blockIdx.x * 1024;
  const unsigned last = first + 1024 < 270896u ? first + 1024 : 270896u;
  unsigned own = 0;
  for (unsigned e = first + threadIdx.x; e < last; e += 256) {
    own += keyOf(scores[e]) == threshold;
  }
  if (own > 0) atomicAdd(&count, own);
  __syncthreads();
  if (threadIdx.x == 0) ties[blockIdx.x] = count;
  if (!arrivesLast(&arrivals, 265)) return;
  constexpr unsigned share = 2;
  unsigned sum = 0, total;
  for (unsigned j = 0; j < share; ++j) {
    if (threadIdx.x * share + j < 265) sum += __ldcg(ties + threadIdx.x * share + j);
  }
  unsigned before = scan<256>(sum, total);
  for (unsigned j = 0; j < share; ++j) {
    const unsigned block = threadIdx.x * share + j;
    if (block >= 265) break;
    ties[265 + block] = before;
    before += __ldcg(ties + block);
  }
}

// step 241, conv:rankMask: the mask: what lies above the threshold, and the first of the ties
extern "C" __global__ void __launch_bounds__(256) rankMask_241_conv_rankMask_5(const float* scores, float* y, const unsigned* state, const unsigned* ties) {
  const unsigned threshold = state[0], kept = state[1];
  const bool all = kept == state[2];
  const unsigned own = all ? 0 : ties[blockIdx.x], before = all ? 0 : ties[265 + blockIdx.x];
  const unsigned first = blockIdx.x * 1024;
  const unsigned last = first + 1024 < 270896u ? first + 1024 : 270896u;
  if (all || before >= kept || before + own <= kept) {
    const bool takesTies = all ? kept > 0 : before < kept;
    for (unsigned e = first + threadIdx.x; e < last; e += 256) {
      const unsigned key = keyOf(scores[e]);
      y[e] = key > threshold || (takesTies && key == threshold) ? 1.0f : 0.0f;
    }
    return;
  }
  // the one block in which the ties that are kept end
  unsigned rank = before;
  for (unsigned from = first; from < last; from += 256) {
    const unsigned e = from + threadIdx.x;
    const unsigned key = e < last ? keyOf(scores[e]) : 0;
    const bool tied = e < last && key == threshold;
    unsigned total;
    const unsigned place = rank + scan<256>(tied, total);
    if (e < last) y[e] = key > threshold || (tied && place < kept) ? 1.0f : 0.0f;
    rank += total;
  }
}

// step 242, conv:sum: [1, 1, 270896] to [1, 1]: a block takes 1 of them with 256 threads each; 67 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_242_conv_sum(const float* x0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 270896u ? first + 4096u : 270896u;
  float sum0 = 0.0f;
  if (k < 1u) {
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const auto l0 = packAt<4>(x0 + e);
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        sum0 += r0;
      }
    }
  }

  __shared__ double table[256];
  table[d * 1 + a] = sum0;

  fold<256, 1, 256, 16, 1>(table);
  static __device__ unsigned arrivals[1];
  double* mine = partial + blockIdx.x * 67ull;
  for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
  if (!arrivesLast(arrivals + blockIdx.x, 67)) return;
  rows<256, 1, 67, 67, 1>(table, mine);
  fold<256, 1, 67, 8, 1>(table);
  for (unsigned q = threadIdx.x; q < 1; q += 256) {
    const unsigned z = blockIdx.x * 1u + q;
    z0[z] = (float)table[q];
  }
}

// step 243, conv:sub: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_243_conv_sub(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = 270896.0f;
  const float r2 = r1 - r0;
  y0[e] = r2;
}

// step 244, conv:slice: 22 runs of 270896 elements in all, of as many steps
extern "C" __global__ void __launch_bounds__(256) copy_244_conv_slice(const float* x0, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5, float* y6, float* y7, float* y8, float* y9, float* y10, float* y11, float* y12, float* y13, float* y14, float* y15, float* y16, float* y17, float* y18, float* y19, float* y20, float* y21) {
  const float* from = x0;
  float* to = y0;
  unsigned first = 0, count = 0;  // the first block of this block's run, and its elements
  if (blockIdx.x < 2) { from = x0; to = y0; first = 0; count = 432; }
  else if (blockIdx.x < 11) { from = x0 + 432; to = y1; first = 2; count = 2304; }
  else if (blockIdx.x < 20) { from = x0 + 2736; to = y2; first = 11; count = 2304; }
  else if (blockIdx.x < 29) { from = x0 + 5040; to = y3; first = 20; count = 2304; }
  else if (blockIdx.x < 38) { from = x0 + 7344; to = y4; first = 29; count = 2304; }
  else if (blockIdx.x < 47) { from = x0 + 9648; to = y5; first = 38; count = 2304; }
  else if (blockIdx.x < 56) { from = x0 + 11952; to = y6; first = 47; count = 2304; }
  else if (blockIdx.x < 74) { from = x0 + 14256; to = y7; first = 56; count = 4608; }
  else if (blockIdx.x < 110) { from = x0 + 18864; to = y8; first = 74; count = 9216; }
  else if (blockIdx.x < 112) { from = x0 + 28080; to = y9; first = 110; count = 512; }
  else if (blockIdx.x < 148) { from = x0 + 28592; to = y10; first = 112; count = 9216; }
  else if (blockIdx.x < 184) { from = x0 + 37808; to = y11; first = 148; count = 9216; }
  else if (blockIdx.x < 220) { from = x0 + 47024; to = y12; first = 184; count = 9216; }
  else if (blockIdx.x < 256) { from = x0 + 56240; to = y13; first = 220; count = 9216; }
  else if (blockIdx.x < 328) { from = x0 + 65456; to = y14; first = 256; count = 18432; }
  else if (blockIdx.x < 472) { from = x0 + 83888; to = y15; first = 328; count = 36864; }
  else if (blockIdx.x < 480) { from = x0 + 120752; to = y16; first = 472; count = 2048; }
  else if (blockIdx.x < 624) { from = x0 + 122800; to = y17; first = 480; count = 36864; }
  else if (blockIdx.x < 768) { from = x0 + 159664; to = y18; first = 624; count = 36864; }
  else if (blockIdx.x < 912) { from = x0 + 196528; to = y19; first = 768; count = 36864; }
  else if (blockIdx.x < 1056) { from = x0 + 233392; to = y20; first = 912; count = 36864; }
  else { from = x0 + 270256; to = y21; first = 1056; count = 640; }
  const unsigned e = (blockIdx.x - first) * 256 + threadIdx.x;
  if (e < count) to[e] = from[e];
}

// step 266, constant: 10 elements
extern "C" __global__ void __launch_bounds__(32) fill_266_constant(float* y) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 10u) return;
  y[e] = 0.0f;
}

// step 267, constant: 1 elements
extern "C" __global__ void __launch_bounds__(32) fill_267_constant(float* y) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  y[e] = -1000000.0f;
}
