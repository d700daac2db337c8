import { unitsStay } from './units.js';
import { fail } from '../errors.js';
import { sameShape, showShape, showType, size, type Attributes, type Tensor } from '../tensor/tensor.js';
import type { OpDefinition, TrainingReader, Values, Moments } from './op.js';
import { at, expectReals, mismatch, perElement, real, unread } from './op.js';
import type { Ops } from './registry.js';

/**
 * BatchNorm: (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. One marker stands for
 * it until its network is
 * read: for inference it is one scale and one shift a channel, for training the composition over the moments
 * of the batch.
 */

/** Puts a node at a layer, as `make` does with a path. */
const placed = (path: string, node: Tensor): Tensor => (node.path === path ? node : { ...node, path });

/** The inputs of a `batchNorm` node, in the order of a layer's parameters. */
interface Parts {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly weight: Tensor;
  readonly variance: Tensor;
  readonly bias: Tensor;
}
export const isBatchNorm = ({ op }: Tensor): boolean => op === 'batchNorm';
export const isStatistic = ({ op }: Tensor): boolean => op === 'statistic';
export const batchNormParts = ({ inputs }: Tensor): Parts => {
  const [x, mean, weight, variance, bias] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return { x, mean, weight, variance, bias };
};

const repeatsOf = (attributes: Attributes): number => (attributes['repeats'] as number | undefined) ?? 1;

const scaleOf = (o: Ops, { path, attributes }: Tensor, weight: Tensor, variance: Tensor): Tensor => {
  const epsilon = o.scalar(attributes['epsilon'] as number);
  return placed(path, o.mul(weight, placed(path, o.rsqrt(placed(path, o.add(variance, epsilon))))));
};

/** The composition that a `batchNorm` node stands for, over these statistics. */
export const writtenOut = (o: Ops, node: Tensor, mean: Tensor, variance: Tensor): Tensor => {
  const { path } = node;
  const { x, weight, bias } = batchNormParts(node);
  const centred = placed(path, o.sub(x, mean));
  return placed(path, o.add(placed(path, o.mul(centred, scaleOf(o, node, weight, variance))), bias));
};

/** x q + (r - p q) rather than (x - p) q + r: one scale and one shift per channel (methods.md 3.3). */
const asScaleAndShift = (o: Ops, node: Tensor): Tensor => {
  const { x, mean, weight, variance, bias } = batchNormParts(node);
  const scale = scaleOf(o, node, weight, variance);
  return placed(node.path, o.add(o.mul(x, scale), o.sub(bias, o.mul(mean, scale))));
};

/**
 * Mean and variance over all axes but the last, in one pass over x: both sums run over d = x - first row. The
 * result does not depend on that shift, hence it needs no derivative. Since it is one of the values, no d is
 * larger than the square root of all squared deviations together, so that rounding d to float32 costs a
 * variance less than a thousandth even where 10^8 values lie far from the first; the op `variance` keeps what
 * it adds up exact enough for that.
 */
export const moments = (o: Ops, x: Tensor): Moments => {
  const rank = x.shape.length;
  const c = x.shape[rank - 1]!;
  const leading = Array.from({ length: rank - 1 }, (_, i) => i);
  const count = x.shape.slice(0, -1).reduce((n, d) => n * d, 1);
  const firstRow = o.slice(
    x,
    x.shape.map(() => 0),
    x.shape.map((d, i) => (i === rank - 1 ? d : 1)),
    x.shape.map(() => 1),
  );
  const shift = o.stopGradient(o.reshape(firstRow, [c]));
  const d = o.sub(x, shift);
  const mean = o.mul(o.sum(d, leading), o.scalar(1 / count));
  return { mean: o.add(shift, mean), variance: o.variance(d), count };
};

/**
 * The moment of the batch in the place of a stored statistic, which becomes (1 - momentum) stored + momentum
 * moment, with the unbiased variance n / (n - 1), as PyTorch keeps it.
 */
const measured = (
  o: Ops,
  x: Tensor,
  stored: Tensor,
  moment: 'mean' | 'variance',
  { path, attributes }: Tensor,
  reader: TrainingReader,
): Tensor => {
  const { mean, variance, count: own } = reader.momentsOf(x);
  const count = own * repeatsOf(attributes);
  if (count === 1) return refuseSingle(x, path);
  const seen = moment === 'mean' ? mean : o.mul(variance, o.scalar(count / (count - 1)));
  const { momentum } = reader;
  reader.update(stored, o.add(o.mul(stored, o.scalar(1 - momentum)), o.mul(seen, o.scalar(momentum))));
  return moment === 'mean' ? mean : variance;
};

const refuseSingle = (x: Tensor, path: string): never =>
  fail(
    'NETWORK',
    `training: BatchNorm of ${showShape(x.shape)} has one value a channel, whose variance is zero${path === '' ? '' : `; at ${path}`}; ` +
      'use a batch of at least 2, or drop the norm there',
  );

/** Both factors that the derivatives of a `batchNorm` node, read as it is stored, are made of. */
const derivatives = (o: Ops, node: Tensor, dy: Tensor): readonly Tensor[] => {
  const { x, mean, weight, variance } = batchNormParts(node);
  const inverse = o.rsqrt(o.add(variance, o.scalar(node.attributes['epsilon'] as number)));
  const total = (t: Tensor): Tensor =>
    o.sum(
      t,
      x.shape.slice(0, -1).map((_, axis) => axis),
    );
  const dx = o.mul(dy, o.mul(weight, inverse));
  const spread = total(o.mul(dy, o.sub(x, mean)));
  const cubed = o.mul(o.mul(inverse, inverse), inverse);
  return [
    dx,
    o.neg(total(dx)),
    o.mul(spread, inverse),
    o.mul(o.mul(o.mul(spread, weight), cubed), o.scalar(-0.5)),
    total(dy),
  ];
};

/**
 * (x [.., c], mean [c], weight [c], variance [c], bias [c]) -> [.., c]. Until it is read it means its stored
 * statistics. Attributes: epsilon; repeats, where each image
 * of x stands for so many equal ones, which the unbiased variance counts.
 */
export const batchNorm: OpDefinition = {
  name: 'batchNorm',
  doc: 'batch normalisation, until its network is read',
  attributes: { epsilon: 'number', repeats: 'count?' },
  infer: (inputs, _, where) => {
    expectReals(inputs, 5, where);
    const [x, ...channels] = inputs;
    const c = at(inputs, 0).shape.slice(-1);
    const bad = channels.find(({ shape }) => c.length === 0 || !sameShape(shape, c));
    if (bad !== undefined)
      mismatch(where, `${showType(bad)} beside ${showType(x!)}`, 'give one number for each channel');
    return real(x!.shape);
  },
  vjp: derivatives,
  paths: { kind: 'none', why: 'must be read for inference first' },
  units: unitsStay,
  over: ({ attributes }, { repeats }) =>
    repeats === 1 ? attributes : { ...attributes, repeats: repeats * repeatsOf(attributes) },
  reading: {
    inference: asScaleAndShift,
    training: (o, node, reader) => {
      const { x, mean, variance } = batchNormParts(node);
      const [m, v] = [
        measured(o, x, mean, 'mean', node, reader),
        measured(o, x, variance, 'variance', node, reader),
      ];
      return writtenOut(o, node, m, v);
    },
  },
  evaluate: (inputs, node) => {
    const [x, mean, weight, variance, bias] = inputs as [Values, Values, Values, Values, Values];
    const c = mean.length;
    const epsilon = node.attributes['epsilon'] as number;
    return x.map(
      (v, i) => (v - mean[i % c]!) * (weight[i % c]! / Math.sqrt(variance[i % c]! + epsilon)) + bias[i % c]!,
    );
  },
  cost: (node) => ({ flops: 3 * size(node.shape) + 3 * at(node.inputs, 1).shape[0]! }),
  lower: unread('batchNorm'),
};

/**
 * (x [.., c], stored [c]) -> [c]: a statistic of x, for norms of one's own. Until its network is read it
 * means `stored`. Attributes: moment.
 */
export const statistic: OpDefinition = {
  name: 'statistic',
  doc: 'a stored batch statistic, or the moment it stores',
  attributes: { moment: 'moment' },
  infer: (inputs, _, where) => {
    expectReals(inputs, 2, where);
    const [x, stored] = [at(inputs, 0), at(inputs, 1)];
    if (!sameShape(stored.shape, x.shape.slice(-1)))
      mismatch(where, `statistic ${showType(stored)} of ${showType(x)}`, 'it holds one number per channel');
    return real(stored.shape);
  },
  vjp: (_o, _node, dy) => [null, dy],
  paths: { kind: 'none', why: 'must be read for inference first' },
  units: unitsStay,
  reading: {
    inference: (_, node) => at(node.inputs, 1),
    training: (o, node, reader) =>
      measured(
        o,
        at(node.inputs, 0),
        at(node.inputs, 1),
        node.attributes['moment'] === 'mean' ? 'mean' : 'variance',
        node,
        reader,
      ),
  },
  evaluate: (inputs) => at(inputs, 1),
  cost: perElement(0),
  lower: unread('statistic'),
};
