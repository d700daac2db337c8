import { fail } from '../errors.js';
import { transformed, type Readable } from '../graph/description.js';
import { rewrite, withInputs } from '../graph/graph.js';
import { checkValue, networkKind, numberThat } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showShape, type Tensor } from '../tensor/tensor.js';

export type { Readable } from '../graph/description.js';

/** The two ways to read a network's BatchNorm statistics. Both rewrite the `statistic` markers away. */

/**
 * Statistics are their stored values. Centring by a stored mean is folded behind the scale, (x - p) q + r = x q + (r - p q), so that
 * a BatchNorm is one scale and one shift per channel (methods.md 3.3).
 */
export const inference = <N extends Readable>(net: N): N => {
  checkValue('inference: network', net, networkKind);
  return transformed(net, inferred);
};

const inferred = (read: Tensor, input: Tensor): Tensor => {
  const carried = new Set<Tensor>([input]);
  const isCentred = (t: Tensor): boolean =>
    t.op === 'sub' && carried.has(t.inputs[0]!) && !carried.has(t.inputs[1]!);
  const [output] = rewrite([read], (node, inputs) => {
    const [a, b] = inputs;
    const next = (() => {
      if (node.op === 'statistic') return b!;
      if (node.op === 'mul' && isCentred(a!) && !carried.has(b!)) {
        const scaled = ops.mul(a!.inputs[0]!, b!);
        carried.add(scaled);
        return ops.sub(scaled, ops.mul(a!.inputs[1]!, b!));
      }
      if (node.op === 'add' && isCentred(a!) && !carried.has(b!))
        return ops.add(a!.inputs[0]!, ops.sub(b!, a!.inputs[1]!));
      return withInputs(node, inputs);
    })();
    if (node.op !== 'statistic' && inputs.some((i) => carried.has(i))) carried.add(next);
    return next.path === node.path ? next : keep(carried, next, { ...next, path: node.path });
  });
  return output!;
};

const keep = (carried: Set<Tensor>, old: Tensor, renamed: Tensor): Tensor => {
  if (carried.has(old)) carried.add(renamed);
  return renamed;
};

const MOMENTUM = numberThat('a number in [0, 1]', (n) => n >= 0 && n <= 1);

/** A running statistic and its next value. */
export interface StatisticUpdate {
  readonly stored: Tensor;
  readonly next: Tensor;
}

/**
 * Statistics are the moments of the batch, and `updates` are the running averages after it: next = (1 - momentum) stored + momentum
 * moment, with the unbiased variance n / (n - 1), as PyTorch keeps it. Throws NETWORK where a BatchNorm sees one value a channel: it would answer
 * its shift whatever the input.
 */
export const training = <N extends Readable>(
  net: N,
  momentum = 0.1,
): N & { readonly updates: readonly StatisticUpdate[] } => {
  checkValue('training: network', net, networkKind);
  checkValue('training: momentum', momentum, MOMENTUM);
  const first = trained(net.output, momentum);
  const read = transformed(net, (output) =>
    output === net.output ? first.output : trained(output, momentum).output,
  );
  return { ...read, updates: first.updates };
};

const trained = (
  read: Tensor,
  momentum: number,
): { readonly output: Tensor; readonly updates: readonly StatisticUpdate[] } => {
  const updates = new Map<Tensor, Tensor>();
  const measured = new Map<Tensor, Moments>();
  const [output] = rewrite([read], (node, inputs) => {
    if (node.op !== 'statistic') return withInputs(node, inputs);
    const [x, stored] = inputs as [Tensor, Tensor];
    const m = measured.get(x) ?? moments(x);
    if (m.count === 1) return refuseSingle(node, x);
    measured.set(x, m);
    const isMean = node.attributes['moment'] === 'mean';
    const seen = isMean ? m.mean : ops.mul(m.variance, ops.scalar(m.count / (m.count - 1)));
    updates.set(
      stored,
      ops.add(ops.mul(stored, ops.scalar(1 - momentum)), ops.mul(seen, ops.scalar(momentum))),
    );
    return isMean ? m.mean : m.variance;
  });
  return { output: output!, updates: [...updates].map(([stored, next]) => ({ stored, next })) };
};

const refuseSingle = ({ path }: Tensor, x: Tensor): never =>
  fail(
    'NETWORK',
    `training: BatchNorm of ${showShape(x.shape)} has one value a channel, whose variance is zero${path === '' ? '' : `; at ${path}`}; ` +
      'use a batch of at least 2, or drop the norm there',
  );

interface Moments {
  readonly mean: Tensor;
  /** Biased: divided by count. */
  readonly variance: Tensor;
  readonly count: number;
}

/**
 * Mean and variance over all axes but the last, in one pass over x: both sums run over d = x - first row. The result does not
 * depend on that shift, hence it needs no derivative. Since it is one of the values, no d is larger than the square root of all squared deviations
 * together, so that rounding d to float32 costs a variance less than a thousandth even where 10^8 values lie far from the first; the op
 * `variance` keeps what it adds up exact enough for that.
 */
const moments = (x: Tensor): Moments => {
  const rank = x.shape.length;
  const c = x.shape[rank - 1]!;
  const leading = Array.from({ length: rank - 1 }, (_, i) => i);
  const count = x.shape.slice(0, -1).reduce((n, d) => n * d, 1);
  const firstRow = ops.slice(
    x,
    x.shape.map(() => 0),
    x.shape.map((d, i) => (i === rank - 1 ? d : 1)),
    x.shape.map(() => 1),
  );
  const shift = ops.stopGradient(ops.reshape(firstRow, [c]));
  const d = ops.sub(x, shift);
  const perElement = ops.scalar(1 / count);
  const mean = ops.mul(ops.sum(d, leading), perElement);
  return { mean: ops.add(shift, mean), variance: ops.variance(d), count };
};
