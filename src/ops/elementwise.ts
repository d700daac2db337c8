import type { Shape, Tensor, TensorType } from '../tensor/tensor.js';
import { showShape, showType, size } from '../tensor/tensor.js';
import type { OpDefinition, PathRule, Values, Where } from './op.js';
import {
  always,
  at,
  expectCount,
  expectReals,
  mismatch,
  noGradient,
  perElement,
  real,
  sameOver,
} from './op.js';
import type { Instruction, InstructionOf } from '../plan/instructions.js';
import type { Ops } from './registry.js';
import { unitsStay } from './units.js';

/**
 * The elementwise ops: one row each. Binary ops broadcast by suffix: the operand of lower rank must have the
 * other's trailing dimensions, so that per-channel values [c] meet activations [n, h, w, c], and scalars []
 * meet everything.
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
const sumTo = (o: Ops, x: Tensor, shape: Shape): Tensor =>
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
  /**
   * Cotangents before the sum over broadcast axes, or 'none' where the derivative is zero almost everywhere.
   */
  readonly vjp: Rule | 'none';
  readonly paths: PathRule;
  readonly flops?: number;
}

const linear: PathRule = { kind: 'linear' };
/** A sum, signed or not, of path sets: every edge counts by its magnitude. */
const union: PathRule = {
  kind: 'linear',
  join: (o, values) => values.filter((v) => v !== null).reduce((a, b) => o.add(a, b)),
};
const weight: PathRule = { kind: 'weight', elementwise: true };
const none = (why: string): PathRule => ({ kind: 'none', why });
const curved = none('is not piecewise linear');
const stepped = none('has no path from its input: its derivative is zero');

const floorLog2 = (x: number): number => {
  if (x === 0) return 0;
  if (!Number.isFinite(x)) return NaN;
  const a = Math.abs(x);
  const e = Math.floor(Math.log2(a)); // may be off by one next to a power of two
  if (2 ** e > a) return e - 1;
  return 2 ** (e + 1) <= a ? e + 1 : e;
};

/** By its series near 0, and by the continued fraction of erfc further out; right to 1e-15. */
const erf = (x: number): number => {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 2.5) {
    let [term, sum] = [a, a];
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let tail = a;
  for (let k = 60; k >= 1; k--) tail = a + k / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * tail));
};

const unary: Record<InstructionOf<1>, Row> = {
  neg: { doc: '-x', f: (a) => -a, vjp: (o, dy) => [o.neg(dy)], paths: union },
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
  sigmoid: {
    doc: '1 / (1 + e^-x)',
    f: (a) => 1 / (1 + Math.exp(-a)),
    vjp: (o, dy, _, y) => [o.mul(dy, o.mul(y, o.sub(o.scalar(1), y)))],
    paths: curved,
  },
  tanh: {
    doc: 'hyperbolic tangent',
    f: Math.tanh,
    vjp: (o, dy, _, y) => [o.mul(dy, o.sub(o.scalar(1), o.mul(y, y)))],
    paths: curved,
  },
  erf: {
    doc: 'error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x',
    f: erf,
    vjp: (o, dy, [x]) => [o.mul(dy, o.mul(o.scalar(2 / Math.sqrt(Math.PI)), o.exp(o.neg(o.mul(x, x)))))],
    paths: curved,
  },
  softplus: {
    doc: 'log(1 + e^x)',
    f: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    vjp: (o, dy, [x]) => [o.mul(dy, o.sigmoid(x))],
    paths: curved,
  },
  relu: {
    doc: 'max(x, 0)',
    f: (a) => Math.max(a, 0),
    vjp: (o, dy, _, y) => [o.mul(dy, o.step(y))],
    paths: { kind: 'gate', gate: (o, { inputs }) => o.step(at(inputs, 0)) },
  },
  step: { doc: '1 where x > 0, else 0', f: (a) => (a > 0 ? 1 : 0), vjp: 'none', paths: stepped },
};

const binary: Record<InstructionOf<2>, Row> = {
  add: { doc: 'a + b', f: (a, b) => a + b, vjp: (_, dy) => [dy, dy], paths: union },
  sub: { doc: 'a - b', f: (a, b) => a - b, vjp: (o, dy) => [dy, o.neg(dy)], paths: union },
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

const ternary: Record<Exclude<InstructionOf<3>, 'mulAdd'>, Row> = {
  select: {
    doc: 'b where a != 0, else c',
    f: (a, b, c) => (a !== 0 ? b : c),
    vjp: (o, dy, [a]) => [null, o.select(a, dy, o.scalar(0)), o.select(a, o.scalar(0), dy)],
    paths: none('chooses by a condition; use relu or maxPool'),
  },
};

const define = (name: Exclude<Instruction, 'const'>, arity: number, row: Row): OpDefinition => ({
  name,
  doc: row.doc,
  attributes: {},
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
  units: unitsStay,
  over: sameOver,
  evaluate: (inputs, node) => {
    const [a, b, c] = [at(inputs, 0), inputs[1] ?? at(inputs, 0), inputs[2] ?? at(inputs, 0)];
    const y = new Float64Array(size(node.shape));
    for (let i = 0; i < y.length; i++) y[i] = row.f(a[i % a.length]!, b[i % b.length]!, c[i % c.length]!);
    return y;
  },
  cost: perElement(row.flops ?? 1),
  lower: always({ kind: 'elementwise', instruction: name }),
});

/** The keys of a record that has no others. */
const namesOf = <K extends string>(rows: Readonly<Record<K, unknown>>): readonly K[] =>
  Object.keys(rows) as K[]; // rows are written out in full, so there are no other keys

const table = <K extends Exclude<Instruction, 'const'>>(
  arity: number,
  rows: Record<K, Row>,
): Record<K, OpDefinition> =>
  Object.fromEntries(namesOf(rows).map((name) => [name, define(name, arity, rows[name])])) as Record<
    K,
    OpDefinition
  >; // fromEntries forgets which keys there are

export const UNARY = namesOf(unary);
export const BINARY = namesOf(binary);

export const elementwise = { ...table(1, unary), ...table(2, binary), ...table(3, ternary) };

/**
 * x times a gate: a factor that is constant almost everywhere, such as one made of `step`, and has no
 * derivative. What tells it from `mul` is that no path comes through the gate.
 */
export const gate: OpDefinition = {
  ...define('mul', 2, binary.mul),
  name: 'gate',
  doc: 'x times a factor without derivative',
  vjp: (o, node, dy) => [sumTo(o, o.mul(dy, at(node.inputs, 1)), at(node.inputs, 0).shape), null],
  paths: { kind: 'gate', gate: (_, { inputs }) => at(inputs, 1), controls: [1] },
};

/** Converts i32 and u8 to the real type. */
export const toReal: OpDefinition = {
  name: 'toReal',
  doc: 'integer to real',
  attributes: {},
  infer: (inputs, _, where) => {
    expectCount(inputs, 1, where);
    const x = at(inputs, 0);
    return x.dtype === 'f32'
      ? mismatch(where, `input is ${showType(x)}`, 'pass an i32 or u8 tensor')
      : real(x.shape);
  },
  vjp: noGradient,
  paths: none('converts integers; feed real values'),
  units: unitsStay,
  over: sameOver,
  evaluate: ([x]) => Float64Array.from(x!),
  cost: perElement(0),
  lower: always({ kind: 'elementwise', instruction: 'load' }),
};

/** Values of the same shape must not be mistaken for a truth value: this op cuts every derivative. */
export const stopGradient: OpDefinition = {
  name: 'stopGradient',
  doc: 'x, with zero derivative',
  attributes: {},
  infer: (inputs, _, where) => {
    expectCount(inputs, 1, where);
    return at(inputs, 0);
  },
  vjp: noGradient,
  paths: linear,
  units: unitsStay,
  over: sameOver,
  evaluate: ([x]) => x as Values,
  cost: perElement(0),
  lower: always({ kind: 'alias' }),
};
