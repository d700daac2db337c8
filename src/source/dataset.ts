import { fail } from '../errors.js';
import { checkValue, count as countKind, keyKind, numbers, positiveInteger, splitKind } from '../kinds.js';
import { isCount, isPositiveInteger, showValue } from '../options.js';
import { fold, permutation, type Key } from '../random.js';
import { checkLabels, checkMoments, checkSplitShape } from './check.js';

/** Images and labels of one half of a data set. */
export interface Split {
  /** NHWC, count * height * width * channels bytes, 0 to 255. */
  readonly images: Uint8Array;
  /** 0 to classes - 1. */
  readonly labels: Int32Array;
  readonly count: number;
}

export interface Dataset<
  H extends number = number,
  W extends number = number,
  C extends number = number,
  K extends number = number,
> {
  readonly name: string;
  /** Drawn by a program rather than collected: figures on it are never to be compared with published ones. */
  readonly synthetic: boolean;
  /** The folder it came from, or 'generated'. */
  readonly source: string;
  readonly height: H;
  readonly width: W;
  readonly channels: C;
  readonly classes: K;
  readonly classNames: readonly string[];
  /** Per channel, of pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly train: Split;
  readonly test: Split;
}

const imageSize = (split: Split): number => (split.count === 0 ? 0 : split.images.length / split.count);

const checkIndex = (split: Split, index: number, where: string): number =>
  Number.isInteger(index) && index >= 0 && index < split.count
    ? index
    : fail(
        'DATA',
        `${where}: image ${showValue(index)} of ${split.count}; indices run from 0 to ${split.count - 1}`,
      );

const checkIndices = (indices: ArrayLike<number>, where: string): void => {
  if (typeof indices !== 'object' || indices === null || !isCount(indices.length))
    fail('DATA', `${where}: indices are ${showValue(indices)}; give an array of image numbers`);
};

/**
 * The images at `indices`, in that order, copied; an index may come twice. Error DATA for an index out of
 * range, or no split of bytes.
 */
export const subset = (split: Split, indices: ArrayLike<number>): Split => {
  checkValue('subset: split', split, splitKind);
  checkValue('subset: indices', indices, numbers);
  checkSplitShape('subset', split);
  checkIndices(indices, 'subset');
  const width = imageSize(split);
  const images = new Uint8Array(indices.length * width);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const from = checkIndex(split, indices[i]!, 'subset');
    images.set(split.images.subarray(from * width, (from + 1) * width), i * width);
    labels[i] = split.labels[from]!;
  }
  return { images, labels, count: indices.length };
};

/**
 * Indices of `examples` images of every class, drawn without replacement by `key`: [examples * classes], one
 * of each class (0, 1, ..., classes - 1) after the other, so that every batch of a multiple of `classes` is
 * balanced too. A smaller draw with the same key is a prefix of a larger one. Error DATA where a class has
 * too few, or a label is of no class; OPTION for counts that are none.
 */
export const perClass = (split: Split, classes: number, examples: number, key: Key): Int32Array => {
  checkValue('perClass: split', split, splitKind);
  checkValue('perClass: classes', classes, positiveInteger);
  checkValue('perClass: examples', examples, countKind);
  checkValue('perClass: key', key, keyKind);
  if (!isPositiveInteger(classes))
    fail('OPTION', `perClass: classes ${showValue(classes)} is not a positive integer; give one`);
  if (!isCount(examples))
    fail('OPTION', `perClass: examples ${showValue(examples)} is not an integer from 0 on; give one`);
  checkSplitShape('perClass', split);
  checkLabels('perClass', split.labels, split.count, classes);
  const members = Array.from({ length: classes }, (): number[] => []);
  split.labels.forEach((label, i) => members[label]!.push(i));
  const out = new Int32Array(examples * classes);
  members.forEach((own, label) => {
    if (own.length < examples) {
      fail(
        'DATA',
        `perClass: class ${label} has ${own.length} images, ${examples} were asked for; ask for at most ${own.length}`,
      );
    }
    const order = permutation(fold(key, label), own.length);
    for (let i = 0; i < examples; i++) out[i * classes + label] = own[order[i]!]!;
  });
  return out;
};

/**
 * (byte / 255 - mean[c]) / std[c] of the images at `indices`: float32 [indices.length, h, w, c], computed in
 * float64 and rounded once. `mean` and `std` have one entry a channel. Error DATA.
 */
export const normalise = (
  split: Split,
  indices: ArrayLike<number>,
  mean: readonly number[],
  std: readonly number[],
): Float32Array => {
  checkValue('normalise: split', split, splitKind);
  checkValue('normalise: indices', indices, numbers);
  checkValue('normalise: mean', mean, numbers);
  checkValue('normalise: std', std, numbers);
  checkSplitShape('normalise', split);
  checkIndices(indices, 'normalise');
  const width = imageSize(split);
  const channels = mean?.length ?? 0;
  if (channels === 0 || std?.length !== channels || width % channels !== 0) {
    fail(
      'DATA',
      `normalise: ${channels} means, ${std?.length ?? 0} deviations, ${width} bytes an image; give one of each a channel`,
    );
  }
  checkMoments('normalise', mean, std, channels);
  const table = new Float32Array(256 * channels);
  for (let v = 0; v < 256; v++)
    for (let c = 0; c < channels; c++) table[v * channels + c] = (v / 255 - mean[c]!) / std[c]!;
  const out = new Float32Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const from = checkIndex(split, indices[i]!, 'normalise') * width;
    for (let j = 0, c = 0; j < width; j++, c = c + 1 === channels ? 0 : c + 1) {
      out[i * width + j] = table[split.images[from + j]! * channels + c]!;
    }
  }
  return out;
};
