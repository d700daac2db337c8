import { isWeightGradientStep, type Plan } from '../plan.js';
import type { CudaStep } from './cuda-plan.js';
import { collide } from './kernel.js';

/**
 * Gives gradients of weights a lane of their own: nothing but the end of the backward pass waits for them, and at small batches neither they nor
 * the steps of the main lane fill a GPU. What the arena gives to another value too early is waited for.
 *
 * `covers(at)`: how many steps the launches of step `at` do.
 */
export const withLanes = (plan: Plan, steps: readonly CudaStep[], covers: (at: number) => number): readonly CudaStep[] => {
  const isSide = steps.map((step, at) => step.kind === 'library' && isWeightGradientStep(plan.steps[at]!));
  const side: number[] = [];
  let joined = -1; // the last side step that the main lane has waited for
  return steps.map((step, at): CudaStep => {
    if (step.kind === 'library' && isSide[at]) {
      side.push(at);
      return { ...step, lane: 'side' };
    }
    const done = Array.from({ length: covers(at) }, (_, k) => plan.steps[at + k]!);
    const after = side.filter((s) => s > joined && done.some((d) => collide(plan, plan.steps[s]!, d))).at(-1);
    if (after === undefined) return step;
    joined = after;
    return { ...step, after };
  });
};
