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

export const rateAt = (
  schedule: RateSchedule,
  step: number,
  stepsPerEpoch: number,
  epochs: number,
): number => {
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
export const checkRate = (schedule: RateSchedule): void => {
  if (!(schedule.rate > 0) || !Number.isFinite(schedule.rate))
    fail('OPTION', `train: learning rate ${schedule.rate} is not a positive number`);
  if (schedule.kind === 'multiStep' && schedule.milestones.some((m) => !(m > 0)))
    fail('OPTION', `train: milestones ${schedule.milestones.join(', ')} must be positive epochs`);
};

/** One line for reports: 'one-cycle 0.2', 'multi-step 0.1 x0.1 at 80, 120'. */
export const showRate = (schedule: RateSchedule): string =>
  schedule.kind === 'oneCycle'
    ? `one-cycle ${schedule.rate}`
    : `multi-step ${schedule.rate} x${schedule.factor ?? 0.1} at ${schedule.milestones.join(', ') || 'no epoch'}`;
