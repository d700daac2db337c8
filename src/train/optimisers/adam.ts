import * as kinds from '../../kinds.js';
import { checkOptions, type Kind, type KindsOf } from '../../kinds.js';
import { ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import {
  eachParameter,
  groupsKind,
  momentOf,
  showGroups,
  type Optimiser,
  type ParameterGroup,
  type Update,
} from './optimiser.js';

export interface AdamOptions {
  /** How much of the first and second moment a step keeps, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /**
   * Of `adam`: added to gradients, times the parameter, by default 0. Of `adamW`: taken off the parameter,
   * times the rate, by default 0.01.
   */
  readonly weightDecay?: number;
  /** Parameters with a rate or decay of their own. */
  readonly groups?: readonly ParameterGroup[];
}

const betasKind: Kind = {
  expected: 'two numbers in [0, 1), such as [0.9, 0.999]',
  test: (value) => Array.isArray(value) && value.length === 2 && value.every(kinds.fraction.test),
};
const ADAM_OPTIONS: KindsOf<AdamOptions> = {
  betas: betasKind,
  epsilon: kinds.positive,
  weightDecay: kinds.fromZero,
  groups: groupsKind,
};

/**
 * The two corrections 1 - beta^t of moments that started at zero: scalar inputs, since float32 powers would
 * be too coarse.
 */
const CORRECTIONS = ['adam/first', 'adam/second'] as const;

const lerp = (old: Tensor, value: Tensor, beta: number): Tensor =>
  ops.add(ops.mul(old, ops.scalar(beta)), ops.mul(value, ops.scalar(1 - beta)));

const make = (
  name: 'adam' | 'adamW',
  { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay: decay, groups = [] }: AdamOptions,
): Optimiser => {
  const isDecoupled = name === 'adamW';
  const weightDecay = decay ?? (isDecoupled ? 0.01 : 0);
  const [first, second] = betas;
  return {
    name,
    settings: { betas, epsilon, weightDecay, groups: showGroups(groups) },
    moments: ['moment/first', 'moment/second'],
    inputs: (t) => ({ [CORRECTIONS[0]]: 1 - first ** t, [CORRECTIONS[1]]: 1 - second ** t }),
    update: (parameters, gradients, rate) => {
      const [c1, c2] = [ops.input(CORRECTIONS[0], []), ops.input(CORRECTIONS[1], [])];
      return eachParameter<Update>(name, parameters, gradients, { rate, groups, weightDecay }, (at) => {
        const { parameter: w, gradient } = at;
        const decayed = ops.mul(w, ops.scalar(at.weightDecay));
        const g = isDecoupled || at.weightDecay === 0 ? gradient : ops.add(gradient, decayed);
        const [m, v] = [momentOf('moment/first', w), momentOf('moment/second', w)];
        const nextM = lerp(m, g, first);
        const nextV = lerp(v, ops.mul(g, g), second);
        const root = ops.add(ops.sqrt(ops.div(nextV, c2)), ops.scalar(epsilon));
        const step = ops.div(ops.div(nextM, c1), root);
        const whole = isDecoupled && at.weightDecay !== 0 ? ops.add(step, decayed) : step;
        return [
          [w, ops.sub(w, ops.mul(whole, at.rate))],
          [m, nextM],
          [v, nextV],
        ];
      });
    },
  };
};

/**
 * Adam (Kingma and Ba 2015) as PyTorch defines it, weight decay in the gradient. A masked weight stays
 * exactly zero.
 */
export const adam = (options: AdamOptions = {}): Optimiser => {
  checkOptions('adam', options, ADAM_OPTIONS);
  return make('adam', options);
};

/**
 * AdamW (Loshchilov and Hutter 2019): w -= rate (m' / (sqrt v' + epsilon) + weightDecay w). A masked weight
 * stays exactly zero.
 */
export const adamW = (options: AdamOptions = {}): Optimiser => {
  checkOptions('adamW', options, ADAM_OPTIONS);
  return make('adamW', options);
};
