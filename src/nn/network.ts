import { leaves, nameOf, rewrite, withInputs } from '../graph/graph.js';
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
import { showShape, type Attributes, type Shape, type Tensor } from '../tensor/tensor.js';

/**
 * A network: one input, one output, and the named parameters between them; plain immutable data. `I` and `O` are the
 * shapes of one sample and of its output, without the batch axis.
 */
export interface Network<I extends Shape = Shape, O extends Shape = Shape> {
  readonly name: string;
  readonly input: Tensor<readonly [n: number, ...I]>;
  readonly output: Tensor<readonly [n: number, ...O]>;
}

/**
 * Describes a network by a function of its input, e.g. `network('mlp', [784], (x) => pipe(x, linear('fc', 10)))`.
 * The graph is written for a batch of one; `rebatch` reads it for another.
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
  return closeNetwork({ name, input, output });
};

/** A network from a graph, such as one read from a file. Throws NETWORK unless it has one input and one output, and parameters of different names, none kept for other state. */
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

const closeNetwork = <N extends Network>(net: N): N => {
  const inputs = leaves([net.output], 'input');
  if (inputs.length !== 1 || inputs[0] !== net.input) {
    fail(
      'NETWORK',
      `network '${net.name}': its output depends on ${inputs.map((i) => `'${nameOf(i)}'`).join(', ') || 'no input'}; it must depend on its one input '${nameOf(net.input)}'`,
    );
  }
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

const withBatch = ({ attributes, inputs }: Tensor, old: number, n: number): Attributes => {
  const { shape, start, limit } = attributes;
  if (Array.isArray(shape) && shape[0] === old)
    return { ...attributes, shape: [n, ...(shape as Shape).slice(1)] };
  if (
    Array.isArray(start) &&
    Array.isArray(limit) &&
    start[0] === 0 &&
    limit[0] === old &&
    inputs[0]?.shape[0] === old
  ) {
    return { ...attributes, limit: [n, ...(limit as Shape).slice(1)] };
  }
  return attributes;
};

/**
 * The same network for batches of n. Everything that depends on the input has the batch as first axis; shapes written into
 * attributes (of reshapes, broadcasts and slices over the whole batch) follow, and every op checks its shapes again.
 */
export const rebatch = <I extends Shape, O extends Shape>(net: Network<I, O>, n: number): Network<I, O> => {
  checkValue('rebatch: network', net, networkKind);
  const old = net.input.shape[0];
  if (old === n) return net;
  checkValue('rebatch: batch', n, positiveInteger);
  const input = ops.input(nameOf(net.input), [n, ...net.input.shape.slice(1)]);
  const carried = new Set<Tensor>([input]);
  const [output] = rewrite([net.output], (node, inputs) => {
    if (node === net.input) return input;
    const carries = inputs.some((i) => carried.has(i));
    const next = withInputs(node, inputs, carries ? withBatch(node, old, n) : node.attributes);
    if (carries) carried.add(next);
    return next;
  });
  if (output!.shape[0] !== n)
    fail(
      'NETWORK',
      `network '${net.name}': its output ${showShape(output!.shape)} does not have the batch ${n} as first axis; keep the batch axis`,
    );
  return { name: net.name, input, output: output! } as unknown as Network<I, O>;
};
