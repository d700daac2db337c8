import type { Shape, TensorType } from '../tensor/tensor.js';
import { sameShape, showShape, size } from '../tensor/tensor.js';
import { convOutput } from './conv2d.js';
import type { AttributeKind } from './attributes.js';
import {
  at,
  defineOp,
  expectReals,
  mismatch,
  sameOver,
  type NodeOf,
  type OpDefinition,
  type Values,
  type Where,
} from './op.js';
import { unitsStay } from './units.js';

/**
 * Windowed reductions over [n,h,w,c], each with its adjoint. Padding is never part of a maximum and adds zero
 * to a sum.
 */
export interface PoolGeometry {
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly padding: readonly [number, number, number, number];
}

const GEOMETRY = {
  window: 'pair',
  stride: 'pair',
  padding: 'padding',
} as const satisfies Record<keyof PoolGeometry, AttributeKind>;

type Node = NodeOf<typeof GEOMETRY>;
type Four = readonly [number, number, number, number];
/** All of the geometry: a node's attributes without the size of an adjoint. */
const poolGeometryOf = ({
  size: _size,
  ...geometry
}: PoolGeometry & { readonly size?: unknown }): PoolGeometry => geometry;

const pooled = (t: TensorType, g: PoolGeometry, where: Where): Shape => {
  if (t.shape.length !== 4) mismatch(where, `input is ${showShape(t.shape)}`, 'it needs four axes');
  const [n, h, w, c] = t.shape as Four;
  const oh = convOutput(h, g.window[0], g.stride[0], 1, g.padding[0], g.padding[2]);
  const ow = convOutput(w, g.window[1], g.stride[1], 1, g.padding[1], g.padding[3]);
  if (oh < 1 || ow < 1)
    mismatch(
      where,
      `the ${g.window.join('x')} window does not fit the ${h}x${w} input`,
      'pad more or shrink the window',
    );
  if (
    g.padding[0] >= g.window[0] ||
    g.padding[2] >= g.window[0] ||
    g.padding[1] >= g.window[1] ||
    g.padding[3] >= g.window[1]
  ) {
    mismatch(
      where,
      `padding ${showShape(g.padding)} holds whole windows of ${g.window.join('x')}`,
      'pad less than the window',
    );
  }
  return [n, oh, ow, c];
};

const big = (node: Node): Shape =>
  node.op === 'maxPoolScatter' || node.op === 'sumPoolGrad' ? node.shape : at(node.inputs, 0).shape;
const small = (node: Node): Shape => {
  if (node.op === 'maxPoolScatter') return at(node.inputs, 1).shape;
  return node.op === 'sumPoolGrad' ? at(node.inputs, 0).shape : node.shape;
};

/** Calls visit(output index, input indices of its window, in row-major order of the window). */
const eachWindow = (node: Node, visit: (y: number, window: readonly number[]) => void): void => {
  const g = poolGeometryOf(node.attributes);
  const [n, h, w, c] = big(node) as Four;
  const [, oh, ow] = small(node) as Four;
  for (let y = 0; y < n * oh * ow * c; y++) {
    const [ch, q, p, b] = [
      y % c,
      Math.floor(y / c) % ow,
      Math.floor(y / (c * ow)) % oh,
      Math.floor(y / (c * ow * oh)),
    ];
    const window: number[] = [];
    for (let i = 0; i < g.window[0]; i++)
      for (let j = 0; j < g.window[1]; j++) {
        const [iy, ix] = [p * g.stride[0] - g.padding[0] + i, q * g.stride[1] - g.padding[1] + j];
        if (iy >= 0 && iy < h && ix >= 0 && ix < w) window.push(((b * h + iy) * w + ix) * c + ch);
      }
    visit(y, window);
  }
};

/** The first largest element of the window; a NaN wins, as it does in the forward maximum. */
const winner = (x: Values, window: readonly number[]): number =>
  window.reduce(
    (best, i) => (x[i]! > x[best]! || (Number.isNaN(x[i]!) && !Number.isNaN(x[best]!)) ? i : best),
    at(window, 0),
  );

type PoolName = 'maxPool' | 'maxPoolGather' | 'maxPoolScatter' | 'sumPool' | 'sumPoolGrad';

/** What the five have in common. */
const shared = <K extends PoolName>(kernel: K) => ({
  name: kernel,
  units: unitsStay,
  over: sameOver,
  cost: (node: Node) => {
    const { window } = poolGeometryOf(node.attributes);
    return { flops: size(small(node)) * window[0] * window[1] };
  },
  lower: (node: Node) => {
    const [n, h, w, c] = big(node) as Four;
    const [, oh, ow] = small(node) as Four;
    return {
      kind: 'call' as const,
      kernel,
      attributes: { n, h, w, c, oh, ow, ...poolGeometryOf(node.attributes) },
    };
  },
});

/** (x) -> the largest element of each window. */
export const maxPool: OpDefinition = defineOp({
  ...shared('maxPool'),
  doc: 'largest element of each window',
  attributes: GEOMETRY,
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 1, where);
    return { shape: pooled(at(inputs, 0), poolGeometryOf(attributes), where), dtype: 'f32' };
  },
  vjp: (o, node, dy) => [o.maxPoolScatter(at(node.inputs, 0), dy, poolGeometryOf(node.attributes))],
  paths: {
    kind: 'selection',
    open: (o, node, v) => o.sumPool(v, poolGeometryOf(node.attributes)),
    chosen: (o, node, z, v) => o.maxPoolGather(z, v, poolGeometryOf(node.attributes)),
  },
  evaluate: ([x], node) => {
    const y = new Float64Array(size(node.shape));
    eachWindow(node, (i, window) => {
      y[i] = x![winner(x!, window)]!;
    });
    return y;
  },
});

/** (x, v) -> v at the element of each window that maxPool(x) chooses. */
export const maxPoolGather: OpDefinition = defineOp({
  ...shared('maxPoolGather'),
  doc: "v at x's maximum of each window",
  attributes: GEOMETRY,
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    if (!sameShape(at(inputs, 0).shape, at(inputs, 1).shape)) {
      mismatch(
        where,
        `x is ${showShape(at(inputs, 0).shape)}, v is ${showShape(at(inputs, 1).shape)}`,
        'both must have one shape',
      );
    }
    return { shape: pooled(at(inputs, 0), poolGeometryOf(attributes), where), dtype: 'f32' };
  },
  vjp: (o, node, dy) => [null, o.maxPoolScatter(at(node.inputs, 0), dy, poolGeometryOf(node.attributes))],
  paths: { kind: 'none', why: 'is the choice of another network' },
  evaluate: ([x, v], node) => {
    const y = new Float64Array(size(node.shape));
    eachWindow(node, (i, window) => {
      y[i] = v![winner(x!, window)]!;
    });
    return y;
  },
});

/** (x, dy) -> dy added where maxPool(x) chose: the adjoint of maxPoolGather in v. */
export const maxPoolScatter: OpDefinition = defineOp({
  ...shared('maxPoolScatter'),
  doc: "dy added at x's maximum of each window",
  attributes: GEOMETRY,
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    const [x, dy] = [at(inputs, 0), at(inputs, 1)];
    const expected = pooled(x, poolGeometryOf(attributes), where);
    if (!sameShape(dy.shape, expected))
      mismatch(
        where,
        `dy is ${showShape(dy.shape)}, the pool gives ${showShape(expected)}`,
        'pass the cotangent of that output',
      );
    return { shape: x.shape, dtype: 'f32' };
  },
  vjp: (o, node, g) => [null, o.maxPoolGather(at(node.inputs, 0), g, poolGeometryOf(node.attributes))],
  paths: { kind: 'none', why: 'is the choice of another network' },
  evaluate: ([x, dy], node) => {
    const dx = new Float64Array(size(node.shape));
    eachWindow(node, (i, window) => {
      dx[winner(x!, window)]! += dy![i]!;
    });
    return dx;
  },
});

/** (x) -> the sum of each window. */
export const sumPool: OpDefinition = defineOp({
  ...shared('sumPool'),
  doc: 'sum of each window',
  attributes: GEOMETRY,
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 1, where);
    return { shape: pooled(at(inputs, 0), poolGeometryOf(attributes), where), dtype: 'f32' };
  },
  vjp: (o, node, dy) => {
    const x = at(node.inputs, 0).shape;
    return [o.sumPoolGrad(dy, [at(x, 1), at(x, 2)], poolGeometryOf(node.attributes))];
  },
  paths: { kind: 'linear' },
  evaluate: ([x], node) => {
    const y = new Float64Array(size(node.shape));
    eachWindow(node, (i, window) => {
      y[i] = window.reduce((s, j) => s + x![j]!, 0);
    });
    return y;
  },
});

/** (dy) -> dx [n, *size, c]: the adjoint of sumPool. */
export const sumPoolGrad: OpDefinition = defineOp({
  ...shared('sumPoolGrad'),
  doc: 'adjoint of sumPool',
  attributes: { ...GEOMETRY, size: 'pair' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 1, where);
    const dy = at(inputs, 0);
    const [h, w] = attributes.size;
    const x: Shape = [dy.shape[0] ?? 0, h, w, dy.shape[3] ?? 0];
    const expected = pooled({ shape: x, dtype: 'f32' }, poolGeometryOf(attributes), where);
    if (!sameShape(dy.shape, expected))
      mismatch(
        where,
        `dy is ${showShape(dy.shape)}, the pool gives ${showShape(expected)}`,
        'pass the cotangent of that output',
      );
    return { shape: x, dtype: 'f32' };
  },
  vjp: (o, node, g) => [o.sumPool(g, poolGeometryOf(node.attributes))],
  paths: { kind: 'linear' },
  evaluate: ([dy], node) => {
    const dx = new Float64Array(size(node.shape));
    eachWindow(node, (i, window) => {
      for (const j of window) dx[j]! += dy![i]!;
    });
    return dx;
  },
});
