import type { Attributes, Shape } from '../tensor/tensor.js';
import { sameShape, showShape, size, stridesOf } from '../tensor/tensor.js';
import type { OpDefinition, Values } from './op.js';
import { at, expectReals, mismatch, noGradient, perElement, real } from './op.js';
import { stayIf, unitsMix, unitsStay } from './units.js';

/** Reductions over a set of axes, which are dropped, and their adjoint, `broadcast`. */

const axesOf = (attributes: Attributes): readonly number[] => attributes['axes'] as readonly number[];
const kept = (rank: number, axes: readonly number[]): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));

/**
 * For every element of `shape`, the index of the element that has only the coordinates of the `keep` axes.
 */
const keptIndex = (shape: Shape, keep: readonly number[]): Int32Array => {
  const strides = stridesOf(keep.map((i) => at(shape, i)));
  const own = stridesOf(shape);
  const index = new Int32Array(size(shape));
  for (let i = 0; i < index.length; i++) {
    index[i] = keep.reduce((s, axis, k) => s + (Math.floor(i / own[axis]!) % shape[axis]!) * strides[k]!, 0);
  }
  return index;
};

const reduction = (
  name: 'sum' | 'maximum',
  doc: string,
  start: number,
  f: (a: number, b: number) => number,
): Omit<OpDefinition, 'vjp' | 'paths'> => ({
  name,
  doc,
  attributes: { axes: 'indices' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 1, where);
    const { shape } = at(inputs, 0);
    const axes = axesOf(attributes);
    if (
      axes.some((a) => !Number.isInteger(a) || a < 0 || a >= shape.length) ||
      new Set(axes).size !== axes.length
    ) {
      mismatch(where, `axes ${showShape(axes)} of shape ${showShape(shape)}`, 'name existing axes once each');
    }
    return real(kept(shape.length, axes).map((i) => at(shape, i)));
  },
  units: (node) => stayIf(!axesOf(node.attributes).includes(at(node.inputs, 0).shape.length - 1)),
  over: ({ attributes }) => (axesOf(attributes).includes(0) ? null : attributes),
  evaluate: ([x], node) => {
    const shape = at(node.inputs, 0).shape;
    const index = keptIndex(shape, kept(shape.length, axesOf(node.attributes)));
    const y = new Float64Array(size(node.shape)).fill(start);
    for (let i = 0; i < index.length; i++) y[index[i]!] = f(y[index[i]!]!, x![i]!);
    return y;
  },
  cost: (node) => perElement(1)(at(node.inputs, 0)),
  lower: (node) => ({ kind: 'reduce', op: name === 'sum' ? 'sum' : 'max', axes: axesOf(node.attributes) }),
});

export const sum: OpDefinition = {
  ...reduction('sum', 'sum over axes', 0, (a, b) => a + b),
  vjp: (o, node, dy) => {
    const x = at(node.inputs, 0);
    return [o.broadcast(dy, x.shape, kept(x.shape.length, axesOf(node.attributes)))];
  },
  paths: { kind: 'linear' },
};

/** The cotangent is shared equally among equal maxima. */
export const maximum: OpDefinition = {
  ...reduction('maximum', 'largest element over axes', -Infinity, Math.max),
  vjp: (o, node, dy) => {
    const x = at(node.inputs, 0);
    const axes = axesOf(node.attributes);
    const keep = kept(x.shape.length, axes);
    const here = o.equal(x, o.broadcast(node, x.shape, keep));
    const share = o.div(dy, o.sum(here, axes));
    return [o.mul(here, o.broadcast(share, x.shape, keep))];
  },
  paths: { kind: 'none', why: 'chooses over whole axes; use maxPool' },
};

/**
 * Mean over all axes but the last of (x - mean)^2. One op, since nothing that is rounded between a mean of
 * squares and a square of means tells them apart where the mean lies far from zero.
 */
export const variance: OpDefinition = {
  name: 'variance',
  doc: 'variance of each channel, divided by the number of its values',
  attributes: {},
  infer: (inputs, _, where) => {
    expectReals(inputs, 1, where);
    const { shape } = at(inputs, 0);
    if (shape.length < 2)
      mismatch(where, `input ${showShape(shape)} has no axis beside its channels`, 'pass [..., c]');
    return real(shape.slice(-1));
  },
  vjp: (o, node, dy) => {
    const x = at(node.inputs, 0);
    const perElement = o.scalar(1 / (size(x.shape) / size(node.shape)));
    const slope = o.mul(dy, o.mul(o.scalar(2), perElement));
    const mean = o.mul(o.sum(x, leading(x.shape)), perElement);
    return [o.sub(o.mul(x, slope), o.broadcast(o.mul(mean, slope), x.shape, [x.shape.length - 1]))];
  },
  paths: { kind: 'none', why: 'is not piecewise linear' },
  units: unitsStay,
  evaluate: ([x], node) => {
    const c = size(node.shape);
    const rows = x!.length / c;
    const mean = Float64Array.from({ length: c }, (_, k) => {
      const first = x![k]!; // so that the mean of equal numbers is exactly that number
      let total = 0;
      for (let i = k; i < x!.length; i += c) total += x![i]! - first;
      return first + total / rows;
    });
    const y = new Float64Array(c);
    for (let i = 0; i < x!.length; i++) y[i % c]! += (x![i]! - mean[i % c]!) ** 2;
    return y.map((v) => v / rows);
  },
  cost: (node) => perElement(3)(at(node.inputs, 0)),
  lower: (node) => ({ kind: 'reduce', op: 'variance', axes: leading(at(node.inputs, 0).shape) }),
};
const leading = (shape: Shape): readonly number[] => Array.from({ length: shape.length - 1 }, (_, i) => i);

/** Repeats x along new axes: axis k of x becomes axis `axes[k]` of the output. */
export const broadcast: OpDefinition = {
  name: 'broadcast',
  doc: 'repeat along new axes',
  attributes: { shape: 'sizes', axes: 'indices' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 1, where);
    const shape = attributes['shape'] as Shape;
    const axes = axesOf(attributes);
    const x = at(inputs, 0).shape;
    const increasing = axes.every((a, i) => a < shape.length && (i === 0 || a > at(axes, i - 1)));
    if (
      !increasing ||
      !sameShape(
        x,
        axes.map((a) => shape[a] ?? -1),
      )
    ) {
      mismatch(
        where,
        `input ${showShape(x)} as axes ${showShape(axes)} of ${showShape(shape)}`,
        'axes must increase and their sizes agree',
      );
    }
    return real(shape);
  },
  vjp: (o, node, dy) => [o.sum(dy, kept(node.shape.length, axesOf(node.attributes)))],
  paths: { kind: 'linear' },
  units: (node) => stayIf(axesOf(node.attributes).at(-1) === node.shape.length - 1),
  over: ({ attributes, shape }, { images, units }) =>
    axesOf(attributes)[0] === 0 ? { ...attributes, shape: [images, ...shape.slice(1, -1), units] } : null,
  evaluate: ([x], node) => Float64Array.from(keptIndex(node.shape, axesOf(node.attributes)), (i) => x![i]!),
  cost: perElement(0),
  lower: (node) => ({ kind: 'broadcast', axes: axesOf(node.attributes) }),
};

/** Index of the first largest element of the last axis. */
export const argMax: OpDefinition = {
  name: 'argMax',
  doc: 'index of the first largest element of the last axis',
  attributes: {},
  infer: (inputs, _, where) => {
    expectReals(inputs, 1, where);
    const { shape } = at(inputs, 0);
    if (shape.length === 0) mismatch(where, 'a scalar has no last axis', 'pass at least one axis');
    return { shape: shape.slice(0, -1), dtype: 'i32' };
  },
  vjp: noGradient,
  paths: { kind: 'none', why: 'has no derivative' },
  units: unitsMix('chooses along the last axis'),
  evaluate: ([x], node) => {
    const width = at(at(node.inputs, 0).shape, at(node.inputs, 0).shape.length - 1);
    return Float64Array.from({ length: size(node.shape) }, (_, r) => {
      const row = (x as Values).subarray(r * width, (r + 1) * width);
      return row.reduce((best, v, i) => (v > row[best]! ? i : best), 0);
    });
  },
  cost: (node) => perElement(1)(at(node.inputs, 0)),
  lower: (node) => {
    const shape = at(node.inputs, 0).shape;
    return {
      kind: 'call',
      kernel: 'argMax',
      attributes: { rows: size(node.shape), width: at(shape, shape.length - 1) },
    };
  },
};
