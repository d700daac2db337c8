import { CALLS, type CallName } from '../../plan/calls.js';
import type { CallStep, CallStepOf, Plan } from '../../plan/plan.js';
import { copyDrafts, fillDrafts } from './copy.js';
import type { Draft, Frame } from './kernel.js';
import { poolDrafts } from './pool.js';
import { argMaxDrafts, rankMaskDrafts, SHORT_ROW } from './rank.js';
import { cropFlipDrafts, gatherDrafts, scatterAddDrafts } from './table.js';
import type { Gpu } from './gpu.js';

/** The calls whose kernels are CUDA C of our own. */
type EmittedCall = {
  [K in CallName]: (typeof CALLS)[K]['cuda'] extends 'emitted' ? K : never;
}[CallName];

interface Emitter<K extends CallName> {
  readonly drafts: (plan: Plan, step: CallStepOf<K>, gpu: Gpu, frame: Frame) => Draft[];
  /** Whether the kernel keeps to a frame, so that it may be part of a launch. */
  readonly hasFrame?: (step: CallStepOf<K>) => boolean;
}

const pool = { drafts: poolDrafts };
const always = (): boolean => true;

/** One row for each of them. */
const EMITTERS: { readonly [K in EmittedCall]: Emitter<K> } = {
  maxPool: pool,
  maxPoolGather: pool,
  maxPoolScatter: pool,
  sumPool: pool,
  sumPoolGrad: pool,
  copy: {
    drafts: (plan, { inputs: [x], outputs: [y], attributes }, _, frame) =>
      copyDrafts(plan, x!, y!, attributes, frame),
    hasFrame: always,
  },
  fill: {
    drafts: (plan, { outputs: [y], attributes }, _, frame) => fillDrafts(plan, y!, attributes.value, frame),
    hasFrame: always,
  },
  gather: {
    drafts: (plan, { inputs: [table, index], outputs: [y], attributes }, _, frame) =>
      gatherDrafts(plan, table!, index!, y!, attributes, frame),
    hasFrame: always,
  },
  scatterAdd: {
    drafts: (plan, { inputs: [v, index], outputs: [y], attributes }) =>
      scatterAddDrafts(plan, v!, index!, y!, attributes),
  },
  cropFlip: {
    drafts: (plan, { inputs: [images, index, shift], outputs: [y], attributes }) =>
      cropFlipDrafts(plan, images!, index!, shift!, y!, attributes),
  },
  argMax: {
    drafts: (plan, { inputs: [x], outputs: [y], attributes }, _, frame) =>
      argMaxDrafts(plan, x!, y!, attributes, frame),
    hasFrame: ({ attributes }) => attributes.width <= SHORT_ROW,
  },
  rankMask: {
    drafts: (plan, { inputs: [scores, keep], outputs: [y], attributes }, gpu) =>
      rankMaskDrafts(plan, scores!, keep!, y!, attributes, gpu),
  },
};

const isEmitted = (step: CallStep): step is CallStepOf<EmittedCall> => CALLS[step.kernel].cuda === 'emitted';
/** The row of a step, with the step that it takes. */
const emitterOf = <K extends EmittedCall>(step: CallStepOf<K> & { readonly kernel: K }): Emitter<K> =>
  EMITTERS[step.kernel];

/** The launches of a call; null where a library runs it. */
export const callDrafts = (plan: Plan, step: CallStep, gpu: Gpu, frame: Frame): Draft[] | null =>
  isEmitted(step) ? emitterOf(step).drafts(plan, step, gpu, frame) : null;

export const callHasFrame = (step: CallStep): boolean =>
  isEmitted(step) && (emitterOf(step).hasFrame?.(step) ?? false);
