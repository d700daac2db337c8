import { transformed, type Readable } from '../graph/description.js';
import { rewrite, withInputs } from '../graph/graph.js';
import { checkOptions, checkValue, flag, networkKind, numberThat, type KindsOf } from '../kinds.js';
import { moments } from '../ops/batch-norm.js';
import { rowsOfState } from '../ops/data.js';
import { isRandom } from '../ops/dropout.js';
import type { Moments, ReadingRule, TrainingReader } from '../ops/op.js';
import { definitionOf, ops } from '../ops/registry.js';
import { size, type Tensor } from '../tensor/tensor.js';

export type { Readable } from '../graph/description.js';

/**
 * The two ways to read a network. What differs between them are markers in its graph, each of which says in
 * its definition what it stands for; either reading leaves none.
 */
const read = (output: Tensor, rule: (reading: ReadingRule, marker: Tensor) => Tensor): Tensor =>
  rewrite([output], (node, inputs) => {
    const next = withInputs(node, inputs);
    const { reading } = definitionOf(node.op);
    return reading === undefined ? next : rule(reading, next);
  })[0]!;

/** Statistics are their stored values: a BatchNorm is one scale and one shift per channel. */
export const inference = <N extends Readable>(net: N): N => {
  checkValue('inference: network', net, networkKind);
  return transformed(net, (output) => read(output, (reading, marker) => reading.inference(ops, marker)));
};

const MOMENTUM = numberThat('a number in [0, 1]', (n) => n >= 0 && n <= 1);

/** A running statistic and its next value. */
export interface StatisticUpdate {
  readonly stored: Tensor;
  readonly next: Tensor;
}

export interface TrainingReading {
  /** Weight of the batch in the running statistics. Default 0.1, as PyTorch counts momentum. */
  readonly momentum?: number;
  /** Whether dropouts drop; otherwise they are their inputs, as for inference. Default true. */
  readonly dropout?: boolean;
}
const TRAINING: KindsOf<TrainingReading> = { momentum: MOMENTUM, dropout: flag };

/** The input of a network that is read with dropout: i32 [2], a key and the number of the step. */
export const NOISE = 'noise';

/**
 * Statistics are the moments of the batch, and `updates` are the running averages after it: next = (1 -
 * momentum) stored + momentum moment, with the unbiased variance n / (n - 1), as PyTorch keeps it. Throws
 * NETWORK where a BatchNorm sees one value a channel: it would answer its shift whatever the input. Where the
 * network has dropouts, it has one more input, `noise`, which decides what they drop. A number in the place
 * of options is the momentum.
 */
export const training = <N extends Readable>(
  net: N,
  options: TrainingReading | number = {},
): N & { readonly updates: readonly StatisticUpdate[] } => {
  checkValue('training: network', net, networkKind);
  const given = typeof options === 'number' ? { momentum: options } : options;
  checkOptions('training', given, TRAINING);
  const first = trained(net.output, given);
  const result = transformed(net, (output) =>
    output === net.output ? first.output : trained(output, given).output,
  );
  return { ...result, updates: first.updates };
};

/**
 * The same network, in which every dropout says which stream it draws from: that of its place. Where some are
 * taken out afterwards, the others go on to draw the same numbers.
 */
export const withStreams = (output: Tensor): Tensor => {
  let streams = 0;
  return rewrite([output], (node, inputs) => {
    const { attributes } = node;
    const isNew = isRandom(node) && attributes['stream'] === undefined;
    return withInputs(node, inputs, isNew ? { ...attributes, stream: streams++ } : attributes);
  })[0]!;
};

const trained = (
  output: Tensor,
  { momentum = 0.1, dropout = true }: TrainingReading,
): { readonly output: Tensor; readonly updates: readonly StatisticUpdate[] } => {
  const updates = new StatisticUpdates();
  const measured = new Map<Tensor, Moments>();
  const noise = ops.input(NOISE, [2], 'i32');
  let streams = 0;
  const reader: TrainingReader = {
    momentum,
    momentsOf: (x) => {
      const known = measured.get(x) ?? moments(ops, x);
      measured.set(x, known);
      return known;
    },
    draw: (stream) => (dropout ? { noise, stream: stream ?? streams++ } : null),
    update: (stored, next) => updates.add(stored, next),
  };
  return {
    output: read(output, (reading, marker) => reading.training(ops, marker, reader)),
    updates: updates.all(),
  };
};

/** Next values of running statistics, of which some channels may be updated at a time. */
class StatisticUpdates {
  readonly #whole = new Map<Tensor, Tensor>();
  readonly #parts = new Map<Tensor, { readonly index: Tensor; readonly next: Tensor }[]>();

  add(stored: Tensor, next: Tensor): void {
    const rows = rowsOfState(stored);
    if (rows === null) this.#whole.set(stored, next);
    else this.#parts.set(rows.state, [...(this.#parts.get(rows.state) ?? []), { index: rows.index, next }]);
  }

  all(): readonly StatisticUpdate[] {
    const parts = [...this.#parts].map(([stored, own]) => {
      const channels = size(stored.shape);
      const isLeft = new Array<number>(channels).fill(1);
      for (const { index } of own)
        for (const k of index.attributes['data'] as readonly number[]) isLeft[k] = 0;
      const left = ops.mul(stored, ops.literal([channels], isLeft));
      const next = own.reduce(
        (sum, { index, next: some }) => ops.add(sum, ops.scatterAdd(some, index, channels)),
        left,
      );
      return { stored, next };
    });
    return [...[...this.#whole].map(([stored, next]) => ({ stored, next })), ...parts];
  }
}
