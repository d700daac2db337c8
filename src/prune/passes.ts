import type { Weights } from '../nn/weights.js';
import type { Program } from '../program/program.js';
import { tableName, withTables } from '../program/tables.js';
import { fold, key, type Key } from '../random.js';
import { runsUnderWay, type Device, type Executable, type Store } from '../runtime/device.js';
import { pipeline, type Pipeline } from '../runtime/pipeline.js';
import type { Masks } from '../transform/mask.js';
import type { TargetValues } from '../source/targets.js';
import { targetsOf, type AnyMinibatch } from './method.js';
import type { PassPrograms } from './programs.js';
import { fillStore, redraw } from './store.js';

export interface PassSettings {
  readonly weights: Weights;
  /** Null for all weights live. */
  readonly masks: Masks | null;
  /** Of one size. */
  readonly data: readonly AnyMinibatch[];
  /** How often a round passes over the minibatches. */
  readonly resamplings: number;
  readonly seed: number;
  readonly signal: AbortSignal | null;
}

/** Programs of a criterion on a device, and the store that they share. */
export interface Passes {
  readonly store: Store;
  /** What follows the passes: it masks, or gives the scores. */
  readonly last: Executable;
  readonly underWay: Pipeline;
  /** Starts all passes over all minibatches; the noise that they draw is that of `round`. */
  readonly run: (round: number) => Promise<void>;
  /** Ends what is under way and frees the programs and the store. */
  readonly dispose: () => Promise<void>;
}

/** Runs under way on a GPU: there rounds follow each other while the host still reads their reports. */
const DEPTH = 8;

/** Arrays of one size, one after the other. */
const joined = (parts: readonly TargetValues[]): Float32Array => {
  const length = parts[0]!.length;
  const whole = new Float32Array(parts.length * length); // labels are small integers, which float32 holds exactly
  parts.forEach((part, i) => whole.set(part, i * length));
  return whole;
};

/** What passes read of the pruning split: by the name of the input, the values of each minibatch. */
const tablesOf = (data: readonly AnyMinibatch[]): ReadonlyMap<string, readonly TargetValues[]> => {
  const [first] = data;
  if (first === undefined) return new Map();
  return new Map([
    ['images', data.map((d) => d.images)],
    ...Object.keys(targetsOf(first)).map((name) => [name, data.map((d) => targetsOf(d)[name]!)] as const),
  ]);
};

/** Compiles the passes and what follows them, and fills their store: weights, masks, all minibatches. */
export const openPasses = async (
  device: Device,
  { accumulate, secondPass }: PassPrograms,
  after: Program,
  { weights, masks, data, resamplings, seed, signal }: PassSettings,
): Promise<Passes> => {
  const store = device.store();
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  const tables = tablesOf(data);
  const sums = [accumulate, secondPass]
    .filter((p) => p !== null)
    .map((p) => withTables(p, [...tables.keys()], Math.max(data.length, 1)));
  // One is compiled while the device loads another.
  const executables = await Promise.all([...sums, after].map((p) => device.compile(p)));
  const last = executables[executables.length - 1]!;
  const passes = executables.slice(0, -1);

  /** One pass over minibatch number `row`. */
  const runPass = async (pass: Executable, row: number, noise: Key): Promise<void> => {
    const drawn = redraw(store, pass.program, noise);
    await Promise.all([drawn, pass.run(store, pass.program.inputs.has('row') ? { row: [row] } : {})]);
  };
  const run = async (round: number): Promise<void> => {
    for (const pass of passes) {
      for (let sample = 0; sample < resamplings; sample++) {
        for (let row = 0; row < data.length; row++) {
          signal?.throwIfAborted();
          await underWay.add(runPass(pass, row, fold(key(seed), 'noise', round, sample, row)));
        }
      }
    }
  };
  const dispose = async (): Promise<void> => {
    await underWay.settle();
    store.dispose();
    for (const executable of executables) executable.dispose();
  };

  try {
    for (const [name, values] of tables) {
      const leaf = passes
        .map(({ program: p }) => p.state.get(tableName(name)))
        .find((table) => table !== undefined);
      if (leaf !== undefined) await store.add(tableName(name), leaf, joined(values));
    }
    for (const { program: p } of executables) await fillStore(store, p, weights, seed, masks);
    return { store, last, underWay, run, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};
