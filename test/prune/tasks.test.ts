import { describe, expect, test } from 'vitest';
import { batchNorm, conv2d, relu } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { pipe } from 'fp-ts/lib/function.js';
import { minibatches } from '../../src/prune/minibatches.js';
import { prune } from '../../src/prune/prune.js';
import { scores } from '../../src/prune/scores.js';
import { fold, integers, key } from '../../src/random.js';
import { openDevice } from '../../src/runtime/open.js';
import { resident } from '../../src/source/resident.js';
import { regression } from '../../src/task/regression.js';
import { segmentation } from '../../src/task/segmentation.js';
import { fit } from '../../src/train/fit.js';
import { evaluate } from '../../src/train/evaluate.js';

/**
 * Criteria read the task and the source of the training: here maps of classes, some pixels of which count for
 * nothing.
 */

const own = fold(key(5), 'maps');
const COUNT = 8;
const half = {
  count: COUNT,
  images: Uint8Array.from(integers(fold(own, 'images'), COUNT * 16, 256)),
  targets: {
    labels: Uint8Array.from(integers(fold(own, 'labels'), COUNT * 16, 3), (v) => (v === 2 ? 255 : v)),
  },
};
const source = resident({
  name: 'maps',
  sample: [4, 4, 1],
  targets: { labels: { kind: 'classes', shape: [4, 4], classes: 2, ignore: 255 } },
  train: half,
  test: half,
});
const net = network('segmenter', [4, 4, 1], (x) =>
  pipe(x, conv2d('a', 3, { kernel: 3 }), batchNorm('bn'), relu, conv2d('b', 2, { kernel: 1, bias: true })),
);
const weights = initialise(net, 4);
const task = segmentation({ ignore: 255 });

describe('a criterion with a task', () => {
  test('scores by the loss of that task: |theta dL/dtheta| by differences of the loss', async () => {
    const device = await openDevice('reference');
    const data = await minibatches(source, device, { images: COUNT });
    const options = { method: 'snip', statistics: 'stored', data, task } as const;
    const found = await scores(net, weights, device, options);
    const lossAt = async (name: string, i: number, by: number): Promise<number> => {
      const moved = new Map(weights);
      const { shape, data: values } = weights.get(name)!;
      moved.set(name, { shape, data: values.map((v, k) => (k === i ? v + by : v)) });
      return (await evaluate(net, { weights: moved }, source, device, 'train', { task })).loss;
    };
    for (const [name, score] of found.scores) {
      for (const i of [0, 1, score.length - 1]) {
        const by = 1 / 256; // exact in float32
        const slope = ((await lossAt(name, i, by)) - (await lossAt(name, i, -by))) / (2 * by);
        expect(score[i]).toBeCloseTo(Math.abs(weights.get(name)!.data[i]! * slope), 4);
      }
    }
    await device.dispose();
  });

  test.each(['reference', 'cpu'] as const)('prunes a segmentation network on %s', async (kind) => {
    const device = await openDevice(kind);
    const data = await minibatches(source, device, { images: COUNT, batch: 4 });
    expect(data.map((d) => [d.images.length, d.targets['labels']!.length])).toEqual([
      [64, 64],
      [64, 64],
    ]);
    const ticket = await prune(net, weights, device, { method: 'grasp', density: 0.5, data, task });
    expect([...ticket.masks.values()].reduce((n, mask) => n + mask.reduce((m, bit) => m + bit, 0), 0)).toBe(
      17,
    );
    await device.dispose();
  });

  test('is told what is missing', async () => {
    const device = await openDevice('reference');
    const data = await minibatches(source, device, { images: 4 });
    const run = (more: object): Promise<unknown> =>
      prune(net, weights, device, { method: 'snip', density: 0.5, data, ...more } as never);
    await expect(run({})).rejects.toThrow('classification: the network answers [4, 4, 2] for an image');
    await expect(run({ task: regression() })).rejects.toThrow(
      "minibatch 0: regression needs targets 'values', it has labels",
    );
    await expect(run({ task: segmentation() })).rejects.toThrow("targets 'labels': label 255 at");
    const labels = { images: data[0]!.images, labels: new Int32Array(4) };
    await expect(run({ task, data: [labels] })).rejects.toThrow(
      '4 values, 4 images with [4, 4] each need 64',
    );
    await device.dispose();
  });
});

test('IMP trains on a source with its task, as a plain loop over fit() does', async () => {
  const device = await openDevice('reference');
  const training = { epochs: 2, batch: 4, rate: { kind: 'constant', rate: 0.05 } } as const;
  const options = { method: 'imp', dataset: source, rounds: 1, density: 0.5, training } as const;
  const ticket = await prune(net, weights, device, { ...options, task });
  const trained = await fit(net, { weights }, source, device, { ...training, task });
  const sizes = ['a.weight', 'b.weight'].flatMap((name) =>
    [...trained.weights.get(name)!.data].map((v, i) => ({ name, i, size: Math.abs(v) })),
  );
  const kept = [...sizes]
    .sort((x, y) => y.size - x.size)
    .slice(0, sizes.length - Math.trunc(sizes.length / 2));
  for (const { name, i } of sizes)
    expect(ticket.masks.get(name)![i]).toBe(kept.some((k) => k.name === name && k.i === i) ? 1 : 0);
  const twice = prune(net, weights, device, { ...options, task, training: { ...training, task } });
  await expect(twice).rejects.toThrow('leave one of them out');
  await expect(prune(net, weights, device, options)).rejects.toThrow('classification: the network answers');
  await device.dispose();
});
