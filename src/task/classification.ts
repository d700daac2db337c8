import { fail } from '../errors.js';
import { checkOptions, type KindsOf } from '../kinds.js';
import {
  correctCount,
  CROSS_ENTROPY_OPTIONS,
  crossEntropy,
  labelWeights,
  lossSettings,
  type CrossEntropyOptions,
} from '../nn/loss.js';
import { ops } from '../ops/registry.js';
import { showShape } from '../tensor/tensor.js';
import type { Task } from './task.js';

export type ClassificationOptions = Pick<CrossEntropyOptions, 'labelSmoothing' | 'classWeights'>;

const { labelSmoothing, classWeights } = CROSS_ENTROPY_OPTIONS;
const OPTIONS: KindsOf<ClassificationOptions> = { labelSmoothing, classWeights };

/** One class for each image: cross-entropy of logits [n, k] and targets `labels` [n]. Measures `accuracy`. */
export const classification = (options: ClassificationOptions = {}): Task<readonly [classes: number]> => {
  checkOptions('classification', options, OPTIONS);
  return {
    name: 'classification',
    settings: lossSettings(options),
    targets: (answer) => {
      const [classes] = answer;
      if (answer.length !== 1 || classes === undefined)
        return fail(
          'OPTION',
          `classification: the network answers ${showShape(answer)} for an image; give it an answer [classes]`,
        );
      return { labels: { kind: 'classes', shape: [], classes } };
    },
    loss: (output, { labels }) => {
      const values = crossEntropy(output, labels!, options);
      if (options.classWeights === undefined) return values;
      return { values, weights: labelWeights(labels!, output.shape.at(-1)!, options) };
    },
    measures: (output, { labels }, weights) => {
      if (weights === null) return { correct: correctCount(output, labels!) };
      const correct = ops.equal(ops.toReal(ops.argMax(output)), ops.toReal(labels!));
      return { correct: ops.sum(ops.mul(correct, weights), [0]) };
    },
    report: ({ correct }, images) => ({ accuracy: correct![0]! / images }),
  };
};
