import { fail } from '../../errors.js';
import { rewrite, walk, withInputs } from '../../graph/graph.js';
import { isBatchNorm, isStatistic } from '../../ops/batch-norm.js';
import { ops } from '../../ops/registry.js';
import type { Tensor } from '../../tensor/tensor.js';
import { inference, type Readable } from '../../transform/readings.js';
import type { Criterion } from '../criterion.js';
import { withOptions } from '../options.js';
import { flow, PATH_OPTIONS } from './path-score.js';

/**
 * LogSynFlow (Cavagnero et al., FreeREA, WACV 2023): |theta| log(1 + dQ/d|theta|), with Q the flow through
 * absolute weights on one all-ones image, BatchNorm left out. Where they sum it to judge an architecture,
 * each weight keeps its own here.
 */
export const logSynflow = withOptions('logsynflow', PATH_OPTIONS, (options): Criterion => ({
  kind: 'criterion',
  name: 'logsynflow',
  doc: 'synaptic flow with the logarithm of its slope, no data',
  data: 'none',
  rounds: { kind: 'any', usual: 100 },
  cost: { perRound: { forward: 1, backward: 1 } },
  monotone: true,
  score: (view) => {
    const { slopes, total } = flow(
      { weights: view.weights, evalOne: inference(withoutNorms(view.raw.one)) },
      'absolute',
      null,
      options,
    );
    const scores = slopes.map((g, i) =>
      ops.mul(
        ops.abs(view.effective[i]!),
        logOnePlus(ops.mul(g, total.mantissa), total.exponent ?? ops.scalar(0)),
      ),
    );
    return { scores, total };
  },
}));

/** The network with every BatchNorm replaced by its x. */
const withoutNorms = (net: Readable): Readable => {
  const [output] = rewrite([net.output], (node, inputs) =>
    isBatchNorm(node) ? inputs[0]! : withInputs(node, inputs),
  );
  const left = walk([output!]).find(isStatistic);
  return left === undefined
    ? { ...net, output: output! }
    : fail('NETWORK', `logsynflow: the statistic at ${left.path} is not part of a BatchNorm; use batchNorm`);
};

/** Terms of the series below: (1/9)^k / (2k + 1) of the last is less than 1e-13. */
const TERMS = 13;

/**
 * log(1 + x 2^e) for x >= 0, without the number x 2^e, which may be too large. With l = log x + e log 2 it is
 * max(l, 0) + log(1 + t), t = exp(-|l|) <= 1, and log(1 + t) = 2 artanh z = 2 (z + z^3/3 + z^5/5 + ...), z =
 * t / (2 + t) <= 1/3, is exact to the last digit of small t also, where 1 + t would be 1.
 */
export const logOnePlus = (x: Tensor, e: Tensor): Tensor => {
  const isZero = ops.equal(x, ops.scalar(0));
  const l = ops.add(ops.log(ops.select(isZero, ops.scalar(1), x)), ops.mul(e, ops.scalar(Math.LN2)));
  const t = ops.exp(ops.neg(ops.abs(l)));
  const z = ops.div(t, ops.add(t, ops.scalar(2)));
  const square = ops.mul(z, z);
  let series: Tensor = ops.scalar(1 / (2 * TERMS - 1));
  for (let k = TERMS - 2; k >= 0; k--) series = ops.add(ops.mul(series, square), ops.scalar(1 / (2 * k + 1)));
  return ops.select(
    isZero,
    ops.scalar(0),
    ops.add(ops.max(l, ops.scalar(0)), ops.mul(ops.mul(z, ops.scalar(2)), series)),
  );
};
