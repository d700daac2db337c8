import * as kinds from '../kinds.js';
import { checkValue } from '../kinds.js';
import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import type { Weights } from '../nn/weights.js';
import type { Network } from '../nn/network.js';
import type { NamePattern } from '../patterns.js';
import type { Device } from '../runtime/device.js';
import type { Masks } from '../transform/mask.js';
import type { WeightsForm } from '../weights/state-dict.js';
import { checkImp, impTrainings } from './criteria/imp.js';
import { chosen, type OwnCriterion } from './chosen.js';
import { COMMON_OPTIONS, type CommonOptions } from './common-options.js';
import { isPathLeft } from './paths-left.js';
import { usualRounds, type MethodFacts, type RoundReport } from './method.js';
import type { MethodOptions, Procedure } from './methods.js';
import { checkKnown, checkStart, startOf, type PruningStart } from './start.js';
import { classification } from '../task/classification.js';
import { dataOf } from './data.js';
import { countLive, rankInRounds } from './rounds.js';
import { rankedWeights, rankingOf, type Scope } from './scope.js';

export type { AnyMinibatch, Minibatch, TargetMinibatch, RoundReport } from './method.js';

/** A method by its name, with its options, or a criterion of one's own; and what all of them take. */
export type PruneOptions = (MethodOptions | OwnCriterion) & CommonOptions;

export interface Ticket {
  readonly masks: Masks;
  /**
   * What the ticket's training starts from: the given weights, or IMP's rewind point. So `fit(net, ticket,
   * ...)` trains it.
   */
  readonly weights: Weights;
  readonly method: string;
  readonly density: number;
  /** What weights competed with; null where the method does not rank. */
  readonly scope: Scope | null;
  /**
   * Names of the weights that were not pruned: they count neither in the density nor in the rounds'
   * survivors.
   */
  readonly excluded: readonly string[];
  readonly rounds: readonly RoundReport[];
  /**
   * Weights of the ticket whose score in the last round was exactly zero: their order chose them. Of a method
   * with a flow, whose rounds count none, those that are zero themselves. Null where the method has no
   * scores.
   */
  readonly zeroScores: number | null;
  readonly seconds: number;
}

/**
 * Finds the mask of a lottery ticket: a ranking of all conv and linear weights, or in each layer where
 * `scope` says so, exactly N - trunc((1 - d) N) survivors of the N that `exclude` leaves; `phew`, which does
 * not rank, keeps what its walks cross. The scores are those of a method, or of a criterion of one's own.
 * `start` holds weights, or { weights, masks } as a ticket, a weights file and a training have them: what its
 * masks prune never comes back. Weights and statistics are read, never written (IMP trains copies). Errors:
 * OPTION for impossible settings and for a criterion that is none, WEIGHTS for weights that do not fit, DATA
 * for minibatches that hold other things than finite images and labels of the network's classes, NON_FINITE
 * for NaN or infinite scores, COLLAPSE when no path is left or most survivors of a round have score zero.
 */
export const prune = async (
  net: Network,
  start: PruningStart,
  device: Device,
  options: PruneOptions,
): Promise<Ticket> => {
  const began = performance.now();
  checkValue('prune: network', net, kinds.networkKind);
  checkStart('prune', start);
  checkValue('prune: device', device, kinds.deviceKind);
  const method = chosen('prune', options, COMMON_OPTIONS);
  if (options.method === 'imp') checkImp(options);
  const { weights, masks: given, form } = startOf('prune', net, start, options.masks ?? null);
  const { density, seed = 0, schedule = 'exponential', allowCollapse = false, signal = null } = options;
  const { scope = 'global', exclude = [] } = options;
  if (method.kind === 'host') checkUnranked(method.name, scope, exclude);
  const masked = startMasks(method, given, form);
  const rounds = roundsOf(method, options.rounds);
  const ranking = rankingOf(net, rankedWeights(net, exclude), masked, { scope, density, rounds, schedule });
  const task = options.task ?? classification();
  const data = dataOf('prune', net, method, task, options.data ?? []);
  signal?.throwIfAborted();
  const reports: RoundReport[] = [];
  const onRound = (report: RoundReport): void => {
    reports.push(report);
    options.onRound?.(report);
  };

  const trainings =
    options.method === 'imp'
      ? await impTrainings(net, { weights, masks: masked }, device, options, task, seed, options.signal)
      : null;
  const from = trainings?.start ?? weights;
  const find = async (): Promise<Masks> => {
    switch (method.kind) {
      case 'criterion':
        return rankInRounds(net, from, device, method, {
          ranking,
          data,
          task,
          trainings,
          masks: masked,
          allowCollapse,
          seed,
          signal,
          onRound,
        });
      case 'host': {
        const masks = await method.choose(net, weights, { density, seed, signal });
        onRound({
          round: 0,
          rounds: 1,
          live: countLive(masks),
          log2Flow: null,
          zeroScores: null,
          seconds: (performance.now() - began) / 1000,
        });
        return masks;
      }
    }
  };
  const masks = await find();
  const ranked = new Map(ranking.weights.map((w) => [nameOf(w), masks.get(nameOf(w))!]));
  const zeroScores =
    method.kind === 'host' ? null : (reports[reports.length - 1]?.zeroScores ?? zerosKept(from, ranked));
  const live = countLive(ranked);
  if (!allowCollapse && zeroScores !== null && 2 * zeroScores > live && live < ranking.available)
    fail(
      'COLLAPSE',
      `prune: ${method.name}: ${zeroScores} of the ${live} weights of the ticket are zero themselves, so that no score chose them; take a lower density, start from masksOfZeros(net, weights), or allow it with allowCollapse`,
    );
  if (!(await isPathLeft(`prune: ${method.name}`, device, net, from, masks)) && !allowCollapse) {
    fail(
      'COLLAPSE',
      `prune: ${method.name}: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse`,
    );
  }
  return {
    masks,
    weights: from,
    method: method.name,
    density,
    scope: method.kind === 'host' ? null : scope,
    excluded: [...masks.keys()].filter((name) => !ranked.has(name)),
    rounds: reports,
    zeroScores,
    seconds: (performance.now() - began) / 1000,
  };
};

/**
 * Weights that are kept but zero: under every criterion that multiplies by the weight their score is zero,
 * too.
 */
const zerosKept = (weights: Weights, masks: Masks): number =>
  [...masks].reduce((n, [name, mask]) => {
    const { data } = weights.get(name)!;
    return mask.reduce((m, live, i) => m + (live === 1 && data[i] === 0 ? 1 : 0), n);
  }, 0);

/**
 * Given masks. Throws OPTION for methods that could not keep to them, WEIGHTS where leaving them out would
 * not help.
 */
const startMasks = (method: Procedure, masks: Masks | null, form: WeightsForm): Masks | null => {
  if (masks === null) return null;
  if (method.kind === 'criterion' && method.monotone) return masks;
  const why =
    method.kind === 'host'
      ? `${method.name} starts from an empty mask`
      : `under ${method.name} removed weights may return`;
  checkKnown('prune', form, why);
  return fail(
    'OPTION',
    `prune: ${why}, so that it cannot keep to masks; leave masks out, or choose another method`,
  );
};

/** Throws OPTION for what a method that does not rank cannot heed. */
const checkUnranked = (name: string, scope: Scope, exclude: readonly NamePattern[]): void => {
  if (scope !== 'global')
    fail('OPTION', `prune: ${name} does not rank, so that scope '${scope}' has no meaning; leave it out`);
  if (exclude.length > 0)
    fail('OPTION', `prune: ${name} crosses all layers, so that it can exclude none; leave exclude out`);
};

const roundsOf = (facts: MethodFacts, given: number | undefined): number => {
  const { name, rounds } = facts;
  const count = given ?? usualRounds(facts);
  return rounds.kind === 'any' || count === 1
    ? count
    : fail('OPTION', `prune: ${name} is single-shot, rounds ${count}: ${rounds.why}; use 1`);
};
