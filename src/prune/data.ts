import { fail } from '../errors.js';
import type { Network } from '../nn/network.js';
import { showValue } from '../options.js';
import { checkImages, checkMinibatch } from '../source/check.js';
import { checkTargetValues, type TargetTypes } from '../source/targets.js';
import type { Task } from '../task/task.js';
import { size } from '../tensor/tensor.js';
import { targetsOf, type MethodFacts, type AnyMinibatch } from './method.js';

/** Images of a minibatch, all of which are of one size; 1 without data. */
export const batchOf = (net: Network, [first]: readonly AnyMinibatch[]): number =>
  first === undefined ? 1 : first.images.length / size(net.input.shape.slice(1));

/** The classes of a task that needs one label for each image and nothing else; null for others. */
const classesOf = ({ labels, ...others }: TargetTypes): number | null =>
  labels?.kind === 'classes' && labels.shape.length === 0 && Object.keys(others).length === 0
    ? labels.classes
    : null;

/** Throws DATA unless a minibatch has finite images and the targets of the task. */
const checkTargets = (
  where: string,
  minibatch: AnyMinibatch,
  count: number,
  sample: number,
  task: string,
  types: TargetTypes,
): void => {
  checkImages(where, minibatch.images, count, sample);
  const targets = targetsOf(minibatch);
  for (const [name, type] of Object.entries(types)) {
    const values =
      targets[name] ??
      fail(
        'DATA',
        `${where}: ${task} needs targets '${name}', it has ${Object.keys(targets).join(', ') || 'none'}; give { images, targets: { ${name} } }`,
      );
    checkTargetValues(`${where}: targets '${name}'`, values, count, type);
  }
};

/**
 * The minibatches that a method reads, of one size, with the targets of the task where it reads them. Throws
 * OPTION where there are none, DATA for what is none of the network's. `where` starts the message.
 */
export const dataOf = (
  where: string,
  net: Network,
  { name, data: reads }: MethodFacts,
  task: Task,
  data: readonly AnyMinibatch[],
): readonly AnyMinibatch[] => {
  if (reads === 'none') return [];
  const sample = size(net.input.shape.slice(1));
  if (!Array.isArray(data))
    fail(
      'OPTION',
      `${where}: data is ${showValue(data)}; give a list of minibatches, as pruningSplit(dataset) makes it`,
    );
  const [first] = data as readonly AnyMinibatch[]; // each is checked below
  if (first === undefined) return fail('OPTION', `${where}: ${name} reads ${reads}; give it data`);
  const isLabelled = reads === 'labelled images';
  const types = isLabelled ? task.targets(net.output.shape.slice(1)) : {};
  const classes = 'labels' in first ? classesOf(types) : null;
  // The first says how many images a minibatch has; if it is none itself, its own check says so.
  const images =
    'labels' in first ? (first.labels?.length ?? 0) : Math.floor((first.images?.length ?? 0) / sample);
  data.forEach((minibatch: AnyMinibatch, i) => {
    const at = `${where}: minibatch ${i}`;
    if ('targets' in minibatch || (isLabelled && classes === null)) {
      if (isLabelled) checkTargets(at, minibatch, images, sample, task.name, types);
      else checkImages(at, minibatch.images, images, sample);
    } else checkMinibatch(at, minibatch, { images, sample, classes });
  });
  if (images === 0) fail('DATA', `${where}: minibatch 0 has no image; give at least one`);
  return data;
};
