import { isFunction, sizes, type Kind } from '../kinds.js';
import type { Key } from '../random.js';
import type { Shape, Tensor, TensorType } from '../tensor/tensor.js';
import type { TargetTypes } from './targets.js';

/** A batch as tensors: images [n, ...sample], and targets by name with the batch as first axis. */
export interface BatchTensors {
  readonly images: Tensor;
  readonly targets: Readonly<Record<string, Tensor>>;
}

/**
 * Where in a training a batch is drawn: order and augmentation are functions of this alone, so that a resumed
 * run repeats the bits.
 */
export interface Draw {
  readonly key: Key;
  /** Counted from 0, as steps are. */
  readonly epoch: number;
  readonly step: number;
}

/** Values of a program's inputs, by name. */
export type Inputs = Readonly<Record<string, ArrayLike<number>>>;

/** What lies on the device as long as a split is read. */
export interface ResidentTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly values: ArrayLike<number>;
}

/** One half of a source. */
export interface SourceSplit {
  /** Images. */
  readonly count: number;
  /** A batch of so many images as a graph over inputs and over what is resident. */
  readonly batch: (size: number) => BatchTensors;
  readonly resident: readonly ResidentTensor[];
  /**
   * The inputs that feed the batch of these images, by number; drawn for training, as they are where `draw`
   * is null.
   */
  readonly inputs: (images: Int32Array, draw: Draw | null) => Inputs | Promise<Inputs>;
}

/**
 * Where batches come from: leaves with their types, and for every step the inputs that feed them. `resident`
 * makes one of arrays that lie on the device. `I` is the shape of one image.
 */
export interface Source<I extends Shape = Shape> {
  readonly name: string;
  readonly sample: I;
  readonly targets: TargetTypes;
  readonly train: SourceSplit;
  readonly test: SourceSplit;
  /** Throws DATA for values that are none of the types'; looks at the splits that are going to be read. */
  readonly check: (splits: readonly ('train' | 'test')[]) => void;
  /** SHA-256 of everything that a training reads: what checkpoints compare. */
  readonly digest: () => string;
  /** How its training images are augmented, for checkpoints: 'none', or what it does. */
  readonly augmentation: string;
}

export const sourceKind: Kind = {
  expected: 'a data set or a source, as loadCifar10, synthetic and resident give',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    (!isSource(value) || isWhole(value)), // of a data set, source/check.ts says more
};
const isSplit = (split: Partial<SourceSplit> | null | undefined): boolean =>
  typeof split === 'object' &&
  split !== null &&
  typeof split.count === 'number' &&
  'resident' in split && // which is not read here: it may be made only then
  [split.batch, split.inputs].every(isFunction);
/** Whether all members of a source are there, of plain JavaScript. */
const isWhole = ({ sample, targets, train, test, check, digest, augmentation }: Partial<Source>): boolean =>
  sizes.test(sample) &&
  typeof targets === 'object' &&
  targets !== null &&
  [check, digest].every(isFunction) &&
  typeof augmentation === 'string' &&
  [train, test].every(isSplit);

/** A source, and not a data set of which one is to be made. */
export const isSource = (value: object): value is Source => 'digest' in value && 'sample' in value;
