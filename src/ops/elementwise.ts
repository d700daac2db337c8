import type { Shape, Tensor, TensorType } from '../tensor/tensor.js';
import { showShape, showType, size } from '../tensor/tensor.js';
import { NO_ATTRIBUTES } from './attributes.js';
import type { OpDefinition, PathRule, Values, Where } from './op.js';
import { always, at, expectCount, expectReals, mismatch, noGradient, perElement, real } from './op.js';
import type { Ops } from './registry.js';

/**
 * The elementwise ops: one row each. Binary ops broadcast by suffix: the operand of lower rank must have the other's
 * trailing dimensions, so that per-channel values [c] meet activations [n, h, w, c], and scalars [] meet everything.
 */

const isSuffix = (s: Shape, of: Shape): boolean => {
  const skip = of.length - s.length;
  return skip >= 0 && s.every((d, i) => d === of[skip + i]);
};

const broadcastShape = (inputs: readonly TensorType[], where: Where): Shape => {
  let widest = at(inputs, 0);
  for (const t of inputs) if (t.shape.length > widest.shape.length) widest = t;
  for (const t of inputs) {
    if (t.shape !== widest.shape && !isSuffix(t.shape, widest.shape)) {
      mismatch(
        where,
        `shapes differ: ${inputs.map((i) => showShape(i.shape)).join(', ')}`,
        'shapes must be equal, or the smaller the trailing dimensions of the larger',
      );
    }
  }
  return widest.shape;
};

/** Sums x over its leading axes down to `shape`: the adjoint of suffix broadcasting. */
export const sumTo = (o: Ops, x: Tensor, shape: Shape): Tensor =>
  x.shape.length === shape.length
    ? x
    : o.sum(
        x,
        Array.from({ length: x.shape.length - shape.length }, (_, i) => i),
      );

type Rule = (
  o: Ops,
  dy: Tensor,
  x: readonly [Tensor, Tensor, Tensor],
  y: Tensor,
) => readonly (Tensor | null)[];

interface Row {
  readonly doc: string;
  readonly f: (a: number, b: number, c: number) => number;
  /** Cotangents before the sum over broadcast axes, or 'none' where the derivative is zero almost everywhere. */
  readonly vjp: Rule | 'none';
  readonly paths: PathRule;
  readonly flops?: number;
}

const linear: PathRule = { kind: 'linear' };
const signed: PathRule = { kind: 'sum' };
const weight: PathRule = { kind: 'weight' };
const none = (why: string): PathRule => ({ kind: 'none', why });
const curved = none('is not piecewise linear');
const stepped = none('has no path from its input: its derivative is zero');

const floorLog2 = (x: number): number => {
  if (x === 0) return 0;
  if (!Number.isFinite(x)) return NaN;
  const a = Math.abs(x);
  const e = Math.floor(Math.log2(a)); // may be off by one next to a power of two
  return 2 ** e > a ? e - 1 : 2 ** (e + 1) <= a ? e + 1 : e;
};

const unary: Record<
  'neg' | 'abs' | 'sign' | 'exp' | 'log' | 'sqrt' | 'rsqrt' | 'exp2' | 'exponent' | 'relu' | 'step',
  Row
> = {
  neg: { doc: '-x', f: (a) => -a, vjp: (o, dy) => [o.neg(dy)], paths: signed },
  abs: {
    doc: '|x|',
    f: Math.abs,
    vjp: (o, dy, [x]) => [o.mul(dy, o.sign(x))],
    paths: none('is not a gate of the path algebra; use relu'),
  },
  sign: { doc: '-1, 0 or 1', f: Math.sign, vjp: 'none', paths: stepped },
  exp: { doc: 'e^x', f: Math.exp, vjp: (o, dy, _, y) => [o.mul(dy, y)], paths: curved },
  log: { doc: 'natural logarithm', f: Math.log, vjp: (o, dy, [x]) => [o.div(dy, x)], paths: curved },
  sqrt: {
    doc: 'square root',
    f: Math.sqrt,
    vjp: (o, dy, _, y) => [o.div(o.mul(dy, o.scalar(0.5)), y)],
    paths: curved,
  },
  rsqrt: {
    doc: '1 / sqrt(x)',
    f: (a) => 1 / Math.sqrt(a),
    vjp: (o, dy, _, y) => [o.mul(dy, o.mul(o.scalar(-0.5), o.mul(y, o.mul(y, y))))],
    paths: curved,
  },
  exp2: {
    doc: '2^x',
    f: (a) => 2 ** a,
    vjp: (o, dy, _, y) => [o.mul(dy, o.mul(y, o.scalar(Math.LN2)))],
    paths: curved,
  },
  exponent: { doc: 'floor(log2 |x|), 0 at 0', f: floorLog2, vjp: 'none', paths: stepped },
  relu: {
    doc: 'max(x, 0)',
    f: (a) => (a > 0 ? a : Number.isNaN(a) ? a : 0),
    vjp: (o, dy, _, y) => [o.mul(dy, o.step(y))],
    paths: { kind: 'gate', gate: (o, z) => o.step(z) },
  },
  step: { doc: '1 where x > 0, else 0', f: (a) => (a > 0 ? 1 : 0), vjp: 'none', paths: stepped },
};

const binary: Record<'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'greater' | 'equal', Row> = {
  add: { doc: 'a + b', f: (a, b) => a + b, vjp: (_, dy) => [dy, dy], paths: linear },
  sub: { doc: 'a - b', f: (a, b) => a - b, vjp: (o, dy) => [dy, o.neg(dy)], paths: signed },
  mul: {
    doc: 'a * b',
    f: (a, b) => a * b,
    vjp: (o, dy, [a, b]) => [o.mul(dy, b), o.mul(dy, a)],
    paths: weight,
  },
  div: {
    doc: 'a / b',
    f: (a, b) => a / b,
    vjp: (o, dy, [, b], y) => [o.div(dy, b), o.neg(o.div(o.mul(dy, y), b))],
    paths: { kind: 'divide' },
    flops: 1,
  },
  max: {
    doc: 'larger of a and b (NaN if either is)',
    f: Math.max,
    vjp: (o, dy, [a, b]) => [o.mul(dy, o.greater(a, b)), o.mul(dy, o.sub(o.scalar(1), o.greater(a, b)))],
    paths: none('is no gate of one input; use relu'),
  },
  min: {
    doc: 'smaller of a and b (NaN if either is)',
    f: Math.min,
    vjp: (o, dy, [a, b]) => [o.mul(dy, o.greater(b, a)), o.mul(dy, o.sub(o.scalar(1), o.greater(b, a)))],
    paths: none('is no gate of one input; use relu'),
  },
  greater: { doc: '1 where a > b, else 0', f: (a, b) => (a > b ? 1 : 0), vjp: 'none', paths: stepped },
  equal: { doc: '1 where a = b, else 0', f: (a, b) => (a === b ? 1 : 0), vjp: 'none', paths: stepped },
};

const ternary: Record<'select', Row> = {
  select: {
    doc: 'b where a != 0, else c',
    f: (a, b, c) => (a !== 0 ? b : c),
    vjp: (o, dy, [a]) => [null, o.select(a, dy, o.scalar(0)), o.select(a, o.scalar(0), dy)],
    paths: none('chooses by a condition; use relu or maxPool'),
  },
};

const define = (name: string, arity: number, row: Row): OpDefinition => ({
  name,
  doc: row.doc,
  attributes: NO_ATTRIBUTES,
  infer: (inputs, _attributes, where) => {
    expectReals(inputs, arity, where);
    return real(broadcastShape(inputs, where));
  },
  vjp:
    row.vjp === 'none'
      ? noGradient
      : (o, node, dy) => {
          const [a, b, c] = node.inputs;
          const x = [at(node.inputs, 0), b ?? a!, c ?? a!] as const;
          const rule = row.vjp as Rule;
          return rule(o, dy, x, node).map((g, i) =>
            g === null ? null : sumTo(o, g, at(node.inputs, i).shape),
          );
        },
  paths: row.paths,
  evaluate: (inputs, node) => {
    const [a, b, c] = [at(inputs, 0), inputs[1] ?? at(inputs, 0), inputs[2] ?? at(inputs, 0)];
    const y = new Float64Array(size(node.shape));
    for (let i = 0; i < y.length; i++) y[i] = row.f(a[i % a.length]!, b[i % b.length]!, c[i % c.length]!);
    return y;
  },
  cost: perElement(row.flops ?? 1),
  lower: always({ kind: 'elementwise', instruction: name }),
});

const table = <K extends string>(arity: number, rows: Record<K, Row>): Record<K, OpDefinition> =>
  Object.fromEntries(
    Object.entries<Row>(rows).map(([name, row]) => [name, define(name, arity, row)]),
  ) as Record<K, OpDefinition>;

export const elementwise = { ...table(1, unary), ...table(2, binary), ...table(3, ternary) };

/** Converts i32 and u8 to the real type. */
export const toReal: OpDefinition = {
  name: 'toReal',
  doc: 'integer to real',
  attributes: NO_ATTRIBUTES,
  infer: (inputs, _, where) => {
    expectCount(inputs, 1, where);
    const x = at(inputs, 0);
    return x.dtype === 'f32'
      ? mismatch(where, `input is ${showType(x)}`, 'pass an i32 or u8 tensor')
      : real(x.shape);
  },
  vjp: noGradient,
  paths: none('converts integers; feed real values'),
  evaluate: ([x]) => Float64Array.from(x!),
  cost: perElement(0),
  lower: always({ kind: 'elementwise', instruction: 'load' }), // loads convert
};

/** Values of the same shape must not be mistaken for a truth value: this op cuts every derivative. */
export const stopGradient: OpDefinition = {
  name: 'stopGradient',
  doc: 'x, with zero derivative',
  attributes: NO_ATTRIBUTES,
  infer: (inputs, _, where) => {
    expectCount(inputs, 1, where);
    return at(inputs, 0);
  },
  vjp: noGradient,
  paths: linear,
  evaluate: ([x]) => x as Values,
  cost: perElement(0),
  lower: always({ kind: 'alias' }),
};
