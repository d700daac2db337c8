import type { CallStep, Plan, Step } from '../../plan/plan.js';
import { copyDrafts, fillDrafts } from './copy.js';
import { ALONE, type Draft, type Frame } from './kernel.js';
import { mapDrafts } from './map.js';
import { poolDrafts } from './pool.js';
import { argMaxDrafts, rankMaskDrafts, SHORT_ROW } from './rank.js';
import { reduceDrafts } from './reduce.js';
import { cropFlipDrafts, gatherDrafts, scatterAddDrafts } from './table.js';
import type { Target } from './target.js';

/** The launches of a step, in a frame where it has one; null where a library runs it. */
export const draftsOf = (plan: Plan, step: Step, target: Target, frame: Frame = ALONE): Draft[] | null => {
  if (step.kind === 'call') return callDrafts(plan, step, target, frame);
  return step.reductions.length === 0
    ? mapDrafts(plan, step, target, frame)
    : reduceDrafts(plan, step, target, frame);
};

const callDrafts = (plan: Plan, step: CallStep, target: Target, frame: Frame): Draft[] | null => {
  const [a, b, c] = step.inputs as readonly [number, number, number];
  const out = step.outputs[0]!;
  switch (step.kernel) {
    case 'conv2d':
    case 'conv2dInputGrad':
    case 'conv2dWeightGrad':
    case 'matmul':
      return null;
    case 'maxPool':
    case 'maxPoolGather':
    case 'maxPoolScatter':
    case 'sumPool':
    case 'sumPoolGrad':
      return poolDrafts(plan, step);
    case 'copy':
      return copyDrafts(plan, a, out, step.attributes, frame);
    case 'fill':
      return fillDrafts(plan, out, step.attributes.value, frame);
    case 'gather':
      return gatherDrafts(plan, a, b, out, step.attributes, frame);
    case 'scatterAdd':
      return scatterAddDrafts(plan, a, b, out, step.attributes);
    case 'cropFlip':
      return cropFlipDrafts(plan, a, b, c, out, step.attributes);
    case 'argMax':
      return argMaxDrafts(plan, a, out, step.attributes, frame);
    case 'rankMask':
      return rankMaskDrafts(plan, a, b, out, step.attributes, target);
  }
};

/** Whether a step's kernel keeps to a frame. */
const hasFrame = (step: Step): boolean =>
  step.kind === 'fused' ||
  step.kernel === 'copy' ||
  step.kernel === 'fill' ||
  step.kernel === 'gather' ||
  (step.kernel === 'argMax' && step.attributes.width <= SHORT_ROW);

/** A step as part of a launch; null where it cannot be one: its kernel keeps to no frame, or it takes several launches. */
export const partOf = (plan: Plan, step: Step, target: Target, frame: Frame): Draft | null => {
  const drafts = hasFrame(step) ? draftsOf(plan, step, target, frame) : null;
  return drafts?.length === 1 ? drafts[0]! : null;
};
