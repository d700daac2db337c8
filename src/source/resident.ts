import { fail } from '../errors.js';
import { stateName } from '../graph/state-names.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, optionsOf, orNull, type Kind, type KindsOf } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showValue } from '../options.js';
import { showShape, size, type Shape, type Tensor, type TensorType } from '../tensor/tensor.js';
import { augmentation, AUGMENTATION_OPTIONS, noAugmentation, type AugmentationOptions } from './batches.js';
import { checkDataset, checkMoments } from './check.js';
import type { Dataset } from './dataset.js';
import { canonical, digestOf } from './digest.js';
import type { Inputs, ResidentTensor, Source, SourceSplit } from './source.js';
import { checkTargetValues, type TargetType, type TargetTypes, type TargetValues } from './targets.js';

/** Images and targets of one half, one after the other. */
export interface ResidentSplit {
  readonly count: number;
  /** [count, ...sample]: bytes, which mean and std scale, or numbers that the network takes as they are. */
  readonly images: Uint8Array | Float32Array;
  readonly targets: Readonly<Record<string, TargetValues>>;
}

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
   * How training images are shifted and flipped, and the classes of their pixels with them: images [height, width, channels] of bytes
   * only. Default null: not at all.
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
const targetTypes: Kind = {
  expected: "types of targets by name, such as { labels: { kind: 'classes', shape: [], classes: 10 } }",
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (type: Partial<TargetType> | null) =>
        (type?.kind === 'classes' || type?.kind === 'values') && Array.isArray(type.shape),
    ),
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

/** What the leaves of a split are read by. */
interface Facts {
  readonly sample: Shape;
  readonly targets: TargetTypes;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** State of a split is called 'data/train/images'. */
const residentName = (split: string, leaf: string): string => stateName('data', `${split}/${leaf}`);

const isPicture = (sample: Shape): boolean => sample.length === 3;
/** Classes of all pixels of a picture move with it, as an image of one channel. */
const isMap = (type: TargetType, sample: Shape): boolean =>
  type.kind === 'classes' && isPicture(sample) && showShape(type.shape) === showShape(sample.slice(0, 2));

/** (pixel / 255 - mean) / std as one scale and one shift. */
const normalised = (pixels: Tensor, { mean, std }: Facts): Tensor => {
  const channels = mean.length;
  const scaled = ops.mul(
    pixels,
    ops.literal(
      [channels],
      Array.from(std, (s) => 1 / (255 * s)),
    ),
  );
  return ops.sub(
    scaled,
    ops.literal(
      [channels],
      Array.from(mean, (m, c) => m / std[c]!),
    ),
  );
};

const data = (name: string, shape: Shape, dtype: TensorType['dtype']): Tensor =>
  ops.state(name, shape, { dtype, role: 'data' });

/**
 * Maps of classes are kept so that the zero that comes in from outside at the border stands for `ignore`: byte = label - ignore modulo 256.
 * Reading adds it again.
 */
const borderOf = (type: TargetType): number => (type.kind === 'classes' ? (type.ignore ?? 0) : 0);

const imagesOf = (split: string, count: number, size: number, facts: Facts, isBytes: boolean): Tensor => {
  const name = residentName(split, 'images');
  const index = ops.input('index', [size], 'i32');
  const { sample } = facts;
  if (!isBytes) return ops.gather(data(name, [count, ...sample], 'f32'), index);
  const table = data(name, [count, ...sample], 'u8');
  if (isPicture(sample)) return normalised(ops.cropFlip(table, index, shiftOf(size)), facts);
  return normalised(ops.toReal(ops.gather(table, index)), facts);
};

const shiftOf = (size: number): Tensor => ops.input('shift', [size, 3], 'i32');

const targetOf = (
  split: string,
  name: string,
  type: TargetType,
  count: number,
  batch: number,
  facts: Facts,
): Tensor => {
  const state = residentName(split, name);
  const index = ops.input('index', [batch], 'i32');
  if (isMap(type, facts.sample)) {
    const moved = ops.cropFlip(data(state, [count, ...type.shape, 1], 'u8'), index, shiftOf(batch));
    const label = ops.add(ops.reshape(moved, [batch, ...type.shape]), ops.scalar(borderOf(type)));
    return ops.sub(label, ops.mul(ops.step(ops.sub(label, ops.scalar(255.5))), ops.scalar(256)));
  }
  return ops.gather(data(state, [count, ...type.shape], type.kind === 'classes' ? 'i32' : 'f32'), index);
};

const storedTarget = (type: TargetType, values: TargetValues, facts: Facts): TargetValues => {
  if (!isMap(type, facts.sample)) return values;
  const border = borderOf(type);
  return Uint8Array.from(values, (label) => (label - border) & 255);
};

const splitOf = (
  split: 'train' | 'test',
  half: ResidentSplit,
  facts: Facts,
  augment: AugmentationOptions | null,
): SourceSplit => {
  const { count, images, targets } = half;
  const isBytes = !(images instanceof Float32Array);
  const isShifted =
    (isBytes && isPicture(facts.sample)) || Object.values(facts.targets).some((t) => isMap(t, facts.sample));
  return {
    count,
    batch: (size) => ({
      images: imagesOf(split, count, size, facts, isBytes),
      targets: Object.fromEntries(
        Object.entries(facts.targets).map(([name, type]) => [
          name,
          targetOf(split, name, type, count, size, facts),
        ]),
      ),
    }),
    get resident(): readonly ResidentTensor[] {
      return [
        {
          name: residentName(split, 'images'),
          type: { shape: [count, ...facts.sample], dtype: isBytes ? 'u8' : 'f32' },
          values: images,
        },
        ...Object.entries(facts.targets).map(([name, type]): ResidentTensor => {
          const map = isMap(type, facts.sample);
          const label = map ? 'u8' : 'i32';
          return {
            name: residentName(split, name),
            type: {
              shape: [count, ...type.shape, ...(map ? [1] : [])],
              dtype: type.kind === 'classes' ? label : 'f32',
            },
            values: storedTarget(type, targets[name]!, facts),
          };
        }),
      ];
    },
    inputs: (index, draw): Inputs => {
      if (!isShifted) return { index };
      const shift =
        draw === null || augment === null
          ? noAugmentation(index.length)
          : augmentation(draw.key, draw.epoch, draw.step, index.length, augment);
      return { index, shift };
    },
  };
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
 * A source of arrays that lie on the device as a whole: bytes are normalised there, cropped and flipped by the rows that come with each step.
 * Errors: OPTION for options that make no sense, DATA for arrays that are none of the types'.
 */
export const resident = <const I extends Shape>(options: ResidentOptions<I>): Source<I> => {
  checkOptions<ResidentOptions>('resident', options, OPTIONS);
  const { name, sample, targets, train, test, augment = null } = options;
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
