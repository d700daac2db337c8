import { fail } from '../errors.js';
import { isCount, showValue } from '../options.js';
import { showType, size, type DType, type TensorType } from '../tensor/tensor.js';
import type { NativeArray } from './native.js';

/**
 * Values on their way to a device. Typed arrays convert what is written to them in silence: NaN becomes 0 in
 * an Int32Array, 511 becomes 255 in a Uint8Array and 1e39 infinite in a Float32Array. Here every value that
 * its state or input cannot hold is an error instead; an array that is of the tensor's own kind already is
 * taken as it is, unread.
 */

const KINDS = [
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
] as const;

/** Arrays whose values a type always holds. */
const OWN = { f32: [Float64Array, Float32Array], i32: [Int32Array], u8: [Uint8Array] } as const;

/** Throws DEVICE for what is no type of a tensor. */
const checkType = (where: string, type: TensorType): void => {
  const { shape, dtype } = (type as Partial<TensorType> | null) ?? {};
  if (!Array.isArray(shape) || !shape.every(isCount) || dtype === undefined || !Object.hasOwn(OWN, dtype))
    fail(
      'DEVICE',
      `${where}: its type is ${showValue(type)}; give { shape, dtype }, dtype one of ${Object.keys(OWN).join(', ')}`,
    );
};

/**
 * Throws DEVICE unless `values` is an array, or a typed array of numbers with memory of its own, of as many
 * numbers as the type has.
 */
const checkArray = (where: string, type: TensorType, values: ArrayLike<number>): void => {
  checkType(where, type);
  const isTyped = KINDS.some((kind) => (values as unknown) instanceof kind);
  if (!isTyped && !Array.isArray(values))
    fail(
      'DEVICE',
      `${where} ${showType(type)} cannot take ${showValue(values)}; give an array of numbers, such as a ${ownKind(type.dtype)}`,
    );
  if (isTyped && (values as Uint8Array).buffer instanceof SharedArrayBuffer)
    fail(
      'DEVICE',
      `${where} ${showType(type)} cannot take shared memory, which another thread may change meanwhile; give a copy: values.slice()`,
    );
  if (values.length !== size(type.shape))
    fail(
      'DEVICE',
      `${where} ${showType(type)} cannot take ${values.length} numbers; it needs ${size(type.shape)}`,
    );
};

const ownKind = (dtype: DType): string =>
  ({ f32: 'Float32Array', i32: 'Int32Array', u8: 'Uint8Array' })[dtype];

/** What may stand in a tensor of each type, and how messages say so. */
const HOLDS: Readonly<Record<DType | 'f64', readonly [test: (v: number) => boolean, what: string]>> = {
  f64: [() => true, 'numbers'],
  f32: [(v) => !Number.isFinite(v) || Number.isFinite(Math.fround(v)), 'numbers up to 3.4e38'],
  i32: [(v) => v === (v | 0), 'whole numbers from -2^31 to 2^31 - 1'],
  u8: [(v) => v === (v & 255), 'whole numbers from 0 to 255'],
};

const checkValues = (
  where: string,
  type: TensorType,
  values: ArrayLike<number>,
  kind: DType | 'f64',
): void => {
  const [holds, what] = HOLDS[kind];
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !holds(value))
      fail('DEVICE', `${where} ${showType(type)} cannot take ${showValue(value)} at ${i}; it holds ${what}`);
  }
};

/**
 * The values as a device of float32 takes them. `where` names the state or input: `store: 'x'`. Error DEVICE.
 */
export const nativeArray = (where: string, type: TensorType, values: ArrayLike<number>): NativeArray => {
  checkArray(where, type, values);
  switch (type.dtype) {
    case 'f32':
      if (values instanceof Float32Array) return values;
      checkValues(where, type, values, 'f32');
      return Float32Array.from(values);
    case 'i32':
      if (values instanceof Int32Array) return values;
      checkValues(where, type, values, 'i32');
      return Int32Array.from(values);
    case 'u8':
      if (values instanceof Uint8Array) return values;
      checkValues(where, type, values, 'u8');
      return Uint8Array.from(values);
  }
};

/** The values as the reference device takes them: reals keep all of their float64. Error DEVICE. */
export const referenceArray = (where: string, type: TensorType, values: ArrayLike<number>): Float64Array => {
  checkArray(where, type, values);
  const isOwn = OWN[type.dtype].some((kind) => (values as unknown) instanceof kind);
  if (!isOwn) checkValues(where, type, values, type.dtype === 'f32' ? 'f64' : type.dtype);
  return Float64Array.from(values);
};
