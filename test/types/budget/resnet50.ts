import { pipe } from 'fp-ts/lib/function.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, maxPool2, relu } from '../../../src/nn/layers.js';
import { network, type Network } from '../../../src/nn/network.js';
import type { CeilDiv } from '../../../src/tensor/dims.js';
import type { Nhwc, Tensor } from '../../../src/tensor/tensor.js';

/** ResNet-50 at 224, block by block, with every size in its type. */

const project =
  <const M extends number, const F extends number, const S extends number>(
    name: string,
    mid: M,
    out: F,
    stride: S,
  ) =>
  <N extends number, H extends number, W extends number, C extends number>(
    x: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, CeilDiv<H, S>, CeilDiv<W, S>, F>> => {
    const main = pipe(
      x,
      conv2d(`${name}.conv1`, mid, { kernel: 1 }),
      batchNorm(`${name}.bn1`),
      relu,
      conv2d(`${name}.conv2`, mid, { kernel: 3, stride }),
      batchNorm(`${name}.bn2`),
      relu,
      conv2d(`${name}.conv3`, out, { kernel: 1 }),
      batchNorm(`${name}.bn3`),
    );
    return relu(
      add(
        main,
        pipe(
          x,
          conv2d(`${name}.downsample.0`, out, { kernel: 1, stride }),
          batchNorm(`${name}.downsample.1`),
        ),
      ),
    );
  };

const keep =
  <const M extends number>(name: string, mid: M) =>
  <N extends number, H extends number, W extends number, C extends number>(
    x: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, H, W, C>> =>
    pipe(
      x,
      conv2d(`${name}.conv1`, mid, { kernel: 1 }),
      batchNorm(`${name}.bn1`),
      relu,
      conv2d(`${name}.conv2`, mid, { kernel: 3 }),
      batchNorm(`${name}.bn2`),
      relu,
      conv2d(`${name}.conv3`, x.shape[3], { kernel: 1 }),
      batchNorm(`${name}.bn3`),
      (y) => relu(add(y, x)),
    );

export const resnet50: Network<readonly [224, 224, 3], readonly [1000]> = network(
  'resnet50',
  [224, 224, 3],
  (images) => {
    const stem: Tensor<Nhwc<number, 56, 56, 64>> = pipe(
      images,
      conv2d('conv1', 64, { kernel: 7, stride: 2 }),
      batchNorm('bn1'),
      relu,
      maxPool2,
    );
    const features: Tensor<Nhwc<number, 7, 7, 2048>> = pipe(
      stem,
      project('layer1.0', 64, 256, 1),
      keep('layer1.1', 64),
      keep('layer1.2', 64),
      project('layer2.0', 128, 512, 2),
      keep('layer2.1', 128),
      keep('layer2.2', 128),
      keep('layer2.3', 128),
      project('layer3.0', 256, 1024, 2),
      keep('layer3.1', 256),
      keep('layer3.2', 256),
      keep('layer3.3', 256),
      keep('layer3.4', 256),
      keep('layer3.5', 256),
      project('layer4.0', 512, 2048, 2),
      keep('layer4.1', 512),
      keep('layer4.2', 512),
    );
    return pipe(features, globalAveragePool, linear('fc', 1000));
  },
);
