import { describe, expect, test } from 'vitest';
import { decodeJson } from '../../src/codec.js';
import { compile } from '../../src/compile/compile.js';
import { PlanCodec, type Plan } from '../../src/plan/plan.js';
import { ops } from '../../src/ops/registry.js';
import { program, type Program } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { scoreProgram, roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { interpret, toBf16 } from './interpret.js';
import { data, networks, valueOf } from './tiny.js';

/** Plans that keep activations as bf16. */

const net = networks['resnet']!();
const train = trainStep(net, data, { split: 'train', count: 6 }, 3, { nesterov: true });
const evaluation = evaluateStep(net, data, { split: 'test', count: 6 }, 2);
const narrow = (p: Program): Plan => compile(p, { storage: 'bf16' }, { checked: true });

describe('rounding to bf16', () => {
  test.each([
    ['a bf16 is itself', 1.5, 1.5],
    ['to the nearest below', 1 + 2 ** -9, 1],
    ['to the nearest above', 1 + 3 * 2 ** -9, 1 + 2 ** -7],
    ['a tie to the even one below', 1 + 2 ** -8, 1],
    ['a tie to the even one above', 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ['a negative tie', -1 - 2 ** -8, -1],
    ['into the next power of two', 2 - 2 ** -9, 2],
    ['the largest float32 to infinity', 3.4028234663852886e38, Infinity],
    ['the largest bf16', 2 ** 127 * (2 - 2 ** -7), 2 ** 127 * (2 - 2 ** -7)],
    ['infinity', -Infinity, -Infinity],
    ['NaN', NaN, NaN],
    ['minus zero', -0, -0],
    ['a denormal', 2 ** -133, 2 ** -133],
    ['below half the least', -(2 ** -135), -0],
  ])('%s', (_, x, y) => expect(toBf16(x)).toBe(y));
});

describe('what is kept as bf16', () => {
  test.each([
    ['a training step', train],
    ['an evaluation', evaluation],
  ])('%s: activations in the arena, and nothing else', (_, p) => {
    const plan = narrow(p);
    expect(decodeJson(PlanCodec, JSON.stringify(plan), 'plan', 'PLAN')).toEqual(plan);
    const full = compile(p);
    expect(plan.arenaBytes).toBeLessThan(0.75 * full.arenaBytes);
    for (const kind of ['state', 'inputs', 'outputs'] as const) {
      expect(plan[kind].map((s) => [s.name, plan.buffers[s.buffer]!.dtype])).toEqual(
        full[kind].map((s) => [s.name, full.buffers[s.buffer]!.dtype]),
      );
    }
    for (const { dtype, place } of plan.buffers) if (place.in !== 'arena') expect(dtype).not.toBe('bf16');
    for (const step of plan.steps) {
      if (step.kind === 'fused')
        for (const r of step.reductions) expect(plan.buffers[r.buffer]!.dtype).toBe('f32');
      else if (step.kernel.startsWith('conv2d')) {
        expect(
          step.inputs.map((b) => plan.buffers[b]!.dtype),
          step.name,
        ).toEqual(['bf16', 'bf16']);
        expect(plan.buffers[step.outputs[0]!]!.dtype, step.name).toBe(
          step.kernel === 'conv2dWeightGrad' ? 'f32' : 'bf16',
        );
      }
    }
  });

  test('programs that score weights are compiled as ever', () => {
    const { accumulate, select } = roundPrograms(net, px(), 3);
    for (const p of [accumulate!, select, scoreProgram(net, px(), 3)]) expect(narrow(p)).toEqual(compile(p));
    expect(narrow(train)).not.toEqual(compile(train));
  });

  test('weight gradients of odd channels are those of channels padded with zeros', () => {
    const plan = narrow(train);
    const stem = plan.steps
      .flatMap((s) => (s.kind === 'call' && s.kernel === 'conv2dWeightGrad' ? [s.attributes] : []))
      .find((a) => a.h === 8 && a.c === 8);
    expect(stem).toMatchObject({ c: 8, f: 8 }); // of 3 and 4
  });

  test('operands that are no values of the arena are converted once, results that are outputs widened', () => {
    const x = ops.input('x', [2, 6, 6, 8]);
    const w = ops.state('w', [8, 3, 3, 8]);
    const attributes = { stride: [1, 1] as const, padding: [1, 1, 1, 1] as const, dilation: [1, 1] as const };
    const once = ops.conv2d(x, w, attributes);
    const plan = narrow(
      program('bound', { narrowable: true, outputs: { y: ops.conv2d(once, w, attributes) } }),
    );
    expect(plan.steps.map((s) => s.name)).toEqual(['narrow', 'narrow', 'conv2d', 'conv2d', 'widen']);
    const values = (shape: readonly number[]): Float64Array =>
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(Math.sin(i)));
    const [y] = interpret(plan, [values(w.shape)], [values(x.shape)]);
    const [z] = interpret(
      compile(program('bound', { outputs: { y: ops.conv2d(once, w, attributes) } })),
      [values(w.shape)],
      [values(x.shape)],
    );
    y!.forEach((v, i) => {
      expect(v).toBe(toBf16(v));
      expect(Math.abs(v - z![i]!)).toBeLessThan(0.05 * Math.max(...z!));
    });
  });

  test('large products of matrices take bf16 and give float32', () => {
    const product = (m: number, n: number, k: number): readonly string[] => {
      const plan = narrow(
        program('product', {
          narrowable: true,
          outputs: { y: ops.matmul(ops.input('a', [m, k]), ops.input('b', [k, n])) },
        }),
      );
      const step = plan.steps.find((s) => s.kind === 'call' && s.kernel === 'matmul');
      return step?.kind === 'call'
        ? [...step.inputs, ...step.outputs].map((b) => plan.buffers[b]!.dtype)
        : [];
    };
    expect(product(128, 64, 128)).toEqual(['bf16', 'bf16', 'f32']);
    expect(product(128, 10, 1024)).toEqual(['f32', 'f32', 'f32']); // rows of 10 fit no pack
    expect(product(8, 8, 8)).toEqual(['f32', 'f32', 'f32']);
  });
});

/** Losses of a few steps on one batch, in the plan's interpreter. */
const losses = (plan: Plan, p: Program, steps: number): number[] => {
  const state = plan.state.map(({ name }) => valueOf(p.state.get(name)!).slice());
  const inputs = plan.inputs.map(({ name }) => valueOf(p.inputs.get(name)!));
  return Array.from(
    { length: steps },
    () => interpret(plan, state, inputs)[plan.outputs.findIndex((o) => o.name === 'loss')]![0]!,
  );
};

test('a training in bf16 follows the one in float32', { timeout: 120_000 }, () => {
  const p = trainStep(net, data, { split: 'train', count: 6 }, 8);
  const [full, reduced] = [losses(compile(p), p, 12), losses(narrow(p), p, 12)];
  expect(full[11]!).toBeLessThan(0.5 * full[0]!);
  reduced.forEach((loss, i) => expect(Math.abs(loss - full[i]!), `step ${i}`).toBeLessThan(0.05 * full[0]!)); // 0.019 measured
  expect(reduced).not.toEqual(full);
});
