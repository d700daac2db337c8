import { checkValue, networkKind } from '../kinds.js';
import { isLearnt } from '../graph/roles.js';
import { parameters, type Network } from '../nn/network.js';
import type { Shape, Tensor } from '../tensor/tensor.js';
import { masked } from '../transform/mask.js';
import { learntOf, type Specialised } from '../transform/specialise.js';

/** What can be trained and evaluated: a network, behind its masks, or one that was compacted. */
export type Trainable<I extends Shape = Shape, O extends Shape = Shape> =
  Network<I, O> | Specialised<Network<I, O>>;

/** The same as a step has it in its graph. */
export interface StepNetwork {
  readonly net: Network;
  readonly learnt: readonly Tensor[];
  /** State that a step does not change and that goes along with the rest. */
  readonly kept: readonly Tensor[];
}

/** A specialised network is no network, which would have an input. */
export const isSpecialised = (given: Trainable): given is Specialised<Network> =>
  'dense' in given && 'unused' in given;

/** The network whose parameters have the names and shapes that people know. */
export const denseOf = (given: Trainable): Network => (isSpecialised(given) ? given.dense : given);

export const checkTrainable = (where: string, given: Trainable): void =>
  checkValue(where, typeof given === 'object' && given !== null ? denseOf(given) : given, networkKind);

export const stepNetworkOf = (given: Trainable): StepNetwork =>
  isSpecialised(given)
    ? { net: given.net, learnt: learntOf(given), kept: given.unused.filter((leaf) => !isLearnt(leaf)) }
    : { net: masked(given), learnt: parameters(given).filter(isLearnt), kept: [] };
