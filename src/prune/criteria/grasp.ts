import { ops } from '../../ops/registry.js';
import { grad } from '../../transform/grad.js';
import type { Criterion } from '../criterion.js';
import { option, positive, withOptions } from '../options.js';
import { pack, unpack } from '../pack.js';
import { lossGradient } from './loss-gradient.js';

export const GRASP_OPTIONS = { temperature: option(positive, 200, 'logits are divided by it') };

/**
 * GraSP (Wang et al., ICLR 2020): theta * H g, signed, largest kept, with g and H the gradient and Hessian of
 * the loss summed over the minibatches. H g is the gradient of <g, dL/dtheta> at constant g; every term of H
 * meets the whole g, hence two passes.
 */
export const grasp = withOptions('grasp', GRASP_OPTIONS, ({ temperature }): Criterion => ({
  kind: 'criterion',
  name: 'grasp',
  doc: 'preserves the gradient flow after pruning',
  data: 'labelled images',
  rounds: {
    kind: 'single',
    why: 'removed weights would score 0, above every live weight with a negative score',
  },
  cost: { perMinibatch: { forward: 2, backward: 2, second: 1 } },
  monotone: true,
  accumulate: (view, objective) => ({
    mantissa: pack(lossGradient(view.trainBatch, objective, view.weights, temperature)),
    exponent: null,
  }),
  secondPass: (view, objective, first) => {
    const slope = pack(lossGradient(view.trainBatch, objective, view.weights, temperature));
    const along = ops.sum(ops.mul(slope, ops.stopGradient(first.mantissa)), [0]);
    return { mantissa: pack(grad(along, view.weights)), exponent: null };
  },
  score: (view, accumulated) => ({
    scores: unpack(accumulated!.mantissa, view.weights).map((h, i) => ops.mul(view.weights[i]!, h)),
    total: null,
  }),
}));
