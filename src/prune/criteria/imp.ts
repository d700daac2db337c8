import type { Dataset } from '../../source/dataset.js';
import { sourceKind, type Source } from '../../source/source.js';
import { fail } from '../../errors.js';
import { anything, checkOptions, count, needed, optionsOf, type KindsOf } from '../../kinds.js';
import { checkRate } from '../../train/rate.js';
import type { Network } from '../../nn/network.js';
import type { Weights } from '../../nn/weights.js';
import type { Device } from '../../runtime/device.js';
import { fit, stepsOf } from '../../train/fit.js';
import { FIT_OPTIONS, type FitOptions } from '../../train/fit-options.js';
import type { TrainingStart } from '../../train/start.js';
import { checkFits, sourceOf } from '../../train/programs.js';
import type { Task } from '../../task/task.js';
import type { Masks } from '../../transform/mask.js';
import type { Criterion } from '../criterion.js';
import { magnitude } from './magnitude.js';

export interface ImpOptions {
  /** What every round trains on: a data set of classes, or a source. */
  readonly dataset: Dataset | Source;
  /** One whole training; every round takes this one. Default seed: that of the pruning. */
  readonly training: Omit<FitOptions, 'steps' | 'checkpoint' | 'resume' | 'signal'>;
  /**
   * Rewind to the state after so many steps of the first training instead of the given weights; later
   * trainings go on from that step. Default 0.
   */
  readonly rewind?: { readonly steps: number };
}

const trainingKind = {
  ...anything,
  expected: 'the options of a training, such as { epochs, rate }',
  test: (value: unknown) => value !== undefined,
};
export const IMP_OPTIONS: KindsOf<ImpOptions> = {
  dataset: needed(sourceKind),
  training: needed(trainingKind),
  rewind: optionsOf<NonNullable<ImpOptions['rewind']>>({ steps: needed(count) }),
};

const TRAINING = ((): KindsOf<ImpOptions['training']> => {
  const { steps: _steps, checkpoint: _checkpoint, resume: _resume, signal: _signal, ...own } = FIT_OPTIONS;
  return own;
})();

/**
 * Throws OPTION where something of `dataset`, `training` or `rewind` is missing, unknown or of the wrong
 * kind, and for a task of the pruning beside one of the training.
 */
export const checkImp = ({
  dataset,
  training,
  rewind,
  task,
}: ImpOptions & { readonly task?: Task }): void => {
  checkOptions<ImpOptions>(
    'imp',
    { dataset, training, ...(rewind === undefined ? {} : { rewind }) },
    IMP_OPTIONS,
  );
  checkOptions<ImpOptions['training']>('imp: training', training, TRAINING);
  checkRate(training.rate, 'imp: training: rate');
  if (task !== undefined && training.task !== undefined)
    fail('OPTION', 'imp: a task is given for the pruning and for its training; leave one of them out');
};

/** How IMP ranks: by the size of the weights that a training left. Paper: six rounds. */
export const impCriterion = (): Criterion => ({
  ...magnitude(),
  name: 'imp',
  doc: 'size of the trained weight',
  rounds: { kind: 'any', usual: 6 },
  cost: { training: true },
});

/** The trainings of IMP's rounds. */
export interface Trainings {
  /** The rewind point: where every training starts, the final one included. */
  readonly start: Weights;
  /** The weights at the end of a round's training with these masks. */
  readonly train: (masks: Masks, round: number) => Promise<Weights>;
}

/**
 * Iterative magnitude pruning with rewinding (Frankle and Carbin, ICLR 2019; to a later step: Frankle et al.,
 * ICML 2020). Parameters and BatchNorm statistics go back to the rewind point before each training and
 * velocities to zero; only the first training, which passes that point, keeps its own. Orders and
 * augmentations are the same in all rounds: they follow from seed and step.
 */
export const impTrainings = async (
  net: Network,
  { weights, masks }: Pick<TrainingStart, 'weights' | 'masks'>,
  device: Device,
  { dataset, training, rewind }: ImpOptions,
  task: Task,
  seed: number,
  signal?: AbortSignal,
): Promise<Trainings> => {
  const source = sourceOf('imp', dataset, training.augment);
  checkFits(net, source, training.task ?? task);
  source.check(['train', 'test']);
  const options: FitOptions = {
    seed,
    evaluateEvery: training.epochs,
    task,
    ...training,
    ...(signal === undefined ? {} : { signal }),
  };
  const k = rewind?.steps ?? 0;
  const total = stepsOf(dataset, options);
  if (k !== 0 && !(Number.isInteger(k) && k > 0 && k < total))
    fail(
      'OPTION',
      `imp: rewind to step ${k} of a training of ${total} steps; give a step from 0 to ${total - 1}`,
    );
  const passing =
    k === 0
      ? null
      : await fit(net, { weights, masks: masks ?? null }, dataset, device, {
          ...options,
          execution: masks == null ? 'dense' : (options.execution ?? 'auto'),
          steps: { to: k },
        });
  const start = passing?.weights ?? weights;
  return {
    start,
    train: async (masks, round) =>
      (
        await fit(
          net,
          { weights: start, masks, moments: round === 0 ? (passing?.moments ?? null) : null },
          dataset,
          device,
          { ...options, steps: { from: k } },
        )
      ).weights,
  };
};
