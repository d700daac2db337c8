import { beforeAll, describe, expect, it } from 'vitest';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import type { CallLowering } from '../../src/ops/op.js';
import { make, ops, registry } from '../../src/ops/registry.js';
import type { CallAttributes } from '../../src/plan/calls.js';
import type { Step } from '../../src/plan/plan.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { callOf, count, distance, floats, integer, random, type BufferSpec } from '../native/plans.js';
import { emulation } from './emulate.js';
import { emulateAll, joinedPlan, TINY, type Finding, type Trial } from './joined.js';

/** Emitted call kernels, run in the emulator, against the ops' own definitions or loops written here. */

type Kernel = Parameters<typeof callOf>[0];
const trial = (
  kernel: Kernel,
  inputs: readonly { readonly shape: readonly number[]; readonly data: NativeArray }[],
  out: BufferSpec,
  attributes: object,
): Trial => ({
  name: kernel,
  data: Object.fromEntries(inputs.map((x, i) => [i, x.data])),
  specs: [
    ...inputs.map(({ shape, data }): BufferSpec =>
      data instanceof Float32Array
        ? { in: 'input', shape }
        : { in: 'input', shape, dtype: data instanceof Int32Array ? 'i32' : 'u8' },
    ),
    out,
  ],
  steps: [
    callOf(
      kernel,
      inputs.map((_, i) => i),
      [inputs.length],
      attributes as never,
    ),
  ],
});
const resultOf = ({ trial: { specs }, after }: Finding): NativeArray => after[specs.length - 1]!;

/** One emulation for all kernels: each test says what it needs and reads it afterwards. */
const wanted: Trial[] = [];
let found: readonly Finding[] = [];
const want = (t: Trial): (() => NativeArray) => {
  const at = wanted.push(t) - 1;
  return () => resultOf(found[at]!);
};
beforeAll(() => {
  found = emulateAll(wanted, TINY);
}, 180_000);

describe('pools', () => {
  const next = random(17);
  const geometry = (
    n: number,
    h: number,
    w: number,
    c: number,
    window: readonly [number, number],
    stride: readonly [number, number],
    padding: readonly [number, number, number, number],
  ): CallAttributes<'maxPool'> => ({
    n,
    h,
    w,
    c,
    window,
    stride,
    padding,
    oh: Math.floor((h + padding[0] + padding[2] - window[0]) / stride[0]) + 1,
    ow: Math.floor((w + padding[1] + padding[3] - window[1]) / stride[1]) + 1,
  });
  const geometries = [
    geometry(2, 7, 9, 5, [2, 2], [2, 2], [0, 0, 0, 0]),
    geometry(3, 8, 6, 16, [3, 3], [2, 2], [1, 1, 1, 1]),
    geometry(1, 5, 7, 3, [3, 2], [1, 2], [2, 0, 1, 1]),
    geometry(2, 8, 8, 20, [8, 8], [8, 8], [0, 0, 0, 0]),
    geometry(3, 9, 9, 33, [3, 3], [1, 1], [1, 1, 1, 1]),
    geometry(2, 11, 9, 4, [2, 3], [4, 5], [0, 1, 0, 1]),
    ...Array.from({ length: 6 }, () => {
      const window = [integer(next, 1, 4), integer(next, 1, 4)] as const;
      const pad = (k: 0 | 1): number => integer(next, 0, window[k] - 1);
      return geometry(
        integer(next, 1, 3),
        integer(next, 4, 9),
        integer(next, 4, 9),
        integer(next, 1, 9),
        window,
        [integer(next, 1, 3), integer(next, 1, 3)],
        [pad(0), pad(1), pad(0), pad(1)],
      );
    }),
  ];
  geometries.forEach((a, k) => {
    const [big, small] = [
      [a.n, a.h, a.w, a.c],
      [a.n, a.oh, a.ow, a.c],
    ];
    const x = floats(count(big), k + 1).map((v) => Math.round(v * 4)); // ties
    x[3] = NaN;
    x[17] = -Infinity;
    const operands = {
      x: { shape: big, data: x },
      v: { shape: big, data: floats(count(big), k + 2) },
      dy: { shape: small, data: floats(count(small), k + 3) },
    };
    const cases = (
      [
        ['maxPool', ['x'], small],
        ['maxPoolGather', ['x', 'v'], small],
        ['maxPoolScatter', ['x', 'dy'], big],
        ['sumPool', ['v'], small],
        ['sumPoolGrad', ['dy'], big],
      ] as const
    ).map(([kernel, names, shape]) => ({
      kernel,
      inputs: names.map((n) => operands[n]),
      get: want(
        trial(
          kernel,
          names.map((n) => operands[n]),
          { in: 'output', shape },
          a,
        ),
      ),
    }));
    it(`${a.window.join('x')} windows over [${big}]`, () => {
      for (const { kernel, inputs, get } of cases) {
        const { window, stride, padding } = a;
        const node = make(
          kernel,
          inputs.map((i, j) => make('input', [], { name: String(j), shape: i.shape, dtype: 'f32' })),
          { window, stride, padding, ...(kernel === 'sumPoolGrad' ? { size: [a.h, a.w] } : {}) },
        );
        const expected = registry[kernel].evaluate(
          inputs.map((i) => Float64Array.from(i.data)),
          node,
        );
        expect(distance(get(), expected), kernel).toBeLessThan(
          kernel.startsWith('max') && kernel !== 'maxPoolScatter' ? 1e-30 : 1e-6,
        );
      }
    });
  });
});

describe('bilinear interpolation', () => {
  const geometries = [
    { n: 2, h: 3, w: 4, c: 5, oh: 7, ow: 9 },
    { n: 1, h: 9, w: 11, c: 3, oh: 4, ow: 3 },
    { n: 1, h: 6, w: 5, c: 2, oh: 1, ow: 1 },
    { n: 2, h: 1, w: 7, c: 4, oh: 5, ow: 2 },
  ];
  geometries.forEach((geometry, k) =>
    [true, false].forEach((alignCorners) => {
      const { n, h, w, c, oh, ow } = geometry;
      const cases = (
        [
          ['resizeBilinear', [n, h, w, c], [n, oh, ow, c]],
          ['resizeBilinearGrad', [n, oh, ow, c], [n, h, w, c]],
        ] as const
      ).map(([kernel, from, to]) => {
        const data = floats(count(from), k + 1);
        const get = want(
          trial(kernel, [{ shape: from, data }], { in: 'output', shape: to }, { ...geometry, alignCorners }),
        );
        return { kernel, from, to, data, get };
      });
      it(`${h}x${w} to ${oh}x${ow}${alignCorners ? ', corners aligned' : ''}`, () => {
        for (const { kernel, from, to, data, get } of cases) {
          const x = make('input', [], { name: 'x', shape: from, dtype: 'f32' });
          const node = make(kernel, [x], { size: [to[1], to[2]], alignCorners });
          expect(
            distance(get(), registry[kernel].evaluate([Float64Array.from(data)], node)),
            kernel,
          ).toBeLessThan(1e-6);
        }
      });
    }),
  );
});

describe('movement', () => {
  const next = random(5);
  const copies = Array.from({ length: 60 }, (_, k) => {
    const dims = Array.from({ length: integer(next, 0, 4) }, () => integer(next, 1, k % 4 === 0 ? 16 : 6));
    const order = dims.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = k % 3 === 0 ? i : integer(next, 0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const dense = (axes: readonly number[]): number[] => {
      const strides = dims.map(() => 0);
      [...axes].reverse().reduce((at, axis) => ((strides[axis] = at), at * dims[axis]!), 1);
      return strides;
    };
    const size = count(dims);
    const turned = (stride: number): number => {
      if (next() < 0.3) return -stride;
      return next() < 0.2 ? 0 : stride;
    };
    const srcStrides = k % 3 === 0 ? dense(order) : dense(order).map(turned);
    const dstOffset = integer(next, 0, 2) * 4;
    const srcOffset = srcStrides.reduce(
      (o, s, i) => (s < 0 ? o - s * (dims[i]! - 1) : o),
      k % 2 === 0 ? 4 : 1,
    );
    const dstStrides = dense(dims.map((_, i) => i));
    const bytes = Uint8Array.from({ length: size + 9 }, (_, i) => i);
    const integers = Int32Array.from({ length: size + 9 }, (_, i) => -i);
    const src = [bytes, integers][k % 5] ?? floats(size + 9, k);
    const out: BufferSpec =
      src instanceof Float32Array
        ? { in: 'output', shape: [size + 9] }
        : { in: 'output', shape: [size + 9], dtype: src instanceof Int32Array ? 'i32' : 'u8' };
    const expected = src.slice().fill(src instanceof Float32Array ? NaN : 77);
    const walk = (axis: number, from: number, to: number): void => {
      if (axis === dims.length) expected[to] = src[from]!;
      else
        for (let i = 0; i < dims[axis]!; i++)
          walk(axis + 1, from + i * srcStrides[axis]!, to + i * dstStrides[axis]!);
    };
    walk(0, srcOffset, dstOffset);
    return {
      expected,
      get: want(
        trial('copy', [{ shape: [size + 9], data: src }], out, {
          dims,
          srcOffset,
          srcStrides,
          dstOffset,
          dstStrides,
        }),
      ),
    };
  });
  it('copies transpose, reverse, pad and broadcast, for every element type, and touch nothing else', () => {
    for (const { expected, get } of copies) expect(get()).toEqual(expected);
  });

  const long = Float32Array.from({ length: 5000 }, (_, i) => i);
  const rows = want(
    trial(
      'copy',
      [{ shape: [5000], data: long }],
      { in: 'output', shape: [4000] },
      { dims: [40, 100], srcOffset: 8, srcStrides: [104, 1], dstOffset: 0, dstStrides: [100, 1] },
    ),
  );
  it('long rows in packs', () =>
    expect([...rows()]).toEqual(
      Array.from({ length: 4000 }, (_, i) => 8 + Math.floor(i / 100) * 104 + (i % 100)),
    ));

  const run = (from: number, to: number, n: number, srcOffset: number, dstOffset: number): Step =>
    callOf('copy', [from], [to], { dims: [n], srcOffset, srcStrides: [1], dstOffset, dstStrides: [1] });
  const buffers = (...sizes: number[]): BufferSpec[] => sizes.map((n) => ({ in: 'state', shape: [n] }));
  const launches = (t: Trial): number[] =>
    emitCuda(joinedPlan([t]).plan).steps.map((s) => (s.kind === 'library' ? -1 : s.launches.length));
  const pieces: Trial = {
    name: 'concat',
    specs: buffers(300, 1, 700, 1001, 500, 501),
    steps: [
      run(0, 3, 300, 0, 0),
      run(1, 3, 1, 0, 300),
      run(2, 3, 700, 0, 301),
      run(3, 4, 500, 0, 0),
      run(3, 5, 501, 500, 0),
    ],
  };
  const chain: Trial = {
    name: 'chain',
    specs: buffers(3000, 3000, 3000, 3000),
    steps: [run(0, 1, 3000, 0, 0), run(1, 2, 3000, 0, 0), run(3, 1, 3000, 0, 0), run(0, 1, 4, 2, 3)],
  };
  const [piecewise, chained] = [pieces, chain].map((t) => ({ t, at: wanted.push(t) - 1 }));
  it('copies that follow each other share a launch, unless one needs what another writes', () => {
    expect(launches(pieces)).toEqual([1, 0, 0, 1, 0]);
    expect(launches(chain)).toEqual([1, 1, 1, 1]);
    const [a, b, c] = found[piecewise!.at]!.before as [Float32Array, Float32Array, Float32Array];
    const joined = Float32Array.of(...a, ...b, ...c);
    expect(found[piecewise!.at]!.after.slice(3)).toEqual([joined, joined.slice(0, 500), joined.slice(500)]);
    const [p, , , q] = found[chained!.at]!.before as Float32Array[];
    const last = q!.slice();
    last.set(p!.slice(2, 6), 3);
    expect(found[chained!.at]!.after).toEqual([p, last, p, q]);
  });

  const fills = (
    [
      ['f32', -2.5],
      ['f32', 3e38],
      ['i32', -7],
      ['u8', 200],
      ['i32', -1_000_000],
      ['f32', -0],
    ] as const
  ).map(([dtype, value]) => ({
    value,
    get: want({
      name: 'fill',
      specs: [{ in: 'output', shape: [300], ...(dtype === 'f32' ? {} : { dtype }) }],
      steps: [callOf('fill', [], [0], { value })],
    }),
  }));
  it('fill', () => {
    for (const { value, get } of fills)
      expect(
        get().every((v) => Object.is(v, Math.fround(value))),
        String(value),
      ).toBe(true);
  });

  const tables = (
    [
      [7, 19, 50],
      [5, 16, 200],
      [50_000, 1, 128],
      [300, 1, 1000],
      [3, 600, 4],
      [1, 1, 1],
    ] as const
  ).map(([r, width, n]) => {
    const index = Int32Array.from({ length: n }, () => integer(next, 0, r - 1));
    const [table, v] = [floats(r * width, 1), floats(n * width, 2)];
    const bytes = Uint8Array.from({ length: r * width }, (_, i) => i * 31);
    const indices = { shape: [n], data: index };
    return {
      r,
      width,
      n,
      index,
      table,
      v,
      bytes,
      gathered: want(
        trial(
          'gather',
          [{ shape: [r, width], data: table }, indices],
          { in: 'output', shape: [n, width] },
          { rows: r, width, count: n },
        ),
      ),
      gatheredBytes: want(
        trial(
          'gather',
          [{ shape: [r, width], data: bytes }, indices],
          { in: 'output', shape: [n, width], dtype: 'u8' },
          { rows: r, width, count: n },
        ),
      ),
      scattered: want(
        trial(
          'scatterAdd',
          [{ shape: [n, width], data: v }, indices],
          { in: 'output', shape: [r, width] },
          { rows: r, width, count: n },
        ),
      ),
    };
  });
  it('gather reads rows, scatterAdd adds them up in the order of the index', () => {
    for (const { r, width, n, index, table, v, bytes, gathered, gatheredBytes, scattered } of tables) {
      const from = (i: number): number => index[Math.floor(i / width)]! * width + (i % width);
      expect(gathered()).toEqual(Float32Array.from({ length: n * width }, (_, i) => table[from(i)]!));
      expect(gatheredBytes()).toEqual(Uint8Array.from({ length: n * width }, (_, i) => bytes[from(i)]!));
      const expected = new Float32Array(r * width);
      v.forEach((x, i) => {
        expected[from(i)] = Math.fround(expected[from(i)]! + x);
      });
      expect(scattered()).toEqual(expected);
    }
  });

  const crops = (
    [
      [4, 20, 5, 7, 3],
      [3, 6, 8, 8, 1],
      [2, 9, 6, 4, 4],
    ] as const
  ).map(([images, batch, h, w, c]) => {
    const data = Uint8Array.from({ length: images * h * w * c }, () => integer(next, 1, 255));
    const index = Int32Array.from({ length: batch }, () => integer(next, 0, images - 1));
    const shift = Int32Array.from({ length: batch * 3 }, (_, i) =>
      i % 3 === 2 ? integer(next, 0, 1) : integer(next, -9, 9),
    );
    const expected = new Float32Array(batch * h * w * c);
    let at = 0;
    for (let b = 0; b < batch; b++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          for (let k = 0; k < c; k++) {
            const [iy, ix] = [
              y + shift[3 * b]!,
              (shift[3 * b + 2] !== 0 ? w - 1 - x : x) + shift[3 * b + 1]!,
            ];
            expected[at++] =
              iy < 0 || iy >= h || ix < 0 || ix >= w ? 0 : data[((index[b]! * h + iy) * w + ix) * c + k]!;
          }
    return {
      expected,
      get: want(
        trial(
          'cropFlip',
          [
            { shape: [images, h, w, c], data },
            { shape: [batch], data: index },
            { shape: [batch, 3], data: shift },
          ],
          { in: 'output', shape: [batch, h, w, c] },
          { images, batch, h, w, c },
        ),
      ),
    };
  });
  it('cropFlip shifts, flips and fills with zero', () => {
    for (const { expected, get } of crops) expect(get()).toEqual(expected);
  });

  it.each([
    ['gather', -1],
    ['gather', 7],
    ['scatterAdd', 7],
    ['cropFlip', -1],
  ] as const)('%s refuses row %i of a table of 7', (kernel, bad) => {
    const index = { shape: [3], data: Int32Array.of(0, bad, 1) };
    const t =
      kernel === 'cropFlip'
        ? trial(
            kernel,
            [
              { shape: [7, 2, 2, 1], data: new Uint8Array(28) },
              index,
              { shape: [3, 3], data: new Int32Array(9) },
            ],
            { in: 'output', shape: [3, 2, 2, 1] },
            { images: 7, batch: 3, h: 2, w: 2, c: 1 },
          )
        : trial(
            kernel,
            [
              {
                shape: kernel === 'gather' ? [7, 2] : [3, 2],
                data: new Float32Array(kernel === 'gather' ? 14 : 6),
              },
              index,
            ],
            { in: 'output', shape: kernel === 'gather' ? [3, 2] : [7, 2] },
            { rows: 7, width: 2, count: 3 },
          );
    emulation(emitCuda(joinedPlan([t]).plan), ({ run }) => {
      expect(() => run((b) => t.data![b] ?? new Float32Array(14))).toThrow(
        `${kernel}: an index names no row of a table of 7; correct the index`,
      );
    });
  });
});

describe('ranking', () => {
  const next = random(21);
  const rowOf = (width: number): number[] =>
    Array.from({ length: width }, () => {
      const u = next();
      if (u < 0.05) return NaN;
      return u < 0.1 ? -Infinity : Math.round(u * 10);
    });
  const largest = (row: readonly number[]): number =>
    row.reduce((best, v, i) => (v > row[best]! ? i : best), 0);
  const rows = [1, 2, 3, 10, 64, 65, 100, 256, 1000].map((width) => {
    const data = Array.from({ length: 40 }, () => rowOf(width));
    return {
      data,
      get: want(
        trial(
          'argMax',
          [{ shape: [40, width], data: Float32Array.from(data.flat()) }],
          { in: 'output', shape: [40], dtype: 'i32' },
          { rows: 40, width },
        ),
      ),
    };
  });
  it('argMax is the first index of the largest; nothing is larger than a NaN that comes first', () => {
    for (const { data, get } of rows) expect([...get()]).toEqual(data.map(largest));
  });

  const masks = Array.from({ length: 44 }, (_, k) => {
    const size =
      [1, 10, 255, 256, 257, 1024, 1025, 5000, 20_000][k % 9]! + (k > 26 ? integer(next, 0, 999) : 0);
    const coarse = k % 3;
    const scores = Float32Array.from({ length: size }, () => {
      const u = next();
      if (u < 0.02) return [NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45][integer(next, 0, 6)]!;
      if (coarse === 0) return Math.round((u - 0.5) * 20);
      if (coarse === 1) return (u - 0.5) * 10 ** integer(next, -20, 20);
      return u < 0.9 ? -3e38 : u;
    });
    const keep = [0, size, -3, size + 9, 1, size - 1][k] ?? integer(next, 0, size);
    const expected = new Float32Array(size);
    const rank = (v: number): number => (Number.isNaN(v) ? -1 : 0);
    const order = Array.from(scores.keys()).sort((i, j) => {
      const [a, b] = [scores[i]!, scores[j]!];
      return rank(b) - rank(a) || Number(b > a) - Number(a > b) || i - j;
    });
    for (const i of order.slice(0, Math.max(keep, 0))) expected[i] = 1;
    return {
      size,
      keep,
      expected,
      get: want(
        trial(
          'rankMask',
          [
            { shape: [size], data: scores },
            { shape: [], data: Int32Array.of(keep) },
          ],
          { in: 'output', shape: [size] },
          { size },
        ),
      ),
    };
  });
  it('rankMask keeps exactly the largest, ties by smaller index, NaN last', () => {
    for (const { size, keep, expected, get } of masks) expect(get(), `${keep} of ${size}`).toEqual(expected);
  });

  const draws = [1, 4, 5, 1023, 4099].flatMap((size) =>
    [0, 0.3, 1].map((probability) => {
      const noise = Int32Array.of(integer(next, -(2 ** 31), 2 ** 31 - 1), integer(next, 0, 1000));
      const node = make('bernoulli', [ops.input('noise', [2], 'i32')], {
        shape: [size],
        probability,
        stream: size,
      });
      const lowering = registry.bernoulli.lower(node) as CallLowering;
      const output: BufferSpec = { in: 'output', shape: [size] };
      return {
        expected: registry.bernoulli.evaluate([Float64Array.from(noise)], node),
        get: want(trial('bernoulli', [{ shape: [2], data: noise }], output, lowering.attributes)),
      };
    }),
  );
  it('bernoulli has the bits of its definition', () => {
    for (const { expected, get } of draws) expect(Array.from(get())).toEqual(Array.from(expected));
  });
});
