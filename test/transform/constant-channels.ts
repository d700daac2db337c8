import { nameOf } from '../../src/graph/graph.js';
import { sigmoid } from '../../src/nn/activations.js';
import {
  averagePool2,
  batchNorm,
  conv2d,
  dropout,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
} from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { parameter } from '../../src/nn/parameter.js';
import { ops } from '../../src/ops/registry.js';
import { size, type Nhwc, type Tensor } from '../../src/tensor/tensor.js';
import type { Masks } from '../../src/transform/mask.js';

/** Networks with masks under which channels are constant, and live weights that read them. */

type Image = Tensor<Nhwc<number, number, number, number>>;
type Matrix = Tensor<readonly [number, number]>;

export interface Trap {
  readonly name: string;
  readonly net: Network;
  readonly masks: Masks;
}

/**
 * Masks in which a weight is live where `isLive` of its layer says so for its row, tap and column; else all
 * are.
 */
type Live = Readonly<Record<string, (row: number, column: number, tap: number) => boolean>>;

const masksOf = (net: Network, live: Live): Masks =>
  new Map(
    prunable(net).map((w) => {
      const [name, n] = [nameOf(w), size(w.shape)];
      const [rows, columns] = [w.shape[0]!, w.shape.at(-1)!];
      const taps = n / (rows * columns);
      const isLive = live[w.path] ?? (() => true);
      const bit = (i: number): boolean =>
        isLive(Math.floor(i / (taps * columns)), i % columns, Math.floor(i / columns) % taps);
      return [name, Uint8Array.from({ length: n }, (_, i) => (bit(i) ? 1 : 0))];
    }),
  );

const trap = (name: string, sample: readonly number[], describe: (x: Image) => Tensor, live: Live): Trap => {
  const net = network(name, sample, (x) => describe(x as unknown as Image) as never) as unknown as Network;
  return { name, net, masks: masksOf(net, live) };
};

const conv = (
  name: string,
  out: number,
  bias = false,
  options: { stride?: number; dilation?: number } = {},
) => conv2d(name, out, { kernel: 3, bias, ...options }) as unknown as (x: Tensor) => Image;
const bn = (name: string) => batchNorm(name) as (x: Tensor) => Image;
const head = (x: Tensor): Tensor => linear('fc', 2)(globalAveragePool(x as Image) as Matrix);
const wideHead = (x: Tensor): Tensor => linear('fc', 2)(flatten(x as never) as Matrix);
/** Dead: the second of a layer's channels. */
const notSecond = (row: number): boolean => row !== 1;

export const TRAPS: readonly Trap[] = [
  trap(
    'the bias of a dead channel is read under zero padding',
    [5, 4, 2],
    (x) => head(ops.relu(conv('b', 3)(ops.add(conv('a', 3, true)(x), ops.scalar(0.7))))),
    { a: notSecond },
  ),
  trap(
    'so is the shift of its norm',
    [5, 4, 2],
    (x) => head(ops.relu(conv('b', 3)(ops.relu(ops.add(bn('n')(conv('a', 3)(x)), ops.scalar(0.9)))))),
    { a: notSecond },
  ),
  trap(
    'an activation that is not 0 at 0 makes something of it',
    [4, 4, 2],
    (x) => head(conv('b', 2)(sigmoid(conv('a', 3)(x)))),
    { a: notSecond },
  ),
  trap(
    'behind a norm, what two paddings left of it',
    [6, 5, 2],
    (x) => head(ops.relu(bn('m')(conv('b', 3)(ops.softplus(bn('n')(conv('a', 3, true)(x))))))),
    { a: (row) => row === 0, b: (row, column) => row === 0 || column !== 0 },
  ),
  trap(
    'with strides and an odd size',
    [7, 5, 2],
    (x) => head(bn('m')(conv('b', 3, false, { stride: 2 })(sigmoid(conv('a', 3, true)(x))))),
    { a: notSecond, b: (row, column) => row === 0 || column === 1 },
  ),
  trap(
    'with dilation',
    [7, 6, 2],
    (x) => head(bn('m')(conv('b', 3, true, { dilation: 2 })(sigmoid(conv('a', 3)(x))))),
    { a: notSecond, b: (row, column) => row === 0 || column === 1 },
  ),
  trap(
    'a layer without a live weight, and all that follows',
    [5, 5, 2],
    (x) => wideHead(bn('m')(conv('b', 3)(ops.relu(bn('n')(conv('a', 3, true)(x)))))),
    { a: () => false },
  ),
  trap('nothing is left at all', [4, 4, 1], (x) => wideHead(conv('a', 2, true)(x)), {
    a: () => false,
    fc: () => false,
  }),
  trap(
    'the first layer has nothing left, its output goes around the second',
    [4, 5, 2],
    (x) => {
      const a = ops.relu(bn('n')(conv('a', 2, true)(x)));
      return wideHead(ops.add(a, bn('m')(conv('b', 2)(a))));
    },
    { a: () => false },
  ),
  trap(
    'a dead branch adds its shift to a stream',
    [5, 5, 2],
    (x) => {
      const a = ops.relu(bn('n')(conv('a', 3)(x)));
      return head(conv('c', 2)(ops.relu(ops.add(a, bn('m')(conv('b', 3)(a))))));
    },
    { b: () => false },
  ),
  trap(
    'a stream that is dead joins one that lives',
    [5, 5, 2],
    (x) => {
      const [a, b] = [bn('n')(conv('a', 3)(x)), bn('m')(conv('b', 3)(x))];
      return head(conv('c', 2)(ops.relu(ops.add(a, b))));
    },
    { a: (row) => row === 0, b: (row) => row === 1 },
  ),
  trap(
    'channels that nobody reads, and the layers that make them',
    [5, 5, 2],
    (x) =>
      head(conv('c', 2)(ops.relu(bn('m')(conv('b', 3, true)(ops.relu(bn('n')(conv('a', 3, true)(x)))))))),
    { b: (_, column) => column === 0, c: (_, column) => column === 2 },
  ),
  trap(
    'pools of constant channels, whose padding is none of a maximum and zeros of a sum',
    [6, 6, 2],
    (x) => {
      const a = bn('n')(conv('b', 3)(sigmoid(conv('a', 3, true)(x))));
      const padded = { window: [3, 3], stride: [2, 2], padding: [1, 1, 0, 0] } as const;
      return head(
        ops.concat([maxPool2(a), averagePool2(a), ops.maxPool(a, padded), ops.sumPool(a, padded)], 3),
      );
    },
    { a: notSecond, b: (row, column) => row === 0 || column === 1 },
  ),
  trap(
    'a resized image of them',
    [3, 4, 2],
    (x) => {
      const a = sigmoid(conv('b', 3)(sigmoid(conv('a', 3)(x))));
      return head(bn('n')(conv('c', 2)(ops.resizeBilinear(a, [5, 6]))));
    },
    { a: notSecond, b: (row, column) => row === 0 || column === 1 },
  ),
  trap(
    'dropped at random they differ from image to image',
    [4, 4, 2],
    (x) => head(bn('n')(conv('b', 3)(dropout(0.5)(sigmoid(conv('a', 3, true)(x)))))),
    { a: notSecond },
  ),
  trap(
    'two dropouts, of which the first drops what nobody reads',
    [4, 4, 2],
    (x) => {
      const a = dropout(0.5)(ops.relu(conv('a', 3)(x)));
      const b = dropout(0.3)(ops.relu(conv('b', 3)(x)));
      return head(ops.add(conv('c', 2)(a), conv('d', 2)(b)));
    },
    { c: () => false },
  ),
  trap(
    'a bias for each place',
    [4, 3, 2],
    (x) => {
      const places = parameter('places', [4, 3, 2], 'bias', { kind: 'constant', value: 0 });
      return wideHead(bn('m')(conv('b', 2)(ops.relu(ops.add(conv('a', 2)(x), places)))));
    },
    { a: (row) => row === 0 },
  ),
  trap(
    'the gate beside a dead layer is a constant factor',
    [4, 4, 2],
    (x) => {
      const a = conv('a', 3)(x);
      return head(ops.mul(a, sigmoid(conv('g', 3, true)(a))));
    },
    { g: notSecond },
  ),
  trap(
    'a constant image under a gate that lives',
    [4, 4, 2],
    (x) => head(ops.mul(ops.relu(bn('n')(conv('a', 3)(x))), sigmoid(conv('g', 3, true)(x)))),
    { a: notSecond },
  ),
];
