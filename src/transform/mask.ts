import { fail } from '../errors.js';
import { transformed, type Readable } from '../graph/description.js';
import { leaves, nameOf, substitute } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { checkParameterNames, stateName } from '../graph/state-names.js';
import { checkValue, networkKind } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showValue } from '../options.js';
import { size, type Tensor } from '../tensor/tensor.js';

/** Masks by weight name: 1 = live, 0 = pruned; shapes and layouts of the weights. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** The mask leaf of a weight: state 'mask/<name>', 1 = live, 0 = pruned, shape of the weight. */
const maskOf = (weight: Tensor): Tensor =>
  ops.state(
    maskName(nameOf(weight)),
    weight.shape,
    { role: 'mask', init: { kind: 'constant', value: 1 } },
    weight.path,
  );
export const maskName = (weightName: string): string => stateName('mask', weightName);

/**
 * Puts every prunable weight behind its mask: the effective weight is theta * m. Throws NETWORK where a
 * parameter has the name of another kind of state, as the masks of a network have that is masked already: the
 * two would be one value.
 */
export const masked = <N extends Readable>(net: N): N => {
  checkValue('masked: network', net, networkKind);
  const states = leaves([net.output], 'state');
  const weights = states.filter(isPrunable);
  checkParameterNames('masked', states.map(nameOf), weights.map(nameOf));
  const effective = new Map(weights.map((w) => [w, ops.mul(w, maskOf(w))]));
  return transformed(net, (output) => substitute([output], effective)[0]!);
};

/**
 * Throws WEIGHTS unless there is a mask for every prunable weight and none besides, each a Uint8Array with an
 * entry of 0 or 1 for every number of the weight: any other value would scale the weight. `source` starts the
 * message.
 */
export const checkMasks = (
  net: Pick<Readable, 'output'> & { readonly name: string },
  masks: Masks,
  source = 'masks',
): void => {
  checkValue('checkMasks: network', net, networkKind);
  // Another implementation of a map will do.
  if (typeof (masks as Partial<Masks> | null | undefined)?.get !== 'function')
    fail('WEIGHTS', `${source}: they are ${showValue(masks)}; give a Map from weight names to Uint8Arrays`);
  const weights = new Map(
    leaves([net.output], 'state')
      .filter(isPrunable)
      .map((w) => [nameOf(w), w]),
  );
  for (const [name, weight] of weights) {
    const mask =
      masks.get(name) ??
      fail(
        'WEIGHTS',
        `${source}: '${name}' of network '${net.name}' is missing; give those of all prunable weights, or none`,
      );
    if (!(mask instanceof Uint8Array))
      fail('WEIGHTS', `${source}: '${name}' is ${showValue(mask)}; give a Uint8Array of 0 and 1`);
    const expected = size(weight.shape);
    if (mask.length !== expected)
      fail(
        'WEIGHTS',
        `${source}: '${name}' has ${mask.length} entries, the weight has ${expected}; give one for each weight`,
      );
    const bad = mask.findIndex((m) => m > 1);
    if (bad >= 0)
      fail(
        'WEIGHTS',
        `${source}: '${name}' holds ${mask[bad]} at ${bad}; an entry is 1 (live) or 0 (pruned)`,
      );
  }
  const extra = [...masks.keys()].find((name) => !weights.has(name));
  if (extra !== undefined)
    fail(
      'WEIGHTS',
      `${source}: network '${net.name}' has no prunable weight '${extra}'; are they another network's?`,
    );
};
