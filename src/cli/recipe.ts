import type { Command } from 'commander';
import { fail } from '../errors.js';
import type { FitOptions } from '../train/fit-options.js';
import type { RateSchedule } from '../train/rate.js';
import { number, positiveInteger } from './common.js';
import { executionOption, withExecution, type ExecutionOption } from './execution.js';

/** How to train: the options that `train` and the trainings inside `prune --method imp` share. */
export interface RecipeOptions extends ExecutionOption {
  readonly batch: number;
  readonly rate: number;
  readonly milestones?: string;
  readonly momentum: number;
  readonly nesterov?: boolean;
  readonly weightDecay: number;
  readonly augment: boolean;
}

/** Everything but --epochs and the name of the schedule, which `prune` calls otherwise. */
export const withRecipe = (command: Command): Command =>
  withExecution(command)
    .option('-b, --batch <size>', 'images a step', positiveInteger('batch'), 128)
    .option(
      '--rate <number>',
      'highest learning rate',
      number('rate', (n) => n > 0, 'a positive number'),
      0.1,
    )
    .option('--milestones <epochs>', 'for multi-step, such as 80,120; default: half and three quarters')
    .option(
      '--momentum <number>',
      'of the optimiser',
      number('momentum', (n) => n >= 0 && n < 1, 'in [0, 1)'),
      0.9,
    )
    .option('--nesterov', "Nesterov's momentum")
    .option(
      '--weight-decay <number>',
      'added to gradients, times the parameter',
      number('weight decay', (n) => n >= 0, 'from 0 on'),
      1e-4,
    )
    .option('--no-augment', 'no random crop and flip');

const rateSchedule = (
  name: string,
  epochs: number,
  { rate, milestones: given }: RecipeOptions,
): RateSchedule => {
  if (name === 'one-cycle') {
    if (given !== undefined)
      return fail('OPTION', 'milestones: they belong to the multi-step schedule; leave them out');
    return { kind: 'oneCycle', rate };
  }
  if (name !== 'multi-step')
    return fail('OPTION', `schedule: '${name}' is unknown; choose multi-step or one-cycle`);
  const milestones = (given ?? `${Math.round(epochs / 2)},${Math.round((3 * epochs) / 4)}`)
    .split(',')
    .map(Number);
  return milestones.every((m) => Number.isInteger(m) && m > 0)
    ? { kind: 'multiStep', rate, milestones }
    : fail('OPTION', `milestones: '${given}' is no list of epochs; give one such as 80,120`);
};

/** Throws OPTION for a schedule that makes no sense. */
export const recipeOf = (
  schedule: string,
  epochs: number,
  o: RecipeOptions,
): Pick<
  FitOptions,
  'epochs' | 'batch' | 'rate' | 'momentum' | 'nesterov' | 'weightDecay' | 'augment' | 'execution'
> => ({
  execution: executionOption(o),
  epochs,
  batch: o.batch,
  rate: rateSchedule(schedule, epochs, o),
  momentum: o.momentum,
  nesterov: o.nesterov === true,
  weightDecay: o.weightDecay,
  augment: o.augment ? { pad: 4, flip: true } : null,
});
