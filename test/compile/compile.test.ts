import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { TARGETS, type Target } from '../../src/compile/target.js';
import { decodeJson } from '../../src/codec.js';
import { PlanCodec } from '../../src/plan/plan.js';
import { ops } from '../../src/ops/registry.js';
import { program, rootsOf, type Program } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow } from '../../src/prune/criteria/synflow.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluate } from '../../src/runtime/reference.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { nameOf } from '../../src/graph/graph.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { interpret } from './interpret.js';
import { data, networks, valueOf } from './tiny.js';

const run = (p: Program): void => Object.values(TARGETS).forEach((target) => runFor(p, target));

const runFor = (p: Program, target: Target): void => {
  const plan = compile(p, target, { checked: true });
  expect(decodeJson(PlanCodec, JSON.stringify(plan), 'plan', 'PLAN')).toEqual(plan);
  const before = new Map<string, Float64Array>();
  const value = (leaf: Tensor): Float64Array => {
    const k = `${leaf.op} ${nameOf(leaf)}`;
    if (!before.has(k)) before.set(k, valueOf(leaf));
    return before.get(k)!;
  };
  const expected = evaluate(rootsOf(p), (leaf) => value(leaf)).map((v) => v.slice());
  const state = plan.state.map(({ name }) => value(p.state.get(name)!).slice());
  const outputs = interpret(
    plan,
    state,
    plan.inputs.map(({ name }) => value(p.inputs.get(name)!)),
  );
  const found = [
    ...outputs,
    ...Object.keys(p.next).map((name) => state[plan.state.findIndex((s) => s.name === name)]!),
  ];
  const names = [...Object.keys(p.outputs), ...Object.keys(p.next)];
  found.forEach((f, i) => {
    const e = expected[i]!;
    const scale = e.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
    const error = f.reduce(
      (m, v, k) => (Object.is(v, e[k]) ? m : Math.max(m, Number.isNaN(v) ? Infinity : Math.abs(v - e[k]!))),
      0,
    );
    expect(error / scale, names[i]!).toBeLessThan(1e-9);
  });
};

describe.each(Object.keys(networks))('a compiled program of %s computes what its graph says', (name) => {
  const net = networks[name]!();
  test('training step', () => run(trainStep(net, data, { split: 'train', count: 6 }, 3, { nesterov: true })));
  test('evaluation', () => run(evaluateStep(net, data, { split: 'test', count: 6 }, 2)));
  test.each([
    ['px', px()],
    ['px-gated', px({ mode: 'px-gated' })],
    ['synflow', synflow()],
    ['snip', snip()],
  ])('a round of %s', (_, criterion) => {
    const { accumulate, select } = roundPrograms(net, criterion, 3);
    if (accumulate !== null) run(accumulate);
    run(select);
  });
});

test('constants that JSON writes alike are not shared', () => {
  const x = ops.input('x', [2]);
  const values = [Infinity, -Infinity, NaN, 0, -0];
  const p = program('odd', {
    outputs: Object.fromEntries(values.map((v, i) => [`y${i}`, ops.mul(x, ops.scalar(v))])),
  });
  expect(interpret(compile(p), [], [Float64Array.of(1, 2)]).map((y) => [...y])).toEqual(
    values.map((v) => [v, 2 * v]),
  );
});

test('the variance of single values, be they a matrix of one row or an image of one pixel', () => {
  for (const shape of [
    [1, 3],
    [1, 1, 1, 2],
    [1, 1],
  ] as const) {
    const [x, y] = [ops.input('x', shape), ops.state('y', shape)];
    run(program('single', { outputs: { v: ops.variance(x), w: ops.variance(ops.mul(x, y)) } }));
  }
  const x = ops.input('x', [1, 3]);
  const plan = compile(program('single', { outputs: { v: ops.variance(x) } }));
  expect([...interpret(plan, [], [Float64Array.of(2, NaN, -1)])[0]!]).toEqual([0, NaN, 0]);
});
