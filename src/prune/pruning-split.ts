import { checkDataset } from '../source/check.js';
import { fail } from '../errors.js';
import { normalise, perClass, type Dataset } from '../source/dataset.js';
import { checkOptions, checkValue, count, datasetKind, positiveInteger, type KindsOf } from '../kinds.js';
import { fold, key } from '../random.js';
import type { Minibatch } from './method.js';

export interface PruningSplitOptions {
  /** Images of each class; the paper takes ten. Default 10. */
  readonly examples?: number;
  /** Images a minibatch; a last incomplete one is left out. Default: all in one. */
  readonly batch?: number;
  /** Default 0. */
  readonly seed?: number;
}

const SPLIT_OPTIONS: KindsOf<PruningSplitOptions> = {
  examples: positiveInteger,
  batch: positiveInteger,
  seed: count,
};

/**
 * A balanced random part of the training images, normalised, without augmentation: what criteria read. Error
 * DATA for a training split that is not sound or has too few images of a class, OPTION for settings that give
 * no minibatch.
 */
export const pruningSplit = (data: Dataset, options: PruningSplitOptions = {}): Minibatch[] => {
  checkValue('pruningSplit: data', data, datasetKind);
  checkOptions('pruningSplit', options, SPLIT_OPTIONS);
  checkDataset(data, ['train']);
  const { examples = 10, batch = examples * data.classes, seed = 0 } = options;
  if (batch > examples * data.classes)
    fail(
      'OPTION',
      `pruningSplit: batch ${batch} of ${examples * data.classes} images leaves no minibatch; give a smaller batch or more examples`,
    );
  const chosen = perClass(data.train, data.classes, examples, fold(key(seed), 'pruning split'));
  return Array.from({ length: Math.floor(chosen.length / batch) }, (_, i) => {
    const indices = chosen.subarray(i * batch, (i + 1) * batch);
    return {
      images: normalise(data.train, indices, data.mean, data.std),
      labels: Int32Array.from(indices, (k) => data.train.labels[k]!),
    };
  });
};
