import type { Attributes, DType, Shape } from '../tensor/tensor.js';
import { sameShape, showShape, showType, size } from '../tensor/tensor.js';
import { fail } from '../errors.js';
import type { OpDefinition, Where } from './op.js';
import { DTYPES, type AttributeKinds } from './attributes.js';
import { at, expectCount, expectReals, mismatch, perElement, real } from './op.js';
import { unitsStay } from './units.js';

/** Nodes without producers, and the marker that tells a network's two ways of reading its statistics apart. */

const dtypeOf = (attributes: Attributes, where: Where): DType => {
  const dtype = attributes['dtype'] ?? 'f32';
  return (
    DTYPES.find((d) => d === dtype) ??
    mismatch(where, `dtype is ${JSON.stringify(dtype)}`, `choose ${DTYPES.join(', ')}`)
  );
};

const leaf = (
  name: string,
  doc: string,
  attributes: AttributeKinds,
  value: OpDefinition['evaluate'],
  lower: OpDefinition['lower'],
): OpDefinition => ({
  name,
  doc,
  attributes,
  infer: (inputs, given, where) => {
    expectCount(inputs, 0, where);
    return { shape: given['shape'] as Shape, dtype: dtypeOf(given, where) };
  },
  vjp: () => [],
  paths: { kind: 'linear' },
  units: unitsStay,
  evaluate: value,
  cost: perElement(0),
  lower,
});

const unbound: OpDefinition['evaluate'] = (_, node) =>
  fail(
    'GRAPH',
    `${node.op}: no value for '${String(node.attributes['name'])}'; bind it in the program's state or inputs`,
  );

const bound =
  (space: 'state' | 'input'): OpDefinition['lower'] =>
  ({ attributes }) => ({ kind: 'leaf', in: space, name: String(attributes['name']) });

const NAMED = { name: 'text', shape: 'sizes', dtype: 'dtype?' } as const;

/** A value that changes from run to run: images, labels, a learning rate. Attributes: name, shape, dtype. */
export const input = leaf('input', 'a value given at every run', NAMED, unbound, bound('input'));

/**
 * A named value that lives on the device between runs: parameter, statistic, mask, moment, data set. Attributes: name,
 * shape, dtype, role (see nn/parameter.ts) and, for parameters, how it is initialised.
 */
export const state = leaf(
  'state',
  'a named value kept between runs',
  { ...NAMED, role: 'role?', init: 'initialiser?', flattened: 'volume?' },
  unbound,
  bound('state'),
);

/** One number everywhere. Attributes: shape, value. */
export const constant: OpDefinition = {
  ...leaf(
    'constant',
    'one number everywhere',
    { shape: 'sizes', value: 'number' },
    (_, node) => new Float64Array(size(node.shape)).fill(node.attributes['value'] as number),
    ({ attributes }) => ({ kind: 'constant', value: attributes['value'] as number }),
  ),
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 0, where);
    return real(attributes['shape'] as Shape);
  },
};

const HOLDS: Readonly<Record<DType, (v: number) => boolean>> = {
  f32: () => true,
  i32: (v) => (v | 0) === v,
  u8: (v) => (v & 255) === v,
};

/** A small literal array. Attributes: shape, dtype, data. */
export const literal: OpDefinition = {
  ...leaf(
    'literal',
    'a literal array',
    { shape: 'sizes', data: 'numbers', dtype: 'dtype?' },
    (_, node) => Float64Array.from(node.attributes['data'] as readonly number[]),
    ({ attributes }) => ({
      kind: 'leaf',
      in: 'constant',
      data: attributes['data'] as readonly number[],
    }),
  ),
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 0, where);
    const shape = attributes['shape'] as Shape;
    const data = attributes['data'] as readonly number[];
    if (data.length !== size(shape))
      mismatch(
        where,
        `${data.length} numbers for shape ${showShape(shape)}`,
        'give one number for each element',
      );
    const dtype = dtypeOf(attributes, where);
    const bad = data.find((v) => !HOLDS[dtype](v));
    if (bad !== undefined) mismatch(where, `${dtype} cannot hold ${bad}`, 'give numbers of its type');
    return { shape, dtype };
  },
};

/**
 * (x [.., c], stored [c]) -> [c]: a BatchNorm statistic of x. Read for inference it is `stored`, read for training it is the moment of
 * the batch; transform/statistics.ts makes that choice, and until then it means `stored`. Attributes: moment.
 */
export const statistic: OpDefinition = {
  name: 'statistic',
  doc: 'a stored batch statistic, or the moment it stores',
  attributes: { moment: 'moment' },
  infer: (inputs, _, where) => {
    expectReals(inputs, 2, where);
    const [x, stored] = [at(inputs, 0), at(inputs, 1)];
    if (!sameShape(stored.shape, x.shape.slice(-1)))
      mismatch(where, `statistic ${showType(stored)} of ${showType(x)}`, 'it holds one number per channel');
    return { shape: stored.shape, dtype: 'f32' };
  },
  vjp: (_o, _node, dy) => [null, dy],
  paths: { kind: 'none', why: 'must be read for inference first' },
  units: unitsStay,
  evaluate: (inputs) => at(inputs, 1),
  cost: perElement(0),
  lower: () =>
    fail(
      'GRAPH',
      'statistic: the graph was not read for inference or training; apply inference() or training() first',
    ),
};
