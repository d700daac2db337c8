import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convFromTorch,
  convToTorch,
  flatLinearFromTorch,
  flatLinearToTorch,
  fromTorch,
  toTorch,
} from '../../src/weights/layout.js';

const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
const numbered = (
  shape: readonly number[],
): { readonly shape: readonly number[]; readonly data: Float32Array } => ({
  shape,
  data: Float32Array.from({ length: count(shape) }, (_, i) => i),
});
const dims = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 4 }),
);

describe('a convolution weight from PyTorch', () => {
  it('has entry [o, y, x, i] where PyTorch has [o, i, y, x]', () => {
    fc.assert(
      fc.property(dims, ([O, I, H, W]) => {
        const ours = convFromTorch(numbered([O, I, H, W]));
        expect(ours.shape).toEqual([O, H, W, I]);
        for (let o = 0; o < O; o++)
          for (let i = 0; i < I; i++)
            for (let y = 0; y < H; y++)
              for (let x = 0; x < W; x++) {
                expect(ours.data[((o * H + y) * W + x) * I + i]).toBe(((o * I + i) * H + y) * W + x);
              }
      }),
      { numRuns: 25 },
    );
  });
  it('comes back as it was, and leaves its source alone', () => {
    fc.assert(
      fc.property(dims, (shape) => {
        const theirs = numbered(shape);
        expect(convToTorch(convFromTorch(theirs))).toEqual(theirs);
        expect(toTorch(fromTorch(theirs))).toEqual(numbered(shape));
      }),
    );
  });
  it('keeps its number type', () => {
    expect(convFromTorch({ shape: [1, 2, 1, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n) }).data).toEqual(
      BigInt64Array.of(1n, 3n, 2n, 4n),
    );
  });
  it('must have four axes and as many numbers as they say', () => {
    expect(() => convFromTorch(numbered([2, 3]))).toThrow(
      'convFromTorch: shape [2, 3] has 2 axes; a convolution weight has 4',
    );
    expect(() => convFromTorch(numbered([2]), 'conv1.weight')).toThrow('conv1.weight: shape [2] has 1 axes');
    expect(() => convToTorch({ shape: [1, 1, 2, 2], data: new Float32Array(3) })).toThrow(
      'convToTorch: 3 numbers for shape [1, 1, 2, 2] = 4',
    );
  });
});

describe('a linear weight', () => {
  it('is the same on both sides, as are biases', () => {
    for (const tensor of [numbered([4, 3]), numbered([4])]) expect(fromTorch(tensor)).toBe(tensor);
  });
  it('that reads flattened features gives the same outputs from features flattened our way', () => {
    fc.assert(
      fc.property(dims, ([O, C, H, W]) => {
        const theirs = numbered([O, C * H * W]);
        const ours = flatLinearFromTorch(theirs, [C, H, W]);
        const nchw = numbered([1, C, H, W]);
        const nhwc = convFromTorch(nchw); // the same change of axes
        const output = (w: Float32Array, x: Float32Array): number[] =>
          Array.from({ length: O }, (_, o) => x.reduce((s, v, j) => s + v * w[o * x.length + j]!, 0));
        expect(output(ours.data, nhwc.data)).toEqual(output(theirs.data, nchw.data));
        expect(flatLinearToTorch(ours, [C, H, W])).toEqual(theirs);
      }),
      { numRuns: 25 },
    );
  });
  it('must have as many columns as there are features', () => {
    expect(() => flatLinearFromTorch(numbered([2, 10]), [3, 2, 2])).toThrow(
      'flatLinearFromTorch: weight [2, 10] of 20 numbers, features 3 x 2 x 2 = 12; the second axis must be their product',
    );
  });
});
