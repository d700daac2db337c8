import { fail } from '../errors.js';
import { checkDatasetFacts } from '../source/check.js';
import type { Dataset } from '../source/dataset.js';
import type { AugmentationOptions } from '../source/batches.js';
import { datasetSource } from '../source/dataset-source.js';
import { isSource, sourceKind, type Source } from '../source/source.js';
import {
  checkOptions,
  checkValue,
  needed,
  positive,
  positiveInteger,
  wordOf,
  type KindsOf,
} from '../kinds.js';
import { showValue } from '../options.js';
import { rebatch, type Network } from '../nn/network.js';
import { ops } from '../ops/registry.js';
import { pairsOfTensors, program, type Program } from '../program/program.js';
import { classification } from '../task/classification.js';
import { checkTargets, meanLoss, measuresOf, summedLoss, taskKind, type Task } from '../task/task.js';
import { showShape, type Shape, type Tensor } from '../tensor/tensor.js';
import { substitute } from '../graph/graph.js';
import { grad } from '../transform/grad.js';
import { inference, training, type Readable } from '../transform/readings.js';
import { checkTrainable, denseOf, stepNetworkOf, type Trainable } from './trainable.js';
import { clipByNorm } from './clip.js';
import { optimiserKind, type Optimiser, type Update } from './optimisers/optimiser.js';
import { sgd, SGD_OPTIONS, sgdOptionsOf, type SgdOptions } from './optimisers/sgd.js';

/** Which half of a source a program reads, and how many images it has. */
export interface SplitSize {
  readonly split: 'train' | 'test';
  readonly count: number;
}

const SPLIT_SIZE: KindsOf<SplitSize> = {
  split: needed(wordOf('train', 'test')),
  count: needed(positiveInteger),
};

/**
 * The data set of classes whose images and answers a network has; any, where the shapes are not literal. A
 * network that answers anything but classes has none: it takes a {@link Source}.
 */
export type DatasetOf<I extends Shape, O extends Shape> = number extends I['length']
  ? Dataset
  : I extends readonly [infer H extends number, infer W extends number, infer C extends number]
    ? O extends readonly [infer K extends number]
      ? Dataset<H, W, C, K>
      : never
    : never;

/** What a network learns from: a data set of classes, or a source of images with any targets. */
export type TrainingData<I extends Shape, O extends Shape> = DatasetOf<I, O> | Source<I>;

/** What decides a training step, apart from network and data. */
export interface StepOptions<O extends Shape = Shape> extends SgdOptions {
  /** Default: `classification()`. */
  readonly task?: Task<O>;
  /** Default: `sgd` with the options given here (momentum, nesterov, weightDecay, groups). */
  readonly optimiser?: Optimiser;
  /** Largest norm of all gradients together; larger ones are scaled down. Default: none. */
  readonly clipNorm?: number;
}

export const STEP_OPTIONS: KindsOf<StepOptions> = {
  ...SGD_OPTIONS,
  task: taskKind,
  optimiser: optimiserKind,
  clipNorm: positive,
};

/** The optimiser of options. Throws OPTION for one that is given beside options of the default one. */
export const optimiserOf = (where: string, options: StepOptions): Optimiser => {
  const own = sgdOptionsOf(options);
  if (options.optimiser === undefined) return sgd(own);
  const [besides] = Object.keys(own);
  if (besides !== undefined)
    fail(
      'OPTION',
      `${where}: ${besides} is an option of sgd, and an optimiser is given beside it; give ${besides} to the optimiser`,
    );
  return options.optimiser;
};

/**
 * Data as a source. Throws OPTION for what is neither, and for an augmentation that is not the data set's to
 * have.
 */
export const sourceOf = (
  where: string,
  data: Dataset | Source,
  augment?: AugmentationOptions | null,
): Source => {
  checkValue(`${where}: data`, data, sourceKind);
  if (!isSource(data)) {
    checkDatasetFacts(data);
    return datasetSource(data, augment === undefined ? { pad: 4, flip: true } : augment);
  }
  if (augment !== undefined)
    fail(
      'OPTION',
      `${where}: augment is an option of data sets; give it to the source, as resident({ augment })`,
    );
  return data;
};

/** Throws OPTION unless the network takes the source's images and its answers suit the task. */
export const checkFits = (net: Network, source: Source, task: Task): void => {
  const takes = showShape(net.input.shape.slice(1));
  if (takes !== showShape(source.sample))
    fail(
      'OPTION',
      `network '${net.name}' takes images ${takes}, ${source.name} has ${showShape(source.sample)}; build the network for that size`,
    );
  checkTargets(task, net, source);
};

const withCount = (data: Dataset | Source, { split, count }: SplitSize): Dataset | Source =>
  typeof data !== 'object' || data === null || isSource(data)
    ? data
    : { ...data, [split]: { ...data[split], count } };

const checkStep = (where: string, net: Trainable, data: object, size: SplitSize, batch: number): void => {
  checkTrainable(`${where}: network`, net);
  checkValue(`${where}: data`, data, sourceKind);
  checkOptions(`${where}: resident`, size, SPLIT_SIZE);
  checkValue(`${where}: batch`, batch, positiveInteger);
};

const feed = (net: Readable, images: Tensor): Tensor =>
  substitute([net.output], new Map([[net.input, images]]))[0]!;

/**
 * One training step of the masked network, or of a compacted one. Inputs: those of the data (index [batch],
 * shift [batch, 3] of a data set), rate [], those of the optimiser, and of a network with dropouts noise [2],
 * a key and the step. Outputs: loss (the mean), and the task's measures as sums over the batch (of
 * classification: correct, a count). Next: parameters, moments, running statistics.
 */
export const trainStep = <O extends Shape>(
  net: Trainable<Shape, O>,
  data: Dataset | Source,
  size: SplitSize,
  batch: number,
  options: StepOptions<NoInfer<O>> = {},
): Program => {
  checkStep('trainStep', net, data, size, batch);
  checkOptions<StepOptions<O>>('trainStep', options, STEP_OPTIONS);
  const source = sourceOf('trainStep', withCount(data, size));
  const task = options.task ?? classification();
  return trainingProgram(net, source, size.split, batch, task, {
    optimiser: optimiserOf('trainStep', options),
    clipNorm: options.clipNorm,
  });
};

/** The same of what is known to be sound but for how it fits. */
export const trainingProgram = (
  given: Trainable,
  source: Source,
  split: 'train' | 'test',
  batch: number,
  task: Task,
  { optimiser, clipNorm }: { readonly optimiser: Optimiser; readonly clipNorm: number | undefined },
): Program => {
  checkFits(denseOf(given), source, task);
  const { net, learnt, kept } = stepNetworkOf(given);
  const { images, targets } = source[split].batch(batch);
  const read = training(rebatch(net, batch));
  const output = feed(read, images);
  const updates = substitute(
    read.updates.map((u) => u.next),
    new Map([[read.input, images]]),
  );
  const loss = meanLoss(task, output, targets);
  const slopes = grad(loss, learnt);
  const gradients = clipNorm === undefined ? slopes : clipByNorm(slopes, clipNorm);
  const next: unknown = optimiser.update(learnt, gradients, ops.input('rate', []));
  if (!pairsOfTensors.test(next))
    fail(
      'OPTION',
      `${optimiser.name}: what update returns is ${showValue(next)}; return ${pairsOfTensors.expected}`,
    );
  return program('train', {
    narrowable: true,
    outputs: { loss, ...measuresOf(task, output, targets, null) },
    next: [
      ...(next as readonly Update[]), // as was checked
      ...read.updates.map((u, i) => [u.stored, updates[i]!] as const),
      ...kept.map((leaf) => [leaf, leaf] as const),
    ],
  });
};

export interface EvaluateStepOptions<O extends Shape = Shape> {
  /** Default: `classification()`. */
  readonly task?: Task<O>;
}
const EVALUATE_STEP_OPTIONS: KindsOf<EvaluateStepOptions> = { task: taskKind };

/**
 * Evaluation of one batch. Inputs: those of the data, weight [batch] (0 for filling up the last batch).
 * Outputs: loss (sum), of a task whose positions count differently `divisor` (what to divide it by, instead
 * of the number of images), and the task's measures as sums.
 */
export const evaluateStep = <O extends Shape>(
  net: Trainable<Shape, O>,
  data: Dataset | Source,
  size: SplitSize,
  batch: number,
  options: EvaluateStepOptions<NoInfer<O>> = {},
): Program => {
  checkStep('evaluateStep', net, data, size, batch);
  checkOptions<EvaluateStepOptions<O>>('evaluateStep', options, EVALUATE_STEP_OPTIONS);
  return evaluationProgram(
    net,
    sourceOf('evaluateStep', withCount(data, size)),
    size.split,
    batch,
    options.task ?? classification(),
  );
};

/** The same of what is known to be sound but for how it fits. */
export const evaluationProgram = (
  given: Trainable,
  source: Source,
  split: 'train' | 'test',
  batch: number,
  task: Task,
): Program => {
  checkFits(denseOf(given), source, task);
  const { net } = stepNetworkOf(given);
  const { images, targets } = source[split].batch(batch);
  const output = feed(inference(rebatch(net, batch)), images);
  const counts = ops.input('weight', [batch]);
  const { sum, divisor } = summedLoss(task, output, targets, counts);
  return program('evaluate', {
    narrowable: true,
    outputs: {
      loss: sum,
      ...(divisor === null ? {} : { divisor }),
      ...measuresOf(task, output, targets, counts),
    },
  });
};
