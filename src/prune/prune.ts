import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { prunable, type Network } from '../nn/network.js';
import { initialiserOf, roleOf } from '../graph/roles.js';
import { program, type Program } from '../program/program.js';
import { impTrainings } from './criteria/imp.js';
import { synflowL2 } from './criteria/synflow.js';
import { usualRounds, viewOf } from './criterion.js';
import { fold, key, normal, type Key } from '../random.js';
import type { Device, Executable, Store } from '../runtime/device.js';
import { size } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';
import { criterionOf, type MethodOptions } from './methods.js';
import { roundPrograms } from './programs.js';
import { keepCounts, type Schedule } from './schedule.js';

/** One minibatch of the pruning split: normalised NHWC images and their labels. All minibatches have one size. */
export interface Minibatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export interface RoundReport {
  readonly round: number;
  readonly rounds: number;
  /** Survivors after the round. */
  readonly live: number;
  /** log2 of the flow Q before the round; null where the method has none. */
  readonly log2Flow: number | null;
  readonly seconds: number;
}

export type PruneOptions = MethodOptions & {
  /** Share of prunable weights that survive, in (0, 1]. */
  readonly density: number;
  /** Default: the method's usual number, 100 for iterative methods and 1 for the others. */
  readonly rounds?: number;
  /** Default 'exponential'. */
  readonly schedule?: Schedule;
  /** Needed by methods that read data; the paper takes ten images of each class. */
  readonly data?: readonly Minibatch[];
  /** For methods that draw numbers. Default 0. */
  readonly seed?: number;
  /** Return a ticket that no path crosses instead of failing with COLLAPSE. Default false. */
  readonly allowCollapse?: boolean;
  readonly onRound?: (report: RoundReport) => void;
  readonly signal?: AbortSignal;
};

export interface Ticket {
  readonly masks: Masks;
  /** What the ticket's training starts from: the given weights, or IMP's rewind point. So `fit(net, ticket, ...)` trains it. */
  readonly weights: Weights;
  readonly method: string;
  readonly density: number;
  readonly rounds: readonly RoundReport[];
  readonly seconds: number;
}

/**
 * Finds the mask of a lottery ticket: global ranking over all conv and linear weights, exactly N - trunc((1 - d) N) survivors.
 * Weights and statistics are read, never written (IMP trains copies). Errors: OPTION for impossible settings, WEIGHTS for weights that do not fit,
 * NON_FINITE for NaN or infinite scores, COLLAPSE when no path is left.
 */
export const prune = async (net: Network, weights: Weights, device: Device, options: PruneOptions): Promise<Ticket> => {
  const began = performance.now();
  const criterion = criterionOf(options);
  checkWeights(net, weights);
  const owners = prunable(net);
  const total = owners.reduce((s, w) => s + size(w.shape), 0);
  const rounds = options.rounds ?? usualRounds(criterion);
  if (criterion.rounds.kind === 'single' && rounds !== 1) fail('OPTION', `prune: ${criterion.name} is single-shot, rounds ${rounds}: ${criterion.rounds.why}; use 1`);
  const keeps = keepCounts(total, options.density, rounds, options.schedule ?? 'exponential');
  const data = criterion.data === 'none' ? [] : options.data ?? [];
  if (criterion.data !== 'none' && data.length === 0) fail('OPTION', `prune: ${criterion.name} reads ${criterion.data}; give it data`);
  const sample = size(net.input.shape.slice(1));
  const batch = data[0] === undefined ? 1 : data[0].labels.length;
  data.forEach((d, i) => {
    if (d.labels.length !== batch || d.images.length !== batch * sample) {
      fail('DATA', `prune: minibatch ${i} has ${d.images.length} pixel values and ${d.labels.length} labels; all need ${batch} images of ${sample} values`);
    }
  });

  const seed = options.seed ?? 0;
  const trainings = options.method === 'imp' ? await impTrainings(net, weights, device, options, seed, options.signal) : null;
  const start = trainings?.start ?? weights;

  const programs = roundPrograms(net, criterion, batch);
  const store = device.store();
  const passes: Executable[] = [];
  for (const p of [programs.observe, programs.again]) if (p !== null) passes.push(await device.compile(p));
  const select = await device.compile(programs.select);
  const readMasks = async (): Promise<Masks> =>
    new Map(await Promise.all(owners.map(async (w) => [nameOf(w), Uint8Array.from(await store.read(maskName(nameOf(w))))] as const)));
  const write = async (from: Weights): Promise<void> => {
    for (const name of owners.map(nameOf)) await store.write(name, from.get(name)!.data);
  };
  try {
    for (const { program: p } of [...passes, select]) await fillStore(store, p, start, seed);
    const hasFlow = programs.select.outputs['total']!.op !== 'constant';
    const reports: RoundReport[] = [];
    for (const [round, keep] of keeps.entries()) {
      options.signal?.throwIfAborted();
      const roundStart = performance.now();
      for (const pass of passes) {
        for (let sample = 0; sample < (criterion.resamplings ?? 1); sample++) {
          for (const [i, { images, labels }] of data.entries()) {
            options.signal?.throwIfAborted();
            await redraw(store, pass.program, fold(key(seed), 'noise', round, sample, i));
            await pass.run(store, Object.fromEntries(Object.entries({ images, labels }).filter(([name]) => pass.program.inputs.has(name))));
          }
        }
      }
      if (trainings !== null) await write(await trainings.train(await readMasks(), round));
      const result = await select.run(store, { keep: [keep] });
      const report: RoundReport = {
        round, rounds, live: result['live']![0]!,
        log2Flow: hasFlow ? Math.log2(result['total']![0]!) + result['exponent']![0]! : null,
        seconds: (performance.now() - roundStart) / 1000,
      };
      if (result['total']![0] === 0) fail('COLLAPSE', `prune: ${criterion.name}, round ${round + 1} of ${rounds}: no path is left from input to output; use more rounds or a lower sparsity`);
      if (result['nonFinite']![0] !== 0) fail('NON_FINITE', `prune: ${criterion.name}, round ${round + 1} of ${rounds}: ${result['nonFinite']![0]} of ${total} scores are NaN or infinite; check the weights and the data`);
      if (report.live !== keep) fail('NON_FINITE', `prune: ${criterion.name}, round ${round + 1} of ${rounds}: ${report.live} weights survive instead of ${keep}`);
      reports.push(report);
      options.onRound?.(report);
    }
    if (trainings !== null) await write(start);
    if (options.allowCollapse !== true && (await flowLeft(device, store, net, start)) === 0) {
      fail('COLLAPSE', `prune: ${criterion.name}: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse`);
    }
    return { masks: await readMasks(), weights: start, method: criterion.name, density: options.density, rounds: reports, seconds: (performance.now() - began) / 1000 };
  } finally {
    store.dispose();
    for (const pass of passes) pass.dispose();
    select.dispose();
  }
};

/** Draws the noise that a program reads. */
const redraw = async (store: Store, { state }: Program, from: Key): Promise<void> => {
  for (const [name, leaf] of state) if (roleOf(leaf) === 'noise') await store.write(name, normal(fold(from, name), size(leaf.shape)));
};

/** Flow of squared weights through the ticket on one all-ones image, whatever the method: zero when no path is left. */
const flowLeft = async (device: Device, store: Store, net: Network, weights: Weights): Promise<number> => {
  const { total } = synflowL2({ biasPaths: false }).score(viewOf(net, 1), null);
  const left = program('flow', { outputs: { total: total!.mantissa } });
  await fillStore(store, left, weights, 0);
  const executable = await device.compile(left);
  try {
    return (await executable.run(store))['total']![0]!;
  } finally {
    executable.dispose();
  }
};

/** Gives every state leaf of a program that the store lacks its start: weights from `weights`, masks 1, accumulators empty, noise drawn. */
const fillStore = async (store: Store, { state }: Program, weights: Weights, seed: number): Promise<void> => {
  for (const [name, leaf] of state) {
    if (store.has(name)) continue;
    const n = size(leaf.shape);
    const init = initialiserOf(leaf);
    const values = weights.get(name)?.data
      ?? (roleOf(leaf) === 'noise' ? normal(fold(key(seed), name), n) : new Float64Array(n).fill(init?.kind === 'constant' ? init.value : 0));
    await store.add(name, leaf, values);
  }
};
