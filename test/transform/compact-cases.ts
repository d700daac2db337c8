import fc from 'fast-check';
import type { Network } from '../../src/nn/network.js';
import { PathexError } from '../../src/errors.js';
import { fold, key, uniform, type Key } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { adam, adamW } from '../../src/train/optimisers/adam.js';
import type { Optimiser } from '../../src/train/optimisers/optimiser.js';
import { sgd } from '../../src/train/optimisers/sgd.js';
import type { Masks } from '../../src/transform/mask.js';
import { networkOfRecipe, PRUNINGS, randomMasks, randomValues, recipes } from './random-networks.js';
import { gapsOf, trajectory, type Course, type Gap, type Trajectory } from './trajectories.js';

/** Trainings of masked networks, and how far rounding alone takes one from another. */

export interface Case {
  readonly net: Network;
  readonly masks: Masks;
  readonly values: ReadonlyMap<string, Float64Array>;
  readonly course: Course;
}

const SGD: Optimiser = sgd({ momentum: 0.9, weightDecay: 5e-4 });
/** Each with a rate at which small networks learn without going astray. */
const OPTIMISERS: readonly (readonly [Optimiser, number])[] = [
  [SGD, 0.01],
  [SGD, 0.01],
  [SGD, 0.01],
  [sgd({ momentum: 0.5, nesterov: true, weightDecay: 5e-4 }), 0.02],
  [sgd({ momentum: 0, weightDecay: 0 }), 0.02],
  [adam({ weightDecay: 5e-4 }), 2e-3],
  [adamW({ weightDecay: 1e-2 }), 2e-3],
];

export const courseOf = (steps: number, seed: Key, parts: Partial<Course> = {}): Course => ({
  batch: 3,
  loss: 'classes',
  optimiser: SGD,
  clipNorm: undefined,
  rate: 0.02,
  steps,
  seed,
  ...parts,
});

export const casesOf = (steps: number): fc.Arbitrary<Case> =>
  fc
    .record({
      recipe: recipes,
      pruning: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom('even' as const, 'by layer' as const, 'units' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...PRUNINGS) },
      ),
      start: fc.constantFrom('fresh' as const, 'far' as const),
      batch: fc.integer({ min: 1, max: 3 }),
      loss: fc.constantFrom('classes' as const, 'squares' as const),
      optimiser: fc.constantFrom(...OPTIMISERS),
      clipNorm: fc.constantFrom(undefined, undefined, 0.3),
      seed: fc.noShrink(fc.nat(2 ** 31 - 1)),
    })
    .map(({ recipe, pruning, start, batch, loss, optimiser: [optimiser, rate], clipNorm, seed }) => {
      const net = networkOfRecipe(recipe);
      const masks = randomMasks(net, pruning, key(seed));
      const values = randomValues(net, masks, start, key(seed));
      const course = courseOf(steps, key(seed), { batch, loss, optimiser, clipNorm, rate });
      return { net, masks, values, course };
    });

/** The masked network as it is; of a larger batch where a BatchNorm would see one value a channel. */
export const denseOf = async (
  device: Device,
  { net, masks, values, course }: Case,
): Promise<{ readonly course: Course; readonly dense: Trajectory }> => {
  const run = (own: Course): Promise<Trajectory> => trajectory(device, { net, masks, values }, own);
  try {
    return { course, dense: await run(course) };
  } catch (error) {
    if (!(error instanceof PathexError && error.message.includes('one value a channel'))) throw error;
    const larger = { ...course, batch: course.batch + 1 };
    return { course: larger, dense: await run(larger) };
  }
};

export const EXACT = 1e-9;
/** A loss that only a training has that goes astray. */
const ASTRAY = 1e6;

/**
 * The last bit of a number near 1, how far trajectories may differ in any case, and how often rounding's gap.
 */
export interface Precision {
  readonly bit: number;
  readonly exact: number;
  readonly times: number;
}
export const DOUBLE: Precision = { bit: 1e-15, exact: EXACT, times: 100 };
export const SINGLE: Precision = { bit: 2.4e-7, exact: 1e-4, times: 30 };

/**
 * How far apart rounding may take two trajectories of a case: hardly, but for the few networks that make much
 * of a little, such as those of which a norm divides by almost nothing, or a maximum chooses between equals.
 * They show it if their start is changed in the last bit.
 */
export const roundingOf = async (
  device: Device,
  { net, masks, values }: Case,
  course: Course,
  dense: Trajectory,
  { bit, exact, times }: Precision = DOUBLE,
): Promise<number> => {
  const isAstray = dense.losses.some((loss) => !(loss < ASTRAY));
  let most = isAstray ? Infinity : 0;
  for (const draw of ['a', 'b', 'c']) {
    const shaken = new Map(
      [...values].map(([name, v]) => {
        const [u, z] = ['u', 'z'].map((kind) => uniform(fold(course.seed, draw, kind, name), v.length));
        const bits = masks.get(name);
        const off = (i: number): number => (bits?.[i] === 0 ? 0 : 0.02 * bit * (z![i]! - 0.5));
        return [name, v.map((x, i) => x * (1 + 2 * bit * (u![i]! - 0.5)) + off(i))];
      }),
    );
    const [worst] = gapsOf(dense, await trajectory(device, { net, masks, values: shaken }, course));
    most = Math.max(most, worst!.gap);
  }
  return Math.max(exact, times * most);
};

export const showGap = ({ where, gap, values }: Gap): string =>
  `${where}: ${values[0]} and ${values[1]}, ${gap.toExponential(1)} apart`;
