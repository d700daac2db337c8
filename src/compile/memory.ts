/** One page of memory planning: lifetimes to offsets in one arena. */
export interface Lifetime {
  readonly id: number;
  readonly bytes: number;
  /** First and last step that touches it. */
  readonly from: number;
  readonly to: number;
}

/** Alignment of every buffer, one cache line and one AVX-512 register. */
const ALIGNMENT = 64;
const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

interface Placed {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** Index of the first that starts at `start` or later. */
const firstFrom = (placed: readonly Placed[], start: number): number => {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Places buffers so that two that live at the same step never overlap. Largest first, each at the lowest gap
 * that fits: within a few per cent of the lower bound (the largest sum of live bytes) on these networks.
 */
export const placeBuffers = (
  lifetimes: readonly Lifetime[],
): { readonly offsets: ReadonlyMap<number, number>; readonly bytes: number } => {
  const placed: Placed[] = []; // by start
  const offsets = new Map<number, number>();
  let total = 0;
  for (const { id, bytes, from, to } of [...lifetimes].sort(
    (a, b) => b.bytes - a.bytes || a.from - b.from || a.id - b.id,
  )) {
    const size = aligned(Math.max(bytes, 1));
    let start = 0;
    for (let i = 0; i < placed.length; i++) {
      const p = placed[i]!;
      if (p.from > to || from > p.to) continue;
      if (p.start - start >= size) break;
      start = Math.max(start, p.end);
    }
    placed.splice(firstFrom(placed, start), 0, { from, to, start, end: start + size });
    offsets.set(id, start);
    total = Math.max(total, start + size);
  }
  return { offsets, bytes: total };
};
