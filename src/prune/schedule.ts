import { fail } from '../errors.js';
import { checkValue, count, numberThat, positiveInteger, wordOf } from '../kinds.js';

/** How density falls from 1 to its target d over R rounds. */
export type Schedule = 'exponential' | 'linear';

const SCHEDULE = wordOf('exponential', 'linear');
const DENSITY = numberThat('a number in [0, 1]', (n) => n >= 0 && n <= 1);

/** Density after round r = 0..R-1: d^((r+1)/R), or 1 - (1-d)(r+1)/R. */
export const densityAt = (schedule: Schedule, density: number, round: number, rounds: number): number => {
  checkValue('densityAt: schedule', schedule, SCHEDULE);
  checkValue('densityAt: density', density, DENSITY);
  checkValue('densityAt: round', round, count);
  checkValue('densityAt: rounds', rounds, positiveInteger);
  return schedule === 'exponential'
    ? density ** ((round + 1) / rounds)
    : 1 - ((1 - density) * (round + 1)) / rounds;
};

/** Survivors of N weights at density d: N - trunc((1 - d) N). */
export const survivors = (total: number, density: number): number => {
  checkValue('survivors: total', total, count);
  checkValue('survivors: density', density, DENSITY);
  return total - Math.trunc((1 - density) * total);
};

/** The paper's sparsity levels are 1 - 0.8^(2i), i = 1..9: 36.00% ... 98.20%. */
export const paperDensity = (level: number): number => {
  checkValue('paperDensity: level', level, LEVEL);
  return 0.8 ** (2 * level);
};
const LEVEL = numberThat('a number from 0 on', (n) => n >= 0);

/**
 * Weights kept after each round. Throws OPTION for densities outside (0, 1] and for densities that keep
 * nothing.
 */
export const keepCounts = (total: number, density: number, rounds: number, schedule: Schedule): number[] => {
  checkValue('keepCounts: total', total, positiveInteger);
  checkValue('keepCounts: schedule', schedule, SCHEDULE);
  if (!(density > 0 && density <= 1))
    fail('OPTION', `prune: density ${density} is not in (0, 1]; sparsity must be in [0, 1)`);
  if (!Number.isInteger(rounds) || rounds < 1)
    fail('OPTION', `prune: rounds ${rounds} is not a positive integer; give one`);
  if (survivors(total, density) < 1)
    fail('OPTION', `prune: density ${density} keeps none of ${total} weights; choose a lower sparsity`);
  return Array.from({ length: rounds }, (_, r) =>
    survivors(total, r === rounds - 1 ? density : densityAt(schedule, density, r, rounds)),
  );
};
