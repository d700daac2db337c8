import type { Network } from '../nn/network.js';
import { prunable, rebatch } from '../nn/network.js';
import type { Tensor } from '../tensor/tensor.js';
import { masked, maskOf } from '../transform/mask.js';
import type { Scaled } from '../transform/paths.js';
import { inference, training, type Readable } from '../transform/statistics.js';

/** The current masked network in the readings that criteria use. */
export interface PruningView {
  readonly weights: readonly Tensor[];
  readonly masks: readonly Tensor[];
  /** Read for inference on one image. */
  readonly single: Readable;
  /** Read for inference on a minibatch. */
  readonly batch: Readable;
  /** Read for training on a minibatch (batch statistics); its updates are ignored, so scoring changes no statistic. */
  readonly trained: Readable;
}

export const viewOf = (net: Network, batch: number): PruningView => {
  const weights = prunable(net);
  const live = masked(net);
  return {
    weights,
    masks: weights.map(maskOf),
    single: inference(live),
    batch: inference(rebatch(live, batch)),
    trained: training(rebatch(live, batch)),
  };
};

export interface Scores {
  /** One per prunable weight, of its shape; larger is kept. */
  readonly scores: readonly Tensor[];
  /** The flow through the network, zero when no path is left; null where the criterion has none. */
  readonly total: Scaled | null;
}

/**
 * A pruning criterion: what it adds up over the minibatches of a round (`observe`), and how it scores weights from that. Both are graphs
 * over the view's leaves; they write nothing.
 */
export interface Criterion {
  readonly name: string;
  readonly doc: string;
  /** What it reads of the pruning split. */
  readonly data: 'none' | 'images' | 'labelled images';
  /** Single-shot criteria refuse more than one round, for the reason given. */
  readonly rounds: { readonly kind: 'any'; readonly usual: number } | { readonly kind: 'single'; readonly why: string };
  readonly observe?: (view: PruningView, labels: Tensor) => Scaled;
  readonly score: (view: PruningView, observed: Scaled | null) => Scores;
}
