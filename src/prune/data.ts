import { fail } from '../errors.js';
import type { Network } from '../nn/network.js';
import { showValue } from '../options.js';
import { checkMinibatch } from '../source/check.js';
import { size } from '../tensor/tensor.js';
import type { MethodFacts, Minibatch } from './method.js';

/** The minibatches that a method reads, of one size. Throws OPTION where there are none, DATA for what is none of the network's. `where` starts the message. */
export const dataOf = (
  where: string,
  net: Network,
  { name, data: reads }: MethodFacts,
  data: readonly Minibatch[],
): readonly Minibatch[] => {
  if (reads === 'none') return [];
  const sample = size(net.input.shape.slice(1));
  if (!Array.isArray(data))
    fail(
      'OPTION',
      `${where}: data is ${showValue(data)}; give a list of minibatches, as pruningSplit(dataset) makes it`,
    );
  if (data.length === 0) fail('OPTION', `${where}: ${name} reads ${reads}; give it data`);
  // The first says how many images a minibatch has; if it is none itself, its own check says so.
  const images = data[0]?.labels?.length ?? 0;
  const classes = reads === 'labelled images' ? net.output.shape[1]! : null;
  data.forEach((d, i) => checkMinibatch(`${where}: minibatch ${i}`, d, { images, sample, classes }));
  if (images === 0) fail('DATA', `${where}: minibatch 0 has no image; give at least one`);
  return data;
};
