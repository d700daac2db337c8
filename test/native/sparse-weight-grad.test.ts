import { afterAll, describe, expect, it } from 'vitest';

import type { Plan } from '../../src/plan/plan.js';
import { addon, callOf, distance, floats, integer, planOf, random, runOn } from './plans.js';
import { conv, somePlaces, type Conv, type Geometry } from './sparse-convolutions.js';

/**
 * The gradient of the weights that exist, which copies images into the lanes of registers: any geometry, any
 * number of images and channels, the same bits for any number of threads.
 */

const one = new addon.Device({ threads: 1 });
const three = new addon.Device({ threads: 3 });
afterAll(() => {
  one.dispose();
  three.dispose();
});

/** With all sums in double. */
const expected = (
  a: Omit<Conv, 'count'>,
  places: readonly number[],
  x: Float32Array,
  dy: Float32Array,
): number[] =>
  places.map((place) => {
    const c = place % a.c;
    const j = Math.floor(place / a.c) % a.kw;
    const i = Math.floor(place / (a.c * a.kw)) % a.kh;
    const f = Math.floor(place / (a.c * a.kw * a.kh));
    let sum = 0;
    for (let b = 0; b < a.n; b++)
      for (let p = 0; p < a.oh; p++)
        for (let q = 0; q < a.ow; q++) {
          const r = p * a.stride[0] - a.padding[0] + i * a.dilation[0];
          const s = q * a.stride[1] - a.padding[1] + j * a.dilation[1];
          if (r < 0 || r >= a.h || s < 0 || s >= a.w) continue;
          sum += x[((b * a.h + r) * a.w + s) * a.c + c]! * dy[((b * a.oh + p) * a.ow + q) * a.f + f]!;
        }
    return sum;
  });

const planFor = (a: Omit<Conv, 'count'>, places: readonly number[]): Plan => {
  const shape = [places.length];
  const plan = planOf(
    [
      { in: 'input', shape: [a.n, a.h, a.w, a.c] },
      { in: 'input', shape: [a.n, a.oh, a.ow, a.f] },
      { in: 'output', shape },
    ],
    [callOf('sparseConv2dWeightGrad', [0, 1, 3], [2], { ...a, count: places.length })],
  );
  const index = { dtype: 'i32' as const, shape, place: { in: 'constant' as const, data: places } };
  return { ...plan, buffers: [...plan.buffers, index] };
};

const implementationOf = async (plan: Plan): Promise<string> => {
  const executable = await one.load(plan);
  const [step] = executable.describe();
  executable.dispose();
  return step!.implementation;
};

const check = async (a: Omit<Conv, 'count'>, density: number, seed = 1): Promise<void> => {
  const places = somePlaces(a, density, seed);
  const inputs = [floats(a.n * a.h * a.w * a.c, seed), floats(a.n * a.oh * a.ow * a.f, seed + 1)] as const;
  const plan = planFor(a, places);
  const what = `${places.length} of ${JSON.stringify(a)}`;
  expect(await implementationOf(plan), what).toMatch(/^sparse:tiles/);
  const [got] = await runOn(one, plan, inputs);
  expect(distance(got!, expected(a, places, ...inputs)), what).toBeLessThan(1e-5);
  const [again] = await runOn(three, plan, inputs);
  expect(again, `${what} with more threads`).toEqual(got);
};

const SAME: Geometry = { padding: [1, 1, 1, 1] };

describe('gradients of the weights that exist', () => {
  it.each([1, 3, 15, 16, 17, 33])('of 3x3 kernels over %i images', async (n) => {
    await check(conv([n, 6, 7, 5], 6, [3, 3], SAME), 0.2);
  });

  it.each([
    [1, 1],
    [3, 16],
    [16, 17],
    [40, 10],
  ])('from %i to %i channels', async (c, f) => {
    await check(conv([5, 5, 4, c], f, [3, 3], SAME), 0.15);
  });

  it.each<[string, readonly [number, number], Geometry]>([
    ['strides', [3, 3], { stride: [2, 3], padding: [1, 1, 1, 1] }],
    ['a stride beyond the kernel', [1, 1], { stride: [2, 2] }],
    ['dilation', [3, 2], { dilation: [2, 3], padding: [2, 1, 2, 2] }],
    ['strides and dilation', [2, 3], { stride: [3, 2], dilation: [3, 2], padding: [0, 2, 1, 0] }],
    ['uneven padding', [3, 3], { padding: [2, 0, 0, 3] }],
    ['padding beyond the kernel', [2, 2], { padding: [3, 4, 5, 3] }],
  ])('with %s', async (_, kernel, geometry) => {
    await check(conv([3, 9, 8, 4], 5, kernel, geometry), 0.3);
    await check(conv([18, 9, 8, 4], 5, kernel, geometry), 0.3);
  });

  it('of a linear layer', async () => {
    await check(conv([130, 1, 1, 70], 10, [1, 1]), 0.1);
    await check(conv([1, 1, 1, 70], 10, [1, 1]), 0.1);
  });

  it('of all weights, and of one', async () => {
    await check(conv([4, 5, 5, 6], 7, [3, 3], SAME), 1);
    await check(conv([4, 5, 5, 6], 7, [3, 3], SAME), 0);
  });

  it('in sums that take several steps and parts', async () => {
    await check(conv([64, 34, 33, 20], 9, [3, 3], SAME), 0.02);
    await check(conv([130, 2, 2, 48], 40, [3, 3], SAME), 0.05);
  });

  it('of whatever geometry', async () => {
    const next = random(11);
    const draw = (low: number, high: number): number => integer(next, low, high);
    for (let seed = 1; seed <= 60; seed++) {
      const a = conv(
        [draw(1, 20), draw(3, 12), draw(3, 12), draw(1, 20)],
        draw(1, 20),
        [draw(1, 3), draw(1, 3)],
        {
          stride: [draw(1, 3), draw(1, 3)],
          dilation: [draw(1, 2), draw(1, 2)],
          padding: [draw(1, 3), draw(1, 3), draw(1, 3), draw(1, 3)],
        },
      );
      await check(a, draw(1, 40) / 100, seed);
    }
  });

  it('of images too large to copy', async () => {
    // Two rows of the kernel lie 60,000 apart, so that a row of y alone would take as many rows of x.
    const a = conv([1, 1, 3, 8], 2, [2, 2], { dilation: [60000, 1], padding: [60000, 100, 1, 100] });
    const places = somePlaces(a, 0.5, 1);
    const plan = planFor(a, places);
    expect(await implementationOf(plan)).toBe('sparse:portable');
    const inputs = [floats(24, 1), floats(a.oh * a.ow * 2, 2)] as const;
    const [got] = await runOn(one, plan, inputs);
    expect(distance(got!, expected(a, places, ...inputs))).toBeLessThan(1e-5);
  });
});
