import { leaves, substitute } from '../../graph/graph.js';
import { isLearnt, isPrunable } from '../../graph/roles.js';
import { ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Objective } from '../objective.js';
import type { Criterion, PruningView } from '../criterion.js';
import { choice, count, fraction, option, positive, withOptions, type SettledOptions } from '../options.js';
import { pack, unpack } from '../pack.js';
import { lossGradient } from './loss-gradient.js';

export const PROSPR_OPTIONS = {
  steps: option(count, 3, 'inner steps of gradient descent'),
  rate: option(positive, 0.1, 'learning rate of the inner steps'),
  momentum: option(fraction, 0, 'of the inner steps'),
  order: option(
    choice('full', 'first'),
    'full',
    'differentiate the inner steps as well, or take their gradients as constants',
  ),
};

/**
 * ProsPr (Alizadeh et al., ICLR 2022): |dL(w_S)/dm| through S steps of gradient descent from w_0 = m theta,
 * all on the minibatch at hand and its batch statistics. The gradients of several minibatches add up before
 * the magnitude is taken.
 */
export const prospr = withOptions('prospr', PROSPR_OPTIONS, (options): Criterion => ({
  kind: 'criterion',
  name: 'prospr',
  doc: 'sensitivity of the loss after a few training steps to removing a weight',
  data: 'labelled images',
  rounds: {
    kind: 'single',
    why: 'it asks what training from the dense network does; at a sparse point weights removed before would compete again',
  },
  cost: {
    perMinibatch: {
      forward: options.steps + 1,
      backward: options.steps + 1,
      ...(options.order === 'full' ? { second: options.steps } : {}),
    },
  },
  monotone: true,
  accumulate: (view, objective) => ({
    mantissa: pack(metaGradient(view, objective, options)),
    exponent: null,
  }),
  score: (view, accumulated) => ({
    scores: unpack(accumulated!.mantissa, view.weights).map((g) => ops.abs(g)),
    total: null,
  }),
}));

/**
 * dL(w_S)/dm for v_0 = 0, v_{i+1} = momentum v_i + dL/dw(w_i), w_{i+1} = w_i - rate v_{i+1}; w holds biases
 * and BatchNorm's scales and shifts as well. The published code cuts the derivative of v_1 where it uses
 * momentum; here every step is differentiated.
 */
const metaGradient = (
  view: PruningView,
  objective: Objective,
  { steps, rate, momentum, order }: SettledOptions<typeof PROSPR_OPTIONS>,
): readonly Tensor[] => {
  const { output } = view.trainBatch;
  const start = [
    ...view.effective,
    ...leaves([output], 'state').filter((leaf) => isLearnt(leaf) && !isPrunable(leaf)),
  ];
  const at = (w: readonly Tensor[]): typeof view.trainBatch => {
    const [moved] = substitute([output], new Map(start.map((s, i) => [s, w[i]!])));
    return { ...view.trainBatch, output: moved! };
  };
  const next = ({ w, velocity }: Point): Point => {
    const slopes = lossGradient(at(w), objective, w).map((g) => (order === 'full' ? g : ops.stopGradient(g)));
    const moves =
      velocity === null || momentum === 0
        ? slopes
        : slopes.map((g, i) => ops.add(ops.mul(velocity[i]!, ops.scalar(momentum)), g));
    return { w: w.map((v, i) => ops.sub(v, ops.mul(moves[i]!, ops.scalar(rate)))), velocity: moves };
  };
  let point: Point = { w: start, velocity: null };
  for (let step = 0; step < steps; step++) point = next(point);
  return lossGradient(at(point.w), objective, view.masks);
};

interface Point {
  readonly w: readonly Tensor[];
  readonly velocity: readonly Tensor[] | null;
}
