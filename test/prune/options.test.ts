import { describe, expect, test } from 'vitest';
import {
  choice,
  count,
  flag,
  fraction,
  listOptions,
  option,
  positive,
  positiveInteger,
  readOptions,
  settle,
  type Options,
} from '../../src/prune/options.js';
import {
  METHOD_OPTIONS,
  METHODS,
  procedureOf,
  readMethod,
  type CriterionOptions,
} from '../../src/prune/methods.js';

const SPECS = {
  size: option(positive, 2.5, 'how large'),
  open: option(flag, true, 'whether it is open'),
  kind: option(choice('red', 'blue'), 'red', 'its colour'),
};

describe('options from text', () => {
  test('name=value in any order, as values of their types', () => {
    expect(readOptions('thing', SPECS, ['kind=blue', 'size=1e-3'])).toEqual({ kind: 'blue', size: 0.001 });
    expect(readOptions('thing', SPECS, ['open=false'])).toEqual({ open: false });
    expect(readOptions('thing', SPECS, [])).toEqual({});
  });
  const LIST = 'its options are size (2.5), open (true), kind (red)';
  test.each([
    [['colour=red'], `thing: option 'colour' is unknown; ${LIST}`],
    [['toString=red'], `thing: option 'toString' is unknown; ${LIST}`],
    [['size'], `thing: option 'size' needs a value, as size=2.5; ${LIST}`],
    [['size='], `thing: size '' is not a positive number; ${LIST}`],
    [['size=0'], `thing: size '0' is not a positive number; ${LIST}`],
    [['size=Infinity'], `thing: size 'Infinity' is not a positive number; ${LIST}`],
    [['size=1=2'], `thing: size '1=2' is not a positive number; ${LIST}`],
    [['open=yes'], `thing: open 'yes' is not true or false; ${LIST}`],
    [['kind=green'], `thing: kind 'green' is not one of red, blue; ${LIST}`],
    [['size=1', 'size=2'], `thing: option 'size' is given twice; ${LIST}`],
  ])('%o is refused', (texts, message) => {
    expect(() => readOptions('thing', SPECS, texts)).toThrow(
      expect.objectContaining({ code: 'OPTION', message }) as Error,
    );
  });
  test('of something without options', () =>
    expect(() => readOptions('thing', {}, ['a=1'])).toThrow(
      "thing: option 'a' is unknown; it has no options, leave it out",
    ));
});

describe('options from code', () => {
  test('defaults take the place of what is missing', () => {
    const given = { kind: 'blue' } as const;
    expect(settle('thing', SPECS, given)).toEqual({ size: 2.5, open: true, kind: 'blue' });
  });
  test('an unknown option is refused and the nearest named', () => {
    const given: object = { kid: 'blue' };
    expect(() => settle('thing', SPECS, given)).toThrow(
      "thing: option 'kid' is unknown; did you mean 'kind'?; its options are size (2.5), open (true), kind (red)",
    );
  });
  test('a value of the wrong type is refused, a text in the place of a number too', () => {
    const loose: Readonly<Record<string, unknown>> = { size: '3' };
    expect(() => settle('thing', SPECS, loose as { readonly size?: number })).toThrow(
      "thing: size '3' is not a positive number",
    );
    expect(() => settle('thing', SPECS, { size: NaN })).toThrow('thing: size NaN is not a positive number');
  });
});

test('the types of numbers end where they say', () => {
  const accepted = (type: { readonly is: (u: unknown) => boolean }): number[] =>
    [-1, 0, 0.5, 1, 2].filter(type.is);
  expect([positive, positiveInteger, count, fraction].map(accepted)).toEqual([
    [0.5, 1, 2],
    [1, 2],
    [0, 1, 2],
    [0, 0.5],
  ]);
});

describe('options of the methods', () => {
  test.each(METHODS)('%s: every default is a value of its option, also when read from text', (method) => {
    const specs: Options = METHOD_OPTIONS[method];
    for (const [name, { usual, type, doc }] of Object.entries(specs)) {
      expect(type.is(usual), name).toBe(true);
      expect(doc).not.toBe('');
    }
    const texts = Object.entries(specs).map(([name, { usual }]) => `${name}=${String(usual)}`);
    expect(readMethod(method, texts)).toEqual({
      method,
      ...Object.fromEntries(Object.entries(specs).map(([name, { usual }]) => [name, usual])),
    });
    expect(procedureOf({ method }).name).toBe(method);
    expect(() => readMethod(method, ['magic=1'])).toThrow(
      `${method}: option 'magic' is unknown; ${texts.length === 0 ? 'it has no options, leave it out' : `its options are ${listOptions(specs)}`}`,
    );
  });
  test('text and code make the same method', () => {
    const made: CriterionOptions = { method: 'ntk-sap', epsilon: 0.1, resamplings: 5 };
    expect(readMethod('ntk-sap', ['resamplings=5', 'epsilon=0.1'])).toEqual(made);
    expect(procedureOf(readMethod('px', ['mode=px-gated'])).name).toBe('px-gated');
    expect(() => readMethod('obd', [])).toThrow("method: 'obd' is unknown; choose px, ");
  });
});
