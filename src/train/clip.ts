import { ops } from '../ops/registry.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Gradients scaled so that the norm of all of them together is at most `limit`, as PyTorch's clip_grad_norm_:
 * times min(1, limit / (norm + 1e-6)).
 */
export const clipByNorm = (gradients: readonly Tensor[], limit: number): Tensor[] => {
  if (gradients.length === 0) return [];
  const squares = gradients.map((g) =>
    ops.sum(
      ops.mul(g, g),
      g.shape.map((_, axis) => axis),
    ),
  );
  const norm = ops.sqrt(squares.reduce((total, square) => ops.add(total, square)));
  const factor = ops.min(ops.scalar(1), ops.div(ops.scalar(limit), ops.add(norm, ops.scalar(1e-6))));
  return gradients.map((g) => ops.mul(g, factor));
};
