import { fail } from '../../errors.js';
import { ops } from '../../ops/registry.js';
import { grad } from '../../transform/grad.js';
import { pathNetwork } from '../../transform/paths.js';
import type { Criterion } from '../criterion.js';
import { choice, option, withOptions } from '../options.js';
import { pack, unpack } from '../pack.js';
import { edgesOf, flow, flowScores, PATH_OPTIONS, type PathOptions } from './path-score.js';
import { pxRelease } from './px-release.js';

export const PX_OPTIONS = {
  mode: option(
    choice('px', 'px-gated', 'px-release'),
    'px',
    "the paper's formula, gates and data on every single path, or what the released code computes",
  ),
  ...PATH_OPTIONS,
};

/**
 * Path eXclusion (Iurada et al., CVPR 2024). Q = sum_k Abar_k H1_k with Abar_k = sum_n H2_k(x_n); score
 * theta^2 dQ/dtheta^2. H1's input does not depend on the data, so H1 runs once a round, on one image, over
 * the accumulated Abar (methods.md 3.5).
 */
export const px = withOptions('px', PX_OPTIONS, ({ mode, ...options }, given): Criterion => {
  switch (mode) {
    case 'px':
      return specified(options);
    case 'px-gated':
      return gated(options);
    case 'px-release': {
      const [unused] = Object.keys(given).filter((name) => Object.hasOwn(PATH_OPTIONS, name));
      return unused === undefined
        ? pxRelease()
        : fail(
            'OPTION',
            `px: ${unused} has no meaning in mode 'px-release'; leave it out or choose another mode`,
          );
    }
  }
});

const specified = (options: PathOptions): Criterion => ({
  kind: 'criterion',
  name: 'px',
  doc: 'paths weighted by the data that activates their output (PX)',
  data: 'images',
  rounds: { kind: 'any', usual: 100 },
  cost: { perMinibatch: { forward: 2, backward: 0 }, perRound: { forward: 1, backward: 1 } },
  monotone: true,
  accumulate: (view) => {
    const x = view.evalBatch.input;
    const { output } = pathNetwork(view.evalBatch, ops.mul(x, x), {
      ...options,
      weights: 'one',
      gates: 'network',
    });
    return { ...output, mantissa: ops.sum(output.mantissa, [0]) };
  },
  score: (view, accumulated) => flowScores(flow(view, 'squared', accumulated, options)),
});

/**
 * s_j = sum over samples, outputs and paths through j of a_p x^2 v_p^2: one network with squared weights, x^2
 * and the real gates. Weights and data meet in it, so there is nothing to split: a constant c counts c^2, as
 * in the square of the path's contribution.
 */
const gated = (options: PathOptions): Criterion => ({
  kind: 'criterion',
  name: 'px-gated',
  doc: 'paths weighted by the data that activates each of them (ablation of PX)',
  data: 'images',
  rounds: { kind: 'any', usual: 100 },
  cost: { perMinibatch: { forward: 2, backward: 1 } },
  monotone: true,
  accumulate: (view) => {
    const x = view.evalBatch.input;
    const { output, edges } = pathNetwork(view.evalBatch, ops.mul(x, x), {
      ...options,
      constantSplit: 'weight',
      weights: 'squared',
      gates: 'network',
    });
    const owners = edgesOf(view, edges);
    const total = ops.sum(
      output.mantissa,
      output.mantissa.shape.map((_, i) => i),
    );
    const shares = grad(total, owners).map((g, i) => ops.mul(g, owners[i]!));
    return { mantissa: pack([...shares, total]), exponent: output.exponent };
  },
  score: (view, accumulated) => {
    const parts = unpack(accumulated!.mantissa, [...view.weights, ops.scalar(0)]);
    const total = parts[parts.length - 1]!;
    return {
      scores: parts.slice(0, -1).map((s) => ops.div(s, total)),
      total: { mantissa: total, exponent: accumulated!.exponent },
    };
  },
});
