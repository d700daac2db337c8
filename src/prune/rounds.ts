import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { prunable, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { definitionOf } from '../ops/registry.js';
import type { Program } from '../program/program.js';
import { secondsBetween, type Device, type Mark } from '../runtime/device.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';
import type { Task } from '../task/task.js';
import { batchOf } from './data.js';
import type { Criterion } from './criterion.js';
import type { Trainings } from './criteria/imp.js';
import type { AnyMinibatch, RoundReport } from './method.js';
import { openPasses } from './passes.js';
import { keepInputs, roundPrograms } from './programs.js';
import type { Ranking } from './scope.js';

export interface RoundSettings {
  readonly ranking: Ranking;
  /** Of one size. */
  readonly data: readonly AnyMinibatch[];
  /** For a method whose weights are those that each round's training leaves. */
  /** What the loss is of criteria that read targets. */
  readonly task: Task;
  readonly trainings: Trainings | null;
  /** Where the first round starts; null for all weights live. */
  readonly masks: Masks | null;
  /** Go on where most survivors of a round have score zero. */
  readonly allowCollapse: boolean;
  readonly seed: number;
  readonly signal: AbortSignal | null;
  readonly onRound: (report: RoundReport) => void;
}

/** What helps where too few weights have a score. */
export const ZERO_REMEDY = 'give more data, fewer rounds, a higher density or another method';

export const countLive = (masks: Masks): number =>
  [...masks.values()].reduce((n, mask) => mask.reduce((m, bit) => m + bit, n), 0);

type Result = Readonly<Record<string, ArrayLike<number>>>;

/** Throws COLLAPSE where a run of `select` or `scores` gives a flow of zero. */
export const checkPaths = (where: string, { total }: Result, remedy: string): void => {
  if (total![0] === 0) fail('COLLAPSE', `${where}: no path is left from input to output; ${remedy}`);
};

/**
 * log2 of the flow that such a run gives; null where the criterion has none. Throws NON_FINITE where it is no
 * number.
 */
export const log2FlowOf = (
  where: string,
  { outputs }: Program,
  { total, exponent }: Result,
): number | null => {
  const flowTensor = outputs['total']!;
  if (definitionOf(flowTensor.op).lower(flowTensor).kind === 'constant') return null; // the 1 in place of a flow
  const [flow, power] = [total![0]!, exponent![0]!];
  const log2Flow = Math.log2(flow) + power;
  if (!Number.isFinite(log2Flow))
    fail(
      'NON_FINITE',
      `${where}: the flow is ${flow} x 2^${power}; check the weights and the data, and leave option scaled on`,
    );
  return log2Flow;
};

/**
 * Rounds of a criterion on a device: score, rank, mask. Errors: NON_FINITE for NaN or infinite scores or
 * flows, COLLAPSE when a flow is zero or most survivors have score zero.
 */
export const rankInRounds = async (
  net: Network,
  weights: Weights,
  device: Device,
  criterion: Criterion,
  { ranking, data, task, trainings, masks, allowCollapse, seed, signal, onRound }: RoundSettings,
): Promise<Masks> => {
  const { total, available, groups } = ranking;
  const rounds = ranking.keeps.length;
  const keeps = ranking.keeps.map((counts) => counts.reduce((n, keep) => n + keep, 0));
  const programs = roundPrograms(net, criterion, batchOf(net, data), {
    groups,
    task,
  });
  // Scores that only read the weights are the same in every round: where the last is decided by scores, the
  // earlier ones do not matter.
  const isFixed = criterion.accumulate === undefined && trainings === null;
  const { store, last, underWay, run, dispose } = await openPasses(device, programs, programs.select, {
    weights,
    masks,
    data,
    resamplings: criterion.resamplings ?? 1,
    seed,
    signal,
  });
  const ranked = new Set(ranking.weights);
  const maskNow = async (weight: Tensor): Promise<Uint8Array> =>
    ranked.has(weight)
      ? Uint8Array.from(await store.read(maskName(nameOf(weight))))
      : (masks?.get(nameOf(weight))?.slice() ?? new Uint8Array(size(weight.shape)).fill(1));
  const readMasks = async (): Promise<Masks> =>
    new Map(await Promise.all(prunable(net).map(async (w) => [nameOf(w), await maskNow(w)] as const)));

  let before: Mark; // the end of the round before, or of what comes before the first
  const rank = async (round: number, keep: number): Promise<void> => {
    const [result, now] = await Promise.all([
      last.run(store, keepInputs(ranking.keeps[round]!)),
      device.mark(),
    ]);
    const where = `prune: ${criterion.name}, round ${round + 1} of ${rounds}`;
    const [live, nonFinite] = [result['live']![0]!, result['nonFinite']![0]!];
    checkPaths(where, result, 'use more rounds or a lower sparsity');
    if (nonFinite !== 0)
      fail(
        'NON_FINITE',
        `${where}: ${nonFinite} of ${total} scores are NaN or infinite; check the weights and the data`,
      );
    // a device counts exactly and gives the nearest float32, which from 2^24 on is another number
    if (Math.fround(live) !== Math.fround(keep))
      fail(
        'NON_FINITE',
        `${where}: ${live} weights survive instead of ${keep}; check the weights and the data`,
      );
    const log2Flow = log2FlowOf(where, programs.select, result);
    const zeroScores = result['zeroKept']?.[0] ?? null;
    const ranked = criterion.monotone ? (keeps[round - 1] ?? available) : total;
    const counts = keep < ranked && (!isFixed || round === rounds - 1);
    if (!allowCollapse && counts && zeroScores !== null && 2 * zeroScores > keep)
      fail(
        'COLLAPSE',
        `${where}: ${zeroScores} of the ${keep} weights to keep have score zero, so that their order alone would choose them; ${ZERO_REMEDY}, or allow it with allowCollapse`,
      );
    onRound({
      round,
      rounds,
      live: keep,
      log2Flow,
      zeroScores,
      seconds: secondsBetween(before, now),
    });
    before = now;
  };

  try {
    before = await device.mark();
    for (const [round, keep] of keeps.entries()) {
      await run(round);
      signal?.throwIfAborted();
      if (trainings !== null) {
        const trained = await trainings.train(await readMasks(), round);
        for (const name of ranking.weights.map(nameOf)) await store.write(name, trained.get(name)!.data);
      }
      await underWay.add(rank(round, keep));
    }
    await underWay.drain();
    return await readMasks();
  } finally {
    await dispose();
  }
};
