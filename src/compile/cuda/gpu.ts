/** What launch geometry needs to know of a GPU. */
export interface Gpu {
  readonly smCount: number;
  /** Shared memory that a kernel may declare without asking. */
  readonly sharedBytes: number;
}

/**
 * H200 (and H100 SXM). Results do not depend on the GPU: only where work is shared out without changing an
 * order of additions.
 */
export const H200: Gpu = { smCount: 132, sharedBytes: 48 * 1024 };

/**
 * Threads of a block in nearly all kernels: eight fit on one SM of every architecture since Volta, with 32
 * registers each.
 */
export const THREADS = 256;

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
/** Largest power of two up to n, for n >= 1. */
export const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(n));
