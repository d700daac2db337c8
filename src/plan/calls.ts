import * as t from 'io-ts';
import { Extent, Integer, integerFrom, Natural, PLAN_LIMITS, Reach } from './numbers.js';

/**
 * The kernels of `call` steps. One row says everything that TypeScript knows of a call's form;
 * native/core/calls.inc has the same rows in the same order, with the makers of its kernels, and a test holds
 * the two together. See docs/concepts.md, "One op, one file".
 */

const Margin = integerFrom(0, PLAN_LIMITS.reach);

/** What the fields of a call's attributes are, in the wire format. */
const FIELD_KINDS = {
  /** An axis. */
  extent: Extent,
  extents2: t.readonly(t.tuple([Extent, Extent])),
  /** What a convolution's window spans. */
  reach: Reach,
  reaches2: t.readonly(t.tuple([Reach, Reach])),
  /** Top, left, bottom, right: zeros around an image, or any numbers. */
  margins: t.readonly(t.tuple([Margin, Margin, Margin, Margin])),
  edges: t.readonly(t.tuple([Integer, Integer, Integer, Integer])),
  /** What an element of an i32 buffer can number. */
  rows: integerFrom(0, PLAN_LIMITS.numbered),
  natural: Natural,
  naturals: t.readonlyArray(Natural),
  integers: t.readonlyArray(Integer),
  flag: t.boolean,
  number: t.number,
} as const;
type FieldKind = keyof typeof FIELD_KINDS;

/**
 * x [n,h,w,c], weight [f,kh,kw,c], y [n,oh,ow,f]; padding is [top, left, bottom, right], dilation 1 is dense.
 */
const CONV = {
  n: 'extent',
  h: 'extent',
  w: 'extent',
  c: 'extent',
  f: 'extent',
  kh: 'reach',
  kw: 'reach',
  oh: 'extent',
  ow: 'extent',
  stride: 'reaches2',
  dilation: 'reaches2',
  padding: 'margins',
} as const;
/** The same with `count` weights at places of [f,kh,kw,c]. */
const SPARSE_CONV = { ...CONV, count: 'extent' } as const;
/** x [n,h,w,c], y [n,oh,ow,c]. */
const POOL = {
  n: 'extent',
  h: 'extent',
  w: 'extent',
  c: 'extent',
  oh: 'extent',
  ow: 'extent',
  window: 'extents2',
  stride: 'extents2',
  padding: 'edges',
} as const;
/** x [n,h,w,c], y [n,oh,ow,c]. */
const RESIZE = {
  n: 'extent',
  h: 'extent',
  w: 'extent',
  c: 'extent',
  oh: 'extent',
  ow: 'extent',
  alignCorners: 'flag',
} as const;
const MATMUL = { m: 'extent', n: 'extent', k: 'extent', transposeA: 'flag', transposeB: 'flag' } as const;
const COPY = {
  dims: 'naturals',
  srcOffset: 'natural',
  srcStrides: 'integers',
  dstOffset: 'natural',
  dstStrides: 'integers',
} as const;
const FILL = { value: 'number' } as const;
const TABLE = { rows: 'rows', width: 'natural', count: 'natural' } as const;
const CROP_FLIP = { images: 'extent', batch: 'extent', h: 'extent', w: 'extent', c: 'extent' } as const;
const ARG_MAX = { rows: 'natural', width: 'extent' } as const;
const RANK_MASK = { size: 'rows' } as const;
const BERNOULLI = { size: 'natural', threshold: 'natural', stream: 'rows' } as const;

export interface CallRow {
  /** The fields of its attributes, each of a kind. */
  readonly fields: Readonly<Record<string, FieldKind>>;
  /**
   * Its operands in order, each an element type and extents: `real` is f32 or bf16, `any` every type;
   * `any[...]` has any number of elements, too.
   */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Who runs it on cuda: a library, CUDA C of our own, or nobody. */
  readonly cuda: 'cudnn' | 'cublaslt' | 'emitted' | 'none';
}

/**
 * Convolutions and products take operands of one type, f32 or bf16, and add up in float32; weight gradients
 * and matrix products are f32 in either case, other results as the operands are. Pools and copies convert.
 */
export const CALLS = {
  conv2d: {
    fields: CONV,
    inputs: ['real[n,h,w,c]', 'real[f,kh,kw,c]'],
    outputs: ['real[n,oh,ow,f]'],
    cuda: 'cudnn',
  },
  conv2dInputGrad: {
    fields: CONV,
    inputs: ['real[n,oh,ow,f]', 'real[f,kh,kw,c]'],
    outputs: ['real[n,h,w,c]'],
    cuda: 'cudnn',
  },
  conv2dWeightGrad: {
    fields: CONV,
    inputs: ['real[n,h,w,c]', 'real[n,oh,ow,f]'],
    outputs: ['f32[f,kh,kw,c]'],
    cuda: 'cudnn',
  },
  /**
   * Weights with their places, which are a constant of the plan and ascend. Targets without these compute
   * densely.
   */
  sparseConv2d: {
    fields: SPARSE_CONV,
    inputs: ['f32[n,h,w,c]', 'f32[count]', 'i32[count]'],
    outputs: ['f32[n,oh,ow,f]'],
    cuda: 'none',
  },
  sparseConv2dInputGrad: {
    fields: SPARSE_CONV,
    inputs: ['f32[n,oh,ow,f]', 'f32[count]', 'i32[count]'],
    outputs: ['f32[n,h,w,c]'],
    cuda: 'none',
  },
  sparseConv2dWeightGrad: {
    fields: SPARSE_CONV,
    inputs: ['f32[n,h,w,c]', 'f32[n,oh,ow,f]', 'i32[count]'],
    outputs: ['f32[count]'],
    cuda: 'none',
  },
  /** a is [m,k], or [k,m] when transposed; b is [k,n] or [n,k]. */
  matmul: { fields: MATMUL, inputs: ['real[m,k]', 'real[k,n]'], outputs: ['f32[m,n]'], cuda: 'cublaslt' },
  /** Padding is never chosen. */
  maxPool: { fields: POOL, inputs: ['real[n,h,w,c]'], outputs: ['real[n,oh,ow,c]'], cuda: 'emitted' },
  /** (x, v) -> v at x's argmax of each window (first in row-major order). */
  maxPoolGather: {
    fields: POOL,
    inputs: ['real[n,h,w,c]', 'real[n,h,w,c]'],
    outputs: ['real[n,oh,ow,c]'],
    cuda: 'emitted',
  },
  /** (x, dy) -> dx: adjoint of maxPoolGather in v. */
  maxPoolScatter: {
    fields: POOL,
    inputs: ['real[n,h,w,c]', 'real[n,oh,ow,c]'],
    outputs: ['real[n,h,w,c]'],
    cuda: 'emitted',
  },
  sumPool: { fields: POOL, inputs: ['real[n,h,w,c]'], outputs: ['real[n,oh,ow,c]'], cuda: 'emitted' },
  /** (dy) -> dx: adjoint of sumPool. */
  sumPoolGrad: { fields: POOL, inputs: ['real[n,oh,ow,c]'], outputs: ['real[n,h,w,c]'], cuda: 'emitted' },
  /** Places as in ops/resize.ts. */
  resizeBilinear: {
    fields: RESIZE,
    inputs: ['real[n,h,w,c]'],
    outputs: ['real[n,oh,ow,c]'],
    cuda: 'emitted',
  },
  /** (dy) -> dx: adjoint of resizeBilinear. */
  resizeBilinearGrad: {
    fields: RESIZE,
    inputs: ['real[n,oh,ow,c]'],
    outputs: ['real[n,h,w,c]'],
    cuda: 'emitted',
  },
  /**
   * dst[dstOffset + sum i_k*dstStrides[k]] = src[srcOffset + sum i_k*srcStrides[k]] for all i < dims
   * (elements; strides may be negative).
   */
  copy: { fields: COPY, inputs: ['any[...]'], outputs: ['any[...]'], cuda: 'emitted' },
  fill: { fields: FILL, inputs: [], outputs: ['any[...]'], cuda: 'emitted' },
  /** (table, index) -> rows of the table, of its element type. */
  gather: {
    fields: TABLE,
    inputs: ['any[rows,width]', 'i32[count]'],
    outputs: ['any[count,width]'],
    cuda: 'emitted',
  },
  /** (v, index) -> v added to the rows of zeros that the index names. */
  scatterAdd: {
    fields: TABLE,
    inputs: ['f32[count,width]', 'i32[count]'],
    outputs: ['f32[rows,width]'],
    cuda: 'emitted',
  },
  /**
   * (images, index, shift = (dy, dx, flip)) -> images[index[b], y + dy[b], (flip[b] ? w-1-x : x) + dx[b]] as
   * float, 0 outside the image.
   */
  cropFlip: {
    fields: CROP_FLIP,
    inputs: ['u8[images,h,w,c]', 'i32[batch]', 'i32[batch,3]'],
    outputs: ['f32[batch,h,w,c]'],
    cuda: 'emitted',
  },
  /** First index of the largest of each row. */
  argMax: { fields: ARG_MAX, inputs: ['f32[rows,width]'], outputs: ['i32[rows]'], cuda: 'emitted' },
  /**
   * (scores, keep) -> mask 1 for the `keep` largest scores, ties by smaller index, else 0. NaN ranks below
   * everything.
   */
  rankMask: { fields: RANK_MASK, inputs: ['f32[size]', 'i32[1]'], outputs: ['f32[size]'], cuda: 'emitted' },
  /**
   * (noise = (key, step)) -> 1 where random word e is below the threshold, else 0. Words 4b to 4b + 3 are
   * Philox4x32-10 of the counter (b, b >> 32, step, stream) under (key, 0).
   */
  bernoulli: { fields: BERNOULLI, inputs: ['i32[2]'], outputs: ['f32[size]'], cuda: 'emitted' },
} as const satisfies Record<string, CallRow>;

export type CallName = keyof typeof CALLS;
export type CallAttributes<K extends CallName> = {
  readonly [F in keyof (typeof CALLS)[K]['fields']]: (typeof CALLS)[K]['fields'][F] extends FieldKind
    ? t.TypeOf<(typeof FIELD_KINDS)[(typeof CALLS)[K]['fields'][F]]>
    : never;
};

/** Reads the attributes of a kernel. */
export const attributesCodec = (kernel: CallName): t.Mixed => {
  const fields: CallRow['fields'] = CALLS[kernel].fields;
  return t.strict(
    Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, FIELD_KINDS[kind]])),
  );
};

export const isCallName = (name: unknown): name is CallName =>
  typeof name === 'string' && Object.hasOwn(CALLS, name);
