import { afterAll, describe, expect, it } from 'vitest';

import type { CallAttributes } from '../../src/plan/calls.js';
import type { Plan } from '../../src/plan/plan.js';
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

/**
 * The convolutions that have kernels of our own on AVX2 and AVX-512: 3x3, stride 1, the image's size kept.
 */

type Conv = CallAttributes<'conv2d'>;
type Kernel = 'conv2d' | 'conv2dInputGrad' | 'conv2dWeightGrad';

const one = new addon.Device({ threads: 1 });
const three = new addon.Device({ threads: 3 });
afterAll(() => {
  one.dispose();
  three.dispose();
});

const conv = (n: number, h: number, w: number, c: number, f: number): Conv => ({
  n,
  h,
  w,
  c,
  f,
  kh: 3,
  kw: 3,
  oh: h,
  ow: w,
  stride: [1, 1],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
});

const isDirect = async (plan: Plan): Promise<boolean> => {
  const executable = await one.load(plan);
  const direct = executable.describe().every((s) => s.implementation.startsWith('direct:'));
  executable.dispose();
  return direct;
};

/** y, dx and dw with all sums in double. */
const expected = (
  a: Conv,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
): Record<Kernel, Float64Array> => {
  const [y, dx, dw] = [new Float64Array(dy.length), new Float64Array(x.length), new Float64Array(w.length)];
  for (let b = 0; b < a.n; b++)
    for (let p = 0; p < a.h; p++)
      for (let q = 0; q < a.w; q++)
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) {
            const [r, s] = [p + i - 1, q + j - 1];
            if (r < 0 || r >= a.h || s < 0 || s >= a.w) continue;
            const [atX, atY] = [((b * a.h + r) * a.w + s) * a.c, ((b * a.h + p) * a.w + q) * a.f];
            for (let f = 0; f < a.f; f++) {
              const atW = ((f * 3 + i) * 3 + j) * a.c;
              const dyf = dy[atY + f]!;
              let sum = 0;
              for (let c = 0; c < a.c; c++) {
                sum += x[atX + c]! * w[atW + c]!;
                dx[atX + c]! += dyf * w[atW + c]!;
                dw[atW + c]! += dyf * x[atX + c]!;
              }
              y[atY + f]! += sum;
            }
          }
  return { conv2d: y, conv2dInputGrad: dx, conv2dWeightGrad: dw };
};

const check = async (a: Conv): Promise<void> => {
  const shapes = { x: [a.n, a.h, a.w, a.c], w: [a.f, 3, 3, a.c], y: [a.n, a.h, a.w, a.f] };
  const data = {
    x: floats(count(shapes.x), 1),
    w: floats(count(shapes.w), 2),
    y: floats(count(shapes.y), 3),
  };
  const wanted = expected(a, data.x, data.w, data.y);
  for (const [kernel, first, second, out] of [
    ['conv2d', 'x', 'w', 'y'],
    ['conv2dInputGrad', 'y', 'w', 'x'],
    ['conv2dWeightGrad', 'x', 'y', 'w'],
  ] as const) {
    const specs: BufferSpec[] = [
      { in: 'input', shape: shapes[first] },
      { in: 'input', shape: shapes[second] },
      { in: 'output', shape: shapes[out] },
    ];
    const plan = planOf(specs, [callOf(kernel, [0, 1], [2], a)]);
    const what = `${kernel} of ${a.n} x ${a.h} x ${a.w}, ${a.c} to ${a.f}`;
    const [got] = await runOn(one, plan, [data[first], data[second]]);
    expect(distance(got!, wanted[kernel]), what).toBeLessThan(1e-5);
    if (!(await isDirect(plan))) continue; // oneDNN cuts some work by the number of threads
    const [again] = await runOn(three, plan, [data[first], data[second]]);
    expect(again, `${what} with more threads`).toEqual(got);
  }
};

describe('3x3 convolutions of stride 1', () => {
  const images = [
    [1, 1],
    [1, 6],
    [6, 1],
    [2, 3],
    [5, 7],
    [8, 8],
    [13, 4],
  ] as const;
  const widths = [8, 16, 24, 32, 40, 64] as const;

  for (const [h, w] of images) {
    it(`${h} x ${w}`, async () => {
      const next = random(h * 100 + w);
      // The last of these batches is large enough for every direction to have a kernel of its own.
      for (const n of [1, 3, 5, Math.ceil(256 / (h * w))])
        for (let trial = 0; trial < 3; trial++)
          await check(conv(n, h, w, widths[integer(next, 0, 5)]!, widths[integer(next, 0, 5)]!));
    });
  }

  it('images of several bands', async () => {
    await check(conv(3, 32, 32, 16, 24));
    await check(conv(1, 33, 70, 40, 8));
  });

  it('more channels than the first cache holds', () => check(conv(13, 4, 5, 136, 8)));

  it('have one implementation for all directions, whatever it is on this machine', async () => {
    const a = conv(4, 8, 8, 16, 16);
    const specs: BufferSpec[] = [
      { in: 'arena', shape: [4, 8, 8, 16] },
      { in: 'arena', shape: [16, 3, 3, 16] },
      { in: 'arena', shape: [4, 8, 8, 16] },
    ];
    const executable = await one.load(
      planOf(specs, [
        callOf('conv2d', [0, 1], [2], a),
        callOf('conv2dInputGrad', [2, 1], [0], a),
        callOf('conv2dWeightGrad', [0, 2], [1], a),
      ]),
    );
    const direct = executable.describe().map((s) => s.implementation.startsWith('direct:'));
    expect(new Set(direct).size).toBe(1);
    executable.dispose();
  });
});
