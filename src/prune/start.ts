import { fail } from '../errors.js';
import { checkValue, weightsMap } from '../kinds.js';
import type { Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { checkStart as checkObject, type TrainingStart } from '../train/start.js';
import { checkMasks, type Masks } from '../transform/mask.js';
import type { WeightsForm } from '../weights/state-dict.js';

type MaskedStart = Pick<TrainingStart, 'weights' | 'masks'> & {
  /** As a weights file has it: the pruned weights of a compact one are not known. Default: 'dense'. */
  readonly form?: WeightsForm;
};
/**
 * Where scoring and pruning start: weights alone, all of them live, or with masks, as fit() takes them and as
 * tickets and weights files are.
 */
export type PruningStart = Weights | MaskedStart;

const isObject = (start: PruningStart): start is MaskedStart =>
  typeof start === 'object' && start !== null && 'weights' in start;

/** In messages. */
const COMPACT = 'the weights are of a compact file, which does not keep the values of pruned ones';

/** Throws OPTION for what is no start. `where` starts the message. */
export const checkStart = (where: string, start: PruningStart): void => {
  if (isObject(start)) checkObject(where, start);
  else checkValue(`${where}: weights`, start, weightsMap);
};

/**
 * The weights and masks of a start, or the masks given as an option. Throws WEIGHTS for those of another
 * network and for a compact file's weights without its masks, OPTION for masks of both.
 */
export const startOf = (
  where: string,
  net: Network,
  start: PruningStart,
  option: Masks | null,
): { readonly weights: Weights; readonly masks: Masks | null; readonly form: WeightsForm } => {
  const { weights, masks = null, form = 'dense' }: MaskedStart = isObject(start) ? start : { weights: start };
  if (masks !== null && option !== null)
    fail('OPTION', `${where}: the start has masks, and masks are given as an option; leave one of them out`);
  checkWeights(net, weights);
  if (form === 'compact' && masks === null)
    fail(
      'WEIGHTS',
      `${where}: ${COMPACT}, and its masks were left out, so that these would count as live; give its masks too, or start from the dense file`,
    );
  const given = masks ?? option;
  if (given !== null) checkMasks(net, given, `${where}: masks`);
  return { weights, masks: given, form };
};

/**
 * Throws WEIGHTS for a compact file where pruned weights would be scored as candidates: all of them would be
 * zero. `why` says so of the method.
 */
export const checkKnown = (where: string, form: WeightsForm, why: string): void => {
  if (form === 'compact')
    fail('WEIGHTS', `${where}: ${COMPACT}, and ${why}; start from the dense file, or choose another method`);
};
