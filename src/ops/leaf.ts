import type { Shape } from '../tensor/tensor.js';
import { sameShape, showShape, showType, size } from '../tensor/tensor.js';
import { fail } from '../errors.js';
import type { OpDefinition } from './op.js';
import { at, mismatch, perElement } from './op.js';

/** Nodes without producers, and the marker that tells a network's two ways of reading its statistics apart. */

const leaf = (name: string, doc: string, value: OpDefinition['evaluate']): OpDefinition => ({
  name,
  doc,
  infer: (_, attributes) => ({ shape: attributes['shape'] as Shape, dtype: (attributes['dtype'] ?? 'f32') as 'f32' | 'i32' | 'u8' }),
  vjp: () => [],
  paths: { kind: 'linear' },
  evaluate: value,
  cost: perElement(0),
  lower: () => ({ kind: 'leaf' }),
});

const unbound: OpDefinition['evaluate'] = (_, node) => fail('GRAPH', `${node.op}: no value for '${String(node.attributes['name'])}'; bind it in the program's state or inputs`);

/** A value that changes from run to run: images, labels, a learning rate. Attributes: name, shape, dtype. */
export const input = leaf('input', 'a value given at every run', unbound);

/**
 * A named value that lives on the device between runs: parameter, statistic, mask, moment, data set. Attributes: name,
 * shape, dtype, role (see nn/parameter.ts) and, for parameters, how it is initialised.
 */
export const state = leaf('state', 'a named value kept between runs', unbound);

/** One number everywhere. Attributes: shape, value. */
export const constant = leaf('constant', 'one number everywhere', (_, node) =>
  new Float64Array(size(node.shape)).fill(node.attributes['value'] as number));

/** A small literal array. Attributes: shape, dtype, data. */
export const literal: OpDefinition = {
  ...leaf('literal', 'a literal array', (_, node) => Float64Array.from(node.attributes['data'] as readonly number[])),
  infer: (_, attributes, where) => {
    const shape = attributes['shape'] as Shape;
    const count = (attributes['data'] as readonly number[]).length;
    if (count !== size(shape)) mismatch(where, `${count} numbers for shape ${showShape(shape)}`, 'give one number for each element');
    return { shape, dtype: (attributes['dtype'] ?? 'f32') as 'f32' | 'i32' };
  },
};

/**
 * (x [.., c], stored [c]) -> [c]: a BatchNorm statistic of x. Read for inference it is `stored`, read for training it is the moment of
 * the batch; transform/statistics.ts makes that choice, and until then it means `stored`. Attributes: moment.
 */
export const statistic: OpDefinition = {
  name: 'statistic',
  doc: 'a stored batch statistic, or the moment it stores',
  infer: ([x, stored], _, where) => {
    if (x === undefined || stored === undefined || !sameShape(stored.shape, x.shape.slice(-1))) {
      return mismatch(where, `statistic ${stored ? showType(stored) : 'missing'} of ${x ? showType(x) : 'nothing'}`, 'it holds one number per channel');
    }
    return { shape: stored.shape, dtype: 'f32' };
  },
  vjp: (_o, _node, dy) => [null, dy],
  paths: { kind: 'none', why: 'must be read for inference first' },
  evaluate: (inputs) => at(inputs, 1),
  cost: perElement(0),
  lower: () => fail('GRAPH', 'statistic: the graph was not read for inference or training; apply inference() or training() first'),
};

