import { describe, expect, it } from 'vitest';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { H200 } from '../../src/compile/cuda/gpu.js';
import { INSTRUCTIONS, type Instruction } from '../../src/plan/instructions.js';
import {
  domains,
  errorOf,
  everyPattern,
  keeps,
  log2Floor,
  meaning,
  naive,
  randomOverwritingStep,
  randomStep,
  special,
  type Case,
} from '../native/fused-steps.js';
import { distance, floats, fusedOf, integer, random, type BufferSpec } from '../native/plans.js';
import { emulateAll, joinedPlan, TINY, type Finding, type Trial } from './joined.js';

/** Emitted fused steps, run in the emulator, against plain loops in float64. */

const trialOf = (name: string, { step, specs }: Case): Trial => ({ name, steps: [step], specs });

const agrees = ({ trial: { name, steps }, before, after }: Finding, tolerance: number): void => {
  const step = steps[0]!;
  if (step.kind !== 'fused') throw new Error('a fused step');
  const results = [...step.stores, ...step.reductions].map((w) => after[w.buffer]!);
  naive(step, before).forEach((e, k) =>
    expect(errorOf(results[k]!, e), `${name}, result ${k} of domain ${step.domain}`).toBeLessThan(tolerance),
  );
};

describe('instructions', () => {
  const ops = (
    Object.entries(INSTRUCTIONS).map(([op, { arity }]) => [op, arity]) as [Instruction, number][]
  ).filter(([op]) => op !== 'const');
  const operands = (arity: number): Float32Array[] => {
    const spread = floats(4096, 5).map((x, i) => x * 10 ** ((i % 60) - 30));
    const rows: number[][] = [];
    for (const x of special)
      for (const y of arity > 1 ? special : [0])
        for (const z of arity > 2 ? [0, 1, -2.5, NaN, Infinity] : [0]) rows.push([x, y, z]);
    spread.forEach((x, i) =>
      rows.push([x, spread[(i * 31 + 7) % spread.length]!, spread[(i * 17 + 3) % spread.length]!]),
    );
    for (let i = 0; i < 4096 && arity === 1; i++) rows.push([(i - 2048) / 16, 0, 0]);
    return [0, 1, 2].map((k) => Float32Array.from(rows, (r) => r[k]!));
  };
  const findings = emulateAll([
    ...ops.map(([op, arity]): Trial => {
      const data = operands(arity);
      const n = data[0]!.length;
      return {
        name: op,
        data: { 0: data[0]!, 1: data[1]!, 2: data[2]! },
        specs: [0, 1, 2, 3].map((k): BufferSpec => ({ in: k < 3 ? 'input' : 'output', shape: [n] })),
        steps: [
          fusedOf({
            domain: [1, n, 1],
            loads: [0, 1, 2].map((buffer) => ({ buffer, strides: [0, 1, 0] as [number, number, number] })),
            code: [{ op, args: [0, 1, 2].slice(0, arity) }],
            stores: [{ register: 3, buffer: 3 }],
          }),
        ],
      };
    }),
    {
      name: 'powers',
      data: { 0: Float32Array.from({ length: 277 }, (_, i) => i - 149) },
      specs: [0, 1, 2].map((k): BufferSpec => ({ in: k < 1 ? 'input' : 'output', shape: [277] })),
      steps: [
        fusedOf({
          domain: [1, 1, 277],
          loads: [{ buffer: 0, strides: [0, 0, 1] }],
          code: [
            { op: 'exp2', args: [0] },
            { op: 'exponent', args: [1] },
          ],
          stores: [
            { register: 1, buffer: 1 },
            { register: 2, buffer: 2 },
          ],
        }),
      ],
    },
  ]);
  /** e^x and what it goes into are each within 2. */
  const ulps = (op: Instruction): number => (op === 'softplus' || op === 'sigmoid' ? 4 : 2);
  const ulp = (x: number): number =>
    x === 0 || !Number.isFinite(x) ? 2 ** -149 : 2 ** Math.max(log2Floor(x) - 23, -149);
  const inexact: readonly Instruction[] = [
    'exp',
    'log',
    'exp2',
    'rsqrt',
    'sigmoid',
    'tanh',
    'erf',
    'softplus',
    'mulAdd',
  ];

  ops.forEach(([op], k) => {
    it(`${op} is right for zeros, denormals, infinities and NaN, and ${inexact.includes(op) ? `within ${ulps(op)} ulp` : 'correctly rounded'} elsewhere`, () => {
      const [a, b, c, got] = [0, 1, 2, 3].map((j) => findings[k]!.after[j]!) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const wrong = Array.from(got, (g, i) => {
        const exact = meaning[op](a[i]!, b[i]!, c[i]!);
        const e = Math.fround(exact);
        const near =
          inexact.includes(op) &&
          (Math.abs(g - exact) <= ulps(op) * ulp(exact) ||
            (op === 'mulAdd' && Math.abs(g - exact) <= 2 * ulp(Math.abs(a[i]! * b[i]!) + Math.abs(c[i]!))) ||
            (!Number.isFinite(e) && Math.abs(g) > 3.4e38 && Math.sign(g) === Math.sign(e)));
        return Object.is(g, e) || g === e || near ? '' : `${op}(${a[i]}, ${b[i]}, ${c[i]}) = ${g}, not ${e}`;
      });
      expect(wrong.filter((w) => w !== '').slice(0, 10)).toEqual([]);
    });
  });

  it('exp2 of integers and exponent are exact over the whole range', () => {
    const [x, power, exponent] = findings[ops.length]!.after as [Float32Array, Float32Array, Float32Array];
    expect([...power]).toEqual(Array.from(x, (v) => 2 ** v));
    expect([...exponent]).toEqual(Array.from(x, (v) => (v === 0 ? 0 : v)));
  });
});

describe('domains and reductions', () => {
  it('every stride pattern, every reduction, with stores', { timeout: 180_000 }, () => {
    const small = domains.map(([o, r, i]) =>
      o * r * i > 12_000
        ? ([Math.ceil(o / 7), Math.ceil(r / 7), Math.ceil(i / 5)] as const)
        : ([o, r, i] as const),
    );
    emulateAll(
      small.flatMap((d) => everyPattern(d).map((c, k) => trialOf(`pattern ${k}`, c))),
      TINY,
    ).forEach((f) => agrees(f, 1e-5));
  });

  it('random programs agree with plain loops', { timeout: 180_000 }, () => {
    const next = random(42);
    emulateAll(
      Array.from({ length: 60 }, (_, k) => trialOf(`random ${k}`, randomStep(next))),
      TINY,
    ).forEach((f) => agrees(f, 1e-4));
  });

  it('random programs that overwrite their operands agree with plain loops', { timeout: 180_000 }, () => {
    const next = random(77);
    emulateAll(
      Array.from({ length: 60 }, (_, k) => trialOf(`overwriting ${k}`, randomOverwritingStep(next))),
    ).forEach((f) => agrees(f, 1e-4));
  });

  it('loads with gaps between rows and neighbours', { timeout: 180_000 }, () => {
    const next = random(31);
    const gapped = Array.from({ length: 30 }, (_, k): Trial => {
      const [O, R, I] = [integer(next, 1, 9), integer(next, 1, 30), 4 * integer(next, 1, 9)];
      const load = (buffer: number): { buffer: number; strides: [number, number, number] } => {
        const inner = integer(next, 1, 2) * integer(next, 0, 1);
        const row = I * Math.max(inner, 1) + integer(next, 0, 2);
        return { buffer, strides: [R * row + integer(next, 0, 3), row, inner] };
      };
      const loads = [load(0), load(1), load(2)];
      const size = { none: 1, inner: I, outer: O, outerInner: O * I };
      const keep = keeps[k % 4]!;
      return {
        name: `gaps ${k}`,
        specs: [
          ...loads.map(({ strides: [o, r, i] }): BufferSpec => ({
            in: 'input',
            shape: [(O - 1) * o + (R - 1) * r + (I - 1) * i + 1],
          })),
          { in: 'output', shape: [O, R, I] },
          { in: 'output', shape: [size[keep]] },
        ],
        steps: [
          fusedOf({
            domain: [O, R, I],
            loads,
            code: [{ op: 'mulAdd', args: [0, 1, 2] }],
            stores: [{ register: 3, buffer: 3 }],
            reductions: k < 15 ? [{ register: 3, op: 'sum', keep, buffer: 4 }] : [],
          }),
        ],
      };
    });
    emulateAll(gapped, TINY).forEach((f) => agrees(f, 1e-5));
  });

  it('sums shared out to many blocks, in packs and not', () => {
    const next = random(9);
    const trials = Array.from({ length: 24 }, (_, k): Trial => {
      const I = [1, 3, 4, 10, 16, 64, 250, 300][k % 8]!;
      const O = integer(next, 1, 3),
        R = Math.ceil(integer(next, 20_000, 60_000) / (I * O));
      const keep = keeps[[0, 1, 3][Math.floor(k / 8)] ?? 0]!;
      const size = { none: 1, inner: I, outer: O, outerInner: O * I }[keep];
      return {
        name: `${keep} ${[O, R, I].join(' ')}`,
        specs: [
          { in: 'input', shape: [O, R, I] },
          { in: 'input', shape: [I] },
          { in: 'output', shape: [size] },
          { in: 'output', shape: [size] },
          { in: 'output', shape: [O, R, I] },
        ],
        steps: [
          fusedOf({
            domain: [O, R, I],
            loads: [
              { buffer: 0, strides: [R * I, I, 1] },
              { buffer: 1, strides: [0, 0, 1] },
            ],
            code: [
              { op: 'mul', args: [0, 1] },
              { op: 'relu', args: [2] },
            ],
            stores: [{ register: 3, buffer: 4 }],
            reductions: [
              { register: 2, op: 'max', keep, buffer: 2 },
              { register: 3, op: 'sum', keep, buffer: 3 },
            ],
          }),
        ],
      };
    });
    emulateAll(trials).forEach((f) => agrees(f, 1e-6));
  });

  it('a variance is right wherever its values lie, and zero where they are equal', () => {
    const kinds: readonly ((i: number) => number)[] = [
      (i) => (i === 0 ? 1e6 : Math.sin(i)),
      (i) => (i === 0 ? 1 : 4096.1),
      (i) => (i % 2 === 0 ? 1e7 : -1e7),
      () => 12345.678,
    ];
    const I = kinds.length;
    const rows = 100_000;
    const x = Float32Array.from({ length: rows * I }, (_, e) => kinds[e % I]!(Math.floor(e / I)));
    const column = (k: number): Float32Array => x.filter((_, e) => e % I === k);
    const trial = (keep: 'none' | 'inner', data: Float32Array, width: number): Trial => ({
      name: `variance ${keep}`,
      data: { 0: data },
      specs: [
        { in: 'input', shape: [data.length] },
        { in: 'output', shape: [width] },
      ],
      steps: [
        fusedOf({
          domain: [1, data.length / width, width],
          loads: [
            { buffer: 0, strides: [0, width, 1] },
            { buffer: 0, strides: [0, 0, 1] },
          ],
          code: [{ op: 'sub', args: [0, 1] }],
          reductions: [{ register: 2, op: 'variance', keep, buffer: 1 }],
        }),
      ],
    });
    const [together, ...alone] = emulateAll([
      trial('inner', x, I),
      ...kinds.map((_, k) => trial('none', column(k), 1)),
    ]);
    kinds.forEach((_, k) => {
      const values = column(k);
      const mean = values.reduce((m, v) => m + (v - values[0]!) / rows, 0) + values[0]!;
      const variance = values.reduce((m, v) => m + (v - mean) ** 2 / rows, 0);
      for (const got of [together!.after[1]![k]!, alone[k]!.after[1]![0]!])
        if (k === 3) expect(got).toBe(0);
        else expect(Math.abs(got / variance - 1)).toBeLessThan(1e-3);
    });
  });
  it('a long sum keeps seven digits, and sums carry NaN and infinity', () => {
    const n = 1 << 20;
    const far = floats(n, 1).map((v) => v + 1000); // far from zero: the worst case of a float sum
    const sums = (keep: 'none' | 'inner', I: number, name: string, x: Float32Array): Trial => ({
      name,
      data: { 0: x },
      specs: [
        { in: 'input', shape: [x.length] },
        { in: 'output', shape: [keep === 'none' ? 1 : I] },
        { in: 'output', shape: [keep === 'none' ? 1 : I] },
      ],
      steps: [
        fusedOf({
          domain: [1, x.length / I, I],
          loads: [{ buffer: 0, strides: [0, I, 1] }],
          reductions: [
            { register: 0, op: 'sum', keep, buffer: 1 },
            { register: 0, op: 'max', keep, buffer: 2 },
          ],
        }),
      ],
    });
    const odd = [
      [NaN, NaN, NaN],
      [Infinity, Infinity, Infinity],
      [-Infinity, -Infinity, 1],
    ] as const;
    const spoilt = odd.map(([value]) =>
      Float32Array.from({ length: 50_000 }, (_, i) => (i === 43_211 ? value : 1)),
    );
    const [all, columns, ...rest] = emulateAll([
      sums('none', 1, 'long', far),
      sums('inner', 16, 'columns', far),
      ...spoilt.flatMap((x) => [sums('none', 1, 'one', x), sums('inner', 10, 'ten', x)]),
    ]);
    expect(Math.abs(all!.after[1]![0]! / far.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(3e-7);
    const exact = new Float64Array(16);
    far.forEach((v, i) => {
      exact[i % 16]! += v;
    });
    expect(distance(columns!.after[1]!, exact)).toBeLessThan(3e-7);
    odd.forEach(([, sum, max], k) => {
      expect([rest[2 * k]!.after[1]![0], rest[2 * k]!.after[2]![0]]).toEqual([sum, max]);
      expect([rest[2 * k + 1]!.after[1]![1], rest[2 * k + 1]!.after[2]![1]]).toEqual([sum, max]);
    });
  });

  it('threads that have much to add go on in double', { timeout: 180_000 }, () => {
    // products of a row's and a column's value, far from zero, so that the sums are known and long
    const outer = (keep: 'inner' | 'outer', rows: number, columns: number): Trial => ({
      name: `long ${keep}`,
      data: { 0: floats(rows, 1).map((v) => 1000 + v), 1: floats(columns, 2).map((v) => 1000 + v) },
      specs: [
        { in: 'input', shape: [rows] },
        { in: 'input', shape: [columns] },
        { in: 'output', shape: [keep === 'inner' ? columns : rows] },
        { in: 'output', shape: [keep === 'inner' ? columns : rows] },
      ],
      steps: [
        fusedOf({
          domain: keep === 'inner' ? [1, rows, columns] : [rows, 1, columns],
          loads: [
            { buffer: 0, strides: keep === 'inner' ? [0, 1, 0] : [1, 0, 0] },
            { buffer: 1, strides: [0, 0, 1] },
          ],
          code: [{ op: 'mul', args: [0, 1] }],
          reductions: [
            { register: 2, op: 'sum', keep, buffer: 2 },
            { register: 2, op: 'max', keep, buffer: 3 },
          ],
        }),
      ],
    });
    const trials = [outer('inner', 270, 32_769), outer('outer', 512, 17_000)];
    expect(
      emitCuda(joinedPlan(trials).plan, H200, { join: false }).source.match(/double total_sum0/g)?.length,
    ).toBe(2);
    for (const { before, after, trial } of emulateAll(trials)) {
      const [kept, added] = trial.name === 'long inner' ? [before[1]!, before[0]!] : [before[0]!, before[1]!];
      const total = Array.from(added).reduce((a, b) => a + b, 0),
        most = Array.from(added).reduce((a, b) => Math.max(a, b), 0);
      expect(
        distance(
          after[2]!,
          Array.from(kept, (v) => v * total),
        ),
      ).toBeLessThan(1e-7);
      expect([...after[3]!]).toEqual(Array.from(kept, (v) => Math.fround(v * most)));
    }
  });

  it('the order of additions does not depend on the GPU', () => {
    const next = random(3);
    const { plan } = joinedPlan(
      Array.from({ length: 40 }, (_, k) => trialOf(`random ${k}`, randomStep(next))).filter(
        ({ steps: [s] }) => s?.kind === 'fused' && s.reductions.length > 0,
      ),
    );
    expect(plan.steps.length).toBeGreaterThan(10);
    expect(emitCuda(plan, TINY)).toEqual(emitCuda(plan, H200));
  });

  it('an empty sum is 0, an empty maximum -Infinity', () => {
    const [finding] = emulateAll([
      {
        name: 'empty',
        specs: [
          { in: 'input', shape: [0] },
          { in: 'output', shape: [3] },
          { in: 'output', shape: [] },
        ],
        steps: [
          fusedOf({
            domain: [1, 0, 3],
            loads: [{ buffer: 0, strides: [0, 3, 1] }],
            reductions: [
              { register: 0, op: 'sum', keep: 'inner', buffer: 1 },
              { register: 0, op: 'max', keep: 'none', buffer: 2 },
            ],
          }),
        ],
      },
    ]);
    expect([...finding!.after[1]!, ...finding!.after[2]!]).toEqual([0, 0, 0, -Infinity]);
  });
});
