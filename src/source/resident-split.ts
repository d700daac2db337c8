import { stateName } from '../graph/state-names.js';
import { ops } from '../ops/registry.js';
import { showShape, type Shape, type Tensor, type TensorType } from '../tensor/tensor.js';
import { augmentation, noAugmentation, type AugmentationOptions } from './batches.js';
import type { Inputs, ResidentTensor, SourceSplit } from './source.js';
import type { TargetType, TargetTypes, TargetValues } from './targets.js';

/** How a split that lies on the device is read: its leaves, its values and the inputs of a step. */

/** Images and targets of one half, one after the other. */
export interface ResidentSplit {
  readonly count: number;
  /** [count, ...sample]: bytes, which mean and std scale, or numbers that the network takes as they are. */
  readonly images: Uint8Array | Float32Array;
  readonly targets: Readonly<Record<string, TargetValues>>;
}

/** What the leaves of a split are read by. */
export interface Facts {
  readonly sample: Shape;
  readonly targets: TargetTypes;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** State of a split is called 'data/train/images'. */
const residentName = (split: string, leaf: string): string => stateName('data', `${split}/${leaf}`);

export const isPicture = (sample: Shape): boolean => sample.length === 3;
/** Classes of all pixels of a picture move with it, as an image of one channel. */
export const isMap = (type: TargetType, sample: Shape): boolean =>
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
 * Maps of classes are kept so that the zero that comes in from outside at the border stands for `ignore`:
 * byte = label - ignore modulo 256. Reading adds it again.
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

export const splitOf = (
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
