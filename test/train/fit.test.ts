import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialise } from '../../src/nn/weights.js';
import { prune } from '../../src/prune/prune.js';
import { pruningSplit } from '../../src/prune/pruning-split.js';
import type { Device, DeviceKind } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import type { FitOptions } from '../../src/train/fit-options.js';
import { classification } from '../../src/task/classification.js';
import { adam, adamW } from '../../src/train/optimisers/adam.js';
import { tinyData, tinyNet } from './tiny.js';

const options: FitOptions = {
  epochs: 4,
  batch: 8,
  rate: { kind: 'oneCycle', rate: 0.1 },
  augment: { pad: 1, flip: true },
  seed: 3,
};
const weights = initialise(tinyNet, 1);
const values = (w: typeof weights): Record<string, readonly number[]> =>
  Object.fromEntries([...w].map(([name, { data }]) => [name, Array.from(data)]));

describe.each<DeviceKind>(['reference', 'cpu'])('training on %s', (kind) => {
  let device: Device;
  let folder: string;
  beforeAll(async () => {
    device = await openDevice(kind);
    folder = await mkdtemp(join(tmpdir(), 'pathex-fit-'));
  });
  afterAll(async () => {
    await device.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test('learns', async () => {
    const trained = await fit(tinyNet, { weights }, tinyData, device, { ...options, epochs: 6 });
    expect(trained.testAccuracy).toBeGreaterThan(0.8);
    expect(trained.history.at(-1)!.trainLoss).toBeLessThan(trained.history[0]!.trainLoss);
    expect(device.liveBytes()).toBe(0);
  });

  test('two runs give the same bits, another seed gives others', async () => {
    const [a, b, c] = [
      await fit(tinyNet, { weights }, tinyData, device, options),
      await fit(tinyNet, { weights }, tinyData, device, options),
      await fit(tinyNet, { weights }, tinyData, device, { ...options, seed: 4 }),
    ];
    expect(values(b.weights)).toEqual(values(a.weights));
    expect(values(c.weights)).not.toEqual(values(a.weights));
  });

  test.each<[string, Partial<FitOptions>]>([
    ['SGD', { weightDecay: 1e-2, nesterov: true }],
    ['Adam', { optimiser: adam({ weightDecay: 1e-2 }), rate: { kind: 'constant', rate: 0.01 } }],
    [
      'AdamW',
      { optimiser: adamW({ weightDecay: 0.5 }), clipNorm: 1, rate: { kind: 'constant', rate: 0.01 } },
    ],
  ])('masked weights stay exactly zero under %s and the start is not touched', async (_, own) => {
    const before = values(weights);
    const ticket = await prune(tinyNet, weights, device, {
      method: 'px',
      density: 0.2,
      rounds: 5,
      data: pruningSplit(tinyData, { examples: 4 }),
    });
    const trained = await fit(tinyNet, { weights, masks: ticket.masks }, tinyData, device, {
      ...options,
      ...own,
    });
    for (const [name, mask] of ticket.masks) {
      const w = trained.weights.get(name)!.data;
      expect(mask.some((m, i) => m === 0 && !Object.is(w[i], 0) && !Object.is(w[i], -0))).toBe(false);
      expect(mask.some((m, i) => m === 1 && w[i] !== weights.get(name)!.data[i])).toBe(true);
    }
    expect(values(weights)).toEqual(before);
    expect(
      (await evaluate(tinyNet, { weights: trained.weights, masks: ticket.masks }, tinyData, device)).accuracy,
    ).toBe(trained.testAccuracy);
  });

  test('a signal that is raised already ends it before anything is compiled', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    const idle = new Proxy(device, {
      get: (real, name) => {
        if (name === 'compile') return () => Promise.reject(new Error('compiled'));
        return Reflect.get(real, name, real) as unknown;
      },
    });
    await expect(fit(tinyNet, { weights }, tinyData, idle, { ...options, signal })).rejects.toThrow(
      'too late',
    );
    await expect(evaluate(tinyNet, { weights }, tinyData, idle, 'test', { signal })).rejects.toThrow(
      'too late',
    );
  });

  test('a run that is killed and resumed gives the bits of an unbroken one', async () => {
    const whole = await fit(tinyNet, { weights }, tinyData, device, options);
    const checkpoint = join(folder, 'killed');
    const controller = new AbortController();
    const killed = fit(tinyNet, { weights }, tinyData, device, {
      ...options,
      checkpoint,
      signal: controller.signal,
      onStep: ({ epoch, step }) => {
        if (epoch === 2 && step === 3) controller.abort(new Error('killed'));
      },
    });
    await expect(killed).rejects.toThrow('killed');
    expect((await readdir(folder)).filter((f) => f.startsWith('killed'))).toEqual([
      'killed-0002.safetensors',
      'killed.json',
    ]);
    const resumed = await fit(tinyNet, { weights }, tinyData, device, {
      ...options,
      checkpoint,
      resume: true,
    });
    expect(values(resumed.weights)).toEqual(values(whole.weights));
    expect(resumed.history.map((h) => h.trainLoss)).toEqual(whole.history.map((h) => h.trainLoss));
  });

  test.each([85, -1, NaN, Infinity])(
    'a checkpoint of a task whose accuracy is %d is read again',
    async (accuracy) => {
      const task = { ...classification(), name: 'own', report: () => ({ accuracy }) };
      const checkpoint = join(folder, `accuracy${accuracy}`);
      const own = { ...options, task, checkpoint };
      const first = await fit(tinyNet, { weights }, tinyData, device, own);
      const again = await fit(tinyNet, { weights }, tinyData, device, { ...own, resume: true });
      expect(values(again.weights)).toEqual(values(first.weights));
      expect(again.history.map((e) => e.test)).toEqual(first.history.map((e) => e.test));
    },
  );

  test('AdamW counts its updates over parts that meet, and over a kill within one', async () => {
    const own: FitOptions = {
      ...options,
      optimiser: adamW({ groups: [{ match: '*.bias', weightDecay: 0 }] }),
      rate: (step) => 0.01 / (1 + step),
      clipNorm: 1,
    };
    const whole = await fit(tinyNet, { weights }, tinyData, device, { ...own, steps: { from: 6 } });
    expect(whole.updates).toBe(18);
    const first = await fit(tinyNet, { weights }, tinyData, device, { ...own, steps: { from: 6, to: 12 } });
    const forgotten = await fit(tinyNet, { ...first, moments: null }, tinyData, device, {
      ...own,
      steps: { from: 12 },
    });
    expect(forgotten.updates).toBe(12); // moments of zero have gathered none
    const checkpoint = join(folder, 'adam');
    const controller = new AbortController();
    const second = { ...own, steps: { from: 12 }, checkpoint };
    const killed = fit(tinyNet, first, tinyData, device, {
      ...second,
      signal: controller.signal,
      onStep: ({ epoch }) => {
        if (epoch === 3) controller.abort(new Error('killed'));
      },
    });
    await expect(killed).rejects.toThrow('killed');
    const resumed = await fit(tinyNet, null, tinyData, device, { ...second, resume: true });
    expect(resumed.updates).toBe(18);
    if (kind === 'cpu') {
      expect(values(resumed.weights)).toEqual(values(whole.weights));
      return;
    }
    // it holds float64, and weights are handed over in float32
    for (const [name, { data }] of resumed.weights)
      data.forEach((v, i) => expect(v).toBeCloseTo(whole.weights.get(name)!.data[i]!, 5));
  });

  test('takes a part of the steps; two parts that meet are the unbroken run', async () => {
    const whole = await fit(tinyNet, { weights }, tinyData, device, options);
    for (const k of [6, 9]) {
      // between two epochs, and within one
      const first = await fit(tinyNet, { weights }, tinyData, device, { ...options, steps: { to: k } });
      const second = await fit(tinyNet, first, tinyData, device, { ...options, steps: { from: k } });
      if (kind === 'cpu') {
        expect(values(second.weights)).toEqual(values(whole.weights));
        expect(values(second.velocities)).toEqual(values(whole.velocities));
        expect(second.history.slice(-2)).toEqual(
          whole.history.slice(-2).map((e) => ({ ...e, seconds: expect.any(Number) as number })),
        );
      } else {
        // it holds float64, and weights are handed over in float32
        for (const [name, { data }] of second.weights)
          data.forEach((v, i) => expect(v).toBeCloseTo(whole.weights.get(name)!.data[i]!, 5));
      }
      expect([first, second].map((r) => r.history.map((e) => e.epoch))).toEqual(
        k === 6
          ? [[1], [2, 3, 4]]
          : [
              [1, 2],
              [2, 3, 4],
            ],
      );
    }
  });

  test('velocities count, except where the weight is masked', async () => {
    const first = await fit(tinyNet, { weights }, tinyData, device, { ...options, steps: { to: 6 } });
    const masks = new Map(
      [...weights]
        .filter(([name]) => name.startsWith('conv') || name === 'fc.weight')
        .map(([name, w]) => [name, Uint8Array.from(w.data, (_, i) => i % 2)]),
    );
    const after = async (velocities: typeof weights | null): Promise<typeof weights> =>
      (
        await fit(tinyNet, { weights: first.weights, masks, velocities }, tinyData, device, {
          ...options,
          steps: { from: 6, to: 7 },
        })
      ).weights;
    const [carried, fresh] = [await after(first.velocities), await after(null)];
    expect(values(carried)).not.toEqual(values(fresh));
    for (const [name, mask] of masks)
      expect(mask.every((m, i) => m === 1 || carried.get(name)!.data[i] === 0)).toBe(true);
    await expect(after(new Map([...first.velocities].slice(1)))).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: /^velocities: 'velocity\/conv1\.weight' is missing/,
    });
    await expect(
      after(new Map([...first.velocities, ['fc.bias', { shape: [2], data: new Float32Array(2) }]])),
    ).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: "velocities: 'velocity/fc.bias' has 2 numbers, the parameter has 3; give one for each",
    });
  });

  test('a part of the steps can be killed and resumed', async () => {
    const part = { ...options, steps: { from: 3, to: 21 } };
    const whole = await fit(tinyNet, { weights }, tinyData, device, part);
    const checkpoint = join(folder, 'part');
    const controller = new AbortController();
    await expect(
      fit(tinyNet, { weights }, tinyData, device, {
        ...part,
        checkpoint,
        signal: controller.signal,
        onStep: ({ epoch, step }) => {
          if (epoch === 3 && step === 0) controller.abort(new Error('killed'));
        },
      }),
    ).rejects.toThrow('killed');
    const resumed = await fit(tinyNet, { weights }, tinyData, device, { ...part, checkpoint, resume: true });
    expect(values(resumed.weights)).toEqual(values(whole.weights));
    await expect(
      fit(tinyNet, { weights }, tinyData, device, { ...options, checkpoint, resume: true }),
    ).rejects.toMatchObject({
      message: `${checkpoint}.json: made with other settings: there steps=3-21, here steps=all; repeat them, or choose another path`,
    });
  });

  test('refuses checkpoints that are there already, of other settings, truncated or altered', async () => {
    const checkpoint = join(folder, 'kept');
    await fit(tinyNet, { weights }, tinyData, device, { ...options, epochs: 1, checkpoint });
    const again = (more: Partial<FitOptions>): Promise<unknown> =>
      fit(tinyNet, { weights }, tinyData, device, { ...options, epochs: 1, checkpoint, ...more });
    await expect(again({})).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: `${checkpoint}.json: a checkpoint is there already; continue it with resume, or choose another path`,
    });
    await expect(again({ resume: true, seed: 9 })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: `${checkpoint}.json: made with other settings: there seed=3, here seed=9; repeat them, or choose another path`,
    });
    const file = `${checkpoint}-0001.safetensors`;
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 4));
    await expect(again({ resume: true })).rejects.toMatchObject({ code: 'CHECKPOINT' });
    await writeFile(`${checkpoint}.json`, '{"format": "pathex-check');
    await expect(again({ resume: true })).rejects.toMatchObject({ code: 'CHECKPOINT' });
  });

  test('names a diverging loss', async () => {
    await expect(
      fit(tinyNet, { weights }, tinyData, device, {
        ...options,
        epochs: 20,
        rate: { kind: 'multiStep', rate: 1e12, milestones: [] },
      }),
    ).rejects.toMatchObject({ code: 'NON_FINITE' });
  });

  test.each<[Partial<FitOptions>, string]>([
    [{ epochs: 0 }, 'train: epochs 0 is not a positive integer; give one'],
    [{ batch: 0 }, 'train: batch 0 is not a positive integer; give one'],
    [{ rate: { kind: 'oneCycle', rate: -1 } }, 'train: rate: rate -1 is not a positive number; give one'],
    [
      { steps: { from: 24 } },
      'train: steps 24 to 24 are no part of the training, which has 24 steps; give 0 <= from < to <= 24',
    ],
    [{ steps: { to: 2.5 } }, 'train: steps: to 2.5 is not a positive integer; give one'],
    [{ momentum: 1 }, 'train: momentum 1 is not in [0, 1); give one'],
    [{ resume: true }, 'train: resume: there is no checkpoint to continue; name it with checkpoint'],
    [{ weightDecay: Number.NaN }, 'train: weightDecay NaN is not a number from 0 on; give one'],
  ])('refuses %o', async (more, message) => {
    await expect(fit(tinyNet, { weights }, tinyData, device, { ...options, ...more })).rejects.toMatchObject({
      code: 'OPTION',
      message,
    });
  });
});
