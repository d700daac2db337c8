import { leaves, nameOf, substitute } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { checkParameterNames, stateName } from '../graph/state-names.js';
import { ops } from '../ops/registry.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Readable } from './statistics.js';

/** Masks by weight name: 1 = live, 0 = pruned; shapes and layouts of the weights. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** The mask leaf of a weight: state 'mask/<name>', 1 = live, 0 = pruned, shape of the weight. */
export const maskOf = (weight: Tensor): Tensor =>
  ops.state(
    maskName(nameOf(weight)),
    weight.shape,
    { role: 'mask', init: { kind: 'constant', value: 1 } },
    weight.path,
  );
export const maskName = (weightName: string): string => stateName('mask', weightName);

/**
 * Puts every prunable weight behind its mask: the effective weight is theta * m. Throws NETWORK where a parameter has the name of another
 * kind of state, as the masks of a network have that is masked already: the two would be one value.
 */
export const masked = <N extends Readable>(net: N): N => {
  const states = leaves([net.output], 'state');
  const weights = states.filter(isPrunable);
  checkParameterNames('masked', states.map(nameOf), weights.map(nameOf));
  const [output] = substitute([net.output], new Map(weights.map((w) => [w, ops.mul(w, maskOf(w))])));
  return { ...net, output: output! };
};
