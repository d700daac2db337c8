import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lenet, mlp } from '../../src/models/mlp.js';
import type { ImageNetwork } from '../../src/models/models.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { nameOf } from '../../src/graph/graph.js';
import { initialise } from '../../src/nn/weights.js';
import { prunable, rebatch } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program, type Program } from '../../src/program/program.js';
import { criterionOf, METHODS, procedureOf, type MethodOptions } from '../../src/prune/methods.js';
import { prune } from '../../src/prune/prune.js';
import { scoreProgram } from '../../src/prune/programs.js';
import { fold, integers, key, normal } from '../../src/random.js';
import { secondsBetween, type Device, type DeviceKind, type Numbers } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { inference } from '../../src/transform/readings.js';
import { masked } from '../../src/transform/mask.js';
import { trainStep } from '../../src/train/programs.js';
import { tinyData, tinyNet } from '../train/tiny.js';

/** Why the cuda device cannot be had here; null where it can. */
const noCuda = await openDevice('cuda').then(
  async (device) => {
    await device.dispose();
    return null;
  },
  (error: Error) => error.message,
);

/**
 * What every device must do, checked against `reference`. A new device is added to this list and nowhere
 * else.
 */
const DEVICES: readonly DeviceKind[] = noCuda === null ? ['cpu', 'cuda'] : ['cpu'];
test.skipIf(noCuda === null)(`device cuda is left out: ${noCuda}`, (context) => context.skip());

/** The methods that score on a device. */
const CRITERIA = METHODS.filter((method) => procedureOf({ method }).kind === 'criterion');

const networks: Record<string, () => ImageNetwork> = {
  resnet8: () => resnetCifar({ depth: 8, width: 8, image: 12 }) as ImageNetwork,
  lenet: () => lenet([12, 12, 3], { classes: 10 }) as unknown as ImageNetwork,
  mlp: () => mlp([12, 12, 3], { classes: 10, hidden: [30, 20] }) as unknown as ImageNetwork,
};

const runOn = async (
  device: Device,
  p: Program,
  given: (leaf: Tensor) => ArrayLike<number>,
  times = 1,
): Promise<Record<string, Numbers>> => {
  const store = device.store();
  const executable = await device.compile(p);
  for (const [name, leaf] of p.state) await store.add(name, leaf, given(leaf));
  let out: Readonly<Record<string, Numbers>> = {};
  for (let i = 0; i < times; i++)
    out = await executable.run(
      store,
      Object.fromEntries([...p.inputs].map(([name, leaf]) => [name, given(leaf)])),
    );
  const next = await Promise.all(
    Object.keys(p.next).map(async (name) => [`next ${name}`, await store.read(name)] as const),
  );
  executable.dispose();
  store.dispose();
  return { ...out, ...Object.fromEntries(next) };
};

type Pair = readonly [number, number];
type SparseShape = readonly [number, number, number, number, number, Pair, Pair, Pair, Pair, number];

/** ||a - b|| / ||b|| */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [d, n] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    d += (a[i]! - b[i]!) ** 2;
    n += b[i]! ** 2;
  }
  return Math.sqrt(d) / Math.max(Math.sqrt(n), 1e-20);
};

const random = (leaf: Tensor): Float32Array =>
  Float32Array.from(normal(fold(key(5), nameOf(leaf)), size(leaf.shape)));

describe.each(DEVICES)('device %s', (kind) => {
  let device: Device;
  let reference: Device;
  beforeAll(async () => {
    device = await openDevice(kind);
    reference = await openDevice('reference');
  });
  afterAll(async () => {
    await device.dispose();
    await reference.dispose();
  });

  describe.each(Object.keys(networks))('%s', (name) => {
    const net = networks[name]!();
    const weights = initialise(net, 2);
    const given = (leaf: Tensor): ArrayLike<number> =>
      nameOf(leaf) === 'labels'
        ? integers(key(1), size(leaf.shape), 10)
        : (weights.get(nameOf(leaf))?.data ??
          (leaf.attributes['role'] === 'mask' ? random(leaf).map((v) => (v > -0.5 ? 1 : 0)) : random(leaf)));

    test('inference agrees with the reference to 1e-5', async () => {
      const read = inference(masked(rebatch(net, 5)));
      const p = program('forward', { outputs: { logits: read.output } });
      const [a, b] = [await runOn(device, p, given), await runOn(reference, p, given)];
      expect(distance(a['logits']!, b['logits']!)).toBeLessThan(1e-5);
    });

    test.each(CRITERIA)('scores of %s agree to 3e-5, layer by layer', async (method) => {
      const p = scoreProgram(net, criterionOf({ method }), 6);
      const [a, b] = [await runOn(device, p, given), await runOn(reference, p, given)];
      for (const w of prunable(net))
        expect(distance(a[`score/${nameOf(w)}`]!, b[`score/${nameOf(w)}`]!), nameOf(w)).toBeLessThan(3e-5);
    });

    test.each(METHODS.filter((m) => m !== 'imp'))(
      'masks of %s agree with the reference: Jaccard >= 0.999',
      async (method) => {
        const data = [
          {
            images: Float32Array.from(normal(key(3), 3 * size(net.input.shape))),
            labels: Int32Array.from(integers(key(4), 3, 10)),
          },
        ];
        const own = { method } as MethodOptions;
        const options = {
          ...own,
          density: 0.3,
          rounds: procedureOf(own).rounds.kind === 'single' ? 1 : 2,
          data,
        };
        const [a, b] = [
          await prune(net, weights, device, options),
          await prune(net, weights, reference, options),
        ];
        let [both, either] = [0, 0];
        for (const [layer, mask] of a.masks)
          mask.forEach((m, i) => {
            both += m & b.masks.get(layer)![i]!;
            either += m | b.masks.get(layer)![i]!;
          });
        expect(both / either).toBeGreaterThanOrEqual(0.999);
        expect([...(await prune(net, weights, device, options)).masks]).toEqual([...a.masks]);
      },
    );
  });

  describe('convolutions of many shapes agree in all three directions', () => {
    const SHAPES = [
      [1, 12, 12, 8, 16, 1, 2, 1],
      [5, 12, 12, 8, 16, 1, 2, 1],
      [2, 7, 9, 3, 5, 1, 2, 1],
      [3, 9, 9, 24, 8, 1, 4, 1],
      [2, 13, 6, 16, 32, 1, 2, 1],
      [2, 7, 10, 3, 16, 3, 1, 1],
      [2, 12, 11, 8, 16, 3, 2, 1],
      [1, 9, 8, 12, 4, 5, 1, 1],
      [2, 10, 10, 8, 8, 3, 1, 2],
      [1, 11, 7, 16, 16, 3, 2, 3],
      [1, 8, 8, 3, 8, 7, 2, 1],
    ] as const;
    test.each(SHAPES)(
      '%i x %i x %i, %i to %i channels, kernel %i, stride %i, dilation %i',
      async (n, h, w, c, f, k, stride, dilation) => {
        const edge = (dilation * (k - 1)) / 2;
        const geometry = {
          stride: [stride, stride],
          dilation: [dilation, dilation],
          padding: [edge, edge, edge, edge],
        } as const;
        const [x, weight] = [ops.input('x', [n, h, w, c]), ops.input('weight', [f, k, k, c])];
        const y = ops.conv2d(x, weight, geometry);
        const [dx, dweight] = grad(ops.sum(ops.mul(y, ops.input('dy', y.shape)), [0, 1, 2, 3]), [x, weight]);
        const p = program('conv', { outputs: { y, dx: dx!, dweight: dweight! } });
        const [a, b] = [await runOn(device, p, random), await runOn(reference, p, random)];
        for (const name of ['y', 'dx', 'dweight'])
          expect(distance(a[name]!, b[name]!), name).toBeLessThan(1e-5);
      },
    );
  });

  describe('sparse convolutions of many shapes agree in all three directions, and twice differentiated', () => {
    // images, height, width, channels, filters, kernel, stride, dilation, padding, one weight of so many
    const SHAPES: readonly SparseShape[] = [
      [128, 8, 8, 3, 16, [3, 3], [1, 1], [1, 1], [1, 1], 4],
      [17, 9, 7, 20, 18, [3, 3], [1, 1], [1, 1], [1, 1], 9],
      [2, 32, 32, 16, 16, [3, 3], [1, 1], [1, 1], [1, 1], 20],
      [1, 33, 31, 8, 24, [3, 3], [1, 1], [1, 1], [1, 1], 10],
      [3, 8, 8, 16, 32, [3, 3], [2, 2], [1, 1], [1, 1], 12],
      [4, 9, 12, 5, 3, [3, 2], [2, 3], [2, 1], [2, 0], 3],
      [2, 8, 8, 16, 32, [1, 1], [2, 2], [1, 1], [0, 0], 5],
      [65, 1, 1, 64, 10, [1, 1], [1, 1], [1, 1], [0, 0], 20],
      [1, 1, 1, 5, 3, [1, 1], [1, 1], [1, 1], [0, 0], 2],
      [33, 2, 2, 40, 33, [3, 3], [1, 1], [1, 1], [1, 1], 30],
      [1, 16, 3, 1, 1, [5, 3], [1, 1], [1, 1], [2, 1], 1],
      [2, 6, 5, 4, 4, [3, 3], [3, 3], [1, 1], [4, 5], 2],
      [2, 5, 5, 7, 9, [3, 3], [1, 1], [2, 2], [3, 2], 1e6],
    ];
    test.each(SHAPES)(
      '%i x %i x %i, %i to %i channels, kernel %j, stride %j, dilation %j, padding %j, one of %i',
      async (n, h, w, c, f, kernel, stride, dilation, [top, left], share) => {
        const padding = [top, left, Math.max(top - 1, 0), left + (left > 1 ? 1 : 0)] as const; // uneven
        const all = f * kernel[0] * kernel[1] * c;
        const draws = integers(key(12), all, share);
        const drawn = Array.from({ length: all }, (_, k) => k).filter((k) => draws[k] === 0);
        const kept = drawn.length === 0 ? [all >> 1] : drawn;
        const index = ops.literal([kept.length], kept, 'i32');
        const [x, values] = [ops.input('x', [n, h, w, c]), ops.input('values', [kept.length])];
        const y = ops.sparseConv2d(x, values, index, f, { stride, dilation, padding, kernel });
        const all4 = [0, 1, 2, 3];
        const [dx, dvalues] = grad(ops.sum(ops.mul(y, ops.input('dy', y.shape)), all4), [x, values]);
        const curved = ops.sum(ops.mul(ops.mul(dx!, dx!), ops.input('u', x.shape)), all4);
        const [second] = grad(curved, [values]);
        const p = program('sparse', { outputs: { y, dx: dx!, dvalues: dvalues!, second: second! } });
        const [a, b] = [await runOn(device, p, random), await runOn(reference, p, random)];
        for (const name of ['y', 'dx', 'dvalues', 'second'])
          expect(distance(a[name]!, b[name]!), name).toBeLessThan(1e-5);
      },
    );
  });

  test('a training step agrees in loss, parameters and statistics', async () => {
    const weights = initialise(tinyNet, 2);
    const p = trainStep(tinyNet, tinyData, { split: 'train', count: tinyData.train.count }, 16);
    const given = (leaf: Tensor): ArrayLike<number> => {
      const name = nameOf(leaf);
      if (name === 'data/train/images') return tinyData.train.images;
      if (name === 'data/train/labels') return tinyData.train.labels;
      if (name === 'index') return integers(key(8), 16, tinyData.train.count);
      if (name === 'shift')
        return Int32Array.from({ length: 48 }, (_, i) => (i % 3 === 2 ? i & 1 : (i % 5) - 2));
      if (name === 'rate') return [0.05];
      return (
        weights.get(name)?.data ??
        new Float32Array(size(leaf.shape)).fill(leaf.attributes['role'] === 'mask' ? 1 : 0)
      );
    };
    const [a, b] = [await runOn(device, p, given, 5), await runOn(reference, p, given, 5)];
    for (const name of Object.keys(b)) expect(distance(a[name]!, b[name]!), name).toBeLessThan(3e-4);
  });

  test('statistics of channels whose mean is a thousand deviations away', async () => {
    const x = ops.input('x', [64, 3, 3, 4]);
    const { training } = await import('../../src/transform/readings.js');
    const { batchNorm } = await import('../../src/nn/layers.js');
    const read = training({ name: 'bn', input: x as Tensor, output: batchNorm('bn')(x) as Tensor });
    const p = program('bn', {
      outputs: { y: read.output },
      next: read.updates.map((u) => [u.stored, u.next] as const),
    });
    const given = (leaf: Tensor): ArrayLike<number> =>
      nameOf(leaf) === 'x' ? random(leaf).map((v) => 1000 + v) : new Float32Array(size(leaf.shape)).fill(1);
    const [a, b] = [await runOn(device, p, given), await runOn(reference, p, given)];
    expect(distance(a['y']!, b['y']!)).toBeLessThan(1e-3);
    expect(distance(a['next bn.running_var']!, b['next bn.running_var']!)).toBeLessThan(1e-4);
  });

  test('wrong use is one clear error', async () => {
    const x = ops.state('x', [3]);
    const p = program('double', { outputs: { y: ops.mul(x, ops.input('k', [])) } });
    const executable = await device.compile(p);
    const store = device.store();
    await expect(executable.run(store, { k: [2] })).rejects.toMatchObject({
      code: 'DEVICE',
      message: "run 'double': the store has no 'x' f32[3]; add it first",
    });
    await store.add('x', { shape: [3], dtype: 'f32' }, [1, 2, 3]);
    await expect(executable.run(store, {})).rejects.toMatchObject({
      message: "run 'double': input 'k' f32[] is missing; give it beside the others",
    });
    await expect(executable.run(store, { k: [1, 2] })).rejects.toMatchObject({
      message: "run 'double': input 'k' has 2 numbers, f32[] needs 1; give as many",
    });
    await expect(executable.run(store, { k: [1], q: [1] })).rejects.toMatchObject({
      message: "run 'double': it has no input 'q'; its inputs are k",
    });
    await expect(Promise.resolve().then(() => store.write('x', [1]))).rejects.toMatchObject({
      code: 'DEVICE',
    });
    expect(Array.from((await executable.run(store, { k: [2] }))['y']!)).toEqual([2, 4, 6]);
    executable.dispose();
    executable.dispose();
    store.dispose();
    expect(device.liveBytes()).toBe(0);
  });

  test('marks around runs tell the time that the runs took', async () => {
    const p = program('twice', { outputs: { y: ops.mul(ops.input('x', [100_000]), ops.scalar(2)) } });
    const executable = await device.compile(p);
    const store = device.store();
    const x = new Float32Array(100_000);
    const start = performance.now();
    const [begin, , end, again] = await Promise.all([
      device.mark(),
      executable.run(store, { x }),
      device.mark(),
      device.mark(),
    ]);
    const host = (performance.now() - start) / 1000;
    expect(secondsBetween(begin, end)).toBeGreaterThan(0);
    expect(secondsBetween(end, again)).toBeGreaterThanOrEqual(0);
    expect(secondsBetween(begin, again)).toBeLessThanOrEqual(1.01 * host);
    expect(secondsBetween(end, begin)).toBe(-secondsBetween(begin, end));
    const elsewhere = await reference.mark();
    expect(() => secondsBetween(begin, elsewhere)).toThrow(
      `secondsBetween: the marks are of two devices, ${device.description} and reference (float64, plain TypeScript); each has a clock of its own; take both from one device`,
    );
    executable.dispose();
    store.dispose();
  });

  test('a disposed device refuses work', async () => {
    const other = await openDevice(kind);
    await other.dispose();
    await other.dispose();
    await expect(
      Promise.resolve().then(() => other.compile(program('p', { outputs: { y: ops.scalar(1) } }))),
    ).rejects.toMatchObject({ code: 'DEVICE' });
    await expect(other.mark()).rejects.toMatchObject({
      code: 'DEVICE',
      message: `${kind}: the device was disposed; open another`,
    });
  });
});
