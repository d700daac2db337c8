import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { TARGETS } from '../../src/compile/target.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { readsOf, writesOf, type Plan } from '../../src/plan/plan.js';
import { isWeightGradient } from '../../src/plan/traits.js';
import type { Program } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { trainStep } from '../../src/train/programs.js';
import { interpret } from './interpret.js';
import { data, networks, valueOf } from './tiny.js';

/** One program for two devices: the same steps, and memory for what the device can do at once. */

const net = networks['resnet']!();
const train = trainStep(net, data, { split: 'train', count: 6 }, 3);
const { accumulate } = roundPrograms(net, px(), 3);
const cifar = resnetCifar({ depth: 20 });
const large = roundPrograms(cifar, px(), 100);

const resultsOf = (plan: Plan, p: Program): (readonly number[])[] => {
  const state = plan.state.map(({ name }) => valueOf(p.state.get(name)!).slice());
  const inputs = plan.inputs.map(({ name }) => valueOf(p.inputs.get(name)!));
  return [...interpret(plan, state, inputs), ...state].map((values) => [...values]);
};

/** Its steps without the marks of what one call may do for two. */
const unmarked = ({ steps }: Plan): unknown[] =>
  steps.map((s) => Object.fromEntries(Object.entries(s).filter(([key]) => key !== 'epilogue')));

/**
 * The last step after which the memory of a buffer still belongs to it: the next one writes another value
 * there.
 */
const keptUntil = ({ steps, buffers }: Plan, buffer: number, from: number): number => {
  const start = buffers[buffer]!.place;
  const next = steps.findIndex(
    (s, i) =>
      i > from &&
      writesOf(s).some((b) => {
        const { place } = buffers[b]!;
        return place.in === 'arena' && start.in === 'arena' && place.at === start.at;
      }),
  );
  return next < 0 ? steps.length : next - 1;
};

describe('a target', () => {
  test.each([
    ['a training step', train],
    ['a PX accumulation', accumulate!],
  ])('changes places alone: %s', (_, p) => {
    const [cpu, cuda] = [compile(p, TARGETS.cpu), compile(p, TARGETS.cuda)];
    expect(cpu.steps).toEqual(unmarked(cuda));
    expect(cpu.buffers.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
      cuda.buffers.map(({ dtype, shape }) => ({ dtype, shape })),
    );
    expect(resultsOf(cpu, p)).toEqual(resultsOf(cuda, p));
  });

  test('without a side stream costs no memory for overlap', () => {
    for (const p of [large.accumulate!, large.select]) {
      const [cpu, cuda] = [compile(p, TARGETS.cpu), compile(p, TARGETS.cuda)];
      expect(cpu.arenaBytes).toBeLessThan(0.9 * cuda.arenaBytes); // 0.84 and 0.88
      expect(compile(p, { ...TARGETS.cuda, sideStream: null }).arenaBytes).toBe(cpu.arenaBytes);
    }
  });

  test('keeps the operands of gradients of weights for as many steps as they may fall behind', () => {
    const plan = compile(large.select, {
      ...TARGETS.cuda,
      sideStream: { gradientLag: 7, convolutionLag: 0 },
    });
    let seen = 0;
    plan.steps.forEach((step, i) => {
      if (!isWeightGradient(step)) return;
      for (const b of readsOf(step)) {
        if (plan.buffers[b]!.place.in !== 'arena') continue;
        seen += 1;
        expect(keptUntil(plan, b, i)).toBeGreaterThanOrEqual(Math.min(i + 7, plan.steps.length - 1));
      }
    });
    expect(seen).toBeGreaterThan(20);
  });

  test('has epilogues only where a device can take them', () => {
    const marked = (plan: Plan): number =>
      plan.steps.filter((s) => s.kind === 'call' && s.epilogue !== undefined).length;
    expect(marked(compile(large.select, TARGETS.cuda))).toBeGreaterThan(0);
    expect(marked(compile(large.select, { ...TARGETS.cuda, epilogues: false }))).toBe(0);
    expect(marked(compile(large.select, TARGETS.cpu))).toBe(0);
  });

  test('that is left out, or of which something is, is the cpu device', () => {
    const plan = compile(train, TARGETS.cpu);
    expect(compile(train)).toEqual(plan);
    expect(compile(train, {})).toEqual(plan);
    expect(compile(train, { sideStream: undefined } as never)).toEqual(plan); // as plain JavaScript may
    expect(compile(train, { storage: 'bf16' })).toEqual(compile(train, { ...TARGETS.cpu, storage: 'bf16' }));
  });
});
