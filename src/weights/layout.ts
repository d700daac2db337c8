import { fail } from '../errors.js';
import { showShape, size, type Shape } from '../tensor/tensor.js';

/**
 * PyTorch keeps convolution weights as [out, in, height, width] (OIHW) and activations as NCHW; here they are
 * OHWI and NHWC. Linear weights are [out, in] on both sides. Weights are transposed once, when they cross the
 * border.
 */
export interface Layout<A> {
  readonly shape: Shape;
  readonly data: A;
}

/** What the transposition needs of a typed array; all of them have it. */
interface Numbers {
  readonly length: number;
  [index: number]: unknown;
  slice(): Numbers;
}

/** [a, b, n] -> [a, n, b] on the last axes taken as one: out[i, q, p] = in[i, p, q]. */
const swapInner = <A extends Numbers>(data: A, a: number, b: number, n: number): A => {
  // slice() of a typed array is one of the same type; its static type is wider.
  const out = data.slice() as A;
  for (let i = 0; i < a; i++) {
    const at = i * b * n;
    for (let p = 0; p < b; p++) for (let q = 0; q < n; q++) out[at + q * b + p] = data[at + p * n + q]!;
  }
  return out;
};

/**
 * One axis of `own` in another order: each of its runs, [positions, channels] in our order, is swapped to
 * [channels, positions], or back from there. Copied.
 */
export const swapRuns = <A extends Numbers>(
  { shape, data }: Layout<A>,
  axis: number,
  runs: readonly { readonly positions: number; readonly channels: number }[],
  to: 'theirs' | 'ours',
): Layout<A> => {
  // slice() of a typed array is one of the same type; its static type is wider.
  const out = data.slice() as A;
  const inner = size(shape.slice(axis + 1));
  for (let o = 0, at = 0; o < size(shape.slice(0, axis)); o++)
    for (const { positions, channels } of runs) {
      for (let p = 0; p < positions; p++)
        for (let c = 0; c < channels; c++) {
          const [ours, theirs] = [at + (p * channels + c) * inner, at + (c * positions + p) * inner];
          const [from, into] = to === 'theirs' ? [ours, theirs] : [theirs, ours];
          for (let i = 0; i < inner; i++) out[into + i] = data[from + i]!;
        }
      at += positions * channels * inner;
    }
  return { shape, data: out };
};

type Kernel = readonly [number, number, number, number];

const kernelShape = (where: string, { shape, data }: Layout<{ readonly length: number }>): Kernel => {
  const [a, b, c, d] = shape;
  if (shape.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) {
    return fail(
      'WEIGHTS',
      `${where}: shape ${showShape(shape)} has ${shape.length} axes; a convolution weight has 4`,
    );
  }
  if (data.length !== size(shape))
    return fail('WEIGHTS', `${where}: ${data.length} numbers for shape ${showShape(shape)} = ${size(shape)}`);
  return [a, b, c, d];
};

/**
 * OIHW -> OHWI, copied; also depthwise (I = 1) and grouped weights. Error WEIGHTS, which starts with `where`:
 * the tensor's name, say.
 */
export const convFromTorch = <A extends Numbers>(weight: Layout<A>, where = 'convFromTorch'): Layout<A> => {
  const [o, i, h, w] = kernelShape(where, weight);
  return { shape: [o, h, w, i], data: swapInner(weight.data, o, i, h * w) };
};

/** OHWI -> OIHW, copied. Error WEIGHTS, which starts with `where`. */
export const convToTorch = <A extends Numbers>(weight: Layout<A>, where = 'convToTorch'): Layout<A> => {
  const [o, h, w, i] = kernelShape(where, weight);
  return { shape: [o, i, h, w], data: swapInner(weight.data, o, h * w, i) };
};

const flattened = (
  where: string,
  { shape, data }: Layout<{ readonly length: number }>,
  c: number,
  h: number,
  w: number,
): number => {
  const [out] = shape;
  return out !== undefined && shape.length === 2 && shape[1] === c * h * w && data.length === size(shape)
    ? out
    : fail(
        'WEIGHTS',
        `${where}: weight ${showShape(shape)} of ${data.length} numbers, features ${c} x ${h} x ${w} = ${c * h * w}; the second axis must be their product`,
      );
};

/**
 * A linear weight [out, c*h*w] that reads flattened NCHW features, for flattened NHWC features: [out, h*w*c],
 * copied. Where h = w = 1, as after a global pool, the two are the same. Error WEIGHTS.
 */
export const flatLinearFromTorch = <A extends Numbers>(
  weight: Layout<A>,
  [c, h, w]: readonly [c: number, h: number, w: number],
): Layout<A> => {
  const out = flattened('flatLinearFromTorch', weight, c, h, w);
  return { shape: weight.shape, data: swapInner(weight.data, out, c, h * w) };
};

/** The inverse of {@link flatLinearFromTorch}. Error WEIGHTS. */
export const flatLinearToTorch = <A extends Numbers>(
  weight: Layout<A>,
  [c, h, w]: readonly [c: number, h: number, w: number],
): Layout<A> => {
  const out = flattened('flatLinearToTorch', weight, c, h, w);
  return { shape: weight.shape, data: swapInner(weight.data, out, h * w, c) };
};

/**
 * By rank: 4 axes are a convolution weight and are transposed, fewer (linear, bias, norm) are the same on
 * both sides.
 */
export const fromTorch = <A extends Numbers>(tensor: Layout<A>): Layout<A> =>
  tensor.shape.length === 4 ? convFromTorch(tensor) : tensor;

/** The inverse of {@link fromTorch}. */
export const toTorch = <A extends Numbers>(tensor: Layout<A>): Layout<A> =>
  tensor.shape.length === 4 ? convToTorch(tensor) : tensor;
