import { leaves, nameOf, substitute } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { checkValue, networkKind } from '../kinds.js';
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
export const maskName = (weightName: string): string => `mask/${weightName}`;

/** Puts every prunable weight behind its mask: the effective weight is theta * m. */
export const masked = <N extends Readable>(net: N): N => {
  checkValue('masked: network', net, networkKind);
  const weights = leaves([net.output], 'state').filter(isPrunable);
  const [output] = substitute([net.output], new Map(weights.map((w) => [w, ops.mul(w, maskOf(w))])));
  return { ...net, output: output! };
};
