import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { decodeJson } from '../../src/codec.js';
import { PlanCodec } from '../../src/compile/plan.js';
import type { Dataset } from '../../src/data/dataset.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import type { ImageNetwork } from '../../src/models/models.js';
import { rootsOf, type Program } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow } from '../../src/prune/criteria/synflow.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { integers, key, fold, normal } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import { nameOf } from '../../src/graph/graph.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { interpret } from './interpret.js';

const data = { name: 'tiny', height: 8, width: 8, channels: 3, classes: 4, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] } as unknown as Dataset;
const networks: Record<string, () => ImageNetwork> = {
  resnet: () => resnetCifar({ depth: 8, width: 4, image: 8, classes: 4 }) as ImageNetwork,
  lenet: () => lenet([8, 8, 3], { classes: 4 }) as unknown as ImageNetwork,
  mlp: () => mlp([8, 8, 3], { classes: 4, hidden: [12, 7] }) as unknown as ImageNetwork,
};

/** A plausible value for every leaf: what it is called and what it is for decides the range. */
const valueOf = (leaf: Tensor): Float64Array => {
  const n = size(leaf.shape);
  const own = fold(key(1), nameOf(leaf));
  const ints = (bound: number): Float64Array => Float64Array.from(integers(own, n, bound));
  switch (nameOf(leaf)) {
    case 'index': case 'labels': case 'data/train/labels': case 'data/test/labels': return ints(4);
    case 'shift': return ints(3).map((v, i) => (i % 3 === 2 ? v % 2 : v - 1));
    case 'keep': return Float64Array.of(100);
    case 'rate': return Float64Array.of(0.1);
    case 'round/exponent': return Float64Array.of(3);
  }
  if (leaf.dtype === 'u8') return ints(256);
  const z = normal(own, n);
  const role = leaf.attributes['role'];
  return role === 'mask' ? z.map((v) => (v > 0 ? 1 : 0)) : role === 'variance' || role === 'accumulator' ? z.map((v) => 0.5 + v * v) : role === 'weight' ? z.map((v) => 0.3 * v) : z;
};

const run = (p: Program): void => {
  const plan = compile(p, { checked: true });
  expect(decodeJson(PlanCodec, JSON.stringify(plan), 'plan', 'PLAN')).toEqual(plan);
  const before = new Map<string, Float64Array>();
  const value = (leaf: Tensor): Float64Array => {
    const k = `${leaf.op} ${nameOf(leaf)}`;
    if (!before.has(k)) before.set(k, valueOf(leaf));
    return before.get(k)!;
  };
  const expected = evaluate(rootsOf(p), (leaf) => value(leaf)).map((v) => v.slice());
  const state = plan.state.map(({ name }) => value(p.state.get(name)!).slice());
  const outputs = interpret(plan, state, plan.inputs.map(({ name }) => value(p.inputs.get(name)!)));
  const found = [...outputs, ...Object.keys(p.next).map((name) => state[plan.state.findIndex((s) => s.name === name)]!)];
  const names = [...Object.keys(p.outputs), ...Object.keys(p.next)];
  found.forEach((f, i) => {
    const e = expected[i]!;
    const scale = e.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
    const error = f.reduce((m, v, k) => (Object.is(v, e[k]) ? m : Math.max(m, Number.isNaN(v) ? Infinity : Math.abs(v - e[k]!))), 0);
    expect(error / scale, names[i]!).toBeLessThan(1e-9);
  });
};

describe.each(Object.keys(networks))('a compiled program of %s computes what its graph says', (name) => {
  const net = networks[name]!();
  test('training step', () => run(trainStep(net, data, { split: 'train', count: 6 }, 3, { nesterov: true })));
  test('evaluation', () => run(evaluateStep(net, data, { split: 'test', count: 6 }, 2)));
  test.each([['px', px()], ['px-gated', px({ mode: 'px-gated' })], ['synflow', synflow()], ['snip', snip()]])('a round of %s', (_, criterion) => {
    const { observe, select } = roundPrograms(net, criterion, 3);
    if (observe !== null) run(observe);
    run(select);
  });
});
