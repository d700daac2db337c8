import { describe, expect, test } from 'vitest';
import { checkPlaces, checkSteps, checkUnits } from '../../src/compile/check.js';
import { compile, PASSES } from '../../src/compile/compile.js';
import { bindPass } from '../../src/compile/bind.js';
import { printPlan } from '../../src/compile/print-plan.js';
import { fusePass } from '../../src/compile/fuse.js';
import { schedulePass } from '../../src/compile/schedule.js';
import { TARGETS } from '../../src/compile/target.js';
import { ops } from '../../src/ops/registry.js';
import { program, rootsOf } from '../../src/program/program.js';
import { trainStep } from '../../src/train/programs.js';
import { data, networks } from './tiny.js';

const x = ops.input('x', [2, 4, 4, 8]);
const w = ops.state('w', [8, 1, 1, 8]);
const geometry = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
const y = ops.conv2d(x, w, geometry);
const z = ops.relu(ops.neg(y));
const small = program('small', {
  narrowable: true,
  outputs: { z, total: ops.sum(z, [0, 1, 2, 3]), w },
  next: [[w, ops.sub(w, ops.conv2dWeightGrad(x, z, [1, 1], geometry))]],
});
const after = (name: string): string => {
  let printed = '';
  compile(small, { storage: 'bf16' }, { dump: { after: name, print: (text) => (printed = text) } });
  return printed;
};

test('passes have one list, and a word for each', () => {
  expect(PASSES.map(({ name, doc }) => `${name}: ${doc}`)).toMatchInlineSnapshot(`
    [
      "read: the graph as the program has it",
      "dense: zeros between weights for targets without sparse kernels",
      "simplify: algebra and sharing of equal nodes",
      "split-reductions: one run of axes for each reduction",
      "share: sharing again, over what the passes before made equal",
      "fuse: which values are stored, and which are computed in one step",
      "bind: which results are computed in place of states and outputs",
      "schedule: the order of the steps",
      "narrow: what is kept and multiplied as bf16, where the target asks for it",
      "emit: steps on numbered buffers, which have no place yet",
      "place: every buffer of the arena at its offset",
      "epilogues: which steps may be done in the call of the convolution before, where the target can",
    ]
  `);
  expect(compile(small, {}, { checked: true })).toEqual(compile(small));
});

describe('what a pass leaves can be read:', () => {
  test('the graph as it was written', () => {
    expect(after('read')).toMatchInlineSnapshot(`
      "%0 = input 'x' : f32[2, 4, 4, 8]
      %1 = state 'w' : f32[8, 1, 1, 8]
      %2 = conv2d(%0, %1) stride=[1 1] padding=[0 0 0 0] dilation=[1 1] : f32[2, 4, 4, 8]
      %3 = neg(%2) : f32[2, 4, 4, 8]
      %4 = relu(%3) : f32[2, 4, 4, 8]
      %5 = sum(%4) axes=[0 1 2 3] : f32[]
      %6 = conv2dWeightGrad(%0, %4) stride=[1 1] padding=[0 0 0 0] dilation=[1 1] kernel=[1 1] : f32[8, 1, 1, 8]
      %7 = sub(%1, %6) : f32[8, 1, 1, 8]
      return %4, %5, %1, %7"
    `);
  });
  test('units', () => {
    expect(after('fuse')).toMatchInlineSnapshot(`
      "0: call conv2d -> f32[2 4 4 8]
      1: fused [2 4 4 8] relu -> f32[2 4 4 8], sum -> f32[] after 0
      2: call conv2dWeightGrad -> f32[8 1 1 8] after 1
      3: fused [8 1 1 8] sub -> f32[8 1 1 8] after 2"
    `);
  });
  test('where results are kept', () => {
    expect(after('bind')).toMatchInlineSnapshot(`
      "0: call conv2d -> f32[2 4 4 8]
      1: fused [2 4 4 8] relu -> f32[2 4 4 8] output 'z', sum -> f32[] output 'total' after 0
      2: call conv2dWeightGrad -> f32[8 1 1 8] after 1
      3: fused [8 1 1 8] sub -> f32[8 1 1 8] state 'w' after 0 2
      copy state 'w' -> output 'w'"
    `);
  });
  test('what is bf16', () => {
    expect(after('narrow')).toMatchInlineSnapshot(`
      "0: call conv2d -> bf16[2 4 4 8]
      1: fused [2 4 4 8] relu -> f32[2 4 4 8] output 'z', sum -> f32[] output 'total' after 0
      2: call conv2dWeightGrad -> f32[8 1 1 8] after 1
      3: fused [8 1 1 8] sub -> f32[8 1 1 8] state 'w' after 0 2
      copy state 'w' -> output 'w'"
    `);
  });
  test('steps, whose buffers have no place yet', () => {
    expect(after('emit')).toContain('9 steps, 0 arena bytes');
    expect(after('place')).toBe(printPlan(compile(small, { storage: 'bf16' })));
  });
});

/** Faults that a pass could make, in what the passes really leave. */
describe('checks between passes refuse', () => {
  const step = trainStep(networks['resnet']!(), data, { split: 'train', count: 6 }, 3);
  const bound = bindPass.run(fusePass.run({ program: step, target: TARGETS.cuda, roots: rootsOf(step) }));
  const scheduled = schedulePass.run(bound);
  const plan = compile(step, TARGETS.cuda);

  test('a unit that runs before what it needs, twice, or never', () => {
    expect(() => checkUnits(scheduled, 'p')).not.toThrow();
    const order = scheduled.scheduled;
    expect(() => checkUnits({ ...scheduled, scheduled: [...order].reverse() }, 'p')).toThrow(
      /after pass 'p': .* runs before .*, which it needs/,
    );
    expect(() => checkUnits({ ...scheduled, scheduled: [order[0]!, ...order] }, 'p')).toThrow('runs twice');
    expect(() => checkUnits({ ...scheduled, scheduled: order.slice(0, -1) }, 'p')).toThrow(
      '1 units never run',
    );
  });

  test('a value that nothing writes', () => {
    const { fusion } = bound;
    const lost = new Map([...fusion.unitOf].slice(0, -1));
    expect(() => checkUnits({ ...bound, fusion: { ...fusion, unitOf: lost } }, 'p')).toThrow(
      'nothing writes',
    );
  });

  test('a step that reads what is not written yet', () => {
    expect(() => checkSteps(plan, 'p')).not.toThrow();
    expect(() => checkSteps({ ...plan, steps: [...plan.steps].reverse() }, 'p')).toThrow(
      /reads buffer \d+ before/,
    );
  });

  test('memory that is given away too early, or that the arena does not have', () => {
    const moved = (to: (at: number) => number): (() => void) => {
      const buffers = plan.buffers.map((b) =>
        b.place.in === 'arena' ? { ...b, place: { in: 'arena', at: to(b.place.at) } as const } : b,
      );
      return () => checkPlaces({ ...plan, buffers }, 'p');
    };
    expect(moved((at) => at)).not.toThrow();
    expect(moved((at) => Math.floor(at / 2))).toThrow('which another value has overwritten');
    expect(moved((at) => at + 64)).toThrow('ends beyond the arena');
  });
});
