import { make, ops } from '../ops/registry.js';
import type { ConvGeometry } from '../ops/conv2d.js';
import type { CeilDiv, Half } from '../tensor/dims.js';
import type { Nhwc, Shape, Tensor } from '../tensor/tensor.js';
import { showShape, size } from '../tensor/tensor.js';
import { fail } from '../errors.js';
import { showValue } from '../options.js';
import {
  checkOptions,
  checkValue,
  flag,
  name as nameKind,
  needed,
  numberThat,
  positiveInteger,
  sizes,
  tensor,
  type KindsOf,
} from '../kinds.js';
import { parameter } from './parameter.js';

/**
 * Layers: data-last functions that name their parameters. `name` is the layer's path and prefixes its
 * parameters as a PyTorch state dict does ('blocks.0.conv1' -> 'blocks.0.conv1.weight').
 */

/**
 * A part of a network as a function, for those that are written in TypeScript: `(name: string):
 * Layer<Nhwc<number, 16, 16, 32>> => ...`.
 */
export type Layer<In extends Shape, Out extends Shape = In> = (x: Tensor<In>) => Tensor<Out>;

export interface ConvOptions<Stride extends number, In extends number = number> {
  /** Side of the square kernel; odd, so that the padding can be centred. */
  readonly kernel: number;
  /** 1, 2, 4 or 8. Default 1. */
  readonly stride?: Stride;
  /** Default 1. */
  readonly dilation?: number;
  /** Default false. */
  readonly bias?: boolean;
  /** Channels of the input, if they should be checked here rather than where the result is used. */
  readonly in?: In;
}

const CONV_OPTIONS: KindsOf<ConvOptions<number>> = {
  kernel: needed(positiveInteger),
  stride: positiveInteger,
  dilation: positiveInteger,
  bias: flag,
  in: positiveInteger,
};

/** Checks the name of a layer and its width, which plain JavaScript may give in another order. */
const checkLayer = (kind: string, name: string, out?: number): void => {
  checkValue(`${kind}: name`, name, nameKind);
  if (kind !== 'batchNorm') checkValue(`${kind} '${name}': out`, out, positiveInteger);
};
const checkInput = (kind: string, name: string, x: Tensor): void =>
  checkValue(`${kind} '${name}': its input`, x, tensor, 'SHAPE');

/**
 * Convolution with centred padding: [n, h, w, c] -> [n, ceil(h / stride), ceil(w / stride), out].
 * Weight [out, kernel, kernel, c], Kaiming-normal (fan-in); bias [out], U(-1/sqrt(fan-in), 1/sqrt(fan-in)).
 */
export const conv2d = <const F extends number, const S extends number = 1, const C extends number = number>(
  name: string,
  out: F,
  options: ConvOptions<S, C>,
) => {
  checkLayer('conv2d', name, out);
  checkOptions<ConvOptions<number>>(`conv2d '${name}'`, options, CONV_OPTIONS);
  const { kernel, dilation = 1, bias = false } = options;
  const stride = options.stride ?? 1;
  if (kernel % 2 === 0)
    fail('SHAPE', `conv2d: kernel ${kernel} is even; at ${name}; centred padding needs an odd kernel`);
  return <N extends number, H extends number, W extends number>(
    x: Tensor<Nhwc<N, H, W, C>>,
  ): Tensor<Nhwc<N, CeilDiv<H, S>, CeilDiv<W, S>, F>> => {
    checkInput('conv2d', name, x);
    if (x.shape.length !== 4)
      fail('SHAPE', `conv2d: input is ${showShape(x.shape)}; at ${name}; it needs the axes [n, h, w, c]`);
    if (options.in !== undefined && options.in !== x.shape[3]) {
      fail(
        'SHAPE',
        `conv2d: channels differ: input has ${x.shape[3]}, 'in' says ${options.in}; at ${name}; correct one of them`,
      );
    }
    const edge = (dilation * (kernel - 1)) / 2;
    const geometry: ConvGeometry = {
      stride: [stride, stride],
      dilation: [dilation, dilation],
      padding: [edge, edge, edge, edge],
    };
    const fanIn = kernel * kernel * x.shape[3];
    const weight = parameter(`${name}.weight`, [out, kernel, kernel, x.shape[3]], 'weight', {
      kind: 'kaimingNormal',
      fanIn,
    });
    const y = make('conv2d', [x, weight], geometry as never, name);
    const result = bias
      ? make(
          'add',
          [y, parameter(`${name}.bias`, [out], 'bias', { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) })],
          {},
          name,
        )
      : y;
    return result as Tensor<Nhwc<N, CeilDiv<H, S>, CeilDiv<W, S>, F>>;
  };
};

const BATCH_NORM_EPSILON = 1e-5;

/**
 * BatchNorm over the last axis: (x - mean) / sqrt(variance + 1e-5) * weight + bias. A marker until the
 * network is read for training or for inference (ops/batch-norm.ts, transform/readings.ts).
 */
export const batchNorm = (name: string, ...none: readonly never[]) => {
  checkLayer('batchNorm', name);
  if (none.length > 0)
    fail(
      'OPTION',
      `batchNorm '${name}': it takes a name alone, got ${showValue(none[0])} besides; leave that out`,
    );
  return <S extends Shape>(x: Tensor<S>): Tensor<S> => {
    checkInput('batchNorm', name, x);
    const c = [
      x.shape[x.shape.length - 1] ??
        fail('SHAPE', `batchNorm: a scalar has no channels; at ${name}; pass [..., c]`),
    ] as const;
    const parts = [
      parameter(`${name}.running_mean`, c, 'mean', { kind: 'constant', value: 0 }),
      parameter(`${name}.weight`, c, 'scale', { kind: 'constant', value: 1 }),
      parameter(`${name}.running_var`, c, 'variance', { kind: 'constant', value: 1 }),
      parameter(`${name}.bias`, c, 'shift', { kind: 'constant', value: 0 }),
    ];
    // make() gives its result the shape of x.
    return make('batchNorm', [x, ...parts], { epsilon: BATCH_NORM_EPSILON }, name) as Tensor<S>;
  };
};

const RATE = numberThat('the share to drop, from 0 to less than 1', (n) => n >= 0 && n < 1);

/**
 * Dropout of any tensor: while training each element is zero with probability `rate`, and the others are
 * divided by 1 - rate; for inference it is its input. Every dropout of a network drops others, and each step
 * others again. The name is for messages and may be left out.
 */
export function dropout(rate: number): <S extends Shape>(x: Tensor<S>) => Tensor<S>;
export function dropout(name: string, rate: number): <S extends Shape>(x: Tensor<S>) => Tensor<S>;
export function dropout(
  first: string | number,
  second?: number,
): <S extends Shape>(x: Tensor<S>) => Tensor<S> {
  const [name, rate] = typeof first === 'string' ? [first, second] : [undefined, first];
  if (name !== undefined) checkValue('dropout: name', name, nameKind);
  const where = name === undefined ? 'dropout' : `dropout '${name}'`;
  checkValue(`${where}: rate`, rate, RATE);
  return <S extends Shape>(x: Tensor<S>): Tensor<S> => {
    checkValue(`${where}: its input`, x, tensor, 'SHAPE');
    // make() gives its result the shape of x; the rate was checked above.
    return make('dropout', [x], { rate: rate! }, name) as Tensor<S>;
  };
}

export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
}
const LINEAR_OPTIONS: KindsOf<LinearOptions> = { bias: flag };

/**
 * Dense layer: [n, c] -> [n, out]. Weight [out, c], Kaiming-normal (fan-in); bias [out], U(-1/sqrt(c),
 * 1/sqrt(c)).
 */
export const linear = <const F extends number>(name: string, out: F, options: LinearOptions = {}) => {
  checkLayer('linear', name, out);
  checkOptions(`linear '${name}'`, options, LINEAR_OPTIONS);
  const { bias = true } = options;
  return <N extends number, C extends number>(
    x: Tensor<readonly [n: N, c: C]>,
  ): Tensor<readonly [n: N, c: F]> => {
    checkInput('linear', name, x);
    if (x.shape.length !== 2)
      fail(
        'SHAPE',
        `linear: input is ${showShape(x.shape)}; at ${name}; it needs the axes [n, c], flatten or pool first`,
      );
    const c = x.shape[1];
    const weight = parameter(`${name}.weight`, [out, c], 'weight', { kind: 'kaimingNormal', fanIn: c });
    const y = make('matmul', [x, weight], { transposeA: false, transposeB: true }, name);
    const result = bias
      ? make(
          'add',
          [y, parameter(`${name}.bias`, [out], 'bias', { kind: 'uniform', bound: 1 / Math.sqrt(c) })],
          {},
          name,
        )
      : y;
    return result as Tensor<readonly [n: N, c: F]>;
  };
};

export { relu, add } from '../ops/registry.js';

/** Largest element of each 2x2 window: [n, h, w, c] -> [n, floor(h/2), floor(w/2), c]. */
export const maxPool2 = <N extends number, H extends number, W extends number, C extends number>(
  x: Tensor<Nhwc<N, H, W, C>>,
): Tensor<Nhwc<N, Half<H>, Half<W>, C>> =>
  ops.maxPool(x, { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }) as Tensor<
    Nhwc<N, Half<H>, Half<W>, C>
  >;

/** Mean of each 2x2 window: [n, h, w, c] -> [n, floor(h/2), floor(w/2), c]. */
export const averagePool2 = <N extends number, H extends number, W extends number, C extends number>(
  x: Tensor<Nhwc<N, H, W, C>>,
): Tensor<Nhwc<N, Half<H>, Half<W>, C>> =>
  ops.mul(
    ops.sumPool(x, { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }),
    ops.scalar(0.25),
  ) as Tensor<Nhwc<N, Half<H>, Half<W>, C>>;

/** Mean over height and width: [n, h, w, c] -> [n, c]. */
export const globalAveragePool = <N extends number, C extends number>(
  x: Tensor<Nhwc<N, number, number, C>>,
): Tensor<readonly [n: N, c: C]> =>
  ops.mul(ops.sum(x, [1, 2]), ops.scalar(1 / (x.shape[1] * x.shape[2]))) as Tensor<readonly [n: N, c: C]>;

/** [n, ...rest] -> [n, size of rest]; the width is known at graph building, not in the type. */
export const flatten = <N extends number>(
  x: Tensor<readonly [n: N, ...rest: number[]]>,
): Tensor<readonly [n: N, c: number]> => {
  checkValue('flatten: its input', x, tensor, 'SHAPE');
  return ops.reshape(x, [x.shape[0], size(x.shape.slice(1))] as const) as Tensor<readonly [n: N, c: number]>;
};

/** Re-enters the typed world: x with the literal shape, checked now. Throws SHAPE. */
export const refine = <const S extends Shape>(x: Tensor, shape: S): Tensor<S> => {
  checkValue('refine: its input', x, tensor, 'SHAPE');
  checkValue('refine: shape', shape, sizes, 'SHAPE');
  return x.shape.length === shape.length && x.shape.every((d, i) => d === shape[i])
    ? (x as Tensor<S>)
    : fail(
        'SHAPE',
        `refine: tensor is ${showShape(x.shape)}, expected ${showShape(shape)}${x.path === '' ? '' : `; at ${x.path}`}; correct the expected shape`,
      );
};
