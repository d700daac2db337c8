import type { Network } from '../nn/network.js';
import { prunable, rebatch } from '../nn/network.js';
import { leaves, nameOf, walk } from '../graph/graph.js';
import type { Tensor } from '../tensor/tensor.js';
import { maskName, masked } from '../transform/mask.js';
import type { Scaled } from '../transform/paths.js';
import { inference, training, type Readable } from '../transform/readings.js';
import type { MethodFacts } from './method.js';
import type { Objective } from './objective.js';

/** The current masked network in the readings that criteria use. */
export interface PruningView {
  /**
   * The leaves theta and m, and the nodes m * theta that stand between them and the layers; all in layer
   * order, to differentiate with respect to.
   */
  readonly weights: readonly Tensor[];
  readonly masks: readonly Tensor[];
  readonly effective: readonly Tensor[];
  /** Read for inference on one image. */
  readonly evalOne: Readable;
  /** Read for inference on a minibatch. */
  readonly evalBatch: Readable;
  /**
   * Read for training on a minibatch (batch statistics), nothing dropped; its updates are ignored, so scoring
   * changes no statistic. Throws NETWORK where a BatchNorm sees one value a channel.
   */
  readonly trainBatch: Readable;
  /**
   * Before its statistics are read, on one image and on a minibatch: for criteria that read them in a way of
   * their own.
   */
  readonly raw: { readonly one: Readable; readonly batch: Readable };
}

export const viewOf = (net: Network, batch: number): PruningView => {
  const weights = prunable(net);
  const live = masked(net);
  const many = rebatch(live, batch);
  const maskLeaves = new Map(leaves([live.output], 'state').map((leaf) => [nameOf(leaf), leaf]));
  const masks = weights.map((w) => maskLeaves.get(maskName(nameOf(w)))!);
  // a mask has one reader, the effective weight
  const readers = new Map(walk([live.output]).flatMap((n) => n.inputs.map((i) => [i, n] as const)));
  let trainBatch: Readable | undefined;
  return {
    weights,
    masks,
    effective: masks.map((m) => readers.get(m)!),
    evalOne: inference(live),
    evalBatch: inference(many),
    get trainBatch() {
      trainBatch ??= training(many, { dropout: false }); // many criteria never ask, and a minibatch of one may have no variance
      return trainBatch;
    },
    raw: { one: live, batch: many },
  };
};

export interface Scores {
  /** One per prunable weight, of its shape; larger is kept. */
  readonly scores: readonly Tensor[];
  /** The flow through the network, zero when no path is left; null where the criterion has none. */
  readonly total: Scaled | null;
}

/**
 * A pruning criterion: what it adds up over the minibatches of a round (`accumulate`), and how it scores
 * weights from that. Both are graphs over the view's leaves; they write nothing. State leaves of role 'noise'
 * are standard normal numbers: those that `accumulate` reads are drawn anew before each minibatch, the others
 * once.
 */
export interface Criterion extends MethodFacts {
  readonly kind: 'criterion';
  /**
   * Whether removed weights stay out. Otherwise all weights are ranked in every round, and removed ones may
   * return.
   */
  readonly monotone: boolean;
  readonly accumulate?: (view: PruningView, objective: Objective) => Scaled;
  /**
   * A second pass over the same minibatches, which knows what the first added up; `score` then sees the sum
   * of the second.
   */
  readonly secondPass?: (view: PruningView, objective: Objective, first: Scaled) => Scaled;
  readonly score: (view: PruningView, accumulated: Scaled | null) => Scores;
}
