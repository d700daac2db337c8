import { describe, expect, it } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import { leaf, run } from './helper.js';

/**
 * F.interpolate(x, size, mode='bilinear', align_corners) of PyTorch 2.13.0 in float64, of x[0, 0, h, w] = (4h
 * + w) * 7 % 11 - 3.
 */
const PYTORCH: readonly {
  readonly size: readonly [number, number];
  readonly alignCorners: boolean;
  readonly y: readonly number[];
}[] = [
  {
    size: [5, 6],
    alignCorners: true,
    y: [
      -3.0, 1.2, 3.2, 0.8, 2.8, 7.0, 0.0, 0.9, 1.8, 2.7, 3.6, 4.5, 3.0, 0.6, 0.4, 4.6, 4.4, 2.0, 0.5, 1.4,
      2.3, 3.2, 1.9, -0.5, -2.0, 2.2, 4.2, 1.8, -0.6, -3.0,
    ],
  },
  {
    size: [5, 6],
    alignCorners: false,
    y: [
      -3.0, 0.5, 3.333333, 0.666667, 3.5, 7.0, -0.6, 0.7, 2.066667, 2.333333, 3.7, 5.0, 3.0, 1.0, 0.166667,
      4.833333, 4.0, 2.0, 0.0, 1.3, 2.666667, 2.933333, 1.0, -1.0, -2.0, 1.5, 4.333333, 1.666667, -1.0, -3.0,
    ],
  },
  { size: [2, 3], alignCorners: true, y: [-3.0, 2.0, 7.0, -2.0, 3.0, -3.0] },
  { size: [2, 3], alignCorners: false, y: [-0.791667, 2.125, 5.041667, -0.041667, 2.875, -1.083333] },
  { size: [1, 7], alignCorners: true, y: [-3.0, 0.5, 4.0, 2.0, 0.0, 3.5, 7.0] },
  { size: [1, 7], alignCorners: false, y: [3.0, 1.571429, -0.714286, 2.5, 5.714286, 3.428571, 2.0] },
  { size: [4, 2], alignCorners: true, y: [-3.0, 7.0, 1.0, 3.666667, 1.333333, 0.333333, -2.0, -3.0] },
  { size: [4, 2], alignCorners: false, y: [0.5, 3.5, 0.8125, 3.8125, 1.1875, 2.125, 1.5, -1.0] },
];
const IMAGE = Float64Array.from({ length: 12 }, (_, i) => ((i * 7) % 11) - 3);

describe('resizeBilinear', () => {
  it.each(PYTORCH)(
    'is that of PyTorch: to $size, corners aligned: $alignCorners',
    ({ size, alignCorners, y }) => {
      const x = leaf('x', [1, 3, 4, 1]);
      const [found] = run([ops.resizeBilinear(x, size, { alignCorners })], new Map([[x, IMAGE]]));
      found!.forEach((v, i) => expect(v).toBeCloseTo(y[i]!, 5));
    },
  );

  it('leaves an image of the same size as it is, and constants everywhere', () => {
    const x = leaf('x', [1, 3, 4, 1]);
    for (const alignCorners of [true, false]) {
      const [same] = run([ops.resizeBilinear(x, [3, 4], { alignCorners })], new Map([[x, IMAGE]]));
      expect(same).toEqual(IMAGE);
      const [ones] = run(
        [ops.resizeBilinear(x, [7, 2], { alignCorners })],
        new Map([[x, IMAGE.map(() => 1)]]),
      );
      ones!.forEach((v) => expect(v).toBeCloseTo(1, 12));
    }
  });
});
