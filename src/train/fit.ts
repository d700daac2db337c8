import {
  augmentation,
  AUGMENTATION_OPTIONS,
  batches,
  epochOrder,
  noAugmentation,
  type AugmentationOptions,
  type Batch,
} from '../source/batches.js';
import { checkDataset } from '../source/check.js';
import type { Dataset, Split } from '../source/dataset.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, optionsOf, type KindsOf } from '../kinds.js';
import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isLearnt } from '../graph/roles.js';
import { parameters, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { fold, key } from '../random.js';
import { runsUnderWay, type Device, type Executable, type Store } from '../runtime/device.js';
import { pipeline } from '../runtime/pipeline.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Masks } from '../transform/mask.js';
import { openCheckpoint, type Checkpoint, type EpochReport, type OpenCheckpoint } from './checkpoint.js';
import { SGD_OPTIONS, sgdOptionsOf, velocityName, type SgdOptions } from './optimiser.js';
import { checkFits, evaluateStep, residentNames, trainStep, type Resident } from './programs.js';
import { checkRate, rateAt, type RateSchedule } from './rate.js';
import { addTensors, readMasks, readTensors } from './restore.js';
import { addStart, checkStart, checkStartFits, type TrainingStart } from './start.js';
import { differences, settingsOf, type Settings } from './settings.js';

export interface FitOptions extends SgdOptions {
  readonly epochs: number;
  /** Images a step; the last incomplete batch of an epoch is dropped. Default 128. */
  readonly batch?: number;
  readonly rate: RateSchedule;
  /**
   * Take only the steps `from` to `to - 1` of this training, counted from 0 over all its epochs. Learning rate, order and augmentation are those that the
   * steps have in the whole, so two runs that meet, the second starting with the first one's weights and velocities, give the bits of one (on devices that
   * hold float32). An epoch that is cut is reported over the steps that were taken of it. Default: all steps.
   */
  readonly steps?: { readonly from?: number; readonly to?: number };
  /** Default: crop after zero padding by 4, flip; null for none. */
  readonly augment?: AugmentationOptions | null;
  /** Orders and augmentations follow from it. Default 0. */
  readonly seed?: number;
  /** Measure test accuracy every so many epochs, and always after the last. Default 1. */
  readonly evaluateEvery?: number;
  /** Where to keep a checkpoint after every epoch, without ending. */
  readonly checkpoint?: string;
  /** Continue from `checkpoint` where there is one. Default false: an existing checkpoint is an error. */
  readonly resume?: boolean;
  readonly onStep?: (at: {
    readonly epoch: number;
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
  }) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Ends the run after the step in flight; the last checkpoint stays. */
  readonly signal?: AbortSignal;
}

export const FIT_OPTIONS: KindsOf<FitOptions> = {
  ...SGD_OPTIONS,
  epochs: needed(kinds.positiveInteger),
  batch: kinds.positiveInteger,
  rate: needed(kinds.anything), // checkRate knows more about it
  steps: optionsOf<NonNullable<FitOptions['steps']>>({ from: kinds.count, to: kinds.positiveInteger }),
  augment: kinds.orNull(optionsOf(AUGMENTATION_OPTIONS)),
  seed: kinds.count,
  evaluateEvery: kinds.positiveInteger,
  checkpoint: kinds.path,
  resume: kinds.flag,
  onStep: kinds.callback,
  onEpoch: kinds.callback,
  signal: kinds.signal,
};

export type { TrainingStart };

export interface Trained {
  readonly weights: Weights;
  /** Those that the training kept, of a resumed one those of the checkpoint; null without. */
  readonly masks: Masks | null;
  /** What momentum has gathered, by parameter; empty without momentum. */
  readonly velocities: Weights;
  readonly history: readonly EpochReport[];
  readonly testAccuracy: number;
  readonly seconds: number;
}

/** Steps of a whole training: the incomplete batch of an epoch is dropped. */
export const stepsOf = (
  data: Dataset,
  { epochs, batch = 128 }: Pick<FitOptions, 'epochs' | 'batch'>,
): number => epochs * Math.floor(data.train.count / batch);

const TEST_BATCH = 250;
const DEPTH = 4; // steps under way on a GPU

/**
 * Trains a network, or a ticket when `masks` are given: masked weights are set to zero first and stay exactly zero. The network's sample and
 * classes must be the data set's, which is a compile error where both are literal and OPTION otherwise. The same options, seed, device and weights
 * give the same bits, also over a kill and resume. Weights that are zero count as live unless masks say otherwise; `masksOfZeros` makes such masks.
 * Errors: OPTION, DATA for images or labels that are none of the data set's, WEIGHTS, CHECKPOINT, NON_FINITE for a loss that is NaN or infinite.
 *
 * A checkpoint holds masks and velocities, and digests of everything that decides the bits: of another start, other data or another device it is
 * refused. A start of null takes all from the checkpoint that `resume` continues.
 */
export const fit = async <H extends number, W extends number, C extends number, K extends number>(
  net: Network<readonly [H, W, C], readonly [K]>,
  start: TrainingStart | null,
  data: Dataset<NoInfer<H>, NoInfer<W>, NoInfer<C>, NoInfer<K>>,
  device: Device,
  options: FitOptions,
): Promise<Trained> => {
  checkValue('fit: network', net, kinds.networkKind);
  if (start !== null) checkStart('fit', start);
  checkValue('fit: data', data, kinds.datasetKind);
  checkValue('fit: device', device, kinds.deviceKind);
  checkOptions('train', options, FIT_OPTIONS);
  checkRate(options.rate);
  if (start !== null) checkStartFits(net, start);
  checkFits(net, data);
  checkDataset(data);
  const { epochs, batch = 128, checkpoint } = options;
  if (options.resume === true && checkpoint === undefined)
    fail('OPTION', 'train: resume: there is no checkpoint to continue; name it with checkpoint');
  const cuts = batches(data.train.count, batch, { dropLast: true });
  const steps = cuts.length;
  const { from, to } = rangeOf(options.steps, epochs * steps);
  const task = { net, start, data, device, options, cuts, from, to } as const;
  if (checkpoint === undefined) {
    if (start === null)
      return fail('OPTION', 'train: there is no start; give weights, or the checkpoint to continue');
    return await takeSteps(task, null);
  }
  const range = from === 0 && to === epochs * steps ? 'all' : `${from}-${to}`;
  const file = await openCheckpoint(checkpoint);
  try {
    const earlier = await file.load();
    const settings = settingsOf(net, start, data, device, options, range, earlier?.settings ?? null);
    checkEarlier(checkpoint, earlier, settings, task);
    await file.reserve(settings, (earlier?.epochsDone ?? 0) + 1, epochs);
    return await takeSteps(task, { file, earlier, settings });
  } finally {
    await file.close();
  }
};

/** What a training is of, all of it checked. */
interface Task {
  readonly net: Network;
  readonly start: TrainingStart | null;
  readonly data: Dataset;
  readonly device: Device;
  readonly options: FitOptions;
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
  { start, options }: Task,
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
  const isStart = (['weights', 'masks', 'velocities'] as const).some(
    (key) => earlier.settings[key] !== settings[key],
  );
  const source = isStart && earlier.start !== null ? ` (it started from ${earlier.start})` : '';
  fail(
    'CHECKPOINT',
    `${path}.json: made with other settings: ${differing}${source}; repeat them, or choose another path`,
  );
};

const takeSteps = async (
  { net, start, data, device, options, cuts, from, to }: Task,
  kept: Kept | null,
): Promise<Trained> => {
  const began = performance.now();
  const {
    epochs,
    batch = 128,
    rate,
    augment = { pad: 4, flip: true },
    seed = 0,
    evaluateEvery = 1,
  } = options;
  const steps = cuts.length;
  const earlier = kept?.earlier ?? null;
  const hasMasks = earlier === null ? start?.masks != null : earlier.settings.masks !== null;
  const evaluated = (epoch: number): Promise<{ readonly accuracy: number }> =>
    evaluateOn(tester, store, data.test.count, device, options.signal, tested(epoch));
  const train: Resident = { split: 'train', count: data.train.count };
  const test: Resident = { split: 'test', count: data.test.count };
  options.signal?.throwIfAborted(); // before compilation, which takes a second for deep networks
  const step = trainStep(net, data, train, batch, sgdOptionsOf(options));
  const trainer = await device.compile(step);
  const tester = await device.compile(evaluateStep(net, data, test, TEST_BATCH));
  const store = device.store();
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  try {
    await addSplit(store, 'train', data, data.train);
    await addSplit(store, 'test', data, data.test);
    if (earlier !== null) await addTensors(store, step, earlier.tensors);
    else if (start !== null) await addStart(store, net, step, start); // fit refuses to begin without either

    const own = key(seed);
    const history: EpochReport[] = [...(earlier?.history ?? [])];
    for (let epoch = earlier?.epochsDone ?? Math.floor(from / steps); epoch * steps < to; epoch++) {
      const [first, end] = [Math.max(from - epoch * steps, 0), Math.min(to - epoch * steps, steps)];
      const epochStart = performance.now();
      const order = epochOrder(fold(own, 'train'), epoch, data.train.count);
      let [loss, correct] = [0, 0];
      for (const [i, cut] of [...cuts.entries()].slice(first, end)) {
        options.signal?.throwIfAborted();
        const shift =
          augment === null
            ? noAugmentation(batch)
            : augmentation(fold(own, 'train'), epoch, i, batch, augment);
        const run = trainer.run(store, {
          index: order.subarray(cut.from, cut.to),
          shift,
          rate: [rateAt(rate, epoch * steps + i, steps, epochs)],
        });
        await underWay.add(
          run.then((out) => {
            const value = out['loss']![0]!;
            if (!Number.isFinite(value))
              fail(
                'NON_FINITE',
                `train: the loss is ${value} in epoch ${epoch + 1}, step ${i + 1}; lower the learning rate`,
              );
            loss += value;
            correct += out['correct']![0]!;
            options.onStep?.({ epoch, step: i, steps, loss: value });
          }),
        );
      }
      await underWay.drain();
      options.signal?.throwIfAborted(); // which steps that ended meanwhile may have raised
      const last = (epoch + 1) * steps >= to;
      const testAccuracy =
        last || (epoch + 1) % evaluateEvery === 0 ? (await evaluated(epoch + 1)).accuracy : null;
      const report: EpochReport = {
        epoch: epoch + 1,
        trainLoss: loss / (end - first),
        trainAccuracy: correct / ((end - first) * batch),
        testAccuracy,
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
          tensors: await readTensors(store, step),
        });
      }
    }
    const readAll = async (
      leaves: readonly Tensor[],
      stateName: (name: string) => string,
    ): Promise<Weights> =>
      new Map(
        await Promise.all(
          leaves.map(
            async (p) =>
              [
                nameOf(p),
                { shape: p.shape, data: Float32Array.from(await store.read(stateName(nameOf(p)))) },
              ] as const,
          ),
        ),
      );
    const weights = await readAll(parameters(net), (name) => name);
    const velocities = await readAll(
      parameters(net).filter((p) => isLearnt(p) && store.has(velocityName(nameOf(p)))),
      velocityName,
    );
    const testAccuracy = history[history.length - 1]?.testAccuracy ?? (await evaluated(epochs)).accuracy;
    checkTrained(weights);
    const masks = hasMasks ? await readMasks(store, net) : null;
    return { weights, masks, velocities, history, testAccuracy, seconds: (performance.now() - began) / 1000 };
  } finally {
    await underWay.settle();
    trainer.dispose();
    tester.dispose();
    store.dispose();
  }
};

const SPLIT = kinds.wordOf('train', 'test');

export interface EvaluateOptions {
  readonly signal?: AbortSignal;
}
const EVALUATE_OPTIONS: KindsOf<EvaluateOptions> = { signal: kinds.signal };

/** How messages name the test of an epoch, and what helps where it fails. */
const tested = (epoch: number): Tested => ({
  where: `train: the loss on the test split after epoch ${epoch}`,
  remedy: 'lower the learning rate',
});

/** Throws NON_FINITE for what the last step left: the loss was taken before it, and a statistic need not show in the test. */
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

/**
 * Loss and accuracy of a network (or ticket) on a split. `signal` ends it after the batches under way. Errors: DATA,
 * WEIGHTS, OPTION, NON_FINITE for a loss that is NaN or infinite.
 */
export const evaluate = async <H extends number, W extends number, C extends number, K extends number>(
  net: Network<readonly [H, W, C], readonly [K]>,
  state: Omit<TrainingStart, 'velocities'>,
  data: Dataset<NoInfer<H>, NoInfer<W>, NoInfer<C>, NoInfer<K>>,
  device: Device,
  split: 'train' | 'test' = 'test',
  options: EvaluateOptions = {},
): Promise<{ readonly loss: number; readonly accuracy: number }> => {
  checkValue('evaluate: network', net, kinds.networkKind);
  checkStart('evaluate', state);
  checkValue('evaluate: data', data, kinds.datasetKind);
  checkValue('evaluate: device', device, kinds.deviceKind);
  checkValue('evaluate: split', split, SPLIT);
  checkOptions('evaluate', options, EVALUATE_OPTIONS);
  checkStartFits(net, state);
  checkFits(net, data);
  checkDataset(data, [split]);
  options.signal?.throwIfAborted();
  const program = evaluateStep(net, data, { split, count: data[split].count }, TEST_BATCH);
  const tester = await device.compile(program);
  const store = device.store();
  try {
    await addSplit(store, split, data, data[split]);
    await addStart(store, net, program, state);
    return await evaluateOn(tester, store, data[split].count, device, options.signal, {
      where: `evaluate: the loss on the ${split} split of '${data.name}'`,
      remedy: 'the weights drive the network out of the range of floats; take others',
    });
  } finally {
    tester.dispose();
    store.dispose();
  }
};

/** What an evaluation is called in messages, and what helps where its loss is not finite. */
interface Tested {
  readonly where: string;
  readonly remedy: string;
}

const evaluateOn = async (
  tester: Executable,
  store: Store,
  count: number,
  device: Device,
  signal: AbortSignal | undefined,
  { where, remedy }: Tested,
): Promise<{ loss: number; accuracy: number }> => {
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  let [loss, correct] = [0, 0];
  try {
    for (const { from, to } of batches(count, TEST_BATCH, { dropLast: false })) {
      signal?.throwIfAborted();
      // the last batch is filled up with its own last image, which then counts for nothing
      const index = Int32Array.from({ length: TEST_BATCH }, (_, i) => Math.min(from + i, to - 1));
      const weight = Float32Array.from({ length: TEST_BATCH }, (_, i) => (from + i < to ? 1 : 0));
      const run = tester.run(store, { index, shift: noAugmentation(TEST_BATCH), weight });
      await underWay.add(
        run.then((out) => {
          loss += out['loss']![0]!;
          correct += out['correct']![0]!;
        }),
      );
    }
    await underWay.drain();
    signal?.throwIfAborted();
  } finally {
    await underWay.settle();
  }
  // Of NaN logits argMax is some class, so that an accuracy alone would not show them; their loss is NaN.
  if (!Number.isFinite(loss)) fail('NON_FINITE', `${where} is ${loss}; ${remedy}`);
  return { loss: loss / count, accuracy: correct / count };
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

const addSplit = async (
  store: Store,
  split: 'train' | 'test',
  { height, width, channels }: Dataset,
  { images, labels, count }: Split,
): Promise<void> => {
  const names = residentNames(split);
  await store.add(names.images, { shape: [count, height, width, channels], dtype: 'u8' }, images);
  await store.add(names.labels, { shape: [count], dtype: 'i32' }, labels);
};
