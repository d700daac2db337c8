import { isRight } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { fail } from '../errors.js';
import { callback, checkValue, listOf, name as nameKind, text, type Kind } from '../kinds.js';
import { didYouMean, showValue } from '../options.js';

/**
 * The options of a method, said once: their type, their check, their text on the command line and their help
 * all follow from a record such as `{ temperature: option(positive, 200, 'logits are divided by it') }`.
 */
export interface Option<A> {
  readonly type: OptionType<A>;
  readonly usual: A;
  readonly doc: string;
}
/**
 * `is` checks a value given in code, `decode` reads one given as text. The name completes "... is not ...".
 */
export type OptionType<A> = Pick<t.Type<A, string>, 'name' | 'is' | 'decode'>;
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a caller may give, and what a method gets. */
export type OptionsOf<S extends Options> = { readonly [K in keyof S]?: ValueOf<S[K]> };
export type SettledOptions<S extends Options> = { readonly [K in keyof S]: ValueOf<S[K]> };
type ValueOf<O> = O extends Option<infer A> ? A : never;

/**
 * An option of a method: `option(positive, 200, 'logits are divided by it')`, of a kind such as positive,
 * count, flag or choice('a', 'b').
 */
export const option = <A>(type: OptionType<A>, usual: NoInfer<A>, doc: string): Option<A> => {
  checkValue('option: kind', type, optionKind);
  checkValue('option: doc', doc, text);
  return type.is(usual)
    ? { type, usual, doc }
    : fail('OPTION', `option: its default ${showValue(usual)} is not ${type.name}; give one that is`);
};
const optionKind: Kind = {
  expected: "the kind of an option, such as positive, count, flag or choice('a', 'b')",
  test: (value) => typeof value === 'object' && value !== null && 'is' in value && 'decode' in value,
};

const typeOf = <A>(
  name: string,
  is: (u: unknown) => u is A,
  read: (text: string) => unknown,
): OptionType<A> =>
  new t.Type(
    name,
    is,
    (u, context) => {
      const value = typeof u === 'string' ? read(u) : u;
      return is(value) ? t.success(value) : t.failure(u, context);
    },
    String,
  );

const numberType = (name: string, test: (n: number) => boolean): OptionType<number> =>
  typeOf(
    name,
    (u): u is number => typeof u === 'number' && Number.isFinite(u) && test(u),
    (text) => (text.trim() === '' ? NaN : Number(text)),
  );

/** Kinds of options, as text on the command line and as values in code. */
export const positive = numberType('a positive number', (n) => n > 0);
export const positiveInteger = numberType('a positive integer', (n) => Number.isInteger(n) && n > 0);
export const count = numberType('an integer from 0 on', (n) => Number.isInteger(n) && n >= 0);
export const fraction = numberType('a number in [0, 1)', (n) => n >= 0 && n < 1);
const FLAGS = new Map([
  ['true', true],
  ['false', false],
]);
export const flag: OptionType<boolean> = typeOf(
  'true or false',
  t.boolean.is,
  (text) => FLAGS.get(text) ?? text,
);

/** One of some words: `choice('path', 'code')`. */
export const choice = <const W extends readonly string[]>(...words: W): OptionType<W[number]> => {
  checkValue('choice: words', words, WORDS);
  return typeOf(
    `one of ${words.join(', ')}`,
    (u): u is W[number] => (words as readonly unknown[]).includes(u),
    (given) => given,
  );
};
const WORDS = listOf(text, 'strings');

/** `temperature (200), mode (px)`: each option with its default. */
export const listOptions = (specs: Options): string =>
  Object.entries(specs)
    .map(([name, { usual }]) => `${name} (${String(usual)})`)
    .join(', ');

const refuse = (method: string, specs: Options, what: string): never =>
  fail(
    'OPTION',
    `${method}: ${what}; ${Object.keys(specs).length === 0 ? 'it has no options, leave it out' : `its options are ${listOptions(specs)}`}`,
  );

/**
 * The options given and the defaults of the others. Throws OPTION for an unknown one and for a value that is
 * none of its type's.
 */
export const settle = <S extends Options>(
  method: string,
  specs: S,
  given: OptionsOf<S>,
): SettledOptions<S> => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    refuse(method, specs, `its options are ${showValue(given)}, which is no object`);
  for (const name of Object.keys(given)) {
    // a method's options are given together with its name
    if (name !== 'method' && !Object.hasOwn(specs, name))
      refuse(method, specs, `option '${name}' is unknown${didYouMean(name, Object.keys(specs))}`);
  }
  return Object.fromEntries(
    Object.entries(specs).map(([name, { type, usual }]) => {
      const value: unknown = given[name] ?? usual;
      return [
        name,
        type.is(value) ? value : refuse(method, specs, `${name} ${showValue(value)} is not ${type.name}`),
      ];
    }),
  ) as SettledOptions<S>; // the keys are those of specs, each value has passed its own type
};

/**
 * A method of options: `withOptions('grasp', GRASP_OPTIONS, ({ temperature }): Criterion => ...)`. The
 * function that it makes takes them, each with its default, and throws OPTION for an unknown one and for a
 * value of another kind. `make` gets all of them, checked, and those that were given.
 */
export const withOptions = <S extends Options, M>(
  name: string,
  specs: S,
  make: (options: SettledOptions<S>, given: OptionsOf<S>) => M,
): ((given?: OptionsOf<S>) => M) => {
  checkValue('withOptions: name', name, nameKind);
  checkValue(`withOptions '${name}': options`, specs, OPTIONS);
  checkValue(`withOptions '${name}': make`, make, callback);
  return (given = {}) => make(settle(name, specs, given), given);
};
const OPTIONS: Kind = {
  expected:
    "an object of options, such as { temperature: option(positive, 200, 'logits are divided by it') }",
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((o: unknown) => typeof o === 'object' && o !== null && 'usual' in o),
};

/**
 * Reads `name=value` texts. Throws OPTION for an unknown name, one given twice and a value that is none of
 * its type's.
 */
export const readOptions = <S extends Options>(
  method: string,
  specs: S,
  texts: readonly string[],
): OptionsOf<S> => {
  const read: Record<string, unknown> = {};
  for (const text of texts) {
    const [name = '', ...rest] = text.split('=');
    const spec = Object.hasOwn(specs, name)
      ? specs[name]!
      : refuse(method, specs, `option '${name}' is unknown${didYouMean(name, Object.keys(specs))}`);
    if (rest.length === 0)
      refuse(method, specs, `option '${name}' needs a value, as ${name}=${String(spec.usual)}`);
    if (Object.hasOwn(read, name)) refuse(method, specs, `option '${name}' is given twice`);
    const value = spec.type.decode(rest.join('='));
    read[name] = isRight(value)
      ? value.right
      : refuse(method, specs, `${name} '${rest.join('=')}' is not ${spec.type.name}`);
  }
  return read as OptionsOf<S>; // every key is one of specs, its value has passed its type
};
