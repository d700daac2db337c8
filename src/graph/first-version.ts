import { batchNormParts, isBatchNorm, writtenOut } from '../ops/batch-norm.js';
import { make, ops, type OpName } from '../ops/registry.js';
import { sameShape, type Attributes, type Shape, type Tensor } from '../tensor/tensor.js';
import type { Description } from './description.js';
import { fileNodes, type FileNode } from './file-nodes.js';
import { rewrite, withInputs, type Roots } from './graph.js';

/**
 * Graph files of version 1, which held the sizes of one batch as numbers and BatchNorm as the composition
 * that it is.
 */

/** What such a file held. Checkpoints know a network by the digest of this, so it stays as it was. */
export const firstVersionOf = (
  roots: Roots,
): {
  readonly format: 'pathex-graph';
  readonly version: 1;
  readonly name: '';
  readonly nodes: readonly FileNode[];
  readonly outputs: readonly number[];
} => ({ format: 'pathex-graph', version: 1, name: '', ...fileNodes(rewrite(roots, spread)) });

const spread = (node: Tensor, inputs: readonly Tensor[]): Tensor => {
  const next = withInputs(node, inputs);
  if (!isBatchNorm(node)) return next;
  const { x, mean, variance } = batchNormParts(next);
  const { path } = node;
  return writtenOut(
    ops,
    next,
    { ...ops.statistic(x, mean, 'mean'), path },
    { ...ops.statistic(x, variance, 'variance'), path },
  );
};

/** The graph with every BatchNorm as one node, which such files wrote out. */
export const withNorms = (roots: Roots): Tensor[] =>
  rewrite(roots, (node, inputs) => {
    const next = withInputs(node, inputs);
    return batchNormIn(next) ?? next;
  });

/** What the layer wrote: ((x - mean) (weight rsqrt(variance + epsilon))) + bias. */
const batchNormIn = (node: Tensor): Tensor | null => {
  const [scaled, bias] = partsOf('add', node);
  const [centred, scale] = partsOf('mul', scaled);
  const [x, mean] = partsOf('sub', centred);
  const [weight, inverse] = partsOf('mul', scale);
  const [shifted] = partsOf('rsqrt', inverse);
  const [variance, epsilon] = partsOf('add', shifted);
  const [meanOf, storedMean] = partsOf('statistic', mean);
  const [varianceOf, storedVariance] = partsOf('statistic', variance);
  const isOne =
    x !== undefined &&
    meanOf === x &&
    varianceOf === x &&
    mean!.attributes['moment'] === 'mean' &&
    variance!.attributes['moment'] === 'variance' &&
    epsilon?.op === 'constant' &&
    sameShape(epsilon.shape, []) &&
    sameShape(weight!.shape, storedMean!.shape) &&
    sameShape(bias!.shape, storedMean!.shape);
  if (!isOne) return null;
  const parts = [x, storedMean!, weight!, storedVariance!, bias!];
  return make('batchNorm', parts, { epsilon: epsilon.attributes['value']! }, node.path);
};
const partsOf = (op: OpName, node: Tensor | undefined): readonly Tensor[] =>
  node?.op === op ? node.inputs : [];

/**
 * How such a graph is read for another batch: of what depends on the input, a first axis that is as long as
 * the batch is taken for it, in the shapes of attributes and in slices over all of it. Nothing in the file
 * says whether it is.
 */
export const byFirstAxis =
  (output: Tensor, input: Tensor): Description =>
  (other) => {
    const [old, n] = [input.shape[0]!, other.shape[0]!];
    const carried = new Set<Tensor>([other]);
    const [result] = rewrite([output], (node, inputs) => {
      if (node === input) return other;
      const carries = inputs.some((i) => carried.has(i));
      const next = withInputs(node, inputs, carries ? withBatch(node, old, n) : node.attributes);
      if (carries) carried.add(next);
      return next;
    });
    return result!;
  };

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
