import { INSTRUCTIONS, type Instruction } from '../../src/plan/instructions.js';
import type { FusedStep } from '../../src/plan/plan.js';
import { fusedOf, integer, type BufferSpec } from './plans.js';

/** Fused steps, random and systematic, and what they mean by plain loops in float64. */

export const log2Floor = (x: number): number => {
  if (x === 0) return 0;
  if (!Number.isFinite(x)) return NaN;
  let e = 0;
  for (let a = Math.abs(x); a >= 2; a /= 2) e++;
  for (let a = Math.abs(x); a < 1; a *= 2) e--;
  return e;
};

/** The error function from 0 to x by Simpson's rule. */
const bellArea = (x: number): number => {
  const n = 400;
  const weight = (i: number): number => {
    if (i === 0 || i === n) return 1;
    return i % 2 === 1 ? 4 : 2;
  };
  const f = (i: number): number => Math.exp(-(((i * x) / n) ** 2)) * weight(i);
  let sum = 0;
  for (let i = 0; i <= n; i++) sum += f(i);
  return ((2 / Math.sqrt(Math.PI)) * sum * x) / (3 * n);
};

/** What each instruction means, in float64 on float32 operands. */
export const meaning: Record<Instruction, (a: number, b: number, c: number) => number> = {
  const: () => NaN,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
  mulAdd: (a, b, c) => a * b + c,
  neg: (a) => -a,
  abs: Math.abs,
  sign: Math.sign,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (a) => 1 / Math.sqrt(a),
  exp2: (a) => 2 ** a,
  exponent: log2Floor,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  erf: (a) => (Number.isNaN(a) ? a : Math.sign(a) * bellArea(Math.min(Math.abs(a), 6))),
  softplus: (a) => (a > 40 ? a : Math.log1p(Math.exp(a))),
  relu: (a) => Math.max(a, 0),
  step: (a) => (a > 0 ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  select: (a, b, c) => (a !== 0 ? b : c),
};

export interface Result {
  readonly values: Float64Array;
  readonly scale: number;
}

/**
 * A fused step by plain loops in float64: stores, then reductions; `scale` is the norm that errors are
 * measured by.
 */
export const naive = (step: FusedStep, buffers: readonly ArrayLike<number>[]): Result[] => {
  const [O, R, I] = step.domain;
  const n = O * R * I;
  const registers = step.loads.map(({ buffer, strides }) => {
    const y = new Float64Array(n);
    for (let o = 0, e = 0; o < O; o++)
      for (let r = 0; r < R; r++)
        for (let i = 0; i < I; i++)
          y[e++] = buffers[buffer]![o * strides[0] + r * strides[1] + i * strides[2]]!;
    return y;
  });
  for (const { op, args, value } of step.code) {
    const [a, b, c] = [0, 1, 2].map((k) => registers[args[k] ?? 0]!) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const f = op === 'const' ? () => Math.fround(value!) : meaning[op];
    registers.push(Float64Array.from({ length: n }, (_, e) => f(a[e]!, b[e]!, c[e]!)));
  }
  const norm = (x: Float64Array): number =>
    Math.sqrt(x.reduce((s, v) => (Number.isFinite(v) ? s + v * v : s), 0));
  const stores = step.stores.map((s) => ({
    values: registers[s.register]!,
    scale: norm(registers[s.register]!),
  }));
  const reductions = step.reductions.map(({ register, op, keep }) => {
    const size = { none: 1, inner: I, outer: O, outerInner: O * I }[keep];
    const values = new Float64Array(size).fill(op === 'max' ? -Infinity : 0);
    const sizes = new Float64Array(size);
    const placeOf = (e: number): number => {
      const [o, i] = [Math.floor(e / (R * I)), e % I];
      return { none: 0, inner: i, outer: o, outerInner: o * I + i }[keep];
    };
    if (op === 'variance') {
      const [means, share] = [new Float64Array(size), size / n];
      registers[register]!.forEach((v, e) => (means[placeOf(e)]! += v * share));
      registers[register]!.forEach((v, e) => {
        values[placeOf(e)]! += (v - means[placeOf(e)]!) ** 2 * share;
        sizes[placeOf(e)]! += v * v * share;
      });
      return { values, scale: norm(sizes) };
    }
    registers[register]!.forEach((v, e) => {
      const at = placeOf(e);
      values[at] = op === 'sum' ? values[at]! + v : Math.max(values[at]!, v);
      sizes[at] = op === 'sum' ? sizes[at]! + Math.abs(v) : Math.max(sizes[at]!, Math.abs(v));
    });
    return { values, scale: norm(sizes) };
  });
  return [...stores, ...reductions];
};

/** Norm of the difference over the scale. */
export const errorOf = (got: ArrayLike<number>, { values, scale }: Result): number => {
  let d = 0;
  for (let i = 0; i < values.length; i++)
    if (!Object.is(got[i], values[i]) && got[i] !== values[i]) d += (got[i]! - values[i]!) ** 2;
  if (got.length !== values.length || Number.isNaN(d)) return Infinity;
  return d === 0 ? 0 : Math.sqrt(d) / scale;
};

export const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  3,
  -7.25,
  1e-3,
  1e30,
  -1e30,
  1e-38,
  1e-40,
  -1e-40,
  1.4e-45,
  3.4e38,
  -3.4e38,
  Infinity,
  -Infinity,
  NaN,
  88,
  -88,
  88.8,
  -104,
  127,
  128,
  -126,
  -127,
  -140,
  -149,
  -150,
  10,
  0.1,
  0.7071067,
  1.4142135,
  1.0000001,
  0.9999999,
];

export const keeps = ['none', 'inner', 'outer', 'outerInner'] as const;
export const domains: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 1, 5],
  [1, 7, 1],
  [3, 1, 1],
  [5, 3, 2],
  [2, 513, 16],
  [1, 3000, 3],
  [3, 700, 10],
  [40, 9, 10],
  [1000, 1, 10],
  [1000, 10, 1],
  [2, 3, 2500],
  [1, 1, 40000],
  [1, 40000, 1],
  [40000, 1, 1],
  [4, 64, 64],
  [1, 5, 9000],
  [33, 50, 64],
  [7, 1, 3001],
  [600, 16, 16],
];

export interface Case {
  readonly step: FusedStep;
  /** Buffers by number: what the step reads, then what it writes. */
  readonly specs: readonly BufferSpec[];
}

/**
 * Steps over one domain that use every stride pattern and every reduction: one for each `keep`, since which
 * axes join depends on it, and one with all.
 */
export const everyPattern = (domain: readonly [number, number, number]): Case[] => {
  const [O, R, I] = domain;
  const patterns: { shape: number[]; strides: [number, number, number] }[] = [
    { shape: [O, R, I], strides: [R * I, I, 1] },
    { shape: [I], strides: [0, 0, 1] },
    { shape: [], strides: [0, 0, 0] },
    { shape: [O, I], strides: [I, 0, 1] },
    { shape: [O, R], strides: [R, 1, 0] },
    { shape: [O], strides: [1, 0, 0] },
    { shape: [R, I], strides: [0, I, 1] },
    { shape: [R], strides: [0, 1, 0] },
    { shape: [I, R, O], strides: [1, O, O * R] },
  ];
  const loads = patterns.map((p, buffer) => ({ buffer, strides: p.strides }));
  const n = loads.length;
  // sum of all loads, each scaled, so that a fault in any of them shows; half of it depends on slow registers
  // only
  const code: FusedStep['code'] = [
    { op: 'mul', args: [1, 2] },
    { op: 'add', args: [n, 3] },
    { op: 'mulAdd', args: [0, n + 1, 4] },
    { op: 'sub', args: [n + 2, 5] },
    { op: 'add', args: [6, 7] },
    { op: 'mulAdd', args: [n + 4, n + 3, 8] },
    { op: 'const', args: [], value: 0.25 },
    { op: 'mul', args: [n + 5, n + 6] },
  ];
  const last = n + code.length - 1;
  const shapes = { none: [], inner: [I], outer: [O], outerInner: [O, I] };
  const reduced = [
    [last, 'sum'],
    [n + 2, 'max'],
    [n, 'sum'],
    [0, 'sum'],
  ] as const;
  const out = (shape: number[]): BufferSpec => ({ in: 'output', shape });
  const inputs = patterns.map((p): BufferSpec => ({ in: 'input', shape: p.shape }));
  return [...keeps.map((k) => [k]), keeps].map((kept) => {
    const reductions = kept.flatMap((keep) => reduced.map(([register, op]) => ({ register, op, keep })));
    const first = n + 2;
    return {
      step: fusedOf({
        domain: [O, R, I],
        loads,
        code,
        stores: [
          { register: last, buffer: n },
          { register: n + 1, buffer: n + 1 },
        ],
        reductions: reductions.map((r, k) => ({ ...r, buffer: first + k })),
      }),
      specs: [...inputs, out([O, R, I]), out([O, R, I]), ...reductions.map((r) => out(shapes[r.keep]))],
    };
  });
};

/** Loads of all element types and patterns, any instructions, stores and reductions. */
export const randomStep = (next: () => number): Case => {
  const ops = [
    'add',
    'sub',
    'mul',
    'max',
    'min',
    'mulAdd',
    'neg',
    'abs',
    'relu',
    'step',
    'greater',
    'select',
  ] as const;
  const [O, R, I] = [integer(next, 1, 12), integer(next, 1, 40), integer(next, 1, 40)];
  const dtypes = [undefined, undefined, undefined, 'i32', 'u8'] as const;
  const all: [number, number, number][] = [
    [R * I, I, 1],
    [0, 0, 1],
    [0, 0, 0],
    [I, 0, 1],
    [R, 1, 0],
    [1, 0, 0],
    [0, I, 1],
    [0, 1, 0],
  ];
  const loads = Array.from({ length: integer(next, 1, 4) }, (_, buffer) => ({
    buffer,
    strides: all[integer(next, 0, all.length - 1)]!,
  }));
  const specs: BufferSpec[] = loads.map((l): BufferSpec => {
    const dtype = dtypes[integer(next, 0, 4)];
    const shape = [(O - 1) * l.strides[0] + (R - 1) * l.strides[1] + (I - 1) * l.strides[2] + 1];
    return dtype === undefined ? { in: 'input', shape } : { in: 'input', shape, dtype };
  });
  const code = Array.from({ length: integer(next, 1, 12) }, (_, k) => {
    const op = ops[integer(next, 0, ops.length - 1)]!;
    return {
      op,
      args: Array.from({ length: INSTRUCTIONS[op].arity }, () => integer(next, 0, loads.length + k - 1)),
    };
  });
  const registers = loads.length + code.length;
  const stores = Array.from({ length: integer(next, 0, 3) }, (_, k) => ({
    register: integer(next, 0, registers - 1),
    buffer: loads.length + k,
  }));
  const reductions = Array.from({ length: integer(next, stores.length === 0 ? 1 : 0, 3) }, (_, k) => ({
    register: integer(next, 0, registers - 1),
    op: (['sum', 'max', 'variance'] as const)[integer(next, 0, 2)]!,
    keep: keeps[integer(next, 0, 3)]!,
    buffer: loads.length + stores.length + k,
  }));
  specs.push(...stores.map((): BufferSpec => ({ in: 'output', shape: [O, R, I] })));
  specs.push(
    ...reductions.map((r): BufferSpec => ({
      in: 'output',
      shape: { none: [], inner: [I], outer: [O], outerInner: [O, I] }[r.keep],
    })),
  );
  return { step: fusedOf({ domain: [O, R, I], loads, code, stores, reductions }), specs };
};

/**
 * A step that stores over the states it loads: states first, then an input [I], then the results of
 * reductions.
 */
export const randomOverwritingStep = (next: () => number): Case & { readonly states: number } => {
  const ops = ['add', 'sub', 'mul', 'mulAdd', 'neg', 'relu', 'step', 'max'] as const;
  const [O, R, I] = [integer(next, 1, 4), integer(next, 1, 30), integer(next, 1, 30)];
  const states = integer(next, 1, 4);
  const full: [number, number, number] = [R * I, I, 1];
  const loads = Array.from({ length: states + 1 }, (_, buffer) => ({
    buffer,
    strides: buffer === states ? ([0, 0, 1] as [number, number, number]) : full,
  }));
  const code = Array.from({ length: integer(next, 1, 10) }, (_, k) => {
    const op = ops[integer(next, 0, ops.length - 1)]!;
    return {
      op,
      args: Array.from({ length: INSTRUCTIONS[op].arity }, () =>
        integer(next, Math.max(0, k - 2), loads.length + k - 1),
      ),
    };
  });
  const registers = loads.length + code.length;
  const stores = Array.from({ length: states }, (_, buffer) => ({
    register: integer(next, 0, registers - 1),
    buffer,
  })).filter(() => next() < 0.8);
  const reductions = Array.from({ length: integer(next, 0, 2) }, (_, k) => ({
    register: integer(next, 0, registers - 1),
    op: 'sum' as const,
    keep: keeps[integer(next, 0, 3)]!,
    buffer: states + 1 + k,
  }));
  const shapes = { none: [], inner: [I], outer: [O], outerInner: [O, I] };
  return {
    states,
    step: fusedOf({ domain: [O, R, I], loads, code, stores, reductions }),
    specs: [
      ...Array.from({ length: states }, (): BufferSpec => ({ in: 'state', shape: [O, R, I] })),
      { in: 'input', shape: [I] },
      ...reductions.map((r): BufferSpec => ({ in: 'output', shape: shapes[r.keep] })),
    ],
  };
};
