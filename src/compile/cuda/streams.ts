import { collide } from '../../plan/memory.js';
import type { Plan } from '../../plan/plan.js';
import { isWeightGradient } from '../../plan/traits.js';
import type { CudaStep } from './cuda-plan.js';

/**
 * Puts steps aside that need not be waited for at once, since at small batches neither they nor the steps of
 * the main stream fill a GPU: gradients of weights, for which nothing but the end of the backward pass waits;
 * and before the first of those, the first of two products in a row that have nothing to do with each other
 * (the network and its path network, a block and its shortcut). What the arena gives to another value too
 * early is waited for.
 */
export const withStreams = (plan: Plan, steps: readonly CudaStep[]): readonly CudaStep[] => {
  const gradients = steps.map((step, at) => step.kind === 'library' && isWeightGradient(plan.steps[at]!));
  const first = gradients.indexOf(true);
  const isSide = gradients.reduce<readonly boolean[]>((aside, isGradient, at) => {
    const isPaired =
      steps[at]!.kind === 'library' &&
      steps[at + 1]?.kind === 'library' &&
      (first < 0 || at + 1 < first) &&
      aside.at(-1) !== true &&
      !collide(plan, plan.steps[at]!, plan.steps[at + 1]!);
    return [...aside, isGradient || isPaired];
  }, []);
  const side: number[] = [];
  let joined = -1; // the last side step that the main stream has waited for
  return steps.map((step, at): CudaStep => {
    if (isSide[at]) {
      side.push(at);
      return { ...step, stream: 'side' };
    }
    const done = plan.steps.slice(at, at + 1 + (step.kind === 'launches' ? step.covers : 0));
    const after = side.filter((s) => s > joined && done.some((d) => collide(plan, plan.steps[s]!, d))).at(-1);
    if (after === undefined) return step;
    joined = after;
    return { ...step, after };
  });
};
