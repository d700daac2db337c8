import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type KindsOf } from '../kinds.js';
import { showValue } from '../options.js';
import { fail } from '../errors.js';

/** Learning-rate schedules, as functions of the step counted from 0. */
export type RateSchedule =
  /** `rate`, multiplied by `factor` (default 0.1) at the start of each of the epochs in `milestones`. */
  | {
      readonly kind: 'multiStep';
      readonly rate: number;
      readonly milestones: readonly number[];
      readonly factor?: number;
    }
  /** Linear from rate / 25 to `rate` over the first `warmUp` (default 0.25) of all steps, then by a cosine to zero (Smith and Topin 2017). */
  | { readonly kind: 'oneCycle'; readonly rate: number; readonly warmUp?: number };

type Of<K extends RateSchedule['kind']> = Extract<RateSchedule, { readonly kind: K }>;
const RATE_KINDS: { readonly [K in RateSchedule['kind']]: KindsOf<Of<K>> } = {
  multiStep: {
    kind: needed(kinds.text),
    rate: needed(kinds.positive),
    milestones: needed(kinds.listOf(kinds.positive, 'positive epochs')),
    factor: kinds.positive,
  },
  oneCycle: {
    kind: needed(kinds.text),
    rate: needed(kinds.positive),
    warmUp: kinds.numberThat('a number in [0, 1]', (n) => n >= 0 && n <= 1),
  },
};
const RATE_KIND = needed(kinds.wordOf(...Object.keys(RATE_KINDS)));

export const rateAt = (
  schedule: RateSchedule,
  step: number,
  stepsPerEpoch: number,
  epochs: number,
): number => {
  if (!RATE_KIND.test((schedule as Partial<RateSchedule> | undefined)?.kind)) checkRate(schedule); // in plain JavaScript
  switch (schedule.kind) {
    case 'multiStep': {
      const epoch = Math.floor(step / stepsPerEpoch);
      return schedule.rate * (schedule.factor ?? 0.1) ** schedule.milestones.filter((m) => epoch >= m).length;
    }
    case 'oneCycle': {
      const total = stepsPerEpoch * epochs;
      const top = Math.max((schedule.warmUp ?? 0.25) * total, 1);
      if (step < top) return schedule.rate * (0.04 + (0.96 * step) / top);
      return (schedule.rate * (1 + Math.cos((Math.PI * (step - top)) / Math.max(total - top, 1)))) / 2;
    }
  }
};

/** Throws OPTION for schedules that make no sense. */
export const checkRate = (schedule: RateSchedule, where = 'train: rate'): void => {
  if (typeof schedule !== 'object' || schedule === null)
    fail(
      'OPTION',
      `${where} is ${showValue(schedule)}; give a schedule such as { kind: 'oneCycle', rate: 0.1 }`,
    );
  checkValue(`${where}: kind`, schedule.kind, RATE_KIND);
  // The kind is one of the record's, and its options are checked against that very row.
  checkOptions<RateSchedule>(where, schedule, RATE_KINDS[schedule.kind] as KindsOf<RateSchedule>);
};
/** One line for reports: 'one-cycle 0.2', 'multi-step 0.1 x0.1 at 80, 120'. */
export const showRate = (schedule: RateSchedule): string =>
  schedule.kind === 'oneCycle'
    ? `one-cycle ${schedule.rate}`
    : `multi-step ${schedule.rate} x${schedule.factor ?? 0.1} at ${schedule.milestones.join(', ') || 'no epoch'}`;
