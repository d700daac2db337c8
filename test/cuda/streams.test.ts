import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { TARGETS } from '../../src/compile/target.js';
import { readsOf, writesOf, type Plan } from '../../src/plan/plan.js';
import { isWeightGradient } from '../../src/plan/traits.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { trainStep } from '../../src/train/programs.js';
import { fusedOf, planOf } from '../native/plans.js';
import { cifar10 } from '../compile/cifar10.js';

/**
 * Steps of the side stream against those of the main stream: whatever touches the same bytes has an order.
 */

const net = resnetCifar({ depth: 20 });
const WIDTH = { f32: 4, bf16: 2, i32: 4, u8: 1 } as const;

/** Bytes as `place:from-to`, so that two buffers meet where their ranges do. */
const rangeOf = (
  { buffers }: Plan,
  b: number,
): { readonly space: string; readonly from: number; readonly to: number } => {
  const { place, dtype, shape } = buffers[b]!;
  const bytes = shape.reduce((n, d) => n * d, WIDTH[dtype]);
  return place.in === 'arena'
    ? { space: 'arena', from: place.at, to: place.at + bytes }
    : { space: place.in === 'constant' ? `constant ${b}` : `${place.in} ${place.at}`, from: 0, to: bytes };
};
const meet = (plan: Plan, a: readonly number[], b: readonly number[]): boolean =>
  a.some((x) =>
    b.some((y) => {
      const [p, q] = [rangeOf(plan, x), rangeOf(plan, y)];
      return p.space === q.space && p.from < q.to && q.from < p.to;
    }),
  );

/** Pairs that may run at once although they touch the same bytes, one of them writing. */
const races = (plan: Plan): string[] => {
  const { steps } = emitCuda(plan);
  const found: string[] = [];
  // what a launch does, it does at the place of the step that has it
  const places = steps.map((s, i) =>
    s.kind === 'launches' && s.launches.length === 0
      ? steps.map((t, j) => j < i && (t.kind === 'library' || t.launches.length > 0)).lastIndexOf(true)
      : i,
  );
  steps.forEach((s, side) => {
    if (s.stream !== 'side') return;
    let isDone = false;
    for (let k = side + 1; k < steps.length; k++) {
      if (steps[k]!.stream === 'side') continue; // in order among themselves
      isDone ||= steps
        .slice(side + 1, places[k]! + 1)
        .some((t) => t.stream !== 'side' && t.after !== undefined && t.after >= side);
      const [a, b] = [plan.steps[side]!, plan.steps[k]!];
      if (
        !isDone &&
        (meet(plan, writesOf(a), [...readsOf(b), ...writesOf(b)]) || meet(plan, readsOf(a), writesOf(b)))
      )
        found.push(`${side} ${k}`);
    }
  });
  return found;
};

const train = trainStep(net, cifar10, { split: 'train', count: 50000 }, 128);
const rounds = roundPrograms(net, px(), 100);

describe.each([
  ['a training step', compile(train, TARGETS.cuda)],
  ['one that keeps bf16', compile(train, { ...TARGETS.cuda, storage: 'bf16' })],
  ['a PX selection', compile(rounds.select, TARGETS.cuda)],
  ['a PX observation', compile(rounds.accumulate!, TARGETS.cuda)],
] as const)('%s', (_, plan) => {
  const { steps } = emitCuda(plan);
  it('has aside all gradients of weights, and before them the first of two products in a row', () => {
    const isGradient = steps.map((s, k) => s.kind === 'library' && isWeightGradient(plan.steps[k]!));
    const isAside = steps.map((s) => s.stream === 'side');
    expect(isAside).toContain(true);
    const end = isGradient.includes(true) ? isGradient.indexOf(true) : steps.length;
    isAside.forEach((aside, k) => {
      if (isGradient[k] || !aside) expect(aside, `step ${k}`).toBe(isGradient[k]);
      else
        expect([k < end, steps[k + 1]!.kind, isAside[k + 1]], `step ${k}`).toEqual([true, 'library', false]);
    });
  });
  it('waits for them before anything that they could disturb', () => expect(races(plan)).toEqual([]));
  it('lets gradients of weights fall behind by several steps, other products by one', () => {
    const lastProduct = steps.map((s) => s.kind).lastIndexOf('library'); // behind it the optimiser or the criterion waits for all
    steps.forEach(({ after }, k) => {
      if (after !== undefined && k < lastProduct)
        expect(k - after, `${k} after ${after}`).toBeGreaterThanOrEqual(
          isWeightGradient(plan.steps[after]!) ? 10 : 2,
        );
    });
    expect(steps.some(({ after }, k) => after !== undefined && k < lastProduct)).toBe(true);
  });
});

it('waits where the arena gives memory away at once', () => {
  const plan = planOf(
    [
      { in: 'input', shape: [64, 8] },
      { in: 'arena', shape: [64, 8] },
      { in: 'arena', shape: [8, 8] },
      { in: 'output', shape: [8, 8] },
    ],
    [
      fusedOf({
        domain: [1, 512, 1],
        loads: [{ buffer: 0, strides: [0, 1, 0] }],
        code: [{ op: 'neg', args: [0] }],
        stores: [{ register: 1, buffer: 1 }],
      }),
      {
        kind: 'call',
        name: 'gradient',
        kernel: 'matmul',
        inputs: [1, 0],
        outputs: [2],
        attributes: { m: 8, n: 8, k: 64, transposeA: true, transposeB: false },
      },
      fusedOf({
        domain: [1, 512, 1],
        loads: [{ buffer: 0, strides: [0, 1, 0] }],
        code: [{ op: 'exp', args: [0] }],
        stores: [{ register: 1, buffer: 1 }],
      }),
      fusedOf({
        domain: [1, 64, 1],
        loads: [{ buffer: 2, strides: [0, 1, 0] }],
        stores: [{ register: 0, buffer: 3 }],
      }),
    ],
  );
  expect(emitCuda(plan).steps.map(({ stream, after }) => ({ stream, after }))).toEqual([
    { stream: undefined, after: undefined },
    { stream: 'side', after: undefined },
    { stream: undefined, after: 1 },
    { stream: undefined, after: undefined },
  ]);
});
