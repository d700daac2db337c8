import { fromSumsStep } from '../moments.js';
import type { Plan, Step } from '../../plan/plan.js';
import { joinedCopies } from './copies.js';
import { CUDA_PLAN_VERSION, type CudaPlan, type CudaStep, type Launch } from './cuda-plan.js';
import { chainAt, jointAt, type Joint } from './join.js';
import { identifier, plainName, type Draft } from './kernel.js';
import { withStreams } from './streams.js';
import { preludeFor } from './prelude.js';
import { draftsOf } from './steps.js';
import { H200, type Gpu } from './gpu.js';

/**
 * From a plan to CUDA C and launches. `join` false gives every step launches of its own, with the same
 * results.
 */
export const emitCuda = (
  plan: Plan,
  gpu: Gpu = H200,
  { join = true }: { readonly join?: boolean } = {},
): CudaPlan => {
  const kernels = new Map<
    string,
    {
      readonly name: string;
      readonly step: Step;
      readonly at: number;
      readonly draft: Draft;
      readonly also: number[];
    }
  >();
  const launchOf = (draft: Draft, step: Step, at: number, part: string): Launch => {
    const key = [
      draft.block,
      draft.table ?? 0,
      ...draft.parameters.map((p) => `${p.type} ${p.name}`),
      ...draft.body,
    ].join('\n');
    const known = kernels.get(key);
    if (known === undefined)
      kernels.set(key, {
        name: `${identifier(step.kind === 'fused' ? 'fused' : step.kernel)}_${at}_${identifier(step.name)}${part}`,
        step,
        at,
        draft,
        also: [],
      });
    else if (known.at !== at && !known.also.includes(at)) known.also.push(at);
    return {
      kernel: kernels.get(key)!.name,
      grid: draft.grid,
      block: [draft.block, 1, 1],
      args: draft.parameters.map((p) => p.arg),
    };
  };
  let scratchBytes = 0;
  const joints = join ? jointsOf(plan, gpu) : new Map<number, Joint>();
  const isDone = new Set(
    [...joints].flatMap(([at, { steps }]) => Array.from({ length: steps - 1 }, (_, k) => at + 1 + k)),
  );
  const draftsAt = (step: Step, at: number): Draft[] | null => {
    if (isDone.has(at)) return [];
    const joint = joints.get(at);
    return joint === undefined ? draftsOf(plan, step, gpu) : [joint.draft];
  };
  const steps = plan.steps.map((step, at): CudaStep => {
    const joint = joints.get(at);
    const drafts = draftsAt(step, at);
    if (drafts === null) return { kind: 'library' };
    scratchBytes = Math.max(scratchBytes, ...drafts.map((d) => d.scratchBytes ?? 0));
    const launches = drafts.map((d, k) => launchOf(d, step, at, drafts.length > 1 ? `_${k + 1}` : ''));
    const fromSums = isDone.has(at) ? null : fromSumsDraft(plan, at, joint?.steps ?? 1, gpu);
    return {
      kind: 'launches',
      launches,
      covers: (joint?.steps ?? 1) - 1,
      ...(fromSums === null ? {} : { fromSums: launchOf(fromSums, step, at, '_from_sums') }),
    };
  });
  const texts = [...kernels.values()].map(({ name, step, at, draft, also }) => {
    const same = also.length === 0 ? '' : `; also ${also.length === 1 ? 'step' : 'steps'} ${also.join(', ')}`;
    const all = joints.get(at)?.steps ?? 1;
    return [
      `// ${all === 1 ? `step ${at}` : `steps ${at} to ${at + all - 1}`}, ${plainName(step.name)}: ${draft.doc}${same}`,
      `extern "C" __global__ void __launch_bounds__(${draft.block}) ${name}(${draft.parameters.map((p) => `${p.type} ${p.name}`).join(', ')}) {`,
      ...((draft.table ?? 0) > 0 ? [`  __shared__ double table[${draft.table}];`] : []),
      ...draft.body.map((l) => l.trimEnd()),
      '}\n',
    ].join('\n');
  });
  const body = texts.join('\n');
  const source = `// plan '${plainName(plan.name)}': ${kernels.size} kernels for ${plan.steps.length} steps\n\n${preludeFor(body)}\n${body}`;
  return {
    version: CUDA_PLAN_VERSION,
    plan,
    source,
    steps: withStreams(plan, steps),
    scratchBytes: Math.ceil(scratchBytes / 256) * 256,
  };
};

/**
 * Does the same `steps` from `at` on where the first of them finds plain sums in the places of its moments;
 * null where it takes none.
 */
const fromSumsDraft = (plan: Plan, at: number, steps: number, gpu: Gpu): Draft | null => {
  const step = fromSumsStep(plan, at);
  if (step === null) return null;
  const given = { ...plan, steps: plan.steps.map((s, k) => (k === at ? step : s)) };
  const draft = steps === 1 ? draftsOf(given, step, gpu)![0]! : chainAt(given, at, steps, gpu);
  return draft && { ...draft, doc: `moments from sums, ${draft.doc}` };
};

/** What becomes one launch, by its first step. */
const jointsOf = (plan: Plan, gpu: Gpu): ReadonlyMap<number, Joint> => {
  const copies = joinedCopies(plan);
  const joints = new Map<number, Joint>();
  for (let at = 0; at < plan.steps.length;) {
    const joint = copies.get(at) ?? jointAt(plan, at, gpu, (step) => copies.has(step));
    if (joint !== null) joints.set(at, joint);
    at += joint?.steps ?? 1;
  }
  return joints;
};
