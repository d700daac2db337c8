import { fail } from '../errors.js';
import type { Network } from '../nn/network.js';
import { ops } from '../ops/registry.js';
import { meanLoss, type Targets, type Task } from '../task/task.js';
import type { Tensor } from '../tensor/tensor.js';
import type { MethodFacts } from './method.js';

/** What a minibatch is to be answered with. */
export interface Objective {
  /**
   * By name, each with the minibatch as first axis; of classification `labels`. None for criteria that read
   * images alone.
   */
  readonly targets: Targets;
  /** The task's mean loss of answers to the minibatch, a scalar. */
  readonly loss: (output: Tensor) => Tensor;
}

/** The objective of a minibatch of so many images, over inputs of the names of the task's targets. */
export const objectiveOf = (
  { name, data }: Pick<MethodFacts, 'name' | 'data'>,
  task: Task,
  net: Network,
  batch: number,
): Objective => {
  if (data !== 'labelled images')
    return {
      targets: {},
      loss: () =>
        fail('OPTION', `${name}: it asks for a loss but reads ${data}; say data: 'labelled images'`),
    };
  const types = task.targets(net.output.shape.slice(1));
  const targets = Object.fromEntries(
    Object.entries(types).map(([target, { kind, shape }]) => [
      target,
      ops.input(target, [batch, ...shape], kind === 'classes' ? 'i32' : 'f32'),
    ]),
  );
  return { targets, loss: (output) => meanLoss(task, output, targets) };
};
