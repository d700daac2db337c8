/**
 * Sizes of the axes, outermost first; row-major in memory. Activations are NHWC, convolution weights OHWI.
 */
export type Shape = readonly number[];
export type Nhwc<N extends number, H extends number, W extends number, C extends number> = readonly [
  n: N,
  h: H,
  w: W,
  c: C,
];

/** `f32` is the real type: float32 on cpu and cuda, float64 on the reference device. */
export type DType = 'f32' | 'i32' | 'u8';

/** Plain JSON data: what an op needs to know beyond its inputs. */
export type Attribute =
  number | string | boolean | null | readonly Attribute[] | { readonly [key: string]: Attribute };
export type Attributes = { readonly [key: string]: Attribute };

export interface TensorType<S extends Shape = Shape, D extends DType = DType> {
  readonly shape: S;
  readonly dtype: D;
}

/**
 * A node of a graph: an immutable value described by the op that makes it and the tensors it is made from. It
 * owns no memory. `path` is where in the user's network it was written, for messages ('blocks.0.conv1').
 */
export interface Tensor<S extends Shape = Shape, D extends DType = DType> extends TensorType<S, D> {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly path: string;
}

export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);
export const sameShape = (a: Shape, b: Shape): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;
export const showType = (t: TensorType): string => `${t.dtype}${showShape(t.shape)}`;

/** Row-major strides in elements. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
};
