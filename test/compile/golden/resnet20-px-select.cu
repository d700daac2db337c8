// plan 'px/select': 81 kernels for 268 steps

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

// step 0, conv:mul: [1, 1, 432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_0_conv_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 432u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 1, bn:mul: [1, 1, 16], one element a thread; also steps 3, 5, 7, 9, 11, 13
extern "C" __global__ void __launch_bounds__(32) fused_1_bn_mul(const float* x0, const float* x1, float* y0) {
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

// step 2, blocks.0.conv1:mul: [1, 1, 2304], one element a thread; also steps 4, 6, 8, 10, 12
extern "C" __global__ void __launch_bounds__(256) fused_2_blocks_0_conv1_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2304u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 14, blocks.3.conv1:mul: [1, 1, 4608], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_14_blocks_3_conv1_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4608u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 15, blocks.3.bn1:mul: [1, 1, 32], one element a thread; also steps 17, 19, 21, 23, 25, 27
extern "C" __global__ void __launch_bounds__(32) fused_15_blocks_3_bn1_mul(const float* x0, const float* x1, float* y0) {
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

// step 16, blocks.3.conv2:mul: [1, 1, 9216], one element a thread; also steps 20, 22, 24, 26
extern "C" __global__ void __launch_bounds__(256) fused_16_blocks_3_conv2_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 9216u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 18, blocks.3.shortcut.0:mul: [1, 1, 512], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_18_blocks_3_shortcut_0_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 512u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 28, blocks.6.conv1:mul: [1, 1, 18432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_28_blocks_6_conv1_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 18432u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 29, blocks.6.bn1:mul: [1, 1, 64], one element a thread; also steps 31, 33, 35, 37, 39, 41
extern "C" __global__ void __launch_bounds__(64) fused_29_blocks_6_bn1_mul(const float* x0, const float* x1, float* y0) {
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

// step 30, blocks.6.conv2:mul: [1, 1, 36864], one element a thread; also steps 34, 36, 38, 40
extern "C" __global__ void __launch_bounds__(256) fused_30_blocks_6_conv2_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 36864u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 32, blocks.6.shortcut.0:mul: [1, 1, 2048], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_32_blocks_6_shortcut_0_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2048u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 42, fc:mul: [1, 1, 640], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_42_fc_mul(const float* x0, const float* x1, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 640u) return;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = mul(r0, r1);
  const float r3 = mul(r2, r2);
  y0[e] = r3;
}

// step 43, fused:maximum: [1, 1, 10] to [1, 1]: a block takes 1 of them with 8 threads each
extern "C" __global__ void __launch_bounds__(8) fused_43_fused_maximum(const float* x0, float* z0) {
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

// step 44, fused:exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_44_fused_exp2(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = exponent(r0);
  const float r2 = -r1;
  const float r3 = powerOfTwo(r2);
  y0[e] = r3;
}

// step 45, conv:concat: 22 runs of 270896 elements in all, of as many steps; also step 218
extern "C" __global__ void __launch_bounds__(256) copy_45_conv_concat(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, const float* x9, const float* x10, const float* x11, const float* x12, const float* x13, const float* x14, const float* x15, const float* x16, const float* x17, const float* x18, const float* x19, const float* x20, const float* x21, float* y0) {
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

// step 67, constant: 3072 elements
extern "C" __global__ void __launch_bounds__(256) fill_67_constant(float* y) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 3072u) return;
  y[e] = 1.0f;
}

// step 68, fused:maximum: [1, 1, 3072] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_68_fused_maximum(const float* x0, float* z0) {
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

// step 69, fused:exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_69_fused_exp2(const float* x0, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = exponent(r0);
  const float r2 = -r1;
  const float r3 = powerOfTwo(r2);
  const float r4 = 0.0f;
  const float r5 = larger(r1, r4);
  const float r6 = r1 - r5;
  const float r7 = powerOfTwo(r6);
  y0[e] = r3;
  y1[e] = r7;
}

// step 71, conv:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_71_conv_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = exponent(r6);
        const float r15 = larger(r14, r13);
        const float r16 = r13 - r15;
        const float r17 = powerOfTwo(r16);
        const float r18 = mul(r12, r17);
        const float r19 = fmaf(r0, r9, r18);
        s0[v] = r19;
        max0 = larger(max0, r19);
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

// step 72, conv:add+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_72_conv_add_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2) {
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
  const float r9 = larger(r6, r3);
  const float r10 = r6 - r9;
  const float r11 = powerOfTwo(r10);
  y0[e] = r6;
  y1[e] = r8;
  y2[e] = r11;
}

// step 74, blocks.0.conv1:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one; also step 86
extern "C" __global__ void __launch_bounds__(256) fused_74_blocks_0_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = larger(r6, r13);
        const float r15 = r13 - r14;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r12, r16);
        const float r18 = fmaf(r0, r9, r17);
        s0[v] = r18;
        max0 = larger(max0, r18);
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

// step 75, conv+blocks.0.conv1:add+max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_75_conv_blocks_0_conv1_add_max_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
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

// step 77, blocks.0.conv2:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one; also step 89
extern "C" __global__ void __launch_bounds__(256) fused_77_blocks_0_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = larger(r6, r16);
        const float r18 = r16 - r17;
        const float r19 = powerOfTwo(r18);
        const float r20 = mul(r15, r19);
        const float r21 = fmaf(r0, r12, r20);
        const float r22 = mul(r8, r9);
        const float r23 = fmaf(r21, r7, r22);
        s0[v] = r23;
        max0 = larger(max0, r23);
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

// step 78, conv+blocks.0.conv2:max+exp2: [1, 1, 1], one element a thread; also steps 90, 103, 116
extern "C" __global__ void __launch_bounds__(32) fused_78_conv_blocks_0_conv2_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2) {
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

// step 80, blocks.1.conv1:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_80_blocks_1_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = r13 - r6;
        const float r15 = powerOfTwo(r14);
        const float r16 = mul(r12, r15);
        const float r17 = fmaf(r0, r9, r16);
        s0[v] = r17;
        max0 = larger(max0, r17);
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

// step 81, conv+blocks.1.conv1:max+exp2: [1, 1, 1], one element a thread; also steps 106, 119
extern "C" __global__ void __launch_bounds__(32) fused_81_conv_blocks_1_conv1_max_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3, float* y4) {
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

// step 83, blocks.1.conv2:add+maximum: [1, 1024, 16] to [1, 1]: a block takes 1 of them with 256 threads each; 4 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_83_blocks_1_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, float* y0, float* z0, double* partial) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 16384u ? first + 4096u : 16384u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 16u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = r16 - r6;
        const float r18 = powerOfTwo(r17);
        const float r19 = mul(r15, r18);
        const float r20 = fmaf(r0, r12, r19);
        const float r21 = mul(r8, r9);
        const float r22 = fmaf(r20, r7, r21);
        s0[v] = r22;
        max0 = larger(max0, r22);
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

// step 84, conv+blocks.1.conv2:add+exp2: [1, 1, 1], one element a thread; also steps 97, 122
extern "C" __global__ void __launch_bounds__(32) fused_84_conv_blocks_1_conv2_add_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2) {
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
  y0[e] = r5;
  y1[e] = r7;
  y2[e] = r11;
}

// step 87, conv+blocks.2.conv1:add+max+exp2: [1, 1, 1], one element a thread; also steps 100, 125
extern "C" __global__ void __launch_bounds__(32) fused_87_conv_blocks_2_conv1_add_max_exp2(const float* x0, const float* x1, const float* x2, const float* x3, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
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

// step 92, blocks.3.conv1:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each; also step 105
extern "C" __global__ void __launch_bounds__(256) fused_92_blocks_3_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = r13 - r6;
        const float r15 = powerOfTwo(r14);
        const float r16 = mul(r12, r15);
        const float r17 = fmaf(r0, r9, r16);
        s0[v] = r17;
        max0 = larger(max0, r17);
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

// step 93, conv+blocks.3.conv1:max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_93_conv_blocks_3_conv1_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2, float* y3, float* y4) {
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

// step 96, blocks.3.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_96_blocks_3_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, const float* __restrict__ x10, const float* __restrict__ x11, const float* __restrict__ x12, const float* __restrict__ x13, const float* __restrict__ x14, const float* __restrict__ x15, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r10 = x10[0u];
    const float r11 = x11[0u];
    const float r14 = x14[0u];
    const float r15 = x15[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      const auto l9 = packAt<4>(x9 + i);
      const auto l12 = packAt<4>(x12 + i);
      const auto l13 = packAt<4>(x13 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r9 = l9[v];
        const float r12 = l12[v];
        const float r13 = l13[v];
        const float r16 = mul(r1, r1);
        const float r17 = mul(r2, r3);
        const float r18 = mul(r16, r17);
        const float r19 = mul(r5, r1);
        const float r20 = r4 - r19;
        const float r21 = mul(r20, r20);
        const float r22 = 0.0f;
        const float r23 = r22 - r6;
        const float r24 = powerOfTwo(r23);
        const float r25 = mul(r21, r24);
        const float r26 = fmaf(r0, r18, r25);
        const float r27 = mul(r9, r9);
        const float r28 = mul(r10, r11);
        const float r29 = mul(r27, r28);
        const float r30 = mul(r13, r9);
        const float r31 = r12 - r30;
        const float r32 = mul(r31, r31);
        const float r33 = r22 - r14;
        const float r34 = powerOfTwo(r33);
        const float r35 = mul(r32, r34);
        const float r36 = fmaf(r8, r29, r35);
        const float r37 = mul(r36, r15);
        const float r38 = fmaf(r26, r7, r37);
        s0[v] = r38;
        max0 = larger(max0, r38);
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

// step 99, blocks.4.conv1:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_99_blocks_4_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = larger(r6, r13);
        const float r15 = r13 - r14;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r12, r16);
        const float r18 = fmaf(r0, r9, r17);
        s0[v] = r18;
        max0 = larger(max0, r18);
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

// step 102, blocks.4.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_102_blocks_4_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = larger(r6, r16);
        const float r18 = r16 - r17;
        const float r19 = powerOfTwo(r18);
        const float r20 = mul(r15, r19);
        const float r21 = fmaf(r0, r12, r20);
        const float r22 = mul(r8, r9);
        const float r23 = fmaf(r21, r7, r22);
        s0[v] = r23;
        max0 = larger(max0, r23);
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

// step 108, blocks.5.conv2:add+maximum: [1, 256, 32] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_108_blocks_5_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 8192u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 32u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = r16 - r6;
        const float r18 = powerOfTwo(r17);
        const float r19 = mul(r15, r18);
        const float r20 = fmaf(r0, r12, r19);
        const float r21 = mul(r8, r9);
        const float r22 = fmaf(r20, r7, r21);
        s0[v] = r22;
        max0 = larger(max0, r22);
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

// step 109, conv+blocks.5.conv2:add+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_109_conv_blocks_5_conv2_add_exp2(const float* x0, const float* x1, const float* x2, float* y0, float* y1, float* y2, float* y3) {
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

// step 111, blocks.6.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_111_blocks_6_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = mul(r12, r6);
        const float r14 = fmaf(r0, r9, r13);
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

// step 112, conv+blocks.6.conv1:add+max+exp2: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_112_conv_blocks_6_conv1_add_max_exp2(const float* x0, const float* x1, float* y0, float* y1, float* y2, float* y3, float* y4, float* y5) {
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

// step 115, blocks.6.conv2:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_115_blocks_6_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, const float* __restrict__ x10, const float* __restrict__ x11, const float* __restrict__ x12, const float* __restrict__ x13, const float* __restrict__ x14, const float* __restrict__ x15, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r10 = x10[0u];
    const float r11 = x11[0u];
    const float r14 = x14[0u];
    const float r15 = x15[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      const auto l9 = packAt<4>(x9 + i);
      const auto l12 = packAt<4>(x12 + i);
      const auto l13 = packAt<4>(x13 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r9 = l9[v];
        const float r12 = l12[v];
        const float r13 = l13[v];
        const float r16 = mul(r1, r1);
        const float r17 = mul(r2, r3);
        const float r18 = mul(r16, r17);
        const float r19 = mul(r5, r1);
        const float r20 = r4 - r19;
        const float r21 = mul(r20, r20);
        const float r22 = 0.0f;
        const float r23 = larger(r6, r22);
        const float r24 = r22 - r23;
        const float r25 = powerOfTwo(r24);
        const float r26 = mul(r21, r25);
        const float r27 = fmaf(r0, r18, r26);
        const float r28 = mul(r9, r9);
        const float r29 = mul(r10, r11);
        const float r30 = mul(r28, r29);
        const float r31 = mul(r13, r9);
        const float r32 = r12 - r31;
        const float r33 = mul(r32, r32);
        const float r34 = mul(r33, r14);
        const float r35 = fmaf(r8, r30, r34);
        const float r36 = mul(r35, r15);
        const float r37 = fmaf(r27, r7, r36);
        s0[v] = r37;
        max0 = larger(max0, r37);
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

// step 118, blocks.7.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_118_blocks_7_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = r13 - r6;
        const float r15 = powerOfTwo(r14);
        const float r16 = mul(r12, r15);
        const float r17 = fmaf(r0, r9, r16);
        s0[v] = r17;
        max0 = larger(max0, r17);
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

// step 121, blocks.7.conv2:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_121_blocks_7_conv2_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, const float* __restrict__ x7, const float* __restrict__ x8, const float* __restrict__ x9, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      const auto l8 = packAt<4>(x8 + e);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = r16 - r6;
        const float r18 = powerOfTwo(r17);
        const float r19 = mul(r15, r18);
        const float r20 = fmaf(r0, r12, r19);
        const float r21 = mul(r8, r9);
        const float r22 = fmaf(r20, r7, r21);
        s0[v] = r22;
        max0 = larger(max0, r22);
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

// step 124, blocks.8.conv1:add+maximum: [1, 64, 64] to [1, 1]: a block takes 1 of them with 256 threads each
extern "C" __global__ void __launch_bounds__(256) fused_124_blocks_8_conv1_add_maximum(const float* x0, const float* __restrict__ x1, const float* __restrict__ x2, const float* __restrict__ x3, const float* __restrict__ x4, const float* __restrict__ x5, const float* __restrict__ x6, float* y0, float* z0) {
  const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 4096u;
  float max0 = __int_as_float(0xff800000);
  if (k < 1u) {
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d * 4; m < last; m += 1024) {
      const unsigned e = m;
      const unsigned i = m % 64u;
      const auto l0 = packAt<4>(x0 + e);
      const auto l1 = packAt<4>(x1 + i);
      const auto l4 = packAt<4>(x4 + i);
      const auto l5 = packAt<4>(x5 + i);
      Pack<float, 4> s0;
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r7 = mul(r1, r1);
        const float r8 = mul(r2, r3);
        const float r9 = mul(r7, r8);
        const float r10 = mul(r5, r1);
        const float r11 = r4 - r10;
        const float r12 = mul(r11, r11);
        const float r13 = 0.0f;
        const float r14 = larger(r6, r13);
        const float r15 = r13 - r14;
        const float r16 = powerOfTwo(r15);
        const float r17 = mul(r12, r16);
        const float r18 = fmaf(r0, r9, r17);
        s0[v] = r18;
        max0 = larger(max0, r18);
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

// step 127, blocks.8.bn2:sum: [1, 64, 64] to [1, 64]: a block takes 16x4 of them with 16 threads each
extern "C" __global__ void __launch_bounds__(256) fused_127_blocks_8_bn2_sum(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, const float* x9, float* z0) {
  const unsigned a = threadIdx.x % 16, d = threadIdx.x / 16;
  const unsigned k = blockIdx.x * 16 + a;
  const unsigned first = 0, last = 64u;
  float sum0[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  if (k < 16u) {
    const unsigned c = k * 4;
    const unsigned i = c;
    const auto l1 = packAt<4>(x1 + i);
    const float r2 = x2[0u];
    const float r3 = x3[0u];
    const auto l4 = packAt<4>(x4 + i);
    const auto l5 = packAt<4>(x5 + i);
    const float r6 = x6[0u];
    const float r7 = x7[0u];
    const float r9 = x9[0u];
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 16) {
      const unsigned e = m * 64u + c;
      const auto l0 = packAt<4>(x0 + e);
      const auto l8 = packAt<4>(x8 + e);
#pragma unroll
      for (unsigned v = 0; v < 4; ++v) {
        const float r0 = l0[v];
        const float r1 = l1[v];
        const float r4 = l4[v];
        const float r5 = l5[v];
        const float r8 = l8[v];
        const float r10 = mul(r1, r1);
        const float r11 = mul(r2, r3);
        const float r12 = mul(r10, r11);
        const float r13 = mul(r5, r1);
        const float r14 = r4 - r13;
        const float r15 = mul(r14, r14);
        const float r16 = 0.0f;
        const float r17 = larger(r6, r16);
        const float r18 = r16 - r17;
        const float r19 = powerOfTwo(r18);
        const float r20 = mul(r15, r19);
        const float r21 = fmaf(r0, r12, r20);
        const float r22 = mul(r8, r9);
        const float r23 = fmaf(r21, r7, r22);
        sum0[v] += r23;
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

// step 128, blocks.8.bn2:mul+maximum: [1, 1, 64] to [1, 1]: a block takes 1 of them with 32 threads each
extern "C" __global__ void __launch_bounds__(32) fused_128_blocks_8_bn2_mul_maximum(const float* x0, float* y0, float* z0) {
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

// step 129, conv+blocks.8.bn2:max+exp2+add: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_129_conv_blocks_8_bn2_max_exp2_add(const float* x0, const float* x1, const float* x2, const float* x3, float* y0, float* y1, float* y2, float* y3) {
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

// step 130, conv:mul: [1, 1, 10], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_130_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 10u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = 1.0f;
  const float r5 = mul(r1, r2);
  const float r6 = mul(r5, r3);
  const float r7 = mul(r0, r6);
  const float r8 = mul(r4, r7);
  y0[e] = r8;
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
extern "C" __global__ void __launch_bounds__(256) fused_133_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[i];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = mul(r1, r1);
  const float r6 = mul(r2, r3);
  const float r7 = mul(r6, r4);
  const float r8 = mul(r5, r7);
  const float r9 = mul(r0, r8);
  y0[e] = r9;
}

// step 136, conv:mul: [1, 64, 64], one element a thread; also steps 142, 150
extern "C" __global__ void __launch_bounds__(256) fused_136_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = mul(r1, r1);
  const float r5 = mul(r2, r3);
  const float r6 = mul(r4, r5);
  const float r7 = mul(r0, r6);
  y0[e] = r7;
}

// step 139, conv:add+mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_139_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[i];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = fmaf(r0, r1, r2);
  const float r8 = mul(r3, r3);
  const float r9 = mul(r4, r5);
  const float r10 = mul(r9, r6);
  const float r11 = mul(r8, r10);
  const float r12 = mul(r7, r11);
  y0[e] = r7;
  y1[e] = r12;
}

// step 145, conv:mul: [1, 64, 64], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_145_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, const float* x9, const float* x10, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4096u) return;
  const unsigned i = e % 64u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = x7[i];
  const float r8 = x8[0u];
  const float r9 = x9[0u];
  const float r10 = x10[0u];
  const float r11 = fmaf(r0, r1, r2);
  const float r12 = mul(r3, r3);
  const float r13 = mul(r4, r5);
  const float r14 = mul(r13, r6);
  const float r15 = mul(r12, r14);
  const float r16 = mul(r11, r15);
  const float r17 = mul(r7, r7);
  const float r18 = mul(r8, r9);
  const float r19 = mul(r18, r10);
  const float r20 = mul(r17, r19);
  const float r21 = mul(r11, r20);
  y0[e] = r16;
  y1[e] = r21;
}

// step 153, conv:mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_153_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[i];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = r0 + r1;
  const float r7 = mul(r2, r2);
  const float r8 = mul(r3, r4);
  const float r9 = mul(r8, r5);
  const float r10 = mul(r7, r9);
  const float r11 = mul(r6, r10);
  y0[e] = r11;
}

// step 156, conv:mul: [1, 256, 32], one element a thread; also steps 162, 170
extern "C" __global__ void __launch_bounds__(256) fused_156_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = mul(r1, r1);
  const float r5 = mul(r2, r3);
  const float r6 = mul(r4, r5);
  const float r7 = mul(r0, r6);
  y0[e] = r7;
}

// step 159, conv:add+mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_159_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, float* y0, float* y1) {
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
  const float r7 = x7[0u];
  const float r8 = r0 + r1;
  const float r9 = fmaf(r8, r2, r3);
  const float r10 = mul(r4, r4);
  const float r11 = mul(r5, r6);
  const float r12 = mul(r11, r7);
  const float r13 = mul(r10, r12);
  const float r14 = mul(r9, r13);
  y0[e] = r9;
  y1[e] = r14;
}

// step 165, conv:mul: [1, 256, 32], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_165_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, const float* x8, const float* x9, const float* x10, float* y0, float* y1) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 8192u) return;
  const unsigned i = e % 32u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = x7[i];
  const float r8 = x8[0u];
  const float r9 = x9[0u];
  const float r10 = x10[0u];
  const float r11 = fmaf(r0, r1, r2);
  const float r12 = mul(r3, r3);
  const float r13 = mul(r4, r5);
  const float r14 = mul(r13, r6);
  const float r15 = mul(r12, r14);
  const float r16 = mul(r11, r15);
  const float r17 = mul(r7, r7);
  const float r18 = mul(r8, r9);
  const float r19 = mul(r18, r10);
  const float r20 = mul(r17, r19);
  const float r21 = mul(r11, r20);
  y0[e] = r16;
  y1[e] = r21;
}

// step 173, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_173_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[e];
  const float r2 = x2[i];
  const float r3 = x3[0u];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = r0 + r1;
  const float r7 = mul(r2, r2);
  const float r8 = mul(r3, r4);
  const float r9 = mul(r8, r5);
  const float r10 = mul(r7, r9);
  const float r11 = mul(r6, r10);
  y0[e] = r11;
}

// step 176, conv:mul: [1, 1024, 16], one element a thread; also steps 182, 188
extern "C" __global__ void __launch_bounds__(256) fused_176_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[i];
  const float r2 = x2[0u];
  const float r3 = x3[0u];
  const float r4 = mul(r1, r1);
  const float r5 = mul(r2, r3);
  const float r6 = mul(r4, r5);
  const float r7 = mul(r0, r6);
  y0[e] = r7;
}

// step 179, conv:add+mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_179_conv_add_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, float* y0, float* y1) {
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
  const float r7 = x7[0u];
  const float r8 = r0 + r1;
  const float r9 = fmaf(r8, r2, r3);
  const float r10 = mul(r4, r4);
  const float r11 = mul(r5, r6);
  const float r12 = mul(r11, r7);
  const float r13 = mul(r10, r12);
  const float r14 = mul(r9, r13);
  y0[e] = r9;
  y1[e] = r14;
}

// step 185, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_185_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[i];
  const float r4 = x4[0u];
  const float r5 = x5[0u];
  const float r6 = x6[0u];
  const float r7 = fmaf(r0, r1, r2);
  const float r8 = mul(r3, r3);
  const float r9 = mul(r4, r5);
  const float r10 = mul(r9, r6);
  const float r11 = mul(r8, r10);
  const float r12 = mul(r7, r11);
  y0[e] = r12;
}

// step 191, conv:mul: [1, 1024, 16], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_191_conv_mul(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, const float* x7, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 16384u) return;
  const unsigned i = e % 16u;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = x3[0u];
  const float r4 = x4[e];
  const float r5 = x5[i];
  const float r6 = x6[0u];
  const float r7 = x7[0u];
  const float r8 = fmaf(r0, r1, r2);
  const float r9 = fmaf(r8, r3, r4);
  const float r10 = mul(r5, r5);
  const float r11 = mul(r6, r7);
  const float r12 = mul(r10, r11);
  const float r13 = mul(r9, r12);
  y0[e] = r13;
}

// step 194, fc:sum: [1, 1, 10] to [1, 1]: a block takes 1 of them with 8 threads each
extern "C" __global__ void __launch_bounds__(8) fused_194_fc_sum(const float* x0, const float* x1, const float* x2, const float* x3, const float* x4, const float* x5, const float* x6, float* z0) {
  const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
  const unsigned k = blockIdx.x * 1 + a;
  const unsigned first = 0, last = 10u;
  float sum0 = 0.0f;
  if (k < 1u) {
    const float r1 = x1[0u];
    const float r2 = x2[0u];
    const float r4 = x4[0u];
    const float r6 = x6[0u];
#pragma unroll 4
    for (unsigned m = first + d; m < last; m += 8) {
      const unsigned e = m;
      const float r0 = x0[e];
      const float r3 = x3[e];
      const float r5 = x5[e];
      const float r7 = mul(r1, r2);
      const float r8 = mul(r3, r3);
      const float r9 = 0.0f;
      const float r10 = r9 - r4;
      const float r11 = powerOfTwo(r10);
      const float r12 = mul(r8, r11);
      const float r13 = fmaf(r0, r7, r12);
      const float r14 = mul(r5, r6);
      const float r15 = mul(r13, r14);
      sum0 += r15;
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

// step 195, conv:mul: [1, 1, 432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_195_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 432u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 196, blocks.2.conv2:mul: [1, 1, 512], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_196_blocks_2_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 512u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 197, blocks.5.conv2:mul: [1, 1, 2048], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_197_blocks_5_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2048u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 198, conv:mul: [1, 1, 2304], one element a thread; also steps 199, 200, 201, 202, 203
extern "C" __global__ void __launch_bounds__(256) fused_198_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 2304u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 204, blocks.2.conv2:mul: [1, 1, 4608], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_204_blocks_2_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 4608u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 205, blocks.3.conv1:mul: [1, 1, 9216], one element a thread; also steps 206, 207, 208, 209
extern "C" __global__ void __launch_bounds__(256) fused_205_blocks_3_conv1_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 9216u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 210, blocks.5.conv2:mul: [1, 1, 18432], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_210_blocks_5_conv2_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 18432u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 211, blocks.6.conv1:mul: [1, 1, 36864], one element a thread; also steps 212, 213, 214, 215
extern "C" __global__ void __launch_bounds__(256) fused_211_blocks_6_conv1_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 36864u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
}

// step 217, conv:mul: [1, 1, 640], one element a thread
extern "C" __global__ void __launch_bounds__(256) fused_217_conv_mul(const float* x0, const float* x1, const float* x2, float* y0) {
  const unsigned e = blockIdx.x * 256 + threadIdx.x;
  if (e >= 640u) return;
  const float r0 = x0[e];
  const float r1 = x1[0u];
  const float r2 = x2[e];
  const float r3 = r0 / r1;
  const float r4 = mul(r3, r2);
  y0[e] = r4;
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

// step 241, conv:sub: [1, 1, 1], one element a thread
extern "C" __global__ void __launch_bounds__(32) fused_241_conv_sub(const float* x0, float* y0) {
  const unsigned e = blockIdx.x * 32 + threadIdx.x;
  if (e >= 1u) return;
  const float r0 = x0[e];
  const float r1 = 270896.0f;
  const float r2 = r1 - r0;
  y0[e] = r2;
}

// step 242, conv:rankMask: digit 1 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_242_conv_rankMask_1(const float* scores, const int* keep, unsigned* state) {
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

// step 242, conv:rankMask: digit 2 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_242_conv_rankMask_2(const float* scores, unsigned* state) {
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

// step 242, conv:rankMask: digit 3 of 3 of the last score that is kept
extern "C" __global__ void __launch_bounds__(256) rankMask_242_conv_rankMask_3(const float* scores, unsigned* state) {
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

// step 242, conv:rankMask: ties of each block, and before it
extern "C" __global__ void __launch_bounds__(256) rankMask_242_conv_rankMask_4(const float* scores, unsigned* state, unsigned* ties) {
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

// step 242, conv:rankMask: the mask: what lies above the threshold, and the first of the ties
extern "C" __global__ void __launch_bounds__(256) rankMask_242_conv_rankMask_5(const float* scores, float* y, const unsigned* state, const unsigned* ties) {
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

// step 243, conv:sum: [1, 1, 270896] to [1, 1]: a block takes 1 of them with 256 threads each; 67 blocks share one
extern "C" __global__ void __launch_bounds__(256) fused_243_conv_sum(const float* x0, float* z0, double* partial) {
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
