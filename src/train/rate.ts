import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type Kind, type KindsOf } from '../kinds.js';
import { showValue } from '../options.js';
import { fail } from '../errors.js';
import { sha256 } from '../source/digest.js';

/** Learning-rate schedules, as functions of the step counted from 0. */
export type RateSchedule =
  /** `rate` at every step. */
  | { readonly kind: 'constant'; readonly rate: number }
  /** `rate`, multiplied by `factor` (default 0.1) at the start of each of the epochs in `milestones`. */
  | {
      readonly kind: 'multiStep';
      readonly rate: number;
      readonly milestones: readonly number[];
      readonly factor?: number;
    }
  /**
   * Linear from rate / 25 to `rate` over the first `warmUp` (default 0.25) of all steps, then by a cosine to
   * zero (Smith and Topin 2017).
   */
  | { readonly kind: 'oneCycle'; readonly rate: number; readonly warmUp?: number }
  /**
   * From `rate` by half a cosine to `end` (default 0) at the end (Loshchilov and Hutter 2017, without
   * restarts).
   */
  | { readonly kind: 'cosine'; readonly rate: number; readonly end?: number }
  /** rate (1 - step / steps)^power, as DeepLab trains; power is by default 0.9. */
  | { readonly kind: 'poly'; readonly rate: number; readonly power?: number }
  /** The rates of `then`, times (step + 1) / n over the n steps of the first `epochs`. */
  | { readonly kind: 'warmUp'; readonly epochs: number; readonly then: RateSchedule }
  | RateFunction;

/** A schedule of one's own: the rate of each step of a training of `steps`. */
export type RateFunction = (
  step: number,
  training: { readonly steps: number; readonly stepsPerEpoch: number; readonly epochs: number },
) => number;

type NamedSchedule = Exclude<RateSchedule, RateFunction>;
type Of<K extends NamedSchedule['kind']> = Extract<NamedSchedule, { readonly kind: K }>;
const kind = needed(kinds.text);
const rate = needed(kinds.positive);
const schedule: Kind = { expected: 'a schedule', test: (value) => value !== undefined && value !== null };
const RATE_KINDS: { readonly [K in NamedSchedule['kind']]: KindsOf<Of<K>> } = {
  constant: { kind, rate },
  multiStep: {
    kind,
    rate,
    milestones: needed(kinds.listOf(kinds.positive, 'positive epochs')),
    factor: kinds.positive,
  },
  oneCycle: { kind, rate, warmUp: kinds.numberThat('a number in [0, 1]', (n) => n >= 0 && n <= 1) },
  cosine: { kind, rate, end: kinds.fromZero },
  poly: { kind, rate, power: kinds.positive },
  warmUp: { kind, epochs: needed(kinds.positive), then: needed(schedule) },
};
const RATE_KIND = needed(kinds.wordOf(...Object.keys(RATE_KINDS)));

const ofFunction = (given: RateFunction, step: number, stepsPerEpoch: number, epochs: number): number => {
  const value: unknown = given(step, { steps: stepsPerEpoch * epochs, stepsPerEpoch, epochs });
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : fail(
        'OPTION',
        `train: rate: the function answers ${showValue(value)} at step ${step}; it must answer a number from 0 on`,
      );
};

/** The rate of a step, counted from 0 over all epochs. */
export const rateAt = (given: RateSchedule, step: number, stepsPerEpoch: number, epochs: number): number => {
  if (typeof given === 'function') return ofFunction(given, step, stepsPerEpoch, epochs);
  if (!RATE_KIND.test((given as Partial<NamedSchedule> | undefined)?.kind)) checkRate(given); // in plain JavaScript
  const total = stepsPerEpoch * epochs;
  const cosine = (from: number, to: number): number =>
    (1 + Math.cos((Math.PI * (step - from)) / Math.max(to - from, 1))) / 2;
  switch (given.kind) {
    case 'constant':
      return given.rate;
    case 'multiStep': {
      const epoch = Math.floor(step / stepsPerEpoch);
      return given.rate * (given.factor ?? 0.1) ** given.milestones.filter((m) => epoch >= m).length;
    }
    case 'oneCycle': {
      const top = Math.max((given.warmUp ?? 0.25) * total, 1);
      if (step < top) return given.rate * (0.04 + (0.96 * step) / top);
      return (given.rate * (1 + Math.cos((Math.PI * (step - top)) / Math.max(total - top, 1)))) / 2;
    }
    case 'cosine': {
      const end = given.end ?? 0;
      return end + (given.rate - end) * cosine(0, total);
    }
    case 'poly':
      return given.rate * (1 - step / total) ** (given.power ?? 0.9);
    case 'warmUp': {
      const steps = Math.ceil(given.epochs * stepsPerEpoch);
      return rateAt(given.then, step, stepsPerEpoch, epochs) * Math.min(1, (step + 1) / steps);
    }
  }
};

/** Throws OPTION for schedules that make no sense. */
export const checkRate = (given: RateSchedule, where = 'train: rate'): void => {
  if (typeof given === 'function') return;
  if (typeof given !== 'object' || given === null)
    fail(
      'OPTION',
      `${where} is ${showValue(given)}; give a schedule such as { kind: 'oneCycle', rate: 0.1 }, or a function of the step`,
    );
  checkValue(`${where}: kind`, given.kind, RATE_KIND);
  // The kind is one of the record's, and its options are checked against that very row.
  checkOptions<NamedSchedule>(where, given, RATE_KINDS[given.kind] as KindsOf<NamedSchedule>);
  if (given.kind === 'warmUp') checkRate(given.then, `${where}: then`);
};

/**
 * What left-out options of a schedule stand for, so that a default that is given counts as one that is left
 * out.
 */
const DEFAULTS: { readonly [K in NamedSchedule['kind']]: Partial<Of<K>> } = {
  constant: {},
  multiStep: { factor: 0.1 },
  oneCycle: { warmUp: 0.25 },
  cosine: { end: 0 },
  poly: { power: 0.9 },
  warmUp: {},
};

/** A schedule as checkpoints compare it; of a function, all its rates. */
export const rateSettings = (given: RateSchedule, stepsPerEpoch: number, epochs: number): unknown => {
  if (typeof given !== 'function') {
    const whole = { ...DEFAULTS[given.kind], ...given };
    return whole.kind === 'warmUp'
      ? { ...whole, then: rateSettings(whole.then, stepsPerEpoch, epochs) }
      : whole;
  }
  const rates = Float64Array.from({ length: stepsPerEpoch * epochs }, (_, step) =>
    rateAt(given, step, stepsPerEpoch, epochs),
  );
  return { kind: 'function', rates: sha256(new Uint8Array(rates.buffer)) };
};

/** One line for reports: 'one-cycle 0.2', 'multi-step 0.1 x0.1 at 80, 120'. */
export const showRate = (given: RateSchedule): string => {
  if (typeof given === 'function') return 'a function of the step';
  switch (given.kind) {
    case 'constant':
      return `constant ${given.rate}`;
    case 'oneCycle':
      return `one-cycle ${given.rate}`;
    case 'multiStep':
      return `multi-step ${given.rate} x${given.factor ?? 0.1} at ${given.milestones.join(', ') || 'no epoch'}`;
    case 'cosine':
      return `cosine ${given.rate}`;
    case 'poly':
      return `poly ${given.rate}, power ${given.power ?? 0.9}`;
    case 'warmUp':
      return `${showRate(given.then)} after a warm-up of ${given.epochs} ${given.epochs === 1 ? 'epoch' : 'epochs'}`;
  }
};
