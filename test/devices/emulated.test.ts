import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { initialise } from '../../src/nn/weights.js';
import { make, ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { prune } from '../../src/prune/prune.js';
import { integers, key, normal } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { implementationsOf } from '../../src/runtime/native-device.js';
import { openDevice } from '../../src/runtime/open.js';
import { grad } from '../../src/transform/grad.js';
import { fit } from '../../src/train/fit.js';
import { tinyData, tinyNet } from '../train/tiny.js';
import { emulatedCuda } from './emulated.js';

/**
 * Whole uses of the cuda device, graphs and all, on a GPU of g++: what the runtime does with emitted code is
 * what the reference does.
 */

const folder = mkdtempSync(join(tmpdir(), 'pathex-emulated-'));
const logFile = join(folder, 'log');

describe('the cuda device, emulated', () => {
  let device: Device;
  let reference: Device;
  beforeAll(async () => {
    process.env['FAKE_CUDA_LOG'] = logFile;
    device = await emulatedCuda(join(folder, 'cache'));
    reference = await openDevice('reference');
  }, 120_000); // the driver may have to be compiled
  afterAll(async () => {
    await device.dispose();
    expect(readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1)).toBe('left:');
    rmSync(folder, { recursive: true, force: true });
  });

  test('trains as the reference does, with the same bits in every run', async () => {
    const start = { weights: initialise(tinyNet, 2), masks: null };
    const options = { epochs: 4, batch: 16, rate: { kind: 'oneCycle', rate: 0.05 }, seed: 3 } as const;
    const [a, again, b] = [
      await fit(tinyNet, start, tinyData, device, options),
      await fit(tinyNet, start, tinyData, device, options),
      await fit(tinyNet, start, tinyData, reference, options),
    ];
    for (const [name, { data }] of b.weights) {
      const own = a.weights.get(name)!.data;
      expect(own, name).toEqual(again.weights.get(name)!.data);
      for (let i = 0; i < data.length; i++) expect(Math.abs(own[i]! - data[i]!), name).toBeLessThan(2e-4);
    }
    expect(a.testAccuracy).toBe(b.testAccuracy);
    expect(readFileSync(logFile, 'utf8')).toMatch(/^graph \d+$/m); // not step by step
    expect(device.liveBytes()).toBe(0);
  });

  test('trains on bf16 activations along the reference, and prunes as in float32', async () => {
    const narrow = await emulatedCuda(join(folder, 'cache'), 'bf16');
    expect(narrow.description).toContain(
      'bf16 activations in training and evaluation, strict float32 elsewhere',
    );
    const start = { weights: initialise(tinyNet, 2), masks: null };
    const options = { epochs: 4, batch: 16, rate: { kind: 'oneCycle', rate: 0.05 }, seed: 3 } as const;
    const [a, again, b] = [
      await fit(tinyNet, start, tinyData, narrow, options),
      await fit(tinyNet, start, tinyData, narrow, options),
      await fit(tinyNet, start, tinyData, reference, options),
    ];
    for (const [name, { data }] of b.weights) {
      const own = a.weights.get(name)!.data;
      expect(own, name).toEqual(again.weights.get(name)!.data);
      const norm = (xs: ArrayLike<number>): number => Math.hypot(...Array.from(xs));
      // means and their gradients cancel, so that only rounding is left of them: 8 % of the first means, 1.2
      // % of the first weights
      if (/^(conv|fc).*weight$/.test(name))
        expect(norm(own.map((x, i) => x - data[i]!)) / norm(data), name).toBeLessThan(3e-2);
      expect(norm(own.map((x, i) => x - data[i]!)), name).toBeGreaterThan(1e-5); // it did round
    }
    expect(a.testAccuracy).toBe(b.testAccuracy);
    const data = [0, 1].map((i) => ({
      images: Float32Array.from(normal(key(3 + i), 6 * 108)),
      labels: Int32Array.from(integers(key(4), 6, 3)),
    }));
    const pruning = { method: 'px', density: 0.4, rounds: 4, data } as const;
    expect([...(await prune(tinyNet, start.weights, narrow, pruning)).masks]).toEqual([
      ...(await prune(tinyNet, start.weights, device, pruning)).masks,
    ]);
    await narrow.dispose();
  }, 120_000);

  describe('with gradients of weights on a stream of their own', () => {
    const start = { weights: initialise(tinyNet, 2), masks: null };
    const options = { epochs: 4, batch: 16, rate: { kind: 'oneCycle', rate: 0.05 }, seed: 3 } as const;
    const data = [0, 1].map((i) => ({
      images: Float32Array.from(normal(key(3 + i), 6 * 108)),
      labels: Int32Array.from(integers(key(4), 6, 3)),
    }));
    const pruning = { method: 'px', density: 0.4, rounds: 8, data } as const;
    afterEach(() =>
      ['FAKE_CUDA_SIDE', 'FAKE_CUDA_ELAPSED', 'FAKE_CUDA_FAIL'].forEach((name) => delete process.env[name]),
    );

    test.each(['late', 'early'])(
      'has the same bits, its work being done as %s as may be',
      async (when) => {
        process.env['FAKE_CUDA_SIDE'] = when;
        const [one, two] = [
          await emulatedCuda(join(folder, 'cache'), 'strict', 'one'),
          await emulatedCuda(join(folder, 'cache'), 'strict', 'two'),
        ];
        const [a, b] = [
          await fit(tinyNet, start, tinyData, one, options),
          await fit(tinyNet, start, tinyData, two, options),
        ];
        for (const [name, { data: weights }] of a.weights)
          expect(b.weights.get(name)!.data, name).toEqual(weights);
        expect([...(await prune(tinyNet, start.weights, two, pruning)).masks]).toEqual([
          ...(await prune(tinyNet, start.weights, one, pruning)).masks,
        ]);
        await Promise.all([one.dispose(), two.dispose()]);
      },
      120_000,
    );

    const w = ops.state('w', [4, 3, 3, 2], { role: 'weight', init: { kind: 'constant', value: 1 } });
    const y = make('conv2d', [ops.input('x', [2, 5, 5, 2]), w], {
      stride: [1, 1],
      dilation: [1, 1],
      padding: [1, 1, 1, 1],
    });
    const slope = grad(ops.sum(ops.mul(y, y), [0, 1, 2, 3]), [w])[0]!;
    const descent = program('descent', { next: [[w, ops.sub(w, ops.mul(slope, ops.scalar(1e-3)))]] });
    test.each([
      [5, 3, true],
      [5, 4.98, false],
      [3, 5, false],
    ])('takes it where runs are faster so: %s or %s ms', async (one, two, expected) => {
      // by turns, and the first on two streams is captured, which is not measured
      process.env['FAKE_CUDA_ELAPSED'] = [one, ...Array.from({ length: 5 }, () => [one, two]).flat()].join();
      const measured = await emulatedCuda(join(folder, 'cache'));
      const step = await measured.compile(descent);
      const store = measured.store();
      await store.add('w', { shape: [4, 3, 3, 2], dtype: 'f32' }, normal(key(5), 72));
      const run = (): Promise<unknown> => step.run(store, { x: Float32Array.from(normal(key(6), 100)) });
      const beside = (): number =>
        implementationsOf(step).filter((s) => s.implementation.endsWith(', beside the steps after it'))
          .length;
      for (let k = 0; k < 16 + 11; k++) await run();
      expect(beside()).toBe(0);
      await run();
      expect(beside()).toBe(expected ? 1 : 0);
      await run();
      const waits = readFileSync(logFile, 'utf8').split('\n');
      expect(waits.slice(waits.lastIndexOf('cuGraphLaunch')).some((l) => l === 'cuEventElapsedTime')).toBe(
        false,
      ); // no longer measured
      store.dispose();
      step.dispose();
      await measured.dispose();
    });
  });

  test('goes on with one stream where two cannot be captured, and refuses where two are asked for', async () => {
    const w = ops.state('w', [8, 4], { role: 'weight', init: { kind: 'constant', value: 1 } });
    const y = ops.matmul(ops.input('x', [6, 4]), w, { transposeA: false, transposeB: true });
    const p = program('dense', {
      next: [[w, ops.sub(w, ops.mul(grad(ops.sum(ops.mul(y, y), [0, 1]), [w])[0]!, ops.scalar(1e-3)))]],
    });
    const after = async (streams: 'measured' | 'one' | 'two'): Promise<readonly number[]> => {
      const own = await emulatedCuda(join(folder, 'cache'), 'strict', streams);
      const [step, store] = [await own.compile(p), own.store()];
      await store.add('w', { shape: [8, 4], dtype: 'f32' }, normal(key(5), 32));
      try {
        for (let k = 0; k < 40; k++) await step.run(store, { x: Float32Array.from(normal(key(6), 24)) });
        return Array.from(await store.read('w'));
      } finally {
        await own.dispose();
      }
    };
    const expected = await after('one');
    process.env['FAKE_CUDA_FAIL'] = 'cuStreamWaitEvent:1';
    try {
      expect(await after('measured')).toEqual(expected);
      await expect(after('two')).rejects.toThrow(/cuStreamWaitEvent: CUDA_ERROR_1/);
    } finally {
      delete process.env['FAKE_CUDA_FAIL'];
    }
  });

  test('prunes as the reference does', async () => {
    const data = [0, 1].map((i) => ({
      images: Float32Array.from(normal(key(3 + i), 6 * 108)),
      labels: Int32Array.from(integers(key(4), 6, 3)),
    }));
    const options = { method: 'px', density: 0.4, rounds: 4, data } as const;
    const weights = initialise(tinyNet, 2);
    const [a, b] = [
      await prune(tinyNet, weights, device, options),
      await prune(tinyNet, weights, reference, options),
    ];
    expect([...a.masks]).toEqual([...b.masks]);
    expect(device.liveBytes()).toBe(0);
  });

  test('constants and queued runs on one state', async () => {
    const x = ops.state('x', [3]);
    const p = program('constants', {
      outputs: { y: ops.add(x, ops.literal([3], [1, 2, 3])) },
      next: [[x, ops.mul(x, ops.scalar(2))]],
    });
    const store = device.store();
    await store.add('x', { shape: [3], dtype: 'f32' }, [1, 1, 1]);
    const executable = await device.compile(p);
    for (const s of implementationsOf(executable)) expect(s.implementation).toMatch(/^\d+ launch|^nothing/);
    const ys = await Promise.all([1, 2, 3, 4].map(() => executable.run(store)));
    expect(ys.map(({ y }) => Array.from(y!))).toEqual([
      [2, 3, 4],
      [3, 4, 5],
      [5, 6, 7],
      [9, 10, 11],
    ]);
    expect(Array.from(await store.read('x'))).toEqual([16, 16, 16]);
    store.dispose();
    executable.dispose();
  });
});
