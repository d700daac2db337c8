import { ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import type { Objective } from '../objective.js';
import type { Readable } from '../../transform/readings.js';

/** Derivatives of the mean loss of the network's answers / temperature (default 1). */
export const lossGradient = (
  net: Readable,
  { loss }: Objective,
  wrt: readonly Tensor[],
  temperature = 1,
): readonly Tensor[] => {
  const logits = temperature === 1 ? net.output : ops.mul(net.output, ops.scalar(1 / temperature));
  return grad(loss(logits), wrt);
};
