import { afterAll, describe, expect, it } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { evaluate } from '../../src/runtime/reference.js';
import { addon, callOf, count, distance, floats, planOf, runOn } from './plans.js';

/** Interpolation on the cpu device against the meaning of the op, up, down and to one row or column. */

const devices = [1, 2].map((threads) => new addon.Device({ threads }));
afterAll(() => devices.forEach((device) => device.dispose()));

const valueOf = (x: Tensor, data: Float32Array, y: Tensor): Float64Array =>
  evaluate([y], (leaf) => (leaf === x ? Float64Array.from(data) : undefined))[0]!;

const GEOMETRIES = [
  { n: 2, h: 3, w: 4, c: 5, oh: 7, ow: 9 },
  { n: 3, h: 9, w: 11, c: 16, oh: 4, ow: 3 },
  { n: 1, h: 5, w: 6, c: 1, oh: 5, ow: 13 },
  { n: 2, h: 8, w: 8, c: 3, oh: 16, ow: 16 },
  { n: 1, h: 6, w: 5, c: 8, oh: 1, ow: 1 },
  { n: 2, h: 1, w: 7, c: 4, oh: 5, ow: 2 },
  { n: 1, h: 40, w: 33, c: 24, oh: 79, ow: 70 },
] as const;

describe.each(GEOMETRIES)('$h x $w to $oh x $ow', (geometry) => {
  const { n, h, w, c, oh, ow } = geometry;
  const [big, small] = [
    [n, h, w, c],
    [n, oh, ow, c],
  ];
  it.each([true, false])('corners aligned: %s', async (alignCorners) => {
    const both = [
      { kernel: 'resizeBilinear', from: big, to: small, size: [oh, ow] as const },
      { kernel: 'resizeBilinearGrad', from: small, to: big, size: [h, w] as const },
    ] as const;
    for (const { kernel, from, to, size } of both) {
      const data = floats(count(from), 11);
      const x = ops.input('x', from);
      const expected = valueOf(x, data, ops[kernel](x, size, { alignCorners }));
      const plan = planOf(
        [
          { in: 'input', shape: from },
          { in: 'output', shape: to },
        ],
        [callOf(kernel, [0], [1], { ...geometry, alignCorners })],
      );
      const [one, two] = await Promise.all(
        devices.map(async (device) => (await runOn(device, plan, [data]))[0]!),
      );
      expect(distance(one!, expected), kernel).toBeLessThan(1e-6);
      expect(two).toEqual(one);
    }
  });
});
