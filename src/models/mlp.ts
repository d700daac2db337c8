import { pipe } from 'fp-ts/lib/function.js';
import { averagePool2, conv2d, flatten, linear, maxPool2, relu } from '../nn/layers.js';
import {
  checkOptions,
  checkValue,
  flag,
  needed,
  positiveInteger,
  sizes,
  wordOf,
  type Kind,
  type KindsOf,
} from '../kinds.js';
import { network, type Network } from '../nn/network.js';
import type { Shape, Tensor } from '../tensor/tensor.js';

export interface MlpOptions<K extends number> {
  /** Widths of the hidden layers. Default [300, 100]. */
  readonly hidden?: readonly number[];
  readonly classes: K;
  /** Default true. */
  readonly bias?: boolean;
}

const MLP_OPTIONS: KindsOf<MlpOptions<number>> = {
  hidden: sizes,
  classes: needed(positiveInteger),
  bias: flag,
};

/**
 * Multi-layer perceptron with ReLU over flattened samples: sample -> [classes]. Parameters `fc1.weight`,
 * `fc1.bias`, `fc2.weight`, ...
 */
export const mlp = <const I extends readonly [number, ...number[]], const K extends number>(
  sample: I,
  options: MlpOptions<K>,
): Network<I, readonly [K]> => {
  checkOptions<MlpOptions<number>>('mlp', options, MLP_OPTIONS);
  const { hidden = [300, 100], classes, bias = true } = options;
  return network('mlp', sample, (x) => {
    const first: Tensor<readonly [n: number, c: number]> = flatten(
      x as Tensor<readonly [n: number, ...rest: number[]]>,
    );
    const body = hidden.reduce((h, width, i) => relu(linear(`fc${i + 1}`, width, { bias })(h)), first);
    return linear(`fc${hidden.length + 1}`, classes, { bias })(body);
  });
};

export interface LenetOptions<K extends number> {
  readonly classes: K;
  /** Default max. */
  readonly pool?: 'max' | 'average';
}

const IMAGE: Kind = {
  expected: 'three positive integers [height, width, channels]',
  test: (value) => sizes.test(value) && Array.isArray(value) && value.length === 3,
};
const LENET_OPTIONS: KindsOf<LenetOptions<number>> = {
  classes: needed(positiveInteger),
  pool: wordOf('max', 'average'),
};

/**
 * LeNet-5 in shape (LeCun et al. 1998) with ReLU and 3x3-padded 5x5 kernels: two conv-pool stages, three
 * linear layers.
 */
export const lenet = <const I extends readonly [number, number, number], const K extends number>(
  sample: I,
  options: LenetOptions<K>,
): Network<I, readonly [K]> => {
  checkValue('lenet: sample', sample, IMAGE);
  checkOptions<LenetOptions<number>>('lenet', options, LENET_OPTIONS);
  const { classes, pool = 'max' } = options;
  const shrink = pool === 'max' ? maxPool2 : averagePool2;
  return network('lenet', sample as Shape as readonly [number, number, number], (x) =>
    pipe(
      x,
      conv2d('conv1', 6, { kernel: 5, bias: true }),
      relu,
      shrink,
      conv2d('conv2', 16, { kernel: 5, bias: true }),
      relu,
      shrink,
      flatten,
      linear('fc1', 120),
      relu,
      linear('fc2', 84),
      relu,
      linear('fc3', classes),
    ),
  ) as unknown as Network<I, readonly [K]>;
};
