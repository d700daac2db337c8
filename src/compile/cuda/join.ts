import { SMALL } from '../schedule.js';
import { collide, overlap } from '../../plan/memory.js';
import { readsOf, writesOf, type Plan, type Step } from '../../plan/plan.js';
import { ALONE, elementsOf, indent, type Draft, type Frame, type Parameter } from './kernel.js';
import { partOf } from './steps.js';
import { THREADS, type Gpu } from './gpu.js';

/** Steps that follow each other, done in one launch. See Note [Fewer launches]. */
export interface Joint {
  readonly steps: number;
  readonly draft: Draft;
}

/** A kernel takes 4 KiB of parameters everywhere. */
const MOST_PARAMETERS = 480;
/** Maps side by side that are rather left to a row than done one after the other by a single block. */
const LONG_ROW = 4;

const sizeOf = (plan: Plan, step: Step): number => {
  if (step.kind === 'fused') return step.domain.reduce((n, d) => n * d, 1);
  if (step.kernel === 'argMax') return step.attributes.rows * step.attributes.width;
  if (step.kernel === 'copy') return step.attributes.dims.reduce((n, d) => n * d, 1);
  return elementsOf(plan.buffers[step.outputs[0]!]!);
};
const pointers = (step: Step): number => readsOf(step).length + writesOf(step).length;

const ROW: Frame = { block: 'block', threads: THREADS, isPart: true, count: 'count' };
const HEAD: Frame = { ...ALONE, threads: THREADS };
const TAIL: Frame = { block: 'block', threads: THREADS, isPart: true, count: null };

/**
 * The launch of several steps from `at` on, up to one that `isTaken`; null where the step is better off
 * alone.
 */
export const jointAt = (
  plan: Plan,
  at: number,
  gpu: Gpu,
  isTaken: (step: number) => boolean,
): Joint | null => {
  const row = rowFrom(plan, at, gpu);
  const chain = row.length >= LONG_ROW ? [] : chainFrom(plan, at, gpu, isTaken);
  if (chain.length > Math.max(row.length, 1)) return { steps: chain.length, draft: chainDraft(plan, chain) };
  return row.length > 1 ? { steps: row.length, draft: rowDraft(plan, row) } : null;
};

/** Small steps from `at` on in one launch, one after the other; null where one of them is not small. */
export const chainAt = (plan: Plan, at: number, steps: number, gpu: Gpu): Draft | null => {
  const parts = plan.steps.slice(at, at + steps).flatMap((step) => tailPart(plan, step, gpu) ?? []);
  return parts.length === steps ? chainDraft(plan, parts) : null;
};

// Side by side

/** Maps from `at` on of which none reads or writes what another one writes. */
const rowFrom = (plan: Plan, at: number, gpu: Gpu): readonly Draft[] => {
  const row: Draft[] = [];
  const taken: Step[] = [];
  let parameters = 0;
  for (const step of plan.steps.slice(at)) {
    if (step.kind !== 'fused' || step.reductions.length > 0) break;
    const isApart = taken.every((t) => !collide(plan, t, step));
    const draft = isApart ? partOf(plan, step, gpu, ROW) : null;
    parameters += pointers(step);
    if (draft === null || parameters > MOST_PARAMETERS) break;
    row.push(draft);
    taken.push(step);
  }
  return row;
};

/** Each block does one map; maps of the same text share it and differ in pointers and sizes. */
const rowDraft = (plan: Plan, row: readonly Draft[]): Draft => {
  const { parameters, nameOf } = united(plan, row);
  const textOf = (d: Draft): string => [...d.parameters.map(typeAndName), ...d.body].join('\n');
  const kinds = [...new Set(row.map(textOf))].map((text) => row.filter((d) => textOf(d) === text));
  let blocks = 0;
  const cases = kinds.flatMap((members, k): string[] => {
    const choices = members.map((d, m) => {
      const first = blocks;
      blocks += d.grid[0];
      const isLast = m === members.length - 1;
      return `${m === 0 ? '' : 'else '}${isLast ? '' : `if (blockIdx.x < ${blocks}) `}{ ${[...d.parameters.map((p) => `${p.name} = ${nameOf(p)};`), `first = ${first};`, `count = ${d.count ?? 0};`].join(' ')} }`;
    });
    const { parameters: own, body } = members[0]!;
    const lines = [
      ...own.map((p) => `${plainType(p)} ${p.name};`),
      `${members.some((d) => (d.count ?? 0) >= 2 ** 31) ? 'unsigned long long' : 'unsigned'} count;`,
      'unsigned first;',
      ...choices,
      'const unsigned block = blockIdx.x - first;',
    ];
    if (kinds.length === 1) return [...lines, ...unindented(body)];
    const condition = k === kinds.length - 1 ? '' : `if (blockIdx.x < ${blocks}) `;
    return [`${k === 0 ? '' : '} else '}${condition}{`, ...indent(lines), ...body];
  });
  return {
    doc: `${row.length} maps side by side`,
    parameters,
    grid: [blocks, 1, 1],
    block: THREADS,
    body: indent([...cases.filter((l) => l !== ''), ...(kinds.length > 1 ? ['}'] : [])]),
  };
};

const unindented = (lines: readonly string[]): string[] => lines.map((l) => l.replace(/^ {2}/, ''));

// One after the other

/** A reduction, or a step on few elements, and the steps on few elements that follow it. */
const chainFrom = (
  plan: Plan,
  at: number,
  gpu: Gpu,
  isTaken: (step: number) => boolean,
): readonly Draft[] => {
  const first = plan.steps[at]!;
  const tail = tailPart(plan, first, gpu);
  const head =
    tail ?? (first.kind === 'fused' && first.reductions.length > 0 ? partOf(plan, first, gpu, HEAD) : null);
  if (head === null) return [];
  const chain = [head];
  let parameters = pointers(first);
  for (let next = at + 1; next < plan.steps.length; next++) {
    const part = isTaken(next) ? null : tailPart(plan, plan.steps[next]!, gpu);
    parameters += pointers(plan.steps[next]!);
    if (part === null || parameters > MOST_PARAMETERS || rowFrom(plan, next, gpu).length >= LONG_ROW) break;
    chain.push(part);
  }
  return chain;
};

/** A step that one block does in a moment. */
const tailPart = (plan: Plan, step: Step, gpu: Gpu): Draft | null => {
  if (sizeOf(plan, step) > SMALL) return null;
  const part = partOf(plan, step, gpu, TAIL);
  return part !== null && part.grid[1] === 1 && part.grid[0] * THREADS <= 4 * SMALL ? part : null;
};

/**
 * The block that ends the first step last does the others, in order; all blocks have written their share by
 * then.
 */
const chainDraft = (plan: Plan, chain: readonly Draft[]): Draft => {
  const { parameters, nameOf } = united(plan, chain);
  const [head, ...tail] = chain as readonly [Draft, ...Draft[]];
  const scoped = (d: Draft, lines: readonly string[]): string[] => [
    '{',
    ...indent(d.parameters.map((p) => `${plainType(p)} const ${p.name} = ${nameOf(p)};`)),
    ...indent(lines),
    '}',
  ];
  const alone = (d: Draft): string[] => {
    const blocks = d.grid[0];
    const body = unindented(d.body);
    return scoped(
      d,
      blocks === 1
        ? ['const unsigned block = 0;', ...body]
        : [
            `for (unsigned block = 0; block < ${blocks}; ++block) {`,
            ...indent([...body, ...(d.table === undefined ? [] : ['__syncthreads();'])]),
            '}',
          ],
    );
  };
  const isShared = head.body.some((l) => l.includes('blockIdx'));
  const blocks = isShared ? head.grid[0] : 1;
  return {
    doc: `${head.doc}; then ${tail.length} more in the last block`,
    parameters,
    grid: isShared ? head.grid : [1, 1, 1],
    block: THREADS,
    table: Math.max(...chain.map((d) => d.table ?? 0)),
    ...(head.scratchBytes === undefined ? {} : { scratchBytes: head.scratchBytes }),
    body: indent([
      ...(isShared ? scoped(head, unindented(head.body)) : alone(head)),
      ...(blocks > 1
        ? ['static __device__ unsigned ended[1];', `if (!arrivesLast(ended, ${blocks})) return;`]
        : []),
      ...tail.flatMap((d) => ['__syncthreads();', ...alone(d)]),
    ]),
  };
};

// Parameters

const typeAndName = (p: Parameter): string => `${p.type} ${p.name}`;
const plainType = ({ type }: Parameter): string => type.replace(' __restrict__', '');
const key = ({ arg }: Parameter): string => JSON.stringify(arg);
const isWritten = (p: Parameter): boolean => !p.type.startsWith('const ');

/**
 * The parameters of all drafts, each pointer once. What one draft may take for untouched stays so where no
 * other draft writes it.
 */
const united = (
  plan: Plan,
  drafts: readonly Draft[],
): { readonly parameters: readonly Parameter[]; readonly nameOf: (p: Parameter) => string } => {
  const all = drafts.flatMap((d) => d.parameters);
  const keys = [...new Set(all.map(key))];
  const written = all.flatMap((p) => (isWritten(p) && 'buffer' in p.arg ? [p.arg.buffer] : []));
  const parameters = keys.map((k, i): Parameter => {
    const same = all.filter((p) => key(p) === k);
    const { type, arg } =
      same.find(isWritten) ?? same.find((p) => p.type.includes('__restrict__')) ?? same[0]!;
    const isTouched = 'buffer' in arg && written.some((b) => overlap(plan, b, arg.buffer));
    return { type: isTouched ? type.replace(' __restrict__', '') : type, name: `a${i}`, arg };
  });
  return { parameters, nameOf: (p) => `a${keys.indexOf(key(p))}` };
};

/*
 * Note [Fewer launches]
 *
 * A step on few elements costs a launch and little else, and a training step of a small network has hundreds.
 * Two kinds of steps that follow each other become one launch. A *row* are maps that have nothing to do with
 * each other (masked weights, the optimiser): the blocks are shared out among them. A *chain* is a reduction
 * with the steps on few elements behind it (moments to scale and shift, exponents, losses): the block that
 * arrives last, which sees everything that the others wrote, does them one after the other.
 *
 * Results are the same bits as of launches of their own: no order of additions changes. What is written and
 * read is compared by address, since the arena gives the memory of one value to another; a row ends where
 * that happens. In a chain the order of the plan is kept, with a barrier between any two steps.
 */
