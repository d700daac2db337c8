import { pipe } from 'fp-ts/lib/function.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/source/dataset.js';
import { nameOf } from '../../src/graph/graph.js';
import { batchNorm, conv2d, globalAveragePool, linear, relu } from '../../src/nn/layers.js';
import { network, rebatch } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { criterionOf, METHODS } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { program } from '../../src/program/program.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { evaluate, referenceDevice } from '../../src/runtime/reference.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { trainStep } from '../../src/train/programs.js';
import { grad } from '../../src/transform/grad.js';
import { inference, training } from '../../src/transform/readings.js';

/** As DeepLab pools images: one value for each channel of each image under a norm. */
const pooled = network('pooled', [6, 6, 3], (x) => {
  const y = relu(batchNorm('stem.bn')(conv2d('stem.conv', 4, { kernel: 3 })(x)));
  const image = ops.reshape(globalAveragePool(y), [x.shape[0], 1, 1, 4] as const);
  return pipe(
    image,
    conv2d('pooling.conv', 4, { kernel: 1 }),
    batchNorm('pooling.bn'),
    relu,
    globalAveragePool,
    linear('fc', 3),
  );
});
const data = {
  name: 'none',
  height: 6,
  width: 6,
  channels: 3,
  classes: 3,
  mean: [0, 0, 0],
  std: [1, 1, 1],
} as unknown as Dataset; // only its sizes are read
const refusal =
  'training: BatchNorm of [1, 1, 1, 4] has one value a channel, whose variance is zero; at pooling.bn; ' +
  'use a batch of at least 2, or drop the norm there';

describe('a BatchNorm that sees one value a channel', () => {
  it('is an error before the first step, which names the layer', () => {
    const step = (batch: number): unknown => trainStep(pooled, data, { split: 'train', count: 10 }, batch);
    expect(() => step(1)).toThrow(expect.objectContaining({ code: 'NETWORK', message: refusal }));
    expect(() => step(2)).not.toThrow();
  });
  it('of columns too', () => {
    const columns = network('columns', [5], (x) => linear('fc', 2)(batchNorm('bn')(x)));
    expect(() => training(columns)).toThrow('BatchNorm of [1, 5] has one value a channel');
    expect(() => training(rebatch(columns, 2))).not.toThrow();
  });
  it('is none where stored statistics are read', () => {
    const weights = initialise(pooled, 1);
    const [logits] = evaluate([inference(pooled).output], (leaf) =>
      leaf.op === 'input'
        ? new Float64Array(108).fill(1)
        : Float64Array.from(weights.get(nameOf(leaf))!.data),
    );
    expect([...logits!].every(Number.isFinite)).toBe(true);
  });
  it('is the same error from every criterion that reads the batch, and none from the others', () => {
    const refused = METHODS.filter((m) => m !== 'imp' && m !== 'phew').filter((method) => {
      const criterion = criterionOf({ method });
      if (criterion.kind !== 'criterion') return false;
      try {
        roundPrograms(pooled, criterion, 1);
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'NETWORK', message: refusal });
        return true;
      }
    });
    expect(refused).toEqual(['snip', 'itersnip', 'force', 'grasp', 'prospr', 'ntk-sap']);
  });
});

/** Values whose first lies far from the rest, and others that a sum of squares in float32 gets wrong. */
const ROWS = 40_000;
const noise = (i: number): number => Math.sin(12.9898 * i) + Math.cos(78.233 * i);
const adversaries: readonly {
  readonly name: string;
  readonly value: (i: number) => number;
  readonly rows?: number;
}[] = [
  { name: 'near zero', value: noise },
  { name: 'a first value 1e4 away', value: (i) => (i === 0 ? 1e4 : noise(i)) },
  { name: 'a first value 1e6 away', value: (i) => (i === 0 ? 1e6 : noise(i)) },
  { name: 'a last value 1e6 away', value: (i) => (i === ROWS - 1 ? 1e6 : noise(i)) },
  { name: 'a first value away from a constant', value: (i) => (i === 0 ? 1 : 4096.1) },
  { name: 'a mean of 1e5', value: (i) => 1e5 + noise(i) },
  { name: 'alternating 1e7', value: (i) => (i % 2 === 0 ? 1e7 : -1e7) + noise(i) },
  { name: 'every 1024th value 1e5 away', value: (i) => (i % 1024 === 0 ? 1e5 : noise(i)) },
  { name: 'a jump half way', value: (i) => (i < ROWS / 2 ? noise(i) : 1e6 + noise(i)) },
  { name: 'two equal values beside each other', value: (i) => (i === 0 ? 3 : 3 + 1e-6), rows: 2 },
  { name: 'a first value far from 6.4 million', value: (i) => (i === 0 ? -1e4 : noise(i)), rows: 6_400_000 },
];

/** Mean and variance in two passes, by differences from the first so that equal values give exactly zero. */
const twoPasses = (x: Float32Array): readonly [mean: number, variance: number] => {
  const first = x[0]!;
  let total = 0;
  for (const v of x) total += v - first;
  const off = total / x.length;
  let squares = 0;
  for (const v of x) squares += (v - first - off) ** 2;
  return [first + off, squares / x.length];
};

describe('variance of a batch, whatever the values', () => {
  /**
   * The batch statistics of `columns` copies of the values, as a training of BatchNorm on a device takes
   * them.
   */
  const statistics = async (
    device: Device,
    values: Float32Array,
    columns: number,
  ): Promise<{ readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> }> => {
    const net = network('norm', [columns], (x) => batchNorm('bn')(x));
    const { updates, input } = training(rebatch(net, values.length), 1);
    const [mean, unbiased] = updates.map((u) => u.next) as [Tensor, Tensor];
    const executable = await device.compile(program('statistics', { outputs: { mean, unbiased } }));
    const store = device.store();
    for (const [name, leaf] of executable.program.state)
      await store.add(name, leaf, new Float32Array(columns));
    const all = new Float32Array(values.length * columns);
    for (let i = 0; i < all.length; i++) all[i] = values[Math.floor(i / columns)]!;
    const out = await executable.run(store, { [nameOf(input)]: all });
    store.dispose();
    executable.dispose();
    const share = (values.length - 1) / values.length;
    return { mean: out['mean']!, variance: Array.from(out['unbiased']!, (v) => v * share) };
  };
  const expectRight = async (device: Device, values: Float32Array, columns: number): Promise<void> => {
    const [mean, variance] = twoPasses(values);
    const got = await statistics(device, values, columns);
    for (let k = 0; k < columns; k++) {
      expect(got.variance[k]).toBeGreaterThanOrEqual(0);
      expect(Math.abs(got.variance[k]! / variance - 1)).toBeLessThan(1e-3);
      const room = 1e-3 * Math.sqrt(variance) + 1e-7 * Math.abs(mean);
      expect(Math.abs(got.mean[k]! - mean)).toBeLessThan(room);
    }
  };
  let cpu: Device;
  beforeAll(async () => {
    cpu = await openDevice('cpu', { threads: 2 });
  });
  afterAll(() => cpu.dispose());

  it.each(adversaries)('$name: on the cpu', async ({ value, rows = ROWS }) => {
    const values = Float32Array.from({ length: rows }, (_, i) => value(i));
    for (const columns of rows > ROWS ? [1] : [1, 3, 16]) await expectRight(cpu, values, columns);
  });
  it.each(adversaries.slice(0, -1))('$name: on the reference', async ({ value, rows = ROWS }) => {
    await expectRight(
      referenceDevice(),
      Float32Array.from({ length: rows }, (_, i) => value(i)),
      2,
    );
  });
  it.each([0.1, -12345.678, 3e7])('of equal numbers %f is exactly zero', async (value) => {
    for (const device of [cpu, referenceDevice()])
      for (const rows of [2, 1001, 40_000]) {
        const got = await statistics(device, new Float32Array(rows).fill(value), 5);
        expect(Array.from(got.variance)).toEqual([0, 0, 0, 0, 0]);
        expect(Array.from(got.mean)).toEqual(new Array(5).fill(Math.fround(value)));
      }
  });
  it('does not depend on the number of threads', async () => {
    const one = await openDevice('cpu', { threads: 1 });
    const values = Float32Array.from({ length: ROWS }, (_, i) => (i === 0 ? 1e5 : noise(i)));
    expect(await statistics(one, values, 16)).toEqual(await statistics(cpu, values, 16));
    await one.dispose();
  });
  it('differentiates as 2 (x - mean) / n, and again', async () => {
    const x = ops.input('x', [5, 2]);
    const values = Float64Array.of(1, 4, -2, 0, 3, 3, 7, -1, 2, 2);
    const weights = ops.literal([2], [1, -3]);
    const [slope] = grad(ops.sum(ops.mul(ops.variance(x), weights), [0]), [x]);
    const [curve] = grad(ops.sum(ops.mul(slope!, slope!), [0, 1]), [x]);
    const [first, second] = evaluate([slope!, curve!], () => values);
    const means = [0, 1].map((k) => [0, 1, 2, 3, 4].reduce((s, i) => s + values[2 * i + k]! / 5, 0));
    values.forEach((v, i) => {
      const factor = (2 / 5) * [1, -3][i % 2]!;
      expect(first![i]).toBeCloseTo(factor * (v - means[i % 2]!), 12);
      expect(second![i]).toBeCloseTo(2 * factor ** 2 * (v - means[i % 2]!), 12);
    });
  });
});
