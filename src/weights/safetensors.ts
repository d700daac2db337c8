import * as t from 'io-ts';
import { checkArray } from '../arrays.js';
import { Count, decode as decodeWith, decodeJson, list, showJson, showStep, showText } from '../codec.js';
import { fail } from '../errors.js';
import { showValue } from '../options.js';
import { showShape, size, type Shape } from '../tensor/tensor.js';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): the header's length as a little-endian
 * uint64, the header as JSON {name: {dtype, shape, data_offsets: [from, to]}, __metadata__?: {text: text}},
 * then the bytes. Arrays are viewed in the host's byte order, which is little-endian on every platform
 * Node.js supports here.
 */
export type StoredTensor =
  | { readonly dtype: 'F32'; readonly shape: Shape; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly shape: Shape; readonly data: Float64Array }
  | { readonly dtype: 'I32'; readonly shape: Shape; readonly data: Int32Array }
  | { readonly dtype: 'I64'; readonly shape: Shape; readonly data: BigInt64Array }
  | { readonly dtype: 'U8'; readonly shape: Shape; readonly data: Uint8Array };

export interface StoredTensors {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The cap of the reference implementation: a longer header is an attack or not a header. */
const MAX_HEADER = 100_000_000;
const METADATA = '__metadata__';
const BYTES = { F32: 4, F64: 8, I32: 4, I64: 8, U8: 1, F16: 2, BF16: 2 } as const;
type Code = keyof typeof BYTES;

const isCode = (dtype: string): dtype is Code => Object.hasOwn(BYTES, dtype);
const utf8 = new TextEncoder();
/** By code unit, so that the order does not depend on a locale. */
const byText = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
/** A size of 0 makes the rest irrelevant, however large; the product of the rest may be no number. */
const elements = (shape: Shape): number => (shape.includes(0) ? 0 : size(shape));
const bytesOf = (data: StoredTensor['data']): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The array of each type that is written. */
const ARRAYS = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
} as const satisfies Record<StoredTensor['dtype'], unknown>;

/** Error WEIGHTS for what is no tensor, or holds other numbers than it says. */
const checkTensor = (name: string, tensor: StoredTensor): void => {
  const where = `safetensors: tensor ${showText(name)}`;
  if (name === METADATA)
    fail(
      'WEIGHTS',
      `safetensors: a tensor is named ${METADATA}, which the format keeps for itself; rename it`,
    );
  if (typeof tensor !== 'object' || tensor === null)
    fail('WEIGHTS', `${where} is ${showValue(tensor)}; give { dtype, shape, data }`);
  const { dtype, shape, data } = tensor;
  if (!Object.hasOwn(ARRAYS, dtype))
    fail(
      'WEIGHTS',
      `${where}: type ${showValue(dtype)} cannot be written; give one of ${Object.keys(ARRAYS).join(', ')}`,
    );
  checkArray(where, data, ARRAYS[dtype]);
  if (
    !Array.isArray(shape) ||
    shape.length > MAX_RANK ||
    !shape.every((d) => Number.isSafeInteger(d) && d >= 0)
  )
    fail(
      'WEIGHTS',
      `${where}: shape ${showJson(shape)} is no list of at most ${MAX_RANK} whole numbers from 0 on`,
    );
  if (data.length !== elements(shape))
    fail('WEIGHTS', `${where}: ${data.length} numbers for shape ${showShape(shape)} = ${elements(shape)}`);
};

/**
 * A safetensors file as bytes, the same for the same contents: wider types first, then by name, which keeps
 * every tensor aligned (the order of the reference implementation); the header is padded with spaces to a
 * multiple of 8. Error WEIGHTS for data that does not fill its shape or a tensor named `__metadata__`.
 */
export const encode = (
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => {
  for (const [name, tensor] of Object.entries(tensors)) checkTensor(name, tensor);
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      fail('WEIGHTS', `safetensors: metadata ${showText(key)} is ${showValue(value)}; it must be text`);
  const entries = Object.entries(tensors).sort(
    ([a, x], [b, y]) => BYTES[y.dtype] - BYTES[x.dtype] || byText(a, b),
  );
  const meta = Object.entries(metadata).sort(([a], [b]) => byText(a, b));
  const header: [string, unknown][] = meta.length > 0 ? [[METADATA, Object.fromEntries(meta)]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries)
    header.push([name, { dtype, shape, data_offsets: [end, (end += data.byteLength)] }]);
  // Written member by member: an object would move names such as '0' to the front.
  const json = utf8.encode(
    `{${header.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`,
  );
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(out.buffer).setBigUint64(0, BigInt(start - 8), true);
  out.set(json, 8);
  let at = start;
  for (const [, { data }] of entries) {
    out.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return out;
};

/** No library has more axes. */
const MAX_RANK = 64;
const Entry = t.strict(
  {
    dtype: t.string,
    shape: list(Count, { name: `a list of at most ${MAX_RANK} whole numbers from 0 on`, most: MAX_RANK }),
    data_offsets: t.tuple([Count, Count], 'two whole numbers from 0 on'),
  },
  '{ dtype, shape, data_offsets }',
);
const Members = new t.Type('an object', t.UnknownRecord.is, t.UnknownRecord.validate, t.identity);
/** One after the other: t.record would describe every one of a million that are wrong. */
const metadataOf = (value: unknown, where: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(decodeWith(Members, value, where, 'WEIGHTS')).map(([key, text]) => [
      key,
      decodeWith(t.string, text, `${where}${showStep(key)}`, 'WEIGHTS'),
    ]),
  );

/** IEEE 754 binary16 bits as a number. */
const half = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
};

const stored = (dtype: Code, shape: Shape, bytes: Uint8Array): StoredTensor => {
  // Copied: an offset in a file need not be aligned, and a view would keep the whole file in memory.
  const buffer = new Uint8Array(bytes).buffer;
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'F64':
      return { dtype, shape, data: new Float64Array(buffer) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(buffer) };
    case 'I64':
      return { dtype, shape, data: new BigInt64Array(buffer) };
    case 'U8':
      return { dtype, shape, data: new Uint8Array(buffer) };
    case 'F16':
      return { dtype: 'F32', shape, data: Float32Array.from(new Uint16Array(buffer), half) };
    case 'BF16':
      return {
        dtype: 'F32',
        shape,
        data: new Float32Array(Uint32Array.from(new Uint16Array(buffer), (b) => b << 16).buffer),
      };
  }
};

const headerOf = (bytes: Uint8Array, path: string): { readonly json: string; readonly start: number } => {
  if (bytes.length < 8)
    return fail(
      'WEIGHTS',
      `${path}: ${bytes.length} bytes; a safetensors file has at least 8, so it is truncated or not one`,
    );
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER))
    return fail(
      'WEIGHTS',
      `${path}: header of ${length} bytes, at most ${MAX_HEADER} are allowed; is it a safetensors file?`,
    );
  const start = 8 + Number(length);
  if (start > bytes.length)
    return fail(
      'WEIGHTS',
      `${path}: header ends at byte ${start}, the file at ${bytes.length}; it is truncated or not a safetensors file`,
    );
  try {
    return {
      json: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start)),
      start,
    };
  } catch (error) {
    return fail('WEIGHTS', `${path}: header is not UTF-8 text`, error);
  }
};

/**
 * The tensors of a safetensors file, copied out of `bytes`; F16 and BF16 come as F32. `path` is for messages.
 * The bytes must be used by exactly one tensor each. Error WEIGHTS, which names file, tensor and numbers.
 */
export const decode = (bytes: Uint8Array, path: string): StoredTensors => {
  checkArray(path, bytes, Uint8Array);
  const { json, start } = headerOf(bytes, path);
  const { [METADATA]: metadata = {}, ...header } = decodeJson(Members, json, `${path}: header`, 'WEIGHTS');
  const length = bytes.length - start;
  const entries = Object.entries(header).map(([name, value]) => {
    const where = `${path}: tensor ${showText(name)}`;
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = decodeWith(Entry, value, where, 'WEIGHTS');
    if (!isCode(dtype))
      return fail(
        'WEIGHTS',
        `${where}: type ${showText(dtype).slice(1, -1)} cannot be read; convert it to one of ${Object.keys(BYTES).join(', ')}`,
      );
    if (from > to || to > length)
      return fail(
        'WEIGHTS',
        `${where}: bytes ${from} to ${to} of ${length}; the file is truncated or its header wrong`,
      );
    if (elements(shape) * BYTES[dtype] !== to - from) {
      return fail(
        'WEIGHTS',
        `${where}: ${to - from} bytes for ${dtype}${showShape(shape)} = ${elements(shape) * BYTES[dtype]}`,
      );
    }
    return { name, dtype, shape, from, to };
  });
  let end = 0;
  let before = 'the header';
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      fail(
        'WEIGHTS',
        `${path}: tensor ${showText(name)} starts at byte ${from}, ${before} ends at ${end}; tensors may not ${from < end ? 'overlap' : 'leave holes'}`,
      );
    }
    [end, before] = [to, `tensor ${showText(name)}`];
  }
  if (end !== length)
    fail(
      'WEIGHTS',
      `${path}: ${before} ends at byte ${end} of ${length}; nothing may follow the last tensor`,
    );
  return {
    tensors: Object.fromEntries(
      entries.map(({ name, dtype, shape, from, to }) => [
        name,
        stored(dtype, shape, bytes.subarray(start + from, start + to)),
      ]),
    ),
    metadata: metadataOf(metadata, `${path}: header.${METADATA}`),
  };
};
