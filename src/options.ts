import { distance } from 'fastest-levenshtein';
import { fail, type ErrorCode } from './errors.js';

/**
 * Checks of the options objects at the public edge. TypeScript refuses a misspelt key in a literal, plain
 * JavaScript does not: there a key that nobody reads would change the result in silence.
 */

/** `; did you mean 'momentum'?` for the known word nearest to `word`; nothing where none is near. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const ranked = known
    .map((k) => ({ k, d: distance(word.toLowerCase(), k.toLowerCase()) }))
    .sort((a, b) => a.d - b.d);
  const nearest = ranked[0];
  const isNear =
    nearest !== undefined && nearest.d < word.length && nearest.d <= Math.max(2, Math.floor(word.length / 3));
  return isNear ? `; did you mean '${nearest.k}'?` : '';
};

/** How a value reads in a message: short, whatever it is. */
export const showValue = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    // Messages are one line each.
    const line = value.slice(0, 41).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
    return value.length > 40 ? `'${line.slice(0, 37)}...'` : `'${line}'`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    const isShort = value.length <= 8 && value.every((v) => typeof v === 'number');
    return isShort ? `[${value.join(', ')}]` : `an array of ${value.length}`;
  }
  const maker = value.constructor?.name ?? 'Object'; // one without a prototype is as plain as others
  return maker === 'Object' ? 'a plain object' : `a ${maker} object`;
};

/**
 * Throws unless `given` is an object whose keys are all known: `fit: there is no option 'momentun'; did you
 * mean 'momentum'?`. Keys that are present but undefined count, too. `where` starts the message.
 */
export const checkKeys = <O>(
  where: string,
  given: O,
  known: { readonly [K in keyof O]-?: unknown },
  code: ErrorCode = 'OPTION',
): void => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    fail(
      code,
      `${where}: options must be an object such as { ${Object.keys(known)[0] ?? ''} }, got ${showValue(given)}; give one`,
    );
  }
  const names = Object.keys(known);
  for (const key of Object.keys(given as object)) {
    if (Object.hasOwn(known, key)) continue;
    const list = names.length === 0 ? 'it takes none' : `its options are ${names.join(', ')}`;
    fail(code, `${where}: there is no option '${key}'${didYouMean(key, names) || `; ${list}`}`);
  }
};

/**
 * One of a closed set of words, or an error that lists them: `rate: kind 'onecycle' is unknown; did you mean
 * 'oneCycle'?`.
 */
export const checkWord = <W extends string>(
  where: string,
  given: W,
  words: readonly W[],
  code: ErrorCode = 'OPTION',
): W => {
  if (words.includes(given)) return given;
  const hint = typeof given === 'string' ? didYouMean(given, words) : '';
  return fail(code, `${where} ${showValue(given)} is unknown${hint || `; choose from ${words.join(', ')}`}`);
};

/** A number that passes `test`, or an error: `fit: epochs '3' is not a positive integer`. */
export const checkNumber = (
  where: string,
  given: number,
  test: (n: number) => boolean,
  expected: string,
  code: ErrorCode = 'OPTION',
): number =>
  typeof given === 'number' && test(given)
    ? given
    : fail(code, `${where} ${showValue(given)} is not ${expected}; give one`);

export const isPositiveInteger = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
export const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
