import { ops } from '../../ops/registry.js';
import type { Criterion } from '../criterion.js';
import { choice, option, withOptions } from '../options.js';
import { pack, unpack } from '../pack.js';
import { lossGradient } from './loss-gradient.js';

export const SNIP_OPTIONS = {
  statistics: option(choice('batch', 'stored'), 'batch', 'what BatchNorm normalises by'),
};

/**
 * SNIP (Lee et al., ICLR 2019): |theta * sum over minibatches of dL/dtheta| with L the batch-mean
 * cross-entropy and BatchNorm on batch statistics; the sum comes first, the magnitude last.
 */
export const snip = withOptions('snip', SNIP_OPTIONS, ({ statistics }): Criterion => ({
  kind: 'criterion',
  name: 'snip',
  doc: 'sensitivity of the loss to removing a weight',
  data: 'labelled images',
  rounds: {
    kind: 'single',
    why: 'after the first round it is another method (with gradients of the masked point, IterSNIP or FORCE)',
  },
  cost: { perMinibatch: { forward: 1, backward: 1 } },
  monotone: true,
  accumulate: (view, objective) => {
    const net = statistics === 'batch' ? view.trainBatch : view.evalBatch;
    return { mantissa: pack(lossGradient(net, objective, view.weights)), exponent: null };
  },
  score: (view, accumulated) => ({
    scores: unpack(accumulated!.mantissa, view.weights).map((g, i) =>
      ops.abs(ops.mul(ops.mul(view.weights[i]!, view.masks[i]!), g)),
    ),
    total: null,
  }),
}));
