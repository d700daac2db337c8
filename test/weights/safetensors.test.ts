import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { mlp } from '../../src/models/mlp.js';
import type { Weights } from '../../src/nn/weights.js';
import type { Masks } from '../../src/transform/mask.js';
import { decode, encode, type StoredTensor } from '../../src/weights/safetensors.js';
import { encodeWeights } from '../../src/weights/state-dict.js';

/** A file from its header text and body. */
const file = (
  header: string,
  body: Uint8Array = new Uint8Array(0),
  length = new TextEncoder().encode(header).length,
): Uint8Array => {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + text.length + body.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  out.set(body, 8 + text.length);
  return out;
};
const one = (dtype: string, shape: readonly number[], body: Uint8Array): StoredTensor => {
  const { tensors } = decode(
    file(JSON.stringify({ x: { dtype, shape, data_offsets: [0, body.length] } }), body),
    'f',
  );
  return tensors['x']!;
};
const u8 = (n: number): StoredTensor => ({ dtype: 'U8', shape: [n], data: new Uint8Array(n).fill(n) });
const f32 = (shape: readonly number[], ...data: number[]): StoredTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(data),
});

const shapes = fc.array(fc.nat(3), { maxLength: 4 });
const tensor: fc.Arbitrary<StoredTensor> = shapes.chain((shape) => {
  const n = shape.reduce((a, b) => a * b, 1);
  const size = { minLength: n, maxLength: n };
  return fc.oneof(
    fc.float32Array(size).map((data): StoredTensor => ({ dtype: 'F32', shape, data })),
    fc.float64Array(size).map((data): StoredTensor => ({ dtype: 'F64', shape, data })),
    fc.int32Array(size).map((data): StoredTensor => ({ dtype: 'I32', shape, data })),
    fc.bigInt64Array(size).map((data): StoredTensor => ({ dtype: 'I64', shape, data })),
    fc.uint8Array(size).map((data): StoredTensor => ({ dtype: 'U8', shape, data })),
  );
});
// JavaScript strings may hold lone surrogates, which no UTF-8 file can.
const names = fc.string({ unit: 'binary', maxLength: 12 });

describe('a safetensors file', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.dictionary(names, tensor), fc.dictionary(names, names), (tensors, metadata) => {
        const back = decode(encode(tensors, metadata), 'f');
        expect(Object.entries(back.tensors).sort()).toEqual(Object.entries(tensors).sort());
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });
  it('is the same bytes whatever the order of its tensors', () => {
    fc.assert(
      fc.property(fc.dictionary(names, tensor), (tensors) => {
        expect(encode(Object.fromEntries(Object.entries(tensors).reverse()))).toEqual(encode(tensors));
      }),
    );
  });
  it('has a header that a person can read, and aligned tensors', () => {
    const bytes = encode(
      {
        b: u8(3),
        '10': f32([1], 1),
        a: f32([1, 2], 1, 2),
        w: { dtype: 'F64', shape: [], data: Float64Array.of(7) },
      },
      { seed: '3' },
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(
      new TextDecoder()
        .decode(bytes.subarray(8, 8 + length))
        .trimEnd()
        .replaceAll('},', '},\n'),
    ).toMatchInlineSnapshot(`
      "{"__metadata__":{"seed":"3"},
      "w":{"dtype":"F64","shape":[],"data_offsets":[0,8]},
      "10":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},
      "a":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]},
      "b":{"dtype":"U8","shape":[3],"data_offsets":[20,23]}}"
    `);
  });
  it('may be empty', () => {
    expect(decode(encode({}), 'f')).toEqual({ tensors: {}, metadata: {} });
    expect(decode(encode({ x: f32([0, 4]) }), 'f').tensors['x']).toEqual(f32([0, 4]));
  });
  it('is read from the middle of a buffer, and copied', () => {
    const bytes = encode({ x: f32([2], 1, 2) });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const view = Buffer.from(shifted.buffer, 3);
    const { tensors } = decode(view, 'f');
    view.fill(0);
    expect(tensors['x']).toEqual(f32([2], 1, 2));
  });
  it('of another writer may have no padding and odd offsets', () => {
    const header =
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}';
    const { tensors } = decode(file(header, Uint8Array.of(9, 0, 0, 0x80, 0x3f)), 'f');
    expect(tensors['b']).toEqual(f32([1], 1));
  });
});

describe('half-precision numbers become float32', () => {
  it('F16: every finite one exactly', () => {
    const bits = [
      0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x3555, 0x7c00, 0xfc00, 0x7e00,
    ];
    const values = [
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      1,
      -2,
      65504,
      0.333251953125,
      Infinity,
      -Infinity,
      NaN,
    ];
    expect(one('F16', [3, 4], new Uint8Array(Uint16Array.from(bits).buffer))).toEqual(f32([3, 4], ...values));
  });
  it('BF16: the upper half of a float32', () => {
    const bits = [0x0000, 0x3f80, 0xc049, 0xff80, 0x0001];
    expect(one('BF16', [5], new Uint8Array(Uint16Array.from(bits).buffer))).toEqual(
      f32([5], 0, 1, -3.140625, -Infinity, 2 ** -133),
    );
  });
});

describe('a bad safetensors file is an error that says what differs', () => {
  const entry = (dtype: string, shape: string, from: number, to: number): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${from},${to}]}`;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    [
      'shorter than its length field',
      new Uint8Array(7),
      'm: 7 bytes; a safetensors file has at least 8, so it is truncated or not one',
    ],
    [
      'with a cut header',
      file('{}', undefined, 20),
      'm: header ends at byte 28, the file at 10; it is truncated or not a safetensors file',
    ],
    [
      'with an absurd header',
      file('{}', undefined, 2 ** 40),
      'm: header of 1099511627776 bytes, at most 100000000 are allowed; is it a safetensors file?',
    ],
    ['with bad JSON', file('{"x":'), 'm: header: not JSON: Unexpected end of JSON input'],
    ['with bad text', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), 'm: header is not UTF-8 text'],
    ['with a list for a header', file('[1]'), 'm: header: expected an object, got [1]'],
    [
      'with a tensor twice',
      file(`{"x":${entry('U8', '[1]', 0, 1)}, "\\u0078" : ${entry('U8', '[1]', 0, 1)}}`, new Uint8Array(1)),
      "m: header: 'x' is there twice",
    ],
    [
      'without offsets',
      file('{"x":{"dtype":"U8","shape":[1]}}'),
      "m: tensor 'x'.data_offsets: expected two whole numbers from 0 on, got nothing",
    ],
    [
      'with a negative size',
      file(`{"x":${entry('U8', '[-1]', 0, 1)}}`),
      "m: tensor 'x'.shape[0]: expected a whole number from 0 on, got -1",
    ],
    [
      'of an unknown type',
      file(`{"x":${entry('F8_E4M3', '[1]', 0, 1)}}`, new Uint8Array(1)),
      "m: tensor 'x': type F8_E4M3 cannot be read; convert it to one of F32, F64, I32, I64, U8, F16, BF16",
    ],
    [
      'of a type that is a word of the language',
      file(`{"x":${entry('toString', '[1]', 0, 1)}}`, new Uint8Array(1)),
      "m: tensor 'x': type toString cannot be read",
    ],
    [
      'with a cut body',
      file(`{"x":${entry('F32', '[4]', 0, 16)}}`, new Uint8Array(12)),
      "m: tensor 'x': bytes 0 to 16 of 12; the file is truncated or its header wrong",
    ],
    [
      'with offsets the wrong way round',
      file(`{"x":${entry('U8', '[1]', 1, 0)}}`, new Uint8Array(1)),
      "m: tensor 'x': bytes 1 to 0 of 1;",
    ],
    [
      'with a shape that needs other bytes',
      file(`{"x":${entry('F32', '[3]', 0, 8)}}`, new Uint8Array(8)),
      "m: tensor 'x': 8 bytes for F32[3] = 12",
    ],
    [
      'with overlapping tensors',
      file(`{"a":${entry('U8', '[4]', 0, 4)},"b":${entry('U8', '[4]', 2, 6)}}`, new Uint8Array(6)),
      "m: tensor 'b' starts at byte 2, tensor 'a' ends at 4; tensors may not overlap",
    ],
    [
      'with a hole',
      file(`{"a":${entry('U8', '[2]', 0, 2)},"b":${entry('U8', '[2]', 3, 5)}}`, new Uint8Array(5)),
      "m: tensor 'b' starts at byte 3, tensor 'a' ends at 2; tensors may not leave holes",
    ],
    [
      'with a hole at the front',
      file(`{"b":${entry('U8', '[2]', 1, 3)}}`, new Uint8Array(3)),
      "m: tensor 'b' starts at byte 1, the header ends at 0; tensors may not leave holes",
    ],
    [
      'with bytes to spare',
      file(`{"a":${entry('U8', '[2]', 0, 2)}}`, new Uint8Array(4)),
      "m: tensor 'a' ends at byte 2 of 4; nothing may follow the last tensor",
    ],
    [
      'with metadata that is no text',
      file('{"__metadata__":{"a":1}}'),
      'm: header.__metadata__.a: expected string, got 1',
    ],
  ];
  it.each(cases)('%s', (_, bytes, message) => {
    let caught: unknown;
    try {
      decode(bytes, 'm');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(PathexError);
    expect(caught).toMatchObject({ code: 'WEIGHTS', message: expect.stringContaining(message) as unknown });
  });
  it('cut anywhere', () => {
    const whole = encode({ a: f32([2], 1, 2), b: u8(3) });
    for (let n = 0; n < whole.length; n++)
      expect(() => decode(whole.subarray(0, n), 'm')).toThrow(PathexError);
  });
  it('with any byte of its header changed, unless it still means something', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, value) => {
        const bytes = encode({ a: f32([2], 1, 2), b: u8(3) });
        bytes[at % (bytes.length - 11)] = value;
        try {
          decode(bytes, 'm');
        } catch (error) {
          expect(error).toBeInstanceOf(PathexError);
        }
      }),
      { numRuns: 300 },
    );
  });
  it('is not written either', () => {
    expect(() => encode({ 'conv1.weight': f32([3], 1, 2) })).toThrow(
      "safetensors: tensor 'conv1.weight': 2 numbers for shape [3] = 3",
    );
    expect(() => encode({ __metadata__: u8(1) })).toThrow(
      'safetensors: a tensor is named __metadata__, which the format keeps for itself; rename it',
    );
  });
  it('may have a very long text in its metadata', () => {
    const long = '"\\'.repeat(1_000_000);
    expect(decode(encode({}, { long }), 'f').metadata['long']).toBe(long);
  });
});

describe('arrays that cannot be written', () => {
  const numbers = new Float32Array(4);
  const shared = new Float32Array(new SharedArrayBuffer(16));
  const cases: readonly (readonly [what: string, tensor: unknown, message: RegExp])[] = [
    [
      'in shared memory',
      { dtype: 'F32', shape: [4], data: shared },
      /tensor 'x': data lies in shared memory, .*copy it, as Float32Array\.from\(data\) does$/,
    ],
    [
      'of big integers',
      { dtype: 'F32', shape: [2], data: new BigInt64Array(2) },
      /tensor 'x': data is a BigInt64Array object; give a Float32Array$/,
    ],
    [
      'of numbers for big integers',
      { dtype: 'I64', shape: [2], data: [1, 2] },
      /tensor 'x': data is \[1, 2\]; give a BigInt64Array$/,
    ],
    [
      'of another width',
      { dtype: 'F64', shape: [4], data: numbers },
      /data is a Float32Array object; give a Float64Array$/,
    ],
    [
      'of a type that is only read',
      { dtype: 'BF16', shape: [4], data: new Uint16Array(4) },
      /type 'BF16' cannot be written; give one of F32, F64, I32, I64, U8$/,
    ],
    ['of no type', { shape: [4], data: numbers }, /type nothing cannot be written/],
    ['without a shape', { dtype: 'F32', data: numbers }, /shape nothing is no list/],
    ['with a shape of text', { dtype: 'F32', shape: '4', data: numbers }, /shape "4" is no list/],
    ['with a shape of big integers', { dtype: 'F32', shape: [4n], data: numbers }, /shape \[4n\] is no list/],
    ['that are nothing', null, /tensor 'x' is null; give \{ dtype, shape, data \}$/],
  ];
  it.each(cases)('%s are one clear error', (_what, tensor, message) => {
    // As a script in plain JavaScript may call it.
    const write = (): unknown => encode({ x: tensor as never });
    expect(write).toThrow(PathexError);
    expect(write).toThrow(message);
  });
  it('metadata that is no text, too', () => {
    for (const value of [3, 3n, null, undefined, { a: 1 }])
      expect(() => encode({}, { epochs: value as never })).toThrow(
        /^safetensors: metadata 'epochs' is .*; it must be text$/,
      );
  });
  it('nor are bytes in shared memory read', () => {
    const bytes = encode({ x: { dtype: 'F32', shape: [4], data: numbers } });
    const theirs = new Uint8Array(new SharedArrayBuffer(bytes.length));
    theirs.set(bytes);
    expect(() => decode(theirs, 'w')).toThrow(/^w: data lies in shared memory/);
    expect(() => decode(Array.from(bytes) as never, 'w')).toThrow(
      /^w: data is an array of \d+; give a Uint8Array$/,
    );
  });
  it('weights of a network, too, with the name of the parameter', () => {
    const net = mlp([2], { hidden: [], classes: 2, bias: false });
    const name = 'fc1.weight';
    const masks = new Map([[name, new BigInt64Array(4) as never]]);
    const given = (data: unknown, shape: readonly number[] = [2, 2]): Weights =>
      new Map([[name, { shape, data: data as never }]]);
    const write = (weights: Weights, m: Masks | null = null): unknown =>
      encodeWeights(net, { weights, masks: m, metadata: {} });
    expect(() => write(given(shared))).toThrow(/'fc1\.weight': data lies in shared memory/);
    expect(() => write(given(new BigUint64Array(4)))).toThrow(
      /'fc1\.weight': data is a BigUint64Array object; give a Float32Array$/,
    );
    expect(() => write(given(new Float32Array(3)))).toThrow(
      /'fc1\.weight' has 3 numbers, its shape \[2, 2\] has 4; give as many$/,
    );
    expect(() => write(given(numbers, [4]))).toThrow(
      /'fc1\.weight' is \[4\], network 'mlp' needs \[2, 2\]; is it another network's\?$/,
    );
    expect(() => write(given(numbers), masks)).toThrow(
      /masks of 'mlp': 'fc1\.weight' is a BigInt64Array object; give a Uint8Array of 0 and 1$/,
    );
  });
});
