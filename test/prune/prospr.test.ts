import { describe, expect, test } from 'vitest';
import { nameOf, walk } from '../../src/graph/graph.js';
import { initialiserOf, isLearnt } from '../../src/graph/roles.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { batchNorm, linear, relu } from '../../src/nn/layers.js';
import { crossEntropy, mean } from '../../src/nn/loss.js';
import { network, parameters, prunable, rebatch, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program, rootsOf } from '../../src/program/program.js';
import { prospr } from '../../src/prune/criteria/prospr.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { prune, type Minibatch } from '../../src/prune/prune.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { fold, integers } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { training } from '../../src/transform/readings.js';
import { asWeights, difference, randomImages, randomState, runOnce, scoresOf, seeded } from './helper.js';

const tiny = network('tiny', [3], (x) =>
  linear('b', 3)(relu(batchNorm('n')(linear('a', 4)(x)))),
) as unknown as Network;
const resnet = resnetCifar({ depth: 8, width: 2, image: 8, classes: 4 }) as unknown as Network;
const BATCH = 6;
const seedOf = seeded(21);

type Values = ReadonlyMap<string, Float64Array>;
type Options = NonNullable<Parameters<typeof prospr>[0]>;
const dataOf = (net: Network, seed: number): Minibatch => ({
  images: Float32Array.from(randomImages(net, BATCH, seeded(seed))),
  labels: integers(fold(seeded(seed), 'labels'), BATCH, net.output.shape[1]!),
});

/**
 * Loss and gradients of a network without masks, the inner steps outside of any graph: what the unrolled
 * graph must agree with.
 */
const byHand = (net: Network, data: Minibatch) => {
  const { output } = training(rebatch(net, BATCH));
  const loss = mean(crossEntropy(output, ops.input('labels', [BATCH], 'i32')));
  const learnt = parameters(net).filter(isLearnt);
  const names = learnt.map(nameOf);
  const slopes = grad(loss, learnt);
  const p = program('loss', {
    outputs: { loss, ...Object.fromEntries(names.map((name, i) => [`slope/${name}`, slopes[i]!])) },
  });
  const at = async (w: Values): Promise<{ readonly loss: number; readonly slopes: Values }> => {
    const out = await runOnce(p, w, { images: data.images, labels: data.labels });
    return {
      loss: out['loss']![0]!,
      slopes: new Map(names.map((name) => [name, Float64Array.from(out[`slope/${name}`]!)])),
    };
  };
  const trained = async (w: Values, { steps = 3, rate = 0.1, momentum = 0 }: Options): Promise<Values> => {
    let velocity: Values = new Map(names.map((name) => [name, new Float64Array(w.get(name)!.length)]));
    for (let step = 0; step < steps; step++) {
      const { slopes: g } = await at(w);
      velocity = new Map(
        names.map((name) => [name, velocity.get(name)!.map((v, i) => momentum * v + g.get(name)![i]!)]),
      );
      const moves = velocity;
      w = new Map([
        ...w,
        ...names.map((name) => [name, w.get(name)!.map((v, i) => v - rate * moves.get(name)![i]!)] as const),
      ]);
    }
    return w;
  };
  return { at, trained };
};

describe('prospr', () => {
  const [data, state] = [dataOf(tiny, 1), randomState(tiny, seedOf)];

  test('without inner steps it is snip', async () => {
    const [batch, values] = [dataOf(resnet, 2), randomState(resnet, seedOf)];
    const [found, expected] = [
      await scoresOf(resnet, prospr({ steps: 0 }), values, batch),
      await scoresOf(resnet, snip(), values, batch),
    ];
    for (const [name, s] of found.scores)
      expect(difference(s, expected.scores.get(name)!), name).toBeLessThan(1e-12);
  });

  test.each([{}, { steps: 1, rate: 0.3 }, { steps: 2, rate: 0.05, momentum: 0.9 }] as const)(
    '%o: the change of the loss after training as a mask moves',
    async (options) => {
      const { at, trained } = byHand(tiny, data);
      const step = 1e-5;
      const { scores } = await scoresOf(tiny, prospr(options), state, data);
      for (const [name, s] of scores) {
        const after = (i: number, by: number): Promise<number> =>
          trained(
            new Map([...state, [name, state.get(name)!.map((v, j) => (j === i ? v * (1 + by) : v))]]),
            options,
          )
            .then(at)
            .then(({ loss }) => loss);
        const expected = await Promise.all(
          Array.from(
            s,
            async (_, i) => Math.abs((await after(i, step)) - (await after(i, -step))) / (2 * step),
          ),
        );
        expect(difference(s, expected), name).toBeLessThan(1e-6);
      }
    },
  );

  test.each([{}, { rate: 0.2, momentum: 0.5 }] as const)(
    'of first order, %o, it is |theta dL/dw| at the trained weights',
    async (options) => {
      const [batch, values] = [dataOf(resnet, 2), randomState(resnet, seedOf)];
      const { at, trained } = byHand(resnet, batch);
      const { slopes } = await at(await trained(values, options));
      const { scores } = await scoresOf(resnet, prospr({ ...options, order: 'first' }), values, batch);
      for (const [name, s] of scores)
        expect(
          difference(
            s,
            values.get(name)!.map((v, i) => Math.abs(v * slopes.get(name)![i]!)),
          ),
          name,
        ).toBeLessThan(1e-10);
      const full = await scoresOf(resnet, prospr(options), values, batch);
      expect([...scores].some(([name, s]) => difference(s, full.scores.get(name)!) > 1e-2)).toBe(true);
    },
  );

  test('gradients of minibatches add up before their magnitude is taken', async () => {
    const halves = [dataOf(tiny, 1), dataOf(tiny, 2)];
    const device = referenceDevice();
    const { accumulate } = roundPrograms(tiny, prospr(), BATCH);
    const sums = async (given: readonly Minibatch[]): Promise<number[]> => {
      const store = device.store();
      for (const [name, leaf] of accumulate!.state) {
        const init = initialiserOf(leaf);
        await store.add(
          name,
          leaf,
          state.get(name) ??
            new Float64Array(size(leaf.shape)).fill(init?.kind === 'constant' ? init.value : NaN),
        );
      }
      const executable = await device.compile(accumulate!);
      for (const { images, labels } of given) await executable.run(store, { images, labels });
      return [...(await store.read('round/sum'))];
    };
    const [first, second, both] = [
      await sums(halves.slice(0, 1)),
      await sums(halves.slice(1)),
      await sums(halves),
    ];
    expect(
      difference(
        both,
        first.map((v, i) => v + second[i]!),
      ),
    ).toBeLessThan(1e-12);
    expect(first.some((v, i) => v * second[i]! < 0)).toBe(true);
  });

  test('it writes nothing but its sum, and reads neither running means nor variances', () => {
    const { accumulate } = roundPrograms(tiny, prospr(), BATCH);
    expect(Object.keys(accumulate!.next)).toEqual(['round/sum', 'round/exponent']);
    expect([...accumulate!.state.keys()].filter((name) => name.includes('running'))).toEqual([]);
  });

  test('the graph grows by the same number of nodes with each step', () => {
    const nodes = (steps: number): number => {
      const { accumulate } = roundPrograms(resnet, prospr({ steps }), BATCH);
      return walk(rootsOf(accumulate!)).length;
    };
    const [one, two, three] = [nodes(1), nodes(2), nodes(3)];
    expect(three - two).toBe(two - one);
  });

  test('options that have no meaning are refused', () => {
    const list = 'its options are steps (3), rate (0.1), momentum (0), order (full)';
    expect(() => prospr({ steps: 1.5 })).toThrow(`prospr: steps 1.5 is not an integer from 0 on; ${list}`);
    expect(() => prospr({ rate: 0 })).toThrow(`prospr: rate 0 is not a positive number; ${list}`);
    expect(() => prospr({ momentum: 1 })).toThrow(`prospr: momentum 1 is not a number in [0, 1); ${list}`);
  });

  test('prune() takes its best in one round, and no more', async () => {
    const { scores } = await scoresOf(
      tiny,
      prospr({ steps: 2 }),
      new Map([...state].map(([n, v]) => [n, v.map(Math.fround)])),
      data,
    );
    const all = prunable(tiny).flatMap((w) => [...scores.get(nameOf(w))!]);
    const options = { method: 'prospr', steps: 2, density: 0.5, data: [data], allowCollapse: true } as const;
    const { masks } = await prune(tiny, asWeights(tiny, state), referenceDevice(), options);
    const threshold = [...all].sort((a, b) => b - a)[Math.ceil(all.length / 2) - 1]!;
    expect([...masks.values()].flatMap((m) => [...m])).toEqual(all.map((s) => (s >= threshold ? 1 : 0)));
    await expect(
      prune(tiny, asWeights(tiny, state), referenceDevice(), { ...options, rounds: 2 }),
    ).rejects.toThrow(/^prune: prospr is single-shot, rounds 2: .+; use 1$/);
  });
});
