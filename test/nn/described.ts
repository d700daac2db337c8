import { flatten, linear } from '../../src/nn/layers.js';
import { network, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import type { Nhwc, Tensor } from '../../src/tensor/tensor.js';

/** Uses of the batch size beyond layers: slices, concatenation and broadcasting. */
export const split: Network = network('split', [4, 3, 2], (x) => {
  const [n] = x.shape;
  const half = (from: number) => ops.slice(x, [0, 0, 0, from], [n, 4, 3, from + 1], [1, 1, 1, 1]);
  const mean = ops.mul(ops.sum(x, [1, 2, 3]), ops.scalar(1 / 24));
  const y = ops.concat([half(1), ops.neg(half(0)), ops.broadcast(mean, [n, 4, 3, 1], [0])], 3);
  return linear(
    'fc',
    2,
  )(flatten(ops.transpose(y, [0, 3, 2, 1]) as Tensor<Nhwc<number, number, number, number>>));
});

/**
 * Two heads that weigh the four rows of a sample by how queries meet keys, folded into the batch as [n *
 * heads, rows, width].
 */
export const heads: Network = network('heads', [4, 6], (x) => {
  const [n, rows, heads, width] = [x.shape[0], 4, 2, 3] as const;
  const folded = (name: string): Tensor => {
    const all = linear(name, heads * width)(ops.reshape(x, [n * rows, 6]));
    const apart = ops.transpose(ops.reshape(all, [n, rows, heads, width]), [0, 2, 1, 3]);
    return ops.reshape(apart, [n * heads, rows, width]);
  };
  const agreement = ops.sum(ops.mul(folded('query'), folded('key')), [2]);
  const y = ops.mul(ops.broadcast(agreement, [n * heads, rows, width], [0, 1]), folded('value'));
  const joined = ops.transpose(ops.reshape(y, [n, heads, rows, width]), [0, 2, 1, 3]);
  return linear('fc', 2)(ops.reshape(joined, [n, rows * heads * width] as const));
});

/** Constant axes and slices that are as long as the batch of one, by accident. */
export const ones: Network = network('ones', [3], (x) => {
  const n = x.shape[0];
  const table = ops.state('table', [2, 3], { role: 'shift' });
  const row = ops.slice(table, [0, 0], [1, 3], [1, 1]);
  const first = ops.slice(ops.transpose(x, [1, 0]), [0, 0], [1, n], [1, 1]); // [1, n]: a feature, not the batch
  const stacked = ops.broadcast(ops.reshape(first, [n]), [1, n, 3], [1]);
  const shifted = ops.add(ops.reshape(stacked, [n, 3]), ops.add(x, ops.reshape(row, [3])));
  return linear('fc', 2)(shifted as Tensor<readonly [number, number]>);
});

/** Networks that need their batch for more than the first axis of layers. */
export const FOLDING: readonly Network[] = [split, heads, ones];
