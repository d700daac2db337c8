import * as kinds from '../kinds.js';
import { needed, optionsOf, type KindsOf } from '../kinds.js';
import { AUGMENTATION_OPTIONS, type AugmentationOptions } from '../source/batches.js';
import type { Shape } from '../tensor/tensor.js';
import type { EpochReport } from './checkpoint.js';
import { executionKind, type ExecutionChoice, type ExecutionReport } from './execution.js';
import { STEP_OPTIONS, type StepOptions } from './programs.js';
import type { RateSchedule } from './rate.js';

export interface FitOptions<O extends Shape = Shape> extends StepOptions<O> {
  readonly epochs: number;
  /** Images a step; the last incomplete batch of an epoch is dropped. Default 128. */
  readonly batch?: number;
  readonly rate: RateSchedule;
  /**
   * Take only the steps `from` to `to - 1` of this training, counted from 0 over all its epochs. Learning
   * rate, order and augmentation are those that the steps have in the whole, so two runs that meet, the
   * second starting with the first one's weights and velocities, give the bits of one (on devices that hold
   * float32). An epoch that is cut is reported over the steps that were taken of it. Default: all steps.
   */
  readonly steps?: { readonly from?: number; readonly to?: number };
  /**
   * Of a data set's training images; a source has its own. Default: crop after zero padding by 4, flip; null
   * for none.
   */
  readonly augment?: AugmentationOptions | null;
  /** Orders and augmentations follow from it. Default 0. */
  readonly seed?: number;
  /** Measure test accuracy every so many epochs, and always after the last. Default 1. */
  readonly evaluateEvery?: number;
  /** Where to keep a checkpoint after every epoch, without ending. */
  readonly checkpoint?: string;
  /** Continue from `checkpoint` where there is one. Default false: an existing checkpoint is an error. */
  readonly resume?: boolean;
  /**
   * How a ticket is computed. Default: `auto`, whichever is expected to be faster on the device; a training
   * that is resumed goes on as it was.
   */
  readonly execution?: ExecutionChoice;
  readonly onStep?: (at: {
    readonly epoch: number;
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
  }) => void;
  /** Hears how the training is computed, before its first step. */
  readonly onExecution?: (report: ExecutionReport) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Ends the run after the step in flight; the last checkpoint stays. */
  readonly signal?: AbortSignal;
}

export const FIT_OPTIONS: KindsOf<FitOptions> = {
  ...STEP_OPTIONS,
  epochs: needed(kinds.positiveInteger),
  batch: kinds.positiveInteger,
  rate: needed(kinds.anything), // checkRate knows more about it
  steps: optionsOf<NonNullable<FitOptions['steps']>>({ from: kinds.count, to: kinds.positiveInteger }),
  augment: kinds.orNull(optionsOf(AUGMENTATION_OPTIONS)),
  seed: kinds.count,
  evaluateEvery: kinds.positiveInteger,
  checkpoint: kinds.path,
  resume: kinds.flag,
  execution: executionKind,
  onStep: kinds.callback,
  onExecution: kinds.callback,
  onEpoch: kinds.callback,
  signal: kinds.signal,
};
