import * as t from 'io-ts';
import { Integer, Natural } from './numbers.js';

const Pair = t.readonly(t.tuple([Natural, Natural]));
const Edges = t.readonly(t.tuple([Integer, Integer, Integer, Integer]));
const Window = { window: Pair, stride: Pair, padding: Edges } as const;

/** x [n,h,w,c], weight [f,kh,kw,c], y [n,oh,ow,f]; padding is [top, left, bottom, right], dilation 1 is dense. */
const ConvAttributes = t.strict({
  n: Natural,
  h: Natural,
  w: Natural,
  c: Natural,
  f: Natural,
  kh: Natural,
  kw: Natural,
  oh: Natural,
  ow: Natural,
  stride: Pair,
  dilation: Pair,
  padding: Edges,
});
/** x [n,h,w,c], y [n,oh,ow,c]. */
const PoolAttributes = t.strict({
  n: Natural,
  h: Natural,
  w: Natural,
  c: Natural,
  oh: Natural,
  ow: Natural,
  ...Window,
});

/**
 * What each `call` kernel takes. Convolutions and products take operands of one type, f32 or bf16, and add up in float32; weight gradients
 * and matrix products are f32 in either case, other results as the operands are. Pools and copies convert. `inputs` and `outputs` of the step
 * follow the order given in the comment.
 */
export const CALLS = {
  conv2d: ConvAttributes, // (x, weight) -> y
  conv2dInputGrad: ConvAttributes, // (dy, weight) -> dx
  conv2dWeightGrad: ConvAttributes, // (x, dy) -> dweight
  matmul: t.strict({ m: Natural, n: Natural, k: Natural, transposeA: t.boolean, transposeB: t.boolean }), // (a, b) -> [m,n]; a is [m,k], or [k,m] when transposed
  maxPool: PoolAttributes, // (x) -> y; padding is never chosen
  maxPoolGather: PoolAttributes, // (x, v[n,h,w,c]) -> y: v at x's argmax of each window (first in row-major order)
  maxPoolScatter: PoolAttributes, // (x, dy) -> dx[n,h,w,c]: adjoint of maxPoolGather in v
  sumPool: PoolAttributes, // (x) -> y
  sumPoolGrad: PoolAttributes, // (dy) -> dx: adjoint of sumPool
  /** dst[dstOffset + sum i_k*dstStrides[k]] = src[srcOffset + sum i_k*srcStrides[k]] for all i < dims (elements; strides may be negative). */
  copy: t.strict({
    dims: t.readonlyArray(Natural),
    srcOffset: Natural,
    srcStrides: t.readonlyArray(Integer),
    dstOffset: Natural,
    dstStrides: t.readonlyArray(Integer),
  }), // (src) -> dst
  fill: t.strict({ value: t.number }), // () -> dst
  gather: t.strict({ rows: Natural, width: Natural, count: Natural }), // (table[rows,width], index i32[count]) -> [count,width], same dtype as table
  scatterAdd: t.strict({ rows: Natural, width: Natural, count: Natural }), // (v f32[count,width], index i32[count]) -> [rows,width], zero elsewhere
  /** out[b,y,x,:] = images[index[b], y + dy[b], (flip[b] ? w-1-x : x) + dx[b]] as float, 0 outside the image. */
  cropFlip: t.strict({ images: Natural, batch: Natural, h: Natural, w: Natural, c: Natural }), // (images u8[images,h,w,c], index i32[batch], shift i32[batch,3] = (dy, dx, flip)) -> f32[batch,h,w,c]
  argMax: t.strict({ rows: Natural, width: Natural }), // (x[rows,width]) -> i32[rows]: first index of the largest
  /** mask 1 for the `keep` largest scores, ties by smaller index, else 0. NaN ranks below everything. */
  rankMask: t.strict({ size: Natural }), // (scores f32[size], keep i32[]) -> f32[size]
} as const;
export type CallName = keyof typeof CALLS;
export type CallAttributes<K extends CallName> = t.TypeOf<(typeof CALLS)[K]>;
