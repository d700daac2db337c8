import { fail } from '../errors.js';
import { isCount, isPositiveInteger, showValue } from '../options.js';
import { size } from '../tensor/tensor.js';
import type { Dataset, Split } from './dataset.js';

/**
 * Checks of images, labels and their constants where they enter, whoever calls. TypeScript knows the kinds of
 * arrays but not what is in them, and plain JavaScript knows neither: a label that no class has, or pixels in
 * [0, 1] where bytes are meant, would train in silence.
 */

/** What splits have in common. */
export interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

/** Throws DATA unless `labels` is an Int32Array of `count` classes from 0 to `classes` - 1. */
export const checkLabels = (where: string, labels: Int32Array, count: number, classes: number): void => {
  if (!(labels instanceof Int32Array)) {
    fail(
      'DATA',
      `${where}: labels are ${showValue(labels)}; give an Int32Array of classes 0 to ${classes - 1}`,
    );
  }
  if (labels.length !== count)
    fail('DATA', `${where}: ${labels.length} labels for ${count} images; give one of each`);
  const bad = labels.findIndex((label) => label < 0 || label >= classes);
  if (bad < 0) return;
  const fromOne = labels[bad] === classes && !labels.includes(0);
  const remedy = fromOne ? 'they count from 1: take 1 off each' : 'correct it, or leave the image out';
  fail(
    'DATA',
    `${where}: label ${labels[bad]} at image ${bad}; labels run from 0 to ${classes - 1}; ${remedy}`,
  );
};

/** Throws DATA unless images are bytes. */
const checkBytes = (where: string, images: Uint8Array): void => {
  // A clamped array holds the same bytes; it differs in how it rounds what is written to it.
  if (images instanceof Uint8Array || (images as unknown) instanceof Uint8ClampedArray) return;
  fail(
    'DATA',
    `${where}: images are ${showValue(images)}; give a Uint8Array of bytes from 0 to 255, which mean and std scale (of pixels in [0, 1]: 255 times as much, rounded)`,
  );
};

/**
 * Throws DATA unless a split has bytes and as many labels as images; what the functions of one split can see.
 */
export const checkSplitShape = (where: string, split: Split): void => {
  if (typeof split !== 'object' || split === null)
    fail(
      'DATA',
      `${where}: a split is { images, labels, count }, got ${showValue(split)}; give such an object`,
    );
  const { images, labels, count } = split;
  checkBytes(where, images);
  if (!isCount(count))
    fail('DATA', `${where}: count ${showValue(count)} is not a whole number of images; give one`);
  if (!(labels instanceof Int32Array) || labels.length !== count) {
    const what = labels instanceof Int32Array ? `${labels.length} labels` : showValue(labels);
    fail('DATA', `${where}: labels are ${what}; give an Int32Array of ${count}, one for each image`);
  }
  if (count === 0 ? images.length !== 0 : images.length % count !== 0)
    fail(
      'DATA',
      `${where}: ${images.length} bytes are not a whole number for each of ${count} images; give as many for each`,
    );
};

/** Throws DATA unless a split has at least one image, all of the size given, and labels of its classes. */
const checkSplit = (where: string, split: Split, { height, width, channels, classes }: Geometry): void => {
  checkSplitShape(where, split);
  const { images, labels, count } = split;
  if (count === 0) fail('DATA', `${where}: it has no image; give at least one`);
  const expected = size([count, height, width, channels]);
  if (images.length !== expected) {
    fail(
      'DATA',
      `${where}: ${images.length} bytes, ${count} images of ${height} x ${width} x ${channels} have ${expected}; lay them out [count, height, width, channels]`,
    );
  }
  checkLabels(where, labels, count, classes);
};

/** Throws DATA unless there is a finite mean and a positive finite deviation for each channel. */
export const checkMoments = (
  where: string,
  mean: readonly number[],
  std: readonly number[],
  channels: number,
): void => {
  for (const [name, values] of [['mean', mean] as const, ['std', std] as const]) {
    // Not Array.isArray: a typed array of moments is one, too.
    if (typeof values !== 'object' || values === null || values.length !== channels)
      fail(
        'DATA',
        `${where}: ${name} is ${showValue(values)}; give ${channels} numbers, one for each channel`,
      );
    for (let c = 0; c < channels; c++) {
      const value: unknown = values[c];
      if (typeof value !== 'number' || !Number.isFinite(value))
        fail('DATA', `${where}: ${name}[${c}] is ${showValue(value)}; it must be a finite number`);
    }
  }
  // Of bytes instead of shares, every pixel would come out as nearly the same number.
  const bytes = mean.findIndex((m, c) => m < 0 || m > 1 || std[c]! > 1);
  if (bytes >= 0)
    fail(
      'DATA',
      `${where}: mean[${bytes}] is ${mean[bytes]} and std[${bytes}] ${std[bytes]}; they are of pixels scaled to [0, 1]: divide those of bytes by 255`,
    );
  const flat = std.findIndex((s) => s <= 0);
  if (flat >= 0)
    fail(
      'DATA',
      `${where}: std[${flat}] is ${std[flat]}; it must be above 0 (1 leaves the channel unscaled)`,
    );
  const huge = std.findIndex((s, c) => !Number.isFinite(Math.fround((1 + Math.abs(mean[c]!)) / s)));
  if (huge >= 0)
    fail(
      'DATA',
      `${where}: mean[${huge}] ${mean[huge]} over std[${huge}] ${std[huge]} is beyond float32; correct them`,
    );
};

/** Throws DATA unless the sizes and moments of a data set make sense; looks at no image. */
export const checkDatasetFacts = (data: Dataset): void => {
  if (typeof data !== 'object' || data === null)
    fail(
      'DATA',
      `data: a data set is an object with train and test splits, got ${showValue(data)}; give one, as loadCifar10 and synthetic do`,
    );
  const where = `data ${showValue(data.name)}`;
  for (const name of ['height', 'width', 'channels', 'classes'] as const) {
    if (!isPositiveInteger(data[name]))
      fail('DATA', `${where}: ${name} ${showValue(data[name])} is not a positive whole number; correct it`);
  }
  checkMoments(where, data.mean, data.std, data.channels);
};

/**
 * Throws DATA unless a data set is whole: sizes, moments, names, and the splits that are going to be read.
 * Reads all their labels, no pixel.
 */
export const checkDataset = (
  data: Dataset,
  splits: readonly ('train' | 'test')[] = ['train', 'test'],
): void => {
  checkDatasetFacts(data);
  // Names are for people: a script may do without.
  const names: unknown = data.classNames;
  if (names !== undefined && !(Array.isArray(names) && names.length === data.classes))
    fail(
      'DATA',
      `data ${showValue(data.name)}: classNames is ${showValue(names)}; give ${data.classes} names, one for each class`,
    );
  for (const split of splits) checkSplit(`data '${data.name}', ${split}`, data[split], data);
};

/** What a minibatch has to be. */
export interface MinibatchShape {
  readonly images: number;
  /** Numbers of one image. */
  readonly sample: number;
  /** Null where labels are not read, and may be anything. */
  readonly classes: number | null;
}

const checkReals = (where: string, images: Float32Array): void => {
  if (images instanceof Float32Array) return;
  const bytes = (images as unknown) instanceof Uint8Array;
  fail(
    'DATA',
    `${where}: images are ${bytes ? 'bytes' : showValue(images)}; give a Float32Array of normalised pixels, as normalise(split, indices, mean, std) makes it`,
  );
};
const checkFinite = (where: string, images: Float32Array, sample: number): void => {
  const bad = images.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    fail(
      'DATA',
      `${where}: image ${Math.floor(bad / sample)} holds ${images[bad]} at ${bad % sample}; pixels must be finite`,
    );
};

/** Throws DATA unless `images` are so many images of finite normalised pixels. */
export const checkImages = (where: string, images: Float32Array, count: number, sample: number): void => {
  checkReals(where, images);
  if (images.length !== count * sample)
    fail('DATA', `${where} has ${images.length} pixel values; all need ${count} images of ${sample} values`);
  checkFinite(where, images, sample);
};

/**
 * Throws DATA unless a minibatch holds finite normalised images, and labels of the network's classes where
 * they are read.
 */
export const checkMinibatch = (
  where: string,
  minibatch: { readonly images: Float32Array; readonly labels: Int32Array },
  { images: count, sample, classes }: MinibatchShape,
): void => {
  if (typeof minibatch !== 'object' || minibatch === null)
    fail(
      'DATA',
      `${where}: a minibatch is { images, labels }, got ${showValue(minibatch)}; pruningSplit makes them`,
    );
  const { images, labels } = minibatch;
  if (!(labels instanceof Int32Array))
    fail('DATA', `${where}: labels are ${showValue(labels)}; give an Int32Array with one for each image`);
  checkReals(where, images);
  if (images.length !== count * sample || labels.length !== count) {
    fail(
      'DATA',
      `${where} has ${images.length} pixel values and ${labels.length} labels; all need ${count} images of ${sample} values`,
    );
  }
  checkFinite(where, images, sample);
  if (classes !== null) checkLabels(where, labels, count, classes);
};
