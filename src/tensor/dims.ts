/**
 * Arithmetic on literal dimensions, each rule once as a type and once as the value it must agree with.
 *
 * Every convolution here pads with 2p = d(k-1), so its output size is ceil(size / stride) whatever the kernel
 * and the dilation. Halving works digit by digit on the decimal string, which keeps whole networks cheap to
 * check.
 */
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';

/** Halves[r][d] = [quotient digit, remainder] of (10 r + d) / 2. */
interface Halves {
  0: {
    0: ['0', 0];
    1: ['0', 1];
    2: ['1', 0];
    3: ['1', 1];
    4: ['2', 0];
    5: ['2', 1];
    6: ['3', 0];
    7: ['3', 1];
    8: ['4', 0];
    9: ['4', 1];
  };
  1: {
    0: ['5', 0];
    1: ['5', 1];
    2: ['6', 0];
    3: ['6', 1];
    4: ['7', 0];
    5: ['7', 1];
    6: ['8', 0];
    7: ['8', 1];
    8: ['9', 0];
    9: ['9', 1];
  };
}
interface Successor {
  0: '1';
  1: '2';
  2: '3';
  3: '4';
  4: '5';
  5: '6';
  6: '7';
  7: '8';
  8: '9';
}

type Increment<S extends string> = S extends `${infer H}9`
  ? `${H extends '' ? '1' : Increment<H>}0`
  : S extends `${infer H}${keyof Successor}`
    ? S extends `${H}${infer D extends keyof Successor}`
      ? `${H}${Successor[D]}`
      : never
    : never;

type HalveDigits<
  S extends string,
  R extends 0 | 1,
  Q extends string,
> = S extends `${infer D extends Digit}${infer Rest}`
  ? Halves[R][ToNumber<D> & keyof Halves[R]] extends [infer N extends string, infer R2 extends 0 | 1]
    ? HalveDigits<Rest, R2, `${Q}${N}`>
    : never
  : [Q, R];

type Trim<S extends string> = S extends `0${infer Rest}` ? (Rest extends '' ? '0' : Trim<Rest>) : S;
/**
 * `number`, not `never`, where S is no literal: for a size that is still a variable the compiler judges the
 * result by S = string, and `never` would pass for every size.
 */
type ToNumber<S extends string> = S extends `${infer N extends number}` ? N : number;

type HalveUp<N extends number> = number extends N
  ? number
  : HalveDigits<`${N}`, 0, ''> extends [infer Q extends string, infer R]
    ? ToNumber<R extends 1 ? Increment<Trim<Q>> : Trim<Q>>
    : never;

/** floor(N / 2): the size after an unpadded 2x2 window of stride 2. */
export type Half<N extends number> = number extends N
  ? number
  : HalveDigits<`${N}`, 0, ''> extends [infer Q extends string, unknown]
    ? ToNumber<Trim<Q>>
    : never;

/**
 * ceil(N / S) for the strides 1, 2, 4 and 8; `number` for others. S = 1 is tested first, so that it also
 * reduces for a type variable N.
 */
export type CeilDiv<N extends number, S extends number> = S extends 1
  ? N
  : S extends 2
    ? HalveUp<N>
    : S extends 4
      ? HalveUp<HalveUp<N>>
      : S extends 8
        ? HalveUp<HalveUp<HalveUp<N>>>
        : number;

export const ceilDiv = (n: number, s: number): number => Math.ceil(n / s);
export const half = (n: number): number => Math.floor(n / 2);
