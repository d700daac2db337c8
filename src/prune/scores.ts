import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { checkValue, deviceKind, networkKind, type KindsOf } from '../kinds.js';
import { prunable, type Network } from '../nn/network.js';
import type { Device } from '../runtime/device.js';
import { chosen, type OwnCriterion } from './chosen.js';
import { COMMON_OPTIONS, type CommonOptions } from './common-options.js';
import { classification } from '../task/classification.js';
import { batchOf, dataOf } from './data.js';
import type { CriterionOptions } from './methods.js';
import { openPasses } from './passes.js';
import { scorePrograms } from './programs.js';
import { checkPaths, log2FlowOf } from './rounds.js';
import { checkKnown, checkStart, startOf, type PruningStart } from './start.js';

type Shared = Pick<CommonOptions, 'data' | 'task' | 'seed' | 'masks' | 'signal'>;
/** A criterion by its method's name, with its options, or of one's own; and what it reads. */
export type ScoresOptions = (CriterionOptions | OwnCriterion) & Shared;

const { data, task: taskOption, seed, masks, signal } = COMMON_OPTIONS;
const SHARED: KindsOf<Shared> = { data, task: taskOption, seed, masks, signal };

/** What a criterion says of every weight. */
export interface ScoreReport {
  /** The criterion's name. */
  readonly method: string;
  /**
   * By the name of the weight, in its layout; larger is kept. Of a criterion with a flow Q they are shares of
   * it: the scores themselves are these times Q, which may be too large for a float.
   */
  readonly scores: ReadonlyMap<string, Float32Array>;
  /** log2 of the flow Q; null where the criterion has none. */
  readonly log2Flow: number | null;
}

/**
 * The scores of a criterion at the given weights and masks, over all minibatches: those by which the first
 * round of prune() with the same seed ranks. Nothing is pruned, and nothing is written. Errors: those of
 * prune(); OPTION for a method that scores no weights, such as phew. Pruned weights of a compact file are
 * scored as zeros where the method never ranks them, and refused where it does.
 */
export const scores = async (
  net: Network,
  start: PruningStart,
  device: Device,
  options: ScoresOptions,
): Promise<ScoreReport> => {
  checkValue('scores: network', net, networkKind);
  checkStart('scores', start);
  checkValue('scores: device', device, deviceKind);
  const criterion = chosen('scores', options, SHARED);
  if (criterion.kind !== 'criterion')
    return fail('OPTION', `scores: ${criterion.name} scores no weights; choose another method`);
  const { form, ...given } = startOf('scores', net, start, options.masks ?? null);
  if (!criterion.monotone) checkKnown('scores', form, `${criterion.name} scores them too`);
  const task = options.task ?? classification();
  const minibatches = dataOf('scores', net, criterion, task, options.data ?? []);
  options.signal?.throwIfAborted();
  const programs = scorePrograms(net, criterion, batchOf(net, minibatches), task);
  const passes = await openPasses(device, programs, programs.scores, {
    ...given,
    data: minibatches,
    resamplings: criterion.resamplings ?? 1,
    seed: options.seed ?? 0,
    signal: options.signal ?? null,
  });
  try {
    await passes.run(0);
    await passes.underWay.drain();
    const result = await passes.last.run(passes.store);
    const where = `scores: ${criterion.name}`;
    checkPaths(where, result, 'give masks that leave one');
    const found = new Map(
      prunable(net).map((w) => [nameOf(w), Float32Array.from(result[`score/${nameOf(w)}`]!)] as const),
    );
    for (const [name, values] of found) {
      const bad = values.findIndex((v) => !Number.isFinite(v));
      if (bad >= 0)
        fail(
          'NON_FINITE',
          `${where}: the score of '${name}' at ${bad} is ${values[bad]}; check the weights and the data`,
        );
    }
    return {
      method: criterion.name,
      scores: found,
      log2Flow: log2FlowOf(where, programs.scores, result),
    };
  } finally {
    await passes.dispose();
  }
};
