export const sumOf = (counts: readonly number[]): number => counts.reduce((n, c) => n + c, 0);

/**
 * Shares out `total` survivors among layers in proportion to their `parts`, none more than it has weights
 * (`caps`). Counts are p f rounded to the nearest, for one f that makes the sum exact; a layer that would
 * exceed its weights is dense.
 *
 * That is Sainte-Laguë's method, by which each next survivor goes to the layer with the largest p / (2 s +
 * 1), s what it has; of equal layers to the first. It is taken because no layer ever loses one when there is
 * more to share out, which rounding by largest remainders does not promise: so a schedule of falling totals
 * never brings a pruned weight back.
 */
export const allocate = (parts: readonly number[], caps: readonly number[], total: number): number[] => {
  const rounded = (f: number): number[] => parts.map((p, i) => Math.min(caps[i]!, Math.floor(p * f + 0.5)));
  let [low, high] = [0, Math.max(...caps.map((cap, i) => (cap + 1) / parts[i]!))];
  for (let step = 0; step < 64; step++) {
    const middle = (low + high) / 2;
    if (sumOf(rounded(middle)) <= total) low = middle;
    else high = middle;
  }
  // A little below, so that what rounding errors touch is shared out by the rule itself, and so are ties.
  const counts = rounded(low * (1 - 1e-9));
  for (let left = total - sumOf(counts); left > 0; left--) {
    const claims = parts.map((p, i) => (counts[i] === caps[i] ? -1 : p / (2 * counts[i]! + 1)));
    const next = claims.indexOf(Math.max(...claims));
    counts[next]!++;
  }
  return counts;
};
