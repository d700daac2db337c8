import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isLearnt } from '../graph/roles.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, type KindsOf } from '../kinds.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { showValue } from '../options.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { checkMasks, maskName, type Masks } from '../transform/mask.js';
import type { TrainingState } from './state.js';
import { momentName, type Moment } from './optimisers/optimiser.js';

/** What an optimiser has gathered of the learnt parameters: by moment, then by the parameter's name. */
export type Moments = ReadonlyMap<Moment, Weights>;

/** Where a training starts. */
export interface TrainingStart {
  readonly weights: Weights;
  /** Default: all weights live. */
  readonly masks?: Masks | null;
  /** Of the learnt parameters, by their names; those of masked weights count as zero. Default: zero. */
  readonly velocities?: Weights | null;
  /**
   * What another optimiser has gathered, as `Trained.moments` holds it; in the place of `velocities`.
   * Default: zero.
   */
  readonly moments?: Moments | null;
  /**
   * Updates that the moments have gathered, which Adam's corrections depend on; `Trained` has it. Default:
   * the steps before the first one that is taken. Of moments that are zero there are none.
   */
  readonly updates?: number;
  /**
   * Where the weights came from, such as the name of a file: what messages about a checkpoint call the start.
   */
  readonly source?: string;
}

const START: KindsOf<TrainingStart> = {
  weights: needed(kinds.weightsMap),
  masks: kinds.orNull(kinds.masksMap),
  velocities: kinds.orNull(kinds.weightsMap),
  moments: kinds.orNull(kinds.map('moments to weights, as the moments of a trained network')),
  updates: kinds.count,
  source: kinds.text,
};
/** What tickets, weights files and trained networks hold besides, which may be given as they are. */
const BESIDES = [
  'method',
  'density',
  'scope',
  'excluded',
  'rounds',
  'seconds',
  'metadata',
  'form',
  'history',
  'testAccuracy',
  'test',
  'zeroScores',
  'execution',
];
/** Throws OPTION for what is no start. `where` starts the message. */
export const checkStart = (where: string, start: TrainingStart): void => {
  if (typeof start !== 'object' || start === null || start instanceof Map)
    fail(
      'OPTION',
      `${where}: its start is ${showValue(start)}; give an object such as { weights, masks }, or a ticket`,
    );
  const own = Object.fromEntries(Object.entries(start).filter(([key]) => !BESIDES.includes(key)));
  checkOptions(`${where}: start`, own as unknown as TrainingStart, START); // the keys that were left out are no start's
};

/** What is no map is refused by the checks of a start. */
const isEmpty = (values: Weights): boolean => values instanceof Map && values.size === 0;

/**
 * The moments of a start, velocities included; none where all are zero. Velocities of null mean zero even
 * where a trained network's moments stand beside.
 */
export const momentsOfStart = ({ velocities, moments }: TrainingStart): Moments => {
  const all = new Map([...(moments ?? [])].filter(([, values]) => !isEmpty(values)));
  if (velocities === null) all.delete('velocity');
  if (velocities != null && velocities.size > 0) all.set('velocity', velocities);
  return all;
};

/** Updates that the moments of a start have gathered, for a training whose first step is number `from`. */
export const updatesOfStart = (start: TrainingStart, from: number): number =>
  momentsOfStart(start).size === 0 ? 0 : (start.updates ?? from);

/** Throws WEIGHTS unless weights, masks and moments are whole and the network's. */
export const checkStartFits = (net: Network, start: TrainingStart): void => {
  const { weights, masks, velocities, moments } = start;
  checkWeights(net, weights);
  if (masks != null) checkMasks(net, masks);
  if (
    velocities != null &&
    velocities.size > 0 &&
    moments != null &&
    moments.size > 0 &&
    moments.get('velocity') !== velocities
  )
    fail(
      'OPTION',
      'fit: its start has velocities and moments; give one of them, velocities are the moments of sgd',
    );
  const learnt = new Map(
    parameters(net)
      .filter(isLearnt)
      .map((p) => [nameOf(p), p]),
  );
  for (const [moment, values] of momentsOfStart(start)) {
    kinds.checkValue(`fit: start: moments: ${moment}`, values, kinds.weightsMap);
    const what = moment === 'velocity' ? 'velocities' : moment;
    for (const [name, { data }] of values) {
      const leaf =
        learnt.get(name) ??
        fail(
          'WEIGHTS',
          `${what}: network '${net.name}' has no learnt parameter '${name}'; are they another network's?`,
        );
      checkMoment(what, momentName(moment, name), data, leaf);
    }
  }
};

const checkMoment = (what: string, name: string, data: unknown, leaf: Tensor): void => {
  if (!(data instanceof Float32Array))
    return fail('WEIGHTS', `${what}: '${name}' is ${showValue(data)}; give a Float32Array`);
  if (data.length !== size(leaf.shape))
    fail(
      'WEIGHTS',
      `${what}: '${name}' has ${data.length} numbers, the parameter has ${size(leaf.shape)}; give one for each`,
    );
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) fail('WEIGHTS', `${what}: '${name}' holds ${data[bad]} at ${bad}; ${what} must be finite`);
};

/**
 * Parameters and moments as given, those of masked weights zero: a masked weight with a velocity would leave
 * zero.
 */
export const addStart = async (state: TrainingState, net: Network, start: TrainingStart): Promise<void> => {
  const { weights, masks } = start;
  const moments = momentsOfStart(start);
  const live = new Map(
    prunable(net).map((w) => [nameOf(w), masks?.get(nameOf(w)) ?? new Uint8Array(size(w.shape)).fill(1)]),
  );
  const behindMask = (
    values: Weights,
    stateName: (name: string) => string,
  ): (readonly [string, ArrayLike<number>])[] =>
    [...values].map(([name, { data }]) => {
      const mask = live.get(name);
      return [
        stateName(name),
        mask === undefined ? data : data.map((v, i) => (mask[i] === 0 ? 0 : v)),
      ] as const;
    });
  const starts = new Map<string, ArrayLike<number>>([
    ...behindMask(weights, (name) => name),
    ...[...moments].flatMap(([moment, values]) => behindMask(values, (name) => momentName(moment, name))),
    ...[...live].map(([name, mask]) => [maskName(name), mask] as const),
  ]);
  for (const [name, leaf] of state.leaves) {
    if (state.has(name)) continue;
    const values =
      starts.get(name) ??
      (moments.size === 0
        ? new Float32Array(size(leaf.shape))
        : fail('WEIGHTS', `velocities: '${name}' is missing; give those of all learnt parameters, or none`));
    await state.add(name, values);
  }
};
