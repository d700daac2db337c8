import { nameOf } from '../graph/graph.js';
import { stateName } from '../graph/state-names.js';
import {
  checkOptions,
  checkValue,
  flag,
  fraction,
  fromZero,
  tensor,
  tensors,
  type KindsOf,
} from '../kinds.js';
import { fail } from '../errors.js';
import { ops } from '../ops/registry.js';
import type { Tensor } from '../tensor/tensor.js';

export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Added to every gradient as weightDecay * parameter, biases and BatchNorm included. Default 1e-4. */
  readonly weightDecay?: number;
}

export const SGD_OPTIONS: KindsOf<SgdOptions> = { momentum: fraction, nesterov: flag, weightDecay: fromZero };

/** Of options that hold more, such as those of fit(), the optimiser's. */
export const sgdOptionsOf = ({ momentum, nesterov, weightDecay }: SgdOptions): SgdOptions => ({
  ...(momentum === undefined ? {} : { momentum }),
  ...(nesterov === undefined ? {} : { nesterov }),
  ...(weightDecay === undefined ? {} : { weightDecay }),
});

/** The velocity of a parameter: state 'velocity/<name>'. */
export const velocityOf = (parameter: Tensor): Tensor =>
  ops.state(
    velocityName(nameOf(parameter)),
    parameter.shape,
    { role: 'velocity', init: { kind: 'constant', value: 0 } },
    parameter.path,
  );
export const velocityName = (parameterName: string): string => stateName('velocity', parameterName);

/**
 * Stochastic gradient descent as PyTorch defines it: g += weightDecay w; v = momentum v + g; w -= rate (nesterov ? g + momentum v : v).
 * Returns the next values of parameters and velocities. A masked weight is zero and has a zero gradient, hence stays exactly zero.
 */
export const sgd = (
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  rate: Tensor,
  options: SgdOptions,
): (readonly [Tensor, Tensor])[] => {
  checkValue('sgd: parameters', parameters, tensors);
  checkValue('sgd: gradients', gradients, tensors);
  checkValue('sgd: rate', rate, tensor);
  checkOptions('sgd', options, SGD_OPTIONS);
  if (gradients.length !== parameters.length)
    fail(
      'OPTION',
      `sgd: ${parameters.length} parameters, ${gradients.length} gradients; give one gradient for each parameter`,
    );
  const { momentum = 0.9, nesterov = false, weightDecay = 1e-4 } = options;
  return parameters.flatMap((w, i) => {
    const g = weightDecay === 0 ? gradients[i]! : ops.add(gradients[i]!, ops.mul(w, ops.scalar(weightDecay)));
    if (momentum === 0) return [[w, ops.sub(w, ops.mul(g, rate))] as const];
    const v = velocityOf(w);
    const next = ops.add(ops.mul(v, ops.scalar(momentum)), g);
    const step = nesterov ? ops.add(g, ops.mul(next, ops.scalar(momentum))) : next;
    return [
      [w, ops.sub(w, ops.mul(step, rate))],
      [v, next],
    ] as const;
  });
};
