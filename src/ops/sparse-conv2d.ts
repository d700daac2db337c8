import { size, type Shape, type Tensor, type TensorType } from '../tensor/tensor.js';
import { showShape, showType } from '../tensor/tensor.js';
import { convOutputSize, convProblem, type ConvGeometry, type ConvProblem } from './conv2d.js';
import { fail } from '../errors.js';
import { literal } from './leaf.js';
import {
  at,
  defineOp,
  expectCount,
  mismatch,
  type CallLowering,
  type NodeOf,
  type OpDefinition,
  type Where,
} from './op.js';
import type { AttributeKind } from './attributes.js';
import type { Ops } from './registry.js';
import { unitsMix, type UnitRule } from './units.js';

/**
 * Convolution with a kernel of which only some weights exist, and its two adjoints. `values` [nnz] are the
 * weights, `index` i32 [nnz] their places in a dense kernel [filters, *kernel, channels], ascending; it is a
 * literal, so that devices can make tables of it before the first run. The three are bilinear in x, y and
 * values, and closed under differentiation as those of ops/conv2d.ts are.
 */
const GEOMETRY = {
  stride: 'pair',
  dilation: 'pair',
  padding: 'padding',
  kernel: 'pair',
} as const satisfies Record<keyof ConvGeometry | 'kernel', AttributeKind>;

/** Geometry with the height and width of the kernel, which no operand has. */
export interface SparseConvGeometry extends ConvGeometry {
  readonly kernel: readonly [number, number];
}

type Node = NodeOf<typeof GEOMETRY>;
type Four = readonly [number, number, number, number];

/** All of the geometry: what is left without the sizes that each of the three has of its own. */
const geometryOf = ({
  size: _size,
  filters: _filters,
  ...geometry
}: SparseConvGeometry & { readonly size?: unknown; readonly filters?: unknown }): SparseConvGeometry =>
  geometry;

const image = (t: TensorType, what: string, where: Where): Four =>
  t.shape.length === 4 && t.dtype === 'f32'
    ? (t.shape as Four)
    : mismatch(where, `${what} is ${showType(t)}`, 'it needs four axes of f32');

/** Checks values and index, of which the first may be left to the result. */
const expectIndex = (index: TensorType, values: TensorType | null, where: Where): number => {
  const count = index.shape[0];
  const isList = index.dtype === 'i32' && index.shape.length === 1;
  const isValues = values === null || (values.dtype === 'f32' && values.shape.length === 1);
  if (!isList || !isValues || (values !== null && values.shape[0] !== count))
    mismatch(
      where,
      values === null ? `index ${showType(index)}` : `values ${showType(values)}, index ${showType(index)}`,
      'give one i32 index for each value of f32',
    );
  return count!;
};

const outputSize = (
  h: number,
  w: number,
  { kernel: [kh, kw], ...geometry }: SparseConvGeometry,
): [number, number] => convOutputSize(h, w, kh, kw, geometry);

interface Problem extends ConvProblem {
  readonly count: number;
}

const problem = (
  x: Shape,
  y: Shape,
  count: number,
  { kernel, ...geometry }: SparseConvGeometry,
): Problem => ({
  ...convProblem(x, [y.at(-1)!, ...kernel], y, geometry),
  count,
});

/** Where the shapes of x, y and the index of each of the three are found. */
const problemOf = (node: Node): Problem => {
  const [a, b, c] = node.inputs;
  const g = geometryOf(node.attributes);
  if (node.op === 'sparseConv2d') return problem(a!.shape, node.shape, size(c!.shape), g);
  return node.op === 'sparseConv2dInputGrad'
    ? problem(node.shape, a!.shape, size(c!.shape), g)
    : problem(a!.shape, b!.shape, size(c!.shape), g);
};

/** Calls visit(xIndex, number of the weight, yIndex) for every multiply-add. */
const visitAll = (
  p: Problem,
  index: ArrayLike<number>,
  where: Tensor,
  visit: (x: number, value: number, y: number) => void,
): void => {
  for (let k = 0; k < p.count; k++) {
    const position = index[k]!;
    if (
      !Number.isInteger(position) ||
      position <= (k === 0 ? -1 : index[k - 1]!) ||
      position >= p.f * p.kh * p.kw * p.c
    )
      fail(
        'DATA',
        `${where.op}: index[${k}] is ${position}; indices ascend and lie below ${p.f * p.kh * p.kw * p.c}`,
      );
    const c = position % p.c;
    const b = Math.floor(position / p.c) % p.kw;
    const a = Math.floor(position / (p.c * p.kw)) % p.kh;
    const f = Math.floor(position / (p.c * p.kw * p.kh));
    for (let n = 0; n < p.n; n++)
      for (let oy = 0; oy < p.oh; oy++) {
        const iy = oy * p.stride[0] - p.padding[0] + a * p.dilation[0];
        if (iy < 0 || iy >= p.h) continue;
        for (let ox = 0; ox < p.ow; ox++) {
          const ix = ox * p.stride[1] - p.padding[1] + b * p.dilation[1];
          if (ix < 0 || ix >= p.w) continue;
          visit(((n * p.h + iy) * p.w + ix) * p.c + c, k, ((n * p.oh + oy) * p.ow + ox) * p.f + f);
        }
      }
  }
};

/** The numbers of an index that the graph holds; null for another. */
const literalOf = (index: Tensor): readonly number[] | null =>
  index.op === literal.name ? (index.attributes['data'] as readonly number[]) : null;

/** Weights between units as the dense convolution has them, at the places of the index. */
const layer = (node: Node, isForward: boolean): UnitRule => {
  const places = literalOf(at(node.inputs, 2));
  if (places === null) return { kind: 'mixed', why: 'names its weights by an index that is not a literal' };
  const { f, kh, kw, c } = problemOf(node);
  const row = kh * kw * c;
  return isForward
    ? { kind: 'layer', outputs: f, inputs: c, taps: kh * kw, strides: [row, 1, c], places }
    : { kind: 'layer', outputs: c, inputs: f, taps: kh * kw, strides: [1, row, c], places };
};

/** The dense kernel, with zeros where there are no weights. */
const kernelOf = (o: Ops, node: Node): Tensor => {
  const [, values, index] = node.inputs as readonly [Tensor, Tensor, Tensor];
  const { f, kh, kw, c } = problemOf(node);
  return o.reshape(o.scatterAdd(values, index, f * kh * kw * c), [f, kh, kw, c]);
};
/** The geometry of the convolution with that kernel. */
const denseGeometry = (node: Node): ConvGeometry => {
  const { kernel: _kernel, ...geometry } = geometryOf(node.attributes);
  return geometry;
};

/** What the three have in common. */
const shared = <K extends 'sparseConv2d' | 'sparseConv2dInputGrad' | 'sparseConv2dWeightGrad'>(
  kernel: K,
) => ({
  name: kernel,
  cost: (node: Node) => {
    const { n, oh, ow, count } = problemOf(node);
    return { flops: 2 * n * oh * ow * count };
  },
  lower: (node: Node): CallLowering => {
    const index = at(node.inputs, 2);
    if (literalOf(index) === null)
      fail('GRAPH', `${kernel}: the index is a ${index.op}, which may change; give a literal`);
    return { kind: 'call', kernel, attributes: problemOf(node) };
  },
});

/** (x [n,h,w,c], values [nnz], index i32 [nnz]) -> y [n,oh,ow,filters] */
export const sparseConv2d: OpDefinition = defineOp({
  ...shared('sparseConv2d'),
  doc: 'convolution with the weights that exist',
  attributes: { ...GEOMETRY, filters: 'count' },
  paths: { kind: 'weight' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 3, where);
    const [n, h, w] = image(at(inputs, 0), 'input', where);
    expectIndex(at(inputs, 2), at(inputs, 1), where);
    const [oh, ow] = outputSize(h, w, geometryOf(attributes));
    const [kh, kw] = attributes.kernel;
    if (oh < 1 || ow < 1)
      mismatch(
        where,
        `the ${kh}x${kw} kernel does not fit the ${h}x${w} input`,
        'pad more or shrink the kernel',
      );
    return { shape: [n, oh, ow, attributes.filters], dtype: 'f32' };
  },
  vjp: (o, node, dy) => {
    const [x, values, index] = node.inputs as readonly [Tensor, Tensor, Tensor];
    const g = geometryOf(node.attributes);
    return [
      o.sparseConv2dInputGrad(dy, values, index, [at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)], g),
      o.sparseConv2dWeightGrad(x, dy, index, g),
      null,
    ];
  },
  units: (node) => layer(node, true),
  dense: {
    write: (o, node) => o.conv2d(at(node.inputs, 0), kernelOf(o, node), denseGeometry(node)),
  },
  evaluate: ([x, values, index], node) => {
    const y = new Float64Array(size(node.shape));
    visitAll(problemOf(node), index!, node as Tensor, (i, k, j) => {
      y[j]! += x![i]! * values![k]!;
    });
    return y;
  },
});

/**
 * (dy [n,oh,ow,f], values [nnz], index i32 [nnz]) -> dx [n, *size]: the adjoint of sparseConv2d in x. `size`
 * = [h, w, c].
 */
export const sparseConv2dInputGrad: OpDefinition = defineOp({
  ...shared('sparseConv2dInputGrad'),
  doc: 'adjoint of sparseConv2d in its input',
  attributes: { ...GEOMETRY, size: 'volume' },
  paths: { kind: 'weight' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 3, where);
    const [n, oh, ow] = image(at(inputs, 0), 'dy', where);
    expectIndex(at(inputs, 2), at(inputs, 1), where);
    const [h, w, c] = attributes.size;
    const expected = outputSize(h, w, geometryOf(attributes));
    if (oh !== expected[0] || ow !== expected[1])
      mismatch(
        where,
        `dy is ${showShape(at(inputs, 0).shape)}, the forward output is ${showShape(expected)} high and wide`,
        'pass the cotangent of that output',
      );
    return { shape: [n, h, w, c], dtype: 'f32' };
  },
  vjp: (o, node, g) => {
    const [dy, values, index] = node.inputs as readonly [Tensor, Tensor, Tensor];
    const geometry = geometryOf(node.attributes);
    return [
      o.sparseConv2d(g, values, index, at(dy.shape, 3), geometry),
      o.sparseConv2dWeightGrad(g, dy, index, geometry),
      null,
    ];
  },
  units: (node) => layer(node, false),
  dense: {
    write: (o, node) => {
      const [h, w] = node.attributes.size;
      return o.conv2dInputGrad(at(node.inputs, 0), kernelOf(o, node), [h, w], denseGeometry(node));
    },
  },
  evaluate: ([dy, values, index], node) => {
    const dx = new Float64Array(size(node.shape));
    visitAll(problemOf(node), index!, node as Tensor, (i, k, j) => {
      dx[i]! += dy![j]! * values![k]!;
    });
    return dx;
  },
});

/**
 * (x [n,h,w,c], dy [n,oh,ow,f], index i32 [nnz]) -> dvalues [nnz]: the adjoint of sparseConv2d in its values.
 */
export const sparseConv2dWeightGrad: OpDefinition = defineOp({
  ...shared('sparseConv2dWeightGrad'),
  doc: 'adjoint of sparseConv2d in its weights',
  attributes: GEOMETRY,
  paths: { kind: 'none', why: 'correlates two images' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 3, where);
    const [n, h, w] = image(at(inputs, 0), 'input', where);
    const [dn, oh, ow] = image(at(inputs, 1), 'dy', where);
    const count = expectIndex(at(inputs, 2), null, where);
    const expected = outputSize(h, w, geometryOf(attributes));
    if (dn !== n || oh !== expected[0] || ow !== expected[1])
      mismatch(
        where,
        `dy is ${showShape(at(inputs, 1).shape)}, the forward output is ${showShape([n, ...expected])}`,
        'pass the cotangent of that output',
      );
    return { shape: [count], dtype: 'f32' };
  },
  vjp: (o, node, g) => {
    const [x, dy, index] = node.inputs as readonly [Tensor, Tensor, Tensor];
    const geometry = geometryOf(node.attributes);
    return [
      o.sparseConv2dInputGrad(dy, g, index, [at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)], geometry),
      o.sparseConv2d(x, g, index, at(dy.shape, 3), geometry),
      null,
    ];
  },
  units: unitsMix('correlates along other axes than the last'),
  dense: {
    write: (o, node) => {
      const [x, dy, index] = node.inputs as readonly [Tensor, Tensor, Tensor];
      const { kernel } = node.attributes;
      const dweight = o.conv2dWeightGrad(x, dy, kernel, denseGeometry(node));
      return o.gather(o.reshape(dweight, [size(dweight.shape)]), index);
    },
  },
  evaluate: ([x, dy, index], node) => {
    const dvalues = new Float64Array(size(node.shape));
    visitAll(problemOf(node), index!, node as Tensor, (i, k, j) => {
      dvalues[k]! += x![i]! * dy![j]!;
    });
    return dvalues;
  },
});
