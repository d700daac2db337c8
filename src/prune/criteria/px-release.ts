import { leaves, nameOf, rewrite, withInputs } from '../../graph/graph.js';
import { roleOf } from '../../graph/roles.js';
import { definitionOf, ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import type { Criterion, PruningView } from '../criterion.js';
import { pack, unpack } from '../pack.js';

/**
 * What the code of PX released with the paper computes (methods.md 3.10, version A), to compare with
 * published numbers: |g| |theta|^5 with g = d sum(z1 z2) / d theta^2. z1 is the masked network and z2 its
 * open copy with squared parameters; both read the images with batch statistics. It is neither positive
 * before the magnitude nor conserved, and has no flow.
 */
export const pxRelease = (): Criterion => ({
  kind: 'criterion',
  name: 'px-release',
  doc: "PX as its authors' first code computes it",
  data: 'images',
  rounds: { kind: 'any', usual: 100 },
  cost: { perMinibatch: { forward: 2, backward: 1 } },
  monotone: true,
  accumulate: (view) => {
    const { output, squares } = openCopy(view);
    const product = ops.mul(view.trainBatch.output, output);
    return {
      mantissa: pack(
        grad(
          ops.sum(
            product,
            product.shape.map((_, i) => i),
          ),
          squares,
        ),
      ),
      exponent: null,
    };
  },
  score: (view, accumulated) => ({
    scores: unpack(accumulated!.mantissa, view.weights).map((g, i) => {
      const theta = ops.abs(view.weights[i]!);
      const square = ops.mul(theta, theta);
      return ops.mul(ops.mul(ops.abs(g), theta), ops.mul(square, square));
    }),
    total: null,
  }),
});

/**
 * Gates open, parameters squared; the release spares those of modules that it calls 'bn', and so misses the
 * norms of shortcuts.
 */
const openCopy = (view: PruningView): { readonly output: Tensor; readonly squares: readonly Tensor[] } => {
  const squares = new Map(view.weights.map((w) => [w, ops.mul(w, w)]));
  const isSpared = (leaf: Tensor): boolean => nameOf(leaf).includes('bn') || roleOf(leaf) === 'mask';
  const states = new Set(leaves([view.trainBatch.output], 'state'));
  const [output] = rewrite([view.trainBatch.output], (node, inputs) => {
    if (states.has(node)) return squares.get(node) ?? (isSpared(node) ? node : ops.mul(node, node));
    return definitionOf(node.op).paths.kind === 'gate' ? inputs[0]! : withInputs(node, inputs);
  });
  return { output: output!, squares: [...squares.values()] };
};
