import type { AugmentationOptions } from './batches.js';
import { checkDataset } from './check.js';
import type { Dataset } from './dataset.js';
import { canonical, digestOf } from './digest.js';
import { splitOf, type Facts } from './resident-split.js';
import type { Source, SourceSplit } from './source.js';

/** A data set of classes as a source: images with one label each. */
export const datasetSource = (
  dataset: Dataset,
  augment: AugmentationOptions | null,
): Source<readonly [number, number, number]> => {
  const { name, height, width, channels, classes, mean, std } = dataset;
  const facts: Facts = {
    sample: [height, width, channels],
    targets: { labels: { kind: 'classes', shape: [], classes } },
    mean,
    std,
  };
  const half = (split: 'train' | 'test'): SourceSplit => {
    const { count, images, labels } = dataset[split];
    return splitOf(split, { count, images, targets: { labels } }, facts, augment);
  };
  return {
    name,
    sample: [height, width, channels],
    targets: facts.targets,
    // A program of one half can be written where the other is not there.
    get train() {
      return half('train');
    },
    get test() {
      return half('test');
    },
    check: (splits) => checkDataset(dataset, splits),
    digest: () => datasetDigest(dataset),
    augmentation: augment === null ? 'none' : canonical(augment),
  };
};

/** Of everything in a data set that a training reads, whatever it is called. */
export const datasetDigest = (dataset: Dataset): string => {
  const { height, width, channels, classes, mean, std, train, test } = dataset;
  return digestOf({ height, width, channels, classes, mean: Array.from(mean), std: Array.from(std) }, [
    ['train images', train.images],
    ['train labels', train.labels],
    ['test images', test.images],
    ['test labels', test.labels],
  ]);
};
