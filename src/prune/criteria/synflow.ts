import { ops } from '../../ops/registry.js';
import type { Criterion } from '../criterion.js';
import { choice, option, withOptions } from '../options.js';
import { flow, flowScores, PATH_OPTIONS } from './path-score.js';

/**
 * SynFlow (Tanaka et al., NeurIPS 2020): |theta| dQ/d|theta| of the network with absolute weights on one
 * all-ones image.
 */
export const synflow = withOptions('synflow', PATH_OPTIONS, (options): Criterion => ({
  kind: 'criterion',
  name: 'synflow',
  doc: 'synaptic flow through absolute weights, no data',
  data: 'none',
  rounds: { kind: 'any', usual: 100 },
  cost: { perRound: { forward: 1, backward: 1 } },
  monotone: true,
  score: (view) => flowScores(flow(view, 'absolute', null, options)),
}));

export const SYNFLOW_L2_OPTIONS = {
  form: option(
    choice('flow', 'gradient'),
    'flow',
    'theta^2 dQ/dtheta^2, conserved per cut, or |theta| dQ/dtheta^2, as published code ranks',
  ),
  ...PATH_OPTIONS,
};

/** SynFlow-L2 (Gebhart et al. 2021): the same with squared weights. Its flow form is PX with Abar = 1. */
export const synflowL2 = withOptions('synflow-l2', SYNFLOW_L2_OPTIONS, ({ form, ...options }): Criterion => ({
  kind: 'criterion',
  name: 'synflow-l2',
  doc: 'synaptic flow through squared weights, no data',
  data: 'none',
  rounds: { kind: 'any', usual: 100 },
  cost: { perRound: { forward: 1, backward: 1 } },
  monotone: true,
  score: (view) => {
    const result = flow(view, 'squared', null, options);
    if (form === 'flow') return flowScores(result);
    return {
      scores: result.slopes.map((g, i) => ops.mul(g, ops.abs(ops.mul(view.weights[i]!, view.masks[i]!)))),
      total: result.total,
    };
  },
}));
