import * as t from 'io-ts';

/**
 * Limits of sizes, those of native/core/sizes.h: a device refuses a plan beyond them, and so does this codec.
 * Elements and axes of a buffer, bytes of the arena, what an element of an i32 buffer can number, and what a
 * convolution's stride, padding or kernel spans.
 */
export const PLAN_LIMITS = {
  elements: 2 ** 40,
  axes: 64,
  arenaBytes: 2 ** 46,
  numbered: 2 ** 31 - 1,
  reach: 2 ** 16,
  /**
   * A fused step has any number of elements up to `worked`, and beyond it `repeats` times those of the
   * largest buffer.
   */
  worked: 2 ** 28,
  repeats: 2 ** 10,
} as const;

const numberType = (name: string, isOne: (n: number) => boolean): t.Type<number, number, unknown> => {
  const is = (u: unknown): u is number => typeof u === 'number' && isOne(u);
  return new t.Type(name, is, (u, c) => (is(u) ? t.success(u) : t.failure(u, c)), t.identity);
};
export const integerFrom = (least: number, most: number): t.Type<number, number, unknown> =>
  numberType(`integer from ${least} to ${most}`, (n) => Number.isInteger(n) && n >= least && n <= most);

/** Whole numbers that JSON and the addon keep exactly. */
export const Natural = numberType('natural number', (n) => Number.isSafeInteger(n) && n >= 0);
export const Integer = numberType('integer', Number.isSafeInteger);
/** An axis, a window or a count of rows. */
export const Extent = integerFrom(1, PLAN_LIMITS.numbered);
export const Reach = integerFrom(1, PLAN_LIMITS.reach);

/** The product of extents; a number too large to be exact is larger than any limit all the same. */
export const elementsOf = (extents: readonly number[]): number => extents.reduce((n, d) => n * d, 1);
