import { fail } from './errors.js';
import { checkValue, count, keyKind } from './kinds.js';
import { blockInto, philox, type Key } from './philox.js';

/**
 * Random numbers as pure functions of a key, by the counter-based generator of philox.ts: there is no state
 * to save and every draw can be made again. One key, one draw: derive sub-keys with {@link fold} instead of
 * drawing twice.
 */
export type { Key } from './philox.js';

/** Counter word 3: keeps the words that become keys apart from the words that become numbers. */
const DRAW = 0;
const FOLD_INTEGER = 1;
const FOLD_TEXT = 2;

const whole = (n: number, what: string): number =>
  Number.isSafeInteger(n)
    ? n
    : fail('OPTION', `random: ${what} must be a whole number below 2^53, got ${n}; give one`);

/** The key of a seed: any whole number from 0 to 2^53 - 1. Error OPTION. */
export const key = (seed: number): Key =>
  whole(seed, 'seed') < 0
    ? fail('OPTION', `random: seed must not be negative, got ${seed}; give one from 0 on`)
    : Object.freeze([seed >>> 0, Math.floor(seed / 2 ** 32)] as const);

const foldWords = (parent: Key, c0: number, c1: number, c2: number, tag: number): Key => {
  const [lo, hi] = philox([c0, c1, c2, tag], parent);
  return Object.freeze([lo, hi] as const);
};

const foldText = (parent: Key, text: string): Key => {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.max(8, Math.ceil(bytes.length / 8) * 8));
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  let k = parent;
  // The bytes still to come are part of the counter, so that 'a' and 'a\0' differ.
  for (let i = 0; i < padded.length; i += 8) {
    k = foldWords(k, view.getUint32(i, true), view.getUint32(i + 4, true), bytes.length - i, FOLD_TEXT);
  }
  return k;
};

/**
 * A sub-key named by whole numbers and labels: `fold(k, 'augment', epoch, step)`. fold(k, a, b) =
 * fold(fold(k, a), b).
 */
export const fold = (parent: Key, ...labels: readonly (number | string)[]): Key => {
  checkValue('fold: parent', parent, keyKind);
  return labels.reduce<Key>(
    (k, label) =>
      typeof label === 'string'
        ? foldText(k, label)
        : foldWords(k, whole(label, 'label') >>> 0, Math.floor(label / 2 ** 32) >>> 0, 0, FOLD_INTEGER),
    parent,
  );
};

/** Words `from` to `from + n - 1` of the key's stream; `from` is a multiple of 4. */
const wordsFrom = ([lo, hi]: Key, from: number, n: number): Uint32Array => {
  const blocks = Math.ceil(n / 4);
  const out = new Uint32Array(4 * blocks);
  const first = from / 4;
  for (let b = 0; b < blocks; b++) {
    const index = first + b;
    blockInto(out, 4 * b, index | 0, Math.floor(index / 2 ** 32), 0, DRAW, lo, hi);
  }
  return out.subarray(0, n);
};

/**
 * n uniform 32-bit words. A shorter draw from the same key is a prefix of a longer one; so for all draws
 * below but `permutation`.
 */
export const words = (k: Key, n: number): Uint32Array => {
  checkDraw('words', k, n);
  return wordsFrom(k, 0, n);
};

const checkDraw = (what: string, k: Key, n: number): void => {
  checkValue(`${what}: key`, k, keyKind);
  checkValue(`${what}: n`, n, count);
};

/** 53 bits in [0, 1). */
const unit = (a: number, b: number): number => ((a >>> 5) * 0x4000000 + (b >>> 6)) / 2 ** 53;

/** n numbers uniform in [0, 1), 53 bits each. */
export const uniform = (k: Key, n: number): Float64Array => {
  checkDraw('uniform', k, n);
  const w = words(k, 2 * n);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) out[i] = unit(w[2 * i]!, w[2 * i + 1]!);
  return out;
};

/**
 * n standard normal numbers (Box and Muller, A note on the generation of random normal deviates, 1958), in
 * float64.
 */
export const normal = (k: Key, n: number): Float64Array => {
  checkDraw('normal', k, n);
  const pairs = Math.ceil(n / 2);
  const w = words(k, 4 * pairs);
  const out = new Float64Array(2 * pairs);
  for (let i = 0; i < pairs; i++) {
    // 1 - u is in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - unit(w[4 * i]!, w[4 * i + 1]!)));
    const angle = 2 * Math.PI * unit(w[4 * i + 2]!, w[4 * i + 3]!);
    out[2 * i] = radius * Math.cos(angle);
    out[2 * i + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, n);
};

/**
 * Unbiased whole numbers below a bound, by rejection: the one place where how many words a draw takes depends
 * on their values.
 */
const below = (k: Key): ((bound: number) => number) => {
  const CHUNK = 64;
  let chunk = wordsFrom(k, 0, 0);
  let next = 0;
  let from = 0;
  const word = (): number => {
    if (next === chunk.length) {
      chunk = wordsFrom(k, from, CHUNK);
      from += CHUNK;
      next = 0;
    }
    return chunk[next++]!;
  };
  return (bound) => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let w = word();
    while (w >= limit) w = word();
    return w % bound;
  };
};

/** n whole numbers uniform in [0, bound), 1 <= bound <= 2^31. Error OPTION. */
export const integers = (k: Key, n: number, bound: number): Int32Array => {
  if (whole(bound, 'bound') < 1 || bound > 2 ** 31)
    fail('OPTION', `random: bound must be from 1 to 2^31, got ${bound}; give one`);
  const draw = below(k);
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = draw(bound);
  return out;
};

/** 0 to n - 1 in an order drawn uniformly from all n! (Fisher and Yates, from the back). */
export const permutation = (k: Key, n: number): Int32Array => {
  checkDraw('permutation', k, n);
  const draw = below(k);
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = draw(i + 1);
    const kept = out[i]!;
    out[i] = out[j]!;
    out[j] = kept;
  }
  return out;
};
