import { fail, PathexError } from '../errors.js';
import { callback, checkValue, networkKind } from '../kinds.js';
import { make } from '../ops/registry.js';
import type { Shape, Tensor } from '../tensor/tensor.js';
import { dependents, nameOf, rewrite, walk, withInputs } from './graph.js';

/** What transforms need of a network, and what is left of one after them. */
export interface Readable<I extends Shape = Shape, O extends Shape = Shape> {
  readonly name: string;
  readonly input: Tensor<I>;
  readonly output: Tensor<O>;
}

/**
 * How a network is written again over another input, which is how it is read for another batch. A description
 * belongs to the output that it made: a graph that was changed has another output, and no description brings
 * back what it was before. Changes that are to hold for every batch go through {@link transformed}.
 */
export type Description = (input: Tensor) => Tensor;

const descriptions = new WeakMap<Tensor, Description>();

/** The input of a batch of n. */
export const inputFor = (input: Tensor, n: number): Tensor =>
  make('input', [], { ...input.attributes, shape: [n, ...input.shape.slice(1)] }, input.path);

/** Undefined for a graph that was made by hand, of which nothing but its own batch is known. */
export const descriptionOf = (output: Tensor): Description | undefined => descriptions.get(output);

/**
 * Keeps how `net` is written over another input. What does not depend on the input is then the very same node
 * as in `net`: parameters are one leaf for all batches, so that masks and gradients find them. The
 * description throws NETWORK where it does not fit a batch.
 */
export const keepDescription = (net: Readable, describe: Description): void =>
  keep(net.output, (input) => {
    try {
      return withPartsOf(net, describe(input), input);
    } catch (error) {
      if (!(error instanceof PathexError)) throw error;
      return fail(
        'NETWORK',
        `network '${net.name}': its description does not fit a batch of ${input.shape[0]}: ${error.message}; write x.shape[0] where the batch is meant`,
        error,
      );
    }
  });

/** What a description makes is described by it as well. */
const keep = (output: Tensor, describe: Description): void => {
  const again: Description = (input) => {
    const other = describe(input);
    descriptions.set(other, again);
    return other;
  };
  descriptions.set(output, again);
};

/**
 * The network after a change of its graph, which is made again whenever the network is read for another
 * batch.
 */
export const transformed = <N extends Readable>(
  net: N,
  change: (output: Tensor, input: Tensor) => Tensor,
): N => {
  checkValue('transformed: network', net, networkKind);
  checkValue('transformed: change', change, callback);
  const describe = descriptionOf(net.output);
  const output = change(net.output, net.input);
  if (describe !== undefined && output !== net.output)
    keep(output, (input) => change(describe(input), input));
  return { ...net, output };
};

/**
 * The same graph with its parts that do not depend on the input taken from `net`. Equal parts are told apart
 * by the order in which they stand, so that the graph has as many nodes as before.
 */
const withPartsOf = (net: Readable, output: Tensor, input: Tensor): Tensor => {
  const known = new Map<Tensor, number>();
  const parts = new Map<string, Tensor[]>();
  const keyOf = ({ op, attributes, path }: Tensor, inputs: readonly Tensor[]): string =>
    `${op} ${inputs.map((i) => known.get(i) ?? '?').join(' ')} ${JSON.stringify(attributes)} ${path}`;
  const constants = (root: Tensor, leaf: Tensor): readonly Tensor[] => {
    const varying = dependents([root], [leaf]);
    return walk([root]).filter((node) => !varying.has(node));
  };
  for (const node of constants(net.output, net.input)) {
    const key = keyOf(node, node.inputs);
    known.set(node, known.size);
    const equals = parts.get(key);
    if (equals === undefined) parts.set(key, [node]);
    else equals.push(node);
  }
  const own = new Set(constants(output, input));
  const taken = new Map<string, number>();
  const used = new Set<Tensor>();
  const [result] = rewrite([output], (node, inputs) => {
    if (node === input) return node;
    const next = withInputs(node, inputs);
    if (!own.has(node)) return next;
    const key = keyOf(next, inputs);
    const at = taken.get(key) ?? 0;
    taken.set(key, at + 1);
    const equals = parts.get(key);
    if (equals === undefined) return node.op === 'state' ? refuseOther(node) : next;
    const part = equals[Math.min(at, equals.length - 1)]!;
    used.add(part);
    return part;
  });
  const left = [...known.keys()].find((node) => node.op === 'state' && !used.has(node));
  if (left !== undefined)
    fail(
      'NETWORK',
      `parameter '${nameOf(left)}' is gone; a description gives the same ones whenever it is called`,
    );
  return result!;
};

const refuseOther = (leaf: Tensor): never =>
  fail(
    'NETWORK',
    `parameter '${nameOf(leaf)}' is new, or has another shape or start than before; a description gives the same ones whenever it is called`,
  );
