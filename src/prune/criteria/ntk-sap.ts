import { leaves, nameOf, substitute } from '../../graph/graph.js';
import { roleOf } from '../../graph/roles.js';
import { stateName } from '../../graph/state-names.js';
import { ops } from '../../ops/registry.js';
import { size, type Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import { training } from '../../transform/readings.js';
import type { Criterion, PruningView } from '../criterion.js';
import { option, positive, positiveInteger, withOptions } from '../options.js';
import { pack, unpack } from '../pack.js';

export const NTK_SAP_OPTIONS = {
  epsilon: option(positive, 0.01, 'standard deviation of the step in the weights'),
  resamplings: option(
    positiveInteger,
    1,
    'draws of weights, inputs and steps for each minibatch; the authors take 5 for CIFAR-10',
  ),
};

/**
 * NTK-SAP (Wang et al., ICLR 2023): |m-derivative of the summed squared response to a random step in the
 * weights|, an estimate of the trace of the NTK. Weights, inputs and steps are noise: of the data only the
 * size and number of minibatches count, of the network only its masks and the biases of its layers.
 */
export const ntkSap = withOptions('ntk-sap', NTK_SAP_OPTIONS, ({ epsilon, resamplings }): Criterion => ({
  kind: 'criterion',
  name: 'ntk-sap',
  doc: 'spectrum of the neural tangent kernel at random weights; of the images only their number counts',
  data: 'images',
  rounds: { kind: 'any', usual: 100 },
  cost: { perMinibatch: { forward: 3, backward: 2 } },
  resamplings,
  monotone: true,
  accumulate: (view) => ({ mantissa: pack(grad(stepResponse(view, epsilon), view.masks)), exponent: null }),
  score: (view, accumulated) => ({
    scores: unpack(accumulated!.mantissa, view.weights).map((g, i) => ops.mul(ops.abs(g), view.masks[i]!)),
    total: null,
  }),
}));

/**
 * sum_n ||f(x_n; m theta) - f(x_n; m (theta + delta))||^2 for x ~ N(0, 1), theta Kaiming-normal (fan-in),
 * delta ~ epsilon N(0, 1), both with the statistics that (x, m theta) has: drawn by the state leaves
 * 'noise/images', 'noise/weight/<weight>' and 'noise/step/<weight>'.
 * Expectation: epsilon^2 times the trace of the NTK, for small epsilon.
 */
export const stepResponse = (view: PruningView, epsilon: number): Tensor => {
  const draw = (what: string, leaf: Tensor): Tensor =>
    ops.state(stateName('noise', what), leaf.shape, { role: 'noise' });
  const { batch } = view.raw;
  const { updates, output } = training(batch, { momentum: 1, dropout: false });
  const fresh = new Map<Tensor, Tensor>([[batch.input, draw('images', batch.input)]]);
  for (const leaf of leaves([output], 'state')) {
    if (roleOf(leaf) === 'scale') fresh.set(leaf, ops.constant(leaf.shape, 1));
    if (roleOf(leaf) === 'shift') fresh.set(leaf, ops.constant(leaf.shape, 0));
  }
  for (const w of view.weights)
    fresh.set(w, ops.mul(draw(`weight/${nameOf(w)}`, w), ops.scalar(Math.sqrt(2 / size(w.shape.slice(1))))));
  const settled = substitute(
    updates.map((u) => u.next),
    fresh,
  );
  const given = new Map([
    ...fresh,
    ...updates.map((u, i) => [u.stored, ops.stopGradient(settled[i]!)] as const),
  ]);
  const stepped = view.weights.map(
    (w) => [w, ops.add(fresh.get(w)!, ops.mul(draw(`step/${nameOf(w)}`, w), ops.scalar(epsilon)))] as const,
  );
  const [before] = substitute([view.evalBatch.output], given);
  const [after] = substitute([view.evalBatch.output], new Map([...given, ...stepped]));
  const change = ops.sub(after!, before!);
  return ops.sum(
    ops.mul(change, change),
    change.shape.map((_, i) => i),
  );
};
