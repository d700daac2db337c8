import * as kinds from '../kinds.js';
import { checkOptions, checkValue, wordOf } from '../kinds.js';
import type { Network } from '../nn/network.js';
import type { Device } from '../runtime/device.js';
import { key } from '../random.js';
import { batches, epochOrder } from '../source/batches.js';
import { sourceKind } from '../source/source.js';
import { classification } from '../task/classification.js';
import type { Shape } from '../tensor/tensor.js';
import { NOISE } from '../transform/readings.js';
import { addResident, inputsOf } from './evaluate.js';
import { executionOf, type ExecutionChoice } from './execution.js';
import { FIT_OPTIONS, type FitOptions } from './fit-options.js';
import { scalarsOf } from './optimisers/optimiser.js';
import { optimiserOf, sourceOf, trainingProgram, type TrainingData } from './programs.js';
import { addStart, checkStart, checkStartFits, type TrainingStart } from './start.js';
import { trainingState } from './state.js';

const TIMED = wordOf('dense', 'sparse');
/** Runs before the first that counts, and runs of which the shortest counts. */
const [WARM_UP, RUNS] = [1, 4];

/**
 * Seconds of one training step, by the clock of the host: the shortest of a few at rate 0, on a copy of the
 * start. Errors are those of fit().
 */
export const stepSeconds = async <I extends Shape, O extends Shape>(
  net: Network<I, O>,
  start: TrainingStart,
  data: TrainingData<NoInfer<I>, NoInfer<O>>,
  device: Device,
  options: FitOptions<NoInfer<O>>,
  execution: Exclude<ExecutionChoice, 'auto'>,
): Promise<number> => {
  checkValue('stepSeconds: network', net, kinds.networkKind);
  checkStart('stepSeconds', start);
  checkValue('stepSeconds: data', data, sourceKind);
  checkValue('stepSeconds: device', device, kinds.deviceKind);
  checkOptions<FitOptions<O>>('stepSeconds', options, FIT_OPTIONS);
  checkValue('stepSeconds: execution', execution, TIMED);
  checkStartFits(net, start);
  const { task: givenTask, batch = 128, augment, clipNorm, ...others } = options;
  const task = givenTask ?? classification();
  const source = sourceOf('train', data, augment);
  const optimiser = optimiserOf('train', others);
  const { trainable } = executionOf('train', net, start.masks ?? null, execution, device);
  const step = trainingProgram(trainable, source, 'train', batch, task, { optimiser, clipNorm });
  const trainer = await device.compile(step);
  const store = device.store();
  try {
    await addResident(store, source.train);
    await addStart(trainingState(trainable, step, store), net, start);
    const [cut] = batches(source.train.count, batch, { dropLast: true });
    const order = epochOrder(key(0), 0, source.train.count);
    const images = await source.train.inputs(order.subarray(cut!.from, cut!.to), {
      key: key(0),
      epoch: 0,
      step: 0,
    });
    const inputs = inputsOf(step, {
      ...images,
      ...scalarsOf(optimiser, 1),
      [NOISE]: Int32Array.of(0, 0),
      rate: [0],
    });
    let shortest = Infinity;
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const begun = performance.now();
      await trainer.run(store, inputs);
      if (run >= WARM_UP) shortest = Math.min(shortest, performance.now() - begun);
    }
    return shortest / 1000;
  } finally {
    trainer.dispose();
    store.dispose();
  }
};
