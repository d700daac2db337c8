import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { nameOf } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear, relu } from '../../src/nn/layers.js';
import { network, prunable } from '../../src/nn/network.js';
import { initialise, type Weights } from '../../src/nn/weights.js';
import { magnitude } from '../../src/prune/criteria/magnitude.js';
import { px } from '../../src/prune/criteria/px.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import type { Criterion } from '../../src/prune/criterion.js';
import { METHODS, methodOf, type MethodOptions } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import {
  prune,
  type Minibatch,
  type PruneOptions,
  type RoundReport,
  type Ticket,
} from '../../src/prune/prune.js';
import { keepCounts, paperDensity, survivors } from '../../src/prune/schedule.js';
import { openDevice } from '../../src/runtime/open.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { maskName } from '../../src/transform/mask.js';
import { asWeights, randomImages, randomState, scoresOf, seeded, sum, type State } from './helper.js';

/** Which weights survive, how many, and what prune() refuses. */

/** 3 -> 4 -> 2: 20 weights. */
const net = network('small', [3], (x) => linear('b', 2)(relu(linear('a', 4)(x))));
const TOTAL = 20;
const values = randomState(net, seeded(1));
const weights = asWeights(net, values);
const minibatch = (n: number, seed = 2): Minibatch => ({
  images: Float32Array.from(randomImages(net, n, seeded(seed))),
  labels: Int32Array.from({ length: n }, (_, i) => i % 2),
});
const data = [minibatch(4), minibatch(4, 3)];
const run = (options: PruneOptions, given: Weights = weights): Promise<Ticket> =>
  prune(net, given, referenceDevice(), options);
const flat = (ticket: Ticket): number[] => [...ticket.masks.values()].flatMap((m) => [...m]);
const live = (ticket: Ticket): number => sum(flat(ticket));

const ALL: readonly MethodOptions[] = [
  { method: 'px' },
  { method: 'px', mode: 'px-gated' },
  { method: 'synflow' },
  { method: 'synflow-l2' },
  { method: 'synflow-l2', form: 'gradient' },
  { method: 'snip' },
  { method: 'snip', statistics: 'stored' },
  { method: 'itersnip' },
  { method: 'force' },
  { method: 'grasp' },
  { method: 'prospr' },
  { method: 'logsynflow' },
  { method: 'px', mode: 'px-release' },
  { method: 'ntk-sap' },
  { method: 'magnitude' },
  { method: 'random' },
];
const ONCE: readonly string[] = ['snip', 'grasp', 'prospr', 'phew', 'magnitude', 'random'];

describe('how many survive', () => {
  const RESNET20 = 270_896;
  const LEVELS = [173374, 110960, 71014, 45449, 29088, 18616, 11915, 7626, 4881];

  test('the nine levels of the paper on ResNet-20', () => {
    expect(LEVELS.map((_, i) => survivors(RESNET20, paperDensity(i + 1)))).toEqual(LEVELS);
    expect(survivors(RESNET20, 0.018)).toBe(4877);
  });
  test('the same by prune(), one level a round', async () => {
    const resnet = resnetCifar();
    expect(prunable(resnet).reduce((s, w) => s + size(w.shape), 0)).toBe(RESNET20);
    const ticket = await prune(resnet, initialise(resnet, 0), referenceDevice(), {
      method: 'magnitude',
      density: paperDensity(9),
      rounds: 9,
    });
    expect(ticket.rounds.map((r) => r.live)).toEqual(LEVELS);
    expect(live(ticket)).toBe(4881);
  });
  test.each(ALL)('exactly N - trunc((1 - d) N): $method $mode $form $statistics', async (options) => {
    for (const density of [1, 0.71, 0.5, 0.3]) {
      const ticket = await run({ ...options, density, rounds: 1, data });
      expect(live(ticket)).toBe(TOTAL - Math.trunc((1 - density) * TOTAL));
    }
  });
  test('the density falls exponentially, d^((r+1)/R), or linearly, 1 - (1-d)(r+1)/R', async () => {
    const after = (densities: readonly number[]): number[] => densities.map((d) => survivors(TOTAL, d));
    const lives = async (options: Pick<PruneOptions, 'schedule'>): Promise<number[]> =>
      (await run({ method: 'synflow', density: 0.2, rounds: 4, ...options })).rounds.map((r) => r.live);
    const exponential = after([0.2 ** 0.25, 0.2 ** 0.5, 0.2 ** 0.75, 0.2]);
    expect(exponential).toEqual([14, 9, 6, 4]);
    expect(await lives({})).toEqual(exponential);
    expect(await lives({ schedule: 'exponential' })).toEqual(exponential);
    // 0.8 in binary is a little more than four fifths, so that (1 - 0.8) 20 is cut to 3; the reference counts
    // in doubles as well.
    expect(await lives({ schedule: 'linear' })).toEqual(after([0.8, 0.6, 0.4, 0.2]));
    expect(survivors(TOTAL, 0.8)).toBe(17);
  });
  test('survivors never grow from round to round and end at the density asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 6 }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom('exponential', 'linear'),
        (total, density, rounds, schedule) => {
          const keeps = keepCounts(total, density, rounds, schedule);
          expect(keeps).toHaveLength(rounds);
          keeps.forEach((k, i) => {
            expect(k).toBeLessThanOrEqual(keeps[i - 1] ?? total);
          });
          expect(keeps.at(-1)).toBe(survivors(total, density));
          expect(keeps.at(-1)).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});

describe('which survive', () => {
  test('the largest scores over all layers together', async () => {
    const ticket = await run({ method: 'magnitude', density: 0.35 });
    const sizes = prunable(net).flatMap((w) => Array.from(weights.get(nameOf(w))!.data, Math.abs));
    const best = sizes
      .map((_, i) => i)
      .sort((a, b) => sizes[b]! - sizes[a]!)
      .slice(0, 7);
    expect(flat(ticket)).toEqual(sizes.map((_, i) => (best.includes(i) ? 1 : 0)));
    expect([...ticket.masks].map(([name, m]) => [name, m.length])).toEqual([
      ['a.weight', 12],
      ['b.weight', 8],
    ]);
  });
  test('of equal scores the first, in the order of layers and row-major inside each', async () => {
    const equal = new Map(
      [...weights].map(([name, w]) => [
        name,
        { ...w, data: w.data.map((_, i) => (i % 2 === 0 ? 0.5 : -0.5)) },
      ]),
    );
    for (const keep of [5, 12, 15]) {
      const ticket = await run({ method: 'magnitude', allowCollapse: true, density: keep / TOTAL }, equal);
      expect(flat(ticket)).toEqual(Array.from({ length: TOTAL }, (_, i) => (i < keep ? 1 : 0)));
    }
  });

  const start = async (criterion: Criterion, state: State): Promise<(keep: number) => Promise<number[]>> => {
    const device = referenceDevice();
    const { accumulate, select } = roundPrograms(net, criterion, 4);
    const store = device.store();
    for (const [name, leaf] of [...(accumulate?.state ?? []), ...select.state]) {
      const init = (leaf.attributes['init'] as { readonly value?: number } | undefined)?.value ?? 0;
      if (!store.has(name))
        await store.add(name, leaf, state.get(name) ?? new Float64Array(size(leaf.shape)).fill(init));
    }
    const [see, choose] = [
      accumulate === null ? null : await device.compile(accumulate),
      await device.compile(select),
    ];
    return async (keep) => {
      await see?.run(store, { images: data[0]!.images });
      await choose.run(store, { keep: [keep] });
      return (
        await Promise.all(prunable(net).map(async (w) => [...(await store.read(maskName(nameOf(w))))]))
      ).flat();
    };
  };

  test.each([
    ['px', px()],
    ['px-gated', px({ mode: 'px-gated' })],
    ['synflow', synflow()],
    ['synflow-l2', synflowL2()],
    ['magnitude', magnitude()],
  ] as const)('%s: what was pruned stays out', async (_, criterion) => {
    const round = await start(criterion, values);
    let before = new Array<number>(TOTAL).fill(1);
    for (const keep of [17, 13, 9, 7, 6]) {
      const after = await round(keep);
      expect(sum(after)).toBe(keep);
      after.forEach((m, i) => {
        expect(m).toBeLessThanOrEqual(before[i]!);
      });
      before = after;
    }
  });
  test('also where every survivor scores zero, and pruned weights before them are large', async () => {
    const one = (n: number, at: number): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => (i === at ? 1 : 0));
    const state = new Map([
      ...values,
      ['a.weight', one(12, 9).map((v, i) => (i < 4 ? 9 : v))],
      ['b.weight', one(8, 3)],
      ['mask/a.weight', Float64Array.from({ length: 12 }, (_, i) => (i < 4 ? 0 : 1))],
    ]);
    for (const criterion of [magnitude(), synflow(), synflowL2(), px()]) {
      const masks = await (await start(criterion, state))(5);
      // The two weights of the only path, and of the zeros the first three that were not masked.
      expect(
        masks.flatMap((m, i) => (m === 1 ? [i] : [])),
        criterion.name,
      ).toEqual([4, 5, 6, 9, 15]);
    }
  });
  test('magnitude: the same weights however many rounds', async () => {
    const once = flat(await run({ method: 'magnitude', density: 0.35 }));
    for (const rounds of [2, 7])
      expect(flat(await run({ method: 'magnitude', density: 0.35, rounds }))).toEqual(once);
  });
  test('random: drawn from the seed, whatever the rounds', async () => {
    const mask = async (seed: number, rounds: number): Promise<string> =>
      flat(await run({ method: 'random', density: 0.5, seed, rounds })).join('');
    expect(await mask(1, 1)).toBe(await mask(1, 4));
    expect(await mask(1, 1)).not.toBe(await mask(2, 1));
  });
  test('px on several minibatches is px on all images at once', async () => {
    const both: Minibatch = {
      images: Float32Array.of(...data[0]!.images, ...data[1]!.images),
      labels: Int32Array.of(...data[0]!.labels, ...data[1]!.labels),
    };
    const [a, b] = [
      await run({ method: 'px', density: 0.3, rounds: 10, data }),
      await run({ method: 'px', density: 0.3, rounds: 10, data: [both] }),
    ];
    expect(flat(a)).toEqual(flat(b));
    a.rounds.forEach((r, i) => {
      expect(r.log2Flow).toBeCloseTo(b.rounds[i]!.log2Flow!, 12);
    });
  });
});

describe('what prune() reports', () => {
  test('each round: its number, its survivors and the flow before it', async () => {
    const seen: RoundReport[] = [];
    const ticket = await run({
      method: 'px',
      density: 0.4,
      rounds: 3,
      data: [data[0]!],
      onRound: (r) => seen.push(r),
    });
    expect(seen).toEqual(ticket.rounds);
    expect(seen.map(({ round, rounds, live: n }) => [round, rounds, n])).toEqual([
      [0, 3, 15],
      [1, 3, 11],
      [2, 3, 8],
    ]);
    const state = new Map([...weights].map(([name, w]) => [name, w.data]));
    const { q } = await scoresOf(net, px(), state, { images: data[0]!.images });
    expect(seen[0]!.log2Flow).toBeCloseTo(Math.log2(q), 10);
    expect(seen[1]!.log2Flow!).toBeLessThan(seen[0]!.log2Flow!);
    expect(ticket).toMatchObject({ method: 'px', density: 0.4 });
  });
  test('no flow where the method has none', async () => {
    for (const method of ['magnitude', 'random', 'snip'] as const) {
      expect((await run({ method, density: 0.5, data })).rounds.map((r) => r.log2Flow)).toEqual([null]);
    }
  });
  test('a hundred rounds for the iterative methods, one for the others', async () => {
    for (const method of METHODS) {
      if (method === 'imp') continue; // it trains: imp.test.ts
      const { rounds } = await run({ method, density: 0.5, data });
      expect(rounds, method).toHaveLength(ONCE.includes(method) ? 1 : 100);
    }
  });
  test('nothing once it is told to stop', async () => {
    const stop = new AbortController();
    await expect(
      run({
        method: 'synflow',
        density: 0.5,
        signal: stop.signal,
        onRound: ({ round }) => {
          if (round === 2) stop.abort();
        },
      }),
    ).rejects.toThrow('aborted');
  });
});

test.each(ALL)(
  'scoring changes neither weights nor data: $method $mode $form $statistics',
  async (options) => {
    const given = new Map([...weights].map(([name, w]) => [name, { ...w, data: w.data.slice() }]));
    const images = data.map((d) => ({ images: d.images.slice(), labels: d.labels.slice() }));
    await run(
      { ...options, density: 0.5, rounds: ONCE.includes(options.method) ? 1 : 3, data: images },
      given,
    );
    for (const [name, w] of given)
      expect(new Uint8Array(w.data.buffer), name).toEqual(
        new Uint8Array(weights.get(name)!.data.slice().buffer),
      );
    expect(images).toEqual(data);
  },
);
test('nor does it leave anything on the device', async () => {
  const device = referenceDevice();
  await prune(net, weights, device, { method: 'px', density: 0.5, rounds: 2, data });
  expect(device.liveBytes()).toBe(0);
});

describe('what prune() refuses', () => {
  const refusal = async (options: PruneOptions, given?: Weights): Promise<string> => {
    try {
      await run(options, given);
    } catch (error) {
      if (error instanceof PathexError) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'accepted';
  };
  const half = { density: 0.5 };

  test('impossible densities', async () => {
    for (const density of [0, -0.1, 1.5, NaN, Infinity]) {
      expect(await refusal({ method: 'magnitude', density })).toBe(
        `OPTION prune: density ${density} is not in (0, 1]; sparsity must be in [0, 1)`,
      );
    }
    expect(await refusal({ method: 'magnitude', density: 1e-17 })).toBe(
      'OPTION prune: density 1e-17 keeps none of 20 weights; choose a lower sparsity',
    );
  });
  test('impossible rounds', async () => {
    for (const rounds of [0, -1, 2.5, NaN]) {
      expect(await refusal({ method: 'synflow', ...half, rounds })).toBe(
        `OPTION prune: rounds ${rounds} is not a positive integer; give one`,
      );
    }
  });
  test('a second round of SNIP, and says why', async () => {
    expect(await refusal({ method: 'snip', ...half, rounds: 2, data })).toBe(
      'OPTION prune: snip is single-shot, rounds 2: after the first round it is another method (with gradients of the masked point, IterSNIP or FORCE); use 1',
    );
  });
  test('path options of a mode that has none', async () => {
    expect(await refusal({ method: 'px', mode: 'px-release', biasPaths: false, ...half, data })).toBe(
      "OPTION px: biasPaths has no meaning in mode 'px-release'; leave it out or choose another mode",
    );
  });
  test('an unknown method', () => {
    expect(() => methodOf('obd')).toThrow(
      "method: 'obd' is unknown; choose px, synflow, synflow-l2, logsynflow, snip, itersnip, force, grasp, prospr, ntk-sap, phew, magnitude, random, imp",
    );
    expect(METHODS.map(methodOf)).toEqual(METHODS);
  });
  test('missing data, where the method reads any', async () => {
    expect(await refusal({ method: 'px', ...half })).toBe('OPTION prune: px reads images; give it data');
    expect(await refusal({ method: 'px', mode: 'px-gated', ...half, data: [] })).toBe(
      'OPTION prune: px-gated reads images; give it data',
    );
    expect(await refusal({ method: 'snip', ...half })).toBe(
      'OPTION prune: snip reads labelled images; give it data',
    );
    for (const method of ['synflow', 'synflow-l2', 'magnitude', 'random'] as const)
      expect(await refusal({ method, ...half })).toBe('accepted');
  });
  test('minibatches that do not fit', async () => {
    expect(await refusal({ method: 'px', ...half, data: [minibatch(4), minibatch(3)] })).toBe(
      'DATA prune: minibatch 1 has 9 pixel values and 3 labels; all need 4 images of 3 values',
    );
    expect(
      await refusal({
        method: 'px',
        ...half,
        data: [{ images: new Float32Array(13), labels: new Int32Array(4) }],
      }),
    ).toBe('DATA prune: minibatch 0 has 13 pixel values and 4 labels; all need 4 images of 3 values');
  });
  test('weights that do not fit the network', async () => {
    const change = (
      edit: (w: Map<string, Weights extends ReadonlyMap<string, infer V> ? V : never>) => void,
    ): Weights => {
      const changed = new Map(weights);
      edit(changed);
      return changed;
    };
    const reason = (edit: Parameters<typeof change>[0]): Promise<string> =>
      refusal({ method: 'magnitude', ...half }, change(edit));
    expect(await reason((w) => w.delete('b.bias'))).toBe(
      "WEIGHTS weights: 'b.bias' [2] of network 'small' is missing; is it another network's file?",
    );
    expect(await reason((w) => w.set('c.weight', { shape: [1], data: new Float32Array(1) }))).toBe(
      "WEIGHTS weights: network 'small' has no parameter 'c.weight'; is it another network's?",
    );
    expect(await reason((w) => w.set('a.weight', { shape: [3, 4], data: new Float32Array(12) }))).toBe(
      "WEIGHTS weights: 'a.weight' is [3, 4], network 'small' needs [4, 3]; is it another network's?",
    );
    expect(await reason((w) => w.set('a.bias', { shape: [4], data: Float32Array.of(0, 1, NaN, 2) }))).toBe(
      "WEIGHTS weights: 'a.bias' holds NaN at 2; weights must be finite",
    );
    expect(
      await reason((w) => w.set('a.bias', { shape: [4], data: Float32Array.of(0, 1, 2, -Infinity) })),
    ).toBe("WEIGHTS weights: 'a.bias' holds -Infinity at 3; weights must be finite");
  });
  test('pixels that are not numbers', async () => {
    const spoilt = [{ ...data[0]!, images: data[0]!.images.map((v, i) => (i === 5 ? NaN : v)) }];
    for (const method of ['px', 'snip'] as const)
      expect(await refusal({ method, ...half, data: spoilt })).toBe(
        'DATA prune: minibatch 0: image 1 holds NaN at 2; pixels must be finite',
      );
  });
  test('scores that are not numbers', async () => {
    // Finite weights whose products are none in the float32 of this device.
    const cpu = await openDevice('cpu', { threads: 1 });
    const huge = new Map(
      [...weights].map(([name, w]) => [name, { ...w, data: w.data.map((v) => Math.sign(v) * 3e38) }]),
    );
    const reason = (options: PruneOptions): Promise<string> =>
      prune(net, huge, cpu, options).then(
        () => 'accepted',
        (e: PathexError) => `${e.code} ${e.message}`,
      );
    expect(await reason({ method: 'snip', ...half, data })).toMatch(
      /^NON_FINITE prune: snip, round 1 of 1: \d+ of 20 scores are NaN or infinite; check the weights and the data$/,
    );
    expect(await reason({ method: 'synflow', ...half, rounds: 4, scaled: false })).toMatch(
      /^NON_FINITE prune: synflow, round 1 of 4: /,
    );
    await cpu.dispose();
  });
  test('a ticket whose outputs only biases reach, by whatever method it was found', async () => {
    const faint = new Map(weights).set('b.weight', { shape: [2, 4], data: new Float32Array(8).fill(1e-6) });
    const options = { method: 'magnitude', density: 0.4 } as const;
    expect(await refusal(options, faint)).toBe(
      'COLLAPSE prune: magnitude: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse',
    );
    expect(await refusal({ ...options, allowCollapse: true }, faint)).toBe('accepted');
  });
  test('a network in which no path is left', async () => {
    const dead = new Map(weights).set('b.weight', { shape: [2, 4], data: new Float32Array(8) });
    for (const method of ['px', 'synflow', 'synflow-l2'] as const) {
      expect(await refusal({ method, ...half, rounds: 5, biasPaths: false, data }, dead)).toBe(
        `COLLAPSE prune: ${method}, round 1 of 5: no path is left from input to output; use more rounds or a lower sparsity`,
      );
    }
    // The last three weights are one path; all score 1, ties keep the first two, and the path is gone before
    // the fifth round.
    const funnel = network('funnel', [8], (x) =>
      linear('c', 1, { bias: false })(linear('b', 1, { bias: false })(linear('a', 1, { bias: false })(x))),
    );
    await expect(
      prune(funnel, initialise(funnel, 0), referenceDevice(), { method: 'synflow', density: 0.1, rounds: 5 }),
    ).rejects.toThrow(
      'prune: synflow, round 5 of 5: no path is left from input to output; use more rounds or a lower sparsity',
    );
  });
});
