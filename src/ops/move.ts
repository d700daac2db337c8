import type { AttributeKinds } from './attributes.js';
import { showShape, showType, size, stridesOf } from '../tensor/tensor.js';
import type { Copy, NodeOf, OpDefinition, PathRule, Values } from './op.js';
import { always, at, defineOp, expectCount, mismatch, perElement } from './op.js';
import { stayIf, unitCount } from './units.js';

/** Ops that only move elements: each is described by its strided copies, which also evaluate it. */

const runCopies = (copies: readonly Copy[], inputs: readonly Values[], y: Values): Values => {
  for (const copy of copies) {
    const src = at(inputs, copy.input);
    const strides = stridesOf(copy.dims);
    for (let i = 0; i < size(copy.dims); i++) {
      let from = copy.srcOffset;
      let to = copy.dstOffset;
      for (let k = 0; k < copy.dims.length; k++) {
        const c = Math.floor(i / strides[k]!) % copy.dims[k]!;
        from += c * copy.srcStrides[k]!;
        to += c * copy.dstStrides[k]!;
      }
      y[to] = src[from]!;
    }
  }
  return y;
};

const mover = <const K extends AttributeKinds>(
  definition: Pick<OpDefinition<K>, 'name' | 'doc' | 'attributes' | 'infer' | 'vjp' | 'units' | 'over'> & {
    paths?: PathRule<K>;
    copies: (node: NodeOf<K>) => readonly Copy[];
    cover: boolean;
  },
): OpDefinition =>
  defineOp<K>({
    paths: { kind: 'linear' },
    ...definition,
    evaluate: (inputs, node) =>
      runCopies(definition.copies(node), inputs, new Float64Array(size(node.shape))),
    cost: perElement(0),
    lower: (node) => ({
      kind: 'copies',
      cover: definition.cover,
      get copies() {
        return definition.copies(node);
      },
    }), // most ask for the kind alone
  });

/** One whole number from 0 for each axis. */
const areIndices = (xs: readonly number[], rank: number): boolean =>
  xs.length === rank && xs.every((i) => Number.isInteger(i) && i >= 0);

/** Start and stride along the last axis; those of the only element of a scalar. */
const lastOf = ({
  attributes,
}: {
  readonly attributes: { readonly start: readonly number[]; readonly stride: readonly number[] };
}): readonly [number, number] => [attributes.start.at(-1) ?? 0, attributes.stride.at(-1) ?? 1];

/** Same elements, other shape. */
export const reshape: OpDefinition = defineOp({
  name: 'reshape',
  doc: 'same elements in the same order under another shape',
  attributes: { shape: 'sizes' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 1, where);
    const [x, shape] = [at(inputs, 0), attributes.shape];
    if (size(x.shape) !== size(shape))
      mismatch(where, `cannot view ${showType(x)} as ${showShape(shape)}`, 'both must have as many elements');
    return { shape, dtype: x.dtype };
  },
  vjp: (o, node, dy) => [o.reshape(dy, at(node.inputs, 0).shape)],
  paths: { kind: 'linear' },
  // row-major, so that a longer last axis holds whole rows of the old one: the columns of a flattened image
  units: (node) => {
    const [old, own] = [unitCount(at(node.inputs, 0)), unitCount(node)];
    if (own === old || own % old !== 0) return stayIf(own === old);
    return { kind: 'moved', from: Array.from({ length: own }, (_, k) => k % old) };
  },
  over: ({ inputs, shape }, { images, units }) =>
    at(inputs, 0).shape[0] === shape[0] ? { shape: [images, ...shape.slice(1, -1), units] } : null,
  evaluate: ([x]) => x as Values,
  cost: perElement(0),
  lower: always({ kind: 'alias' }),
});

/** Axis i of the output is axis order[i] of the input. */
export const transpose: OpDefinition = mover({
  name: 'transpose',
  doc: 'reorder axes',
  attributes: { order: 'indices' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 1, where);
    const [x, order] = [at(inputs, 0), attributes.order];
    if ([...order].sort((a, b) => a - b).some((a, i) => a !== i) || order.length !== x.shape.length) {
      mismatch(where, `order ${showShape(order)} of ${showShape(x.shape)}`, 'name every axis once');
    }
    return { shape: order.map((a) => at(x.shape, a)), dtype: x.dtype };
  },
  vjp: (o, node, dy) => {
    const order = node.attributes.order;
    return [
      o.transpose(
        dy,
        order.map((_, i) => order.indexOf(i)),
      ),
    ];
  },
  units: (node) => stayIf(node.attributes.order.at(-1) === node.shape.length - 1),
  over: ({ attributes }) => (attributes.order[0] === 0 ? attributes : null),
  cover: true,
  copies: (node) => {
    const strides = stridesOf(at(node.inputs, 0).shape);
    const order = node.attributes.order;
    return [
      {
        input: 0,
        dims: node.shape,
        srcOffset: 0,
        srcStrides: order.map((a) => at(strides, a)),
        dstOffset: 0,
        dstStrides: stridesOf(node.shape),
      },
    ];
  },
});

/** Elements start[i], start[i] + stride[i], ... below limit[i] of every axis i. */
export const slice: OpDefinition = mover({
  name: 'slice',
  doc: 'strided sub-array',
  attributes: { start: 'indices', limit: 'indices', stride: 'indices' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 1, where);
    const x = at(inputs, 0);
    const [start, limit, stride] = [attributes.start, attributes.limit, attributes.stride];
    const fits =
      [start, limit, stride].every((axes) => areIndices(axes, x.shape.length)) &&
      x.shape.every((d, i) => limit[i]! > start[i]! && limit[i]! <= d && stride[i]! >= 1);
    if (!fits)
      mismatch(
        where,
        `from ${showShape(start)} to ${showShape(limit)} by ${showShape(stride)} of ${showShape(x.shape)}`,
        'stay inside the shape',
      );
    return { shape: x.shape.map((_, i) => Math.ceil((limit[i]! - start[i]!) / stride[i]!)), dtype: x.dtype };
  },
  vjp: (o, node, dy) => [
    o.place(dy, at(node.inputs, 0).shape, node.attributes.start, node.attributes.stride),
  ],
  units: (node) => {
    const [start, stride] = lastOf(node);
    return { kind: 'moved', from: Array.from({ length: unitCount(node) }, (_, k) => start + k * stride) };
  },
  over: ({ attributes: { start, limit, stride }, inputs, shape }, { images, units }) =>
    at(inputs, 0).shape[0] === shape[0]
      ? {
          start: [...start.slice(0, -1), 0],
          limit: [images, ...limit.slice(1, -1), units],
          stride: [...stride.slice(0, -1), 1],
        }
      : null,
  cover: true,
  copies: (node) => {
    const own = stridesOf(at(node.inputs, 0).shape);
    const [start, stride] = [node.attributes.start, node.attributes.stride];
    return [
      {
        input: 0,
        dims: node.shape,
        srcOffset: own.reduce((s, d, i) => s + d * at(start, i), 0),
        srcStrides: own.map((d, i) => d * at(stride, i)),
        dstOffset: 0,
        dstStrides: stridesOf(node.shape),
      },
    ];
  },
});

/** Zeros of `shape` with x at start, start + stride, ...: the adjoint of `slice`, and zero padding. */
export const place: OpDefinition = mover({
  name: 'place',
  doc: 'write into zeros, strided',
  attributes: { shape: 'sizes', start: 'indices', stride: 'indices' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 1, where);
    const [x, shape] = [at(inputs, 0), attributes.shape];
    const [start, stride] = [attributes.start, attributes.stride];
    const fits =
      [start, stride, shape].every((axes) => areIndices(axes, x.shape.length)) &&
      x.shape.every((d, i) => stride[i]! >= 1 && start[i]! + (d - 1) * stride[i]! < shape[i]!);
    if (!fits)
      mismatch(
        where,
        `${showShape(x.shape)} at ${showShape(start)} by ${showShape(stride)} in ${showShape(shape)}`,
        'stay inside the shape',
      );
    return { shape, dtype: x.dtype };
  },
  vjp: (o, node, dy) => {
    const [start, stride] = [node.attributes.start, node.attributes.stride];
    const x = at(node.inputs, 0).shape;
    return [
      o.slice(
        dy,
        start,
        x.map((d, i) => at(start, i) + (d - 1) * at(stride, i) + 1),
        stride,
      ),
    ];
  },
  units: (node) => {
    const [start, stride] = lastOf(node);
    const from = Array.from({ length: unitCount(node) }, (): number | null => null);
    for (let k = 0; k < unitCount(at(node.inputs, 0)); k++) from[start + k * stride] = k;
    return { kind: 'moved', from };
  },
  over: ({ attributes: { start, stride }, inputs, shape }, { images, units }) =>
    at(inputs, 0).shape[0] === shape[0]
      ? {
          shape: [images, ...shape.slice(1, -1), units],
          start: [...start.slice(0, -1), 0],
          stride: [...stride.slice(0, -1), 1],
        }
      : null,
  cover: false,
  copies: (node) => {
    const own = stridesOf(node.shape);
    const [start, stride] = [node.attributes.start, node.attributes.stride];
    const x = at(node.inputs, 0).shape;
    return [
      {
        input: 0,
        dims: x,
        srcOffset: 0,
        srcStrides: stridesOf(x),
        dstOffset: own.reduce((s, d, i) => s + d * at(start, i), 0),
        dstStrides: own.map((d, i) => d * at(stride, i)),
      },
    ];
  },
});

/** Inputs one after the other along `axis`. */
export const concat: OpDefinition = mover({
  name: 'concat',
  doc: 'join along an axis',
  attributes: { axis: 'index' },
  infer: (inputs, attributes, where) => {
    const axis = attributes.axis;
    const first = inputs[0] ?? mismatch(where, 'takes at least one input, got 0', 'pass what to join');
    if (
      first.shape[axis] === undefined ||
      inputs.some(
        (x) =>
          x.dtype !== first.dtype ||
          x.shape.length !== first.shape.length ||
          x.shape.some((d, i) => i !== axis && d !== first.shape[i]),
      )
    ) {
      mismatch(
        where,
        `cannot join ${inputs.map(showType).join(', ')} along axis ${axis}`,
        'the axis must exist and all others agree',
      );
    }
    return {
      shape: first.shape.map((d, i) => (i === axis ? inputs.reduce((s, x) => s + at(x.shape, i), 0) : d)),
      dtype: first.dtype,
    };
  },
  vjp: (o, node, dy) => {
    const axis = node.attributes.axis;
    let from = 0;
    return node.inputs.map((x) => {
      const start = dy.shape.map((_, i) => (i === axis ? from : 0));
      from += at(x.shape, axis);
      return o.slice(
        dy,
        start,
        dy.shape.map((d, i) => (i === axis ? from : d)),
        dy.shape.map(() => 1),
      );
    });
  },
  paths: {
    kind: 'linear',
    // a part that no path may come through holds no path, and keeps its place
    join: (o, values, node) =>
      o.concat(
        values.map((v, i) => v ?? o.constant(at(node.inputs, i).shape, 0)),
        node.attributes.axis,
      ),
  },
  units: (node) => ({
    kind: 'parts',
    along: node.attributes['axis'] === node.shape.length - 1 ? 'units' : 'places',
  }),
  over: ({ attributes }) => (attributes.axis === 0 ? null : attributes),
  cover: true,
  copies: (node) => {
    const axis = node.attributes.axis;
    const own = stridesOf(node.shape);
    let from = 0;
    return node.inputs.map((x, input) => {
      const dstOffset = from * at(own, axis);
      from += at(x.shape, axis);
      return {
        input,
        dims: x.shape,
        srcOffset: 0,
        srcStrides: stridesOf(x.shape),
        dstOffset,
        dstStrides: own,
      };
    });
  },
});
