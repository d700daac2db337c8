import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import { projectionBlock, resnetCifar } from '../../src/models/resnet-cifar.js';
import { conv2d, flatten, globalAveragePool, linear } from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { initialise, type Weights } from '../../src/nn/weights.js';
import { walks, type Crossing } from '../../src/prune/criteria/phew.js';
import { synflowL2 } from '../../src/prune/criteria/synflow.js';
import { layerGraph } from '../../src/transform/layer-graph.js';
import { prune, type Ticket } from '../../src/prune/prune.js';
import { fold, key } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { maskName, type Masks } from '../../src/transform/mask.js';
import { scoresOf, sum } from './helper.js';

const widen = (net: unknown): Network => net as Network;
const chain = widen(mlp([5], { hidden: [8, 7], classes: 4, bias: false }));
const resnet = widen(resnetCifar({ depth: 8, width: 4, image: 8 }));
const convolutions = widen(lenet([12, 12, 3], { classes: 10 }));

/** The first `count` walks. */
const walksOf = (net: Network, weights: Weights, count: number, seed = 0): (readonly Crossing[])[] => {
  const walk = walks(layerGraph(net), weights, fold(key(seed), 'phew'));
  return Array.from({ length: count }, (_, k) => walk(k));
};
const find = (net: Network, density: number, seed = 0, weights = initialise(net, 1)): Promise<Ticket> =>
  prune(net, weights, referenceDevice(), { method: 'phew', density, seed });
const liveOf = (masks: Masks): number => [...masks.values()].reduce((n, m) => n + sum(m), 0);
const total = (net: Network): number => prunable(net).reduce((n, w) => n + size(w.shape), 0);
const setIn = (net: Network, taken: readonly (readonly Crossing[])[]): Set<string>[] => {
  const { layers } = layerGraph(net);
  return layers.map(
    (_, l) => new Set(taken.flatMap((w) => w.filter((c) => c.layer === l).map((c) => String(c.index)))),
  );
};

/**
 * Pearson's statistic of counts, against chances that need not sum to 1. Where nothing is expected nothing
 * may be.
 */
const chiSquare = (counts: readonly number[], chances: readonly number[]): number => {
  const [n, whole] = [sum(counts), sum(chances)];
  return counts.reduce((s, c, i) => {
    const expected = (n * chances[i]!) / whole;
    return expected === 0 ? s + (c === 0 ? 0 : Infinity) : s + (c - expected) ** 2 / expected;
  }, 0);
};

describe('a walk', () => {
  test('crosses one weight of each layer of a chain, forward or backward', () => {
    for (const [k, path] of walksOf(chain, initialise(chain, 1), 50).entries())
      expect(path.map((c) => c.layer)).toEqual(k % 2 === 0 ? [0, 1, 2] : [2, 1, 0]);
  });
  test('is connected: what one layer gives is what the next reads', () => {
    const { layers } = layerGraph(resnet);
    for (const [k, path] of walksOf(resnet, initialise(resnet, 1), 200).entries()) {
      const forward = k % 2 === 0 ? path : [...path].reverse();
      const ends = forward.map(({ layer, index }) => {
        const [so, si] = layers[layer]!.strides;
        return {
          layer,
          unit: Math.floor(index / so),
          column: Math.floor((index % so) / si) % layers[layer]!.inputs,
        };
      });
      ends.forEach((to, i) =>
        expect(layers[to.layer]!.reads[to.column]).toContainEqual(
          i === 0 ? { layer: null, unit: to.column } : { layer: ends[i - 1]!.layer, unit: ends[i - 1]!.unit },
        ),
      );
      expect(ends.at(-1)!.layer).toBe(layers.length - 1);
    }
  });
  test('starts from each input channel in turn and, between these, from each output', () => {
    const paths = walksOf(chain, initialise(chain, 1), 20);
    expect(paths.filter((_, k) => k % 2 === 0).map(([first]) => first!.index % 5)).toEqual([
      0, 1, 2, 3, 4, 0, 1, 2, 3, 4,
    ]);
    expect(paths.filter((_, k) => k % 2 === 1).map(([first]) => Math.floor(first!.index / 7))).toEqual([
      0, 1, 2, 3, 0, 1, 2, 3, 0, 1,
    ]);
  });
  test('follows from the seed', () => {
    const weights = initialise(chain, 1);
    expect(walksOf(chain, weights, 30)).toEqual(walksOf(chain, weights, 30));
    expect(walksOf(chain, weights, 30)).not.toEqual(walksOf(chain, weights, 30, 1));
  });
});

describe('how likely a walk takes what', () => {
  const WALKS = 20_000;
  /** Quantile 1 - 1e-5 of chi-square with so many degrees of freedom (Wilson and Hilferty 1931). */
  const bound = (freedom: number): number =>
    freedom * (1 - 2 / (9 * freedom) + 4.265 * Math.sqrt(2 / (9 * freedom))) ** 3;
  const single = network('single', [3], (x) => linear('a', 4, { bias: false })(x)) as unknown as Network;
  const values = [0.5, -1, 0, 2, -0.1, 0.3, 0, 0, 0, -4, 1, 0];
  const given = (data: readonly number[]): Weights =>
    new Map([['a.weight', { shape: [4, 3], data: Float32Array.from(data) }]]);
  const countsOf = (weights: Weights): { readonly forward: number[]; readonly backward: number[] } => {
    const counts = { forward: new Array<number>(12).fill(0), backward: new Array<number>(12).fill(0) };
    walksOf(single, weights, WALKS).forEach((path, k) =>
      path.forEach(({ index }) => counts[k % 2 === 0 ? 'forward' : 'backward'][index]!++),
    );
    return counts;
  };
  const column = (of: readonly number[], j: number): number[] => [0, 1, 2, 3].map((i) => of[3 * i + j]!);
  const row = (of: readonly number[], i: number): readonly number[] => of.slice(3 * i, 3 * i + 3);

  test('forward, a unit as its |weight| among all from here; backward, a column as its |weight| among all to here', () => {
    const { forward, backward } = countsOf(given(values));
    const magnitudes = values.map(Math.abs);
    for (const j of [0, 1, 2])
      expect(chiSquare(column(forward, j), column(magnitudes, j))).toBeLessThan(bound(3));
    for (const i of [0, 1, 3]) expect(chiSquare(row(backward, i), row(magnitudes, i))).toBeLessThan(bound(2));
  });
  test('where all weights are 0, each as likely as another', () => {
    const { backward } = countsOf(given(values));
    expect(chiSquare(row(backward, 2), [1, 1, 1])).toBeLessThan(bound(2));
    const { forward } = countsOf(given(values.map((v, k) => (k % 3 === 1 ? 0 : v))));
    expect(chiSquare(column(forward, 1), [1, 1, 1, 1])).toBeLessThan(bound(3));
  });
  test('in a kernel, a tap as its |weight|; units as the sums over their kernels', () => {
    const net = network('conv', [4, 4, 1], (x) =>
      globalAveragePool(conv2d('a', 2, { kernel: 3 })(x)),
    ) as unknown as Network;
    const data = Float32Array.of(
      1,
      0,
      -2,
      0.5,
      3,
      0.25,
      0,
      1,
      -1,
      /* unit 1: */ 0,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      -0.5,
    );
    const counts = { forward: new Array<number>(18).fill(0), backward: new Array<number>(18).fill(0) };
    walksOf(net, new Map([['a.weight', { shape: [2, 3, 3, 1], data }]]), WALKS).forEach((path, k) =>
      path.forEach(({ index }) => counts[k % 2 === 0 ? 'forward' : 'backward'][index]!++),
    );
    const magnitudes = [...data].map(Math.abs);
    expect(chiSquare(counts.forward, magnitudes)).toBeLessThan(bound(9));
    for (const unit of [0, 1])
      expect(
        chiSquare(counts.backward.slice(9 * unit, 9 * unit + 9), magnitudes.slice(9 * unit, 9 * unit + 9)),
      ).toBeLessThan(bound(7));
  });
  test('a fair coin between a block and its shortcut, both ways', () => {
    const net = network('block', [6, 6, 2], (x) =>
      globalAveragePool(projectionBlock('block', 3, 2)(x)),
    ) as unknown as Network;
    const names = layerGraph(net).layers.map((l) => nameOf(l.weight));
    const shortcuts = [0, 0];
    walksOf(net, initialise(net, 3), WALKS).forEach((path, k) => {
      const crossed = path.map((c) => names[c.layer]);
      if (crossed.includes('block.shortcut.0.weight')) shortcuts[k % 2]!++;
      expect(crossed).toHaveLength(crossed.includes('block.shortcut.0.weight') ? 1 : 2);
    });
    for (const count of shortcuts)
      expect(chiSquare([count, WALKS / 2 - count], [1, 1])).toBeLessThan(bound(1));
  });
  test('an identity skip never: every walk goes through the block', () => {
    const net = widen(resnetCifar({ depth: 8, width: 2, image: 8 }));
    const first = layerGraph(net).layers.flatMap((l, i) =>
      nameOf(l.weight).startsWith('blocks.0.') ? [i] : [],
    );
    for (const path of walksOf(net, initialise(net, 3), 200))
      expect(path.filter((c) => first.includes(c.layer))).toHaveLength(2);
  });
  test('each position of a flattened channel alike, before the weights speak', () => {
    const net = network('flat', [2, 2, 1], (x) =>
      linear('fc', 2, { bias: false })(flatten(x)),
    ) as unknown as Network;
    const data = Float32Array.of(1, 2, 3, 4, 9, 8, 7, 6);
    const counts = [0, 0, 0, 0];
    walksOf(net, new Map([['fc.weight', { shape: [2, 4], data }]]), WALKS).forEach(
      (path, k) => k % 2 === 0 && path.forEach(({ index }) => counts[index % 4]!++),
    );
    expect(chiSquare(counts, [1, 1, 1, 1])).toBeLessThan(bound(3));
  });
});

describe('phew', () => {
  test.each([
    ['mlp', chain],
    ['resnet8', resnet],
    ['lenet', convolutions],
  ] as const)('%s: at least trunc(d N) weights, less than a walk more', async (_, net) => {
    for (const density of [0.02, 0.1, 0.3, 0.55]) {
      const { masks } = await find(net, density);
      const wanted = Math.max(1, Math.trunc(density * total(net)));
      const longest = layerGraph(net).layers.length;
      expect(liveOf(masks)).toBeGreaterThanOrEqual(wanted);
      expect(liveOf(masks)).toBeLessThan(wanted + longest);
    }
  });
  test('the mask is what the walks cross, and the last of them was needed', async () => {
    const [weights, wanted] = [initialise(chain, 1), Math.trunc(0.5 * total(chain))];
    const { masks } = await find(chain, 0.5, 7);
    const counted = (n: number): number =>
      setIn(chain, walksOf(chain, weights, n, 7)).reduce((s, of) => s + of.size, 0);
    const needed = Array.from({ length: 1000 }, (_, n) => n).find((n) => counted(n) >= wanted)!;
    expect(counted(needed - 1)).toBeLessThan(wanted);
    expect(
      [...masks.values()].map((m) => [...m].flatMap((bit, i) => (bit === 1 ? [String(i)] : []))),
    ).toEqual(
      setIn(chain, walksOf(chain, weights, needed, 7)).map((of) =>
        [...of].sort((a, b) => Number(a) - Number(b)),
      ),
    );
    for (const mask of masks.values()) expect(sum(mask)).toBeLessThanOrEqual(needed);
  });
  // A walk knows channels and taps, not places: on small images their sum could lead outside.
  test.each([
    ['resnet8', widen(resnetCifar({ depth: 8, width: 4, image: 16 }))],
    ['lenet', convolutions],
  ] as const)('%s: every weight kept lies on a path of kept weights from input to output', async (_, net) => {
    const weights = initialise(net, 1);
    const { masks } = await find(net, 0.03);
    const state = new Map<string, ArrayLike<number>>([...weights].map(([name, w]) => [name, w.data]));
    for (const [name, mask] of masks) state.set(maskName(name), mask);
    const { scores } = await scoresOf(net, synflowL2({ biasPaths: false }), state);
    for (const [name, mask] of masks)
      mask.forEach((bit, i) => expect(scores.get(name)![i]! > 0, `${name} ${i}`).toBe(bit === 1));
  });
  test('the same seed, the same mask; another seed, another', async () => {
    expect([...(await find(resnet, 0.1, 3)).masks]).toEqual([...(await find(resnet, 0.1, 3)).masks]);
    expect([...(await find(resnet, 0.1, 3)).masks]).not.toEqual([...(await find(resnet, 0.1, 4)).masks]);
  });
  test('it reports one round without a flow', async () => {
    const { method, rounds, masks } = await find(chain, 0.3);
    expect([
      method,
      rounds.map(({ round, rounds: of, live, log2Flow }) => [round, of, live, log2Flow]),
    ]).toEqual(['phew', [[0, 1, liveOf(masks), null]]]);
  });
  test('a density of 1 keeps everything', async () => {
    expect(liveOf((await find(chain, 1)).masks)).toBe(total(chain));
  });
  test('what it refuses', async () => {
    await expect(
      prune(chain, initialise(chain, 1), referenceDevice(), { method: 'phew', density: 0.5, rounds: 3 }),
    ).rejects.toMatchObject({
      code: 'OPTION',
      message: 'prune: phew is single-shot, rounds 3: its walks start from an empty mask; use 1',
    });
    const withZeros = new Map(initialise(chain, 1));
    withZeros.set('fc2.weight', {
      shape: [7, 8],
      data: withZeros.get('fc2.weight')!.data.map((v, i) => (i % 3 === 0 ? 0 : v)),
    });
    await expect(find(chain, 0.9, 0, withZeros)).rejects.toMatchObject({
      code: 'OPTION',
      message:
        'phew: density 0.9 asks for 111 of 124 weights, walks can cross 105: none crosses a weight of 0 beside others; use a lower density',
    });
    const withTrifles = new Map(initialise(chain, 1));
    withTrifles.set('fc2.weight', {
      shape: [7, 8],
      data: withTrifles.get('fc2.weight')!.data.map((v, i) => (i < 2 ? 1e-12 : v)),
    });
    await expect(find(chain, 0.999, 0, withTrifles)).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringMatching(
        /^phew: density 0\.999 asks for 123 of 124 weights, 2480 walks cross \d+: they seldom cross small weights; use a lower density$/,
      ) as string,
    });
  });
  test('a layer of zeros is crossed and carries nothing: that is a collapse', async () => {
    const dead = new Map(initialise(chain, 1)).set('fc2.weight', {
      shape: [7, 8],
      data: new Float32Array(56),
    });
    await expect(find(chain, 0.2, 0, dead)).rejects.toMatchObject({
      code: 'COLLAPSE',
      message:
        'prune: phew: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse',
    });
  });
  test('an end to waiting', async () => {
    const stop = new AbortController();
    const running = prune(resnet, initialise(resnet, 1), referenceDevice(), {
      method: 'phew',
      density: 0.99,
      signal: stop.signal,
    });
    setImmediate(() => stop.abort());
    await expect(running).rejects.toThrow('aborted');
  });
});
