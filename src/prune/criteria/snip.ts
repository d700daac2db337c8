import { ops } from '../../ops/registry.js';
import type { Criterion } from '../criterion.js';
import { pack, unpack } from '../pack.js';
import { lossGradient } from './loss-gradient.js';

/**
 * SNIP (Lee et al., ICLR 2019): |theta * sum over minibatches of dL/dtheta| with L the batch-mean cross-entropy and BatchNorm on
 * batch statistics; the sum comes first, the magnitude last.
 */
export const snip = ({ statistics = 'batch' }: { readonly statistics?: 'batch' | 'stored' } = {}): Criterion => ({
  name: 'snip',
  doc: 'sensitivity of the loss to removing a weight',
  data: 'labelled images',
  rounds: { kind: 'single', why: 'after the first round it is another method (with gradients of the masked point, IterSNIP or FORCE)' },
  monotone: true,
  observe: (view, labels) => {
    const net = statistics === 'batch' ? view.trained : view.batch;
    return { mantissa: pack(lossGradient(net, labels, view.weights)), exponent: null };
  },
  score: (view, observed) => ({
    scores: unpack(observed!.mantissa, view.weights).map((g, i) => ops.abs(ops.mul(ops.mul(view.weights[i]!, view.masks[i]!), g))),
    total: null,
  }),
});
