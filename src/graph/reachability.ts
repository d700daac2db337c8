/**
 * What must come after what, in an acyclic graph that grows: one row of bits for each element, all that it
 * must follow. A question is one bit; a new edge costs a row for each element that already follows its later
 * end.
 */
export interface Reachability<T> {
  readonly add: (element: T) => void;
  /** Puts `later` after `earlier` and all that `earlier` follows. */
  readonly connect: (later: T, earlier: T) => void;
  /** Whether `later` must come after `earlier`, directly or not. An element does not follow itself. */
  readonly follows: (later: T, earlier: T) => boolean;
}

interface Row {
  readonly place: number;
  /** Bit k: it follows the element at place k. */
  readonly bits: Uint32Array;
  /** The rows that were put directly after it. */
  readonly after: Row[];
}

const has = ({ bits }: Row, { place }: Row): boolean => (bits[place >>> 5]! & (1 << (place & 31))) !== 0;

/** Adds the bits of `from` and its own to a row; whether that changed it. */
const absorb = ({ bits }: Row, from: Row): boolean => {
  let isNew = 0;
  const add = (k: number, word: number): void => {
    isNew |= word & ~bits[k]!;
    bits[k]! |= word;
  };
  for (let k = 0; k < bits.length; k++) add(k, from.bits[k]!);
  add(from.place >>> 5, 1 << (from.place & 31));
  return isNew !== 0;
};

/** For at most `capacity` elements. */
export const reachability = <T>(capacity: number): Reachability<T> => {
  const rows = new Map<T, Row>();
  const follows = (later: T, earlier: T): boolean => has(rows.get(later)!, rows.get(earlier)!);
  return {
    add: (element) =>
      void rows.set(element, { place: rows.size, bits: new Uint32Array((capacity + 31) >>> 5), after: [] }),
    follows,
    connect: (later, earlier) => {
      if (follows(later, earlier)) return; // then all that follows `later` follows `earlier` as well
      const [first, from] = [rows.get(later)!, rows.get(earlier)!];
      from.after.push(first);
      absorb(first, from);
      const changed = [first];
      for (let row = changed.pop(); row !== undefined; row = changed.pop()) {
        for (const next of row.after) if (absorb(next, row)) changed.push(next);
      }
    },
  };
};
