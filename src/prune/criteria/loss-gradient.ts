import { crossEntropy, mean } from '../../nn/loss.js';
import { ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import type { Readable } from '../../transform/readings.js';

/** Derivatives of the batch-mean cross-entropy of logits / temperature (default 1). */
export const lossGradient = (
  net: Readable,
  labels: Tensor,
  wrt: readonly Tensor[],
  temperature = 1,
): readonly Tensor[] => {
  const logits = temperature === 1 ? net.output : ops.mul(net.output, ops.scalar(1 / temperature));
  return grad(mean(crossEntropy(logits, labels)), wrt);
};
