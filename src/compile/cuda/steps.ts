import type { CallStep, Plan, Step } from '../plan.js';
import { copyDrafts, fillDrafts } from './copy.js';
import { ALONE, type Draft, type Frame } from './kernel.js';
import { mapDrafts } from './map.js';
import { poolDrafts } from './pool.js';
import { argMaxDrafts, rankMaskDrafts, SHORT_ROW } from './rank.js';
import { reduceDrafts } from './reduce.js';
import { cropFlipDrafts, gatherDrafts, scatterAddDrafts } from './table.js';
import type { Target } from './target.js';

/** The launches of a step by itself; null where a library runs it. */
export const draftsOf = (plan: Plan, step: Step, target: Target): Draft[] | null => {
  if (step.kind === 'call') return callDrafts(plan, step, target);
  return step.reductions.length === 0 ? mapDrafts(plan, step, target) : reduceDrafts(plan, step, target);
};

const callDrafts = (plan: Plan, step: CallStep, target: Target): Draft[] | null => {
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
      return copyDrafts(plan, a, out, step.attributes);
    case 'fill':
      return fillDrafts(plan, out, step.attributes.value);
    case 'gather':
      return gatherDrafts(plan, a, b, out, step.attributes);
    case 'scatterAdd':
      return scatterAddDrafts(plan, a, b, out, step.attributes);
    case 'cropFlip':
      return cropFlipDrafts(plan, a, b, c, out, step.attributes);
    case 'argMax':
      return argMaxDrafts(plan, a, out, step.attributes);
    case 'rankMask':
      return rankMaskDrafts(plan, a, b, out, step.attributes, target);
  }
};

/** A step as part of a launch, in a frame; null where it cannot be one: it takes several launches, or its kernel keeps things in shared memory. */
export const partOf = (plan: Plan, step: Step, target: Target, frame: Frame = ALONE): Draft | null => {
  const drafts = ((): Draft[] => {
    if (step.kind === 'fused') return step.reductions.length === 0 ? mapDrafts(plan, step, target, frame) : reduceDrafts(plan, step, target, frame);
    const [a, b] = step.inputs as readonly [number, number];
    const out = step.outputs[0]!;
    switch (step.kernel) {
      case 'copy':
        return copyDrafts(plan, a, out, step.attributes, frame);
      case 'fill':
        return fillDrafts(plan, out, step.attributes.value, frame);
      case 'gather':
        return gatherDrafts(plan, a, b, out, step.attributes, frame);
      case 'argMax':
        return step.attributes.width <= SHORT_ROW ? argMaxDrafts(plan, a, out, step.attributes, frame) : [];
      default:
        return [];
    }
  })();
  return drafts.length === 1 ? drafts[0]! : null;
};
