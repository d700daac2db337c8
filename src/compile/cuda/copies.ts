import type { CallStep, Plan, Step } from '../../plan/plan.js';
import { overlap } from '../../plan/memory.js';
import { joinedAxes } from '../copy-axes.js';
import { cType, elementsOf, indent, type Draft } from './kernel.js';
import { ceilDiv, THREADS } from './gpu.js';

/**
 * Copies of whole runs that follow each other, as a concatenation or its pieces make them, done in one
 * launch: they are short, and a launch costs as much as they do.
 */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly srcOffset: number;
  readonly dstOffset: number;
  readonly count: number;
}

/** A kernel takes 4 KiB of parameters, two pointers for each run at most. */
const MOST_RUNS = 200;

const runOf = (plan: Plan, step: Step): Run | null => {
  if (step.kind !== 'call' || step.kernel !== 'copy') return null;
  const {
    inputs: [from = 0],
    outputs: [to = 0],
    attributes,
  } = step as Extract<CallStep, { kernel: 'copy' }>;
  const axes = joinedAxes(attributes);
  const [axis = { extent: 1, from: 1, to: 1 }] = axes;
  const isRun = axes.length <= 1 && axis.from === 1 && axis.to === 1 && axis.extent > 0;
  const isSame = plan.buffers[from]!.dtype === plan.buffers[to]!.dtype;
  const isSmall = elementsOf(plan.buffers[from]!) < 2 ** 31 && elementsOf(plan.buffers[to]!) < 2 ** 31;
  return isRun && isSame && isSmall
    ? { from, to, srcOffset: attributes.srcOffset, dstOffset: attributes.dstOffset, count: axis.extent }
    : null;
};

/**
 * Whether `next` may run beside `before`: it reads nothing that they write, writes nothing that they read,
 * and nothing twice.
 */
const isApart = (plan: Plan, before: readonly Run[], next: Run): boolean =>
  before.every(
    (r) =>
      !overlap(plan, next.from, r.to) &&
      !overlap(plan, next.to, r.from) &&
      (r.to === next.to
        ? next.dstOffset >= r.dstOffset + r.count || r.dstOffset >= next.dstOffset + next.count
        : !overlap(plan, next.to, r.to)),
  );

/** How many steps from `at` on are runs of one element type that may be copied side by side. */
const runsFrom = (plan: Plan, at: number): readonly Run[] => {
  const runs: Run[] = [];
  for (const step of plan.steps.slice(at, at + MOST_RUNS)) {
    const run = runOf(plan, step);
    if (
      run === null ||
      !isApart(plan, runs, run) ||
      (runs[0] !== undefined && cType(plan.buffers[run.from]!) !== cType(plan.buffers[runs[0].from]!))
    )
      break;
    runs.push(run);
  }
  return runs;
};

/** For each step that begins two or more runs: their launch, and how many steps it does. */
export const joinedCopies = (
  plan: Plan,
): ReadonlyMap<number, { readonly steps: number; readonly draft: Draft }> => {
  const found = new Map<number, { readonly steps: number; readonly draft: Draft }>();
  for (let at = 0; at < plan.steps.length;) {
    const runs = runsFrom(plan, at);
    if (runs.length > 1) found.set(at, { steps: runs.length, draft: draftOf(plan, runs) });
    at += Math.max(runs.length, 1);
  }
  return found;
};

/** Every thread copies one element of one run; a block belongs to one run. */
const draftOf = (plan: Plan, runs: readonly Run[]): Draft => {
  const type = cType(plan.buffers[runs[0]!.from]!);
  const inputs = [...new Set(runs.map((r) => r.from))];
  const outputs = [...new Set(runs.map((r) => r.to))];
  const blocks = runs.map((r) => ceilDiv(r.count, THREADS));
  const firsts = blocks.map((_, k) => blocks.slice(0, k).reduce((a, b) => a + b, 0));
  const total = blocks.reduce((a, b) => a + b, 0);
  const offset = (n: number): string => (n === 0 ? '' : ` + ${n}`);
  return {
    doc: `${runs.length} runs of ${runs.reduce((n, r) => n + r.count, 0)} elements in all, of as many steps`,
    parameters: [
      ...inputs.map((buffer, k) => ({ type: `const ${type}*`, name: `x${k}`, arg: { buffer } })),
      ...outputs.map((buffer, k) => ({ type: `${type}*`, name: `y${k}`, arg: { buffer } })),
    ],
    grid: [total, 1, 1],
    block: THREADS,
    body: indent([
      `const ${type}* from = x0;`,
      `${type}* to = y0;`,
      "unsigned first = 0, count = 0;  // the first block of this block's run, and its elements",
      ...runs.map(
        (r, k) =>
          `${k === 0 ? '' : 'else '}${k === runs.length - 1 ? '' : `if (blockIdx.x < ${firsts[k + 1]!}) `}{ from = x${inputs.indexOf(r.from)}${offset(r.srcOffset)}; to = y${outputs.indexOf(r.to)}${offset(r.dstOffset)}; first = ${firsts[k]!}; count = ${r.count}; }`,
      ),
      `const unsigned e = (blockIdx.x - first) * ${THREADS} + threadIdx.x;`,
      'if (e < count) to[e] = from[e];',
    ]),
  };
};
