import fc from 'fast-check';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf, type Role } from '../../src/graph/roles.js';
import {
  gelu,
  hardswish,
  leakyRelu,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '../../src/nn/activations.js';
import { batchNorm, dropout, flatten, globalAveragePool } from '../../src/nn/layers.js';
import { network, parameters, prunable, type Network } from '../../src/nn/network.js';
import { parameter } from '../../src/nn/parameter.js';
import { convOutput, type ConvGeometry } from '../../src/ops/conv2d.js';
import { ops } from '../../src/ops/registry.js';
import { fold, key, normal, uniform, type Key } from '../../src/random.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import type { Masks } from '../../src/transform/mask.js';

/**
 * Small random networks of every kind of part that the product has, with masks of every kind. A network is a
 * list of parts, each with a seed of its own, so that fast-check finds the few parts of a failing one that
 * matter.
 */

/** Draws one after the other; the same for the same key. */
interface Dice {
  /** A whole number below n. */
  readonly below: (n: number) => number;
  readonly chance: (p: number) => boolean;
  readonly of: <T>(choices: readonly T[]) => T;
}

const diceOf = (seed: Key): Dice => {
  let drawn = 0;
  const next = (): number => uniform(fold(seed, drawn++), 1)[0]!;
  const below = (n: number): number => Math.min(n - 1, Math.floor(n * next()));
  return { below, chance: (p) => next() < p, of: (choices) => choices[below(choices.length)]! };
};

/** What a part is made with. */
interface Context {
  readonly dice: Dice;
  /** Of its layers, not taken by another part. */
  readonly name: string;
  /** Most channels of a layer. */
  readonly width: number;
}
type Part = (x: Tensor, context: Context) => Tensor;

const MOST_PIXELS = 8;

const weightOf = (name: string, shape: readonly number[]): Tensor =>
  parameter(`${name}.weight`, shape, 'weight', { kind: 'kaimingNormal', fanIn: size(shape.slice(1)) });
const biasOf = (name: string, shape: readonly number[]): Tensor =>
  parameter(`${name}.bias`, shape, 'bias', { kind: 'uniform', bound: 0.5 });
const unitsOf = (x: Tensor): number => x.shape[x.shape.length - 1]!;
const isImage = (x: Tensor): boolean => x.shape.length === 4;

const ACTIVATIONS: readonly ((x: Tensor) => Tensor)[] = [
  ops.relu,
  ops.relu,
  ops.relu,
  leakyRelu(0.1),
  relu6,
  sigmoid,
  softplus,
  tanh,
  silu,
  gelu(),
  hardswish,
  ops.abs,
  (x) => x,
];
const activation: Part = (x, { dice }) => dice.of(ACTIVATIONS)(x);

/** A norm of one's own, of the mean alone. */
const centred: Part = (x, { name }) => {
  const stored = parameter(`${name}.running_mean`, [unitsOf(x)], 'mean', { kind: 'constant', value: 0 });
  const shift = parameter(`${name}.bias`, [unitsOf(x)], 'shift', { kind: 'constant', value: 0 });
  return ops.add(ops.sub(x, ops.statistic(x, stored, 'mean')), shift);
};
const normed: Part = (x, c) => {
  const kind = c.dice.below(10);
  if (kind < 6) return batchNorm(c.name)(x);
  return kind === 6 ? centred(x, c) : x;
};

const within = (c: Context, part: string): Context => ({ ...c, name: `${c.name}.${part}` });

/** Kernel and geometry under which an image keeps at least one pixel. */
const geometryFor = (x: Tensor, { dice }: Context): ConvGeometry & { kernel: [number, number] } => {
  for (;;) {
    const pair = (of: readonly number[]): [number, number] => [dice.of(of), dice.of(of)];
    const kernel = pair([1, 2, 3, 3]);
    const [stride, dilation] = [pair([1, 1, 2]), pair([1, 1, 2])];
    const padding = [dice.below(3), dice.below(3), dice.below(3), dice.below(3)] as const;
    const [h, w] = [0, 1].map((a) =>
      convOutput(x.shape[a + 1]!, kernel[a]!, stride[a]!, dilation[a]!, padding[a]!, padding[a + 2]!),
    );
    if (h! >= 1 && w! >= 1 && h! <= MOST_PIXELS && w! <= MOST_PIXELS)
      return { kernel, stride, dilation, padding };
  }
};

const GIVEN_SIZE = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1] } as const;
type Geometry = ConvGeometry & { readonly kernel: readonly [number, number] };

const withBias = (y: Tensor, { dice, name }: Context, p = 0.4): Tensor =>
  dice.chance(p) ? ops.add(y, biasOf(name, [unitsOf(y)])) : y;

const convolved = (x: Tensor, out: number, { kernel, ...geometry }: Geometry, c: Context): Tensor =>
  withBias(ops.conv2d(x, weightOf(c.name, [out, ...kernel, unitsOf(x)]), geometry), c);
const combined = (x: Tensor, out: number, c: Context): Tensor =>
  withBias(ops.matmul(x, weightOf(c.name, [out, unitsOf(x)]), { transposeB: true }), c, 0.7);

/** A layer with weights that keeps height and width. */
const layer = (x: Tensor, out: number, c: Context): Tensor => {
  if (!isImage(x)) return combined(x, out, c);
  const pointwise = { ...GIVEN_SIZE, kernel: [1, 1], padding: [0, 0, 0, 0] } as const;
  return convolved(x, out, c.dice.chance(0.3) ? pointwise : GIVEN_SIZE, c);
};
const widthOf = ({ dice, width }: Context): number => Math.max(1 + dice.below(width), 1 + dice.below(width));

/** Layer, norm, activation; an image may shrink or grow at its borders. */
const plain: Part = (x, c) => {
  const own = within(c, '0');
  const y = isImage(x) ? convolved(x, widthOf(c), geometryFor(x, c), own) : combined(x, widthOf(c), own);
  return activation(normed(y, within(c, '1')), c);
};

const branch = (x: Tensor, out: number, c: Context): Tensor => {
  const first = activation(normed(layer(x, widthOf(c), within(c, '0')), within(c, '1')), c);
  return normed(layer(first, out, within(c, '2')), within(c, '3'));
};

const residual: Part = (x, c) => {
  const join = c.dice.of([ops.add, ops.add, ops.add, ops.sub, ops.max]);
  return activation(join(x, branch(x, unitsOf(x), within(c, 'a'))), c);
};
/** Two streams of another width, of which either may be dead. */
const projection: Part = (x, c) => {
  const out = widthOf(c);
  const [a, b] = [branch(x, out, within(c, 'a')), normed(layer(x, out, within(c, 'b')), within(c, 'bn'))];
  return activation(ops.add(a, b), c);
};
/** Both halves of a block that halves the image. */
const strided: Part = (x, c) => {
  if (!isImage(x)) return projection(x, c);
  const out = widthOf(c);
  const main = convolved(x, out, { ...GIVEN_SIZE, stride: [2, 2] }, within(c, 'a'));
  const short = convolved(
    x,
    out,
    { kernel: [1, 1], stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0] },
    within(c, 'b'),
  );
  return activation(ops.add(normed(main, within(c, 'an')), normed(short, within(c, 'bn'))), c);
};

/**
 * Every second pixel with zeros for new channels around its own, beside a layer: the shortcut without
 * weights.
 */
const zeroShortcut: Part = (x, c) => {
  const before = c.dice.below(2);
  const out = unitsOf(x) + before + c.dice.below(2);
  const step = x.shape.map((_, axis) => (isImage(x) && (axis === 1 || axis === 2) ? 2 : 1));
  const some = ops.slice(
    x,
    x.shape.map(() => 0),
    x.shape,
    step,
  );
  const at = some.shape.map((_, axis) => (axis === some.shape.length - 1 ? before : 0));
  const short = ops.place(
    some,
    [...some.shape.slice(0, -1), out],
    at,
    some.shape.map(() => 1),
  );
  return ops.add(short, branch(some, out, within(c, 'a')));
};

const joined: Part = (x, c) => {
  const parts = [
    layer(x, widthOf(c), within(c, 'a')),
    c.dice.chance(0.5) ? x : layer(x, widthOf(c), within(c, 'b')),
  ];
  const y = ops.concat(c.dice.chance(0.5) ? parts : [...parts].reverse(), x.shape.length - 1);
  return activation(normed(y, within(c, 'n')), c);
};
/** One below the other. */
const stacked: Part = (x, c) => {
  if (!isImage(x) || 2 * x.shape[1]! > MOST_PIXELS) return joined(x, c);
  return ops.concat([layer(x, unitsOf(x), within(c, 'a')), x], 1);
};

const pooled: Part = (x, { dice }) => {
  if (!isImage(x)) return x;
  const [h, w] = [x.shape[1]!, x.shape[2]!];
  const window = [Math.min(h, 1 + dice.below(3)), Math.min(w, 1 + dice.below(3))] as const;
  const padding = [...window, ...window].map((d) => dice.below(d)) as [number, number, number, number];
  const stride = [1 + dice.below(2), 1 + dice.below(2)] as const;
  const geometry = { window, stride, padding };
  return dice.chance(0.6)
    ? ops.maxPool(x, geometry)
    : ops.mul(ops.sumPool(x, geometry), ops.scalar(1 / (window[0] * window[1])));
};

/** Transposed convolution. */
const grown: Part = (x, c) => {
  if (!isImage(x)) return plain(x, c);
  const out = widthOf(c);
  const [kernel, stride] = [1 + c.dice.below(3), 1 + c.dice.below(2)];
  const edge = c.dice.below(Math.min(kernel, 2));
  // of the sizes that shrink to x's, one at random
  const sizes = [1, 2].map((axis) => {
    const least = (x.shape[axis]! - 1) * stride + kernel - 2 * edge;
    return Math.max(1, least) + (least >= 1 ? c.dice.below(stride) : 0);
  });
  const fits = sizes.every((d, a) => convOutput(d, kernel, stride, 1, edge, edge) === x.shape[a + 1]!);
  if (!fits || sizes.some((d) => d > MOST_PIXELS)) return plain(x, c);
  const weight = weightOf(within(c, '0').name, [unitsOf(x), kernel, kernel, out]);
  const y = ops.conv2dInputGrad(x, weight, sizes as [number, number], {
    stride: [stride, stride],
    dilation: [1, 1],
    padding: [edge, edge, edge, edge],
  });
  return activation(normed(withBias(y, within(c, '0')), within(c, '1')), c);
};

const resized: Part = (x, { dice }) =>
  isImage(x)
    ? ops.resizeBilinear(x, [1 + dice.below(5), 1 + dice.below(5)], { alignCorners: dice.chance(0.5) })
    : x;

const dropped: Part = (x, { dice }) => dropout(dice.of([0.2, 0.5]))(x);

const overUnits = (x: Tensor, perPlace: Tensor): Tensor =>
  ops.broadcast(
    perPlace,
    x.shape,
    x.shape.slice(0, -1).map((_, axis) => axis),
  );
const softmax: Part = (x) => {
  const last = [x.shape.length - 1];
  const e = ops.exp(ops.sub(x, overUnits(x, ops.maximum(x, last))));
  return ops.div(e, overUnits(x, ops.sum(e, last)));
};
const layerNorm: Part = (x, { name }) => {
  const mean = (y: Tensor): Tensor => ops.mul(ops.sum(y, [x.shape.length - 1]), ops.scalar(1 / unitsOf(x)));
  const from = ops.sub(x, overUnits(x, mean(x)));
  const scale = ops.rsqrt(ops.add(mean(ops.mul(from, from)), ops.scalar(1e-2)));
  const gamma = parameter(`${name}.weight`, [unitsOf(x)], 'scale', { kind: 'constant', value: 1 });
  return ops.mul(ops.mul(from, overUnits(x, scale)), gamma);
};

/** Some channels, or all of them in another order. */
const sliced: Part = (x, { dice }) => {
  const [rank, units] = [x.shape.length, unitsOf(x)];
  const from = dice.below(units);
  const cut = (start: number, limit: number, stride: number): Tensor =>
    ops.slice(
      x,
      x.shape.map((_, a) => (a === rank - 1 ? start : 0)),
      x.shape.map((d, a) => (a === rank - 1 ? limit : d)),
      x.shape.map((_, a) => (a === rank - 1 ? stride : 1)),
    );
  if (dice.chance(0.5) || from === 0) return cut(from, units, 1 + dice.below(2));
  return ops.concat([cut(from, units, 1), cut(0, from, 1)], rank - 1);
};
/** Height and width change places, or pixels become channels. */
const turned: Part = (x, { dice }) => {
  if (!isImage(x)) return x;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (h % 2 !== 0 || c > 3 || dice.chance(0.4)) return ops.transpose(x, [0, 2, 1, 3]);
  const rows = ops.transpose(ops.reshape(x, [n, h / 2, 2, w, c]), [0, 1, 3, 2, 4]);
  return ops.reshape(rows, [n, h / 2, w, 2 * c]);
};

/** Channels weighed by what the whole image is like, or by a gate beside them. */
const weighed: Part = (x, c) => {
  if (!isImage(x) || c.dice.chance(0.4)) return ops.mul(x, sigmoid(layer(x, unitsOf(x), within(c, 'a'))));
  const mean = globalAveragePool(x as never) as Tensor;
  const hidden = ops.relu(combined(mean, widthOf(c), within(c, 'a')));
  return ops.mul(x, ops.broadcast(sigmoid(combined(hidden, unitsOf(x), within(c, 'b'))), x.shape, [0, 3]));
};

/** Learnt or fixed factors of channels, some of them zero. */
const scaled: Part = (x, { dice, name }) => {
  const units = unitsOf(x);
  if (dice.chance(0.5))
    return ops.mul(x, parameter(`${name}.gain`, [units], 'scale', { kind: 'constant', value: 1 }));
  return ops.mul(
    x,
    ops.literal(
      [units],
      Array.from({ length: units }, () => dice.of([0, 1, -0.5])),
    ),
  );
};
/** Another number for each place, as embeddings of positions are. */
const placed: Part = (x, { name }) => ops.add(x, biasOf(name, x.shape.slice(1)));

/** Layers over expressions of weights. */
const expressed: Part = (x, c) => {
  const [from, out] = [unitsOf(x), widthOf(c)];
  const w = weightOf(within(c, '0').name, [out, from]);
  const mean = ops.mul(ops.sum(w, [1]), ops.scalar(1 / from));
  const other = (shape: readonly number[]): Tensor => weightOf(within(c, '1').name, shape);
  const weight = c.dice.of<() => Tensor>([
    () => ops.sub(w, ops.broadcast(mean, [out, from], [0])), // standardised
    () => ops.mul(w, ops.add(ops.mul(w, w), ops.scalar(0.5))),
    () => ops.transpose(other([from, out]), [1, 0]),
    () => ops.matmul(w, other([from, from])), // of lower rank, as adapters are
    () =>
      ops.add(
        w,
        ops.literal(
          [out, from],
          Array.from({ length: out * from }, (_, i) => (i % 3 === 0 ? 0.3 : 0)),
        ),
      ),
    () => ops.concat([w, other([1, from])], 0),
    () => ops.place(w, [out + 1, from + 1], [0, 1], [1, 1]), // a group of its own
  ])();
  const padded = ops.concat([x, ops.constant([...x.shape.slice(0, -1), 1], 0.5)], x.shape.length - 1);
  const given = weight.shape[1] === from ? x : padded;
  const y = isImage(x)
    ? ops.conv2d(given, ops.reshape(weight, [weight.shape[0]!, 1, 1, weight.shape[1]!]), {
        stride: [1, 1],
        dilation: [1, 1],
        padding: c.dice.chance(0.5) ? [0, 0, 0, 0] : [1, 0, 0, 1],
      })
    : ops.matmul(given, weight, { transposeB: true });
  return activation(normed(y, within(c, 'n')), c);
};

/** One weight that two layers share, one behind the other or side by side. */
const shared: Part = (x, c) => {
  const units = unitsOf(x);
  const shape = isImage(x) ? [units, 3, 3, units] : [units, units];
  const weight = weightOf(within(c, '0').name, shape);
  const apply = (y: Tensor): Tensor =>
    isImage(x)
      ? ops.conv2d(y, weight, { stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1] })
      : ops.matmul(y, weight, { transposeB: true });
  const once = activation(normed(apply(x), within(c, '1')), c);
  return c.dice.chance(0.5) ? apply(once) : ops.add(apply(ops.relu(x)), once);
};

/** There and back through one weight, as in an autoencoder that ties its halves. */
const tied: Part = (x, c) => {
  const [from, hidden] = [unitsOf(x), widthOf(c)];
  const weight = weightOf(c.name, isImage(x) ? [hidden, 3, 2, from] : [hidden, from]);
  if (!isImage(x)) {
    const inner = activation(ops.matmul(x, weight, { transposeB: true }), c);
    return ops.add(ops.matmul(inner, weight), x);
  }
  const geometry = { stride: [1, 1], dilation: [1, 1], padding: [1, 0, 1, 1] } as const;
  const inner = activation(normed(ops.conv2d(x, weight, geometry), within(c, 'n')), c);
  return ops.add(ops.conv2dInputGrad(inner, weight, [x.shape[1]!, x.shape[2]!], geometry), x);
};

/** Factors and summands of channels that are pruned like weights. */
const prunedGains: Part = (x, c) => {
  const units = unitsOf(x);
  const [gain, shift] = ['gain', 'shift'].map((name) =>
    parameter(`${c.name}.${name}`, [units], 'weight', { kind: 'constant', value: 1 }),
  );
  return activation(ops.add(ops.mul(x, gain!), ops.mul(shift!, shift!)), c);
};

/** One norm, statistics included, over two streams. */
const sharedNorm: Part = (x, c) => {
  const units = [unitsOf(x)];
  const of = (name: string, role: Role, value: number): Tensor =>
    parameter(`${c.name}.n.${name}`, units, role, { kind: 'constant', value });
  const parts = {
    mean: of('running_mean', 'mean', 0),
    weight: of('weight', 'scale', 1),
    variance: of('running_var', 'variance', 1),
    bias: of('bias', 'shift', 0),
  };
  const [a, b] = ['a', 'b'].map((name) => ops.batchNorm(layer(x, unitsOf(x), within(c, name)), parts, 1e-5));
  return activation(c.dice.chance(0.5) ? ops.add(a!, b!) : ops.concat([a!, b!], x.shape.length - 1), c);
};

/** A layer with a convolution for each channel alone, its kernel set together from one that is pruned. */
const depthwise: Part = (x, c) => {
  const units = unitsOf(x);
  if (!isImage(x) || units < 2) return plain(x, c);
  const own = Array.from({ length: units }, (_, k) => {
    const w = weightOf(`${c.name}.${k}`, [1, 3, 3, 1]);
    return ops.place(w, [1, 3, 3, units], [0, 0, 0, k], [1, 1, 1, 1]);
  });
  const { kernel: _kernel, ...geometry } = GIVEN_SIZE;
  return activation(normed(ops.conv2d(x, ops.concat(own, 0), geometry), within(c, 'n')), c);
};

/** Pixels as rows of a matrix, among which images are no longer told apart. */
const rows: Part = (x, c) => {
  const [units, count] = [unitsOf(x), size(x.shape) / unitsOf(x)];
  const y = combined(ops.reshape(x, [count, units]), widthOf(c), within(c, '0'));
  return ops.reshape(activation(normed(y, within(c, '1')), c), [...x.shape.slice(0, -1), unitsOf(y)]);
};
/** Less the mean of the batch, without a norm's marker. */
const acrossImages: Part = (x) => {
  const mean = ops.mul(ops.sum(x, [0]), ops.scalar(1 / x.shape[0]!));
  return ops.add(ops.sub(x, mean), ops.scalar(0.2));
};

export const PARTS = {
  plain,
  residual,
  projection,
  strided,
  zeroShortcut,
  joined,
  stacked,
  pooled,
  grown,
  resized,
  dropped,
  softmax,
  layerNorm,
  sliced,
  turned,
  weighed,
  scaled,
  placed,
  expressed,
  shared,
  tied,
  prunedGains,
  sharedNorm,
  depthwise,
  rows,
  acrossImages,
} as const satisfies Record<string, Part>;
export type PartName = keyof typeof PARTS;
/** Those that networks are mostly made of come often. */
const NAMES = Object.keys(PARTS) as PartName[]; // its own keys
const OFTEN: readonly PartName[] = [
  'plain',
  'plain',
  'plain',
  'residual',
  'residual',
  'strided',
  'joined',
  'pooled',
];

const classes = 2;
/** From features to the answer of a network. */
const HEADS: readonly Part[] = [
  (x, c) => combined(flatten(x as never), classes, c),
  (x, c) => combined(isImage(x) ? globalAveragePool(x as never) : x, classes, c),
  (x, c) =>
    combined(
      activation(normed(combined(flatten(x as never), widthOf(c), within(c, '0')), within(c, '1')), c),
      classes,
      c,
    ),
  (x, c) => combined(isImage(x) ? ops.maximum(x, [1, 2]) : x, classes, c),
  (x, c) => layer(x, classes, c), // an answer for every pixel
];

/** A network as fast-check draws it. */
export interface Recipe {
  /** Height, width and channels of an image, or the length of a vector. */
  readonly sample: readonly number[];
  readonly width: number;
  readonly parts: readonly (readonly [name: PartName, seed: number])[];
  readonly head: readonly [which: number, seed: number];
}

/** The same for the same recipe, whenever it is described. */
export const networkOfRecipe = ({ sample, width, parts, head }: Recipe): Network => {
  const contextOf = (seed: number, name: string): Context => ({ dice: diceOf(key(seed)), name, width });
  return network(`${parts.map(([name]) => name).join('-')}-head${head[0]}`, sample, (x) => {
    const features = parts.reduce<Tensor>(
      (h, [name, seed], i) => PARTS[name](h, contextOf(seed, `p${i}`)),
      x,
    );
    return HEADS[head[0]]!(features, contextOf(head[1], 'head')) as never;
  }) as unknown as Network;
};

const seeds = fc.noShrink(fc.nat(2 ** 31 - 1));
const side = fc.integer({ min: 1, max: 7 });
const units = fc.integer({ min: 1, max: 3 });
export const recipes: fc.Arbitrary<Recipe> = fc.record({
  sample: fc.oneof(
    { weight: 5, arbitrary: fc.tuple(side, side, units) },
    { weight: 1, arbitrary: fc.tuple(units) },
  ),
  width: fc.integer({ min: 1, max: 6 }),
  parts: fc.array(
    fc.tuple(
      fc.noShrink(
        fc.oneof(
          { weight: 1, arbitrary: fc.constantFrom(...OFTEN) },
          { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
        ),
      ),
      seeds,
    ),
    { minLength: 1, maxLength: 6 },
  ),
  head: fc.tuple(fc.nat(HEADS.length - 1), seeds),
});

/** How masks are drawn; most kinds leave something. */
export const PRUNINGS = ['even', 'by layer', 'units', 'taps', 'single', 'nothing left', 'whole'] as const;
export type Pruning = (typeof PRUNINGS)[number];

/** Masks of a network, each kind with densities of its own. */
export const randomMasks = (net: Network, pruning: Pruning, seed: Key): Masks => {
  const dice = diceOf(fold(seed, 'masks'));
  const density = dice.of([0.2, 0.5, 0.7, 0.85]);
  const weights = prunable(net);
  const total = weights.reduce((n, w) => n + size(w.shape), 0);
  const only = dice.below(total);
  let before = 0;
  return new Map(
    weights.map((w) => {
      const n = size(w.shape);
      const at = only - before;
      before += n;
      const drawn = (label: string, of: number): Float64Array => uniform(fold(seed, label, nameOf(w)), of);
      const each = drawn('each', n);
      const [rows, columns] = [w.shape[0]!, unitsOf(w)];
      const own = dice.of([0, 0.3, 0.6, 0.8, 1, 1]);
      const tap = dice.below(n / (rows * columns));
      const [liveRows, liveColumns] = [drawn('rows', rows), drawn('columns', columns)];
      const isLive: Record<Pruning, (i: number) => boolean> = {
        even: (i) => each[i]! < density,
        'by layer': (i) => each[i]! < own,
        units: (i) => liveRows[Math.floor((i * rows) / n)]! < density && liveColumns[i % columns]! < 0.7,
        taps: (i) => Math.floor(i / columns) % (n / (rows * columns)) === tap && each[i]! < 0.7,
        single: (i) => i === at,
        'nothing left': () => false,
        whole: () => true,
      };
      return [nameOf(w), Uint8Array.from({ length: n }, (_, i) => (isLive[pruning](i) ? 1 : 0))];
    }),
  );
};

/**
 * Values of parameters, masked: as a layer draws them first, or far from it, with scales of either sign and
 * shifts that are not zero.
 */
export const randomValues = (
  net: Network,
  masks: Masks,
  start: 'fresh' | 'far',
  seed: Key,
): Map<string, Float64Array> =>
  new Map(
    parameters(net).map((leaf) => {
      const [name, n, role] = [nameOf(leaf), size(leaf.shape), roleOf(leaf)];
      const [z, u] = [normal(fold(seed, name), n), uniform(fold(seed, name, 'u'), n)];
      const value = (i: number): number => {
        if (role === 'weight')
          return (masks.get(name)![i]! * z[i]!) / Math.sqrt(size(leaf.shape.slice(1)) / 2);
        if (start === 'fresh' && role !== 'bias') return role === 'scale' || role === 'variance' ? 1 : 0;
        if (role === 'scale') return (u[i]! < 0.2 ? -1 : 1) * (0.5 + u[i]!);
        return role === 'variance' ? 0.5 + u[i]! : 0.3 * z[i]!;
      };
      return [name, Float64Array.from({ length: n }, (_, i) => value(i))];
    }),
  );
