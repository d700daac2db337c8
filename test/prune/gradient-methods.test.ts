import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear, relu } from '../../src/nn/layers.js';
import { crossEntropy, mean } from '../../src/nn/loss.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { force, iterSnip } from '../../src/prune/criteria/iter-snip.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { viewOf } from '../../src/prune/criterion.js';
import type { MethodOptions } from '../../src/prune/methods.js';
import { prune, type Minibatch, type Ticket } from '../../src/prune/prune.js';
import { fold, integers } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { grad } from '../../src/transform/grad.js';
import { maskName } from '../../src/transform/mask.js';
import { asWeights, difference, randomImages, randomMasks, randomState, runOnce, scoresOf, seeded } from './helper.js';

/** Criteria made of derivatives of the loss. */

const resnet = resnetCifar({ depth: 8, width: 2, image: 8, classes: 4 }) as unknown as Network;
const small = network('small', [3], (x) => linear('b', 2)(relu(linear('a', 4)(x)))) as unknown as Network;
const BATCH = 4;
const dataOf = (net: Network, seed: number): Minibatch => ({
  images: Float32Array.from(randomImages(net, BATCH, seeded(seed))),
  labels: integers(fold(seeded(seed), 'labels'), BATCH, net.output.shape[1]!),
});
const seedOf = seeded(11);
const state = new Map([...randomState(resnet, seedOf), ...randomMasks(resnet, 0.6, seedOf)]);
const batch = dataOf(resnet, 3);

const find = (net: Network, options: MethodOptions, density: number, rounds: number): Promise<Ticket> =>
  prune(net, asWeights(net, randomState(net, seedOf)), referenceDevice(), { ...options, density, rounds, data: [dataOf(net, 1), dataOf(net, 2)], allowCollapse: true });
const flat = ({ masks }: Ticket): number[] => [...masks.values()].flatMap((m) => [...m]);

describe('itersnip and force', () => {
  test('force is the sensitivity to the mask, |dL/dm|', async () => {
    const view = viewOf(resnet, BATCH);
    const slopes = grad(mean(crossEntropy(view.trained.output, ops.input('labels', [BATCH], 'i32'))), view.masks);
    const p = program('slopes', { outputs: Object.fromEntries(slopes.map((g, i) => [nameOf(view.weights[i]!), ops.abs(g)])) });
    const expected = await runOnce(p, state, { images: batch.images, labels: batch.labels });
    const { scores } = await scoresOf(resnet, force(), state, batch);
    for (const [name, s] of scores) expect(difference(s, expected[name]!), name).toBeLessThan(1e-12);
  });
  test('itersnip is force for live weights and 0 for removed ones', async () => {
    const [kept, all] = [await scoresOf(resnet, iterSnip(), state, batch), await scoresOf(resnet, force(), state, batch)];
    for (const [name, s] of kept.scores) {
      expect(s).toEqual(all.scores.get(name)!.map((v, i) => v * state.get(maskName(name))![i]!));
      expect(all.scores.get(name)!.some((v, i) => v > 0 && state.get(maskName(name))![i] === 0)).toBe(true);
    }
  });
  test('with all weights present both are snip', async () => {
    const dense = randomState(resnet, seedOf);
    const expected = await scoresOf(resnet, snip(), dense, batch);
    for (const criterion of [iterSnip(), force()]) {
      const found = await scoresOf(resnet, criterion, dense, batch);
      for (const [name, s] of found.scores) expect(difference(s, expected.scores.get(name)!)).toBeLessThan(1e-12);
    }
  });
  test('one round of either is snip', async () => {
    const expected = flat(await find(small, { method: 'snip' }, 0.4, 1));
    expect(flat(await find(small, { method: 'itersnip' }, 0.4, 1))).toEqual(expected);
    expect(flat(await find(small, { method: 'force' }, 0.4, 1))).toEqual(expected);
  });
  test('weights that force removed return; those that itersnip removed do not', async () => {
    const returned = async (method: 'force' | 'itersnip'): Promise<number> => {
      // The first of two rounds at density d ends where one round at sqrt d does.
      const [before, after] = [flat(await find(resnet, { method }, Math.sqrt(0.3), 1)), flat(await find(resnet, { method }, 0.3, 2))];
      return after.filter((m, i) => m === 1 && before[i] === 0).length;
    };
    expect(await returned('force')).toBeGreaterThan(0);
    expect(await returned('itersnip')).toBe(0);
  });
});

test('the leaves and products of a view are those of its network', () => {
  const { weights, masks, effective } = viewOf(resnet, BATCH);
  expect(weights.map(nameOf)).toEqual(prunable(resnet).map(nameOf));
  expect(masks.map(nameOf)).toEqual(weights.map((w) => maskName(nameOf(w))));
  effective.forEach((e, i) => expect(e.inputs).toEqual([weights[i], masks[i]]));
});
