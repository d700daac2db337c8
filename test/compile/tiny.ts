import type { Dataset } from '../../src/source/dataset.js';
import { nameOf } from '../../src/graph/graph.js';
import type { ImageNetwork } from '../../src/models/models.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { integers, key, fold, normal } from '../../src/random.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';

/** Networks small enough for plain loops, and something for them to compute with. */

export const data = {
  name: 'tiny',
  height: 8,
  width: 8,
  channels: 3,
  classes: 4,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.25],
} as unknown as Dataset;
export const networks: Record<string, () => ImageNetwork> = {
  resnet: () => resnetCifar({ depth: 8, width: 4, image: 8, classes: 4 }) as ImageNetwork,
  lenet: () => lenet([8, 8, 3], { classes: 4 }) as unknown as ImageNetwork,
  mlp: () => mlp([8, 8, 3], { classes: 4, hidden: [12, 7] }) as unknown as ImageNetwork,
};

/** A plausible value for every leaf: what it is called and what it is for decides the range. */
export const valueOf = (leaf: Tensor): Float64Array => {
  const n = size(leaf.shape);
  const own = fold(key(1), nameOf(leaf));
  const ints = (bound: number): Float64Array => Float64Array.from(integers(own, n, bound));
  switch (nameOf(leaf)) {
    case 'index':
    case 'labels':
    case 'data/train/labels':
    case 'data/test/labels':
      return ints(4);
    case 'shift':
      return ints(3).map((v, i) => (i % 3 === 2 ? v % 2 : v - 1));
    case 'keep':
      return Float64Array.of(100);
    case 'rate':
      return Float64Array.of(0.1);
    case 'round/exponent':
      return Float64Array.of(3);
  }
  if (nameOf(leaf).startsWith('keep/')) return Float64Array.of(7); // of one layer
  if (leaf.dtype === 'u8') return ints(256);
  const z = normal(own, n);
  switch (leaf.attributes['role']) {
    case 'mask':
      return z.map((v) => (v > 0 ? 1 : 0));
    case 'variance':
    case 'accumulator':
      return z.map((v) => 0.5 + v * v);
    case 'weight':
      return z.map((v) => 0.3 * v);
    default:
      return z;
  }
};
