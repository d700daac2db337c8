import { pipe } from 'fp-ts/lib/function.js';
import type { Dataset, Split } from '../../src/source/dataset.js';
import { batchNorm, conv2d, globalAveragePool, linear, relu } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { fold, integers, key, normal } from '../../src/random.js';

/** A task that a few steps learn: 6x6 images whose brightest channel is the class. */
const split = (name: string, count: number): Split => {
  const own = fold(key(7), name);
  const labels = integers(fold(own, 'labels'), count, 3);
  const noise = normal(fold(own, 'noise'), count * 108);
  const images = Uint8Array.from(noise, (z, i) =>
    Math.max(0, Math.min(255, 110 + 30 * z + (i % 3 === labels[Math.floor(i / 108)] ? 40 : 0))),
  );
  return { images, labels, count };
};

export const tinyData: Dataset<6, 6, 3, 3> = {
  name: 'tiny',
  synthetic: true,
  source: 'generated',
  height: 6,
  width: 6,
  channels: 3,
  classes: 3,
  classNames: ['r', 'g', 'b'],
  mean: [0.45, 0.45, 0.45],
  std: [0.15, 0.15, 0.15],
  train: split('train', 48),
  test: split('test', 30),
};

export const tinyNet = network('tiny', [6, 6, 3], (x) =>
  pipe(
    x,
    conv2d('conv1', 6, { kernel: 3 }),
    batchNorm('bn1'),
    relu,
    conv2d('conv2', 8, { kernel: 3, stride: 2 }),
    batchNorm('bn2'),
    relu,
    globalAveragePool,
    linear('fc', 3),
  ),
);
