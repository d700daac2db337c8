import { describe, expect, test } from 'vitest';
import { flopsOf, walk } from '../../src/graph/graph.js';
import { batchNorm, conv2d, globalAveragePool, linear, relu } from '../../src/nn/layers.js';
import { network, rebatch, type Network } from '../../src/nn/network.js';
import { definitionOf } from '../../src/ops/registry.js';
import { rootsOf, type Program } from '../../src/program/program.js';
import { criterionOf, METHODS, procedureOf, type CriterionOptions } from '../../src/prune/methods.js';
import { showCost, type Passes } from '../../src/prune/method.js';
import { roundPrograms } from '../../src/prune/programs.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { inference } from '../../src/transform/readings.js';

/** What methods say they cost, against the convolutions and products in their programs. */

/** Its first layer is small beside the others, since no pass needs the gradient of the images. */
const net = network('even', [6, 6, 1], (x) => {
  const layer = (name: string, out: number) => (y: Tensor<readonly [number, number, number, number]>) =>
    relu(batchNorm(`${name}.bn`)(conv2d(name, out, { kernel: 3 })(y))) as Tensor<
      readonly [number, number, number, number]
    >;
  return linear(
    'fc',
    2,
  )(globalAveragePool(['b', 'c', 'd', 'e'].reduce((y, name) => layer(name, 12)(y), layer('a', 12)(x))));
}) as unknown as Network;
const BATCH = 3;

const isLayer = (t: Tensor): boolean => t.op.startsWith('conv2d') || t.op === 'matmul';
const layerFlops = (roots: readonly Tensor[]): number =>
  walk(roots)
    .filter(isLayer)
    .reduce((s, t) => s + definitionOf(t.op).cost(t).flops, 0);
const forward = (batch: number): number => layerFlops([inference(rebatch(net, batch)).output]);

/**
 * A backward pass has two products for each of the forward pass; the derivative of both has two for each of
 * theirs.
 */
const inForwards = ({ forward: f, backward, second = 0 }: Passes = { forward: 0, backward: 0 }): number =>
  f + 2 * backward + 6 * second;

const CASES: readonly CriterionOptions[] = [
  ...METHODS.filter((method) => procedureOf({ method }).kind === 'criterion' && method !== 'imp').map(
    (method) => ({ method }) as CriterionOptions,
  ),
  { method: 'px', mode: 'px-gated' },
  { method: 'px', mode: 'px-release' },
  { method: 'prospr', steps: 0 },
  { method: 'prospr', steps: 1 },
  { method: 'prospr', order: 'first' },
];
test.each(CASES)('$method $mode $steps $order costs what it says', (options) => {
  const criterion = criterionOf(options);
  const { accumulate, secondPass, select } = roundPrograms(net, criterion, BATCH);
  const flops = (...programs: readonly (Program | null)[]): number =>
    programs.reduce((s, p) => s + (p === null ? 0 : layerFlops(rootsOf(p))), 0);
  const [minibatch, round] = [flops(accumulate, secondPass) / forward(BATCH), flops(select) / forward(1)];
  const said = [inForwards(criterion.cost.perMinibatch), inForwards(criterion.cost.perRound)];
  for (const [found, claim] of [
    [minibatch, said[0]!],
    [round, said[1]!],
  ] as const) {
    if (claim === 0) expect(found).toBe(0);
    else expect(Math.abs(found / claim - 1), `${found} forward passes instead of ${claim}`).toBeLessThan(0.1);
  }
});

test('nearly all work of a network is in its layers', () => {
  const { output } = inference(rebatch(net, BATCH));
  expect(layerFlops([output]) / flopsOf([output])).toBeGreaterThan(0.95);
});

describe('written as a formula', () => {
  const costs = (options: CriterionOptions): string => showCost(procedureOf(options));
  test('of the methods', () => {
    expect(Object.fromEntries(METHODS.map((method) => [method, costs({ method })]))).toEqual({
      px: 'R (M 2F + f + b)',
      synflow: 'R (f + b)',
      'synflow-l2': 'R (f + b)',
      logsynflow: 'R (f + b)',
      snip: 'M (F + B)',
      itersnip: 'R M (F + B)',
      force: 'R M (F + B)',
      grasp: 'M (2F + 4B)',
      prospr: 'M (4F + 10B)',
      'ntk-sap': 'R S M (3F + 2B)',
      phew: 'no pass',
      magnitude: 'no pass',
      random: 'no pass',
      imp: 'R T',
    });
  });
  test('of their options', () => {
    expect([
      costs({ method: 'px', mode: 'px-gated' }),
      costs({ method: 'prospr', steps: 0 }),
      costs({ method: 'prospr', steps: 2, order: 'first' }),
    ]).toEqual(['R M (2F + B)', 'M (F + B)', 'M (3F + 3B)']);
  });
});
