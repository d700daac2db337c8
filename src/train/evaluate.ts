import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, type KindsOf } from '../kinds.js';
import type { Network } from '../nn/network.js';
import type { Program } from '../program/program.js';
import { runsUnderWay, type Device, type Executable, type Store } from '../runtime/device.js';
import { pipeline } from '../runtime/pipeline.js';
import { batches } from '../source/batches.js';
import { isSource, sourceKind, type Source, type SourceSplit } from '../source/source.js';
import { classification } from '../task/classification.js';
import { reportOf, taskKind, type Task } from '../task/task.js';
import { size, type Shape } from '../tensor/tensor.js';
import { checkFits, evaluationProgram, sourceOf, type TrainingData } from './programs.js';
import { executionKind, executionOf, type ExecutionChoice } from './execution.js';
import { trainingState } from './state.js';
import { addStart, checkStart, checkStartFits, type TrainingStart } from './start.js';

/** Images of a test batch: fewer of larger ones, whose activations would fill the memory. */
export const testBatchOf = ({ sample }: Source): number => {
  const ofTinyImageNet = 64 * 64 * 3;
  return Math.max(1, Math.floor(250 * Math.min(1, ofTinyImageNet / size(sample))));
};
/** Steps under way on a GPU. */
export const DEPTH = 4;

/** What an evaluation found: the mean loss, and what the task measures, such as `accuracy` or `meanIoU`. */
export type Evaluation = Readonly<Record<string, number>> & { readonly loss: number };

export interface EvaluateOptions<O extends Shape = Shape> {
  /** Default: `classification()`. */
  readonly task?: Task<O>;
  /** How a ticket is computed. Default: whichever is expected to be faster. */
  readonly execution?: ExecutionChoice;
  readonly signal?: AbortSignal;
}
const EVALUATE_OPTIONS: KindsOf<EvaluateOptions> = {
  task: taskKind,
  execution: executionKind,
  signal: kinds.signal,
};
const SPLIT = kinds.wordOf('train', 'test');

/** What an evaluation is called in messages, and what helps where its loss is not finite. */
export interface Tested {
  readonly where: string;
  readonly remedy: string;
}

/**
 * Loss and measures of a network (or ticket) on a split; of classification, the usual task, `accuracy`.
 * `signal` ends it after the batches under way. Errors: DATA, WEIGHTS, OPTION, NON_FINITE for a loss that is
 * NaN or infinite.
 */
export const evaluate = async <I extends Shape, O extends Shape>(
  net: Network<I, O>,
  state: Omit<TrainingStart, 'velocities' | 'moments'>,
  data: TrainingData<NoInfer<I>, NoInfer<O>>,
  device: Device,
  split: 'train' | 'test' = 'test',
  options: EvaluateOptions<NoInfer<O>> = {},
): Promise<Evaluation & { readonly accuracy: number }> => {
  checkValue('evaluate: network', net, kinds.networkKind);
  checkStart('evaluate', state);
  checkValue('evaluate: data', data, sourceKind);
  checkValue('evaluate: device', device, kinds.deviceKind);
  checkValue('evaluate: split', split, SPLIT);
  checkOptions<EvaluateOptions<O>>('evaluate', options, EVALUATE_OPTIONS);
  checkStartFits(net, state);
  const task = options.task ?? classification();
  const source = sourceOf('evaluate', data, isSource(data) ? undefined : null);
  checkFits(net, source, task);
  source.check([split]);
  options.signal?.throwIfAborted();
  const { trainable } = executionOf(
    'evaluate',
    net,
    state.masks ?? null,
    options.execution ?? 'auto',
    device,
  );
  const program = evaluationProgram(trainable, source, split, testBatchOf(source), task);
  const tester = await device.compile(program);
  const store = device.store();
  try {
    await addResident(store, source[split]);
    await addStart(trainingState(trainable, program, store), net, state);
    const found = await evaluateOn(tester, store, source, split, task, device, options.signal, {
      where: `evaluate: the loss on the ${split} split of '${source.name}'`,
      remedy: 'the weights drive the network out of the range of floats; take others',
    });
    return { ...found, accuracy: found['accuracy'] ?? NaN };
  } finally {
    tester.dispose();
    store.dispose();
  }
};

/** What lies on the device while a split is read. */
export const addResident = async (store: Store, split: SourceSplit): Promise<void> => {
  for (const { name, type, values } of split.resident) await store.add(name, type, values);
};

/** Adds up the outputs of runs, whatever their shapes. */
export class Sums {
  private readonly sums = new Map<string, Float64Array>();

  add(outputs: Readonly<Record<string, ArrayLike<number>>>): void {
    for (const [name, values] of Object.entries(outputs)) {
      const sum = this.sums.get(name) ?? new Float64Array(values.length);
      for (let i = 0; i < values.length; i++) sum[i]! += values[i]!;
      this.sums.set(name, sum);
    }
  }

  /** The sum of an output that is one number; undefined where the program has none of that name. */
  scalar(name: string): number | undefined {
    return this.sums.get(name)?.[0];
  }

  get all(): Readonly<Record<string, ArrayLike<number>>> {
    return Object.fromEntries(this.sums);
  }
}

/** Of what could be given to a program, its inputs: a ticket of which nothing is left reads no images. */
export const inputsOf = <V>(
  { inputs }: Pick<Program, 'inputs'>,
  given: Readonly<Record<string, V>>,
): Readonly<Record<string, V>> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => inputs.has(name)));

/** Where nothing counts, the loss is 0, as in training. */
const meanOf = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);

export const evaluateOn = async (
  tester: Executable,
  store: Store,
  source: Source,
  of: 'train' | 'test',
  task: Task,
  device: Device,
  signal: AbortSignal | undefined,
  { where, remedy }: Tested,
): Promise<Evaluation> => {
  const batch = testBatchOf(source);
  const split = source[of];
  const underWay = pipeline(runsUnderWay(device, DEPTH));
  const sums = new Sums();
  try {
    for (const { from, to } of batches(split.count, batch, { dropLast: false })) {
      signal?.throwIfAborted();
      // the last batch is filled up with its own last image, which then counts for nothing
      const index = Int32Array.from({ length: batch }, (_, i) => Math.min(from + i, to - 1));
      const weight = Float32Array.from({ length: batch }, (_, i) => (from + i < to ? 1 : 0));
      const inputs = await split.inputs(index, null);
      const run = tester.run(store, inputsOf(tester.program, { ...inputs, weight }));
      await underWay.add(run.then((out) => sums.add(out)));
    }
    await underWay.drain();
    signal?.throwIfAborted();
  } finally {
    await underWay.settle();
  }
  const loss = sums.scalar('loss')!;
  // Of NaN logits argMax is some class, so that an accuracy alone would not show them; their loss is NaN.
  if (!Number.isFinite(loss)) fail('NON_FINITE', `${where} is ${loss}; ${remedy}`);
  return {
    ...reportOf(task, sums.all, split.count),
    loss: meanOf(loss, sums.scalar('divisor') ?? split.count),
  };
};
