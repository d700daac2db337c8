import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { decode, decodeJson, list, MAX_MEMBERS, showJson, showText } from '../src/codec.js';
import { PathexError } from '../src/errors.js';
import { decodeGraph } from '../src/graph/codec.js';
import { decodeReport } from '../src/report/experiment.js';
import { decode as decodeTensors } from '../src/weights/safetensors.js';

const Any = t.unknown;
const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const refused = (run: () => unknown): PathexError => {
  try {
    run();
  } catch (error) {
    if (error instanceof PathexError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('JSON from outside', () => {
  it.each([65, 5000, 20_000, 1_000_000])(
    'nested %i deep is one clear line, in every kind of file',
    (depth) => {
      for (const json of [lists(depth), objects(depth), `{"x":${lists(depth)}}`, '['.repeat(depth)]) {
        const header = new Uint8Array(8 + json.length);
        new DataView(header.buffer).setBigUint64(0, BigInt(json.length), true);
        header.set(new TextEncoder().encode(json), 8);
        for (const [code, read] of [
          ['WEIGHTS', () => decodeTensors(header, 'file')],
          ['GRAPH', () => decodeGraph(json, 'file')],
          ['DATA', () => decodeReport(json, 'file')],
        ] as const) {
          const error = refused(read);
          expect(error.code).toBe(code);
          expect(error.message).toMatch(
            /^file(: header)?: JSON nested deeper than 64 levels at character \d+; is it the right file\?$/,
          );
        }
      }
    },
  );
  it('may nest 64 deep, and hold brackets in its strings', () => {
    expect(() => decodeJson(Any, lists(64), 'f', 'DATA')).not.toThrow();
    const text = `${'['.repeat(100)}"\\"${'{'.repeat(100)}\\\\`;
    expect(decodeJson(t.string, JSON.stringify(text), 'f', 'DATA')).toBe(text);
  });
  it('with a key twice is refused, however it is written', () => {
    for (const json of ['{"a":1,"a":2}', '{"b":[{"a":1,"\\u0061":2}]}', '{"a":{"b":1},"c":"{","a":0}'])
      expect(refused(() => decodeJson(Any, json, 'f', 'DATA')).message).toBe(
        "f: 'a' is there twice; which of the two is meant?",
      );
    for (const json of ['[{"a":1},{"a":1}]', '{"a":{"a":["a","a"]},"b":"a"}', '{"a":"a","b":{"a":1}}'])
      expect(() => decodeJson(Any, json, 'f', 'DATA')).not.toThrow();
  });
  it('with millions of members is refused before it is parsed', () => {
    const json = `[${'1,'.repeat(MAX_MEMBERS)}1]`;
    expect(refused(() => decodeJson(Any, json, 'f', 'DATA')).message).toBe(
      'f: JSON of more than 2000000 members; is it the right file?',
    );
  });
  it('with a million wrong members costs one description', () => {
    const json = `{"format":"pathex-graph","version":1,"name":"","nodes":[${'{},'.repeat(999_999)}{}],"outputs":[]}`;
    const before = process.memoryUsage().heapUsed;
    expect(refused(() => decodeGraph(json, 'f')).message).toMatch(
      /^f\.nodes\[0\]\.op: expected string, got nothing$/,
    );
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500 * 2 ** 20);
  });
  it('that is no JSON is quoted on one line', () => {
    expect(refused(() => decodeJson(Any, '{"a":\n\n\u001b[31m}', 'f', 'DATA')).message).toMatch(
      /^f: not JSON: [ -~]+$/,
    );
  });
});

describe('a value from code', () => {
  it('that holds itself, or nests deep, is one clear line', () => {
    const circle: Record<string, unknown> = {};
    circle['a'] = [circle];
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = { deep };
    for (const value of [circle, deep])
      expect(refused(() => decode(Any, value, 'v', 'GRAPH')).message).toBe(
        'v: nested deeper than 64 levels; is it the right file?',
      );
  });
});

describe('a value in a message', () => {
  it('is short, and on one line', () => {
    expect(showJson({ a: [1, 'x', null], b: { c: true } })).toBe('{"a":[1,"x",null],"b":{"c":true}}');
    expect(showJson(undefined)).toBe('nothing');
    expect(showJson(12n)).toBe('12n');
    expect(showJson(new BigInt64Array(3))).toBe('a BigInt64Array of 24 bytes');
    expect(showJson('x'.repeat(1e6)).length).toBe(60);
    expect(showJson(new Array(1e7).fill(1)).length).toBe(60);
    expect(showText('a\n\u001b[31m\u2028"é')).toBe(`'a\\n\\u001b[31m\\u2028"é'`);
  });
});

describe('a list', () => {
  it('ends at its first wrong member, whose place is named', () => {
    const L = list(t.number, { most: 3 });
    expect(decode(L, [1, 2], 'l', 'DATA')).toEqual([1, 2]);
    expect(refused(() => decode(L, [1, 'x', null], 'l', 'DATA')).message).toBe(
      'l[1]: expected number, got "x"',
    );
    expect(refused(() => decode(L, [1, 2, 3, 4], 'l', 'DATA')).message).toBe(
      'l: expected Array<number>, got [1,2,3,4]',
    );
  });
});
