import { afterAll, describe, expect, it } from 'vitest';

import { INSTRUCTIONS, type Instruction } from '../../src/plan/instructions.js';
import type { FusedStep } from '../../src/plan/plan.js';
import type { NativeArray } from '../../src/runtime/native.js';
import {
  domains,
  errorOf,
  everyPattern,
  log2Floor,
  meaning,
  naive,
  randomOverwritingStep,
  randomStep,
  special,
} from './fused-steps.js';
import {
  addon,
  arrayOf,
  count,
  distance,
  floats,
  fusedOf,
  planOf,
  random,
  runOn,
  type BufferSpec,
} from './plans.js';

const one = new addon.Device({ threads: 1 });
const two = new addon.Device({ threads: 2 });
afterAll(async () => {
  await one.dispose();
  await two.dispose();
});

/** Runs a step whose buffers are: inputs, then outputs as numbered by its stores and reductions. */
const check = async (step: FusedStep, specs: readonly BufferSpec[], tolerance = 1e-5): Promise<void> => {
  const inputs = specs
    .filter((s) => s.in === 'input')
    .map((s, i) =>
      s.dtype === undefined
        ? floats(count(s.shape), i + 3)
        : arrayOf(s.dtype, count(s.shape)).map((_, k) => (k * 7 + i) % 100),
    );
  const plan = planOf(specs, [step]);
  const expected = naive(step, inputs);
  const got = await runOn(one, plan, inputs);
  const again = await runOn(two, plan, inputs);
  got.forEach((array, k) =>
    expect(
      Buffer.compare(Buffer.from(array.buffer), Buffer.from(again[k]!.buffer)),
      `bits of output ${k} with 1 and 2 threads`,
    ).toBe(0),
  );
  expect(got.length).toBe(expected.length);
  expected.forEach((e, k) =>
    expect(errorOf(got[k]!, e), `output ${k} of domain ${step.domain}`).toBeLessThan(tolerance),
  );
};

describe('instructions', () => {
  /** e^x and what it goes into are each within 2. */
  const ulps = (op: Instruction): number => (op === 'softplus' || op === 'sigmoid' ? 4 : 2);
  const ulp = (x: number): number =>
    x === 0 || !Number.isFinite(x) ? 2 ** -149 : 2 ** Math.max(log2Floor(x) - 23, -149);

  for (const [op, arity] of Object.entries(INSTRUCTIONS).map(([op, row]) => [op, row.arity]) as [
    Instruction,
    number,
  ][]) {
    if (op === 'const') continue;
    it(`${op} is right for zeros, denormals, infinities and NaN, and within ${ulps(op)} ulp elsewhere`, async () => {
      const random1 = floats(4096, 5).map((x, i) => x * 10 ** ((i % 60) - 30));
      const a: number[] = [],
        b: number[] = [],
        c: number[] = [];
      const take = (x: number, y: number, z: number): void => {
        a.push(x);
        b.push(y);
        c.push(z);
      };
      for (const x of special)
        for (const y of arity > 1 ? special : [0])
          for (const z of arity > 2 ? [0, 1, -2.5, NaN, Infinity] : [0]) take(x, y, z);
      for (let i = 0; i < random1.length; i++)
        take(random1[i]!, random1[(i * 31 + 7) % random1.length]!, random1[(i * 17 + 3) % random1.length]!);
      for (let i = 0; i < 4096 && arity === 1; i++) take((i - 2048) / 16, 0, 0);
      const n = a.length;
      const args = [0, 1, 2].slice(0, arity);
      const plan = planOf(
        [
          { in: 'input', shape: [n] },
          { in: 'input', shape: [n] },
          { in: 'input', shape: [n] },
          { in: 'output', shape: [n] },
        ],
        [
          fusedOf({
            domain: [1, n, 1],
            loads: [0, 1, 2]
              .map((buffer) => ({ buffer, strides: [0, 1, 0] as const }))
              .map((l) => ({ ...l, strides: [0, 1, 0] })),
            code: [{ op, args }],
            stores: [{ register: 3, buffer: 3 }],
          }),
        ],
      );
      const inputs = [a, b, c].map((x) => Float32Array.from(x));
      const [got] = await runOn(one, plan, inputs);
      const wrong: string[] = [];
      for (let i = 0; i < n; i++) {
        const [x, y, z] = inputs.map((v) => v[i]!) as [number, number, number];
        const exact = meaning[op](x, y, z);
        const g = got![i]!;
        const e = Math.fround(exact);
        const close =
          Object.is(g, e) ||
          g === e ||
          Math.abs(g - exact) <= ulps(op) * ulp(exact) ||
          (!Number.isFinite(e) && Math.abs(g) > 3.4e38 && Math.sign(g) === Math.sign(e)) || // rounds to the largest float
          (op === 'mulAdd' && Math.abs(g - exact) <= 2 * ulp(Math.abs(x * y) + Math.abs(z)));
        if (!close) wrong.push(`${op}(${x}, ${y}, ${z}) = ${g}, not ${e}`);
      }
      expect(wrong.slice(0, 10)).toEqual([]);
    });
  }

  it('exp2 of integers and exponent are exact over the whole range', async () => {
    const n = 277;
    const x = Float32Array.from({ length: n }, (_, i) => i - 149);
    const plan = planOf(
      [
        { in: 'input', shape: [n] },
        { in: 'output', shape: [n] },
        { in: 'output', shape: [n] },
      ],
      [
        fusedOf({
          domain: [1, 1, n],
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
    );
    const [power, exponent] = await runOn(one, plan, [x]);
    expect([...power!]).toEqual(Array.from(x, (v) => 2 ** v));
    expect([...exponent!]).toEqual(Array.from(x, (v) => (v === 0 ? 0 : v)));
  });
});

describe('domains and reductions', () => {
  for (const domain of domains) {
    it(`[${domain}]: every stride pattern, every reduction, with stores`, async () => {
      for (const { step, specs } of everyPattern(domain)) await check(step, specs);
    });
  }

  it('random programs agree with plain loops', async () => {
    const next = random(42);
    for (let trial = 0; trial < 60; trial++) {
      const { step, specs } = randomStep(next);
      await check(step, specs, 1e-4);
    }
  });

  it('a long sum keeps seven digits', async () => {
    const n = 1 << 21;
    const plan = (keep: 'none' | 'inner', I: number) =>
      planOf(
        [
          { in: 'input', shape: [n] },
          { in: 'output', shape: [keep === 'none' ? 1 : I] },
        ],
        [
          fusedOf({
            domain: [1, n / I, I],
            loads: [{ buffer: 0, strides: [0, I, 1] }],
            reductions: [{ register: 0, op: 'sum', keep, buffer: 1 }],
          }),
        ],
      );
    const x = floats(n, 1).map((v) => v + 1000); // far from zero: the worst case of a float sum
    const total = x.reduce((a, b) => a + b, 0);
    const [sum] = await runOn(two, plan('none', 1), [x]);
    expect(Math.abs(sum![0]! / total - 1)).toBeLessThan(3e-7);
    const [columns] = await runOn(two, plan('inner', 16), [x]);
    const exact = new Float64Array(16);
    x.forEach((v, i) => {
      exact[i % 16]! += v;
    });
    expect(distance(columns!, exact)).toBeLessThan(5e-7);
  });

  it('sums carry NaN and infinity, and a maximum is NaN if any element is', async () => {
    const n = 5000;
    for (const [value, sum, max] of [
      [NaN, NaN, NaN],
      [Infinity, Infinity, Infinity],
      [-Infinity, -Infinity, 1],
    ] as const) {
      const x = new Float32Array(n).fill(1);
      x[4321] = value;
      const plan = planOf(
        [
          { in: 'input', shape: [n] },
          { in: 'output', shape: [] },
          { in: 'output', shape: [] },
          { in: 'output', shape: [10] },
        ],
        [
          fusedOf({
            domain: [1, n / 10, 10],
            loads: [{ buffer: 0, strides: [0, 10, 1] }],
            reductions: [
              { register: 0, op: 'sum', keep: 'none', buffer: 1 },
              { register: 0, op: 'max', keep: 'none', buffer: 2 },
              { register: 0, op: 'max', keep: 'inner', buffer: 3 },
            ],
          }),
        ],
      );
      const [s, m, columns] = await runOn(one, plan, [x]);
      expect(s![0]).toBe(sum);
      expect(m![0]).toBe(max);
      expect(columns![1]).toBe(max);
    }
  });
});

describe('results larger than the caches', () => {
  // 33 floats a row: few chunks begin at a whole register
  for (const [rows, columns] of [
    [32_000, 33],
    [(1 << 20) + 5, 1],
  ] as const) {
    it(`${rows} x ${columns}`, async () => {
      const n = rows * columns;
      const a = floats(n, 1),
        b = floats(columns, 2);
      const plan = planOf(
        [
          { in: 'input', shape: [n] },
          { in: 'input', shape: [columns] },
          { in: 'arena', shape: [n] },
          { in: 'output', shape: [n] },
          { in: 'output', shape: [columns] },
        ],
        [
          fusedOf({
            domain: [1, rows, columns],
            loads: [
              { buffer: 0, strides: [0, columns, 1] },
              { buffer: 1, strides: [0, 0, 1] },
            ],
            code: [
              { op: 'add', args: [0, 1] },
              { op: 'mul', args: [2, 2] },
            ],
            stores: [{ register: 2, buffer: 2 }],
            reductions: [{ register: 3, op: 'sum', keep: 'inner', buffer: 4 }],
          }),
          fusedOf({
            domain: [1, n, 1],
            loads: [{ buffer: 2, strides: [0, 1, 0] }],
            code: [{ op: 'neg', args: [0] }],
            stores: [{ register: 1, buffer: 3 }],
          }),
        ],
      );
      const y = a.map((x, i) => -Math.fround(x + b[i % columns]!));
      const squares = new Float64Array(columns);
      y.forEach((v, i) => {
        squares[i % columns]! += v * v;
      });
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
    const w = floats(n, 1),
      v = floats(n, 2),
      g = floats(n, 3);
    // momentum: v' = 0.9 v + g; w' = w - 0.1 v'; and the sum of the old w
    const plan = planOf(
      [
        { in: 'state', shape: [n] },
        { in: 'state', shape: [n] },
        { in: 'input', shape: [n] },
        { in: 'output', shape: [] },
        { in: 'output', shape: [n] },
      ],
      [
        fusedOf({
          domain: [1, n, 1],
          loads: [0, 1, 2].map((buffer) => ({ buffer, strides: [0, 1, 0] })),
          code: [
            { op: 'const', args: [], value: 0.9 },
            { op: 'mulAdd', args: [3, 1, 2] },
            { op: 'const', args: [], value: -0.1 },
            { op: 'mulAdd', args: [5, 4, 0] },
            { op: 'mul', args: [0, 1] },
          ],
          stores: [
            { register: 4, buffer: 1 },
            { register: 6, buffer: 0 },
            { register: 7, buffer: 4 },
          ],
          reductions: [{ register: 0, op: 'sum', keep: 'none', buffer: 3 }],
        }),
      ],
    );
    const state = [w.slice(), v.slice()];
    const [sum, product] = await runOn(two, plan, [g], state);
    const velocity = v.map((x, i) => 0.9 * x + g[i]!);
    expect(distance(state[1]!, velocity)).toBeLessThan(1e-6);
    expect(
      distance(
        state[0]!,
        w.map((x, i) => x - 0.1 * velocity[i]!),
      ),
    ).toBeLessThan(1e-6);
    expect(
      distance(
        product!,
        w.map((x, i) => x * v[i]!),
      ),
    ).toBeLessThan(1e-6);
    expect(sum![0]).toBeCloseTo(
      w.reduce((a, b) => a + b, 0),
      2,
    );
  });

  it('random programs that overwrite their operands agree with plain loops', async () => {
    const next = random(77);
    for (let trial = 0; trial < 150; trial++) {
      const { step, specs, states } = randomOverwritingStep(next);
      const plan = planOf(specs, [step]);
      const [O, R, I] = step.domain;
      const state = Array.from({ length: states }, (_, k) => floats(O * R * I, trial * 10 + k));
      const input = floats(I, trial);
      const expected = naive(step, [...state.map((x) => x.slice()), input]);
      const got = await runOn(one, plan, [input], state);
      [...step.stores.map((s) => state[s.buffer]!), ...got].forEach((array, k) =>
        expect(errorOf(array, expected[k]!), `trial ${trial}, result ${k}`).toBeLessThan(1e-4),
      );
    }
  });

  it('two buffers can be exchanged', async () => {
    const n = 5000;
    const [a, b] = [floats(n, 1), floats(n, 2)];
    const state = [a.slice(), b.slice()];
    await runOn(
      two,
      planOf(
        [
          { in: 'state', shape: [n] },
          { in: 'state', shape: [n] },
        ],
        [
          fusedOf({
            domain: [n, 1, 1],
            loads: [0, 1].map((buffer) => ({ buffer, strides: [1, 0, 0] })),
            stores: [
              { register: 0, buffer: 1 },
              { register: 1, buffer: 0 },
            ],
          }),
        ],
      ),
      [],
      state,
    );
    expect(state).toEqual([b, a]);
  });
});
