import * as kinds from '../kinds.js';
import { checkValue, needed, numberThat, type Kind } from '../kinds.js';
import { checkKeys, showValue } from '../options.js';
import type { Attributes } from '../tensor/tensor.js';
import { fail } from '../errors.js';

/** What the attributes of an op have to be, for plain JavaScript and for graph files. */
export interface AttributeKinds {
  readonly record: Readonly<Record<string, Kind>>;
  /** The same as two lists, which are faster to walk. */
  readonly names: readonly string[];
  readonly kinds: readonly Kind[];
}
export const attributesOf = (record: Readonly<Record<string, Kind>>): AttributeKinds => ({
  record,
  names: Object.keys(record),
  kinds: Object.values(record),
});

export const NO_ATTRIBUTES = attributesOf({});

/** What a state leaf is for; see graph/roles.ts. */
export const ROLES = [
  'weight',
  'bias',
  'scale',
  'shift',
  'mean',
  'variance',
  'mask',
  'velocity',
  'accumulator',
  'noise',
  'data',
] as const;

const tuple = (expected: string, length: number, test: (n: number) => boolean): Kind =>
  needed({
    expected,
    test: (value) => Array.isArray(value) && value.length === length && value.every((n) => test(n as number)),
  });
const from = (least: number) => (n: number) => Number.isSafeInteger(n) && n >= least;

export const numbers = needed({
  expected: 'an array of numbers',
  test: (value) => Array.isArray(value) && value.every((n) => typeof n === 'number'),
});
export const sizePair = tuple('two positive integers [height, width]', 2, from(1));
const edges = tuple('four integers from 0 on [top, left, bottom, right]', 4, from(0));
export const CONV_ATTRIBUTES = { stride: sizePair, dilation: sizePair, padding: edges };
export const POOL_ATTRIBUTES = { window: sizePair, stride: sizePair, padding: edges };
export const word = (...words: readonly string[]): Kind => needed(kinds.wordOf(...words));
export const number = needed(numberThat('a number', () => true));
export const integer = needed(numberThat('an integer', Number.isSafeInteger));
export const leafName = needed(kinds.name);

/** The one number of each kind of initialiser; see graph/roles.ts. */
const INITIALISERS: Readonly<Record<string, readonly [key: string, kind: Kind]>> = {
  kaimingNormal: ['fanIn', kinds.positiveInteger],
  uniform: ['bound', kinds.fromZero],
  constant: ['value', numberThat('a finite number', Number.isFinite)],
};
export const initialiser: Kind = {
  expected: "an object such as { kind: 'constant', value: 0 }",
  test: (value) => {
    const fields = value as Readonly<Record<string, unknown>> | null; // every property of another value is undefined
    const kind = fields?.['kind'];
    if (typeof kind !== 'string' || !Object.hasOwn(INITIALISERS, kind)) return false;
    const [key, number] = INITIALISERS[kind]!;
    return number.test(fields![key]) && Object.keys(fields!).length === 2;
  },
  explain: (where, value, code) => {
    if (typeof value !== 'object' || value === null) return;
    const fields = { ...value } as Readonly<Record<string, unknown>>; // whatever it holds
    checkValue(`${where}: kind`, fields['kind'], word(...Object.keys(INITIALISERS)), code);
    const [key, number] = INITIALISERS[String(fields['kind'])]!;
    kinds.checkOptions(where, fields, { kind: kinds.text, [key]: needed(number) }, code);
  },
};

/**
 * Throws SHAPE unless the attributes are those of the op, each of its kind. It is called for every node of every graph, hence the plain
 * loops: nothing is allocated where all is well.
 */
export const checkAttributes = (
  op: string,
  attributes: Attributes,
  known: AttributeKinds,
  path: string,
): void => {
  const { names, kinds: kindsInOrder, record } = known;
  let seen = 0;
  for (let i = 0; i < names.length; i++) {
    const value: unknown = attributes[names[i]!];
    const kind = kindsInOrder[i]!;
    if (value !== undefined) seen++;
    else if (kind.needed !== true) continue;
    if (kind.test(value)) continue;
    checkKeys<Attributes>(whereOf(op, path), attributes, record, 'SHAPE'); // a misspelt name says more than a missing one
    checkValue(`${whereOf(op, path)}: ${names[i]}`, value, kind, 'SHAPE');
  }
  for (const key in attributes) if (attributes[key] !== undefined) seen--;
  if (seen !== 0) checkKeys<Attributes>(whereOf(op, path), attributes, record, 'SHAPE');
};

const whereOf = (op: string, path: string): string => (path === '' ? op : `${op} at ${path}`);

/** The attributes that a user gives as one object, or a SHAPE error for what the op does not know. */
export const given = <G extends object>(
  op: string,
  geometry: G,
  known: { readonly [K in keyof G]-?: unknown },
): G => {
  if (typeof geometry !== 'object' || geometry === null)
    fail(
      'SHAPE',
      `${op}: its attributes are ${showValue(geometry)}; give an object of ${Object.keys(known).join(', ')}`,
    );
  for (const key in geometry) if (!Object.hasOwn(known, key)) checkKeys(op, geometry, known, 'SHAPE');
  return geometry;
};
