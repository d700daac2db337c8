import {
  sameShape,
  showType,
  type Attributes,
  type DType,
  type Shape,
  type Tensor,
  type TensorType,
} from '../tensor/tensor.js';
import { fail } from '../errors.js';
import { showValue } from '../options.js';
import { batchNorm, statistic } from './batch-norm.js';
import { attributeCheck, given, type AttributeCheck } from './attributes.js';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, type ConvGeometry } from './conv2d.js';
import { cropFlip, gather, rankMask, scatterAdd } from './data.js';
import { bernoulli, dropout } from './dropout.js';
import { BINARY, elementwise, gate, stopGradient, toReal, UNARY } from './elementwise.js';
import { constant, input, literal, state } from './leaf.js';
import { matmul } from './matmul.js';
import { concat, place, reshape, slice, transpose } from './move.js';
import { mismatch, type OpDefinition, type Where } from './op.js';
import { maxPool, maxPoolGather, maxPoolScatter, sumPool, sumPoolGrad, type PoolGeometry } from './pool.js';
import { resizeBilinear, resizeBilinearGrad } from './resize.js';
import {
  sparseConv2d,
  sparseConv2dInputGrad,
  sparseConv2dWeightGrad,
  type SparseConvGeometry,
} from './sparse-conv2d.js';
import { argMax, broadcast, maximum, sum, variance } from './reduce.js';

/** The closed set of ops. A node's `op` is a key of this record. */
export const registry = {
  input,
  state,
  constant,
  literal,
  batchNorm,
  statistic,
  dropout,
  ...elementwise,
  gate,
  toReal,
  stopGradient,
  sum,
  maximum,
  variance,
  broadcast,
  argMax,
  reshape,
  transpose,
  slice,
  place,
  concat,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  sparseConv2d,
  sparseConv2dInputGrad,
  sparseConv2dWeightGrad,
  matmul,
  maxPool,
  maxPoolGather,
  maxPoolScatter,
  sumPool,
  sumPoolGrad,
  resizeBilinear,
  resizeBilinearGrad,
  gather,
  scatterAdd,
  cropFlip,
  rankMask,
  bernoulli,
} as const satisfies Record<string, OpDefinition>;

/** Whether the corners of two images lie on each other by their centres, rather than by their edges. */
interface Corners {
  readonly alignCorners?: boolean;
}

export type OpName = keyof typeof registry;
export const isOpName = (name: string): name is OpName => Object.hasOwn(registry, name);

const definitions: ReadonlyMap<string, OpDefinition> = new Map(Object.entries(registry));
const checks: ReadonlyMap<string, AttributeCheck> = new Map(
  Object.entries(registry).map(([name, { attributes }]) => [name, attributeCheck(attributes)]),
);
/** Ops that have no attributes, as most nodes' have. */
const plain: ReadonlySet<string> = new Set(
  Object.entries(registry).flatMap(([name, { attributes }]) =>
    Object.keys(attributes).length === 0 ? [name] : [],
  ),
);

/** What is wrong with the attributes of a node of `op`; undefined where nothing is. */
export const attributeFault = (op: OpName, attributes: Attributes): ReturnType<AttributeCheck> =>
  checks.get(op)!(attributes);

/** The definition of a node's op; a GRAPH error for a name that is not an op. */
export const definitionOf = (op: string): OpDefinition =>
  definitions.get(op) ??
  fail('GRAPH', `unknown op '${op}'; this version knows ${Object.keys(registry).join(', ')}`);

const NONE: Attributes = Object.freeze({});

/** Cheap, since it is asked of every input of every node. */
const isType = (t: TensorType | undefined): boolean =>
  typeof t === 'object' && t !== null && Array.isArray(t.shape);

/**
 * The type an op gives its result, or a SHAPE error. Sizes are positive integers whatever the attributes say.
 */
export const inferType = (
  op: string,
  inputs: readonly TensorType[],
  attributes: Attributes,
  where: Where,
): TensorType => {
  const definition = definitionOf(op);
  for (let i = 0; i < inputs.length; i++)
    if (!isType(inputs[i])) mismatch(where, `input ${i} is ${showValue(inputs[i])}`, 'pass a tensor');
  if (attributes !== NONE || !plain.has(op)) {
    const fault = checks.get(op)!(attributes);
    if (fault !== undefined) mismatch(where, fault.what, fault.remedy);
  }
  const type = definition.infer(inputs, attributes, where);
  let elements = 1;
  for (const d of type.shape) {
    if (!Number.isInteger(d) || d <= 0)
      mismatch(where, `the result would be ${showType(type)}`, 'every size must be a positive integer');
    elements *= d;
  }
  if (elements > Number.MAX_SAFE_INTEGER)
    mismatch(where, `the result would be ${showType(type)}`, 'it must have fewer than 2^53 elements');
  return type;
};

/** Makes a node: infers and checks its type. Every tensor of every graph comes from here. */
export const make = (
  op: OpName,
  inputs: readonly Tensor[],
  attributes: Attributes = NONE,
  path?: string,
): Tensor => {
  if (!Array.isArray(inputs))
    fail('SHAPE', `${op}: inputs ${showValue(inputs)} are not an array of tensors; give one`);
  const where = { op, path: path ?? inputs.find((t) => isType(t) && t.path !== '')?.path ?? '' };
  const { shape, dtype } = inferType(op, inputs, attributes, where);
  return { op, inputs, attributes, shape, dtype, path: where.path };
};

/** Both operands have one shape; the mismatch is reported at the second with both shapes. */
type Same = <S extends Shape>(a: Tensor<S>, b: Tensor<NoInfer<S>>) => Tensor<S>;
type Map = <S extends Shape>(x: Tensor<S>) => Tensor<S>;

/** x with another shape type; the caller vouches for it, `make` has already checked the value. */
const as = <T extends Tensor>(x: Tensor): T => x as T;
const map =
  (op: OpName): Map =>
  (x) =>
    as(make(op, [x]));
const same =
  (op: OpName): Same =>
  (a, b) =>
    as(make(op, [a, b]));
/** Binary ops of rules and layers: the shapes may differ by a suffix. */
type Binary = (a: Tensor, b: Tensor) => Tensor;
const binary =
  (op: OpName): Binary =>
  (a, b) =>
    make(op, [a, b]);

const builders = <K extends OpName, B>(names: readonly K[], builder: (op: OpName) => B): Record<K, B> =>
  Object.fromEntries(names.map((name) => [name, builder(name)])) as Record<K, B>; // fromEntries forgets the keys
const isEmpty = (axes: readonly number[]): boolean => Array.isArray(axes) && axes.length === 0;

/** All builders by name; what vjp and path rules are written in. */
export const ops = {
  ...builders(UNARY, map),
  stopGradient: map('stopGradient'),
  toReal: map('toReal'),
  ...builders(BINARY, binary),
  gate: binary('gate'),
  select: (condition: Tensor, yes: Tensor, no: Tensor): Tensor => make('select', [condition, yes, no]),

  input: <const S extends Shape, D extends DType = 'f32'>(name: string, shape: S, dtype?: D): Tensor<S, D> =>
    as(make('input', [], { name, shape, dtype: dtype ?? 'f32' })),
  state: <const S extends Shape>(name: string, shape: S, attributes: Attributes = {}, path = ''): Tensor<S> =>
    as(make('state', [], { dtype: 'f32', ...attributes, name, shape }, path)),
  constant: (shape: Shape, value: number): Tensor => make('constant', [], { shape, value }),
  scalar: (value: number): Tensor<readonly []> => as(make('constant', [], { shape: [], value })),
  literal: (shape: Shape, data: readonly number[], dtype: 'f32' | 'i32' = 'f32'): Tensor =>
    make('literal', [], { shape, data, dtype }),
  batchNorm: (
    x: Tensor,
    { mean, weight, variance, bias }: Readonly<Record<'mean' | 'weight' | 'variance' | 'bias', Tensor>>,
    epsilon: number,
  ): Tensor => make('batchNorm', [x, mean, weight, variance, bias], { epsilon }),
  statistic: (x: Tensor, stored: Tensor, moment: 'mean' | 'variance'): Tensor =>
    make('statistic', [x, stored], { moment }),

  sum: (x: Tensor, axes: readonly number[]): Tensor => (isEmpty(axes) ? x : make('sum', [x], { axes })),
  maximum: (x: Tensor, axes: readonly number[]): Tensor =>
    isEmpty(axes) ? x : make('maximum', [x], { axes }),
  variance: (x: Tensor): Tensor => make('variance', [x]),
  broadcast: (x: Tensor, shape: Shape, axes: readonly number[]): Tensor =>
    isType(x) && Array.isArray(shape) && sameShape(x.shape, shape)
      ? x
      : make('broadcast', [x], { shape, axes }),
  argMax: (x: Tensor): Tensor => make('argMax', [x]),

  reshape: <const S extends Shape>(x: Tensor, shape: S): Tensor<S> => as(make('reshape', [x], { shape })),
  transpose: (x: Tensor, order: readonly number[]): Tensor => make('transpose', [x], { order }),
  slice: (x: Tensor, start: readonly number[], limit: readonly number[], stride: readonly number[]): Tensor =>
    make('slice', [x], { start, limit, stride }),
  place: (x: Tensor, shape: Shape, start: readonly number[], stride: readonly number[]): Tensor =>
    make('place', [x], { shape, start, stride }),
  concat: (xs: readonly Tensor[], axis: number): Tensor =>
    Array.isArray(xs) && xs.length === 1 ? (xs[0] as Tensor) : make('concat', xs, { axis }),

  conv2d: (x: Tensor, weight: Tensor, geometry: ConvGeometry): Tensor =>
    make('conv2d', [x, weight], { ...given('conv2d', geometry, conv2d.attributes) }),
  conv2dInputGrad: (
    dy: Tensor,
    weight: Tensor,
    size: readonly [number, number],
    geometry: ConvGeometry,
  ): Tensor =>
    make('conv2dInputGrad', [dy, weight], { ...given('conv2dInputGrad', geometry, conv2d.attributes), size }),
  conv2dWeightGrad: (
    x: Tensor,
    dy: Tensor,
    kernel: readonly [number, number],
    geometry: ConvGeometry,
  ): Tensor =>
    make('conv2dWeightGrad', [x, dy], { ...given('conv2dWeightGrad', geometry, conv2d.attributes), kernel }),
  sparseConv2d: (
    x: Tensor,
    values: Tensor,
    index: Tensor,
    filters: number,
    geometry: SparseConvGeometry,
  ): Tensor =>
    make('sparseConv2d', [x, values, index], {
      ...given('sparseConv2d', geometry, sparseConv2dWeightGrad.attributes),
      filters,
    }),
  sparseConv2dInputGrad: (
    dy: Tensor,
    values: Tensor,
    index: Tensor,
    size: readonly [number, number, number],
    geometry: SparseConvGeometry,
  ): Tensor =>
    make('sparseConv2dInputGrad', [dy, values, index], {
      ...given('sparseConv2dInputGrad', geometry, sparseConv2dWeightGrad.attributes),
      size,
    }),
  sparseConv2dWeightGrad: (x: Tensor, dy: Tensor, index: Tensor, geometry: SparseConvGeometry): Tensor =>
    make('sparseConv2dWeightGrad', [x, dy, index], {
      ...given('sparseConv2dWeightGrad', geometry, sparseConv2dWeightGrad.attributes),
    }),
  matmul: (
    a: Tensor,
    b: Tensor,
    transposed: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
  ): Tensor => {
    const asked = given('matmul', transposed, matmul.attributes);
    return make('matmul', [a, b], { transposeA: false, transposeB: false, ...asked });
  },

  maxPool: (x: Tensor, geometry: PoolGeometry): Tensor =>
    make('maxPool', [x], { ...given('maxPool', geometry, maxPool.attributes) }),
  maxPoolGather: (x: Tensor, v: Tensor, geometry: PoolGeometry): Tensor =>
    make('maxPoolGather', [x, v], { ...given('maxPoolGather', geometry, maxPool.attributes) }),
  maxPoolScatter: (x: Tensor, dy: Tensor, geometry: PoolGeometry): Tensor =>
    make('maxPoolScatter', [x, dy], { ...given('maxPoolScatter', geometry, maxPool.attributes) }),
  sumPool: (x: Tensor, geometry: PoolGeometry): Tensor =>
    make('sumPool', [x], { ...given('sumPool', geometry, maxPool.attributes) }),
  sumPoolGrad: (dy: Tensor, size: readonly [number, number], geometry: PoolGeometry): Tensor =>
    make('sumPoolGrad', [dy], { ...given('sumPoolGrad', geometry, maxPool.attributes), size }),
  resizeBilinear: (x: Tensor, size: readonly [number, number], corners: Corners = {}): Tensor => {
    const asked = given('resizeBilinear', corners, resizeBilinear.attributes);
    return make('resizeBilinear', [x], { alignCorners: false, ...asked, size });
  },
  resizeBilinearGrad: (dy: Tensor, size: readonly [number, number], corners: Corners = {}): Tensor => {
    const asked = given('resizeBilinearGrad', corners, resizeBilinear.attributes);
    return make('resizeBilinearGrad', [dy], { alignCorners: false, ...asked, size });
  },

  gather: (table: Tensor, index: Tensor): Tensor => make('gather', [table, index]),
  scatterAdd: (v: Tensor, index: Tensor, rows: number): Tensor => make('scatterAdd', [v, index], { rows }),
  cropFlip: (images: Tensor, index: Tensor, shift: Tensor): Tensor =>
    make('cropFlip', [images, index, shift]),
  rankMask: (scores: Tensor, keep: Tensor): Tensor => make('rankMask', [scores, keep]),

  dropout: (x: Tensor, rate: number): Tensor => make('dropout', [x], { rate }),
  bernoulli: (noise: Tensor, shape: Shape, probability: number, stream: number): Tensor =>
    make('bernoulli', [noise], { shape, probability, stream }),
} as const;
export type Ops = typeof ops;

/** The shape-checked elementwise ops of user code: both operands must have the same literal shape. */
export const add: Same = same('add');
export const relu: Map = map('relu');
