import { fail } from '../errors.js';
import { checkValue, isFunction, tensor, type Kind } from '../kinds.js';
import { showValue } from '../options.js';
import { mean } from '../nn/loss.js';
import { ops } from '../ops/registry.js';
import type { Source } from '../source/source.js';
import type { TargetTypes } from '../source/targets.js';
import { showShape, showType, size, type Shape, type Tensor } from '../tensor/tensor.js';

/** The targets of a batch by name, each with the batch as first axis. */
export type Targets = Readonly<Record<string, Tensor>>;

/**
 * A loss at every position, [n, ...], and how much each position counts; the mean is sum(values) /
 * sum(weights).
 */
export interface WeightedLoss {
  readonly values: Tensor;
  readonly weights: Tensor;
}

/**
 * What a network is trained for: the targets it needs, the loss of an answer, and what to measure. A plain
 * value, as a criterion is; `classification`, `segmentation` and `regression` make usual ones, and a script
 * may write its own. `O` is the shape of the network's answer to one image.
 */
export interface Task<O extends Shape = Shape> {
  readonly name: string;
  /** Everything that decides its numbers, as JSON would hold it: what checkpoints compare. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The targets of one image that go with answers of this shape. Throws OPTION for an answer that is none of
   * the task's. Written as a method, so that a task of literal shapes goes where one of any shape may stand,
   * and the other way round.
   */
  targets(answer: O): TargetTypes;
  /** At every position [n, ...], all of which count the same in the mean; or values with weights. */
  readonly loss: (output: Tensor, targets: Targets) => Tensor | WeightedLoss;
  /**
   * Sums over a batch, of any shape, which a host adds up over batches. `weights` [n] says how often each
   * image counts (0 or 1); null stands for once each.
   */
  readonly measures: (
    output: Tensor,
    targets: Targets,
    weights: Tensor | null,
  ) => Readonly<Record<string, Tensor>>;
  /** What the sums over `images` images mean, by name, such as { accuracy: 0.91 }. */
  readonly report: (
    sums: Readonly<Record<string, ArrayLike<number>>>,
    images: number,
  ) => Readonly<Record<string, number>>;
}

export const taskKind: Kind = {
  expected: 'a task, as classification() and segmentation() give',
  test: (value) => {
    const task = value as Partial<Task> | null; // of plain JavaScript
    return (
      typeof task === 'object' &&
      task !== null &&
      typeof task.name === 'string' &&
      typeof task.settings === 'object' &&
      task.settings !== null &&
      [task.targets, task.loss, task.measures, task.report].every(isFunction)
    );
  },
};

const isWeighted = (loss: Tensor | WeightedLoss): loss is WeightedLoss => 'values' in loss;

/** Tasks may be a script's own: what their functions return is checked like any input. */
const perPosition = (where: string, value: unknown, images: number): void => {
  checkValue(where, value, tensor);
  const found = value as Tensor; // as was checked
  if (found.dtype !== 'f32' || found.shape[0] !== images)
    fail(
      'OPTION',
      `${where} is ${showType(found)} for ${images} images; return f32 with one row for each image, whose mean is taken here`,
    );
};

/**
 * The loss at every position. Throws OPTION for what has not the batch as first axis: of a mean, the images
 * that fill up the last batch could not be left out.
 */
const lossOf = (task: Task, output: Tensor, targets: Targets): Tensor | WeightedLoss => {
  const loss: unknown = task.loss(output, targets);
  const where = `${task.name}: what loss returns`;
  const images = output.shape[0]!;
  if (typeof loss === 'object' && loss !== null && 'values' in loss && 'weights' in loss) {
    perPosition(`${where} as values`, loss.values, images);
    perPosition(`${where} as weights`, loss.weights, images);
  } else perPosition(where, loss, images);
  return loss as Tensor | WeightedLoss;
};

/** Outputs of programs beside the measures, which must not take their names. */
const TAKEN = ['loss', 'divisor'] as const;

/**
 * What a task measures of a batch. Throws OPTION for what is no record of tensors, or has a name that
 * programs use themselves.
 */
export const measuresOf = (
  task: Task,
  output: Tensor,
  targets: Targets,
  weights: Tensor | null,
): Readonly<Record<string, Tensor>> => {
  const measures: unknown = task.measures(output, targets, weights);
  const where = `${task.name}: what measures returns`;
  if (typeof measures !== 'object' || measures === null || tensor.test(measures))
    return fail('OPTION', `${where} is ${showValue(measures)}; return an object of sums by their names`);
  for (const [name, sum] of Object.entries(measures)) {
    checkValue(`${where} as '${name}'`, sum, tensor);
    if ((TAKEN as readonly string[]).includes(name))
      fail('OPTION', `${where}: '${name}' is the loss's own; call the measure otherwise`);
  }
  return measures as Readonly<Record<string, Tensor>>; // as was checked
};

/** What the sums of a task mean. Throws OPTION for what are no numbers by name. */
export const reportOf = (
  task: Task,
  sums: Readonly<Record<string, ArrayLike<number>>>,
  images: number,
): Readonly<Record<string, number>> => {
  const report: unknown = task.report(sums, images);
  if (
    typeof report !== 'object' ||
    report === null ||
    !Object.values(report).every((value) => typeof value === 'number')
  )
    fail(
      'OPTION',
      `${task.name}: what report returns is ${showValue(report)}; return an object of numbers by their names`,
    );
  return report as Readonly<Record<string, number>>; // as was checked
};

const positions = (values: Tensor): readonly number[] => values.shape.map((_, axis) => axis);

/** The mean loss over a batch, a scalar: what training minimises. */
export const meanLoss = (task: Task, output: Tensor, targets: Targets): Tensor => {
  const loss = lossOf(task, output, targets);
  if (!isWeighted(loss)) return mean(loss);
  const { values, weights } = loss;
  // Where nothing counts, the loss is 0 and not 0 / 0.
  const total = ops.sum(weights, positions(weights));
  const divisor = ops.select(ops.equal(total, ops.scalar(0)), ops.scalar(1), total);
  return ops.div(ops.sum(values, positions(values)), divisor);
};

/**
 * The loss summed over the images of a batch that count, and by what to divide it: null for the number of
 * images.
 */
export const summedLoss = (
  task: Task,
  output: Tensor,
  targets: Targets,
  counts: Tensor,
): { readonly sum: Tensor; readonly divisor: Tensor | null } => {
  const loss = lossOf(task, output, targets);
  const perImage = (values: Tensor): Tensor => {
    const inner = positions(values).slice(1);
    return ops.sum(values, inner);
  };
  const counting = (values: Tensor): Tensor => ops.sum(ops.mul(perImage(values), counts), [0]);
  if (isWeighted(loss)) return { sum: counting(loss.values), divisor: counting(loss.weights) };
  const each = size(loss.shape.slice(1));
  const sum = counting(loss);
  return { sum: each === 1 ? sum : ops.mul(sum, ops.scalar(1 / each)), divisor: null };
};

/**
 * Throws OPTION unless the source has the targets that the task needs for a network's answers, of the same
 * types.
 */
export const checkTargets = (
  task: Task,
  network: { readonly name: string; readonly output: Tensor },
  source: Pick<Source, 'name' | 'targets'>,
): void => {
  const answer = network.output.shape.slice(1);
  const targets: unknown = task.targets(answer);
  if (typeof targets !== 'object' || targets === null)
    fail(
      'OPTION',
      `${task.name}: what targets returns is ${showValue(targets)}; return types of targets by name`,
    );
  for (const [name, needed] of Object.entries(targets as TargetTypes)) {
    const has =
      source.targets[name] ??
      fail(
        'OPTION',
        `${task.name}: it needs targets '${name}', ${source.name} has ${Object.keys(source.targets).join(', ') || 'none'}; choose another task or source`,
      );
    if (has.kind !== needed.kind)
      fail(
        'OPTION',
        `${task.name}: targets '${name}' are ${has.kind} in ${source.name}, the task needs ${needed.kind}; choose another task or source`,
      );
    if (has.kind === 'classes' && needed.kind === 'classes' && has.classes !== needed.classes)
      fail(
        'OPTION',
        `network '${network.name}' answers ${showShape(answer)}, ${source.name} has ${has.classes} classes; give the classifier that width`,
      );
    if (
      has.kind === 'classes' &&
      needed.kind === 'classes' &&
      has.ignore !== undefined &&
      has.ignore !== needed.ignore
    )
      fail(
        'OPTION',
        `${task.name}: targets '${name}' of ${source.name} hold ${has.ignore} where nothing counts; give the task ignore: ${has.ignore}`,
      );
    if (showShape(has.shape) !== showShape(needed.shape))
      fail(
        'OPTION',
        `network '${network.name}' answers ${showShape(answer)}, targets '${name}' of ${source.name} are ${showShape(has.shape)} instead of ${showShape(needed.shape)}; build the network for that size`,
      );
  }
};
