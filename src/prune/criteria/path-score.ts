import { fail } from '../../errors.js';
import { nameOf } from '../../graph/graph.js';
import { checkValue, tensors, wordOf, type Kind } from '../../kinds.js';
import { ops } from '../../ops/registry.js';
import { checkKeys } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { grad } from '../../transform/grad.js';
import { normalised, pathNetwork, type Scaled } from '../../transform/paths.js';
import type { PruningView, Scores } from '../criterion.js';
import { choice, flag, option, type OptionsOf } from '../options.js';

/** The parts of a path reading that a user may choose; see PathReading. */
export const PATH_OPTIONS = {
  biasPaths: option(flag, true, 'paths may also start at biases and BatchNorm shifts'),
  constantSplit: option(
    choice('balanced', 'weight', 'data'),
    'balanced',
    'where constants such as the 1/4 of a pool count: on both sides, with the weights, or with the data',
  ),
  maxPool: option(
    choice('path', 'code'),
    'path',
    'pools follow the paths, or the values of each path network as in released code',
  ),
  scaled: option(flag, true, 'values carry exponents, so that float32 holds them at any depth'),
};
export type PathOptions = OptionsOf<typeof PATH_OPTIONS>;

/** The flow of `flow`; its total is mantissa * 2^exponent. */
export interface Flow {
  readonly total: Scaled;
  /** Share of each weight's edge in the flow, s / total: edge * d total / d edge / total. */
  readonly shares: readonly Tensor[];
  /** d total / d edge, divided by total. */
  readonly slopes: readonly Tensor[];
}

/**
 * Flow of the open path network through one all-ones image, its outputs weighted by `outputs` (default 1
 * each): the total Q = sum_k outputs_k H_k, and each weight's share of it. With squared weights these are the
 * scores of PX, with absolute ones SynFlow's. Throws NETWORK for networks without path algebra, and for
 * weights that no path crosses.
 */
export const flow = (
  view: Pick<PruningView, 'weights' | 'evalOne'>,
  weights: 'squared' | 'absolute',
  outputs: Scaled | null,
  options: PathOptions = {},
): Flow => {
  checkValue('flow: view', view, VIEW);
  checkValue('flow: weights', weights, READING);
  if (outputs !== null) checkValue('flow: outputs', outputs, SCALED);
  checkKeys<PathOptions>('flow', options, PATH_OPTIONS);
  const ones = ops.constant(view.evalOne.input.shape, 1);
  const { output, edges } = pathNetwork(view.evalOne, ones, { ...options, weights, gates: 'open' });
  const scale = outputs === null || options.scaled === false ? outputs : normalised(outputs);
  const weighted = scale === null ? output.mantissa : ops.mul(output.mantissa, scale.mantissa);
  const total = ops.sum(
    weighted,
    weighted.shape.map((_, i) => i),
  );
  const owners = edgesOf(view, edges);
  const slopes = grad(total, owners).map((g) => ops.div(g, total));
  const exponents = [output.exponent, scale?.exponent ?? null].filter((e) => e !== null);
  return {
    total: {
      mantissa: total,
      exponent: exponents.length === 0 ? null : exponents.reduce((a, b) => ops.add(a, b)),
    },
    slopes,
    shares: slopes.map((g, i) => ops.mul(g, owners[i]!)),
  };
};

const VIEW: Kind = {
  expected: 'what score and accumulate of a criterion are given',
  test: (value) => typeof value === 'object' && value !== null && 'evalOne' in value && 'weights' in value,
};
const READING = wordOf('squared', 'absolute');
const SCALED: Kind = {
  expected: 'a sum { mantissa, exponent }, as accumulate adds it up, or null',
  test: (value) => typeof value === 'object' && value !== null && 'mantissa' in value && 'exponent' in value,
};

/**
 * The edges of all prunable weights. A weight without one would only ever score zero: it should not be ranked
 * at all.
 */
export const edgesOf = (
  view: Pick<PruningView, 'weights'>,
  edges: ReadonlyMap<string, Tensor>,
): readonly Tensor[] =>
  view.weights.map(
    (w) =>
      edges.get(nameOf(w)) ??
      fail('NETWORK', `paths: no path crosses weight '${nameOf(w)}'; give it another role than 'weight'`),
  );

/** What `score` of a criterion returns for a flow: its shares are the scores. */
export const flowScores = ({ total, shares }: Flow): Scores => {
  checkValue('flowScores: shares', shares, tensors);
  return { scores: shares, total };
};
