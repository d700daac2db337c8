import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { prunable, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { resident, tableName } from '../program/resident.js';
import { fold, key, type Key } from '../random.js';
import { runsUnderWay, secondsBetween, type Device, type Executable, type Mark } from '../runtime/device.js';
import { pipeline } from '../runtime/pipeline.js';
import { size } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';
import type { Criterion } from './criterion.js';
import type { Trainings } from './criteria/imp.js';
import type { Minibatch, RoundReport } from './method.js';
import { roundPrograms } from './programs.js';
import { fillStore, redraw } from './store.js';

export interface RoundSettings {
  /** Survivors after each round. */
  readonly keeps: readonly number[];
  /** Of one size. */
  readonly data: readonly Minibatch[];
  /** For a method whose weights are those that each round's training leaves. */
  readonly trainings: Trainings | null;
  /** Where the first round starts; null for all weights live. */
  readonly masks: Masks | null;
  /** Go on where most survivors of a round have score zero. */
  readonly allowCollapse: boolean;
  readonly seed: number;
  readonly signal: AbortSignal | null;
  readonly onRound: (report: RoundReport) => void;
}

/** Runs under way on a GPU: there rounds follow each other while the host still reads their reports. */
const DEPTH = 8;

/** What passes read of the pruning split, by the names of their inputs. */
const SPLIT = ['images', 'labels'] as const;

/** What helps where too few weights have a score. */
export const ZERO_REMEDY = 'give more data, fewer rounds, a higher density or another method';

export const countLive = (masks: Masks): number =>
  [...masks.values()].reduce((n, mask) => mask.reduce((m, bit) => m + bit, n), 0);

/** Arrays of one size, one after the other. */
const joined = (parts: readonly (Float32Array | Int32Array)[]): Float32Array => {
  const length = parts[0]!.length;
  const whole = new Float32Array(parts.length * length); // labels are small integers, which float32 holds exactly
  parts.forEach((part, i) => whole.set(part, i * length));
  return whole;
};

/**
 * Rounds of a criterion on a device: score, rank, mask. Errors: NON_FINITE for NaN or infinite scores or flows, COLLAPSE when a flow is zero or
 * most survivors have score zero.
 */
export const rankInRounds = async (
  net: Network,
  weights: Weights,
  device: Device,
  criterion: Criterion,
  { keeps, data, trainings, masks, allowCollapse, seed, signal, onRound }: RoundSettings,
): Promise<Masks> => {
  const rounds = keeps.length;
  const owners = prunable(net);
  const total = owners.reduce((s, w) => s + size(w.shape), 0);
  const programs = roundPrograms(net, criterion, data[0]?.labels.length ?? 1);
  const store = device.store();
  const sums = [programs.accumulate, programs.secondPass]
    .filter((p) => p !== null)
    .map((p) => resident(p, SPLIT, Math.max(data.length, 1)));
  // One is compiled while the device loads another.
  const passes = await Promise.all([...sums, programs.select].map((p) => device.compile(p)));
  const select = passes.pop()!;
  const start = masks === null ? total : countLive(masks);
  // Scores that only read the weights are the same in every round: where the last is decided by scores, the earlier ones do not matter.
  const isFixed = criterion.accumulate === undefined && trainings === null;
  const hasFlow = programs.select.outputs['total']!.op !== 'constant';
  const readMasks = async (): Promise<Masks> =>
    new Map(
      await Promise.all(
        owners.map(async (w) => [nameOf(w), Uint8Array.from(await store.read(maskName(nameOf(w))))] as const),
      ),
    );

  /** One pass over minibatch number `row`. */
  const runPass = async (pass: Executable, row: number, noise: Key): Promise<void> => {
    const drawn = redraw(store, pass.program, noise);
    await Promise.all([drawn, pass.run(store, pass.program.inputs.has('row') ? { row: [row] } : {})]);
  };
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  let before: Mark; // the end of the round before, or of what comes before the first
  const rank = async (round: number, keep: number): Promise<void> => {
    const [result, now] = await Promise.all([select.run(store, { keep: [keep] }), device.mark()]);
    const where = `prune: ${criterion.name}, round ${round + 1} of ${rounds}`;
    const [flow, live, nonFinite] = [result['total']![0]!, result['live']![0]!, result['nonFinite']![0]!];
    if (flow === 0)
      fail('COLLAPSE', `${where}: no path is left from input to output; use more rounds or a lower sparsity`);
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
    const log2Flow = hasFlow ? Math.log2(flow) + result['exponent']![0]! : null;
    if (log2Flow !== null && !Number.isFinite(log2Flow))
      fail(
        'NON_FINITE',
        `${where}: the flow is ${flow} x 2^${result['exponent']![0]!}; check the weights and the data, and leave option scaled on`,
      );
    const zeroScores = result['zeroKept']?.[0] ?? null;
    const ranked = criterion.monotone ? (keeps[round - 1] ?? start) : total;
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
    for (const name of SPLIT) {
      const leaf = passes
        .map(({ program: p }) => p.state.get(tableName(name)))
        .find((table) => table !== undefined);
      if (leaf !== undefined) await store.add(tableName(name), leaf, joined(data.map((d) => d[name])));
    }
    for (const { program: p } of [...passes, select]) await fillStore(store, p, weights, seed, masks);
    before = await device.mark();
    for (const [round, keep] of keeps.entries()) {
      for (const pass of passes) {
        for (let sample = 0; sample < (criterion.resamplings ?? 1); sample++) {
          for (let row = 0; row < data.length; row++) {
            signal?.throwIfAborted();
            await underWay.add(runPass(pass, row, fold(key(seed), 'noise', round, sample, row)));
          }
        }
      }
      signal?.throwIfAborted();
      if (trainings !== null) {
        const trained = await trainings.train(await readMasks(), round);
        for (const name of owners.map(nameOf)) await store.write(name, trained.get(name)!.data);
      }
      await underWay.add(rank(round, keep));
    }
    await underWay.drain();
    return await readMasks();
  } finally {
    await underWay.settle();
    store.dispose();
    for (const pass of passes) pass.dispose();
    select.dispose();
  }
};
