import { pipe } from 'fp-ts/lib/function.js';
import { fail } from '../errors.js';
import { checkOptions, checkValue, name as nameKind, positiveInteger, type KindsOf } from '../kinds.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, relu } from '../nn/layers.js';
import { network, type Network } from '../nn/network.js';
import type { CeilDiv } from '../tensor/dims.js';
import type { Nhwc, Tensor } from '../tensor/tensor.js';

/** Two 3x3 convolutions around an identity: keeps the shape. */
export const identityBlock = (name: string) => {
  checkValue('identityBlock: name', name, nameKind);
  return <N extends number, H extends number, W extends number, C extends number>(
    x: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, H, W, C>> =>
    pipe(
      x,
      conv2d(`${name}.conv1`, x.shape[3], { kernel: 3 }),
      batchNorm(`${name}.bn1`),
      relu,
      conv2d(`${name}.conv2`, x.shape[3], { kernel: 3 }),
      batchNorm(`${name}.bn2`),
      (y) => relu(add(y, x)),
    );
};

/** The same around a strided 1x1 convolution, which also changes the channels to `out`. */
export const projectionBlock = <const F extends number, const S extends number>(
  name: string,
  out: F,
  stride: S,
) => {
  checkValue('projectionBlock: name', name, nameKind);
  checkValue(`projectionBlock '${name}': out`, out, positiveInteger);
  checkValue(`projectionBlock '${name}': stride`, stride, positiveInteger);
  return <N extends number, H extends number, W extends number, C extends number>(
    x: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, CeilDiv<H, S>, CeilDiv<W, S>, F>> => {
    const main = pipe(
      x,
      conv2d(`${name}.conv1`, out, { kernel: 3, stride }),
      batchNorm(`${name}.bn1`),
      relu,
      conv2d(`${name}.conv2`, out, { kernel: 3 }),
      batchNorm(`${name}.bn2`),
    );
    const shortcut = pipe(
      x,
      conv2d(`${name}.shortcut.0`, out, { kernel: 1, stride }),
      batchNorm(`${name}.shortcut.1`),
    );
    return relu(add(main, shortcut));
  };
};

export interface ResNetCifarOptions<K extends number, I extends number = number> {
  /** 6 n + 2 for n blocks a stage: 8, 14, 20, 32, 44, 56, 110. Default 20. */
  readonly depth?: number;
  /** Channels of the first stage; the others have twice and four times as many. Default 16. */
  readonly width?: number;
  /** Default 10. */
  readonly classes?: K;
  /** Height and width of the square images. Default 32. */
  readonly image?: I;
}

const RESNET_OPTIONS: KindsOf<ResNetCifarOptions<number>> = {
  depth: positiveInteger,
  width: positiveInteger,
  classes: positiveInteger,
  image: positiveInteger,
};

/**
 * The CIFAR ResNet of He et al. 2016 (section 4.2) with 1x1 shortcuts: 3x3 convolution, three stages of
 * (depth - 2) / 6 blocks, global average pooling, one linear layer. [image, image, 3] -> [classes].
 */
export const resnetCifar = <const K extends number = 10, const I extends number = 32>(
  options: ResNetCifarOptions<K, I> = {},
): Network<readonly [I, I, 3], readonly [K]> => {
  checkOptions<ResNetCifarOptions<number>>('resnetCifar', options, RESNET_OPTIONS);
  const { depth = 20, width = 16 } = options;
  // The defaults of the type parameters are those of the options.
  const [classes, image] = [(options.classes ?? 10) as K, (options.image ?? 32) as I];
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1)
    fail('OPTION', `resnetCifar: depth ${depth} is not 6 n + 2; choose 8, 14, 20, 32, 44, 56, ...`);
  const stage =
    (index: number) =>
    (x: Tensor<Nhwc<number, number, number, number>>): Tensor<Nhwc<number, number, number, number>> =>
      Array.from({ length: blocks }, (_, i) => index * blocks + i).reduce(
        (y, block, i) =>
          index > 0 && i === 0
            ? projectionBlock(`blocks.${block}`, width * 2 ** index, 2)(y)
            : identityBlock(`blocks.${block}`)(y),
        x,
      );
  return network(`resnet${depth}${width === 16 ? '' : `-w${width}`}`, [image, image, 3], (x) =>
    pipe(
      x,
      conv2d('conv', width, { kernel: 3 }),
      batchNorm('bn'),
      relu,
      stage(0),
      stage(1),
      stage(2),
      globalAveragePool,
      linear('fc', classes),
    ),
  );
};
