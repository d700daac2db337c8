import { fail, type ErrorCode } from './errors.js';
import { checkKeys, checkWord, isCount, isPositiveInteger, showValue } from './options.js';

/**
 * What the values at the public edge have to be. TypeScript holds its users to the types; plain JavaScript
 * does not, and there a text in the place of a number would change the result in silence or end in a
 * TypeError somewhere inside.
 */
export interface Kind {
  /** Completes "... is not ...". */
  readonly expected: string;
  readonly test: (value: unknown) => boolean;
  /** Throws an error that says more about a value that fails the test, where there is more to say. */
  readonly explain?: (where: string, value: unknown, code: ErrorCode) => void;
  /** An option that has no default. */
  readonly needed?: true;
}

/**
 * The kind of every option of a type. A record, so that the compiler finds an option that was left out or is
 * none of the type's.
 */
export type KindsOf<O> = { readonly [K in keyof O]-?: Kind };

/** Throws unless `value` is of the kind: `fit: epochs '3' is not a positive integer; give one`. */
export const checkValue = (where: string, value: unknown, kind: Kind, code: ErrorCode = 'OPTION'): void => {
  if (kind.test(value)) return;
  if (value === undefined) fail(code, `${where} is missing; give ${kind.expected}`);
  kind.explain?.(where, value, code);
  fail(code, `${where} ${showValue(value)} is not ${kind.expected}; give one`);
};

/**
 * Throws unless `given` is an object of known keys alone whose values are of their kinds. One that is
 * undefined is left out.
 */
export const checkOptions = <O>(
  where: string,
  given: O,
  kinds: KindsOf<O>,
  code: ErrorCode = 'OPTION',
): void => {
  checkKeys<O>(where, given, kinds, code);
  for (const [key, kind] of Object.entries<Kind>(kinds)) {
    const value: unknown = given[key as keyof O]; // the keys of kinds are those of O
    if (value !== undefined || kind.needed === true) checkValue(`${where}: ${key}`, value, kind, code);
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
/** A kind that is known by what its objects hold; nothing more is asked of them here. */
const objectWith = (
  expected: string,
  holds: Readonly<Record<string, (value: unknown) => boolean>>,
): Kind => ({
  expected,
  test: (value) => isObject(value) && Object.entries(holds).every(([key, test]) => test(value[key])),
});

export const numberThat = (expected: string, test: (n: number) => boolean): Kind => ({
  expected,
  test: (value) => typeof value === 'number' && test(value),
});
export const needed = (kind: Kind): Kind => ({ ...kind, needed: true });
export const orNull = (kind: Kind): Kind => ({
  ...kind,
  expected: `${kind.expected} or null`,
  test: (value) => value === null || kind.test(value),
});
export const listOf = (kind: Kind, plural: string): Kind => ({
  expected: `an array of ${plural}`,
  test: (value) => Array.isArray(value) && value.every(kind.test),
  explain: (where, value, code) => {
    if (Array.isArray(value)) value.forEach((v: unknown, i) => checkValue(`${where}[${i}]`, v, kind, code));
  },
});
/** One of a closed set of words; an unknown one is answered with the nearest. */
export const wordOf = (...words: readonly string[]): Kind => ({
  expected: `one of ${words.join(', ')}`,
  test: (value) => (words as readonly unknown[]).includes(value),
  explain: (where, value, code) => {
    if (typeof value === 'string') checkWord(where, value, words, code);
  },
});
/** Options inside options. */
export const optionsOf = <O>(kinds: KindsOf<O>): Kind => {
  const entries = Object.entries<Kind>(kinds);
  return {
    expected: `an object such as { ${entries[0]?.[0] ?? ''} }`,
    test: (value) =>
      isObject(value) &&
      !Array.isArray(value) &&
      Object.keys(value).every((key) => Object.hasOwn(kinds, key)) &&
      entries.every(([key, k]) => (value[key] === undefined ? k.needed !== true : k.test(value[key]))),
    explain: (where, value, code) => {
      if (isObject(value) && !Array.isArray(value)) checkOptions(where, value as O, kinds, code);
    },
  };
};

export const anything: Kind = { expected: 'anything', test: () => true };
export const text: Kind = { expected: 'a string', test: (value) => typeof value === 'string' };
export const name: Kind = {
  expected: 'a name, a string that is not empty',
  test: (value) =>
    typeof value === 'string' && /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,900}$/.test(value),
  explain: (where, value, code) => {
    if (typeof value === 'string' && value !== '')
      fail(
        code,
        `${where} ${showValue(value)} has control characters, or more than 900; give a shorter one of one line`,
      );
  },
};
export const path: Kind = {
  expected: 'a path, a string that is not empty',
  test: (value) => typeof value === 'string' && value !== '',
};
export const flag: Kind = { expected: 'true or false', test: (value) => typeof value === 'boolean' };
export const positiveInteger = numberThat('a positive integer', isPositiveInteger);
export const count = numberThat('an integer from 0 on', isCount);
export const positive = numberThat('a positive number', (n) => n > 0 && Number.isFinite(n));
export const fromZero = numberThat('a number from 0 on', (n) => n >= 0 && Number.isFinite(n));
export const fraction = numberThat('in [0, 1)', (n) => n >= 0 && n < 1);
export const sizes = listOf(positiveInteger, 'positive integers');

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const callback: Kind = { expected: 'a function', test: isFunction };
export const signal = objectWith('an AbortSignal', {
  aborted: (value) => typeof value === 'boolean',
  throwIfAborted: isFunction,
});
/** A typed array or an array of numbers. */
export const numbers: Kind = {
  expected: 'an array of numbers',
  test: (value) =>
    (Array.isArray(value) && value.every((v) => typeof v === 'number')) ||
    (ArrayBuffer.isView(value) &&
      !(value instanceof DataView) &&
      !(value instanceof BigInt64Array) &&
      !(value instanceof BigUint64Array)),
};
const isMap = (value: unknown): boolean => value instanceof Map;
export const map = (of: string): Kind => ({ expected: `a Map of ${of}`, test: isMap });
export const weightsMap = map('names to { shape, data }, as initialise and loadWeights give');
export const masksMap = map('names to masks, as the masks of a ticket');

export const tensor = objectWith('a tensor', {
  op: (value) => typeof value === 'string',
  inputs: Array.isArray,
  shape: Array.isArray,
});
export const tensors = listOf(tensor, 'tensors');
/** A network, or what is left of one after a transform. */
export const networkKind = objectWith('a network, as network() describes it', {
  name: (value) => typeof value === 'string',
  input: tensor.test,
  output: tensor.test,
});
export const programKind = objectWith('a program, as program() closes it', {
  outputs: isObject,
  next: isObject,
  state: isMap,
  inputs: isMap,
});
export const deviceKind = objectWith('a device, as openDevice gives', {
  kind: (value) => typeof value === 'string',
  compile: isFunction,
  store: isFunction,
});
/** What its members are is the concern of source/check.ts, which knows more about them. */
export const splitKind = objectWith('a split with images, labels and count', {
  images: (value) => value !== undefined,
  labels: (value) => value !== undefined,
  count: (value) => value !== undefined,
});
/** A data set is known by its name; source/check.ts says what is wrong with the rest of it. */
export const datasetKind = objectWith('a data set, as loadCifar10 and synthetic give', {
  name: (value) => typeof value === 'string',
});
export const keyKind: Kind = {
  expected: "a key, as key(seed) and fold(key, 'label') give",
  test: (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isInteger),
};
