import { pipe } from 'fp-ts/lib/function.js';
import { identityBlock, projectionBlock, resnetCifar } from '../../src/models/resnet-cifar.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import {
  add,
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  refine,
  relu,
} from '../../src/nn/layers.js';
import { network, rebatch, type Network } from '../../src/nn/network.js';
import type { CeilDiv } from '../../src/tensor/dims.js';
import type { Nhwc, Tensor } from '../../src/tensor/tensor.js';
import { holds, type Exact } from './exact.js';

type Matrix<N extends number, C extends number> = Tensor<readonly [n: N, c: C]>;
declare const x: Tensor<Nhwc<2, 32, 32, 16>>;
declare const odd: Tensor<Nhwc<1, 225, 113, 3>>;
declare const loose: Tensor<Nhwc<number, number, number, number>>;
declare const row: Matrix<2, 64>;

export const layersKeepLiteralShapes = (): void => {
  const same = conv2d('c', 32, { kernel: 3 })(x);
  holds<Exact<typeof same, Tensor<Nhwc<2, 32, 32, 32>>>>();
  const dilated = conv2d('c', 32, { kernel: 3, dilation: 2, bias: true })(x);
  holds<Exact<typeof dilated, Tensor<Nhwc<2, 32, 32, 32>>>>();
  const halved: Tensor<Nhwc<2, 16, 16, 32>> = conv2d('c', 32, { kernel: 3, stride: 2 })(x);
  const quartered: Tensor<Nhwc<2, 8, 8, 32>> = conv2d('c', 32, { kernel: 5, stride: 4 })(x);
  const eighth: Tensor<Nhwc<2, 4, 4, 32>> = conv2d('c', 32, { kernel: 1, stride: 8 })(x);
  const odds: Tensor<Nhwc<1, 113, 57, 8>> = conv2d('c', 8, { kernel: 7, stride: 2 })(odd);
  const oddsAgain: Tensor<Nhwc<1, 57, 29, 8>> = conv2d('c', 8, { kernel: 3, stride: 2 })(odds);
  const pooled: Tensor<Nhwc<1, 112, 56, 3>> = maxPool2(odd);
  const averaged: Tensor<Nhwc<1, 112, 56, 3>> = averagePool2(odd);
  const classes: Matrix<2, 10> = pipe(x, batchNorm('bn'), relu, globalAveragePool, linear('fc', 10));
  const flat: Matrix<2, number> = flatten(x);
  const normalised = batchNorm('bn')(row);
  holds<Exact<typeof normalised, Matrix<2, 64>>>();
  const entered: Tensor<readonly [8, 256, 14, 14]> = refine(loose, [8, 256, 14, 14]);
  const checked: Tensor<Nhwc<2, 32, 32, 8>> = pipe(x, conv2d('c', 8, { kernel: 3, in: 16 }));
  void [halved, quartered, eighth, oddsAgain, pooled, averaged, classes, flat, entered, checked];
};

export const unknownSizesAreLegal = (): void => {
  const y: Tensor<Nhwc<number, number, number, 8>> = conv2d('c', 8, { kernel: 3, stride: 2 })(loose);
  const widths: readonly number[] = [4, 8];
  const looped = widths.reduce<Tensor<Nhwc<2, 32, 32, number>>>(
    (h, width, i) => conv2d(`c${i}`, width, { kernel: 3 })(h),
    x,
  );
  void [y, looped, relu(loose), add(loose, loose), identityBlock('b')(loose)];
};

export const blocksCheckForEverySize = (): void => {
  const twice = <N extends number, H extends number, W extends number, C extends number>(
    y: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, H, W, C>> => pipe(y, identityBlock('a'), identityBlock('b'), (z) => add(z, y));
  const down = <N extends number, H extends number, W extends number, C extends number>(
    y: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, CeilDiv<H, 2>, CeilDiv<W, 2>, 32>> =>
    pipe(y, projectionBlock('a', 32, 2), identityBlock('b'));
  const kept = twice(x);
  holds<Exact<typeof kept, Tensor<Nhwc<2, 32, 32, 16>>>>();
  const shrunk: Tensor<Nhwc<2, 16, 16, 32>> = down(x);
  const stacked: Tensor<Nhwc<1, 57, 29, 32>> = pipe(odd, down, down);
  void [shrunk, stacked];
};

export const networksKnowSampleAndClasses = (): void => {
  const net = network('net', [32, 24, 3], (images) =>
    pipe(images, conv2d('c', 8, { kernel: 3, stride: 2 }), relu, globalAveragePool, linear('fc', 10)),
  );
  holds<Exact<typeof net, Network<readonly [32, 24, 3], [c: 10]>>>();
  holds<Exact<ReturnType<typeof rebatch<readonly [32, 24, 3], [c: 10]>>, typeof net>>();
  const resnet: Network<readonly [32, 32, 3], readonly [100]> = resnetCifar({ classes: 100 });
  const large: Network<readonly [64, 64, 3], readonly [10]> = resnetCifar({ image: 64 });
  const dense: Network<readonly [28, 28, 1], readonly [10]> = mlp([28, 28, 1], { classes: 10 });
  const five: Network<readonly [28, 28, 1], readonly [10]> = lenet([28, 28, 1], { classes: 10 });
  const any: Network = net;
  void [resnet, large, dense, five, any];
};

export const wrongShapesDoNotCompile = (): void => {
  const half = conv2d('c', 16, { kernel: 3, stride: 2 })(x);
  const wide = conv2d('c', 32, { kernel: 3 })(x);
  // @ts-expect-error residual add of another size
  add(x, half);
  // @ts-expect-error residual add of other channels
  add(x, wide);
  // @ts-expect-error the same in another order
  add(half, x);
  // @ts-expect-error in a pipe
  pipe(x, conv2d('c', 32, { kernel: 3 }), relu, (y) => add(y, x));
  // @ts-expect-error channels said to be 32, but there are 16
  conv2d('c', 8, { kernel: 3, in: 32 })(x);
  // @ts-expect-error the same in a pipe
  pipe(x, relu, conv2d('c', 8, { kernel: 3, in: 32 }));
  // @ts-expect-error classifier width
  const classes: Matrix<2, 100> = pipe(x, globalAveragePool, linear('fc', 10));
  // @ts-expect-error classifier width of a network
  const net: Network<readonly [32, 32, 3], readonly [100]> = network('net', [32, 32, 3], (images) =>
    pipe(images, globalAveragePool, linear('fc', 10)),
  );
  // @ts-expect-error classifier width of a model
  const model: Network<readonly [32, 32, 3], readonly [100]> = resnetCifar({ classes: 10 });
  // @ts-expect-error sample size of a model
  const sample: Network<readonly [28, 28, 1], readonly [10]> = mlp([32, 32, 3], { classes: 10 });
  // @ts-expect-error floor(225 / 2) is 112
  const pooled: Tensor<Nhwc<1, 113, 56, 3>> = maxPool2(odd);
  // @ts-expect-error ceil(225 / 2) is 113
  const strided: Tensor<Nhwc<1, 112, 57, 3>> = conv2d('c', 3, { kernel: 3, stride: 2 })(odd);
  // @ts-expect-error channels out of a block
  const block: Tensor<Nhwc<2, 16, 16, 64>> = projectionBlock('b', 32, 2)(x);
  // @ts-expect-error channels through two blocks
  const blocks: Tensor<Nhwc<2, 16, 16, 16>> = pipe(x, projectionBlock('a', 32, 2), identityBlock('b'));
  // @ts-expect-error size out of a block
  add(identityBlock('a')(x), projectionBlock('b', 16, 2)(x));
  // @ts-expect-error a convolution of a matrix
  conv2d('c', 8, { kernel: 3 })(row);
  // @ts-expect-error a dense layer of images
  linear('fc', 10)(x);
  // @ts-expect-error an unknown size does not pass for a known one
  add(x, loose);
  // @ts-expect-error tensors are immutable
  x.shape[0] = 3;
  // @ts-expect-error tensors are immutable
  x.op = 'add';
  void [classes, net, model, sample, pooled, strided, block, blocks];
};

export const blocksThatDoNotFitDoNotCompile = (): void => {
  const wrong = <N extends number, H extends number, W extends number, C extends number>(
    y: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, H, W, C>> =>
    // @ts-expect-error stride 2 does not keep H and W
    pipe(y, conv2d('c', y.shape[3], { kernel: 3, stride: 2 }), (z) => add(y, z));
  const widened = <N extends number, H extends number, W extends number, C extends number>(
    y: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, H, W, C>> =>
    // @ts-expect-error 64 channels are not C
    pipe(y, conv2d('c', 64, { kernel: 3 }), (z) => add(y, z));
  void [wrong, widened];
};
