import { nameOf } from '../../src/graph/graph.js';
import { isPrunable } from '../../src/graph/roles.js';
import { parameters, type Network } from '../../src/nn/network.js';
import type { Device } from '../../src/runtime/device.js';
import { momentName } from '../../src/train/optimisers/optimiser.js';
import {
  specialise,
  type Specialised as SpecialisedOf,
  type SpecialiseOptions,
} from '../../src/transform/specialise.js';
import { denseOf, DOUBLE, roundingOf, type Case, type Precision } from './compact-cases.js';
import { gapsOf, trajectory, type Course, type Gap, type Runner, type Trajectory } from './trajectories.js';

/** Compacted networks, trained beside the masked ones that they were made of. */

type Specialised = SpecialisedOf<Network>;

export interface Verdict {
  readonly compact: Specialised;
  readonly worst: Gap;
  /** How far rounding may take the two apart. */
  readonly rounding: number;
}

const runnerOf = (compact: Specialised, { values }: Case): Runner => ({
  net: compact.net,
  unused: compact.unused,
  masks: null,
  values: new Map([...values].map(([name, dense]) => [name, compact.pack(name, dense)])),
});

/**
 * The state of a trained compacted network under the names and in the shapes of the dense one, moments
 * included.
 */
const unpacked = (
  compact: Specialised,
  { values, course }: Case,
  { state, ...rest }: Trajectory,
): Trajectory => {
  const dense = new Map<string, Float64Array>();
  const { moments } = course.optimiser;
  for (const leaf of parameters(compact.dense)) {
    const name = nameOf(leaf);
    // what holds no number is in no graph, and what no step changes is as it was
    const absent = isPrunable(leaf) ? new Float64Array(0) : undefined;
    const kept = compact.unused.some((unused) => nameOf(unused) === name) ? values.get(name) : undefined;
    for (const own of [name, ...moments.map((moment) => momentName(moment, name))]) {
      const packed = state.get(own) ?? absent ?? (own === name ? kept : undefined);
      if (packed !== undefined) dense.set(own, compact.unpack(name, packed));
    }
  }
  return { ...rest, state: dense };
};

/** Both networks of a case after its course. */
export const verdictOf = async (
  device: Device,
  one: Case,
  options: SpecialiseOptions = {},
  precision: Precision = DOUBLE,
): Promise<Verdict> => {
  const compact = specialise(one.net, one.masks, options);
  const { course, dense } = await denseOf(device, one);
  const found = await compactTrajectory(device, compact, one, course);
  const [worst] = gapsOf(dense, found, isSeenIn(compact));
  const { exact } = precision;
  const rounding = worst!.gap <= exact ? exact : await roundingOf(device, one, course, dense, precision);
  return { compact, worst: worst!, rounding };
};

export const compactTrajectory = async (
  device: Device,
  compact: Specialised,
  one: Case,
  course: Course,
): Promise<Trajectory> => unpacked(compact, one, await trajectory(device, runnerOf(compact, one), course));

const isSeenIn =
  ({ unobserved }: Specialised) =>
  (name: string, i: number): boolean =>
    unobserved.get(name)?.[i] !== 1;
