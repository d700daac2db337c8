/** The words of a key of {@link philox}. */
export type Key = readonly [lo: number, hi: number];

/**
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011): a block
 * cipher applied to a counter.
 */
const ROUNDS = 10;

/** High word of the product of two uint32, in 16-bit limbs: a double cannot hold 64 bits. */
const mulhi = (a: number, bh: number, bl: number): number => {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const p1 = Math.imul(ah, bl);
  const p2 = Math.imul(al, bh);
  const mid = (Math.imul(al, bl) >>> 16) + (p1 & 0xffff) + (p2 & 0xffff);
  return (Math.imul(ah, bh) + (p1 >>> 16) + (p2 >>> 16) + (mid >>> 16)) | 0;
};

/** One block, written to out[at..at+3]. All words are taken modulo 2^32. */
export const blockInto = (
  out: Uint32Array,
  at: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void => {
  for (let round = 0; round < ROUNDS; round++) {
    const hi0 = mulhi(c0, 0xd251, 0x1f53);
    const hi1 = mulhi(c2, 0xcd9e, 0x8d57);
    const lo0 = Math.imul(c0, 0xd2511f53);
    const lo1 = Math.imul(c2, 0xcd9e8d57);
    c0 = hi1 ^ c1 ^ k0;
    c1 = lo1;
    c2 = hi0 ^ c3 ^ k1;
    c3 = lo0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
};

/** Philox4x32-10 of a 128-bit counter, words lowest first, as in the published test vectors. */
export const philox = (
  counter: readonly [number, number, number, number],
  [lo, hi]: Key,
): readonly [number, number, number, number] => {
  const out = new Uint32Array(4);
  blockInto(out, 0, ...counter, lo, hi);
  return [out[0]!, out[1]!, out[2]!, out[3]!];
};
