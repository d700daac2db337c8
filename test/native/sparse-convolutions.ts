import type { CallAttributes } from '../../src/plan/calls.js';
import { integer, random } from './plans.js';

/** Convolutions of few weights, for the tests of their kernels. */

export type Conv = CallAttributes<'sparseConv2dWeightGrad'>;
export type Geometry = Partial<Pick<Conv, 'stride' | 'dilation' | 'padding'>>;

/** A convolution's attributes, of x, filters and a kernel. */
export const conv = (
  [n, h, w, c]: readonly [number, number, number, number],
  f: number,
  [kh, kw]: readonly [number, number],
  { stride = [1, 1], dilation = [1, 1], padding = [0, 0, 0, 0] }: Geometry = {},
): Omit<Conv, 'count'> => {
  const output = (size: number, kernel: number, axis: 0 | 1): number => {
    const padded = size + padding[axis] + padding[axis + 2]!;
    return Math.floor((padded - (kernel - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  };
  return { n, h, w, c, f, kh, kw, oh: output(h, kh, 0), ow: output(w, kw, 1), stride, dilation, padding };
};

/** About so many of all places of a kernel, ascending; at least one. */
export const somePlaces = (a: Omit<Conv, 'count'>, density: number, seed: number): number[] => {
  const next = random(seed);
  const all = Array.from({ length: a.f * a.kh * a.kw * a.c }, (_, i) => i);
  const some = all.filter(() => next() < density);
  return some.length > 0 ? some : [integer(next, 0, all.length - 1)];
};
