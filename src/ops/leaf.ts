import type { Attributes, DType, Shape } from '../tensor/tensor.js';
import { showShape, size } from '../tensor/tensor.js';
import { fail } from '../errors.js';
import type { OpDefinition, Where } from './op.js';
import { DTYPES, type AttributeKinds } from './attributes.js';
import { expectCount, mismatch, perElement, real } from './op.js';
import { unitsStay } from './units.js';

/** Nodes without producers. */

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
 * A named value that lives on the device between runs: parameter, statistic, mask, moment, data set.
 * Attributes: name, shape, dtype, role (see nn/parameter.ts) and, for parameters, how it is initialised.
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
