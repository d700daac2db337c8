import type { Network } from '../nn/network.js';
import { ops } from '../ops/registry.js';
import { program, type Program } from '../program/program.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { addScaled, type Scaled } from '../transform/paths.js';
import { viewOf, type Criterion } from './criterion.js';
import { pack, unpack } from './pack.js';

/** The programs of one pruning round: `observe` once for each minibatch, then `select`. */
export interface RoundPrograms {
  readonly observe: Program | null;
  readonly select: Program;
}

/** Below every score; what masked weights rank with, so that they stay out. Finite in float32. */
const LOWEST = -3e38;

const accumulator = (like: Scaled): { readonly sum: Tensor; readonly exponent: Tensor } => ({
  sum: ops.state('round/sum', like.mantissa.shape, { role: 'accumulator', init: { kind: 'constant', value: 0 } }),
  exponent: ops.state('round/exponent', [], { role: 'accumulator', init: { kind: 'constant', value: EMPTY } }),
});

/** Exponent of an accumulator that holds nothing yet: below any other, so that aligning to it never scales a real value down. */
const EMPTY = -1e6;

/**
 * Builds the round of a criterion.
 *
 * observe: (images, labels?) adds one minibatch to 'round/sum' * 2^'round/exponent'.
 * select:  (keep) -> masks with the `keep` best of the surviving weights; the accumulator is emptied.
 *          Outputs: `live` survivors, `nonFinite` scores that are NaN or infinite, `total` and `exponent` of the flow Q (total 1
 *          where the criterion has none).
 */
export const roundPrograms = (net: Network, criterion: Criterion, batch: number): RoundPrograms => {
  const view = viewOf(net, batch);
  const labels = ops.input('labels', [batch], 'i32');
  const seen = criterion.observe?.(view, labels) ?? null;
  const sum = seen === null ? null : accumulator(seen);

  const observe = seen === null || sum === null ? null : ((): Program => {
    const next = addScaled({ mantissa: sum.sum, exponent: sum.exponent }, { mantissa: seen.mantissa, exponent: seen.exponent ?? ops.scalar(0) });
    return program(`${criterion.name}/observe`, { next: [[sum.sum, next.mantissa], [sum.exponent, next.exponent!]] });
  })();

  const { scores, total } = criterion.score(view, sum === null ? null : { mantissa: sum.sum, exponent: sum.exponent });
  const flat = pack(scores);
  const live = pack(view.masks);
  const mask = ops.rankMask(ops.select(live, flat, ops.scalar(LOWEST)), ops.input('keep', [], 'i32'));
  const finite = ops.equal(ops.sub(flat, flat), ops.scalar(0));
  const select = program(`${criterion.name}/select`, {
    outputs: {
      live: ops.sum(mask, [0]),
      nonFinite: ops.sub(ops.scalar(size(flat.shape)), ops.sum(finite, [0])),
      total: total?.mantissa ?? ops.scalar(1),
      exponent: total?.exponent ?? ops.scalar(0),
    },
    next: [
      ...unpack(mask, view.masks).map((m, i) => [view.masks[i]!, m] as const),
      ...(sum === null ? [] : [[sum.sum, ops.constant(sum.sum.shape, 0)], [sum.exponent, ops.scalar(EMPTY)]] as const),
    ],
  });
  return { observe, select };
};

/** The scores alone, of the present masks: outputs 'score/<weight>', `total`, `exponent`. For inspection and tests. */
export const scoreProgram = (net: Network, criterion: Criterion, batch: number): Program => {
  const view = viewOf(net, batch);
  const seen = criterion.observe?.(view, ops.input('labels', [batch], 'i32')) ?? null;
  const { scores, total } = criterion.score(view, seen);
  return program(`${criterion.name}/scores`, {
    outputs: {
      ...Object.fromEntries(scores.map((s, i) => [`score/${String(view.weights[i]!.attributes['name'])}`, s])),
      total: total?.mantissa ?? ops.scalar(1),
      exponent: total?.exponent ?? ops.scalar(0),
    },
  });
};
