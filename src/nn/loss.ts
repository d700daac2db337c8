import { checkValue, tensor } from '../kinds.js';
import { ops } from '../ops/registry.js';
import type { Tensor } from '../tensor/tensor.js';

/** 1 at the label of each row, else 0: i32 [n] -> [n, classes]. */
export const oneHot = (labels: Tensor, classes: number): Tensor =>
  ops.equal(
    ops.broadcast(ops.toReal(labels), [labels.shape[0]!, classes], [0]),
    ops.literal(
      [classes],
      Array.from({ length: classes }, (_, i) => i),
    ),
  );

/**
 * Cross-entropy of logits [n, k] and labels i32 [n], per sample: log sum exp z - z[label], after the row's maximum is taken off. A graph cannot
 * refuse a value: a label outside 0 to k - 1 counts as none, and leaves log sum exp z. `fit`, `evaluate` and `prune` check labels before; a program
 * of your own has to, by `checkDataset` or otherwise.
 */
export const crossEntropy = (logits: Tensor, labels: Tensor): Tensor => {
  checkValue('crossEntropy: logits', logits, tensor, 'SHAPE');
  checkValue('crossEntropy: labels', labels, tensor, 'SHAPE');
  const shape = [logits.shape[0]!, logits.shape[1]!] as const;
  const z = ops.sub(logits, ops.broadcast(ops.stopGradient(ops.maximum(logits, [1])), shape, [0]));
  const chosen = ops.sum(ops.mul(z, oneHot(labels, shape[1])), [1]);
  return ops.sub(ops.log(ops.sum(ops.exp(z), [1])), chosen);
};

/** Mean over the batch. */
export const mean = (perSample: Tensor): Tensor =>
  ops.mul(ops.sum(perSample, [0]), ops.scalar(1 / perSample.shape[0]!));

/** How many rows have their largest logit at the label; ties go to the smaller class. */
export const correctCount = (logits: Tensor, labels: Tensor): Tensor =>
  ops.sum(ops.equal(ops.toReal(ops.argMax(logits)), ops.toReal(labels)), [0]);
