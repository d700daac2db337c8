import { fail } from '../errors.js';

/**
 * Names of state. A network's parameters have the names that their layers give them; everything else that
 * lives on a device between runs is named `kind/name`. Every kind is listed here and every such name is made
 * here, so that no two things can meet by their names: networks with parameters of such names are refused.
 */
export const STATE_KINDS = {
  mask: 'the mask of a weight',
  velocity: 'what momentum has gathered of a parameter',
  moment: 'what an optimiser has gathered of a parameter',
  data: 'the images and labels of a split',
  table: 'all rows of an input that a program reads by number',
  noise: 'numbers drawn for a criterion',
  round: 'what a pruning round adds up over its minibatches',
} as const;
export type StateKind = keyof typeof STATE_KINDS;

export const stateName = (kind: StateKind, name: string): string => `${kind}/${name}`;

/** The kind of a name made by `stateName`; undefined for the name of a parameter. */
export const kindOfState = (name: string): StateKind | undefined =>
  (Object.keys(STATE_KINDS) as StateKind[]).find((kind) => name.startsWith(`${kind}/`)); // its own keys

/** In weights files the mask of a weight stands beside it under this name. */
export const storedMaskName = (weightName: string): string => `${weightName}_mask`;

/**
 * Throws NETWORK for the names of a network's parameters that would meet other state: those of a kind of
 * state, and those under which weights files hold the mask of a weight.
 */
export const checkParameterNames = (
  where: string,
  names: readonly string[],
  weights: readonly string[],
): void => {
  for (const name of names) {
    const kind = kindOfState(name);
    if (kind !== undefined)
      fail(
        'NETWORK',
        `${where}: parameter '${name}': names that start with '${kind}/' are kept for ${STATE_KINDS[kind]}; give the layer another name`,
      );
  }
  const taken = new Set(names);
  const weight = weights.find((w) => taken.has(storedMaskName(w)));
  if (weight !== undefined)
    fail(
      'NETWORK',
      `${where}: parameter '${storedMaskName(weight)}': weights files keep this name for the mask of '${weight}'; give one of them another name`,
    );
};
