import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf } from '../../src/graph/roles.js';
import { parameters, prunable } from '../../src/nn/network.js';
import { program } from '../../src/program/program.js';
import { force, iterSnip } from '../../src/prune/criteria/iter-snip.js';
import { magnitude } from '../../src/prune/criteria/magnitude.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import { maskName } from '../../src/transform/mask.js';
import {
  activation,
  constantScores,
  difference,
  normDifference,
  runOnce,
  scoresOf,
  sum,
  times,
  type State,
} from './helper.js';
import { data, images, masks, net, oracle, ours, values, type Scores } from './oracle-network.js';

/**
 * Agreement with test/oracle/px.py: the same network and images in PyTorch, float64, its own formulas and
 * autodiff.
 */

const TOLERANCE = 1e-9;

test('the networks have the same parameters', () => {
  expect(parameters(net).map(nameOf).sort()).toEqual([...values.keys()].sort());
  expect(prunable(net).map(nameOf).sort()).toEqual(Object.keys(oracle.masks).sort());
});

describe.each([
  ['dense', oracle.cases.dense, values],
  ['masked', oracle.cases.masked, new Map([...values, ...masks])],
] as const)('%s', (_, theirs, state: State) => {
  const agree = async (criterion: Criterion, expected: Scores, q?: number): Promise<void> => {
    const found = await scoresOf(net, criterion, state, criterion.data === 'none' ? {} : data);
    if (q !== undefined) expect(Math.abs(found.q / q - 1)).toBeLessThan(TOLERANCE);
    expect([...found.scores.keys()].sort()).toEqual(Object.keys(expected.scores).sort());
    for (const [name, s] of found.scores) {
      expect(difference(s, ours(name, expected.scores[name]!)), name).toBeLessThan(TOLERANCE);
      expect(normDifference(s, ours(name, expected.scores[name]!)), name).toBeLessThan(TOLERANCE);
    }
  };

  test('logits, by stored and by batch statistics', async () => {
    const { evalBatch, trainBatch } = viewOf(net, oracle.labels.length);
    const out = await runOnce(
      program('logits', { outputs: { eval: evalBatch.output, train: trainBatch.output } }),
      state,
      { images },
    );
    expect(difference(out['eval']!, theirs.logits.eval)).toBeLessThan(TOLERANCE);
    expect(difference(out['train']!, theirs.logits.train)).toBeLessThan(TOLERANCE);
  });

  describe.each([true, false])('with exponents: %s', (scaled) => {
    test('px', () => agree(px({ scaled }), theirs.px, theirs.px.Q));
    test('the activation flow of px', () => {
      expect(difference(activation(net, px({ scaled }), state, images), theirs.px.Abar)).toBeLessThan(
        TOLERANCE,
      );
    });
    test('synflow', () => agree(synflow({ scaled }), theirs.synflow, theirs.synflow.Q));
    test('synflow-l2', () => agree(synflowL2({ scaled }), theirs['synflow-l2'], theirs['synflow-l2'].Q));
    test('synflow-l2 ranked by its gradient is the flow over |theta|', async () => {
      const { q, shares } = await scoresOf(net, synflowL2({ scaled, form: 'gradient' }), state);
      for (const [name, s] of shares) {
        const theta = values.get(name)!;
        expect(
          difference(
            times(
              q,
              s.map((v, i) => v * Math.abs(theta[i]!)),
            ),
            ours(name, theirs['synflow-l2'].scores[name]!),
          ),
          name,
        ).toBeLessThan(TOLERANCE);
      }
    });
  });

  test('snip on batch statistics', () => agree(snip(), theirs.snip));
  test('snip on stored statistics', () => agree(snip({ statistics: 'stored' }), theirs['snip-eval']));
  test('itersnip, which is snip at the masked point', () => agree(iterSnip(), theirs.snip));
  test('force', () => agree(force(), theirs.force));
  test('magnitude of the live weights', async () => {
    const { scores } = await scoresOf(net, magnitude(), state);
    for (const [name, s] of scores) {
      const m = state.get(maskName(name));
      expect(
        s.map((v, i) => v * (m?.[i] ?? 1)),
        name,
      ).toEqual(ours(name, theirs.magnitude.scores[name]!));
    }
  });

  test('the constants that px counts paths from', () => {
    const found = constantScores(net, state, theirs.px.Abar);
    const layers = parameters(net)
      .filter((p) => roleOf(p) === 'shift')
      .map((p) => p.path);
    for (const layer of [...layers, 'fc']) {
      expect(
        difference(found.get(layer)!, theirs.px.constants[layer === 'fc' ? 'fc.bias' : layer]!),
        layer,
      ).toBeLessThan(TOLERANCE);
    }
    const all = Object.values(theirs.px.constants).reduce(
      (s, c) => s + sum(c),
      sum(theirs.px.scores['conv.weight']!),
    );
    expect(Math.abs(all / theirs.px.Q - 1)).toBeLessThan(TOLERANCE);
  });
});
