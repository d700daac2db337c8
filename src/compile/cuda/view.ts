import type { FusedStep } from '../../plan/plan.js';

/**
 * How a launch of a fused step sees the index space: axes joined where that changes nothing, elements taken
 * several at a time.
 */
export type Strides = readonly [number, number, number];
export type Keep = FusedStep['reductions'][number]['keep'];

export interface View {
  /** Elements still are numbered (o*R + r)*I + i, as in the plan. */
  readonly domain: Strides;
  /** Strides of the step's loads in this view. */
  readonly loads: readonly Strides[];
}

/** What a reduction keeps, said in the fewest axes. */
export const plainKeep = (keep: Keep, [o, , i]: Strides): Keep => {
  const outer = (keep === 'outer' || keep === 'outerInner') && o !== 1;
  const inner = (keep === 'inner' || keep === 'outerInner') && i !== 1;
  if (outer) return inner ? 'outerInner' : 'outer';
  return inner ? 'inner' : 'none';
};

/** Axis a may be joined to the axis b that follows it: every load walks through both as through one. */
const join = (view: View, a: 0 | 1, b: 1 | 2): View | null => {
  const [p, q] = [view.domain[a], view.domain[b]];
  const fits = view.loads.every((s) => p === 1 || q === 1 || s[a] === s[b] * q);
  if (!fits) return null;
  const put = (xs: Strides, joined: number, rest: number): Strides => {
    const ys: [number, number, number] = [...xs];
    ys[a] = rest;
    ys[b] = joined;
    return ys;
  };
  return { domain: put(view.domain, p * q, 1), loads: view.loads.map((s) => put(s, q > 1 ? s[b] : s[a], 0)) };
};

/** Joins all that a map (`keep` null) or a reduction may join; what is joined lies in the later axis. */
export const viewOf = (domain: Strides, loads: readonly Strides[], keep: Keep | null): View => {
  const clean: View = {
    domain,
    loads: loads.map((s) => s.map((x, k) => (domain[k] === 1 ? 0 : x)) as unknown as Strides),
  };
  switch (keep) {
    case 'outerInner':
      return clean;
    case 'inner':
      return join(clean, 0, 1) ?? clean;
    case 'outer':
      return join(clean, 1, 2) ?? clean;
    case 'none':
    case null: {
      const short = join(clean, 1, 2);
      if (short === null) return join(clean, 0, 1) ?? clean;
      // the middle axis is empty now: move the outer one there, and on if it joins
      const moved = join(short, 0, 1) ?? short;
      return join(moved, 1, 2) ?? moved;
    }
  }
};

/** A load that gives every element of the view its own number. */
export const isFull = ([so, sr, si]: Strides, [O, R, I]: Strides): boolean =>
  (O === 1 || so === R * I) && (R === 1 || sr === I) && (I === 1 || si === 1);

/** Whether `width` neighbours along the inner axis lie in one aligned pack of a load's buffer. */
export const isPacked = ([so, sr, si]: Strides, width: number): boolean =>
  si === 1 && so % width === 0 && sr % width === 0;

/**
 * How many neighbours along the inner axis one thread takes: four where the axis divides, fewer where that
 * many registers would not fit (`loads` counts those that each element needs anew).
 */
export const widthOf = (inner: number, loads: number): 1 | 2 | 4 => {
  if (inner % 4 === 0 && loads <= 12) return 4;
  return inner % 2 === 0 && loads <= 24 ? 2 : 1;
};
