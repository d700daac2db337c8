import { fail } from '../errors.js';
import { checkOptions, checkValue, count, numbers, tensor } from '../kinds.js';
import {
  CROSS_ENTROPY_OPTIONS,
  crossEntropy,
  labelWeights,
  lossSettings,
  oneHot,
  type CrossEntropyOptions,
} from '../nn/loss.js';
import { ops } from '../ops/registry.js';
import { showShape, size, type Tensor } from '../tensor/tensor.js';
import type { Task } from './task.js';

export type SegmentationOptions = CrossEntropyOptions;

/**
 * One class for each pixel: cross-entropy of logits [n, h, w, k] and targets `labels` [n, h, w]; pixels
 * labelled `ignore` count for nothing. Measures `meanIoU` and `pixelAccuracy` over all pixels of all images,
 * from one confusion matrix.
 */
export const segmentation = (
  options: SegmentationOptions = {},
): Task<readonly [height: number, width: number, classes: number]> => {
  checkOptions('segmentation', options, CROSS_ENTROPY_OPTIONS);
  const isPlain = options.ignore === undefined && options.classWeights === undefined;
  return {
    name: 'segmentation',
    settings: lossSettings(options),
    targets: (answer) => {
      const [height, width, classes] = answer;
      if (answer.length !== 3 || classes === undefined)
        return fail(
          'OPTION',
          `segmentation: the network answers ${showShape(answer)} for an image; give it an answer [height, width, classes]`,
        );
      return {
        labels: {
          kind: 'classes',
          shape: [height, width],
          classes,
          ...(options.ignore === undefined ? {} : { ignore: options.ignore }),
        },
      };
    },
    loss: (output, { labels }) => {
      const values = crossEntropy(output, labels!, options);
      return isPlain ? values : { values, weights: labelWeights(labels!, output.shape.at(-1)!, options) };
    },
    measures: (output, { labels }, weights) => ({
      confusion: confusionMatrix(output, labels!, weights, options.ignore),
    }),
    report: ({ confusion }) => ({ meanIoU: meanIoU(confusion!), pixelAccuracy: pixelAccuracy(confusion!) }),
  };
};

/**
 * How often each class was answered for each label, [answered, label], over the pixels of a batch: logits [n,
 * ..., k], labels [n, ...], weights [n] or null for 1 each. Labels of no class count nowhere, and neither
 * does `ignore`, which may be one of them. Exact up to 2^24 pixels a cell.
 */
export const confusionMatrix = (
  logits: Tensor,
  labels: Tensor,
  weights: Tensor | null,
  ignore?: number,
): Tensor => {
  checkValue('confusionMatrix: logits', logits, tensor, 'SHAPE');
  checkValue('confusionMatrix: labels', labels, tensor, 'SHAPE');
  if (ignore !== undefined) checkValue('confusionMatrix: ignore', ignore, count);
  const classes = logits.shape.at(-1)!;
  const pixels = size(labels.shape);
  const all = oneHot(labels, classes);
  const valid = ops.literal(
    [classes],
    Array.from({ length: classes }, (_, k) => (k === ignore ? 0 : 1)),
  );
  const hot = ignore === undefined || ignore >= classes ? all : ops.mul(all, valid);
  const counted = weights === null ? hot : ops.mul(hot, ops.broadcast(weights, hot.shape, [0]));
  const answered = ops.reshape(ops.argMax(logits), [pixels]);
  return ops.scatterAdd(ops.reshape(counted, [pixels, classes]), answered, classes);
};

/** Classes of a confusion matrix. Throws OPTION for what is none. */
const classesOf = (where: string, confusion: ArrayLike<number>): number => {
  checkValue(`${where}: confusion`, confusion, numbers);
  const classes = Math.sqrt(confusion.length);
  return Number.isInteger(classes)
    ? classes
    : fail(
        'OPTION',
        `${where}: ${confusion.length} numbers are no square matrix; give classes x classes counts`,
      );
};

/**
 * Mean over the classes that occur of intersection / union, from a confusion matrix (row-major, square). NaN
 * where none occurs.
 */
export const meanIoU = (confusion: ArrayLike<number>): number => {
  const classes = classesOf('meanIoU', confusion);
  const shares: number[] = [];
  for (let k = 0; k < classes; k++) {
    let union = -confusion[k * classes + k]!;
    for (let other = 0; other < classes; other++)
      union += confusion[k * classes + other]! + confusion[other * classes + k]!;
    if (union > 0) shares.push(confusion[k * classes + k]! / union);
  }
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
};

/** Share of the counted pixels whose class is right. */
export const pixelAccuracy = (confusion: ArrayLike<number>): number => {
  const classes = classesOf('pixelAccuracy', confusion);
  let [right, all] = [0, 0];
  for (let i = 0; i < confusion.length; i++) {
    all += confusion[i]!;
    if (i % (classes + 1) === 0) right += confusion[i]!;
  }
  return right / all;
};
