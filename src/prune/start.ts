import { fail } from '../errors.js';
import { checkValue, weightsMap } from '../kinds.js';
import type { Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { checkStart as checkObject, type TrainingStart } from '../train/start.js';
import { checkMasks, type Masks } from '../transform/mask.js';

/**
 * Where scoring and pruning start: weights alone, all of them live, or with masks, as fit() takes them and as
 * tickets are.
 */
export type PruningStart = Weights | Pick<TrainingStart, 'weights' | 'masks'>;

const isObject = (start: PruningStart): start is Pick<TrainingStart, 'weights' | 'masks'> =>
  typeof start === 'object' && start !== null && 'weights' in start;

/** Throws OPTION for what is no start. `where` starts the message. */
export const checkStart = (where: string, start: PruningStart): void => {
  if (isObject(start)) checkObject(where, start);
  else checkValue(`${where}: weights`, start, weightsMap);
};

/**
 * The weights and masks of a start, or the masks given as an option. Throws WEIGHTS for those of another
 * network, OPTION for masks of both.
 */
export const startOf = (
  where: string,
  net: Network,
  start: PruningStart,
  option: Masks | null,
): { readonly weights: Weights; readonly masks: Masks | null } => {
  const { weights, masks = null } = isObject(start) ? start : { weights: start };
  if (masks !== null && option !== null)
    fail('OPTION', `${where}: the start has masks, and masks are given as an option; leave one of them out`);
  checkWeights(net, weights);
  const given = masks ?? option;
  if (given !== null) checkMasks(net, given, `${where}: masks`);
  return { weights, masks: given };
};
