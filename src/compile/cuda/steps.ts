import type { Plan, Step } from '../../plan/plan.js';
import { callDrafts, callHasFrame } from './calls.js';
import { ALONE, type Draft, type Frame } from './kernel.js';
import { mapDrafts } from './map.js';
import { reduceDrafts } from './reduce.js';
import type { Gpu } from './gpu.js';

/** The launches of a step, in a frame where it has one; null where a library runs it. */
export const draftsOf = (plan: Plan, step: Step, gpu: Gpu, frame: Frame = ALONE): Draft[] | null => {
  if (step.kind === 'call') return callDrafts(plan, step, gpu, frame);
  return step.reductions.length === 0
    ? mapDrafts(plan, step, gpu, frame)
    : reduceDrafts(plan, step, gpu, frame);
};

/** Whether a step's kernel keeps to a frame. */
const hasFrame = (step: Step): boolean => step.kind === 'fused' || callHasFrame(step);

/**
 * A step as part of a launch; null where it cannot be one: its kernel keeps to no frame, or it takes several
 * launches.
 */
export const partOf = (plan: Plan, step: Step, gpu: Gpu, frame: Frame): Draft | null => {
  const drafts = hasFrame(step) ? draftsOf(plan, step, gpu, frame) : null;
  return drafts?.length === 1 ? drafts[0]! : null;
};
