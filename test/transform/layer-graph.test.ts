import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { nameOf } from '../../src/graph/graph.js';
import { lenet } from '../../src/models/mlp.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import {
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  relu,
} from '../../src/nn/layers.js';
import { leakyRelu } from '../../src/nn/activations.js';
import { network, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { layerGraph, type Unit } from '../../src/transform/layer-graph.js';
import type { Tensor } from '../../src/tensor/tensor.js';

type Image = Tensor<readonly [number, number, number, number]>;
type Vector = Tensor<readonly [number, number]>;

/** 'layer:unit', 'in:channel'. */
const show = (net: Network): { readonly reads: Record<string, string>; readonly outputs: string } => {
  const { layers, outputs } = layerGraph(net);
  const name = ({ layer, unit }: Unit): string =>
    `${layer === null ? 'in' : nameOf(layers[layer]!.weight).replace('.weight', '')}:${unit}`;
  const list = (units: readonly (readonly Unit[])[]): string =>
    units.map((u) => u.map(name).join('+') || '-').join(' ');
  return {
    reads: Object.fromEntries(layers.map((l) => [nameOf(l.weight).replace('.weight', ''), list(l.reads)])),
    outputs: list(outputs),
  };
};
const head = (x: Image): Vector => linear('fc', 1)(globalAveragePool(x)) as Vector;

describe('which unit feeds which column', () => {
  test('of a chain: gates, norms, biases and pools change nothing', () => {
    const net = network('chain', [8, 8, 2], (x) =>
      pipe(
        x,
        conv2d('a', 3, { kernel: 3, bias: true }),
        batchNorm('n'),
        relu,
        maxPool2,
        conv2d('b', 2, { kernel: 1, stride: 2 }),
        averagePool2,
        head as (y: unknown) => Vector,
      ),
    );
    expect(show(net as unknown as Network)).toEqual({
      reads: { a: 'in:0 in:1', b: 'a:0 a:1 a:2', fc: 'b:0 b:1' },
      outputs: 'fc:0',
    });
  });
  test('of a flattened image: every channel has one column for each position', () => {
    const net = network('flat', [2, 1, 2], (x) => linear('fc', 2)(flatten(conv2d('a', 3, { kernel: 1 })(x))));
    expect(show(net as unknown as Network)).toEqual({
      reads: { a: 'in:0 in:1', fc: 'a:0 a:1 a:2 a:0 a:1 a:2' },
      outputs: 'fc:0 fc:1',
    });
    expect(
      layerGraph(lenet([12, 12, 3], { classes: 10 }) as unknown as Network).layers[2]!.reads.map((u) =>
        u.map((v) => v.unit),
      ),
    ).toEqual(Array.from({ length: 9 * 16 }, (_, j) => [j % 16]));
  });
  test('of residual blocks: identity skips are left out, shortcuts with weights stay', () => {
    const { reads, outputs } = show(
      resnetCifar({ depth: 8, width: 1, image: 8, classes: 2 }) as unknown as Network,
    );
    expect(reads).toEqual({
      conv: 'in:0 in:1 in:2',
      'blocks.0.conv1': 'conv:0',
      'blocks.0.conv2': 'blocks.0.conv1:0',
      'blocks.1.conv1': 'blocks.0.conv2:0',
      'blocks.1.conv2': 'blocks.1.conv1:0 blocks.1.conv1:1',
      'blocks.1.shortcut.0': 'blocks.0.conv2:0',
      'blocks.2.conv1': 'blocks.1.conv2:0+blocks.1.shortcut.0:0 blocks.1.conv2:1+blocks.1.shortcut.0:1',
      'blocks.2.conv2': 'blocks.2.conv1:0 blocks.2.conv1:1 blocks.2.conv1:2 blocks.2.conv1:3',
      'blocks.2.shortcut.0': 'blocks.1.conv2:0+blocks.1.shortcut.0:0 blocks.1.conv2:1+blocks.1.shortcut.0:1',
      fc: [0, 1, 2, 3].map((u) => `blocks.2.conv2:${u}+blocks.2.shortcut.0:${u}`).join(' '),
    });
    expect(outputs).toBe('fc:0 fc:1');
  });
  test('of skips without weights that change the channels, as the padded shortcuts of He et al.', () => {
    const net = network('padded', [4, 4, 1], (x) => {
      const y = conv2d('a', 2, { kernel: 1 })(x) as Image;
      const main = conv2d('c', 4, { kernel: 1, stride: 2 })(relu(conv2d('b', 3, { kernel: 3 })(y))) as Image;
      return head(
        ops.add(
          main,
          ops.place(
            ops.slice(y, [0, 0, 0, 0], [1, 4, 4, 2], [1, 2, 2, 1]),
            [1, 2, 2, 4],
            [0, 0, 0, 1],
            [1, 1, 1, 1],
          ),
        ) as Image,
      );
    });
    expect(show(net as unknown as Network).reads['fc']).toBe('c:0 c:1 c:2 c:3');
  });
  test('of joined and cut channels, and of products stored either way', () => {
    const net = network('joined', [3], (x) => {
      const [a, b] = [
        linear('a', 2)(x),
        ops.matmul(x, ops.state('b.weight', [3, 2], { role: 'weight' }, 'b')),
      ];
      return linear('fc', 1)(ops.slice(ops.concat([a, b], 1), [0, 1], [1, 4], [1, 1]) as Vector);
    });
    const wider = network('joined', [3], (x) => {
      const [a, b] = [
        linear('a', 1)(x),
        ops.matmul(x, ops.state('b.weight', [3, 2], { role: 'weight' }, 'b')),
      ];
      return linear('fc', 1)(ops.concat([a, b], 1) as Vector);
    });
    expect(() => layerGraph(net as unknown as Network)).toThrow(
      "walks: nothing reads unit 0 of 'a.weight'; leave it out",
    );
    expect(show(wider as unknown as Network).reads['fc']).toBe('a:0 b:0 b:1');
    const [a, b] = layerGraph(wider as unknown as Network).layers;
    expect([a!.strides, b!.strides]).toEqual([
      [3, 1, 0],
      [1, 2, 0],
    ]);
  });
});

describe('rules say it of ops that no list of names has', () => {
  test('what only chooses the state of a gate is crossed by no walk', () => {
    const net = network('leaky', [2], (x) => linear('b', 1)(leakyRelu()(linear('a', 3)(x))));
    expect(show(net as unknown as Network).reads).toEqual({ a: 'in:0 in:1', b: 'a:0 a:1 a:2' });
  });
  test('a transposed convolution is a layer, its weight read the other way', () => {
    const net = network('up', [3, 3, 2], (x) => {
      const weight = ops.state('up.weight', [2, 2, 2, 3], { role: 'weight' }, 'up');
      const geometry = { stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
      return head(ops.conv2dInputGrad(x, weight, [6, 6], geometry) as Image);
    });
    expect(show(net as unknown as Network).reads).toEqual({ up: 'in:0 in:1', fc: 'up:0 up:1 up:2' });
    expect(layerGraph(net).layers[0]).toMatchObject({
      outputs: 3,
      inputs: 2,
      taps: 4,
      strides: [1, 12, 3],
    });
  });
});

describe('networks that no walk can follow are refused', () => {
  const refusal = (describe: (x: Tensor<readonly [number, number, number, number]>) => Vector): string => {
    try {
      layerGraph(network('odd', [4, 4, 2], describe) as unknown as Network);
      return 'accepted';
    } catch (error) {
      if (error instanceof PathexError) return `${error.code} ${error.message}`;
      throw error;
    }
  };
  test.each([
    [
      'axes are exchanged',
      (x: Image) => head(ops.transpose(x, [0, 3, 1, 2]) as Image),
      'NETWORK walks: transpose mixes or moves the last axis, which walks follow; choose another method',
    ],
    [
      'channels are summed',
      (x: Image) => linear('fc', 1)(ops.sum(x, [3, 1]) as Vector),
      'NETWORK walks: sum mixes or moves the last axis, which walks follow; choose another method',
    ],
    [
      'channels become places',
      (x: Image) => head(ops.reshape(x, [1, 8, 4, 1])),
      'NETWORK walks: reshape mixes or moves the last axis, which walks follow; choose another method',
    ],
    [
      'images are joined side by side',
      (x: Image) => head(ops.concat([x, x], 2) as Image),
      'NETWORK walks: concat joins along another axis than the last; choose another method',
    ],
    [
      'values meet in a product',
      (x: Image) => head(ops.mul(x, relu(x)) as Image),
      'NETWORK walks: mul combines two values that both depend on the input; choose another method',
    ],
    [
      'one number reaches many units',
      (x: Image) => {
        const one = ops.reshape(ops.slice(x, [0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]), []);
        return head(ops.add(x, one) as Image);
      },
      'NETWORK walks: add repeats one unit, which walks could not tell apart; choose another method',
    ],
    [
      'the last axis is not the one that is multiplied',
      (x: Image) => {
        const rows = ops.reshape(x, [16, 2]);
        const weight = ops.state('c.weight', [16, 2], { role: 'weight' }, 'c');
        return ops.reshape(ops.matmul(rows, weight, { transposeA: true }), [1, 4]) as Vector;
      },
      'NETWORK walks: matmul multiplies another axis than the last, which walks follow; at c; choose another method',
    ],
    [
      'a weight is not a layer',
      (x: Image) => head(ops.mul(x, ops.state('gain.weight', [2], { role: 'weight' }, 'gain')) as Image),
      "NETWORK walks: no walk crosses weight 'gain.weight'; give it another role than 'weight'",
    ],
    [
      'a weight is made of another',
      (x: Image) =>
        linear(
          'fc',
          1,
        )(
          ops.matmul(
            globalAveragePool(x),
            ops.abs(ops.state('c.weight', [2, 2], { role: 'weight' }, 'c')),
          ) as Vector,
        ),
      'NETWORK walks: matmul reads its weight through abs; at c; choose another method',
    ],
    [
      'a kernel is no parameter',
      (x: Image) =>
        linear(
          'fc',
          1,
        )(ops.matmul(globalAveragePool(x), ops.state('c.kernel', [2, 2], { role: 'data' }, 'c')) as Vector),
      "NETWORK walks: matmul reads 'c.kernel', which has not the role 'weight'; at c; choose another method",
    ],
    [
      'something is not piecewise linear',
      (x: Image) => head(ops.exp(x) as Image),
      'NETWORK walks: exp is not piecewise linear; choose another method',
    ],
    [
      'a column is constant',
      (x: Image) => linear('fc', 1)(ops.concat([globalAveragePool(x), ops.constant([1, 1], 1)], 1) as Vector),
      'NETWORK walks: matmul reads nothing of the input in column 2; at fc; leave the column out',
    ],
    [
      'an output is constant',
      (x: Image) => ops.concat([head(x), ops.constant([1, 1], 1)], 1) as Vector,
      'NETWORK walks: output 1 does not depend on the input; leave it out',
    ],
  ] as const)('%s', (_, body, message) => expect(refusal(body)).toBe(message));
});
