import { BYTES, bytesOf } from '../plan/memory.js';
import { readsOf, writesOf, type FusedStep, type Plan, type PlanBuffer, type Step } from '../plan/plan.js';
import { isImageConvolution, isWeightGradient } from '../plan/traits.js';
import { placeBuffers, type Lifetime } from './memory.js';
import { momentsAt } from './moments.js';
import type { Pass } from './pass.js';
import type { Emitted } from './stages.js';
import type { SideStream, Target } from './target.js';

/** Lifetimes of the arena's buffers, and their places. */

/** Steps that a product may fall behind the others; its operands stay that long. */
const lagOf = (step: Step, sideStream: SideStream | null): number => {
  if (sideStream === null) return 0;
  if (isWeightGradient(step)) return sideStream.gradientLag;
  return isImageConvolution(step) ? sideStream.convolutionLag : 0;
};

/** First and last step that touches each buffer of the arena. */
interface Spans {
  readonly first: Map<number, number>;
  readonly last: ReadonlyMap<number, number>;
}

const spansOf = ({ steps, buffers }: Plan, { sideStream }: Target): Spans => {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  steps.forEach((step, i) => {
    const to = Math.min(i + lagOf(step, sideStream), steps.length - 1);
    for (const b of [...readsOf(step), ...writesOf(step)]) {
      if (buffers[b]!.place.in !== 'arena') continue;
      if (!first.has(b)) first.set(b, i);
      last.set(b, Math.max(last.get(b) ?? 0, to));
    }
  });
  return { first, last };
};

/** The result of the convolution directly before map `i`, if it reads that. */
const resultBefore = (steps: readonly Step[], i: number): number | undefined => {
  const [before, step] = [steps[i - 1], steps[i]!];
  if (before?.kind !== 'call' || !isImageConvolution(before) || step.kind !== 'fused') return undefined;
  const result = before.outputs[0]!;
  return step.reductions.length === 0 && step.loads.some((l) => l.buffer === result) ? result : undefined;
};

/** Whether a load reads its buffer element by element, in order. */
const isWhole = ({ domain: [o, r, n] }: FusedStep, { strides }: FusedStep['loads'][number]): boolean =>
  (o === 1 || strides[0] === r * n) && (r === 1 || strides[1] === n) && (n === 1 || strides[2] === 1);

/**
 * The buffer whose place each buffer takes: an operand that is read element by element and never again
 * donates its place to an equally large value that the same step stores.
 *
 * Where a map may be done in the call of the convolution directly before, it takes the place of that result
 * alone, and what it stores elsewhere has its place while the convolution runs, since one call for both
 * writes while it reads. So have the moments of the result.
 */
const donations = (
  { steps, buffers }: Plan,
  { first, last }: Spans,
  { epilogues }: Target,
): ReadonlyMap<number, number> => {
  const donors = new Map<number, number>();
  const isAlike = (a: number, b: number): boolean => {
    const [p, q] = [buffers[a]!, buffers[b]!];
    return bytesOf(p) === bytesOf(q) && BYTES[p.dtype] === BYTES[q.dtype];
  };
  steps.forEach((step, i) => {
    if (step.kind !== 'fused') return;
    const startsEarlier = (b: number): void => {
      if (epilogues && first.get(b) === i) first.set(b, i - 1);
    };
    momentsAt(steps, i)?.results.forEach(startsEarlier);
    const result = epilogues ? resultBefore(steps, i) : undefined;
    const mayDonate = (b: number): boolean =>
      last.get(b) === i &&
      (result === undefined || b === result) &&
      step.loads.every((l) => l.buffer !== b || isWhole(step, l));
    const dying = new Set(step.loads.map((l) => l.buffer).filter(mayDonate));
    for (const { buffer } of step.stores) {
      if (first.get(buffer) !== i || donors.has(buffer)) continue;
      const donor = [...dying].find((d) => isAlike(d, buffer));
      if (donor !== undefined) {
        dying.delete(donor);
        donors.set(buffer, donors.get(donor) ?? donor);
      } else if (result !== undefined) startsEarlier(buffer);
    }
  });
  return donors;
};

/** One lifetime for each place: of a buffer and of those that take its place. */
const lifetimesOf = (
  { buffers }: Plan,
  { first, last }: Spans,
  donors: ReadonlyMap<number, number>,
): Lifetime[] => {
  const lifetimes = new Map<number, Lifetime>();
  for (const [b, from] of first) {
    const id = donors.get(b) ?? b;
    const known = lifetimes.get(id);
    lifetimes.set(id, {
      id,
      bytes: bytesOf(buffers[b]!),
      from: Math.min(from, known?.from ?? from),
      to: Math.max(last.get(b)!, known?.to ?? 0),
    });
  }
  return [...lifetimes.values()];
};

const place = ({ plan, target }: Emitted): Emitted => {
  const spans = spansOf(plan, target);
  const donors = donations(plan, spans, target);
  const { offsets, bytes } = placeBuffers(lifetimesOf(plan, spans, donors));
  const buffers = plan.buffers.map((buffer, b): PlanBuffer => {
    if (buffer.place.in !== 'arena') return buffer;
    return { ...buffer, place: { in: 'arena', at: offsets.get(donors.get(b) ?? b) ?? 0 } };
  });
  return { target, plan: { ...plan, arenaBytes: bytes, buffers } };
};

export const placePass: Pass<Emitted, Emitted> = {
  name: 'place',
  doc: 'every buffer of the arena at its offset',
  run: place,
};
