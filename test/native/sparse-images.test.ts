import { afterAll, describe, expect, it } from 'vitest';
import { definitionOf, ops } from '../../src/ops/registry.js';
import type { Plan } from '../../src/plan/plan.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { addon, callOf, distance, floats, planOf, runOn } from './plans.js';
import { conv, somePlaces, type Conv } from './sparse-convolutions.js';

/**
 * Images from the weights that exist, and their gradients: what the op means, and the same bits for any
 * number of threads.
 */

const one = new addon.Device({ threads: 1 });
const three = new addon.Device({ threads: 3 });
afterAll(() => {
  one.dispose();
  three.dispose();
});

type Kernel = 'sparseConv2d' | 'sparseConv2dInputGrad';

const nodeOf = (kernel: Kernel, a: Omit<Conv, 'count'>, places: readonly number[]): Tensor => {
  const values = ops.input('values', [places.length]);
  const index = ops.literal([places.length], places, 'i32');
  const { stride, dilation, padding } = a;
  const geometry = { stride, dilation, padding, kernel: [a.kh, a.kw] } as const;
  return kernel === 'sparseConv2d'
    ? ops.sparseConv2d(ops.input('x', [a.n, a.h, a.w, a.c]), values, index, a.f, geometry)
    : ops.sparseConv2dInputGrad(
        ops.input('dy', [a.n, a.oh, a.ow, a.f]),
        values,
        index,
        [a.h, a.w, a.c],
        geometry,
      );
};

const planFor = (kernel: Kernel, a: Omit<Conv, 'count'>, places: readonly number[], node: Tensor): Plan => {
  const shape = [places.length];
  const plan = planOf(
    [
      { in: 'input', shape: node.inputs[0]!.shape },
      { in: 'input', shape },
      { in: 'output', shape: node.shape },
    ],
    [callOf(kernel, [0, 1, 3], [2], { ...a, count: places.length })],
  );
  const index = { dtype: 'i32' as const, shape, place: { in: 'constant' as const, data: places } };
  return { ...plan, buffers: [...plan.buffers, index] };
};

const check = async (a: Omit<Conv, 'count'>, density: number): Promise<void> => {
  const places = somePlaces(a, density, 1);
  for (const kernel of ['sparseConv2d', 'sparseConv2dInputGrad'] as const) {
    const node = nodeOf(kernel, a, places);
    const plan = planFor(kernel, a, places, node);
    const size = node.inputs[0]!.shape.reduce((n, d) => n * d, 1);
    const inputs = [floats(size, 1), floats(places.length, 2)];
    const wanted = definitionOf(kernel).evaluate(
      [...inputs, Float64Array.from(places)].map((v) => Float64Array.from(v)),
      node,
    );
    const [got] = await runOn(one, plan, inputs);
    expect(distance(got!, wanted), kernel).toBeLessThan(1e-5);
    expect(await runOn(three, plan, inputs), `${kernel}, with more threads`).toEqual([got]);
  }
};

describe('images from few weights', () => {
  it.each([
    ['a 3x3 layer of a full batch', conv([32, 9, 9, 16], 16, [3, 3], { padding: [1, 1, 1, 1] }), 0.1],
    ['stride 2', conv([16, 11, 9, 5], 7, [3, 3], { stride: [2, 2], padding: [1, 0, 1, 1] }), 0.3],
    [
      'strides and dilations of their own',
      conv([3, 13, 12, 4], 6, [3, 2], { stride: [1, 3], dilation: [2, 1] }),
      0.5,
    ],
    ['one image', conv([1, 16, 16, 8], 8, [3, 3], { padding: [1, 1, 1, 1] }), 0.2],
    ['a linear layer', conv([37, 1, 1, 40], 10, [1, 1]), 0.1],
    ['one weight', conv([5, 6, 7, 3], 20, [3, 3], { padding: [1, 1, 1, 1] }), 0],
    ['many channels, in blocks', conv([16, 4, 4, 200], 30, [3, 3], { padding: [1, 1, 1, 1] }), 0.1],
    ['all weights', conv([6, 5, 5, 17], 9, [3, 3], { padding: [1, 1, 1, 1] }), 2],
  ])('%s', async (_, a, density) => check(a, density));
});
