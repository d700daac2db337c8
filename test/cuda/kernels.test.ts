import { describe, expect, test } from 'vitest';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { H200, type Gpu } from '../../src/compile/cuda/gpu.js';
import type { CallAttributes } from '../../src/plan/calls.js';
import type { Step } from '../../src/plan/plan.js';
import { callOf, fusedOf, planOf, type BufferSpec } from '../native/plans.js';
import { TINY } from './joined.js';

/**
 * What the emitter writes: one kernel of each kind, to read. That the kernels compute what they should is for
 * the emulator (fused.test.ts, calls.test.ts) and for NVRTC to say; `vitest -u` records a change of the text
 * that is meant.
 */

/** The kernels of a plan, without the helper functions above them. */
const kernelsOf = (specs: readonly BufferSpec[], steps: readonly Step[], target: Gpu = H200): string => {
  const { source } = emitCuda(planOf(specs, steps), target);
  return source.slice(source.search(/^\/\/ steps? \d/m)).trimEnd();
};

const input = (...shape: number[]): BufferSpec => ({ in: 'input', shape });
const indices = (...shape: number[]): BufferSpec => ({ in: 'input', shape, dtype: 'i32' });
const pixels = (...shape: number[]): BufferSpec => ({ in: 'input', shape, dtype: 'u8' });
const arena = (...shape: number[]): BufferSpec => ({ in: 'arena', shape });
const output = (...shape: number[]): BufferSpec => ({ in: 'output', shape });
const outputIndices = (...shape: number[]): BufferSpec => ({ in: 'output', shape, dtype: 'i32' });

/** relu(x + bias) of rows of `width`. */
const biasAndRelu = (rows: number, width: number): Step =>
  fusedOf({
    name: 'fc:relu',
    domain: [1, rows, width],
    loads: [
      { buffer: 0, strides: [0, width, 1] },
      { buffer: 1, strides: [0, 0, 1] },
    ],
    code: [
      { op: 'add', args: [0, 1] },
      { op: 'const', args: [], value: 0 },
      { op: 'max', args: [2, 3] },
    ],
    stores: [{ register: 4, buffer: 2 }],
  });

describe('maps', () => {
  test('a thread for each element', () => {
    const specs = [input(3, 10), input(10), output(3, 10)];
    expect(kernelsOf(specs, [biasAndRelu(3, 10)])).toMatchInlineSnapshot(`
      "// step 0, fc:relu: [1, 3, 10], one element a thread
      extern "C" __global__ void __launch_bounds__(32) fused_0_fc_relu(const float* x0, const float* x1, float* y0) {
        const unsigned e = blockIdx.x * 32 + threadIdx.x;
        if (e >= 30u) return;
        const unsigned i = e % 10u;
        const float r0 = x0[e];
        const float r1 = x1[i];
        const float r2 = r0 + r1;
        const float r3 = 0.0f;
        const float r4 = larger(r2, r3);
        y0[e] = r4;
      }"
    `);
  });

  test('four neighbours a thread, in packs, where that fills the GPU', () => {
    const specs = [input(64, 16), input(16), output(64, 16)];
    expect(kernelsOf(specs, [biasAndRelu(64, 16)], TINY)).toMatchInlineSnapshot(`
      "// step 0, fc:relu: [1, 64, 16], 4 elements a thread
      extern "C" __global__ void __launch_bounds__(256) fused_0_fc_relu(const float* x0, const float* x1, float* y0) {
        const unsigned e = (blockIdx.x * 256 + threadIdx.x) * 4;
        if (e >= 1024u) return;
        const unsigned i = e % 16u;
        const auto l0 = packAt<4>(x0 + e);
        const auto l1 = packAt<4>(x1 + i);
        Pack<float, 4> s0;
      #pragma unroll
        for (unsigned v = 0; v < 4; ++v) {
          const float r0 = l0[v];
          const float r1 = l1[v];
          const float r2 = r0 + r1;
          const float r3 = 0.0f;
          const float r4 = larger(r2, r3);
          s0[v] = r4;
        }
        store(y0 + e, s0);
      }"
    `);
  });

  test('several side by side: the blocks of one launch are shared out', () => {
    const double = (from: number, to: number, n: number): Step =>
      fusedOf({
        name: 'double',
        domain: [1, 1, n],
        loads: [{ buffer: from, strides: [0, 0, 1] }],
        code: [{ op: 'add', args: [0, 0] }],
        stores: [{ register: 1, buffer: to }],
      });
    const specs = [input(300), output(300), input(500), output(500)];
    expect(kernelsOf(specs, [double(0, 1, 300), double(2, 3, 500)])).toMatchInlineSnapshot(`
      "// steps 0 to 1, double: 2 maps side by side
      extern "C" __global__ void __launch_bounds__(256) fused_0_double(const float* a0, float* a1, const float* a2, float* a3) {
        const float* x0;
        float* y0;
        unsigned count;
        unsigned first;
        if (blockIdx.x < 2) { x0 = a0; y0 = a1; first = 0; count = 300; }
        else { x0 = a2; y0 = a3; first = 2; count = 500; }
        const unsigned block = blockIdx.x - first;
        const unsigned e = block * 256 + threadIdx.x;
        if (e < count) {
          const float r0 = x0[e];
          const float r1 = r0 + r0;
          y0[e] = r1;
        }
      }"
    `);
  });

  test('a view of memory: a transpose is strides of a load', () => {
    const step = fusedOf({
      name: 'transposed',
      domain: [1, 4, 6],
      loads: [{ buffer: 0, strides: [0, 1, 4] }],
      code: [{ op: 'neg', args: [0] }],
      stores: [{ register: 1, buffer: 1 }],
    });
    expect(kernelsOf([input(6, 4), output(4, 6)], [step])).toMatchInlineSnapshot(`
      "// step 0, transposed: [1, 4, 6], one element a thread
      extern "C" __global__ void __launch_bounds__(32) fused_0_transposed(const float* x0, float* y0) {
        const unsigned e = blockIdx.x * 32 + threadIdx.x;
        if (e >= 24u) return;
        const unsigned i = e % 6u;
        const unsigned r = e / 6u;
        const float r0 = x0[r + i * 4u];
        const float r1 = -r0;
        y0[e] = r1;
      }"
    `);
  });
});

describe('reductions', () => {
  test('each row by a few threads: the largest value of each', () => {
    const step = fusedOf({
      name: 'largest',
      domain: [5, 1, 10],
      loads: [{ buffer: 0, strides: [10, 0, 1] }],
      reductions: [{ op: 'max', register: 0, keep: 'outer', buffer: 1 }],
    });
    expect(kernelsOf([input(5, 10), output(5)], [step])).toMatchInlineSnapshot(`
      "// step 0, largest: [5, 1, 10] to [5, 1]: a block takes 5 of them with 8 threads each
      extern "C" __global__ void __launch_bounds__(40) fused_0_largest(const float* x0, float* z0) {
        __shared__ double table[40];
        const unsigned d = threadIdx.x % 8, a = threadIdx.x / 8;
        const unsigned k = blockIdx.x * 5 + a;
        const unsigned first = 0, last = 10u;
        float max0 = __int_as_float(0xff800000);
        if (k < 5u) {
      #pragma unroll 4
          for (unsigned m = first + d; m < last; m += 8) {
            const unsigned e = k * 10u + m;
            const float r0 = x0[e];
            max0 = larger(max0, r0);
          }
        }

        table[d * 5 + a] = max0;

        fold<40, 5, 8, 1, 0>(table);
        for (unsigned q = threadIdx.x; q < 5; q += 40) {
          const unsigned z = blockIdx.x * 5u + q;
          z0[z] = (float)table[q];
        }
      }"
    `);
  });

  test('all to one sum: blocks leave partial sums, the last one adds them in a fixed order', () => {
    const step = fusedOf({
      name: 'total',
      domain: [1, 1, 20000],
      loads: [{ buffer: 0, strides: [0, 0, 1] }],
      reductions: [{ op: 'sum', register: 0, keep: 'none', buffer: 1 }],
    });
    expect(kernelsOf([input(20000), output(1)], [step])).toMatchInlineSnapshot(`
      "// step 0, total: [1, 1, 20000] to [1, 1]: a block takes 1 of them with 256 threads each; 5 blocks share one
      extern "C" __global__ void __launch_bounds__(256) fused_0_total(const float* x0, float* z0, double* partial) {
        __shared__ double table[256];
        const unsigned d = threadIdx.x % 256, a = threadIdx.x / 256;
        const unsigned k = blockIdx.x * 1 + a;
        const unsigned first = blockIdx.y * 4096u, last = first + 4096u < 20000u ? first + 4096u : 20000u;
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

        table[d * 1 + a] = sum0;

        fold<256, 1, 256, 16, 1>(table);
        static __device__ unsigned arrivals[1];
        double* mine = partial + blockIdx.x * 5ull;
        for (unsigned q = threadIdx.x; q < 1; q += 256) mine[blockIdx.y * 1 + q] = table[q];
        if (!arrivesLast(arrivals + blockIdx.x, 5)) return;
        rows<256, 1, 5, 5, 1>(table, mine);
        fold<256, 1, 5, 1, 1>(table);
        for (unsigned q = threadIdx.x; q < 1; q += 256) {
          const unsigned z = blockIdx.x * 1u + q;
          z0[z] = (float)table[q];
        }
      }"
    `);
  });

  test('columns: mean and variance of each channel in one pass', () => {
    const step = fusedOf({
      name: 'moments',
      domain: [1, 32, 6],
      loads: [{ buffer: 0, strides: [0, 6, 1] }],
      reductions: [
        { op: 'sum', register: 0, keep: 'inner', buffer: 1 },
        { op: 'variance', register: 0, keep: 'inner', buffer: 2 },
      ],
    });
    expect(kernelsOf([input(32, 6), output(6), output(6)], [step])).toMatchInlineSnapshot(`
      "// step 0, moments: [1, 32, 6] to [1, 6]: a block takes 3x2 of them with 8 threads each
      extern "C" __global__ void __launch_bounds__(24) fused_0_moments(const float* x0, float* z0, float* z1) {
        __shared__ double table[144];
        const unsigned a = threadIdx.x % 3, d = threadIdx.x / 3;
        const unsigned k = blockIdx.x * 3 + a;
        const unsigned first = 0, last = 32u;
        double sum1[2] = {0.0, 0.0};
        double squares1[2] = {0.0, 0.0};
        float sum0[2] = {0.0f, 0.0f};
        float taken1 = 0.0f;
        float from1[2] = {0.0f, 0.0f};
        float near1[2] = {0.0f, 0.0f};
        float far1[2] = {0.0f, 0.0f};
        if (k < 3u) {
          const unsigned c = k * 2;
      #pragma unroll 4
          for (unsigned m = first + d; m < last; m += 8) {
            const unsigned e = m * 6u + c;
            const auto l0 = packAt<2>(x0 + e);
      #pragma unroll
            for (unsigned v = 0; v < 2; ++v) {
              const float r0 = l0[v];
              sum0[v] += r0;
              deviate(from1[v], near1[v], far1[v], taken1, r0);
            }
            taken1 += 1.0f;
          }
      #pragma unroll
          for (unsigned v = 0; v < 2; ++v) {
            moveDeviations(sum1[v], squares1[v], from1[v], near1[v], far1[v], taken1);
          }
        }

      #pragma unroll
        for (unsigned v = 0; v < 2; ++v) {
          table[d * 18 + v * 3 + a] = sum0[v];
          table[d * 18 + (2 + v) * 3 + a] = sum1[v];
          table[d * 18 + (4 + v) * 3 + a] = squares1[v];
        }

        fold<24, 18, 8, 1, 18>(table);
        for (unsigned q = threadIdx.x; q < 6; q += 24) {
          const unsigned z = (blockIdx.x * 3u + q % 3) * 2 + q / 3;
          z0[z] = (float)table[q];
          z1[z] = varianceOf(table[6 + q], table[12 + q], 32.0);
        }
      }"
    `);
  });

  test('a chain: what is left to do on few elements follows in the last block', () => {
    const norm = [
      fusedOf({
        name: 'norm',
        domain: [1, 1, 64],
        loads: [{ buffer: 0, strides: [0, 0, 1] }],
        code: [{ op: 'mul', args: [0, 0] }],
        reductions: [{ op: 'sum', register: 1, keep: 'none', buffer: 1 }],
      }),
      fusedOf({
        name: 'root',
        domain: [1, 1, 1],
        loads: [{ buffer: 1, strides: [0, 0, 0] }],
        code: [{ op: 'sqrt', args: [0] }],
        stores: [{ register: 1, buffer: 2 }],
      }),
    ];
    expect(kernelsOf([input(64), arena(1), output(1)], norm)).toMatchInlineSnapshot(`
      "// steps 0 to 1, norm: [1, 1, 64] to [1, 1]: a block takes 1 of them with 32 threads each; then 1 more in the last block
      extern "C" __global__ void __launch_bounds__(256) fused_0_norm(const float* a0, float* a1, float* a2) {
        __shared__ double table[32];
        {
          const float* const x0 = a0;
          float* const z0 = a1;
          const unsigned block = 0;
          if (threadIdx.x < 32) {
            const unsigned d = threadIdx.x % 32, a = threadIdx.x / 32;
            const unsigned k = block * 1 + a;
            const unsigned first = 0, last = 64u;
            float sum0 = 0.0f;
            if (k < 1u) {
              for (unsigned m = first + d * 2; m < last; m += 64) {
                const unsigned e = m;
                const auto l0 = packAt<2>(x0 + e);
      #pragma unroll
                for (unsigned v = 0; v < 2; ++v) {
                  const float r0 = l0[v];
                  const float r1 = mul(r0, r0);
                  sum0 += r1;
                }
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
          const float* const x0 = a1;
          float* const y0 = a2;
          const unsigned block = 0;
          const unsigned e = block * 256 + threadIdx.x;
          if (e < 1u) {
            const float r0 = x0[e];
            const float r1 = sqrtf(r0);
            y0[e] = r1;
          }
        }
      }"
    `);
  });
});

describe('calls', () => {
  test('copy: here the odd columns, last first', () => {
    const copy = callOf('copy', [0], [1], {
      dims: [3, 4],
      srcStrides: [8, -2],
      srcOffset: 7,
      dstStrides: [4, 1],
      dstOffset: 0,
    });
    expect(kernelsOf([input(3, 8), output(3, 4)], [copy])).toMatchInlineSnapshot(`
      "// step 0, copy: 12 elements
      extern "C" __global__ void __launch_bounds__(32) copy_0_copy(const float* x, float* y) {
        const unsigned e = blockIdx.x * 32 + threadIdx.x;
        if (e >= 12u) return;
        const int i0 = (int)(e / 4u);
        const int i1 = (int)(e % 4u);
        y[i0 * 4 + i1] = x[7 + i0 * 8 + i1 * -2];
      }"
    `);
  });

  test('fill', () => {
    expect(kernelsOf([output(100)], [callOf('fill', [], [0], { value: 0.5 })])).toMatchInlineSnapshot(`
      "// step 0, fill: 100 elements
      extern "C" __global__ void __launch_bounds__(128) fill_0_fill(float* y) {
        const unsigned e = blockIdx.x * 128 + threadIdx.x;
        if (e >= 100u) return;
        y[e] = 0.5f;
      }"
    `);
  });

  test('gather', () => {
    const gather = callOf('gather', [0, 1], [2], { rows: 20, width: 3, count: 5 });
    expect(kernelsOf([input(20, 3), indices(5), output(5, 3)], [gather])).toMatchInlineSnapshot(`
      "// step 0, gather: [20, 3] by 5 rows
      extern "C" __global__ void __launch_bounds__(32) gather_0_gather(const float* x, const int* index, float* y) {
        const unsigned e = blockIdx.x * 32 + threadIdx.x;
        if (e >= 15u) return;
        const int at = index[e / 3u];
        checkRow(at, 20, "gather: an index names no row of a table of 20; correct the index", "gather");
        const unsigned row = at;
        y[e] = x[row * 3u + e % 3u];
      }"
    `);
  });

  test('scatterAdd', () => {
    const scatterAdd = callOf('scatterAdd', [0, 1], [2], { rows: 20, width: 3, count: 5 });
    expect(kernelsOf([input(5, 3), indices(5), output(20, 3)], [scatterAdd])).toMatchInlineSnapshot(`
      "// step 0, scatterAdd: 5 rows into [20, 3]
      extern "C" __global__ void __launch_bounds__(256) scatterAdd_0_scatterAdd(const float* x, const int* index, float* y) {
        __shared__ int at[256];
        const unsigned e = blockIdx.x * 256 + threadIdx.x;
        const unsigned row = e / 3u, column = e % 3u;
        float sum = 0.0f;
        for (unsigned first = 0; first < 5; first += 256) {
          if (first + threadIdx.x < 5) {
            at[threadIdx.x] = index[first + threadIdx.x];
            checkRow(at[threadIdx.x], 20, "scatterAdd: an index names no row of a table of 20; correct the index", "scatterAdd");
          }
          __syncthreads();
          const unsigned here = 5 - first < 256 ? 5 - first : 256;
          for (unsigned j = 0; j < here; ++j) {
            if (at[j] == row) sum += x[(first + j) * 3u + column];
          }
          __syncthreads();
        }
        if (e < 60u) y[e] = sum;
      }"
    `);
  });

  test('cropFlip', () => {
    const cropFlip = callOf('cropFlip', [0, 1, 2], [3], { images: 100, batch: 2, h: 4, w: 5, c: 3 });
    const specs = [pixels(100, 4, 5, 3), indices(2), indices(2, 3), output(2, 4, 5, 3)];
    expect(kernelsOf(specs, [cropFlip])).toMatchInlineSnapshot(`
      "// step 0, cropFlip: 2 of 100 images [4, 5, 3]
      extern "C" __global__ void __launch_bounds__(128) cropFlip_0_cropFlip(const unsigned char* x, const int* index, const int* shift, float* y) {
        const unsigned e = blockIdx.x * 128 + threadIdx.x;
        if (e >= 120u) return;
        const unsigned c = e % 3u, b = e / 60u;
        const int column = e / 3u % 5u, row = e / 15u % 4u;
        const int at = index[b];
        checkRow(at, 100, "cropFlip: an index names no row of a table of 100; correct the index", "cropFlip");
        const unsigned image = at;
        const int dy = shift[b * 3], dx = shift[b * 3 + 1], flip = shift[b * 3 + 2];
        const int fromRow = row + dy, fromColumn = (flip != 0 ? 4 - column : column) + dx;
        const bool inside = fromRow >= 0 && fromRow < 4 && fromColumn >= 0 && fromColumn < 5;
        y[e] = inside ? (float)x[((image * 4u + fromRow) * 5u + fromColumn) * 3u + c] : 0.0f;
      }"
    `);
  });

  const pool: CallAttributes<'maxPool'> = {
    n: 2,
    h: 6,
    w: 6,
    c: 4,
    window: [3, 3],
    stride: [2, 2],
    padding: [1, 1, 0, 0],
    oh: 3,
    ow: 3,
  };
  const [image, pooled] = [
    [2, 6, 6, 4],
    [2, 3, 3, 4],
  ] as const;
  test('maxPool: a thread for each window', () => {
    const specs = [input(...image), output(...pooled)];
    expect(kernelsOf(specs, [callOf('maxPool', [0], [1], pool)])).toMatchInlineSnapshot(`
      "// step 0, maxPool: [2, 6, 6, 4] windows 3x3
      extern "C" __global__ void __launch_bounds__(96) maxPool_0_maxPool(const float* x, float* y) {
        const unsigned e = blockIdx.x * 96 + threadIdx.x;
        if (e >= 72u) return;
        const unsigned channel = e % 4u, image = e / 36u;
        const int left = (int)(e / 4u % 3u) * 2 - 1;
        const int top = (int)(e / 12u % 3u) * 2 - 1;
        const int rowFirst = top < 0 ? 0 : top, rowEnd = top + 3 < 6 ? top + 3 : 6;
        const int columnFirst = left < 0 ? 0 : left, columnEnd = left + 3 < 6 ? left + 3 : 6;
        unsigned best = ((image * 6u + rowFirst) * 6u + columnFirst) * 4u + channel;
        float most = x[best];
        for (int row = rowFirst; row < rowEnd; ++row) {
          for (int column = columnFirst; column < columnEnd; ++column) {
            const unsigned at = ((image * 6u + row) * 6u + column) * 4u + channel;
            const float here = x[at];
            if (here > most || (here != here && most == most)) {
              most = here;
              best = at;
            }
          }
        }
        y[e] = most;
      }"
    `);
  });

  test('maxPoolScatter: a thread for each element of the image asks the windows that hold it', () => {
    const specs = [input(...image), input(...pooled), output(...image)];
    expect(kernelsOf(specs, [callOf('maxPoolScatter', [0, 1], [2], pool)])).toMatchInlineSnapshot(`
      "// step 0, maxPoolScatter: [2, 6, 6, 4] windows 3x3
      extern "C" __global__ void __launch_bounds__(256) maxPoolScatter_0_maxPoolScatter(const float* x, const float* dy, float* y) {
        const unsigned e = blockIdx.x * 256 + threadIdx.x;
        if (e >= 288u) return;
        const unsigned channel = e % 4u, image = e / 144u;
        const int ownColumn = e / 4u % 6u, ownRow = e / 24u % 6u;
        const int pFirst = ownRow + 1 < 3 ? 0 : (ownRow + -2) / 2 + 1;
        const int pLast = (ownRow + 1) / 2 < 2 ? (ownRow + 1) / 2 : 2;
        const int qFirst = ownColumn + 1 < 3 ? 0 : (ownColumn + -2) / 2 + 1;
        const int qLast = (ownColumn + 1) / 2 < 2 ? (ownColumn + 1) / 2 : 2;
        float sum = 0.0f;
        for (int p = pFirst; p <= pLast; ++p) {
          for (int q = qFirst; q <= qLast; ++q) {
            const unsigned place = ((image * 3u + p) * 3u + q) * 4u + channel;
            const int top = p * 2 - 1, left = q * 2 - 1;
            const int rowFirst = top < 0 ? 0 : top, rowEnd = top + 3 < 6 ? top + 3 : 6;
            const int columnFirst = left < 0 ? 0 : left, columnEnd = left + 3 < 6 ? left + 3 : 6;
            unsigned best = ((image * 6u + rowFirst) * 6u + columnFirst) * 4u + channel;
            float most = x[best];
            for (int row = rowFirst; row < rowEnd; ++row) {
              for (int column = columnFirst; column < columnEnd; ++column) {
                const unsigned at = ((image * 6u + row) * 6u + column) * 4u + channel;
                const float here = x[at];
                if (here > most || (here != here && most == most)) {
                  most = here;
                  best = at;
                }
              }
            }
            if (best == e) sum += dy[place];
          }
        }
        y[e] = sum;
      }"
    `);
  });

  test('sumPool', () => {
    const specs = [input(...image), output(...pooled)];
    expect(kernelsOf(specs, [callOf('sumPool', [0], [1], pool)])).toMatchInlineSnapshot(`
      "// step 0, sumPool: [2, 6, 6, 4] windows 3x3
      extern "C" __global__ void __launch_bounds__(96) sumPool_0_sumPool(const float* x, float* y) {
        const unsigned e = blockIdx.x * 96 + threadIdx.x;
        if (e >= 72u) return;
        const unsigned channel = e % 4u, image = e / 36u;
        const int left = (int)(e / 4u % 3u) * 2 - 1;
        const int top = (int)(e / 12u % 3u) * 2 - 1;
        const int rowFirst = top < 0 ? 0 : top, rowEnd = top + 3 < 6 ? top + 3 : 6;
        const int columnFirst = left < 0 ? 0 : left, columnEnd = left + 3 < 6 ? left + 3 : 6;
        float sum = 0.0f;
        for (int row = rowFirst; row < rowEnd; ++row) {
          for (int column = columnFirst; column < columnEnd; ++column) {
            const unsigned at = ((image * 6u + row) * 6u + column) * 4u + channel;
            sum += x[at];
          }
        }
        y[e] = sum;
      }"
    `);
  });

  test('argMax', () => {
    const argMax = callOf('argMax', [0], [1], { rows: 5, width: 10 });
    expect(kernelsOf([input(5, 10), outputIndices(5)], [argMax])).toMatchInlineSnapshot(`
      "// step 0, argMax: [5, 10]
      extern "C" __global__ void __launch_bounds__(32) argMax_0_argMax(const float* x, int* y) {
        const unsigned e = blockIdx.x * 32 + threadIdx.x;
        if (e >= 5u) return;
        const float* row = x + e * 10u;
        int best = 0;
        for (int i = 1; i < 10; ++i) {
          if (row[i] > row[best]) best = i;
        }
        y[e] = best;
      }"
    `);
  });

  test('rankMask: counts by digit of a score from the highest on, then keeps what lies above', () => {
    const rankMask = callOf('rankMask', [0, 1], [2], { size: 1000 });
    const all = kernelsOf([input(1000), input(1), output(1000)], [rankMask]).split(/\n\n(?=\/\/ step)/);
    expect(all.map((kernel) => kernel.split('\n')[0])).toMatchInlineSnapshot(`
      [
        "// step 0, rankMask: digit 1 of 3 of the last score that is kept",
        "// step 0, rankMask: digit 2 of 3 of the last score that is kept",
        "// step 0, rankMask: digit 3 of 3 of the last score that is kept",
        "// step 0, rankMask: ties of each block, and before it",
        "// step 0, rankMask: the mask: what lies above the threshold, and the first of the ties",
      ]
    `);
    expect(all.at(0)).toMatchInlineSnapshot(`
      "// step 0, rankMask: digit 1 of 3 of the last score that is kept
      extern "C" __global__ void __launch_bounds__(256) rankMask_0_rankMask_1(const float* scores, const float* keep, unsigned* state) {
        static __device__ unsigned histogram[2048];
        static __device__ unsigned arrivals;
        __shared__ unsigned counts[2048];
        for (unsigned j = threadIdx.x; j < 2048; j += 256) counts[j] = 0;
        __syncthreads();
        const unsigned first = blockIdx.x * 1024;
        const unsigned last = first + 1024 < 1000u ? first + 1024 : 1000u;
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
        if (!arrivesLast(&arrivals, 1)) return;

        // thread t counts bins from the highest down: t * 8 of them lie above its own
        unsigned mine[8], sum = 0, total;
      #pragma unroll
        for (unsigned j = 0; j < 8; ++j) {
          const unsigned at = 2047 - (threadIdx.x * 8 + j);
          mine[j] = __ldcg(histogram + at);
          histogram[at] = 0;
          sum += mine[j];
        }
        const unsigned wanted = keep[0] < 0 ? 0 : keep[0] < 1000 ? keep[0] : 1000;
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
      }"
    `);
    expect(all.at(-1)).toMatchInlineSnapshot(`
      "// step 0, rankMask: the mask: what lies above the threshold, and the first of the ties
      extern "C" __global__ void __launch_bounds__(256) rankMask_0_rankMask_5(const float* scores, float* y, const unsigned* state, const unsigned* ties) {
        const unsigned threshold = state[0], kept = state[1];
        const bool all = kept == state[2];
        const unsigned own = all ? 0 : ties[blockIdx.x], before = all ? 0 : ties[1 + blockIdx.x];
        const unsigned first = blockIdx.x * 1024;
        const unsigned last = first + 1024 < 1000u ? first + 1024 : 1000u;
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
      }"
    `);
  });

  test("products are a library's: they have no kernel", () => {
    const matmul = callOf('matmul', [0, 1], [2], { m: 2, n: 3, k: 4, transposeA: false, transposeB: false });
    const { source, steps } = emitCuda(planOf([input(2, 4), input(4, 3), output(2, 3)], [matmul]));
    expect(steps).toEqual([{ kind: 'library' }]);
    expect(source).not.toContain('__global__');
  });
});
