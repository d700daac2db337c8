import { fail } from '../errors.js';
import { checkDatasetFacts } from '../source/check.js';
import type { Dataset } from '../source/dataset.js';
import {
  checkOptions,
  checkValue,
  datasetKind,
  needed,
  networkKind,
  positiveInteger,
  wordOf,
  type KindsOf,
} from '../kinds.js';
import { isLearnt } from '../graph/roles.js';
import { stateName } from '../graph/state-names.js';
import { correctCount, crossEntropy, mean } from '../nn/loss.js';
import { parameters, rebatch, type Network } from '../nn/network.js';
import { ops } from '../ops/registry.js';
import { program, type Program } from '../program/program.js';
import { showShape, type Tensor } from '../tensor/tensor.js';
import { substitute } from '../graph/graph.js';
import { grad } from '../transform/grad.js';
import { masked } from '../transform/mask.js';
import { inference, training, type Readable } from '../transform/statistics.js';
import { sgd, SGD_OPTIONS, type SgdOptions } from './optimiser.js';

/** How a data set lies on the device: images as bytes and labels, resident for all steps. */
export interface Resident {
  readonly split: 'train' | 'test';
  readonly count: number;
}

const RESIDENT: KindsOf<Resident> = {
  split: needed(wordOf('train', 'test')),
  count: needed(positiveInteger),
};

export const residentNames = (split: string): { readonly images: string; readonly labels: string } => ({
  images: stateName('data', `${split}/images`),
  labels: stateName('data', `${split}/labels`),
});

/** Images of a resident split by index, shifted and flipped, then normalised per channel; and their labels. */
const batchOf = (
  data: Dataset,
  { split, count }: Resident,
  batch: number,
): { readonly images: Tensor; readonly labels: Tensor } => {
  const names = residentNames(split);
  const { height, width, channels, mean: mu, std } = data;
  const table = ops.state(names.images, [count, height, width, channels], { dtype: 'u8', role: 'data' });
  const index = ops.input('index', [batch], 'i32');
  const pixels = ops.cropFlip(table, index, ops.input('shift', [batch, 3], 'i32'));
  // (pixel / 255 - mean) / std as one scale and one shift
  const scaled = ops.mul(
    pixels,
    ops.literal(
      [channels],
      Array.from(std, (s) => 1 / (255 * s)),
    ),
  );
  return {
    images: ops.sub(
      scaled,
      ops.literal(
        [channels],
        Array.from(mu, (m, c) => m / std[c]!),
      ),
    ),
    labels: ops.gather(ops.state(names.labels, [count], { dtype: 'i32', role: 'data' }), index),
  };
};

const feed = (net: Readable, images: Tensor): Tensor =>
  substitute([net.output], new Map([[net.input, images]]))[0]!;

/** Throws OPTION unless the network takes the data set's images and tells its classes apart, DATA for a data set of impossible sizes or moments. */
export const checkFits = (net: Network, data: Dataset): void => {
  checkDatasetFacts(data);
  const sample = [data.height, data.width, data.channels];
  if (showShape(net.input.shape.slice(1)) !== showShape(sample)) {
    fail(
      'OPTION',
      `network '${net.name}' takes images ${showShape(net.input.shape.slice(1))}, ${data.name} has ${showShape(sample)}; build the network for that size`,
    );
  }
  if (net.output.shape.length !== 2 || net.output.shape[1] !== data.classes) {
    fail(
      'OPTION',
      `network '${net.name}' answers ${showShape(net.output.shape.slice(1))}, ${data.name} has ${data.classes} classes; give the classifier that width`,
    );
  }
};

const checkStep = (where: string, net: Network, data: Dataset, resident: Resident, batch: number): void => {
  checkValue(`${where}: network`, net, networkKind);
  checkValue(`${where}: data`, data, datasetKind);
  checkOptions(`${where}: resident`, resident, RESIDENT);
  checkValue(`${where}: batch`, batch, positiveInteger);
};

/**
 * One training step of the masked network. Inputs: index [batch], shift [batch, 3], rate []. Outputs: loss (mean cross-entropy), correct
 * (count). Next: parameters, velocities, running statistics.
 */
export const trainStep = (
  net: Network,
  data: Dataset,
  resident: Resident,
  batch: number,
  options: SgdOptions = {},
): Program => {
  checkStep('trainStep', net, data, resident, batch);
  checkOptions('trainStep', options, SGD_OPTIONS);
  checkFits(net, data);
  const { images, labels } = batchOf(data, resident, batch);
  const read = training(rebatch(masked(net), batch));
  const output = feed(read, images);
  const updates = substitute(
    read.updates.map((u) => u.next),
    new Map([[read.input as Tensor, images]]),
  );
  const loss = mean(crossEntropy(output, labels));
  const learnt = parameters(net).filter(isLearnt);
  return program('train', {
    narrowable: true,
    outputs: { loss, correct: correctCount(output, labels) },
    next: [
      ...sgd(learnt, grad(loss, learnt), ops.input('rate', []), options),
      ...read.updates.map((u, i) => [u.stored, updates[i]!] as const),
    ],
  });
};

/** Evaluation of one batch. Inputs: index [batch], shift [batch, 3], weight [batch] (0 for filling up the last batch). Outputs: loss (sum), correct (count). */
export const evaluateStep = (net: Network, data: Dataset, resident: Resident, batch: number): Program => {
  checkStep('evaluateStep', net, data, resident, batch);
  checkFits(net, data);
  const { images, labels } = batchOf(data, resident, batch);
  const output = feed(inference(rebatch(masked(net), batch)), images);
  const counts = ops.input('weight', [batch]);
  const correct = ops.equal(ops.toReal(ops.argMax(output)), ops.toReal(labels));
  return program('evaluate', {
    narrowable: true,
    outputs: {
      loss: ops.sum(ops.mul(crossEntropy(output, labels), counts), [0]),
      correct: ops.sum(ops.mul(correct, counts), [0]),
    },
  });
};
