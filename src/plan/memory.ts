import { elementsOf } from './numbers.js';
import { readsOf, writesOf, type Plan, type PlanBuffer, type Step } from './plan.js';

/** Who shares memory in a plan. */

/** Bytes of an element. */
export const BYTES = { f32: 4, bf16: 2, i32: 4, u8: 1 } as const;

export const bytesOf = ({ dtype, shape }: Pick<PlanBuffer, 'dtype' | 'shape'>): number =>
  elementsOf(shape) * BYTES[dtype];

/** Whether two buffers have a byte in common. */
export const overlap = (plan: Plan, a: number, b: number): boolean => {
  if (a === b) return true;
  const [p, q] = [plan.buffers[a]!, plan.buffers[b]!];
  if (p.place.in === 'constant' || q.place.in === 'constant' || p.place.in !== q.place.in) return false;
  if (p.place.in !== 'arena') return p.place.at === q.place.at;
  return p.place.at < q.place.at + bytesOf(q) && q.place.at < p.place.at + bytesOf(p);
};

/** Whether the order of two steps matters: one writes what the other reads or writes. */
export const collide = (plan: Plan, a: Step, b: Step): boolean => {
  const meet = (some: readonly number[], others: readonly number[]): boolean =>
    some.some((p) => others.some((q) => overlap(plan, p, q)));
  return meet(writesOf(a), [...readsOf(b), ...writesOf(b)]) || meet(readsOf(a), writesOf(b));
};
