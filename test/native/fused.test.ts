import { afterAll, describe, expect, it } from 'vitest';

import { INSTRUCTIONS, type FusedStep, type Instruction } from '../../src/compile/plan.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { addon, arrayOf, count, distance, floats, fusedOf, integer, planOf, random, runOn, type BufferSpec } from './plans.js';

const one = new addon.Device({ threads: 1 });
const two = new addon.Device({ threads: 2 });
afterAll(async () => {
  await one.dispose();
  await two.dispose();
});

const log2Floor = (x: number): number => {
  if (x === 0) return 0;
  if (!Number.isFinite(x)) return NaN;
  let e = 0;
  for (let a = Math.abs(x); a >= 2; a /= 2) e++;
  for (let a = Math.abs(x); a < 1; a *= 2) e--;
  return e;
};

/** What each instruction means, in float64 on float32 operands. */
const meaning: Record<Instruction, (a: number, b: number, c: number) => number> = {
  const: () => NaN,
  add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b,
  max: (a, b) => Math.max(a, b), min: (a, b) => Math.min(a, b), mulAdd: (a, b, c) => a * b + c,
  neg: (a) => -a, abs: Math.abs, sign: Math.sign, exp: Math.exp, log: Math.log, sqrt: Math.sqrt, rsqrt: (a) => 1 / Math.sqrt(a),
  exp2: (a) => 2 ** a, exponent: log2Floor,
  relu: (a) => (Number.isNaN(a) ? a : a > 0 ? a : 0), step: (a) => (a > 0 ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0), equal: (a, b) => (a === b ? 1 : 0), select: (a, b, c) => (a !== 0 ? b : c),
};

interface Result { readonly values: Float64Array; readonly scale: number }

/** A fused step by plain loops in float64: stores, then reductions; `scale` is the norm that errors are measured by. */
const naive = (step: FusedStep, buffers: readonly ArrayLike<number>[]): Result[] => {
  const [O, R, I] = step.domain;
  const n = O * R * I;
  const registers = step.loads.map(({ buffer, strides }) => {
    const y = new Float64Array(n);
    for (let o = 0, e = 0; o < O; o++) for (let r = 0; r < R; r++) for (let i = 0; i < I; i++) y[e++] = buffers[buffer]![o * strides[0] + r * strides[1] + i * strides[2]]!;
    return y;
  });
  for (const { op, args, value } of step.code) {
    const [a, b, c] = [0, 1, 2].map((k) => registers[args[k] ?? 0]!) as [Float64Array, Float64Array, Float64Array];
    const f = op === 'const' ? () => Math.fround(value!) : meaning[op];
    registers.push(Float64Array.from({ length: n }, (_, e) => f(a[e]!, b[e]!, c[e]!)));
  }
  const norm = (x: Float64Array): number => Math.sqrt(x.reduce((s, v) => (Number.isFinite(v) ? s + v * v : s), 0));
  const stores = step.stores.map((s) => ({ values: registers[s.register]!, scale: norm(registers[s.register]!) }));
  const reductions = step.reductions.map(({ register, op, keep }) => {
    const size = { none: 1, inner: I, outer: O, outerInner: O * I }[keep];
    const values = new Float64Array(size).fill(op === 'sum' ? 0 : -Infinity);
    const sizes = new Float64Array(size);
    registers[register]!.forEach((v, e) => {
      const [o, i] = [Math.floor(e / (R * I)), e % I];
      const at = { none: 0, inner: i, outer: o, outerInner: o * I + i }[keep];
      values[at] = op === 'sum' ? values[at]! + v : Math.max(values[at]!, v);
      sizes[at] = op === 'sum' ? sizes[at]! + Math.abs(v) : Math.max(sizes[at]!, Math.abs(v));
    });
    return { values, scale: norm(sizes) };
  });
  return [...stores, ...reductions];
};

/** Norm of the difference over the scale. */
const errorOf = (got: ArrayLike<number>, { values, scale }: Result): number => {
  let d = 0;
  for (let i = 0; i < values.length; i++) if (!Object.is(got[i], values[i]) && got[i] !== values[i]) d += (got[i]! - values[i]!) ** 2;
  return got.length !== values.length || Number.isNaN(d) ? Infinity : d === 0 ? 0 : Math.sqrt(d) / scale;
};

/** Runs a step whose buffers are: inputs, then outputs as numbered by its stores and reductions. */
const check = async (step: FusedStep, specs: readonly BufferSpec[], tolerance = 1e-5): Promise<void> => {
  const inputs = specs.filter((s) => s.in === 'input').map((s, i) => (s.dtype === undefined ? floats(count(s.shape), i + 3) : arrayOf(s.dtype, count(s.shape)).map((_, k) => (k * 7 + i) % 100)));
  const plan = planOf(specs, [step]);
  const expected = naive(step, inputs);
  const got = await runOn(one, plan, inputs);
  const again = await runOn(two, plan, inputs);
  got.forEach((array, k) => expect(Buffer.compare(Buffer.from(array.buffer), Buffer.from(again[k]!.buffer)), `bits of output ${k} with 1 and 2 threads`).toBe(0));
  expect(got.length).toBe(expected.length);
  expected.forEach((e, k) => expect(errorOf(got[k]!, e), `output ${k} of domain ${step.domain}`).toBeLessThan(tolerance));
};

const special = [0, -0, 1, -1, 0.5, -0.5, 2, 3, -7.25, 1e-3, 1e30, -1e30, 1e-38, 1e-40, -1e-40, 1.4e-45, 3.4e38, -3.4e38, Infinity, -Infinity, NaN,
  88, -88, 88.8, -104, 127, 128, -126, -127, -140, -149, -150, 10, 0.1, 0.7071067, 1.4142135, 1.0000001, 0.9999999];

describe('instructions', () => {
  const ulp = (x: number): number => (x === 0 || !Number.isFinite(x) ? 2 ** -149 : 2 ** Math.max(log2Floor(x) - 23, -149));

  for (const [op, arity] of Object.entries(INSTRUCTIONS) as [Instruction, number][]) {
    if (op === 'const') continue;
    it(`${op} is right for zeros, denormals, infinities and NaN, and within 2 ulp elsewhere`, async () => {
      const random1 = floats(4096, 5).map((x, i) => x * 10 ** ((i % 60) - 30));
      const a: number[] = [], b: number[] = [], c: number[] = [];
      const take = (x: number, y: number, z: number): void => {
        a.push(x);
        b.push(y);
        c.push(z);
      };
      for (const x of special) for (const y of arity > 1 ? special : [0]) for (const z of arity > 2 ? [0, 1, -2.5, NaN, Infinity] : [0]) take(x, y, z);
      for (let i = 0; i < random1.length; i++) take(random1[i]!, random1[(i * 31 + 7) % random1.length]!, random1[(i * 17 + 3) % random1.length]!);
      for (let i = 0; i < 4096 && arity === 1; i++) take((i - 2048) / 16, 0, 0);
      const n = a.length;
      const args = [0, 1, 2].slice(0, arity);
      const plan = planOf(
        [{ in: 'input', shape: [n] }, { in: 'input', shape: [n] }, { in: 'input', shape: [n] }, { in: 'output', shape: [n] }],
        [fusedOf({ domain: [1, n, 1], loads: [0, 1, 2].map((buffer) => ({ buffer, strides: [0, 1, 0] as const })).map((l) => ({ ...l, strides: [0, 1, 0] })), code: [{ op, args }], stores: [{ register: 3, buffer: 3 }] })],
      );
      const inputs = [a, b, c].map((x) => Float32Array.from(x));
      const [got] = await runOn(one, plan, inputs);
      const wrong: string[] = [];
      for (let i = 0; i < n; i++) {
        const [x, y, z] = inputs.map((v) => v[i]!) as [number, number, number];
        const exact = meaning[op](x, y, z);
        const g = got![i]!;
        const e = Math.fround(exact);
        const close = Object.is(g, e) || g === e || Math.abs(g - exact) <= 2 * ulp(exact)
          || (!Number.isFinite(e) && Math.abs(g) > 3.4e38 && Math.sign(g) === Math.sign(e)) // rounds to the largest float
          || (op === 'mulAdd' && Math.abs(g - exact) <= 2 * ulp(Math.abs(x * y) + Math.abs(z)));
        if (!close) wrong.push(`${op}(${x}, ${y}, ${z}) = ${g}, not ${e}`);
      }
      expect(wrong.slice(0, 10)).toEqual([]);
    });
  }

  it('exp2 of integers and exponent are exact over the whole range', async () => {
    const n = 277;
    const x = Float32Array.from({ length: n }, (_, i) => i - 149);
    const plan = planOf([{ in: 'input', shape: [n] }, { in: 'output', shape: [n] }, { in: 'output', shape: [n] }], [
      fusedOf({ domain: [1, 1, n], loads: [{ buffer: 0, strides: [0, 0, 1] }], code: [{ op: 'exp2', args: [0] }, { op: 'exponent', args: [1] }], stores: [{ register: 1, buffer: 1 }, { register: 2, buffer: 2 }] }),
    ]);
    const [power, exponent] = await runOn(one, plan, [x]);
    expect([...power!]).toEqual(Array.from(x, (v) => 2 ** v));
    expect([...exponent!]).toEqual(Array.from(x, (v) => (v === 0 ? 0 : v)));
  });
});

const keeps = ['none', 'inner', 'outer', 'outerInner'] as const;
const domains: readonly (readonly [number, number, number])[] = [
  [1, 1, 1], [1, 1, 5], [1, 7, 1], [3, 1, 1], [5, 3, 2], [2, 513, 16], [1, 3000, 3], [3, 700, 10], [40, 9, 10], [1000, 1, 10], [1000, 10, 1],
  [2, 3, 2500], [1, 1, 40000], [1, 40000, 1], [40000, 1, 1], [4, 64, 64], [1, 5, 9000], [33, 50, 64], [7, 1, 3001], [600, 16, 16],
];

describe('domains and reductions', () => {
  for (const domain of domains) {
    it(`[${domain}]: every stride pattern, every reduction, with stores`, async () => {
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
      // sum of all loads, each scaled, so that a fault in any of them shows; half of it depends on slow registers only
      const code: FusedStep['code'] = [
        { op: 'mul', args: [1, 2] }, { op: 'add', args: [n, 3] }, { op: 'mulAdd', args: [0, n + 1, 4] }, { op: 'sub', args: [n + 2, 5] },
        { op: 'add', args: [6, 7] }, { op: 'mulAdd', args: [n + 4, n + 3, 8] }, { op: 'const', args: [], value: 0.25 }, { op: 'mul', args: [n + 5, n + 6] },
      ];
      const last = n + code.length - 1;
      const shapes = { none: [], inner: [I], outer: [O], outerInner: [O, I] };
      const reduced = [[last, 'sum'], [n + 2, 'max'], [n, 'sum'], [0, 'sum']] as const;
      const out = (shape: number[]): BufferSpec => ({ in: 'output', shape });
      const inputs = patterns.map((p): BufferSpec => ({ in: 'input', shape: p.shape }));
      // one step for each `keep`, since which axes merge depends on it, and one step with all of them
      for (const kept of [...keeps.map((k) => [k]), keeps]) {
        const reductions = kept.flatMap((keep) => reduced.map(([register, op]) => ({ register, op, keep })));
        const first = n + 2;
        await check(
          fusedOf({ domain: [O, R, I], loads, code, stores: [{ register: last, buffer: n }, { register: n + 1, buffer: n + 1 }], reductions: reductions.map((r, k) => ({ ...r, buffer: first + k })) }),
          [...inputs, out([O, R, I]), out([O, R, I]), ...reductions.map((r) => out(shapes[r.keep]))],
        );
      }
    });
  }

  it('random programs agree with plain loops', async () => {
    const next = random(42);
    const ops = ['add', 'sub', 'mul', 'max', 'min', 'mulAdd', 'neg', 'abs', 'relu', 'step', 'greater', 'select'] as const;
    for (let trial = 0; trial < 60; trial++) {
      const [O, R, I] = [integer(next, 1, 12), integer(next, 1, 40), integer(next, 1, 40)];
      const dtypes = [undefined, undefined, undefined, 'i32', 'u8'] as const;
      const all: [number, number, number][] = [[R * I, I, 1], [0, 0, 1], [0, 0, 0], [I, 0, 1], [R, 1, 0], [1, 0, 0], [0, I, 1], [0, 1, 0]];
      const loads = Array.from({ length: integer(next, 1, 4) }, (_, buffer) => ({ buffer, strides: all[integer(next, 0, all.length - 1)]! }));
      const specs: BufferSpec[] = loads.map((l): BufferSpec => {
        const dtype = dtypes[integer(next, 0, 4)];
        const shape = [(O - 1) * l.strides[0] + (R - 1) * l.strides[1] + (I - 1) * l.strides[2] + 1];
        return dtype === undefined ? { in: 'input', shape } : { in: 'input', shape, dtype };
      });
      const code = Array.from({ length: integer(next, 1, 12) }, (_, k) => {
        const op = ops[integer(next, 0, ops.length - 1)]!;
        return { op, args: Array.from({ length: INSTRUCTIONS[op] }, () => integer(next, 0, loads.length + k - 1)) };
      });
      const registers = loads.length + code.length;
      const stores = Array.from({ length: integer(next, 0, 3) }, (_, k) => ({ register: integer(next, 0, registers - 1), buffer: loads.length + k }));
      const reductions = Array.from({ length: integer(next, stores.length === 0 ? 1 : 0, 3) }, (_, k) => ({
        register: integer(next, 0, registers - 1), op: next() < 0.5 ? ('sum' as const) : ('max' as const), keep: keeps[integer(next, 0, 3)]!, buffer: loads.length + stores.length + k,
      }));
      specs.push(...stores.map((): BufferSpec => ({ in: 'output', shape: [O, R, I] })));
      specs.push(...reductions.map((r): BufferSpec => ({ in: 'output', shape: { none: [], inner: [I], outer: [O], outerInner: [O, I] }[r.keep] })));
      await check(fusedOf({ domain: [O, R, I], loads, code, stores, reductions }), specs, 1e-4);
    }
  });

  it('a long sum keeps seven digits', async () => {
    const n = 1 << 21;
    const plan = (keep: 'none' | 'inner', I: number) => planOf([{ in: 'input', shape: [n] }, { in: 'output', shape: [keep === 'none' ? 1 : I] }],
      [fusedOf({ domain: [1, n / I, I], loads: [{ buffer: 0, strides: [0, I, 1] }], reductions: [{ register: 0, op: 'sum', keep, buffer: 1 }] })]);
    const x = floats(n, 1).map((v) => v + 1000); // far from zero: the worst case of a float sum
    const total = x.reduce((a, b) => a + b, 0);
    const [sum] = await runOn(two, plan('none', 1), [x]);
    expect(Math.abs(sum![0]! / total - 1)).toBeLessThan(3e-7);
    const [columns] = await runOn(two, plan('inner', 16), [x]);
    const exact = new Float64Array(16);
    x.forEach((v, i) => { exact[i % 16]! += v; });
    expect(distance(columns!, exact)).toBeLessThan(5e-7);
  });

  it('sums carry NaN and infinity, and a maximum is NaN if any element is', async () => {
    const n = 5000;
    for (const [value, sum, max] of [[NaN, NaN, NaN], [Infinity, Infinity, Infinity], [-Infinity, -Infinity, 1]] as const) {
      const x = new Float32Array(n).fill(1);
      x[4321] = value;
      const plan = planOf([{ in: 'input', shape: [n] }, { in: 'output', shape: [] }, { in: 'output', shape: [] }, { in: 'output', shape: [10] }], [
        fusedOf({ domain: [1, n / 10, 10], loads: [{ buffer: 0, strides: [0, 10, 1] }], reductions: [
          { register: 0, op: 'sum', keep: 'none', buffer: 1 }, { register: 0, op: 'max', keep: 'none', buffer: 2 }, { register: 0, op: 'max', keep: 'inner', buffer: 3 }] }),
      ]);
      const [s, m, columns] = await runOn(one, plan, [x]);
      expect(s![0]).toBe(sum);
      expect(m![0]).toBe(max);
      expect(columns![1]).toBe(max);
    }
  });
});

describe('results larger than the caches', () => {
  // 33 floats a row: few chunks begin at a whole register
  for (const [rows, columns] of [[32_000, 33], [(1 << 20) + 5, 1]] as const) {
    it(`${rows} x ${columns}`, async () => {
      const n = rows * columns;
      const a = floats(n, 1), b = floats(columns, 2);
      const plan = planOf([{ in: 'input', shape: [n] }, { in: 'input', shape: [columns] }, { in: 'arena', shape: [n] }, { in: 'output', shape: [n] }, { in: 'output', shape: [columns] }], [
        fusedOf({
          domain: [1, rows, columns], loads: [{ buffer: 0, strides: [0, columns, 1] }, { buffer: 1, strides: [0, 0, 1] }],
          code: [{ op: 'add', args: [0, 1] }, { op: 'mul', args: [2, 2] }], stores: [{ register: 2, buffer: 2 }],
          reductions: [{ register: 3, op: 'sum', keep: 'inner', buffer: 4 }],
        }),
        fusedOf({ domain: [1, n, 1], loads: [{ buffer: 2, strides: [0, 1, 0] }], code: [{ op: 'neg', args: [0] }], stores: [{ register: 1, buffer: 3 }] }),
      ]);
      const y = a.map((x, i) => -Math.fround(x + b[i % columns]!));
      const squares = new Float64Array(columns);
      y.forEach((v, i) => { squares[i % columns]! += v * v; });
      const [got, sums] = await runOn(one, plan, [a, b]);
      const same = (p: NativeArray, q: NativeArray): boolean => p.every((v, i) => v === q[i]); // toEqual takes seconds
      expect(same(got!, y)).toBe(true);
      expect(distance(sums!, squares)).toBeLessThan(1e-6);
      const [again, sumsAgain] = await runOn(two, plan, [a, b]);
      expect(same(again!, y)).toBe(true);
      expect(sumsAgain).toEqual(sums);
    });
  }
});

describe('in place', () => {
  it('a step may store into what it loads, also where it still needs the old value', async () => {
    const n = 40_000;
    const w = floats(n, 1), v = floats(n, 2), g = floats(n, 3);
    // momentum: v' = 0.9 v + g; w' = w - 0.1 v'; and the sum of the old w
    const plan = planOf([{ in: 'state', shape: [n] }, { in: 'state', shape: [n] }, { in: 'input', shape: [n] }, { in: 'output', shape: [] }, { in: 'output', shape: [n] }], [
      fusedOf({
        domain: [1, n, 1], loads: [0, 1, 2].map((buffer) => ({ buffer, strides: [0, 1, 0] })),
        code: [{ op: 'const', args: [], value: 0.9 }, { op: 'mulAdd', args: [3, 1, 2] }, { op: 'const', args: [], value: -0.1 }, { op: 'mulAdd', args: [5, 4, 0] }, { op: 'mul', args: [0, 1] }],
        stores: [{ register: 4, buffer: 1 }, { register: 6, buffer: 0 }, { register: 7, buffer: 4 }],
        reductions: [{ register: 0, op: 'sum', keep: 'none', buffer: 3 }],
      }),
    ]);
    const state = [w.slice(), v.slice()];
    const [sum, product] = await runOn(two, plan, [g], state);
    const velocity = v.map((x, i) => 0.9 * x + g[i]!);
    expect(distance(state[1]!, velocity)).toBeLessThan(1e-6);
    expect(distance(state[0]!, w.map((x, i) => x - 0.1 * velocity[i]!))).toBeLessThan(1e-6);
    expect(distance(product!, w.map((x, i) => x * v[i]!))).toBeLessThan(1e-6);
    expect(sum![0]).toBeCloseTo(w.reduce((a, b) => a + b, 0), 2);
  });

  it('random programs that overwrite their operands agree with plain loops', async () => {
    const next = random(77);
    const ops = ['add', 'sub', 'mul', 'mulAdd', 'neg', 'relu', 'step', 'max'] as const;
    for (let trial = 0; trial < 150; trial++) {
      const [O, R, I] = [integer(next, 1, 4), integer(next, 1, 30), integer(next, 1, 30)];
      const states = integer(next, 1, 4);
      const full: [number, number, number] = [R * I, I, 1];
      const loads = Array.from({ length: states + 1 }, (_, buffer) => ({ buffer, strides: buffer === states ? ([0, 0, 1] as [number, number, number]) : full }));
      const code = Array.from({ length: integer(next, 1, 10) }, (_, k) => {
        const op = ops[integer(next, 0, ops.length - 1)]!;
        return { op, args: Array.from({ length: INSTRUCTIONS[op] }, () => integer(next, Math.max(0, k - 2), loads.length + k - 1)) };
      });
      const registers = loads.length + code.length;
      const stores = Array.from({ length: states }, (_, buffer) => ({ register: integer(next, 0, registers - 1), buffer })).filter(() => next() < 0.8);
      const reductions = Array.from({ length: integer(next, 0, 2) }, (_, k) => ({ register: integer(next, 0, registers - 1), op: 'sum' as const, keep: keeps[integer(next, 0, 3)]!, buffer: states + 1 + k }));
      const step = fusedOf({ domain: [O, R, I], loads, code, stores, reductions });
      const shapes = { none: [], inner: [I], outer: [O], outerInner: [O, I] };
      const plan = planOf([...Array.from({ length: states }, (): BufferSpec => ({ in: 'state', shape: [O, R, I] })), { in: 'input', shape: [I] }, ...reductions.map((r): BufferSpec => ({ in: 'output', shape: shapes[r.keep] }))], [step]);
      const state = Array.from({ length: states }, (_, k) => floats(O * R * I, trial * 10 + k));
      const input = floats(I, trial);
      const expected = naive(step, [...state.map((x) => x.slice()), input]);
      const got = await runOn(one, plan, [input], state);
      [...stores.map((s) => state[s.buffer]!), ...got].forEach((array, k) => expect(errorOf(array, expected[k]!), `trial ${trial}, result ${k}`).toBeLessThan(1e-4));
    }
  });

  it('two buffers can be exchanged', async () => {
    const n = 5000;
    const [a, b] = [floats(n, 1), floats(n, 2)];
    const state = [a.slice(), b.slice()];
    await runOn(two, planOf([{ in: 'state', shape: [n] }, { in: 'state', shape: [n] }], [
      fusedOf({ domain: [n, 1, 1], loads: [0, 1].map((buffer) => ({ buffer, strides: [1, 0, 0] })), stores: [{ register: 0, buffer: 1 }, { register: 1, buffer: 0 }] }),
    ]), [], state);
    expect(state).toEqual([b, a]);
  });
});
