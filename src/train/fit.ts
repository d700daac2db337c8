import { batches, epochOrder, type Batch } from '../source/batches.js';
import { sourceKind, type Source } from '../source/source.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue } from '../kinds.js';
import { fail } from '../errors.js';
import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { fold, key } from '../random.js';
import { runsUnderWay, type Device } from '../runtime/device.js';
import { pipeline } from '../runtime/pipeline.js';
import { classification } from '../task/classification.js';
import { reportOf, type Task } from '../task/task.js';
import type { Shape } from '../tensor/tensor.js';
import type { Masks } from '../transform/mask.js';
import { NOISE } from '../transform/readings.js';
import { openCheckpoint, type Checkpoint, type EpochReport, type OpenCheckpoint } from './checkpoint.js';
import {
  addResident,
  DEPTH,
  evaluateOn,
  inputsOf,
  Sums,
  testBatchOf,
  type Evaluation,
  type Tested,
} from './evaluate.js';
import { FIT_OPTIONS, type FitOptions } from './fit-options.js';
import { scalarsOf, type Optimiser } from './optimisers/optimiser.js';
import {
  checkFits,
  evaluationProgram,
  optimiserOf,
  sourceOf,
  trainingProgram,
  type TrainingData,
} from './programs.js';
import { checkRate, rateAt } from './rate.js';
import { executionOf, type ExecutionChoice, type ExecutionReport } from './execution.js';
import {
  addTensors,
  masksOfTensors,
  readMasks,
  readMoments,
  readParameters,
  readTensors,
} from './restore.js';
import { trainingState } from './state.js';
import {
  addStart,
  checkStart,
  checkStartFits,
  updatesOfStart,
  type Moments,
  type TrainingStart,
} from './start.js';
import { differences, settingsOf, type Settings } from './settings.js';

export interface Trained {
  readonly weights: Weights;
  /** Those that the training kept, of a resumed one those of the checkpoint; null without. */
  readonly masks: Masks | null;
  /** What momentum has gathered, by parameter; empty without momentum. */
  readonly velocities: Weights;
  /** What the optimiser has gathered, velocities included: where another training goes on from. */
  readonly moments: Moments;
  /** Updates that the moments have gathered. */
  readonly updates: number;
  readonly history: readonly EpochReport[];
  /** Of classification; NaN for tasks that measure no accuracy. */
  readonly testAccuracy: number;
  /** What the task measures on the test split after the last step. */
  readonly test: Evaluation;
  /** How it was computed. */
  readonly execution: ExecutionReport;
  readonly seconds: number;
}

/** Steps of a whole training: the incomplete batch of an epoch is dropped. */
export const stepsOf = (
  data: { readonly train: { readonly count: number } },
  { epochs, batch = 128 }: Pick<FitOptions, 'epochs' | 'batch'>,
): number => epochs * Math.floor(data.train.count / batch);

/**
 * Trains a network, or a ticket when `masks` are given: masked weights are set to zero first and stay exactly
 * zero. What it learns is the `task`, by default the classes of a data set; what it learns from is a data set
 * or a source of images with other targets. The network's images and answers must be those of the data, which
 * is a compile error where both are literal and OPTION otherwise. The same options, seed, device and weights
 * give the same bits, also over a kill and resume. Weights that are zero count as live unless masks say
 * otherwise; `masksOfZeros` makes such masks. Errors: OPTION, DATA for images or targets that are none of the
 * data's, WEIGHTS, CHECKPOINT, NON_FINITE for a loss that is NaN or infinite.
 *
 * A checkpoint holds masks and moments, and digests of everything that decides the bits: of another start,
 * other data or another device it is refused. A start of null takes all from the checkpoint that `resume`
 * continues.
 */
export const fit = async <I extends Shape, O extends Shape>(
  net: Network<I, O>,
  start: TrainingStart | null,
  data: TrainingData<NoInfer<I>, NoInfer<O>>,
  device: Device,
  options: FitOptions<NoInfer<O>>,
): Promise<Trained> => {
  checkValue('fit: network', net, kinds.networkKind);
  if (start !== null) checkStart('fit', start);
  checkValue('fit: data', data, sourceKind);
  checkValue('fit: device', device, kinds.deviceKind);
  checkOptions<FitOptions<O>>('train', options, FIT_OPTIONS);
  checkRate(options.rate);
  if (start !== null) checkStartFits(net, start);
  const { task: givenTask, ...others } = options;
  const task = givenTask ?? classification();
  const source = sourceOf('train', data, options.augment);
  const optimiser = optimiserOf('train', others);
  checkFits(net, source, task);
  source.check(['train', 'test']);
  const { epochs, batch = 128, checkpoint } = options;
  if (options.resume === true && checkpoint === undefined)
    fail('OPTION', 'train: resume: there is no checkpoint to continue; name it with checkpoint');
  const cuts = batches(source.train.count, batch, { dropLast: true });
  const steps = cuts.length;
  const { from, to } = rangeOf(options.steps, epochs * steps);
  const run = { net, start, source, task, optimiser, device, options: others, cuts, from, to } as const;
  if (checkpoint === undefined) {
    if (start === null)
      return fail('OPTION', 'train: there is no start; give weights, or the checkpoint to continue');
    return await takeSteps(run, null);
  }
  const range = from === 0 && to === epochs * steps ? 'all' : `${from}-${to}`;
  const file = await openCheckpoint(checkpoint);
  try {
    const earlier = await file.load();
    const settings = settingsOf({ ...run, steps: range, from }, earlier?.settings ?? null);
    checkEarlier(checkpoint, earlier, settings, run);
    await file.reserve(settings, (earlier?.epochsDone ?? 0) + 1, epochs);
    return await takeSteps(run, { file, earlier, settings });
  } finally {
    await file.close();
  }
};

/** A training, all of it checked. */
interface Training {
  readonly net: Network;
  readonly start: TrainingStart | null;
  readonly source: Source;
  readonly task: Task;
  readonly optimiser: Optimiser;
  readonly device: Device;
  readonly options: Omit<FitOptions, 'task'>;
  readonly cuts: readonly Batch[];
  readonly from: number;
  readonly to: number;
}

interface Kept {
  readonly file: OpenCheckpoint;
  readonly earlier: Checkpoint | null;
  readonly settings: Settings;
}

/** Throws CHECKPOINT for a checkpoint that is not to be continued, or not with these settings. */
const checkEarlier = (
  path: string,
  earlier: Checkpoint | null,
  settings: Settings,
  { start, options }: Training,
): void => {
  if (earlier === null) {
    if (start === null)
      fail('CHECKPOINT', `${path}.json: there is no checkpoint to continue; give weights to start from`);
    return;
  }
  if (options.resume !== true)
    fail(
      'CHECKPOINT',
      `${path}.json: a checkpoint is there already; continue it with resume, or choose another path`,
    );
  const differing = differences(earlier.settings, settings);
  if (differing === null) return;
  const isStart = (['weights', 'masks', 'velocities', 'updates'] as const).some(
    (key) => earlier.settings[key] !== settings[key],
  );
  const from = isStart && earlier.start !== null ? ` (it started from ${earlier.start})` : '';
  fail(
    'CHECKPOINT',
    `${path}.json: made with other settings: ${differing}${from}; repeat them, or choose another path`,
  );
};

/**
 * Updates that the optimiser's moments have gathered before the first step: of a start that is continued, its
 * settings say so.
 */
const updatesBefore = ({ start, from }: Training, earlier: Checkpoint | null): number => {
  if (start !== null) return updatesOfStart(start, from);
  const { updates = from, velocities = null } = earlier?.settings ?? {};
  return velocities === null ? 0 : updates;
};

/** The masks that the steps are taken with; null where there are none. */
const masksBefore = ({ net, start }: Training, earlier: Checkpoint | null): Masks | null => {
  if (earlier === null) return start?.masks ?? null;
  return earlier.settings.masks === null ? null : masksOfTensors(earlier.tensors, net);
};

/** A training that goes on is computed as it was, unless it is asked otherwise. */
const choiceOf = ({ execution = 'auto' }: FitOptions, earlier: Checkpoint | null): ExecutionChoice =>
  execution === 'auto' && earlier !== null ? (earlier.execution ?? 'dense') : execution;

const takeSteps = async (training: Training, kept: Kept | null): Promise<Trained> => {
  const { net, start, source, task, optimiser, device, options, cuts, from, to } = training;
  const began = performance.now();
  const { epochs, batch = 128, rate, seed = 0, evaluateEvery = 1 } = options;
  const steps = cuts.length;
  const earlier = kept?.earlier ?? null;
  const masks = masksBefore(training, earlier);
  const updates = updatesBefore(training, earlier);
  const evaluated = (epoch: number): Promise<Evaluation> =>
    evaluateOn(tester, store, source, 'test', task, device, options.signal, tested(epoch));
  options.signal?.throwIfAborted(); // before compilation, which takes a second for deep networks
  const { trainable, ...execution } = executionOf('train', net, masks, choiceOf(options, earlier), device);
  options.onExecution?.(execution);
  const step = trainingProgram(trainable, source, 'train', batch, task, {
    optimiser,
    clipNorm: options.clipNorm,
  });
  const trainer = await device.compile(step);
  const tester = await device.compile(
    evaluationProgram(trainable, source, 'test', testBatchOf(source), task),
  );
  const store = device.store();
  const state = trainingState(trainable, step, store);
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  try {
    await addResident(store, source.train);
    await addResident(store, source.test);
    if (earlier !== null) await addTensors(state, earlier.tensors);
    else if (start !== null) await addStart(state, net, start); // fit refuses to begin without either

    const own = fold(key(seed), 'train');
    const noise = step.inputs.has(NOISE) ? fold(own, 'dropout')[0] | 0 : null;
    const history: EpochReport[] = [...(earlier?.history ?? [])];
    let test: Evaluation | null = null;
    for (let epoch = earlier?.epochsDone ?? Math.floor(from / steps); epoch * steps < to; epoch++) {
      const [first, end] = [Math.max(from - epoch * steps, 0), Math.min(to - epoch * steps, steps)];
      const epochStart = performance.now();
      const order = epochOrder(own, epoch, source.train.count);
      const sums = new Sums();
      for (const [i, cut] of [...cuts.entries()].slice(first, end)) {
        options.signal?.throwIfAborted();
        const at = epoch * steps + i;
        const draw = { key: own, epoch, step: i };
        const inputs = {
          ...(await source.train.inputs(order.subarray(cut.from, cut.to), draw)),
          ...scalarsOf(optimiser, updates + at - from + 1),
          ...(noise === null ? {} : { [NOISE]: Int32Array.of(noise, at) }),
          rate: [rateAt(rate, at, steps, epochs)],
        };
        const run = trainer.run(store, inputsOf(step, inputs));
        await underWay.add(
          run.then((out) => {
            const value = out['loss']![0]!;
            if (!Number.isFinite(value))
              fail(
                'NON_FINITE',
                `train: the loss is ${value} in epoch ${epoch + 1}, step ${i + 1}; lower the learning rate`,
              );
            sums.add(out);
            options.onStep?.({ epoch, step: i, steps, loss: value });
          }),
        );
      }
      await underWay.drain();
      options.signal?.throwIfAborted(); // which steps that ended meanwhile may have raised
      const last = (epoch + 1) * steps >= to;
      test = last || (epoch + 1) % evaluateEvery === 0 ? await evaluated(epoch + 1) : null;
      const report: EpochReport = {
        epoch: epoch + 1,
        trainLoss: sums.scalar('loss')! / (end - first),
        ...measured(reportOf(task, sums.all, (end - first) * batch), test),
        rate: rateAt(rate, epoch * steps + first, steps, epochs),
        seconds: (performance.now() - epochStart) / 1000,
      };
      history.push(report);
      options.onEpoch?.(report);
      if (kept !== null && end === steps) {
        await kept.file.save({
          settings: kept.settings,
          start: earlier?.start ?? start?.source ?? null,
          epochsDone: epoch + 1,
          history,
          execution: execution.kind,
          tensors: await readTensors(state),
        });
      }
    }
    const weights = await readParameters(state, net);
    const moments = await readMoments(state);
    test ??= await evaluated(epochs);
    checkTrained(weights);
    return {
      weights,
      masks: masks === null ? null : await readMasks(state, net),
      velocities: moments.get('velocity') ?? new Map(),
      moments,
      updates: updates + to - from,
      history,
      testAccuracy: test['accuracy'] ?? NaN,
      test,
      execution,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await underWay.settle();
    trainer.dispose();
    tester.dispose();
    store.dispose();
  }
};

/** Numbers that JSON can hold. */
const finite = (measures: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(measures).filter(([, value]) => Number.isFinite(value)));

/**
 * A task of a script may call what it likes its accuracy, per cent for one; a checkpoint that held that as a
 * share could not be read again.
 */
const shareOr = <N>(accuracy: number | undefined, none: N): number | N =>
  accuracy !== undefined && accuracy >= 0 && accuracy <= 1 ? accuracy : none;

const measured = (
  train: Readonly<Record<string, number>>,
  test: Evaluation | null,
): Pick<EpochReport, 'trainAccuracy' | 'testAccuracy' | 'train' | 'test'> => ({
  trainAccuracy: shareOr(train['accuracy'], NaN),
  testAccuracy: shareOr(test?.['accuracy'], null),
  train: finite(train),
  test: test === null ? null : finite(test),
});

/** How messages name the test of an epoch, and what helps where it fails. */
const tested = (epoch: number): Tested => ({
  where: `train: the loss on the test split after epoch ${epoch}`,
  remedy: 'lower the learning rate',
});

/**
 * Throws NON_FINITE for what the last step left: the loss was taken before it, and a statistic need not show
 * in the test.
 */
const checkTrained = (weights: Weights): void => {
  for (const [name, { data }] of weights) {
    const bad = data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      fail(
        'NON_FINITE',
        `train: '${name}' holds ${data[bad]} at ${bad} after the last step; lower the learning rate`,
      );
  }
};

/** The steps to take of `total`. */
const rangeOf = (
  { from = 0, to }: { readonly from?: number; readonly to?: number } = {},
  total: number,
): { readonly from: number; readonly to: number } => {
  const end = to ?? total;
  if (!Number.isInteger(from) || !Number.isInteger(end) || from < 0 || from >= end || end > total) {
    fail(
      'OPTION',
      `train: steps ${from} to ${end} are no part of the training, which has ${total} steps; give 0 <= from < to <= ${total}`,
    );
  }
  return { from, to: end };
};
