import * as t from 'io-ts';
import { Extent, Integer, integerFrom, Natural, PLAN_LIMITS, Reach } from './numbers.js';

const Spans = t.readonly(t.tuple([Reach, Reach]));
const Zeros = integerFrom(0, PLAN_LIMITS.reach);
const Pair = t.readonly(t.tuple([Extent, Extent]));
const Rows = integerFrom(0, PLAN_LIMITS.numbered);
const Edges = t.readonly(t.tuple([Integer, Integer, Integer, Integer]));

/** x [n,h,w,c], weight [f,kh,kw,c], y [n,oh,ow,f]; padding is [top, left, bottom, right], dilation 1 is dense. */
const ConvAttributes = t.strict({
  n: Extent,
  h: Extent,
  w: Extent,
  c: Extent,
  f: Extent,
  kh: Reach,
  kw: Reach,
  oh: Extent,
  ow: Extent,
  stride: Spans,
  dilation: Spans,
  padding: t.readonly(t.tuple([Zeros, Zeros, Zeros, Zeros])),
});
/** x [n,h,w,c], y [n,oh,ow,c]. */
const PoolAttributes = t.strict({
  n: Extent,
  h: Extent,
  w: Extent,
  c: Extent,
  oh: Extent,
  ow: Extent,
  window: Pair,
  stride: Pair,
  padding: Edges,
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
  matmul: t.strict({ m: Extent, n: Extent, k: Extent, transposeA: t.boolean, transposeB: t.boolean }), // (a, b) -> [m,n]; a is [m,k], or [k,m] when transposed
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
  gather: t.strict({ rows: Rows, width: Natural, count: Natural }), // (table[rows,width], index i32[count]) -> [count,width], same dtype as table
  scatterAdd: t.strict({ rows: Rows, width: Natural, count: Natural }), // (v f32[count,width], index i32[count]) -> [rows,width], zero elsewhere
  /** out[b,y,x,:] = images[index[b], y + dy[b], (flip[b] ? w-1-x : x) + dx[b]] as float, 0 outside the image. */
  cropFlip: t.strict({ images: Extent, batch: Extent, h: Extent, w: Extent, c: Extent }), // (images u8[images,h,w,c], index i32[batch], shift i32[batch,3] = (dy, dx, flip)) -> f32[batch,h,w,c]
  argMax: t.strict({ rows: Natural, width: Extent }), // (x[rows,width]) -> i32[rows]: first index of the largest
  /** mask 1 for the `keep` largest scores, ties by smaller index, else 0. NaN ranks below everything. */
  rankMask: t.strict({ size: Rows }), // (scores f32[size], keep i32[]) -> f32[size]
} as const;
export type CallName = keyof typeof CALLS;
export type CallAttributes<K extends CallName> = t.TypeOf<(typeof CALLS)[K]>;
