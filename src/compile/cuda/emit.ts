import type { CallStep, Plan, Step } from '../plan.js';
import { copyDrafts, fillDrafts } from './copy.js';
import { joinedCopies } from './copies.js';
import { CUDA_PLAN_VERSION, type CudaPlan, type CudaStep, type Launch } from './cuda-plan.js';
import { identifier, plainName, type Draft } from './kernel.js';
import { mapDrafts } from './map.js';
import { poolDrafts } from './pool.js';
import { preludeFor } from './prelude.js';
import { argMaxDrafts, rankMaskDrafts } from './rank.js';
import { reduceDrafts } from './reduce.js';
import { cropFlipDrafts, gatherDrafts, scatterAddDrafts } from './table.js';
import { H200, type Target } from './target.js';

/** From a plan to CUDA C and launches. */
export const emitCuda = (plan: Plan, target: Target = H200): CudaPlan => {
  const kernels = new Map<string, { readonly name: string; readonly step: Step; readonly at: number; readonly draft: Draft; readonly also: number[] }>();
  const launchOf = (draft: Draft, step: Step, at: number, part: string): Launch => {
    const key = [draft.block, ...draft.parameters.map((p) => `${p.type} ${p.name}`), ...draft.body].join('\n');
    const known = kernels.get(key);
    if (known === undefined) kernels.set(key, { name: `${identifier(step.kind === 'fused' ? 'fused' : step.kernel)}_${at}_${identifier(step.name)}${part}`, step, at, draft, also: [] });
    else if (known.at !== at && !known.also.includes(at)) known.also.push(at);
    return { kernel: kernels.get(key)!.name, grid: draft.grid, block: [draft.block, 1, 1], sharedBytes: 0, args: draft.parameters.map((p) => p.arg) };
  };
  let scratchBytes = 0;
  const joined = joinedCopies(plan);
  const isDone = new Set([...joined].flatMap(([at, { steps }]) => Array.from({ length: steps - 1 }, (_, k) => at + 1 + k)));
  const steps = plan.steps.map((step, at): CudaStep => {
    const copies = joined.get(at);
    const drafts = isDone.has(at) ? [] : copies !== undefined ? [copies.draft] : draftsOf(plan, step, target);
    if (drafts === null) return { kind: 'library' };
    scratchBytes = Math.max(scratchBytes, ...drafts.map((d) => d.scratchBytes ?? 0));
    return { kind: 'launches', launches: drafts.map((d, k) => launchOf(d, step, at, drafts.length > 1 ? `_${k + 1}` : '')), covers: copies === undefined ? 0 : copies.steps - 1 };
  });
  const texts = [...kernels.values()].map(({ name, step, at, draft, also }) => {
    const same = also.length === 0 ? '' : `; also ${also.length === 1 ? 'step' : 'steps'} ${also.join(', ')}`;
    return [
      `// step ${at}, ${plainName(step.name)}: ${draft.doc}${same}`,
      `extern "C" __global__ void __launch_bounds__(${draft.block}) ${name}(${draft.parameters.map((p) => `${p.type} ${p.name}`).join(', ')}) {`,
      ...draft.body.map((l) => l.trimEnd()),
      '}\n',
    ].join('\n');
  });
  const body = texts.join('\n');
  const source = `// plan '${plainName(plan.name)}': ${kernels.size} kernels for ${plan.steps.length} steps\n\n${preludeFor(body)}\n${body}`;
  return { version: CUDA_PLAN_VERSION, plan, source, steps, scratchBytes: Math.ceil(scratchBytes / 256) * 256 };
};

/** The launches of a step; null where a library runs it. */
const draftsOf = (plan: Plan, step: Step, target: Target): Draft[] | null => {
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
