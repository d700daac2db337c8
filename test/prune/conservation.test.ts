import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf } from '../../src/graph/roles.js';
import { parameters, prunable, type Network } from '../../src/nn/network.js';
import { px } from '../../src/prune/criteria/px.js';
import { size } from '../../src/tensor/tensor.js';
import { activation, constantScores, scoresOf, sum } from './helper.js';
import { chains, forAll, layersOf, near, resNets, setting, WITHOUT_BIAS } from './random-networks.js';

/** methods.md 3.7, items 2 and 3: nothing is lost on the way. */

/**
 * Scores of the weights into unit `u` of the layer, and out of it: units are the first axis of a weight and
 * the last of the next, also after flattening NHWC.
 */
const into = (net: Network, scores: ReadonlyMap<string, Float64Array>, layer: string, u: number): number => {
  const { shape } = prunable(net).find((w) => w.path === layer)!;
  const per = size(shape) / shape[0]!;
  return sum(scores.get(`${layer}.weight`)!.subarray(u * per, (u + 1) * per));
};
const outOf = (scores: ReadonlyMap<string, Float64Array>, layer: string, u: number, units: number): number =>
  sum(scores.get(`${layer}.weight`)!.filter((_, i) => i % units === u));

describe('conservation: every cut carries Q', () => {
  test.each(WITHOUT_BIAS)('%s: each layer of a chain, without paths from biases', (_, criterion) =>
    forAll(setting(chains, 0.9), async ({ net, state, images }) => {
      const { q, shares } = await scoresOf(net, criterion, state, { images });
      fc.pre(q !== 0);
      for (const name of layersOf(net)) near(sum(shares.get(name)!), 1);
    }),
  );

  test.each(WITHOUT_BIAS)(
    '%s: first convolution, classifier, and main path + shortcut of a residual network',
    (_, criterion) =>
      forAll(setting(resNets, 0.9), async ({ net, state, images }) => {
        const { q, shares } = await scoresOf(net, criterion, state, { images });
        fc.pre(q !== 0);
        const layer = (name: string): number => sum(shares.get(`${name}.weight`)!);
        near(layer('conv'), 1);
        near(layer('fc'), 1);
        near(layer('b.conv1') + layer('b.shortcut.0'), 1);
        near(layer('b.conv1'), layer('b.conv2'), 1);
        if (shares.has('a.conv1.weight')) {
          near(layer('a.conv1'), layer('a.conv2'), 1);
          expect(layer('a.conv1')).toBeLessThan(1);
        }
      }),
  );

  test('px with paths from biases: the weights of a layer, its constants and all later ones', () =>
    forAll(setting(chains, 0.9), async ({ net, state, images }) => {
      const { q, scores } = await scoresOf(net, px(), state, { images });
      fc.pre(q !== 0);
      const constants = constantScores(net, state, Array.from(activation(net, px(), state, images)));
      const order = parameters(net).filter((p) => ['weight', 'bias', 'shift'].includes(roleOf(p)!));
      order.forEach((p, at) => {
        if (roleOf(p) !== 'weight') return;
        const later = order
          .slice(at)
          .filter((c) => roleOf(c) !== 'weight')
          .reduce((s, c) => s + sum(constants.get(c.path)!), 0);
        near(sum(scores.get(nameOf(p))!) + later, q);
      });
    }));

  test('px with paths from shifts in a residual network', () =>
    forAll(setting(resNets, 0.9), async ({ net, state, images }) => {
      const { q, scores } = await scoresOf(net, px(), state, { images });
      fc.pre(q !== 0);
      const constants = constantScores(net, state, Array.from(activation(net, px(), state, images)));
      const layer = (name: string): number => sum(scores.get(`${name}.weight`)!);
      const at = (...names: string[]): number =>
        names.reduce((s, n) => s + (constants.has(n) ? sum(constants.get(n)!) : 0), 0);
      const last = ['b.bn1', 'b.bn2', 'b.shortcut.1', 'fc'];
      near(layer('fc') + at('fc'), q);
      near(layer('b.conv1') + layer('b.shortcut.0') + at(...last), q);
      near(layer('conv') + at('bn', 'a.bn1', 'a.bn2', ...last), q);
    }));

  test('px through each hidden unit: weights in + its bias + its shift = weights out', () =>
    forAll(setting(chains, 0.8), async ({ net, state, images }) => {
      const { q, scores } = await scoresOf(net, px(), state, { images });
      fc.pre(q !== 0);
      const constants = constantScores(net, state, Array.from(activation(net, px(), state, images)));
      const layers = prunable(net);
      layers.slice(0, -1).forEach((w, l) => {
        const units = w.shape[0]!;
        for (let u = 0; u < units; u++) {
          const received =
            into(net, scores, w.path, u) +
            (constants.get(w.path)?.[u] ?? 0) +
            (constants.get(`n${l}`)?.[u] ?? 0);
          near(received, outOf(scores, layers[l + 1]!.path, u, units), q);
        }
      });
    }));

  test.each(WITHOUT_BIAS)(
    '%s through each hidden unit, without paths from biases: weights in = weights out',
    (_, criterion) =>
      forAll(setting(chains, 0.8), async ({ net, state, images }) => {
        const { q, shares } = await scoresOf(net, criterion, state, { images });
        fc.pre(q !== 0);
        const layers = prunable(net);
        layers.slice(0, -1).forEach((w, l) => {
          for (let u = 0; u < w.shape[0]!; u++)
            near(into(net, shares, w.path, u), outOf(shares, layers[l + 1]!.path, u, w.shape[0]!), 1);
        });
      }),
  );

  test('px through each channel of a residual network, where an identity takes part of it past the block', () =>
    forAll(setting(resNets, 0.9), async ({ net, state, images }) => {
      const { q, scores } = await scoresOf(net, px(), state, { images });
      fc.pre(q !== 0);
      const constants = constantScores(net, state, Array.from(activation(net, px(), state, images)));
      const channels = (layer: string): number => prunable(net).find((w) => w.path === layer)!.shape[0]!;
      // Each [convolution, its norm] ends in the channel, each of `next` starts there.
      const through = (sources: readonly (readonly [string, string])[], next: readonly string[]): void => {
        const units = channels(sources[0]![0]);
        for (let u = 0; u < units; u++) {
          near(
            sum(sources.map(([conv, norm]) => into(net, scores, conv, u) + constants.get(norm)![u]!)),
            sum(next.map((layer) => outOf(scores, layer, u, units))),
            q,
          );
        }
      };
      const identity = scores.has('a.conv1.weight');
      // The identity's share enters and leaves again: it cancels between the stem and what reads the block.
      through(
        [['conv', 'bn'], ...(identity ? [['a.conv2', 'a.bn2'] as const] : [])],
        [...(identity ? ['a.conv1'] : []), 'b.conv1', 'b.shortcut.0'],
      );
      if (identity) through([['a.conv1', 'a.bn1']], ['a.conv2']);
      through([['b.conv1', 'b.bn1']], ['b.conv2']);
      through(
        [
          ['b.conv2', 'b.bn2'],
          ['b.shortcut.0', 'b.shortcut.1'],
        ],
        ['fc'],
      );
    }));
});
