import type { Network } from '../nn/network.js';
import { nameOf } from '../graph/graph.js';
import { stateName } from '../graph/state-names.js';
import { ops } from '../ops/registry.js';
import { program, type Program } from '../program/program.js';
import type { Tensor } from '../tensor/tensor.js';
import { classification } from '../task/classification.js';
import type { Task } from '../task/task.js';
import { addScaled, type Scaled } from '../transform/paths.js';
import { checkedScores, checkedSum } from './check-criterion.js';
import { objectiveOf, type Objective } from './objective.js';
import { viewOf, type Criterion, type PruningView, type Scores } from './criterion.js';
import { pack, unpack } from './pack.js';
import type { RankGroups } from './scope.js';

/**
 * What adds up over the minibatches: `accumulate` once for each, then `secondPass` likewise where there is
 * one.
 */
export interface PassPrograms {
  readonly accumulate: Program | null;
  readonly secondPass: Program | null;
}
/** The programs of one pruning round: the passes, then `select`. */
export interface RoundPrograms extends PassPrograms {
  readonly select: Program;
}
/** The passes, then the scores themselves. */
export interface ScorePrograms extends PassPrograms {
  readonly scores: Program;
}

/** Below every score; what masked weights rank with, so that they stay out. Finite in float32. */
const LOWEST = -3e38;

/**
 * Exponent of an accumulator that holds nothing yet: below any other, so that aligning to it never scales a
 * real value down.
 */
const EMPTY = -1e6;

/** A sum over the minibatches of one pass, held in the store as sum * 2^exponent. */
interface Pass {
  readonly program: Program;
  readonly sum: Scaled;
  /** New values that empty it. */
  readonly empty: readonly (readonly [leaf: Tensor, value: Tensor])[];
}

/** `at` starts the names of its accumulators. */
const passOf = (name: string, at: '' | 'second/', seen: Scaled): Pass => {
  const sum = ops.state(stateName('round', `${at}sum`), seen.mantissa.shape, {
    role: 'accumulator',
    init: { kind: 'constant', value: 0 },
  });
  const exponent = ops.state(stateName('round', `${at}exponent`), [], {
    role: 'accumulator',
    init: { kind: 'constant', value: EMPTY },
  });
  const next = addScaled(
    { mantissa: sum, exponent },
    { mantissa: seen.mantissa, exponent: seen.exponent ?? ops.scalar(0) },
  );
  return {
    program: program(name, {
      next: [
        [sum, next.mantissa],
        [exponent, next.exponent!],
      ],
    }),
    sum: { mantissa: sum, exponent },
    empty: [
      [sum, ops.constant(sum.shape, 0)],
      [exponent, ops.scalar(EMPTY)],
    ],
  };
};

/** The passes over the minibatches, and the sum that `score` sees. */
const passesOf = (
  criterion: Criterion,
  view: PruningView,
  objective: Objective,
): { readonly first: Pass | null; readonly second: Pass | null; readonly sum: Scaled | null } => {
  const { accumulate, secondPass, name } = criterion;
  if (accumulate === undefined) return { first: null, second: null, sum: null };
  const own = checkedSum(criterion, 'accumulate', accumulate(view, objective), {
    view,
    objective,
    sum: null,
  });
  const first = passOf(`${name}/accumulate`, '', own);
  if (secondPass === undefined) return { first, second: null, sum: first.sum };
  const seen = { view, objective, sum: first.sum };
  const next = checkedSum(criterion, 'secondPass', secondPass(view, objective, first.sum), seen);
  const second = passOf(`${name}/second-pass`, 'second/', next);
  return { first, second, sum: second.sum };
};

/** The inputs of `select` for the survivors of each group. */
export const keepInputs = (keeps: readonly number[]): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(keeps.map((keep, group) => [keepName(group, keeps.length), [keep]]));
const keepName = (group: number, groups: number): string => (groups === 1 ? 'keep' : `keep/${group}`);

const joined = (vectors: readonly Tensor[]): Tensor =>
  vectors.length === 1 ? vectors[0]! : ops.concat(vectors, 0);

/** What decides the programs of a round, apart from network and criterion. */
export interface RoundSettings {
  /** Weights that compete among themselves. Default: all prunable weights together. */
  readonly groups?: RankGroups;
  /** Default: `classification()`. */
  readonly task?: Task;
}

/**
 * Builds the round of a criterion.
 *
 * accumulate: (images, targets?) adds one minibatch to 'round/sum' * 2^'round/exponent'.
 * secondPass: (images, targets?) the same to 'round/second/...', after all of `accumulate`.
 * select:     (keep) -> masks with the `keep` best of the surviving weights, or of all weights; the
 * accumulators are emptied. Several groups have
 *             the inputs 'keep/0', 'keep/1', ...; weights in none keep their masks.
 *             Outputs: `live` survivors, `nonFinite` scores that are NaN or infinite, `total` and `exponent` of the flow Q (total 1
 *             where the criterion has none), which then has `zeroKept` instead: survivors whose score is zero.
 */
export const roundPrograms = (
  net: Network,
  criterion: Criterion,
  batch: number,
  { groups, task = classification() }: RoundSettings = {},
): RoundPrograms => {
  const view = viewOf(net, batch);
  const { first, second, sum } = passesOf(criterion, view, objectiveOf(criterion, task, net, batch));
  const { monotone, name } = criterion;
  const { scores, total } = checkedScores(criterion, criterion.score(view, sum), { view, sum });
  const ranked = (groups ?? [view.weights.map((_, i) => i)]).map((group, g, { length }) => {
    const masks = group.map((i) => view.masks[i]!);
    const flat = pack(group.map((i) => scores[i]!));
    const mask = ops.rankMask(
      monotone ? ops.select(pack(masks), flat, ops.scalar(LOWEST)) : flat,
      ops.input(keepName(g, length), [], 'i32'),
    );
    return { masks, flat, mask };
  });
  const flat = joined(ranked.map((group) => group.flat));
  const mask = joined(ranked.map((group) => group.mask));
  const zeroKept = ops.sum(ops.mul(mask, ops.equal(flat, ops.scalar(0))), [0]);
  // counted themselves: what is left of a count of millions in float32 may be none
  const notFinite = ops.sub(ops.scalar(1), ops.equal(ops.sub(flat, flat), ops.scalar(0)));
  const select = program(`${name}/select`, {
    outputs: {
      live: ops.sum(mask, [0]),
      nonFinite: ops.sum(notFinite, [0]),
      total: total?.mantissa ?? ops.scalar(1),
      exponent: total?.exponent ?? ops.scalar(0),
      ...(total === null ? { zeroKept } : {}),
    },
    next: [
      ...ranked.flatMap((group) =>
        unpack(group.mask, group.masks).map((m, i) => [group.masks[i]!, m] as const),
      ),
      ...(first?.empty ?? []),
      ...(second?.empty ?? []),
    ],
  });
  return { accumulate: first?.program ?? null, secondPass: second?.program ?? null, select };
};

/** Outputs 'score/<weight>', and `total` and `exponent` of the flow as in `roundPrograms`. */
const scoresOf = ({ name }: Criterion, { weights }: PruningView, { scores, total }: Scores): Program =>
  program(`${name}/scores`, {
    outputs: {
      ...Object.fromEntries(scores.map((s, i) => [`score/${nameOf(weights[i]!)}`, s])),
      total: total?.mantissa ?? ops.scalar(1),
      exponent: total?.exponent ?? ops.scalar(0),
    },
  });

/** The scores of the present masks after all passes; nothing is emptied, and no mask changes. */
export const scorePrograms = (
  net: Network,
  criterion: Criterion,
  batch: number,
  task: Task = classification(),
): ScorePrograms => {
  const view = viewOf(net, batch);
  const { first, second, sum } = passesOf(criterion, view, objectiveOf(criterion, task, net, batch));
  const scored = checkedScores(criterion, criterion.score(view, sum), { view, sum });
  return {
    accumulate: first?.program ?? null,
    secondPass: second?.program ?? null,
    scores: scoresOf(criterion, view, scored),
  };
};

/** The scores of the present masks and one minibatch in a single program, whose graph tests look at. */
export const scoreProgram = (net: Network, criterion: Criterion, batch: number): Program => {
  const view = viewOf(net, batch);
  const objective = objectiveOf(criterion, classification(), net, batch);
  const first = criterion.accumulate?.(view, objective) ?? null;
  const seen = first === null ? null : (criterion.secondPass?.(view, objective, first) ?? first);
  return scoresOf(criterion, view, criterion.score(view, seen));
};
