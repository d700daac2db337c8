import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { initialiserOf } from '../../src/graph/roles.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear, relu } from '../../src/nn/layers.js';
import { crossEntropy, mean } from '../../src/nn/loss.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { grasp } from '../../src/prune/criteria/grasp.js';
import { force, iterSnip } from '../../src/prune/criteria/iter-snip.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { viewOf } from '../../src/prune/criterion.js';
import type { MethodOptions } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { prune, type Minibatch, type Ticket } from '../../src/prune/prune.js';
import { fold, integers } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { maskName } from '../../src/transform/mask.js';
import {
  asWeights,
  difference,
  randomImages,
  randomMasks,
  randomState,
  runOnce,
  scoresOf,
  seeded,
  sum,
  times,
} from './helper.js';

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
  prune(net, asWeights(net, randomState(net, seedOf)), referenceDevice(), {
    ...options,
    density,
    rounds,
    data: [dataOf(net, 1), dataOf(net, 2)],
    allowCollapse: true,
  });
const flat = ({ masks }: Ticket): number[] => [...masks.values()].flatMap((m) => [...m]);

describe('itersnip and force', () => {
  test('force is the sensitivity to the mask, |dL/dm|', async () => {
    const view = viewOf(resnet, BATCH);
    const slopes = grad(
      mean(crossEntropy(view.trainBatch.output, ops.input('labels', [BATCH], 'i32'))),
      view.masks,
    );
    const p = program('slopes', {
      outputs: Object.fromEntries(slopes.map((g, i) => [nameOf(view.weights[i]!), ops.abs(g)])),
    });
    const expected = await runOnce(p, state, { images: batch.images, labels: batch.labels });
    const { scores } = await scoresOf(resnet, force(), state, batch);
    for (const [name, s] of scores) expect(difference(s, expected[name]!), name).toBeLessThan(1e-12);
  });
  test('itersnip is force for live weights and 0 for removed ones', async () => {
    const [kept, all] = [
      await scoresOf(resnet, iterSnip(), state, batch),
      await scoresOf(resnet, force(), state, batch),
    ];
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
      for (const [name, s] of found.scores)
        expect(difference(s, expected.scores.get(name)!)).toBeLessThan(1e-12);
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
      const [before, after] = [
        flat(await find(resnet, { method }, Math.sqrt(0.3), 1)),
        flat(await find(resnet, { method }, 0.3, 2)),
      ];
      return after.filter((m, i) => m === 1 && before[i] === 0).length;
    };
    expect(await returned('force')).toBeGreaterThan(0);
    expect(await returned('itersnip')).toBe(0);
  });
});

describe('grasp', () => {
  const dense = randomState(resnet, seedOf);
  /** Gradients of the loss at other weights; float64. */
  const slopesAt = async (
    weights: ReadonlyMap<string, Float64Array>,
    temperature: number,
  ): Promise<Map<string, Float64Array>> => {
    const view = viewOf(resnet, BATCH);
    const loss = mean(
      crossEntropy(
        ops.mul(view.trainBatch.output, ops.scalar(1 / temperature)),
        ops.input('labels', [BATCH], 'i32'),
      ),
    );
    const slopes = grad(loss, view.weights);
    const p = program('slopes', {
      outputs: Object.fromEntries(slopes.map((g, i) => [nameOf(view.weights[i]!), g])),
    });
    return new Map(
      Object.entries(await runOnce(p, weights, { images: batch.images, labels: batch.labels })).map(
        ([name, g]) => [name, Float64Array.from(g)],
      ),
    );
  };
  test.each([1, 200])(
    'H g is the change of the gradient along itself, temperature %d',
    async (temperature) => {
      const g = await slopesAt(dense, temperature);
      const step = 1e-8 / Math.max(...[...g.values()].map((v) => Math.max(...v.map(Math.abs))));
      const moved = (by: number): Map<string, Float64Array> =>
        new Map([...dense].map(([name, v]) => [name, v.map((x, i) => x + by * (g.get(name)?.[i] ?? 0))]));
      const [up, down] = [
        await slopesAt(moved(step), temperature),
        await slopesAt(moved(-step), temperature),
      ];
      const { scores } = await scoresOf(resnet, grasp({ temperature }), dense, batch);
      for (const [name, s] of scores) {
        const expected = s.map(
          (_, i) => (dense.get(name)![i]! * (up.get(name)![i]! - down.get(name)![i]!)) / (2 * step),
        );
        expect(difference(s, expected), name).toBeLessThan(1e-5);
      }
    },
  );
  test('scores sum to theta^T H g, half the growth of |g|^2 as all weights grow', async () => {
    const isWeight = new Set(prunable(resnet).map(nameOf));
    const grown = (by: number): Map<string, Float64Array> =>
      new Map([...dense].map(([name, v]) => [name, isWeight.has(name) ? times(1 + by, v) : v]));
    const squared = async (by: number): Promise<number> =>
      [...(await slopesAt(grown(by), 1)).values()].reduce((s, g) => s + sum(g.map((x) => x * x)), 0);
    const step = 1e-6;
    const expected = ((await squared(step)) - (await squared(-step))) / (4 * step);
    const { scores } = await scoresOf(resnet, grasp({ temperature: 1 }), dense, batch);
    expect(Math.abs([...scores.values()].reduce((s, v) => s + sum(v), 0) / expected - 1)).toBeLessThan(1e-6);
  });
  test('weights with negative scores go first', async () => {
    const { scores } = await scoresOf(small, grasp(), randomState(small, seedOf), dataOf(small, 1));
    const all = [...scores.values()].flatMap((s) => [...s]);
    expect(all.some((s) => s < 0)).toBe(true);
    const given = asWeights(small, randomState(small, seedOf));
    const ticket = await prune(small, given, referenceDevice(), {
      method: 'grasp',
      density: 0.5,
      data: [dataOf(small, 1)],
      allowCollapse: true,
    });
    const threshold = [...all].sort((a, b) => b - a)[all.length / 2 - 1]!;
    expect(flat(ticket)).toEqual(all.map((s) => (s >= threshold ? 1 : 0)));
  });
  test('a round leaves both accumulators empty', async () => {
    const { accumulate, secondPass, select } = roundPrograms(small, grasp(), BATCH);
    const device = referenceDevice();
    const store = device.store();
    const given = randomState(small, seedOf);
    const accumulators = ['round/sum', 'round/exponent', 'round/second/sum', 'round/second/exponent'];
    const held = (): Promise<number[][]> =>
      Promise.all(accumulators.map(async (name) => Array.from(await store.read(name))));
    for (const p of [accumulate!, secondPass!, select]) {
      for (const [name, leaf] of p.state)
        if (!store.has(name))
          await store.add(
            name,
            leaf,
            given.get(name) ??
              new Float64Array(size(leaf.shape)).fill(
                (initialiserOf(leaf) as { readonly value: number }).value,
              ),
          );
    }
    const empty = await held();
    const { images, labels } = dataOf(small, 1);
    for (const p of [accumulate!, secondPass!])
      await (await device.compile(p)).run(store, { images, labels });
    (await held()).forEach((values, i) => {
      expect(values, accumulators[i]).not.toEqual(empty[i]);
    });
    await (await device.compile(select)).run(store, { keep: [5] });
    expect(await held()).toEqual(empty);
  });
  test('it refuses rounds and cold logits', async () => {
    const given = asWeights(small, randomState(small, seedOf));
    const run = (options: { rounds?: number; temperature?: number }): Promise<Ticket> =>
      prune(small, given, referenceDevice(), {
        method: 'grasp',
        density: 0.5,
        data: [dataOf(small, 1)],
        ...options,
      });
    await expect(run({ rounds: 2 })).rejects.toMatchObject({
      code: 'OPTION',
      message:
        'prune: grasp is single-shot, rounds 2: removed weights would score 0, above every live weight with a negative score; use 1',
    });
    await expect(run({ temperature: 0 })).rejects.toMatchObject({
      code: 'OPTION',
      message: 'grasp: temperature 0 is not a positive number; its options are temperature (200)',
    });
  });
});

test('the leaves and products of a view are those of its network', () => {
  const { weights, masks, effective } = viewOf(resnet, BATCH);
  expect(weights.map(nameOf)).toEqual(prunable(resnet).map(nameOf));
  expect(masks.map(nameOf)).toEqual(weights.map((w) => maskName(nameOf(w))));
  effective.forEach((e, i) => expect(e.inputs).toEqual([weights[i], masks[i]]));
});
