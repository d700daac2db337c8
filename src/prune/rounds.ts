import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { prunable, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { fold, key } from '../random.js';
import type { Device, Executable } from '../runtime/device.js';
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
  readonly seed: number;
  readonly signal: AbortSignal | null;
  readonly onRound: (report: RoundReport) => void;
}

/** Rounds of a criterion on a device: score, rank, mask. Errors: NON_FINITE for NaN or infinite scores, COLLAPSE when a flow is zero. */
export const rankInRounds = async (net: Network, weights: Weights, device: Device, criterion: Criterion, { keeps, data, trainings, seed, signal, onRound }: RoundSettings): Promise<Masks> => {
  const rounds = keeps.length;
  const owners = prunable(net);
  const total = owners.reduce((s, w) => s + size(w.shape), 0);
  const programs = roundPrograms(net, criterion, data[0]?.labels.length ?? 1);
  const store = device.store();
  const passes: Executable[] = [];
  for (const p of [programs.observe, programs.again]) if (p !== null) passes.push(await device.compile(p));
  const select = await device.compile(programs.select);
  const readMasks = async (): Promise<Masks> =>
    new Map(await Promise.all(owners.map(async (w) => [nameOf(w), Uint8Array.from(await store.read(maskName(nameOf(w))))] as const)));
  try {
    for (const { program: p } of [...passes, select]) await fillStore(store, p, weights, seed);
    const hasFlow = programs.select.outputs['total']!.op !== 'constant';
    for (const [round, keep] of keeps.entries()) {
      signal?.throwIfAborted();
      const start = performance.now();
      for (const pass of passes) {
        for (let sample = 0; sample < (criterion.resamplings ?? 1); sample++) {
          for (const [i, { images, labels }] of data.entries()) {
            signal?.throwIfAborted();
            await redraw(store, pass.program, fold(key(seed), 'noise', round, sample, i));
            await pass.run(store, Object.fromEntries(Object.entries({ images, labels }).filter(([name]) => pass.program.inputs.has(name))));
          }
        }
      }
      if (trainings !== null) {
        const trained = await trainings.train(await readMasks(), round);
        for (const name of owners.map(nameOf)) await store.write(name, trained.get(name)!.data);
      }
      const result = await select.run(store, { keep: [keep] });
      const where = `prune: ${criterion.name}, round ${round + 1} of ${rounds}`;
      const [flow, live, nonFinite] = [result['total']![0]!, result['live']![0]!, result['nonFinite']![0]!];
      if (flow === 0) fail('COLLAPSE', `${where}: no path is left from input to output; use more rounds or a lower sparsity`);
      if (nonFinite !== 0) fail('NON_FINITE', `${where}: ${nonFinite} of ${total} scores are NaN or infinite; check the weights and the data`);
      if (live !== keep) fail('NON_FINITE', `${where}: ${live} weights survive instead of ${keep}`);
      onRound({ round, rounds, live, log2Flow: hasFlow ? Math.log2(flow) + result['exponent']![0]! : null, seconds: (performance.now() - start) / 1000 });
    }
    return await readMasks();
  } finally {
    store.dispose();
    for (const pass of passes) pass.dispose();
    select.dispose();
  }
};
