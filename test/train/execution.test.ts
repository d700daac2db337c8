import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { prunable } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { fold, key, uniform } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { size } from '../../src/tensor/tensor.js';
import { loadCheckpoint } from '../../src/train/checkpoint.js';
import { evaluate } from '../../src/train/evaluate.js';
import type { ExecutionReport } from '../../src/train/execution.js';
import { fit, type Trained } from '../../src/train/fit.js';
import type { FitOptions } from '../../src/train/fit-options.js';
import { stepSeconds } from '../../src/train/measure.js';
import { adamW } from '../../src/train/optimisers/adam.js';
import type { Masks } from '../../src/transform/mask.js';
import { specialise } from '../../src/transform/specialise.js';
import { tinyData, tinyNet } from './tiny.js';

/** A ticket is trained, evaluated and kept alike whether it is computed dense or sparse. */

const options: FitOptions = {
  epochs: 2,
  batch: 8,
  rate: { kind: 'oneCycle', rate: 0.05 },
  augment: { pad: 1, flip: true },
  momentum: 0.9,
  weightDecay: 1e-2,
  seed: 3,
};
const weights = initialise(tinyNet, 1);
const ticketOf = (density: number, emptied: readonly string[] = []): Masks =>
  new Map(
    prunable(tinyNet).map((w) => {
      const draws = uniform(fold(key(5), nameOf(w)), size(w.shape));
      const share = emptied.includes(nameOf(w)) ? 0 : density;
      return [nameOf(w), Uint8Array.from(draws, (u) => (u < share ? 1 : 0))];
    }),
  );
const values = (w: Trained['weights']): Record<string, readonly number[]> =>
  Object.fromEntries([...w].map(([name, { data }]) => [name, Array.from(data)]));
/** `masks`: of the ticket; what no live weight of it reads is left alone in sparse training. */
const expectClose = (a: Trained['weights'], b: Trained['weights'], tolerance: number, masks: Masks): void => {
  const { unobserved } = specialise(tinyNet, masks);
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, { shape, data }] of a) {
    expect(b.get(name)!.shape).toEqual(shape);
    const gaps = Array.from(data, (v, i) =>
      unobserved.get(name)?.[i] === 1 ? 0 : Math.abs(v - b.get(name)!.data[i]!),
    );
    const gap = Math.max(...gaps);
    expect({ name, isClose: gap <= tolerance }).toEqual({ name, isClose: true });
  }
};

describe.each([
  ['reference', 1e-6], // weights are told as float32
  ['cpu', 2e-3],
] as const)('execution on %s', (kind, tolerance) => {
  let device: Device;
  let folder: string;
  let number = 0;
  const fresh = (): string => join(folder, `run${number++}`);
  beforeAll(async () => {
    device = await openDevice(kind);
    folder = await mkdtemp(join(tmpdir(), 'pathex-execution-'));
  });
  afterAll(async () => {
    await device.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const train = (masks: Masks, own: Partial<FitOptions>): Promise<Trained> =>
    fit(tinyNet, { weights, masks }, tinyData, device, { ...options, ...own });

  test.each<[string, Masks, Partial<FitOptions>]>([
    ['SGD', ticketOf(0.15), {}],
    ['AdamW with clipping', ticketOf(0.3), { optimiser: adamW({ weightDecay: 0.1 }), clipNorm: 1 }],
    ['a layer without weights', ticketOf(0.3, ['conv2.weight']), {}],
    ['nothing left', ticketOf(0), {}],
  ])('sparse training is dense training: %s', async (_, masks, own) => {
    const { momentum: _m, weightDecay: _w, ...others } = options;
    const base = own.optimiser === undefined ? options : others;
    const [dense, sparse] = [
      await fit(tinyNet, { weights, masks }, tinyData, device, { ...base, ...own, execution: 'dense' }),
      await fit(tinyNet, { weights, masks }, tinyData, device, { ...base, ...own, execution: 'sparse' }),
    ];
    expect(sparse.execution.kind).toBe('sparse');
    expect(dense.execution).toEqual({ kind: 'dense', layers: [] });
    expect(sparse.execution.layers.map(({ name }) => name)).toEqual(prunable(tinyNet).map(nameOf));
    expectClose(sparse.weights, dense.weights, tolerance, masks);
    expect([...sparse.masks!]).toEqual([...masks]);
    expect([...sparse.moments.keys()]).toEqual([...dense.moments.keys()]);
    for (const [moment, gathered] of dense.moments)
      expectClose(sparse.moments.get(moment)!, gathered, 10 * tolerance, masks);
    for (const [name, mask] of masks)
      expect(mask.every((m, i) => m === 1 || sparse.weights.get(name)!.data[i] === 0)).toBe(true);
    for (const execution of ['dense', 'sparse'] as const) {
      const state = { weights: sparse.weights, masks };
      const { loss } = await evaluate(tinyNet, state, tinyData, device, 'test', { execution });
      expect(loss).toBeCloseTo(sparse.test.loss, 4);
    }
  });

  test('a checkpoint speaks of the dense network, and may be continued either way', async () => {
    const masks = ticketOf(0.2);
    const path = fresh();
    const unbroken = await train(masks, { execution: 'sparse' });
    const stop = new AbortController();
    const broken = fit(tinyNet, { weights, masks }, tinyData, device, {
      ...options,
      execution: 'sparse',
      checkpoint: path,
      signal: stop.signal,
      onEpoch: () => stop.abort(),
    });
    await expect(broken).rejects.toThrow();
    const saved = await loadCheckpoint(path);
    expect(saved.execution).toBe('sparse');
    for (const leaf of prunable(tinyNet)) {
      expect(saved.tensors[nameOf(leaf)]!.shape).toEqual(leaf.shape);
      expect(saved.tensors[`velocity/${nameOf(leaf)}`]!.shape).toEqual(leaf.shape);
      expect(Float32Array.from(masks.get(nameOf(leaf))!)).toEqual(
        Float32Array.from(saved.tensors[`mask/${nameOf(leaf)}`]!.data as Float32Array),
      );
    }
    const heard: ExecutionReport[] = [];
    // as it was begun, without being asked
    const resumed = await fit(tinyNet, null, tinyData, device, {
      ...options,
      checkpoint: path,
      resume: true,
      onExecution: (report) => heard.push(report),
    });
    expect(heard.map((report) => report.kind)).toEqual(['sparse']);
    expect(values(resumed.weights)).toEqual(values(unbroken.weights));
    expect([...resumed.masks!]).toEqual([...masks]);
  });

  test('begun sparse, a training may go on dense', async () => {
    const masks = ticketOf(0.2);
    const path = fresh();
    const stop = new AbortController();
    const begun = train(masks, {
      execution: 'sparse',
      checkpoint: path,
      signal: stop.signal,
      onEpoch: () => stop.abort(),
    });
    await expect(begun).rejects.toThrow();
    const ended = await train(masks, { execution: 'dense', checkpoint: path, resume: true });
    expect(ended.execution.kind).toBe('dense');
    expectClose(ended.weights, (await train(masks, { execution: 'dense' })).weights, tolerance, masks);
  });

  test('the same bits every time', async () => {
    const masks = ticketOf(0.1);
    const runs = [await train(masks, { execution: 'sparse' }), await train(masks, { execution: 'sparse' })];
    expect(values(runs[1]!.weights)).toEqual(values(runs[0]!.weights));
    expect(device.liveBytes()).toBe(0);
  });

  test('a step of either is timed', async () => {
    const start = { weights, masks: ticketOf(0.1) };
    for (const execution of ['dense', 'sparse'] as const)
      expect(await stepSeconds(tinyNet, start, tinyData, device, options, execution)).toBeGreaterThan(0);
    expect(device.liveBytes()).toBe(0);
  });

  test('sparse is for tickets, and auto is dense where nothing is pruned', async () => {
    await expect(
      fit(tinyNet, { weights }, tinyData, device, { ...options, execution: 'sparse' }),
    ).rejects.toMatchObject({ code: 'OPTION', message: expect.stringContaining('there are no masks') });
    const whole = await fit(tinyNet, { weights }, tinyData, device, { ...options, epochs: 1 });
    expect(whole.execution.kind).toBe('dense');
    const live = await train(ticketOf(1.1), { epochs: 1 });
    expect(live.execution.kind).toBe('dense');
    const few = await train(ticketOf(0.05), { epochs: 1 });
    expect(few.execution.kind).toBe(kind === 'cpu' ? 'sparse' : 'dense');
  });
});
