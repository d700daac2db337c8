import * as kinds from '../../kinds.js';
import { checkOptions, checkValue, type KindsOf } from '../../kinds.js';
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

export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default false. Needs momentum. */
  readonly nesterov?: boolean;
  /** Added to every gradient as weightDecay * parameter, biases and BatchNorm included. Default 1e-4. */
  readonly weightDecay?: number;
  /** Parameters with a rate or decay of their own. */
  readonly groups?: readonly ParameterGroup[];
}

export const SGD_OPTIONS: KindsOf<SgdOptions> = {
  momentum: kinds.fraction,
  nesterov: kinds.flag,
  weightDecay: kinds.fromZero,
  groups: groupsKind,
};

/** Of options that hold more, such as those of fit(), the optimiser's. */
export const sgdOptionsOf = ({ momentum, nesterov, weightDecay, groups }: SgdOptions): SgdOptions => ({
  ...(momentum === undefined ? {} : { momentum }),
  ...(nesterov === undefined ? {} : { nesterov }),
  ...(weightDecay === undefined ? {} : { weightDecay }),
  ...(groups === undefined ? {} : { groups }),
});

const update = (
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  rate: Tensor,
  options: SgdOptions,
): Update[] => {
  const { momentum = 0.9, nesterov = false, groups } = options;
  const each = { rate, groups, weightDecay: options.weightDecay ?? 1e-4 };
  return eachParameter<Update>('sgd', parameters, gradients, each, (at) => {
    const { parameter: w, gradient, weightDecay } = at;
    const g = weightDecay === 0 ? gradient : ops.add(gradient, ops.mul(w, ops.scalar(weightDecay)));
    if (momentum === 0) return [[w, ops.sub(w, ops.mul(g, at.rate))]];
    const v = momentOf('velocity', w);
    const next = ops.add(ops.mul(v, ops.scalar(momentum)), g);
    const step = nesterov ? ops.add(g, ops.mul(next, ops.scalar(momentum))) : next;
    return [
      [w, ops.sub(w, ops.mul(step, at.rate))],
      [v, next],
    ];
  });
};

const checkSgd = (options: SgdOptions): void => {
  checkOptions('sgd', options, SGD_OPTIONS);
};

/**
 * Stochastic gradient descent as PyTorch defines it: g += weightDecay w; v = momentum v + g; w -= rate
 * (nesterov ? g + momentum v : v). With options alone it is an optimiser for `fit`; with parameters,
 * gradients and a rate it gives their next values, and those of the velocities. A masked weight is zero and
 * has a zero gradient, hence stays exactly zero.
 */
export function sgd(options?: SgdOptions): Optimiser;
export function sgd(
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  rate: Tensor,
  options: SgdOptions,
): Update[];
export function sgd(
  first: SgdOptions | readonly Tensor[] = {},
  gradients?: readonly Tensor[],
  rate?: Tensor,
  options?: SgdOptions,
): Optimiser | Update[] {
  if (gradients === undefined && rate === undefined && options === undefined && !Array.isArray(first)) {
    const own = first as SgdOptions; // the other form has more arguments
    checkSgd(own);
    const { momentum = 0.9, nesterov = false, weightDecay = 1e-4, groups = [] } = own;
    return {
      name: 'sgd',
      settings: { momentum, nesterov, weightDecay, groups: showGroups(groups) },
      moments: momentum === 0 ? [] : ['velocity'],
      update: (parameters, slopes, step) => update(parameters, slopes, step, own),
    };
  }
  checkValue('sgd: parameters', first, kinds.tensors);
  checkValue('sgd: gradients', gradients, kinds.tensors);
  checkValue('sgd: rate', rate, kinds.tensor);
  checkSgd(options!); // which says what is missing
  return update(first as readonly Tensor[], gradients!, rate!, options!);
}
