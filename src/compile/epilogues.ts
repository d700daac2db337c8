import { elementsOf } from '../plan/numbers.js';
import { overlap } from '../plan/memory.js';
import {
  readsOf,
  writesOf,
  type Epilogue,
  type FusedStep,
  type Plan,
  type Spread,
  type Step,
} from '../plan/plan.js';
import { isImageConvolution } from '../plan/traits.js';
import { momentsAt } from './moments.js';
import type { Pass } from './pass.js';
import type { Emitted } from './stages.js';

/**
 * Marks convolutions that may become one call with the step directly after. See Note [One call for two
 * steps].
 */

/** How a load lies over the result; null where that is another way. */
const spreadOf = (
  domain: FusedStep['domain'],
  { strides }: FusedStep['loads'][number],
  channels: number,
): Spread | null => {
  const whole = [domain[1] * domain[2], domain[2], 1];
  const axes = [0, 1, 2].filter((i) => domain[i] !== 1);
  const last = axes.at(-1);
  if (axes.every((i) => strides[i] === 0)) return 'scalar';
  if (axes.every((i) => strides[i] === whole[i])) return 'full';
  const isChannel = axes.every((i) => strides[i] === (i === last ? 1 : 0)) && domain[last!] === channels;
  return isChannel ? 'channel' : null;
};

/**
 * Whether anybody reads a buffer's value after step `last`: a later step before another value lies there, or
 * the caller.
 */
const isReadAfter = (plan: Plan, value: number, last: number): boolean => {
  if (plan.buffers[value]!.place.in !== 'arena') return true;
  const replaced = new Set(writesOf(plan.steps[last]!));
  for (const step of plan.steps.slice(last + 1)) {
    if (readsOf(step).some((b) => !replaced.has(b) && overlap(plan, b, value))) return true;
    writesOf(step).forEach((b) => replaced.add(b));
  }
  return false;
};

/** Whether one call may read and write these in an order of its own. */
const areApart = (plan: Plan, read: readonly number[], written: readonly number[]): boolean =>
  written.every((b, i) => ![...read, ...written.slice(i + 1)].some((other) => overlap(plan, b, other)));

const ofMap = (plan: Plan, at: number): Epilogue | null => {
  const [convolution, map] = [plan.steps[at]!, plan.steps[at + 1]];
  if (map?.kind !== 'fused' || map.reductions.length > 0) return null;
  const result = writesOf(convolution)[0]!;
  const { shape } = plan.buffers[result]!;
  if (elementsOf(map.domain) !== elementsOf(shape)) return null;
  const spreads = map.loads.map((l) => spreadOf(map.domain, l, shape.at(-1)!));
  const known = spreads.filter((s) => s !== null);
  const ofResult = map.loads.flatMap((l, i) => (l.buffer === result ? [spreads[i]] : []));
  const isReal = map.loads.every(({ buffer }) => ['f32', 'bf16'].includes(plan.buffers[buffer]!.dtype));
  if (!isReal || known.length < spreads.length || ofResult.length === 0) return null;
  if (ofResult.some((s) => s !== 'full')) return null;
  const keepsResult = isReadAfter(plan, result, at + 1);
  const read = [...readsOf(convolution), ...readsOf(map).filter((b) => b !== result)];
  const written = [...writesOf(map), ...(keepsResult ? [result] : [])];
  return areApart(plan, read, written) ? { kind: 'map', spreads: known, keepsResult } : null;
};

const ofMoments = (plan: Plan, at: number): Epilogue | null => {
  const moments = momentsAt(plan.steps, at + 1);
  // the steps that make moments of the sums have the count as a number of float32
  if (moments === null || Math.fround(moments.count) !== moments.count) return null;
  const [sum, squares] = moments.results;
  return areApart(plan, readsOf(plan.steps[at]!), [sum, squares, moments.y])
    ? { kind: 'sums', sum, squares }
    : null;
};

/** The plan with its marks, from its steps and places alone. */
export const withEpilogues = (plan: Plan): Plan => ({
  ...plan,
  steps: plan.steps.map((step, at): Step => {
    if (!isImageConvolution(step)) return step;
    const epilogue = ofMap(plan, at) ?? ofMoments(plan, at);
    return epilogue === null ? step : ({ ...step, epilogue } as Step); // image convolutions may have one
  }),
});

export const epiloguesPass: Pass<Emitted, Emitted> = {
  name: 'epilogues',
  doc: 'which steps may be done in the call of the convolution before, where the target can',
  run: (from) => (from.target.epilogues ? { ...from, plan: withEpilogues(from.plan) } : from),
};

/*
 * Note [One call for two steps]
 *
 * Two steps read and write in turn; one call reads all operands while it writes results, in an order of its
 * own. So no result may lie on any operand, not even element on element: libraries do not say that they allow
 * this. The place of the convolution's result is free if nothing but the map reads it, since then it is never
 * written; `place` chooses places so that this is the usual case.
 *
 * A mark says that one call computes the same, not that a library has it or that it is faster: that the
 * device finds out.
 */
