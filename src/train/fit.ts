import {
  augmentation,
  AUGMENTATION_OPTIONS,
  batches,
  epochOrder,
  noAugmentation,
  type AugmentationOptions,
} from '../data/batches.js';
import { checkDataset } from '../data/check.js';
import type { Dataset, Split } from '../data/dataset.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, optionsOf, type KindsOf } from '../kinds.js';
import { fail } from '../errors.js';
import { showValue } from '../options.js';
import { nameOf } from '../graph/graph.js';
import { isLearnt } from '../graph/roles.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import type { Program } from '../program/program.js';
import { fold, key } from '../random.js';
import type { Device, Executable, Store } from '../runtime/device.js';
import { pipeline } from '../runtime/pipeline.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { checkMasks, maskName, type Masks } from '../transform/mask.js';
import type { StoredTensor } from '../weights/safetensors.js';
import { checkpointExists, loadCheckpoint, saveCheckpoint, type EpochReport } from './checkpoint.js';
import { SGD_OPTIONS, sgdOptionsOf, velocityName, type SgdOptions } from './optimiser.js';
import { checkFits, evaluateStep, residentNames, trainStep, type Resident } from './programs.js';
import { checkRate, rateAt, showRate, type RateSchedule } from './rate.js';

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

/** Where a training starts. */
export interface TrainingStart {
  readonly weights: Weights;
  /** Default: all weights live. */
  readonly masks?: Masks | null;
  /** Of the learnt parameters, by their names; those of masked weights count as zero. Default: zero. */
  readonly velocities?: Weights | null;
}

const START: KindsOf<TrainingStart> = {
  weights: needed(kinds.weightsMap),
  masks: kinds.orNull(kinds.masksMap),
  velocities: kinds.orNull(kinds.weightsMap),
};
/** What tickets, weights files and trained networks hold besides, which may be given as they are. */
const BESIDES = ['method', 'density', 'rounds', 'seconds', 'metadata', 'history', 'testAccuracy'];
const checkStart = (where: string, start: TrainingStart): void => {
  if (typeof start !== 'object' || start === null || start instanceof Map)
    fail(
      'OPTION',
      `${where}: its start is ${showValue(start)}; give an object such as { weights, masks }, or a ticket`,
    );
  const own = Object.fromEntries(Object.entries(start).filter(([key]) => !BESIDES.includes(key)));
  checkOptions(`${where}: start`, own as unknown as TrainingStart, START); // the keys that were left out are no start's
};

export interface Trained {
  readonly weights: Weights;
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
const DEPTH = 4; // steps under way: one runs while the inputs of the next are made

/**
 * Trains a network, or a ticket when `masks` are given: masked weights are set to zero first and stay exactly zero. The network's sample and
 * classes must be the data set's, which is a compile error where both are literal and OPTION otherwise. The same options, seed, device and weights
 * give the same bits, also over a kill and resume. Weights that are zero count as live unless masks say otherwise; `masksOfZeros` makes such masks.
 * Errors: OPTION, DATA for images or labels that are none of the data set's, WEIGHTS, CHECKPOINT, NON_FINITE for a loss that is NaN or infinite.
 */
export const fit = async <H extends number, W extends number, C extends number, K extends number>(
  net: Network<readonly [H, W, C], readonly [K]>,
  start: TrainingStart,
  data: Dataset<NoInfer<H>, NoInfer<W>, NoInfer<C>, NoInfer<K>>,
  device: Device,
  options: FitOptions,
): Promise<Trained> => {
  const began = performance.now();
  checkValue('fit: network', net, kinds.networkKind);
  checkStart('fit', start);
  checkValue('fit: data', data, kinds.datasetKind);
  checkValue('fit: device', device, kinds.deviceKind);
  checkOptions('train', options, FIT_OPTIONS);
  checkRate(options.rate);
  const {
    epochs,
    batch = 128,
    rate,
    augment = { pad: 4, flip: true },
    seed = 0,
    evaluateEvery = 1,
    checkpoint,
    resume = false,
  } = options;
  checkStartFits(net, start);
  checkFits(net, data);
  checkDataset(data);
  const cuts = batches(data.train.count, batch, { dropLast: true });
  const steps = cuts.length;
  const { from, to } = rangeOf(options.steps, epochs * steps);
  const settings = settingsOf(
    net,
    data,
    options,
    from === 0 && to === epochs * steps ? null : `${from}-${to}`,
  );
  if (checkpoint !== undefined && !resume && (await checkpointExists(checkpoint))) {
    fail(
      'CHECKPOINT',
      `${checkpoint}.json: a checkpoint is there already; continue it with resume, or choose another path`,
    );
  }
  const earlier =
    checkpoint !== undefined && resume && (await checkpointExists(checkpoint))
      ? await loadCheckpoint(checkpoint)
      : null;
  if (earlier !== null && earlier.settings !== settings) {
    fail(
      'CHECKPOINT',
      `${checkpoint}.json: made with other settings: ${firstDifference(earlier.settings, settings)}; repeat them, or choose another path`,
    );
  }

  const train: Resident = { split: 'train', count: data.train.count };
  const test: Resident = { split: 'test', count: data.test.count };
  const step = trainStep(net, data, train, batch, sgdOptionsOf(options));
  const trainer = await device.compile(step);
  const tester = await device.compile(evaluateStep(net, data, test, TEST_BATCH));
  const store = device.store();
  const underWay = pipeline(DEPTH);
  try {
    await addSplit(store, 'train', data, data.train);
    await addSplit(store, 'test', data, data.test);
    if (earlier === null) await addStart(store, net, step, start);
    else await addTensors(store, step, earlier.tensors);

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
        last || (epoch + 1) % evaluateEvery === 0
          ? (await evaluateOn(tester, store, data.test.count, tested(epoch + 1))).accuracy
          : null;
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
      if (checkpoint !== undefined && end === steps) {
        await saveCheckpoint(checkpoint, {
          network: net.name,
          settings,
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
    const testAccuracy =
      history[history.length - 1]?.testAccuracy ??
      (await evaluateOn(tester, store, data.test.count, tested(epochs))).accuracy;
    checkTrained(weights);
    return { weights, velocities, history, testAccuracy, seconds: (performance.now() - began) / 1000 };
  } finally {
    await underWay.settle();
    trainer.dispose();
    tester.dispose();
    store.dispose();
  }
};

const SPLIT = kinds.wordOf('train', 'test');

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

/** Loss and accuracy of a network (or ticket) on a split. Errors: DATA, WEIGHTS, OPTION, NON_FINITE for a loss that is NaN or infinite. */
export const evaluate = async <H extends number, W extends number, C extends number, K extends number>(
  net: Network<readonly [H, W, C], readonly [K]>,
  state: Omit<TrainingStart, 'velocities'>,
  data: Dataset<NoInfer<H>, NoInfer<W>, NoInfer<C>, NoInfer<K>>,
  device: Device,
  split: 'train' | 'test' = 'test',
): Promise<{ readonly loss: number; readonly accuracy: number }> => {
  checkValue('evaluate: network', net, kinds.networkKind);
  checkStart('evaluate', state);
  checkValue('evaluate: data', data, kinds.datasetKind);
  checkValue('evaluate: device', device, kinds.deviceKind);
  checkValue('evaluate: split', split, SPLIT);
  checkStartFits(net, state);
  checkFits(net, data);
  checkDataset(data, [split]);
  const program = evaluateStep(net, data, { split, count: data[split].count }, TEST_BATCH);
  const tester = await device.compile(program);
  const store = device.store();
  try {
    await addSplit(store, split, data, data[split]);
    await addStart(store, net, program, state);
    return await evaluateOn(tester, store, data[split].count, {
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
  { where, remedy }: Tested,
): Promise<{ loss: number; accuracy: number }> => {
  const parts = await Promise.all(
    batches(count, TEST_BATCH, { dropLast: false }).map(({ from, to }) => {
      // the last batch is filled up with its own last image, which then counts for nothing
      const index = Int32Array.from({ length: TEST_BATCH }, (_, i) => Math.min(from + i, to - 1));
      const weight = Float32Array.from({ length: TEST_BATCH }, (_, i) => (from + i < to ? 1 : 0));
      return tester.run(store, { index, shift: noAugmentation(TEST_BATCH), weight });
    }),
  );
  const sum = (name: string): number => parts.reduce((s, p) => s + p[name]![0]!, 0);
  // Of NaN logits argMax is some class, so that an accuracy alone would not show them; their loss is NaN.
  if (!Number.isFinite(sum('loss'))) fail('NON_FINITE', `${where} is ${sum('loss')}; ${remedy}`);
  return { loss: sum('loss') / count, accuracy: sum('correct') / count };
};

/** Throws WEIGHTS unless weights, masks and velocities are whole and the network's. */
const checkStartFits = (net: Network, { weights, masks, velocities }: TrainingStart): void => {
  checkWeights(net, weights);
  if (masks != null) checkMasks(net, masks);
  if (velocities == null) return;
  const learnt = new Map(
    parameters(net)
      .filter(isLearnt)
      .map((p) => [nameOf(p), p]),
  );
  for (const [name, { data }] of velocities) {
    const leaf =
      learnt.get(name) ??
      fail('WEIGHTS', `velocities: network '${net.name}' has no learnt parameter '${name}'`);
    if (!(data instanceof Float32Array))
      fail('WEIGHTS', `velocities: '${velocityName(name)}' is ${showValue(data)}; give a Float32Array`);
    if (data.length !== size(leaf.shape))
      fail(
        'WEIGHTS',
        `velocities: '${velocityName(name)}' has ${data.length} numbers, the parameter has ${size(leaf.shape)}`,
      );
    const bad = data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      fail(
        'WEIGHTS',
        `velocities: '${velocityName(name)}' holds ${data[bad]} at ${bad}; velocities must be finite`,
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

/** Everything that decides the bits of a run, as `key=value` parts. */
const settingsOf = (net: Network, data: Dataset, o: FitOptions, range: string | null): string =>
  [
    `network=${net.name}`,
    `data=${data.name} ${data.train.count}`,
    `epochs=${o.epochs}`,
    `batch=${o.batch ?? 128}`,
    `rate=${showRate(o.rate)}`,
    `momentum=${o.momentum ?? 0.9}`,
    `nesterov=${o.nesterov ?? false}`,
    `weightDecay=${o.weightDecay ?? 1e-4}`,
    `augment=${o.augment === null ? 'none' : JSON.stringify(o.augment ?? { pad: 4, flip: true })}`,
    `seed=${o.seed ?? 0}`,
    ...(range === null ? [] : [`steps=${range}`]),
  ].join('; ');

/** Where two lists of settings part, for messages. */
export const firstDifference = (theirs: string, ours: string): string => {
  const [a, b] = [theirs.split('; '), ours.split('; ')];
  const i = a.findIndex((part, k) => part !== b[k]);
  return `there ${a[i] ?? 'nothing'}, here ${b[i] ?? 'nothing'}`;
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

/** Parameters and velocities as given, those of masked weights zero: a masked weight with a velocity would leave zero. */
const addStart = async (
  store: Store,
  net: Network,
  program: Program,
  { weights, masks, velocities }: TrainingStart,
): Promise<void> => {
  const live = new Map(
    prunable(net).map((w) => [
      nameOf(w),
      masks?.get(nameOf(w)) ??
        (masks == null
          ? new Uint8Array(size(w.shape)).fill(1)
          : fail('WEIGHTS', `masks: '${nameOf(w)}' is missing; give those of all prunable weights, or none`)),
    ]),
  );
  for (const [name, mask] of live) {
    const expected = size(weights.get(name)!.shape);
    if (mask.length !== expected)
      fail(
        'WEIGHTS',
        `masks: '${name}' has ${mask.length} entries, the weight has ${expected}; give one for each weight`,
      );
  }
  const behindMask = (
    values: Weights,
    stateName: (name: string) => string,
  ): (readonly [string, ArrayLike<number>])[] =>
    [...values].map(([name, { data }]) => {
      const mask = live.get(name);
      return [
        stateName(name),
        mask === undefined ? data : data.map((v, i) => (mask[i] === 0 ? 0 : v)),
      ] as const;
    });
  const starts = new Map<string, ArrayLike<number>>([
    ...behindMask(weights, (name) => name),
    ...behindMask(velocities ?? new Map(), velocityName),
    ...[...live].map(([name, mask]) => [maskName(name), mask] as const),
  ]);
  for (const [name, leaf] of program.state) {
    if (store.has(name)) continue;
    const values =
      starts.get(name) ??
      (velocities == null
        ? new Float32Array(size(leaf.shape))
        : fail('WEIGHTS', `velocities: '${name}' is missing; give those of all learnt parameters, or none`));
    if (values.length !== size(leaf.shape))
      fail(
        'WEIGHTS',
        `velocities: '${name}' has ${values.length} numbers, the parameter has ${size(leaf.shape)}; give one for each`,
      );
    await store.add(name, leaf, values);
  }
};

const isCheckpointed = (name: string): boolean => !name.startsWith('data/');

const readTensors = async (store: Store, program: Program): Promise<Record<string, StoredTensor>> => {
  const entries = [...program.state].filter(([name]) => isCheckpointed(name));
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([name, leaf]) => {
        const values = await store.read(name);
        // float64 from the reference device, float32 otherwise: what the device holds, bit for bit
        const tensor: StoredTensor =
          values instanceof Float64Array
            ? { dtype: 'F64', shape: leaf.shape, data: values }
            : { dtype: 'F32', shape: leaf.shape, data: Float32Array.from(values) };
        return [name, tensor] as const;
      }),
    ),
  );
};

const addTensors = async (
  store: Store,
  program: Program,
  tensors: Readonly<Record<string, StoredTensor>>,
): Promise<void> => {
  for (const [name, leaf] of program.state) {
    if (store.has(name)) continue;
    const stored =
      tensors[name] ??
      fail('CHECKPOINT', `checkpoint: '${name}' is missing; it is of another version, start anew`);
    if (stored.data.length !== size(leaf.shape))
      fail(
        'CHECKPOINT',
        `checkpoint: '${name}' has ${stored.data.length} numbers, ${size(leaf.shape)} are needed; it is of another network, choose another path`,
      );
    await store.add(name, leaf, stored.data as ArrayLike<number>);
  }
};
