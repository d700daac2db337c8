import { describe, expect, it, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import type { CudaPlan } from '../../src/compile/cuda/cuda-plan.js';
import { TARGETS } from '../../src/compile/target.js';
import type { Plan, Step } from '../../src/plan/plan.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { randomOverwritingStep, randomStep } from '../native/fused-steps.js';
import { arrayOf, callOf, count, fusedOf, planOf, random, type BufferSpec } from '../native/plans.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { data as tiny, networks, valueOf } from '../compile/tiny.js';
import { emulation } from './emulate.js';
import { emulateAll, joinedPlan, TINY, type Trial } from './joined.js';
import { cifar10 } from '../compile/cifar10.js';

/** Steps that share a launch compute the bits that they compute alone. */

const launchesOf = (cuda: CudaPlan): number[] =>
  cuda.steps.map((s) => (s.kind === 'library' ? -1 : s.launches.length));
const total = (counts: readonly number[]): number => counts.reduce((n, c) => n + Math.max(c, 0), 0);

const sameBits = (trials: readonly Trial[]): void => {
  const [alone, joined] = [false, true].map((join) => emulateAll(trials, TINY, join));
  joined!.forEach((finding, k) =>
    finding.after.forEach((values, b) =>
      expect(values, `${finding.trial.name}, buffer ${b}`).toEqual(alone![k]!.after[b]),
    ),
  );
};

describe('random steps', () => {
  it.each([
    ['maps and reductions', randomStep, 11],
    ['those that overwrite their operands', randomOverwritingStep, 12],
  ] as const)('%s', { timeout: 180_000 }, (_, make, seed) => {
    const next = random(seed);
    const trials = Array.from({ length: 60 }, (_, k): Trial => {
      const { step, specs } = make(next);
      return { name: `random ${k}`, steps: [step], specs };
    });
    const { plan } = joinedPlan(trials);
    expect(total(launchesOf(emitCuda(plan, TINY)))).toBeLessThan(
      total(launchesOf(emitCuda(plan, TINY, { join: false }))),
    );
    sameBits(trials);
  });
});

/**
 * What follows a reduction of [1, R, I] in a training step: moments to scale and shift, then small steps of
 * every kind.
 */
const chainOf = (R: number, I: number): Trial => {
  const specs: BufferSpec[] = [
    { in: 'input', shape: [R, I] },
    { in: 'state', shape: [I] },
    { in: 'arena', shape: [R, I] },
    { in: 'arena', shape: [I] },
    { in: 'arena', shape: [I] },
    { in: 'output', shape: [I] },
    { in: 'output', shape: [1] },
    { in: 'output', shape: [5, I] },
    { in: 'output', shape: [5] },
    { in: 'output', shape: [5], dtype: 'i32' },
    { in: 'output', shape: [5, 5] },
    { in: 'output', shape: [I] },
    { in: 'output', shape: [R, I] },
  ];
  const steps: readonly Step[] = [
    fusedOf({
      domain: [1, R, I],
      loads: [
        { buffer: 0, strides: [0, I, 1] },
        { buffer: 1, strides: [0, 0, 1] },
      ],
      code: [
        { op: 'sub', args: [0, 1] },
        { op: 'mul', args: [2, 2] },
      ],
      stores: [{ register: 2, buffer: 2 }],
      reductions: [
        { register: 2, op: 'sum', keep: 'inner', buffer: 3 },
        { register: 3, op: 'max', keep: 'inner', buffer: 4 },
      ],
    }),
    // reads what other blocks wrote, in its first row, and overwrites what they read
    fusedOf({
      domain: [1, I, 1],
      loads: [
        { buffer: 3, strides: [0, 1, 0] },
        { buffer: 4, strides: [0, 1, 0] },
        { buffer: 2, strides: [0, 1, 0] },
        { buffer: 1, strides: [0, 1, 0] },
      ],
      code: [
        { op: 'mulAdd', args: [0, 1, 2] },
        { op: 'mulAdd', args: [4, 3, 3] },
      ],
      stores: [
        { register: 4, buffer: 5 },
        { register: 5, buffer: 1 },
      ],
    }),
    fusedOf({
      domain: [1, I, 1],
      loads: [{ buffer: 5, strides: [0, 1, 0] }],
      reductions: [{ register: 0, op: 'sum', keep: 'none', buffer: 6 }],
    }),
    fusedOf({
      domain: [5, 1, I],
      loads: [
        { buffer: 5, strides: [0, 0, 1] },
        { buffer: 2, strides: [I, 0, 1] },
      ],
      code: [{ op: 'mul', args: [0, 1] }],
      stores: [{ register: 2, buffer: 7 }],
      reductions: [{ register: 2, op: 'max', keep: 'outer', buffer: 8 }],
    }),
    callOf('argMax', [7], [9], { rows: 5, width: I }),
    callOf('gather', [7, 9], [10], { rows: I, width: 5, count: 5 }),
    callOf('fill', [], [11], { value: 3 }),
    callOf('copy', [6], [11], {
      dims: [1],
      srcOffset: 0,
      srcStrides: [1],
      dstOffset: I - 1,
      dstStrides: [1],
    }),
    fusedOf({
      domain: [1, R, I],
      loads: [
        { buffer: 2, strides: [0, I, 1] },
        { buffer: 11, strides: [0, 0, 1] },
      ],
      code: [{ op: 'add', args: [0, 1] }],
      stores: [{ register: 2, buffer: 12 }],
    }),
  ];
  return { name: `chain ${R} x ${I}`, steps, specs };
};

describe('a chain', () => {
  // one block; several; several for each of several groups of columns
  const trials = [chainOf(300, 16), chainOf(4000, 10), chainOf(900, 300)];

  it('is one launch from its reduction on, to the next step that is not small', () => {
    for (const t of trials) {
      const width = t.specs[1]!.shape[0]!;
      // rows wider than a thread's work are no part of a chain
      expect(launchesOf(emitCuda(joinedPlan([t]).plan)), t.name).toEqual(
        width > 64 ? [1, 0, 0, 0, 1, 1, 0, 0, 1] : [1, 0, 0, 0, 0, 0, 0, 0, 1],
      );
    }
  });
  it('meets once more where several blocks end it', () => {
    expect(trials.map((t) => /arrivesLast\(ended/.test(emitCuda(joinedPlan([t]).plan).source))).toEqual([
      false,
      false,
      true,
    ]);
  });
  it('computes the same bits', { timeout: 180_000 }, () => sameBits(trials));
});

describe('a row', () => {
  const map = (from: number, to: number, n: number, op: 'neg' | 'exp' = 'neg'): Step =>
    fusedOf({
      domain: [1, n, 1],
      loads: [{ buffer: from, strides: [0, 1, 0] }],
      code: [{ op, args: [0] }],
      stores: [{ register: 1, buffer: to }],
    });
  const specs = (...sizes: number[]): BufferSpec[] =>
    sizes.flatMap((n): BufferSpec[] => [
      { in: 'input', shape: [n] },
      { in: 'arena', shape: [n] },
    ]);

  it('ends where a map needs, or overwrites, what another one of it writes or reads', () => {
    const launches = (steps: Step[]): number[] =>
      launchesOf(emitCuda(planOf(specs(5000, 5000, 5000), steps)));
    expect(launches([map(0, 1, 5000), map(2, 3, 5000, 'exp'), map(4, 5, 5000)])).toEqual([1, 0, 0]);
    expect(launches([map(0, 1, 5000), map(1, 3, 5000), map(4, 5, 5000)])).toEqual([1, 1, 0]);
    expect(launches([map(1, 3, 5000), map(0, 1, 5000)])).toEqual([1, 1]);
    expect(launches([map(0, 1, 5000), map(2, 1, 5000)])).toEqual([1, 1]);
  });
  it('ends where the arena gives memory that another map reads to the result', () => {
    const plan = planOf(specs(5000, 5000, 5000), [map(1, 3, 5000), map(0, 5, 5000)]);
    const at = (moved: number): Plan => ({
      ...plan,
      buffers: plan.buffers.map((b, i) => (i === 5 ? { ...b, place: { in: 'arena', at: moved } } : b)),
    });
    const ends = (moved: number): number[] => launchesOf(emitCuda(at(moved)));
    expect([ends(0), ends(19_968), ends(40_064)]).toEqual([
      [1, 1],
      [1, 1],
      [1, 0],
    ]);
  });
  it('shares the text of equal maps, whatever their sizes', () => {
    const plan = planOf(specs(5000, 100, 3000, 70_000), [
      map(0, 1, 5000),
      map(2, 3, 100),
      map(4, 5, 3000),
      map(6, 7, 70_000, 'exp'),
    ]);
    const { source, steps } = emitCuda(plan);
    expect(steps.map((s) => (s.kind === 'library' ? [] : s.launches.map((l) => l.grid[0])))).toEqual([
      [20 + 1 + 12 + 69],
      [],
      [],
      [],
    ]);
    expect(source.match(/= -r0;/g)?.length).toBe(1);
  });
  it('keeps to the parameters that a kernel may have', () => {
    const sizes = Array.from({ length: 300 }, () => 3000);
    const { steps } = emitCuda(
      planOf(
        specs(...sizes),
        sizes.map((n, k) => map(2 * k, 2 * k + 1, n)),
      ),
    );
    const launches = steps.flatMap((s) => (s.kind === 'library' ? [] : s.launches));
    expect(launches.map((l) => l.args.length)).toEqual([480, 120]);
  });
});

describe('whole programs', () => {
  const net = resnetCifar({ depth: 20 });
  const rounds = roundPrograms(net, px(), 100);
  test.each([
    ['a training step', trainStep(net, cifar10, { split: 'train', count: 50000 }, 128), 1 / 2],
    ['an evaluation step', evaluateStep(net, cifar10, { split: 'test', count: 10000 }, 250), 1 / 2],
    ['a PX observation', rounds.accumulate!, 1 / 3],
    ['a PX selection', rounds.select, 1 / 3],
  ])(
    '%s of ResNet-20 has a half or a third of the launches that its steps have alone',
    (_, program, share) => {
      const plan = compile(program, TARGETS.cuda);
      const [alone, joined] = [false, true].map((join) => launchesOf(emitCuda(plan, undefined, { join })));
      expect(total(joined!)).toBeLessThan(share * total(alone!));
      expect(joined!.map((c) => c < 0)).toEqual(alone!.map((c) => c < 0)); // a library's steps stay its own
    },
  );

  it.each([
    ['a training step', trainStep(networks['resnet']!(), tiny, { split: 'train', count: 6 }, 3)],
    ['a PX selection', roundPrograms(networks['resnet']!(), px(), 3).select],
  ])('%s computes the same bits', { timeout: 180_000 }, (_, program) => {
    const plan = compile(program, TARGETS.cuda);
    const contents = (b: number): NativeArray => {
      const { dtype, shape, place } = plan.buffers[b]!;
      const leaf = [...program.state, ...program.inputs].find(
        ([name]) => name === [...plan.state, ...plan.inputs].find((s) => s.buffer === b)?.name,
      );
      const start = (): Float64Array =>
        leaf === undefined ? new Float64Array(count(shape)) : valueOf(leaf[1]);
      const values = place.in === 'constant' ? Float64Array.from(place.data) : start();
      return dtype === 'f32'
        ? Float32Array.from(values)
        : arrayOf(dtype, count(shape)).map((_v, k) => values[k]!);
    };
    const results = [false, true].map((join) => {
      const after: (NativeArray | null)[] = [];
      emulation(emitCuda(plan, TINY, { join }), ({ run }) => after.push(...run(contents)));
      return after;
    });
    expect(results[1]!.filter((b) => b !== null).length).toBeGreaterThan(20);
    expect(results[1]).toEqual(results[0]);
  });
});
