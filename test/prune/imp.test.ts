import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialise, type Weights } from '../../src/nn/weights.js';
import { prune, type PruneOptions, type Ticket } from '../../src/prune/prune.js';
import { keepCounts } from '../../src/prune/schedule.js';
import type { Device, Store } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { fit } from '../../src/train/fit.js';
import type { FitOptions } from '../../src/train/fit-options.js';
import type { Masks } from '../../src/transform/mask.js';
import { tinyData, tinyNet } from '../train/tiny.js';
import { sum } from './helper.js';

/**
 * Iterative magnitude pruning against a plain loop over fit(), and what reaches the device at the start of
 * each training.
 */

const training = {
  epochs: 3,
  batch: 8,
  rate: { kind: 'oneCycle', rate: 0.1 },
  augment: { pad: 1, flip: true },
  weightDecay: 1e-3,
  execution: 'dense', // stores are looked into, and those of compacted networks hold live values alone
} as const;
const STEPS = 18;
const TOTAL = 6 * 27 + 8 * 54 + 3 * 8;
const weights = initialise(tinyNet, 1);
const density = 0.1;
const rounds = 3;

type Start = ReadonlyMap<string, Float64Array>;

/** A device that notes what stores are given at first: `starts` has an entry for each training. */
const recording = (device: Device): { readonly device: Device; readonly starts: Start[] } => {
  const starts: Start[] = [];
  return {
    starts,
    device: {
      ...device,
      store: () => {
        const store = device.store();
        const own = new Map<string, Float64Array>();
        const { add } = store;
        const noting: Store['add'] = (name, type, values) => {
          own.set(name, Float64Array.from(values));
          if (name === 'data/train/images') starts.push(own);
          return add(name, type, values);
        };
        return Object.assign(store, { add: noting }); // the same object: a device knows its stores
      },
    },
  };
};

const rankOf = (trained: Weights, masks: Masks | null, keep: number): Masks => {
  const flat = [...weights.keys()]
    .filter((name) => name.startsWith('conv') || name === 'fc.weight')
    .flatMap((name) =>
      Array.from(trained.get(name)!.data, (v, i) => ({
        name,
        i,
        size: masks === null || masks.get(name)![i] === 1 ? Math.abs(v) : -1,
      })),
    );
  const next = new Map<string, Uint8Array>();
  for (const { name } of flat)
    if (!next.has(name)) next.set(name, new Uint8Array(weights.get(name)!.data.length));
  for (const { name, i } of [...flat].sort((a, b) => b.size - a.size).slice(0, keep)) next.get(name)![i] = 1; // sort keeps the order of equals
  return next;
};

const plain = (masks: Masks): object => Object.fromEntries([...masks].map(([name, m]) => [name, [...m]]));

describe('IMP', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu', { threads: 1 });
  });
  afterAll(() => device.dispose());
  const imp = (
    more: Partial<Extract<PruneOptions, { method: 'imp' }>> = {},
    on: Device = device,
  ): Promise<Ticket> =>
    prune(tinyNet, weights, on, {
      method: 'imp',
      density,
      rounds,
      dataset: tinyData,
      training,
      seed: 3,
      ...more,
    });

  test('is a loop of training, ranking the size of survivors, and resetting', async () => {
    const ticket = await imp();
    let masks: Masks | null = null;
    for (const keep of keepCounts(TOTAL, density, rounds, 'exponential')) {
      const trained = await fit(tinyNet, { weights, masks }, tinyData, device, { ...training, seed: 3 });
      masks = rankOf(trained.weights, masks, keep);
    }
    expect(plain(ticket.masks)).toEqual(plain(masks!));
    expect(ticket.rounds.map((r) => r.live)).toEqual(keepCounts(TOTAL, density, rounds, 'exponential'));
    expect(sum([...ticket.masks.values()].flatMap((m) => [...m]))).toBe(
      TOTAL - Math.trunc((1 - density) * TOTAL),
    );
    expect(ticket).toMatchObject({ method: 'imp', density });
    expect(ticket.weights).toBe(weights);
    expect(ticket.rounds.every((r) => r.log2Flow === null)).toBe(true);
  });

  /** Weights (masked), biases and statistics of a training's start, bit for bit. */
  const expectStart = (start: Start, from: Weights): void => {
    for (const [name, { data }] of from) {
      const mask = start.get(`mask/${name}`);
      expect([...start.get(name)!], name).toEqual(Array.from(data, (v, i) => (mask?.[i] === 0 ? 0 : v)));
    }
  };
  const velocitiesOf = (start: Start): number =>
    sum(
      [...start]
        .filter(([name]) => name.startsWith('velocity/'))
        .map(([, v]) => v.reduce((s, x) => s + Math.abs(x), 0)),
    );
  const masksOf = (start: Start): number[] =>
    [...start].filter(([name]) => name.startsWith('mask/')).flatMap(([, m]) => [...m]);

  test('starts every round from the given weights and statistics, with masks inside the last ones and no velocity', async () => {
    const given = structuredClone(weights);
    const { device: noting, starts } = recording(device);
    await imp({}, noting);
    expect(starts).toHaveLength(rounds);
    for (const start of starts) {
      expectStart(start, weights);
      expect(velocitiesOf(start)).toBe(0);
    }
    expect(starts.map((s) => sum(masksOf(s)))).toEqual([
      TOTAL,
      ...keepCounts(TOTAL, density, rounds, 'exponential').slice(0, -1),
    ]);
    expect(masksOf(starts[2]!).some((m, i) => m > masksOf(starts[1]!)[i]!)).toBe(false);
    expect(weights).toEqual(given);
  });

  test('rewinds to the state after k steps, where the first training passes by and the later ones start', async () => {
    const k = 8; // in the middle of the second epoch
    const options: FitOptions = { ...training, seed: 3 };
    const point = await fit(tinyNet, { weights }, tinyData, device, { ...options, steps: { to: k } });
    const { device: noting, starts } = recording(device);
    const ticket = await imp({ rewind: { steps: k } }, noting);
    expect(starts).toHaveLength(rounds + 1);
    expectStart(starts[0]!, weights);
    for (const start of starts.slice(1)) expectStart(start, point.weights);
    expect(point.weights.get('bn1.running_mean')!.data).not.toEqual(weights.get('bn1.running_mean')!.data);
    expect(starts.map((s) => velocitiesOf(s) > 0)).toEqual([false, true, false, false]);
    expect(ticket.weights).toEqual(point.weights);

    let masks: Masks | null = null;
    for (const [round, keep] of keepCounts(TOTAL, density, rounds, 'exponential').entries()) {
      const trained: Weights = (
        round === 0
          ? await fit(tinyNet, { weights }, tinyData, device, options)
          : await fit(tinyNet, { weights: point.weights, masks }, tinyData, device, {
              ...options,
              steps: { from: k },
            })
      ).weights;
      masks = rankOf(trained, masks, keep);
    }
    expect(plain(ticket.masks)).toEqual(plain(masks!));
    const final = await fit(tinyNet, ticket, tinyData, device, { ...options, steps: { from: k } });
    expect(final.history.map((e) => e.epoch)).toEqual([2, 3]);
  });

  test('reports rounds and steps, leaves nothing on the device, and stops when told to', async () => {
    const [seenRounds, seenSteps]: [number[], number[]] = [[], []];
    const stop = new AbortController();
    const stopped = imp({
      signal: stop.signal,
      onRound: ({ round }) => seenRounds.push(round),
      training: {
        ...training,
        onStep: ({ epoch, step }) => {
          if (seenSteps.push(6 * epoch + step) === STEPS + 4) stop.abort(new Error('enough'));
        },
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(seenRounds).toEqual([0]);
    expect(seenSteps.slice(0, STEPS)).toEqual(Array.from({ length: STEPS }, (_, i) => i));
    expect(device.liveBytes()).toBe(0);
  });

  test('takes six rounds by itself', async () => {
    const { rounds: _, ...usual } = {
      method: 'imp' as const,
      density,
      rounds,
      dataset: tinyData,
      training: { ...training, epochs: 1 },
    };
    expect((await prune(tinyNet, weights, device, usual)).rounds).toHaveLength(6);
  });

  test('refuses a rewind point outside the training, no training, and a network of other images', async () => {
    const refusal = (more: Parameters<typeof imp>[0]): Promise<string> =>
      imp(more).then(
        () => 'accepted',
        (e: Error) => e.message,
      );
    expect(await refusal({ rewind: { steps: STEPS } })).toBe(
      `imp: rewind to step ${STEPS} of a training of ${STEPS} steps; give a step from 0 to ${STEPS - 1}`,
    );
    expect(await refusal({ rewind: { steps: -1 } })).toBe(
      'imp: rewind: steps -1 is not an integer from 0 on; give one',
    );
    expect(await refusal({ training: { ...training, epochs: 0 } })).toBe(
      'imp: training: epochs 0 is not a positive integer; give one',
    );
    expect(await refusal({ dataset: { ...tinyData, height: 7 } })).toBe(
      "network 'tiny' takes images [6, 6, 3], tiny has [7, 6, 3]; build the network for that size",
    );
  });
});
