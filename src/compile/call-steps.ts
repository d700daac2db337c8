import { fail } from '../errors.js';
import type { CallStep } from '../plan/plan.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { joinedAxes, type CopyAxes } from './copy-axes.js';
import { loweringOf } from './fuse.js';

/** The steps of a node that is no part of a fused step: a call, a fill, or copies. */

const stepName = ({ path, op }: Tensor): string => (path === '' ? op : `${path}:${op}`);

/** A call, its operands still to be filled in. */
export const productStep = (node: Tensor, output: number): CallStep => {
  const lowering = loweringOf(node);
  if (lowering.kind !== 'call') return fail('GRAPH', `compile: ${node.op} has no kernel`);
  return { ...lowering, name: stepName(node), inputs: [], outputs: [output] };
};

/** A strided copy; offsets are of elements. */
export const copyStep = (
  name: string,
  from: number,
  to: number,
  axes: CopyAxes,
  srcOffset = 0,
  dstOffset = 0,
): CallStep => ({
  kind: 'call',
  name,
  kernel: 'copy',
  inputs: [from],
  outputs: [to],
  attributes: {
    dims: axes.map((a) => a.extent),
    srcOffset,
    srcStrides: axes.map((a) => a.from),
    dstOffset,
    dstStrides: axes.map((a) => a.to),
  },
});

/** All elements from one buffer to another of the same size. */
export const copyAll = (from: number, to: number, tensor: Tensor): CallStep =>
  copyStep('copy', from, to, [{ extent: size(tensor.shape), from: 1, to: 1 }]);

export const callSteps = (node: Tensor, inputs: readonly number[], output: number): readonly CallStep[] => {
  const lowering = loweringOf(node);
  const name = stepName(node);
  const fill = (value: number): CallStep => ({
    kind: 'call',
    name,
    kernel: 'fill',
    inputs: [],
    outputs: [output],
    attributes: { value },
  });
  if (lowering.kind === 'constant') return [fill(lowering.value)];
  if (lowering.kind === 'copies')
    return [
      ...(lowering.cover ? [] : [fill(0)]),
      ...lowering.copies.map((c) =>
        copyStep(name, inputs[c.input]!, output, joinedAxes(c), c.srcOffset, c.dstOffset),
      ),
    ];
  return [{ ...productStep(node, output), inputs }];
};
