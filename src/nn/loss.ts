import { fail } from '../errors.js';
import { checkOptions, checkValue, count, listOf, numberThat, tensor, type KindsOf } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showShape, size, type Tensor } from '../tensor/tensor.js';

export interface CrossEntropyOptions {
  /**
   * Share of the target that all classes get evenly, in [0, 1) (Szegedy et al. 2016, section 7). Default 0.
   */
  readonly labelSmoothing?: number;
  /** How much each class counts, as PyTorch's `weight`. Default: all the same. */
  readonly classWeights?: readonly number[];
  /**
   * The label of what counts for nothing, such as 255 at the borders of Pascal VOC's objects. Default: none.
   */
  readonly ignore?: number;
}

export const CROSS_ENTROPY_OPTIONS: KindsOf<CrossEntropyOptions> = {
  labelSmoothing: numberThat('in [0, 1)', (n) => n >= 0 && n < 1),
  classWeights: listOf(
    numberThat('a finite number from 0 on', (n) => n >= 0 && Number.isFinite(n)),
    'class weights',
  ),
  ignore: count,
};

/** Options as checkpoints compare them: a default that is given counts as one that is left out. */
export const lossSettings = ({
  labelSmoothing = 0,
  ...others
}: CrossEntropyOptions): Readonly<Record<string, unknown>> =>
  labelSmoothing === 0 ? others : { ...others, labelSmoothing };

const axesFrom = (first: number, rank: number): readonly number[] =>
  Array.from({ length: rank - first }, (_, i) => first + i);

/** Labels as reals: class numbers are small, so that float32 holds them exactly. */
const realLabels = (labels: Tensor): Tensor => (labels.dtype === 'f32' ? labels : ops.toReal(labels));

/** 1 at each label, else 0: [...] -> [..., classes]. */
export const oneHot = (labels: Tensor, classes: number): Tensor =>
  ops.equal(
    ops.broadcast(realLabels(labels), [...labels.shape, classes], axesFrom(0, labels.shape.length)),
    ops.literal(
      [classes],
      Array.from({ length: classes }, (_, i) => i),
    ),
  );

const checkLogits = (where: string, logits: Tensor, labels: Tensor): void => {
  checkValue(`${where}: logits`, logits, tensor, 'SHAPE');
  checkValue(`${where}: labels`, labels, tensor, 'SHAPE');
  const positions = logits.shape.slice(0, -1);
  if (logits.shape.length < 2 || showShape(positions) !== showShape(labels.shape))
    fail(
      'SHAPE',
      `${where}: logits ${showShape(logits.shape)}, labels ${showShape(labels.shape)}; give one label for each row of logits`,
    );
};

const checkClassWeights = (where: string, weights: readonly number[] | undefined, classes: number): void => {
  if (weights !== undefined && weights.length !== classes)
    fail('OPTION', `${where}: ${weights.length} class weights for ${classes} classes; give one for each`);
};

/**
 * Cross-entropy of logits [..., k] and labels [...] (i32, or the same numbers as f32), at every position: log
 * sum exp z - z[label], after the row's maximum is taken off. With class weights w and label smoothing e it
 * is (1 - e) w[label] (L - z[label]) + e / k sum_c w[c] (L - z[c]), L the log sum, as PyTorch defines it;
 * where the label is `ignore` it is 0. Divide the sum by that of {@link labelWeights} for PyTorch's mean.
 *
 * A graph cannot refuse a value: a label outside 0 to k - 1 counts as none, and leaves log sum exp z. `fit`,
 * `evaluate` and `prune` check labels before; a program of your own has to, by `checkDataset` or otherwise.
 */
export const crossEntropy = (logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor => {
  checkLogits('crossEntropy', logits, labels);
  checkOptions('crossEntropy', options, CROSS_ENTROPY_OPTIONS);
  const rank = logits.shape.length;
  const classes = logits.shape[rank - 1]!;
  const { labelSmoothing = 0, classWeights } = options;
  checkClassWeights('crossEntropy', classWeights, classes);
  const last = [rank - 1];
  const top = ops.stopGradient(ops.maximum(logits, last));
  const z = ops.sub(logits, ops.broadcast(top, logits.shape, axesFrom(0, rank - 1)));
  const chosen = ops.sum(ops.mul(z, oneHot(labels, classes)), last);
  const logSum = ops.log(ops.sum(ops.exp(z), last));
  const own = ops.sub(logSum, chosen);
  if (options.ignore === undefined && classWeights === undefined && labelSmoothing === 0) return own;
  const weighted = ops.mul(own, labelWeights(labels, classes, options));
  if (labelSmoothing === 0) return weighted;
  const each = classWeights ?? new Array<number>(classes).fill(1);
  const total = each.reduce((sum, w) => sum + w, 0);
  const allClasses = ops.sub(
    ops.mul(logSum, ops.scalar(total)),
    ops.sum(ops.mul(z, ops.literal([classes], each)), last),
  );
  const shared =
    options.ignore === undefined ? allClasses : ops.mul(allClasses, counted(labels, options.ignore));
  return ops.add(
    ops.mul(weighted, ops.scalar(1 - labelSmoothing)),
    ops.mul(shared, ops.scalar(labelSmoothing / classes)),
  );
};

/** 0 where the label is `ignore`, else 1. */
const counted = (labels: Tensor, ignore: number): Tensor =>
  ops.sub(ops.scalar(1), ops.equal(realLabels(labels), ops.scalar(ignore)));

/**
 * How much each position counts in a mean: the weight of its class, 1 without class weights, 0 where the
 * label is `ignore`.
 */
export const labelWeights = (labels: Tensor, classes: number, options: CrossEntropyOptions = {}): Tensor => {
  checkValue('labelWeights: labels', labels, tensor, 'SHAPE');
  checkOptions('labelWeights', options, CROSS_ENTROPY_OPTIONS);
  const { classWeights, ignore } = options;
  checkClassWeights('labelWeights', classWeights, classes);
  const valid = ignore === undefined ? ops.constant(labels.shape, 1) : counted(labels, ignore);
  if (classWeights === undefined) return valid;
  const own = ops.sum(ops.mul(oneHot(labels, classes), ops.literal([classes], classWeights)), [
    labels.shape.length,
  ]);
  return ignore === undefined ? own : ops.mul(own, valid);
};

/** Mean over all positions. */
export const mean = (values: Tensor): Tensor => {
  checkValue('mean: values', values, tensor, 'SHAPE');
  return ops.mul(ops.sum(values, axesFrom(0, values.shape.length)), ops.scalar(1 / size(values.shape)));
};

/** How many rows have their largest logit at the label; ties go to the smaller class. */
export const correctCount = (logits: Tensor, labels: Tensor): Tensor =>
  ops.sum(ops.equal(ops.toReal(ops.argMax(logits)), realLabels(labels)), axesFrom(0, labels.shape.length));
