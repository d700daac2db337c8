import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, optionsOf, orNull, type Kind, type KindsOf } from '../kinds.js';
import { showValue } from '../options.js';
import { showShape, size, type Shape } from '../tensor/tensor.js';
import { AUGMENTATION_OPTIONS, type AugmentationOptions } from './batches.js';
import { checkMoments } from './check.js';
import { canonical, digestOf } from './digest.js';
import { isMap, isPicture, splitOf, type Facts, type ResidentSplit } from './resident-split.js';
import type { Source } from './source.js';
import { checkTargetValues, type TargetType, type TargetTypes } from './targets.js';

export interface ResidentOptions<I extends Shape = Shape> {
  readonly name: string;
  /** Shape of one image, such as [height, width, channels]. */
  readonly sample: I;
  readonly targets: TargetTypes;
  readonly train: ResidentSplit;
  readonly test: ResidentSplit;
  /** Of bytes, per channel, after they were scaled to [0, 1]. Default 0 and 1. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /**
   * How training images are shifted and flipped, and the classes of their pixels with them: images [height,
   * width, channels] of bytes only. Default null: not at all.
   */
  readonly augment?: AugmentationOptions | null;
}

const splitKind: Kind = {
  expected: 'a split { count, images, targets }',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    'count' in value &&
    'images' in value &&
    'targets' in value,
};
const isShape = (value: unknown): boolean => kinds.sizes.test(value);
const targetType: Kind = {
  expected:
    "{ kind: 'classes', shape, classes } with at most an ignore from 0 to 255 besides, or { kind: 'values', shape }",
  test: (value) => {
    const { kind, shape, ...rest } = (value ?? {}) as Partial<Extract<TargetType, { kind: 'classes' }>>;
    const { classes, ignore, ...others } = rest;
    if (!isShape(shape) || Object.keys(others).length > 0) return false;
    if ((kind as string) === 'values') return classes === undefined && ignore === undefined;
    const isLabel = ignore === undefined || (kinds.count.test(ignore) && ignore <= 255);
    return kind === 'classes' && kinds.positiveInteger.test(classes) && isLabel;
  },
};
const targetTypes: Kind = {
  expected: "types of targets by name, such as { labels: { kind: 'classes', shape: [], classes: 10 } }",
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(targetType.test),
  explain: (where, value, code) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, type] of Object.entries(value))
        kinds.checkValue(`${where}: ${name}`, type, targetType, code);
  },
};
const OPTIONS: KindsOf<ResidentOptions> = {
  name: needed(kinds.name),
  sample: needed(kinds.sizes),
  targets: needed(targetTypes),
  train: needed(splitKind),
  test: needed(splitKind),
  mean: kinds.numbers,
  std: kinds.numbers,
  augment: orNull(optionsOf(AUGMENTATION_OPTIONS)),
};

const checkHalf = (where: string, half: ResidentSplit, { sample, targets }: Facts): void => {
  const { count, images } = half;
  kinds.checkValue(`${where}: count`, count, kinds.positiveInteger, 'DATA');
  if (!(images instanceof Uint8Array || images instanceof Float32Array))
    fail('DATA', `${where}: images are ${showValue(images)}; give a Uint8Array of bytes or a Float32Array`);
  if (images.length !== count * size(sample))
    fail(
      'DATA',
      `${where}: ${images.length} numbers, ${count} images ${showShape(sample)} have ${count * size(sample)}; lay them out [count, ...sample]`,
    );
  const bad = images instanceof Float32Array ? images.findIndex((v) => !Number.isFinite(v)) : -1;
  if (bad >= 0) fail('DATA', `${where}: images hold ${images[bad]} at ${bad}; pixels must be finite`);
  for (const [name, type] of Object.entries(targets)) {
    if (isMap(type, sample) && type.kind === 'classes' && type.classes > 256)
      fail(
        'DATA',
        `${where}: targets '${name}' have ${type.classes} classes; a map of pixels has at most 256`,
      );
    const values =
      half.targets[name] ??
      fail(
        'DATA',
        `${where}: targets '${name}' are missing; give them beside ${Object.keys(half.targets).join(', ')}`,
      );
    checkTargetValues(`${where}: targets '${name}'`, values, count, type);
  }
};

/**
 * A source of arrays that lie on the device as a whole: bytes are normalised there, cropped and flipped by
 * the rows that come with each step.
 * Errors: OPTION for options that make no sense, DATA for arrays that are none of the types'.
 */
export const resident = <const I extends Shape>(options: ResidentOptions<I>): Source<I> => {
  checkOptions<ResidentOptions>('resident', options, OPTIONS);
  const { name, sample, targets, train, test, augment = null } = options;
  if (Object.hasOwn(targets, 'images'))
    fail('OPTION', `resident '${name}': targets must not be called 'images'; choose another name`);
  const channels = sample[sample.length - 1] ?? 1;
  const facts: Facts = {
    sample,
    targets,
    mean: options.mean ?? new Array<number>(channels).fill(0),
    std: options.std ?? new Array<number>(channels).fill(1),
  };
  const where = `resident '${name}'`;
  checkMoments(where, facts.mean, facts.std, channels);
  const isReal = train.images instanceof Float32Array;
  if (isReal !== test.images instanceof Float32Array)
    fail(
      'DATA',
      `${where}: train has ${isReal ? 'numbers' : 'bytes'}, test the other; give both the same kind`,
    );
  if (isReal && (options.mean !== undefined || options.std !== undefined))
    fail(
      'OPTION',
      `${where}: mean and std scale bytes, the images are numbers; scale them before, and leave both out`,
    );
  if (augment !== null && (isReal || !isPicture(sample)))
    fail(
      'OPTION',
      `${where}: augment shifts bytes of [height, width, channels], the images are ${isReal ? 'numbers' : 'bytes'} ${showShape(sample)}; leave it out`,
    );
  const halves = { train, test };
  return {
    name,
    sample,
    targets,
    train: splitOf('train', train, facts, augment),
    test: splitOf('test', test, facts, augment),
    check: (splits) => {
      for (const split of splits) checkHalf(`${where}, ${split}`, halves[split], facts);
    },
    digest: () =>
      digestOf(
        { ...facts, mean: Array.from(facts.mean), std: Array.from(facts.std) },
        (['train', 'test'] as const).flatMap((split) => [
          [`${split} images`, halves[split].images] as const,
          ...Object.keys(targets).map(
            (target) => [`${split} ${target}`, halves[split].targets[target]!] as const,
          ),
        ]),
      ),
    augmentation: augment === null ? 'none' : canonical(augment),
  };
};
