import { ops } from '../../ops/registry.js';
import type { Criterion } from '../criterion.js';
import { pack, unpack } from '../pack.js';
import { lossGradient } from './loss-gradient.js';

/**
 * SNIP in rounds at sparse points w = m theta, BatchNorm on batch statistics (de Jorge et al., ICLR 2021).
 * Both methods differ in what a removed weight may do. The sum over minibatches stands for their mean: it
 * ranks alike.
 */
const iterative = (about: Pick<Criterion, 'name' | 'doc' | 'monotone'>): Criterion => ({
  kind: 'criterion',
  ...about,
  data: 'labelled images',
  rounds: { kind: 'any', usual: 100 },
  cost: { perMinibatch: { forward: 1, backward: 1 } },
  accumulate: (view, objective) => ({
    mantissa: pack(lossGradient(view.trainBatch, objective, view.effective)),
    exponent: null,
  }),
  score: (view, accumulated) => {
    const at = about.monotone ? view.effective : view.weights;
    return {
      scores: unpack(accumulated!.mantissa, view.weights).map((g, i) => ops.abs(ops.mul(at[i]!, g))),
      total: null,
    };
  },
});

/** IterSNIP: |m theta dL/dw|. Removed weights score 0 and stay out. */
export const iterSnip = (): Criterion =>
  iterative({ name: 'itersnip', doc: 'SNIP in rounds, removed weights stay out', monotone: true });

/** FORCE: |theta dL/dw| = |dL/dm|, for removed weights too: they compete again in every round. */
export const force = (): Criterion =>
  iterative({ name: 'force', doc: 'SNIP in rounds, removed weights may return', monotone: false });
