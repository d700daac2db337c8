import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isLearnt } from '../graph/roles.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, type KindsOf } from '../kinds.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { showValue } from '../options.js';
import type { Program } from '../program/program.js';
import type { Store } from '../runtime/device.js';
import { size } from '../tensor/tensor.js';
import { checkMasks, maskName, type Masks } from '../transform/mask.js';
import { velocityName } from './optimiser.js';

/** Where a training starts. */
export interface TrainingStart {
  readonly weights: Weights;
  /** Default: all weights live. */
  readonly masks?: Masks | null;
  /** Of the learnt parameters, by their names; those of masked weights count as zero. Default: zero. */
  readonly velocities?: Weights | null;
  /** Where the weights came from, such as the name of a file: what messages about a checkpoint call the start. */
  readonly source?: string;
}

const START: KindsOf<TrainingStart> = {
  weights: needed(kinds.weightsMap),
  masks: kinds.orNull(kinds.masksMap),
  velocities: kinds.orNull(kinds.weightsMap),
  source: kinds.text,
};
/** What tickets, weights files and trained networks hold besides, which may be given as they are. */
const BESIDES = [
  'method',
  'density',
  'rounds',
  'seconds',
  'metadata',
  'history',
  'testAccuracy',
  'zeroScores',
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

/** Throws WEIGHTS unless weights, masks and velocities are whole and the network's. */
export const checkStartFits = (net: Network, { weights, masks, velocities }: TrainingStart): void => {
  checkWeights(net, weights);
  if (masks != null) checkMasks(net, masks);
  if (velocities == null) return;
  const learnt = new Map(
    parameters(net)
      .filter(isLearnt)
      .map((p) => [nameOf(p), p]),
  );
  for (const [name, { data }] of velocities) {
    const leaf =
      learnt.get(name) ??
      fail('WEIGHTS', `velocities: network '${net.name}' has no learnt parameter '${name}'`);
    if (!(data instanceof Float32Array))
      fail('WEIGHTS', `velocities: '${velocityName(name)}' is ${showValue(data)}; give a Float32Array`);
    if (data.length !== size(leaf.shape))
      fail(
        'WEIGHTS',
        `velocities: '${velocityName(name)}' has ${data.length} numbers, the parameter has ${size(leaf.shape)}; give one for each`,
      );
    const bad = data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      fail(
        'WEIGHTS',
        `velocities: '${velocityName(name)}' holds ${data[bad]} at ${bad}; velocities must be finite`,
      );
  }
};

/** Parameters and velocities as given, those of masked weights zero: a masked weight with a velocity would leave zero. */
export const addStart = async (
  store: Store,
  net: Network,
  program: Program,
  { weights, masks, velocities }: TrainingStart,
): Promise<void> => {
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
    ...behindMask(velocities ?? new Map(), velocityName),
    ...[...live].map(([name, mask]) => [maskName(name), mask] as const),
  ]);
  for (const [name, leaf] of program.state) {
    if (store.has(name)) continue;
    const values =
      starts.get(name) ??
      (velocities == null
        ? new Float32Array(size(leaf.shape))
        : fail('WEIGHTS', `velocities: '${name}' is missing; give those of all learnt parameters, or none`));
    if (values.length !== size(leaf.shape))
      fail(
        'WEIGHTS',
        `velocities: '${name}' has ${values.length} numbers, the parameter has ${size(leaf.shape)}; give one for each`,
      );
    await store.add(name, leaf, values);
  }
};
