import { fail } from '../errors.js';
import { didYouMean, isCount, isPositiveInteger, showValue } from '../options.js';
import { showJson, showText } from '../codec.js';
import type { Attributes, DType } from '../tensor/tensor.js';

/** What a state leaf is for; see graph/roles.ts. */
export const ROLES = [
  'weight',
  'values',
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
export const DTYPES: readonly DType[] = ['f32', 'i32', 'u8'];
const MOMENTS = ['mean', 'variance'] as const;
const MAX_RANK = 64;
const MAX_TEXT = 1000;

const isNumber = (u: unknown): u is number => typeof u === 'number';
const isNatural = (u: unknown): boolean => isNumber(u) && isCount(u);
const isPositive = (u: unknown): boolean => isNumber(u) && isPositiveInteger(u);
const listOf =
  (member: (u: unknown) => boolean, test: (length: number) => boolean) =>
  (u: unknown): boolean =>
    Array.isArray(u) && test(u.length) && u.every(member);
const isRank = (n: number): boolean => n <= MAX_RANK;
const isText = (u: unknown): boolean =>
  typeof u === 'string' && u.length <= MAX_TEXT && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(u);

/** The number that an initialiser of each kind has, and which it may be. */
const INITIALISERS: Readonly<Record<string, readonly [key: string, test: (u: unknown) => boolean]>> = {
  kaimingNormal: ['fanIn', (u) => isNumber(u) && Number.isFinite(u) && u > 0],
  uniform: ['bound', (u) => isNumber(u) && Number.isFinite(u) && u >= 0],
  constant: ['value', (u) => Number.isFinite(u)],
};
const isInitialiser = (u: unknown): boolean => {
  if (typeof u !== 'object' || u === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...u };
  const kind = fields['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(INITIALISERS, kind)) return false;
  const [key, test] = INITIALISERS[kind]!;
  return Object.keys(fields).length === 2 && test(fields[key]);
};

/** Which part of an initialiser is wrong. */
const initialiserFault = (where: string, u: unknown): Fault | undefined => {
  if (typeof u !== 'object' || u === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...u };
  const kind = fields['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(INITIALISERS, kind))
    return {
      what: `${where}.kind is ${showJson(kind)}`,
      remedy: nearest(kind, Object.keys(INITIALISERS)),
    };
  const [key, test] = INITIALISERS[kind]!;
  const stray = Object.keys(fields).find((name) => name !== 'kind' && name !== key);
  if (stray !== undefined)
    return {
      what: `${where} has no '${showText(stray).slice(1, -1)}'`,
      remedy: nearest(stray, ['kind', key]),
    };
  return test(fields[key])
    ? undefined
    : {
        what: `${where}.${key} is ${showJson(fields[key])}`,
        remedy: 'give a finite number that makes sense',
      };
};

interface Kind {
  readonly test: (value: unknown) => boolean;
  /** The end of the message. */
  readonly remedy: string;
  /** Says more about a value that fails the test, where there is more to say. */
  readonly explain?: (key: string, value: unknown) => Fault | undefined;
}

/** What is wrong, and what to do. */
export interface Fault {
  readonly what: string;
  readonly remedy: string;
}

/** The nearest of some words, or all of them. */
const nearest = (word: unknown, words: readonly string[]): string =>
  (typeof word === 'string' ? didYouMean(word.slice(0, 100), words).replace(/^; /, '') : '') ||
  `choose ${words.join(', ')}`;
const must = (test: Kind['test'], expected: string): Kind => ({ test, remedy: `it must be ${expected}` });
const oneOf = (words: readonly string[]): Kind => ({
  test: (u) => words.some((word) => word === u),
  remedy: `choose ${words.join(', ')}`,
  explain: (key, value) => ({ what: `${key} is ${showJson(value)}`, remedy: nearest(value, words) }),
});

/** What attributes are. Whether they fit one another and the inputs is for `infer` to say. */
const KINDS = {
  /** Signs are for `make` to refuse, which says what the result would be. */
  sizes: must(listOf(Number.isSafeInteger, isRank), `a list of at most ${MAX_RANK} whole numbers`),
  indices: must(listOf(isNatural, isRank), `a list of at most ${MAX_RANK} whole numbers from 0 on`),
  pair: must(
    listOf(isPositive, (n) => n === 2),
    'two positive whole numbers, of height and width',
  ),
  padding: must(
    listOf(isNatural, (n) => n === 4),
    'four whole numbers from 0 on: top, left, bottom, right',
  ),
  volume: must(
    listOf(isPositive, (n) => n === 3),
    'three positive whole numbers: height, width, channels',
  ),
  index: must(isNatural, 'a whole number from 0 on'),
  count: must(isPositive, 'a positive whole number'),
  number: must(isNumber, 'a number'),
  numbers: must(
    listOf(isNumber, () => true),
    'a list of numbers',
  ),
  flag: must((u) => typeof u === 'boolean', 'true or false'),
  text: must(isText, `a text of at most ${MAX_TEXT} characters without control characters`),
  initialiser: {
    ...must(
      isInitialiser,
      'one of { kind: kaimingNormal, fanIn }, { kind: uniform, bound }, { kind: constant, value }',
    ),
    explain: initialiserFault,
  },
  dtype: oneOf(DTYPES),
  moment: oneOf(MOMENTS),
  role: oneOf(ROLES),
} as const satisfies Record<string, Kind>;

/** A kind; with a question mark, the attribute may be left out. */
export type AttributeKind = keyof typeof KINDS | `${keyof typeof KINDS}?`;
/** The attributes of an op: no others, and each of its kind. */
export type AttributeKinds = Readonly<Record<string, AttributeKind>>;

type Four = readonly [number, number, number, number];
/** The values that the kinds let pass. */
interface KindValues {
  readonly sizes: readonly number[];
  readonly indices: readonly number[];
  readonly pair: readonly [number, number];
  readonly padding: Four;
  readonly volume: readonly [number, number, number];
  readonly index: number;
  readonly count: number;
  readonly number: number;
  readonly numbers: readonly number[];
  readonly flag: boolean;
  readonly text: string;
  readonly initialiser: Attributes;
  readonly dtype: DType;
  readonly moment: (typeof MOMENTS)[number];
  readonly role: (typeof ROLES)[number];
}
type ValueOf<K extends AttributeKind> = K extends keyof KindValues
  ? KindValues[K]
  : K extends `${infer Own extends keyof KindValues}?`
    ? KindValues[Own]
    : never;

/**
 * The attributes of an op whose kinds are K, as `attributeCheck` lets them pass; of any op where K is not
 * known.
 */
export type AttributesOf<K extends AttributeKinds> = string extends keyof K
  ? Attributes
  : { readonly [F in keyof K as K[F] extends `${string}?` ? never : F]: ValueOf<K[F]> } & {
      readonly [F in keyof K as K[F] extends `${string}?` ? F : never]?: ValueOf<K[F]>;
    };

const strayFault = (kinds: AttributeKinds, attributes: Attributes): Fault | undefined => {
  const stray = Object.keys(attributes).find(
    (key) => attributes[key] !== undefined && !Object.hasOwn(kinds, key),
  );
  if (stray === undefined) return undefined;
  const known = Object.keys(kinds);
  const near = didYouMean(stray.slice(0, 100), known).replace(/^; /, '');
  return {
    what: `there is no attribute ${showText(stray)}`,
    remedy: near === '' ? `it takes ${known.join(', ') || 'none'}` : near,
  };
};

/** What is wrong with the attributes of a node, and the remedy; undefined where nothing is. */
export type AttributeCheck = (attributes: Attributes) => Fault | undefined;

/**
 * The check of an op's attributes. It is asked of every node of every graph, hence the plain loops over
 * lists: nothing is allocated where all is well.
 */
export const attributeCheck = (kinds: AttributeKinds): AttributeCheck => {
  const entries = Object.entries(kinds);
  const keys = entries.map(([key]) => key);
  // the type of a kind without its question mark, which TypeScript cannot take away
  const own = entries.map(([, kind]): Kind => KINDS[kind.replace('?', '') as keyof typeof KINDS]);
  const isOptional = entries.map(([, kind]) => kind.endsWith('?'));
  return (attributes) => {
    let unseen = 0;
    for (const key in attributes) if (attributes[key] !== undefined) unseen++;
    for (let i = 0; i < keys.length; i++) {
      const value = attributes[keys[i]!];
      if (value !== undefined) unseen--;
      else if (isOptional[i]) continue;
      if (own[i]!.test(value)) continue;
      // a misspelt name says more than a missing one
      const key = keys[i]!;
      const { remedy, explain } = own[i]!;
      return (
        strayFault(kinds, attributes) ??
        explain?.(key, value) ?? { what: `${key} is ${showJson(value)}`, remedy }
      );
    }
    return unseen === 0 ? undefined : strayFault(kinds, attributes);
  };
};

/** The attributes that a user gives as one object, or a SHAPE error for what is none. */
export const given = <G extends object>(op: string, attributes: G, kinds: AttributeKinds): G =>
  typeof attributes === 'object' && attributes !== null
    ? attributes
    : fail(
        'SHAPE',
        `${op}: its attributes are ${showValue(attributes)}; give an object of ${Object.keys(kinds).join(', ')}`,
      );
