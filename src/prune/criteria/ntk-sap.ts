import { fail } from '../../errors.js';
import { leaves, nameOf, substitute } from '../../graph/graph.js';
import { roleOf } from '../../graph/roles.js';
import { ops } from '../../ops/registry.js';
import { size, type Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import { training } from '../../transform/statistics.js';
import type { Criterion, PruningView } from '../criterion.js';
import { pack, unpack } from '../pack.js';

export interface NtkSapOptions {
  /** Standard deviation of the step in the weights. Default 0.01. */
  readonly epsilon?: number;
  /** How often weights, inputs and steps are drawn for each minibatch. Default 1; the authors take 5 for CIFAR-10. */
  readonly resamplings?: number;
}

/**
 * NTK-SAP (Wang et al., ICLR 2023): |m-derivative of the summed squared response to a random step in the weights|, an estimate of the trace of
 * the NTK. Weights, inputs and steps are noise: of the data only the size and number of minibatches count, of the network only its masks
 * and the biases of its layers.
 */
export const ntkSap = ({ epsilon = 0.01, resamplings = 1 }: NtkSapOptions = {}): Criterion => {
  if (!(epsilon > 0)) fail('OPTION', `ntk-sap: epsilon ${epsilon} is not positive`);
  if (!Number.isInteger(resamplings) || resamplings < 1) fail('OPTION', `ntk-sap: resamplings ${resamplings} is not a positive integer`);
  return {
    name: 'ntk-sap',
    doc: 'spectrum of the neural tangent kernel at random weights, no data',
    data: 'images',
    rounds: { kind: 'any', usual: 100 },
    monotone: true,
    resamplings,
    observe: (view) => ({ mantissa: pack(grad(stepResponse(view, epsilon), view.masks)), exponent: null }),
    score: (view, observed) => ({
      scores: unpack(observed!.mantissa, view.weights).map((g, i) => ops.mul(ops.abs(g), view.masks[i]!)),
      total: null,
    }),
  };
};

/**
 * sum_n ||f(x_n; m theta) - f(x_n; m (theta + delta))||^2 for x ~ N(0, 1), theta Kaiming-normal (fan-in), delta ~ epsilon N(0, 1), both with the
 * statistics that (x, m theta) has: drawn by the state leaves 'noise/images', 'noise/weight/<weight>' and 'noise/step/<weight>'.
 * Expectation: epsilon^2 times the trace of the NTK, for small epsilon.
 */
export const stepResponse = (view: PruningView, epsilon: number): Tensor => {
  const draw = (kind: string, leaf: Tensor): Tensor => ops.state(`noise/${kind}`, leaf.shape, { role: 'noise' });
  const { batch } = view.unread;
  const { updates, output } = training(batch, 1);
  const fresh = new Map<Tensor, Tensor>([[batch.input, draw('images', batch.input)]]);
  for (const leaf of leaves([output], 'state')) {
    if (roleOf(leaf) === 'scale') fresh.set(leaf, ops.constant(leaf.shape, 1));
    if (roleOf(leaf) === 'shift') fresh.set(leaf, ops.constant(leaf.shape, 0));
  }
  for (const w of view.weights) fresh.set(w, ops.mul(draw(`weight/${nameOf(w)}`, w), ops.scalar(Math.sqrt(2 / size(w.shape.slice(1))))));
  const settled = substitute(updates.map((u) => u.next), fresh);
  const given = new Map([...fresh, ...updates.map((u, i) => [u.stored, ops.stopGradient(settled[i]!)] as const)]);
  const stepped = view.weights.map((w) => [w, ops.add(fresh.get(w)!, ops.mul(draw(`step/${nameOf(w)}`, w), ops.scalar(epsilon)))] as const);
  const [before] = substitute([view.batch.output], given);
  const [after] = substitute([view.batch.output], new Map([...given, ...stepped]));
  const change = ops.sub(after!, before!);
  return ops.sum(ops.mul(change, change), change.shape.map((_, i) => i));
};
