import { afterAll, describe, expect, it } from 'vitest';

import type { CallAttributes } from '../../src/plan/calls.js';
import type { NativeArray } from '../../src/runtime/native.js';
import {
  addon,
  callOf,
  count,
  distance,
  floats,
  integer,
  planOf,
  random,
  runOn,
  type BufferSpec,
} from './plans.js';

/** Every call kernel against loops written here, on shapes that are neither square nor even. */

const device = new addon.Device({ threads: 2 });
afterAll(() => device.dispose());

type Conv = CallAttributes<'conv2d'>;
type Pool = CallAttributes<'maxPool'>;
type Kernel = Parameters<typeof callOf>[0];

const call = async (
  kernel: Kernel,
  inputs: readonly { shape: readonly number[]; data: NativeArray }[],
  out: BufferSpec,
  attributes: object,
): Promise<NativeArray> => {
  const specs = inputs.map(({ shape, data }): BufferSpec =>
    data instanceof Float32Array
      ? { in: 'input', shape }
      : { in: 'input', shape, dtype: data instanceof Int32Array ? 'i32' : 'u8' },
  );
  const plan = planOf(
    [...specs, out],
    [
      callOf(
        kernel,
        inputs.map((_, i) => i),
        [inputs.length],
        attributes as never,
      ),
    ],
  );
  return (
    await runOn(
      device,
      plan,
      inputs.map((i) => i.data),
    )
  )[0]!;
};

/** Calls visit(x index, weight index, y index) for every product of a convolution. */
const products = (a: Conv, visit: (x: number, w: number, y: number) => void): void => {
  for (let b = 0; b < a.n; b++)
    for (let p = 0; p < a.oh; p++)
      for (let q = 0; q < a.ow; q++)
        for (let i = 0; i < a.kh; i++)
          for (let j = 0; j < a.kw; j++) {
            const [y, x] = [
              p * a.stride[0] - a.padding[0] + i * a.dilation[0],
              q * a.stride[1] - a.padding[1] + j * a.dilation[1],
            ];
            if (y < 0 || y >= a.h || x < 0 || x >= a.w) continue;
            for (let f = 0; f < a.f; f++)
              for (let c = 0; c < a.c; c++)
                visit(
                  ((b * a.h + y) * a.w + x) * a.c + c,
                  ((f * a.kh + i) * a.kw + j) * a.c + c,
                  ((b * a.oh + p) * a.ow + q) * a.f + f,
                );
          }
};

const conv = (g: Omit<Conv, 'oh' | 'ow'>): Conv => {
  const out = (n: number, k: number, s: number, d: number, p: number): number =>
    Math.floor((n + p - (k - 1) * d - 1) / s) + 1;
  return {
    ...g,
    oh: out(g.h, g.kh, g.stride[0], g.dilation[0], g.padding[0] + g.padding[2]),
    ow: out(g.w, g.kw, g.stride[1], g.dilation[1], g.padding[1] + g.padding[3]),
  };
};

const checkConv = async (a: Conv): Promise<void> => {
  const [xs, ws, ys] = [
    [a.n, a.h, a.w, a.c],
    [a.f, a.kh, a.kw, a.c],
    [a.n, a.oh, a.ow, a.f],
  ];
  const [x, w, dy] = [floats(count(xs), 1), floats(count(ws), 2), floats(count(ys), 3)];
  const [y, dx, dw] = [new Float64Array(dy.length), new Float64Array(x.length), new Float64Array(w.length)];
  products(a, (i, j, k) => {
    y[k]! += x[i]! * w[j]!;
    dx[i]! += dy[k]! * w[j]!;
    dw[j]! += dy[k]! * x[i]!;
  });
  const what = JSON.stringify(a);
  expect(
    distance(
      await call(
        'conv2d',
        [
          { shape: xs, data: x },
          { shape: ws, data: w },
        ],
        { in: 'output', shape: ys },
        a,
      ),
      y,
    ),
    `y of ${what}`,
  ).toBeLessThan(1e-5);
  expect(
    distance(
      await call(
        'conv2dInputGrad',
        [
          { shape: ys, data: dy },
          { shape: ws, data: w },
        ],
        { in: 'output', shape: xs },
        a,
      ),
      dx,
    ),
    `dx of ${what}`,
  ).toBeLessThan(1e-5);
  expect(
    distance(
      await call(
        'conv2dWeightGrad',
        [
          { shape: xs, data: x },
          { shape: ys, data: dy },
        ],
        { in: 'output', shape: ws },
        a,
      ),
      dw,
    ),
    `dw of ${what}`,
  ).toBeLessThan(1e-5);
};

describe('convolution and its gradients', () => {
  const base: Omit<Conv, 'oh' | 'ow'> = {
    n: 2,
    h: 7,
    w: 9,
    c: 5,
    f: 6,
    kh: 3,
    kw: 3,
    stride: [1, 1],
    dilation: [1, 1],
    padding: [1, 1, 1, 1],
  };
  const cases: readonly (readonly [string, Omit<Conv, 'oh' | 'ow'>])[] = [
    ['3x3', base],
    ['stride 2 with odd height', { ...base, stride: [2, 2] }],
    ['stride 2 with even width, a row of padding unread', { ...base, h: 8, w: 10, stride: [2, 2] }],
    ['unequal strides', { ...base, h: 11, stride: [2, 1] }],
    ['dilation 2', { ...base, dilation: [2, 2], padding: [2, 2, 2, 2] }],
    ['dilation beyond the image', { ...base, dilation: [8, 10], padding: [8, 10, 8, 10] }],
    ['asymmetric padding', { ...base, padding: [0, 1, 2, 0] }],
    ['1x1', { ...base, kh: 1, kw: 1, padding: [0, 0, 0, 0] }],
    ['1x1 with stride 2', { ...base, kh: 1, kw: 1, stride: [2, 2], padding: [0, 0, 0, 0] }],
    ['one row kernel', { ...base, kh: 1, kw: 5, padding: [0, 2, 0, 2] }],
    ['three channels', { ...base, c: 3, f: 16, h: 12 }],
    ['one channel, one filter', { ...base, c: 1, f: 1 }],
    ['16 to 32 channels', { ...base, c: 16, f: 32 }],
    ['compacted widths', { ...base, c: 13, f: 27 }],
    ['the whole image', { ...base, kh: 7, kw: 9, padding: [0, 0, 0, 0] }],
  ];
  for (const [name, g] of cases) it(name, () => checkConv(conv(g)));

  it('random geometries', async () => {
    const next = random(11);
    for (let trial = 0; trial < 25; trial++) {
      const g = conv({
        n: integer(next, 1, 3),
        h: integer(next, 5, 12),
        w: integer(next, 5, 12),
        c: integer(next, 1, 20),
        f: integer(next, 1, 20),
        kh: integer(next, 1, 3),
        kw: integer(next, 1, 3),
        stride: [integer(next, 1, 3), integer(next, 1, 2)],
        dilation: [integer(next, 1, 2), integer(next, 1, 2)],
        padding: [integer(next, 0, 2), integer(next, 0, 2), integer(next, 0, 2), integer(next, 0, 2)],
      });
      await checkConv(g);
    }
  });

  it("ResNet-20's convolutions have no reference implementation", async () => {
    const layers = [
      [32, 3, 16, 1],
      [32, 16, 16, 1],
      [32, 16, 32, 2],
      [16, 32, 32, 1],
      [16, 32, 64, 2],
      [8, 64, 64, 1],
    ] as const;
    const specs: BufferSpec[] = [];
    const steps = layers.flatMap(([h, c, f, s]) => {
      const a = conv({
        n: 8,
        h,
        w: h,
        c,
        f,
        kh: 3,
        kw: 3,
        stride: [s, s],
        dilation: [1, 1],
        padding: [1, 1, 1, 1],
      });
      const at = specs.length;
      specs.push(
        { in: 'arena', shape: [8, h, h, c] },
        { in: 'arena', shape: [f, 3, 3, c] },
        { in: 'arena', shape: [8, a.oh, a.ow, f] },
      );
      return [
        callOf('conv2d', [at, at + 1], [at + 2], a),
        callOf('conv2dInputGrad', [at + 2, at + 1], [at], a),
        callOf('conv2dWeightGrad', [at, at + 2], [at + 1], a),
      ];
    });
    const executable = await device.load(planOf(specs, steps));
    const found = executable
      .describe()
      .map((s, i) => `${s.kind} ${layers[Math.floor(i / 3)]!.join(' ')}: ${s.implementation}`);
    expect(found.filter((s) => s.includes('ref'))).toEqual([]);
    executable.dispose();
  });
});

describe('matmul', () => {
  it('all transpositions, down to single rows and columns', async () => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [1, 5, 7],
      [7, 1, 3],
      [128, 10, 64],
      [33, 17, 65],
    ] as const)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) {
          const [a, b] = [floats(m * k, 1), floats(k * n, 2)];
          const y = new Float64Array(m * n);
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++)
              for (let l = 0; l < k; l++)
                y[i * n + j]! +=
                  a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!;
          const got = await call(
            'matmul',
            [
              { shape: transposeA ? [k, m] : [m, k], data: a },
              { shape: transposeB ? [n, k] : [k, n], data: b },
            ],
            { in: 'output', shape: [m, n] },
            { m, n, k, transposeA, transposeB },
          );
          expect(distance(got, y), `${m} ${n} ${k} ${transposeA} ${transposeB}`).toBeLessThan(1e-5);
        }
  });
});

describe('pools', () => {
  const windows = (a: Pool, visit: (y: number, window: number[]) => void): void => {
    for (let b = 0; b < a.n; b++)
      for (let p = 0; p < a.oh; p++)
        for (let q = 0; q < a.ow; q++)
          for (let k = 0; k < a.c; k++) {
            const window: number[] = [];
            for (let i = 0; i < a.window[0]; i++)
              for (let j = 0; j < a.window[1]; j++) {
                const [y, x] = [p * a.stride[0] - a.padding[0] + i, q * a.stride[1] - a.padding[1] + j];
                if (y >= 0 && y < a.h && x >= 0 && x < a.w) window.push(((b * a.h + y) * a.w + x) * a.c + k);
              }
            visit(((b * a.oh + p) * a.ow + q) * a.c + k, window);
          }
  };
  const winner = (x: ArrayLike<number>, window: number[]): number =>
    window.reduce(
      (best, i) => (x[i]! > x[best]! || (Number.isNaN(x[i]!) && !Number.isNaN(x[best]!)) ? i : best),
      window[0]!,
    );
  const geometries: readonly Pool[] = (
    [
      [2, 7, 9, 5, [2, 2], [2, 2], [0, 0, 0, 0]],
      [3, 8, 6, 16, [3, 3], [2, 2], [1, 1, 1, 1]],
      [1, 5, 7, 3, [3, 2], [1, 2], [2, 0, 1, 1]],
      [2, 8, 8, 64, [8, 8], [8, 8], [0, 0, 0, 0]],
      [40, 9, 9, 33, [3, 3], [1, 1], [1, 1, 1, 1]],
    ] as const
  ).map(
    ([n, h, w, c, window, stride, padding]) =>
      ({
        n,
        h,
        w,
        c,
        window: [...window],
        stride: [...stride],
        padding: [...padding],
        oh: Math.floor((h + padding[0] + padding[2] - window[0]) / stride[0]) + 1,
        ow: Math.floor((w + padding[1] + padding[3] - window[1]) / stride[1]) + 1,
      }) as Pool,
  );

  for (const a of geometries) {
    it(`${JSON.stringify(a)}`, async () => {
      const [big, small] = [
        [a.n, a.h, a.w, a.c],
        [a.n, a.oh, a.ow, a.c],
      ];
      const x = floats(count(big), 1).map((v) => Math.round(v * 4)); // ties
      x[3] = NaN;
      const v = floats(count(big), 2);
      const dy = floats(count(small), 3);
      const [max, chosen, scattered, sum, spread] = [
        new Float32Array(dy.length),
        new Float32Array(dy.length),
        new Float64Array(x.length),
        new Float64Array(dy.length),
        new Float64Array(x.length),
      ];
      windows(a, (y, window) => {
        const best = winner(x, window);
        max[y] = x[best]!;
        chosen[y] = v[best]!;
        scattered[best]! += dy[y]!;
        for (const i of window) {
          sum[y]! += v[i]!;
          spread[i]! += dy[y]!;
        }
      });
      const [bx, bv, sy] = [
        { shape: big, data: x },
        { shape: big, data: v },
        { shape: small, data: dy },
      ];
      expect(distance(await call('maxPool', [bx], { in: 'output', shape: small }, a), max)).toBe(0);
      expect(distance(await call('maxPoolGather', [bx, bv], { in: 'output', shape: small }, a), chosen)).toBe(
        0,
      );
      expect(
        distance(await call('maxPoolScatter', [bx, sy], { in: 'output', shape: big }, a), scattered),
      ).toBeLessThan(1e-6);
      expect(distance(await call('sumPool', [bv], { in: 'output', shape: small }, a), sum)).toBeLessThan(
        1e-6,
      );
      expect(distance(await call('sumPoolGrad', [sy], { in: 'output', shape: big }, a), spread)).toBeLessThan(
        1e-6,
      );
    });
  }
});

describe('movement', () => {
  it('copies transpose, reverse, pad and broadcast, for every element type', async () => {
    const next = random(5);
    for (let trial = 0; trial < 40; trial++) {
      const dims = Array.from({ length: integer(next, 0, 4) }, () => integer(next, 1, 6));
      const order = dims.map((_, i) => i).sort(() => next() - 0.5);
      const dense = (axes: readonly number[]): number[] => {
        const strides = new Array<number>(dims.length).fill(0);
        let at = 1;
        for (const axis of [...axes].reverse()) {
          strides[axis] = at;
          at *= dims[axis]!;
        }
        return strides;
      };
      const size = count(dims);
      const signed = dense(order).map((s) => {
        if (next() < 0.3) return -s;
        return next() < 0.2 ? 0 : s;
      });
      const srcOffset = signed.reduce((o, s, i) => (s < 0 ? o - s * (dims[i]! - 1) : o), 2);
      const dstStrides = dense(dims.map((_, i) => i));
      const sources = [
        { dtype: 'u8', src: Uint8Array.from({ length: size + 5 }, (_, i) => i) },
        { dtype: 'i32', src: Int32Array.from({ length: size + 5 }, (_, i) => -i) },
        { dtype: 'f32', src: floats(size + 5, trial) },
      ] as const;
      const { dtype, src } = sources[trial % 3]!;
      const expected = [...new Array<number>(size)].map(() => 0);
      const walk = (axis: number, from: number, to: number): void => {
        if (axis === dims.length) expected[to] = src[from]!;
        else
          for (let i = 0; i < dims[axis]!; i++)
            walk(axis + 1, from + i * signed[axis]!, to + i * dstStrides[axis]!);
      };
      walk(0, srcOffset, 0);
      const got = await call(
        'copy',
        [{ shape: [size + 5], data: src }],
        { in: 'output', shape: [size], dtype },
        { dims, srcOffset, srcStrides: signed, dstOffset: 0, dstStrides },
      );
      expect([...got]).toEqual(expected);
    }
  });

  it('a copy touches nothing outside its destination', async () => {
    const got = await call(
      'copy',
      [{ shape: [4], data: Float32Array.of(1, 2, 3, 4) }],
      { in: 'output', shape: [3, 4] },
      { dims: [2, 2], srcOffset: 0, srcStrides: [2, 1], dstOffset: 5, dstStrides: [4, 1] },
    );
    expect(got[5]).toBe(1);
    expect(got[10]).toBe(4);
  });

  it('fill', async () => {
    expect([...(await call('fill', [], { in: 'output', shape: [5] }, { value: -2.5 }))]).toEqual([
      -2.5, -2.5, -2.5, -2.5, -2.5,
    ]);
    expect([...(await call('fill', [], { in: 'output', shape: [2], dtype: 'i32' }, { value: -7 }))]).toEqual([
      -7, -7,
    ]);
  });

  it('gather and scatterAdd are adjoint, and refuse rows outside the table', async () => {
    const [rows, width, n] = [7, 19, 50];
    const next = random(3);
    const index = Int32Array.from({ length: n }, () => integer(next, 0, rows - 1));
    const [table, v] = [floats(rows * width, 1), floats(n * width, 2)];
    const got = await call(
      'gather',
      [
        { shape: [rows, width], data: table },
        { shape: [n], data: index },
      ],
      { in: 'output', shape: [n, width] },
      { rows, width, count: n },
    );
    expect([...got]).toEqual(
      Array.from({ length: n * width }, (_, i) => table[index[Math.floor(i / width)]! * width + (i % width)]),
    );
    const bytes = Uint8Array.from({ length: rows * 3 }, (_, i) => i);
    const small = await call(
      'gather',
      [
        { shape: [rows, 3], data: bytes },
        { shape: [2], data: Int32Array.of(6, 0) },
      ],
      { in: 'output', shape: [2, 3], dtype: 'u8' },
      { rows, width: 3, count: 2 },
    );
    expect([...small]).toEqual([18, 19, 20, 0, 1, 2]);
    const expected = new Float64Array(rows * width);
    v.forEach((x, i) => {
      expected[index[Math.floor(i / width)]! * width + (i % width)]! += x;
    });
    expect(
      distance(
        await call(
          'scatterAdd',
          [
            { shape: [n, width], data: v },
            { shape: [n], data: index },
          ],
          { in: 'output', shape: [rows, width] },
          { rows, width, count: n },
        ),
        expected,
      ),
    ).toBeLessThan(1e-6);
    for (const bad of [-1, rows]) {
      index[4] = bad;
      await expect(
        call(
          'gather',
          [
            { shape: [rows, width], data: table },
            { shape: [n], data: index },
          ],
          { in: 'output', shape: [n, width] },
          { rows, width, count: n },
        ),
      ).rejects.toMatchObject({
        code: 'DATA',
        message: `plan 'test' step 'gather': gather: row ${bad} of a table of 7 at index[4]; correct the index`,
      });
    }
  });

  it('cropFlip shifts, flips and fills with zero', async () => {
    const [images, batch, h, w, c] = [4, 20, 5, 7, 3];
    const next = random(9);
    const data = Uint8Array.from({ length: images * h * w * c }, () => integer(next, 1, 255));
    const index = Int32Array.from({ length: batch }, () => integer(next, 0, images - 1));
    const shift = Int32Array.from({ length: batch * 3 }, (_, i) =>
      i % 3 === 2 ? integer(next, 0, 1) : integer(next, -9, 9),
    );
    const expected: number[] = [];
    for (let b = 0; b < batch; b++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          for (let k = 0; k < c; k++) {
            const [iy, ix] = [
              y + shift[3 * b]!,
              (shift[3 * b + 2] !== 0 ? w - 1 - x : x) + shift[3 * b + 1]!,
            ];
            expected.push(
              iy < 0 || iy >= h || ix < 0 || ix >= w ? 0 : data[((index[b]! * h + iy) * w + ix) * c + k]!,
            );
          }
    const got = await call(
      'cropFlip',
      [
        { shape: [images, h, w, c], data },
        { shape: [batch], data: index },
        { shape: [batch, 3], data: shift },
      ],
      { in: 'output', shape: [batch, h, w, c] },
      { images, batch, h, w, c },
    );
    expect([...got]).toEqual(expected);
  });
});

describe('ranking', () => {
  it('argMax is the first index of the largest', async () => {
    const x = Float32Array.of(1, 3, 3, -1, -2, -1, -Infinity, -Infinity, -Infinity, 0, NaN, 2);
    expect([
      ...(await call(
        'argMax',
        [{ shape: [4, 3], data: x }],
        { in: 'output', shape: [4], dtype: 'i32' },
        { rows: 4, width: 3 },
      )),
    ]).toEqual([1, 0, 0, 2]);
  });

  it('rankMask keeps the largest, ties by smaller index, NaN last', async () => {
    const next = random(21);
    for (let trial = 0; trial < 40; trial++) {
      const size = integer(next, 1, 3000);
      const coarse = trial % 2 === 0;
      const scores = Float32Array.from({ length: size }, () => {
        const u = next();
        if (u < 0.02) return [NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45][integer(next, 0, 6)]!;
        return coarse ? Math.round((u - 0.5) * 20) : (u - 0.5) * 10 ** integer(next, -20, 20);
      });
      const keep = [0, size, -3, size + 9][trial] ?? integer(next, 0, size);
      const rank = (v: number): number => (Number.isNaN(v) ? -1 : 0);
      const order = Array.from(scores.keys()).sort((i, j) => {
        const [a, b] = [scores[i]!, scores[j]!];
        return rank(b) - rank(a) || Number(b > a) - Number(a > b) || i - j;
      });
      const expected = new Float32Array(size);
      for (const i of order.slice(0, Math.max(keep, 0))) expected[i] = 1;
      expect(
        await call(
          'rankMask',
          [
            { shape: [size], data: scores },
            { shape: [], data: Int32Array.of(keep) },
          ],
          { in: 'output', shape: [size] },
          { size },
        ),
      ).toEqual(expected);
    }
  });
});
