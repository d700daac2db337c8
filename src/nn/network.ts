import {
  descriptionOf,
  inputFor,
  keepDescription,
  type Description,
  type Readable,
} from '../graph/description.js';
import { leaves, nameOf } from '../graph/graph.js';
import { check } from '../graph/check.js';
import { isPrunable } from '../graph/roles.js';
import { checkParameterNames } from '../graph/state-names.js';
import { fail } from '../errors.js';
import {
  callback,
  checkValue,
  name as nameKind,
  networkKind,
  positiveInteger,
  sizes,
  tensor,
  tensors,
} from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showShape, type Shape, type Tensor } from '../tensor/tensor.js';

/**
 * A network: one input, one output, and the named parameters between them; plain immutable data. `I` and `O`
 * are the shapes of one sample and of its output, without the batch axis.
 */
export interface Network<I extends Shape = Shape, O extends Shape = Shape> {
  readonly name: string;
  readonly input: Tensor<readonly [n: number, ...I]>;
  readonly output: Tensor<readonly [n: number, ...O]>;
}

/**
 * Describes a network by a function of its input, e.g. `network('mlp', [784], (x) => pipe(x, linear('fc',
 * 10)))`. It is called for a batch of one, and again whenever the network is read for another batch:
 * `x.shape[0]` is the batch.
 */
export const network = <const I extends Shape, const O extends Shape>(
  name: string,
  sample: I,
  describe: (x: Tensor<readonly [n: number, ...I]>) => Tensor<readonly [n: number, ...O]>,
): Network<I, O> => {
  checkValue('network: name', name, nameKind);
  checkValue(`network '${name}': sample`, sample, sizes);
  checkValue(`network '${name}': describe`, describe, callback);
  const input = ops.input('images', [1, ...sample] as readonly [n: number, ...I]);
  const output = describe(input);
  checkValue(`network '${name}': what its description returns`, output, tensor);
  const net = closeNetwork({ name, input, output });
  // The input that it is called with has the batch as first axis and a sample's after it.
  keepDescription(net, describe as unknown as Description);
  return net;
};

/**
 * A network from a graph, such as one read from a file. Throws NETWORK unless it has one input and one
 * output, and parameters of different names, none kept for other state.
 */
export const networkOf = (name: string, roots: readonly Tensor[]): Network => {
  checkValue('networkOf: name', name, nameKind);
  checkValue(`networkOf '${name}': roots`, roots, tensors);
  const [input, output] = [leaves(roots, 'input')[0], roots[0]];
  return input === undefined || output === undefined || roots.length !== 1
    ? fail(
        'NETWORK',
        `network '${name}': it has ${leaves(roots, 'input').length} inputs and ${roots.length} outputs; a network has one of each`,
      )
    : closeNetwork({ name, input, output } as Network);
};

const checkInput = (net: Readable): void => {
  const inputs = leaves([net.output], 'input');
  if (inputs.length !== 1 || inputs[0] !== net.input) {
    fail(
      'NETWORK',
      `network '${net.name}': its output depends on ${inputs.map((i) => `'${nameOf(i)}'`).join(', ') || 'no input'}; it must depend on its one input '${nameOf(net.input)}'`,
    );
  }
};

const closeNetwork = <N extends Network>(net: N): N => {
  checkInput(net);
  const names = parameters(net).map(nameOf);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice !== undefined)
    fail(
      'NETWORK',
      `network '${net.name}': two parameters are called '${twice}'; give their layers different names`,
    );
  checkParameterNames(`network '${net.name}'`, names, prunable(net).map(nameOf));
  check([net.output]);
  return net;
};

/** All named leaves, in layer order. */
export const parameters = (net: Network): readonly Tensor[] => {
  checkValue('parameters: network', net, networkKind);
  return leaves([net.output], 'state');
};
/** The weights that criteria rank, in layer order. */
export const prunable = (net: Network): readonly Tensor[] => parameters(net).filter(isPrunable);

/**
 * The same network for batches of n, described again for them; what transforms have changed, they change
 * again. Parameters are the same leaves. Throws NETWORK for a graph that was made or changed by hand, and for
 * a description that does not fit.
 */
export const rebatch = <I extends Shape, O extends Shape>(net: Network<I, O>, n: number): Network<I, O> => {
  checkValue('rebatch: network', net, networkKind);
  const old = net.input.shape[0];
  if (old === n) return net;
  checkValue('rebatch: batch', n, positiveInteger);
  const describe =
    descriptionOf(net.output) ??
    fail(
      'NETWORK',
      `network '${net.name}': its graph was made or changed by hand and is known for a batch of ${old} alone, not ${n}; describe it by network(), and change it by transformed()`,
    );
  const input = inputFor(net.input, n);
  const output = describe(input);
  // without any input at all it is a network of which nothing is left but constants
  if (leaves([output], 'input').some((leaf) => leaf !== input)) checkInput({ name: net.name, input, output });
  if (output.shape[0] !== n)
    fail(
      'NETWORK',
      `network '${net.name}': its output ${showShape(output.shape)} does not have the batch ${n} as first axis; keep the batch axis`,
    );
  // The shapes of a sample and its output are those of I and O; a type cannot say that the rest of a list was
  // kept.
  return { name: net.name, input, output } as unknown as Network<I, O>;
};
