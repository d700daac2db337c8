import { fail } from '../errors.js';
import { count as countKind, flag, needed, type KindsOf } from '../kinds.js';
import { isCount, isPositiveInteger, showValue } from '../options.js';
import { fold, integers, permutation, type Key } from '../random.js';

/**
 * The host's half of augmentation: which image comes when and how it is shifted. Everything is a function of
 * key, epoch and step, so that a run resumed in the middle of an epoch continues with the same bits.
 */

const checkCount = (where: string, count: number): void => {
  if (!isCount(count))
    fail('OPTION', `${where} must be a whole number from 0 on, got ${showValue(count)}; give one`);
};

/**
 * The order of the training images in an epoch (counted from 0): a permutation of 0 to count - 1. Error
 * OPTION.
 */
export const epochOrder = (key: Key, epoch: number, count: number): Int32Array => {
  checkCount('epochOrder: epoch', epoch);
  checkCount('epochOrder: count', count);
  return permutation(fold(key, 'order', epoch), count);
};

/**
 * `pad`: how many rows and columns of zeros the crop may reach into; `flip`: whether to mirror half of the
 * images.
 */
export interface AugmentationOptions {
  readonly pad: number;
  readonly flip: boolean;
}

export const AUGMENTATION_OPTIONS: KindsOf<AugmentationOptions> = {
  pad: needed(countKind),
  flip: needed(flag),
};

/**
 * Rows (dy, dx, flip) for the op `cropFlip`, int32 [batch, 3]: dy and dx uniform in [-pad, pad], flip 0 or 1
 * with equal chance. With pad 4 on 32x32 images this has the distribution of torchvision's RandomCrop(32,
 * padding=4) and then
 * RandomHorizontalFlip: the crop's corner in the padded image is (dy + pad, dx + pad). Padding is zero bytes,
 * before normalisation. Error OPTION.
 */
export const augmentation = (
  key: Key,
  epoch: number,
  step: number,
  batch: number,
  { pad, flip }: AugmentationOptions,
): Int32Array => {
  checkCount('augmentation: epoch', epoch);
  checkCount('augmentation: step', step);
  checkCount('augmentation: batch', batch);
  checkCount('augmentation: pad', pad);
  if (typeof flip !== 'boolean')
    fail('OPTION', `augmentation: flip must be true or false, got ${showValue(flip)}; give one`);
  const own = fold(key, 'augment', epoch, step);
  const shifts = integers(fold(own, 'shift'), 2 * batch, 2 * pad + 1);
  const flips = integers(fold(own, 'flip'), batch, 2);
  const rows = new Int32Array(3 * batch);
  for (let i = 0; i < batch; i++) {
    rows[3 * i] = shifts[2 * i]! - pad;
    rows[3 * i + 1] = shifts[2 * i + 1]! - pad;
    rows[3 * i + 2] = flip ? flips[i]! : 0;
  }
  return rows;
};

/** Rows that leave every image as it is: zeros, int32 [batch, 3]. */
export const noAugmentation = (batch: number): Int32Array => {
  checkCount('noAugmentation: batch', batch);
  return new Int32Array(3 * batch);
};

/** Images `from` to `to - 1` of an epoch's order. */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts `count` images into batches of `size`; the last is shorter where size does not divide count, or left
 * out with `dropLast`. Error OPTION where that leaves nothing.
 */
export const batches = (
  count: number,
  size: number,
  { dropLast }: { readonly dropLast: boolean },
): readonly Batch[] => {
  if (!isPositiveInteger(size))
    fail('OPTION', `batches: size must be a whole number from 1 on, got ${showValue(size)}; give one`);
  checkCount('batches: count', count);
  const n = dropLast ? Math.floor(count / size) : Math.ceil(count / size);
  if (n === 0) fail('OPTION', `batches: no batch of ${size} in ${count} images; take a smaller batch`);
  return Array.from({ length: n }, (_, i) => ({ from: i * size, to: Math.min(count, (i + 1) * size) }));
};
