import type { FusedStep, Plan } from '../../plan/plan.js';
import { expressionOf } from './instructions.js';
import { overlap } from '../../plan/memory.js';
import { cType, indent, sumOf, type IndexType, type Parameter } from './kernel.js';
import { isFull, isPacked, type Strides, type View } from './view.js';

/**
 * What of a fused step one launch does: the registers it needs, its pointers, and the lines that load,
 * compute and store.
 */
export interface Program {
  readonly step: FusedStep;
  readonly stores: FusedStep['stores'];
  readonly reductions: FusedStep['reductions'];
  /** Registers that a store or reduction of this launch depends on. */
  readonly live: ReadonlySet<number>;
  readonly parameters: readonly Parameter[];
}

const nameOfLoad = (program: Program, load: number): string =>
  `x${[...new Set(program.step.loads.filter((_, j) => program.live.has(j)).map((l) => l.buffer))].indexOf(program.step.loads[load]!.buffer)}`;

const liveRegisters = (step: FusedStep, roots: readonly number[]): ReadonlySet<number> => {
  const live = new Set(roots);
  for (let k = step.code.length - 1; k >= 0; k--)
    if (live.has(step.loads.length + k)) step.code[k]!.args.forEach((a) => live.add(a));
  return live;
};

export const programOf = (
  plan: Plan,
  step: FusedStep,
  stores: FusedStep['stores'],
  reductions: FusedStep['reductions'],
): Program => {
  const live = liveRegisters(
    step,
    [...stores, ...reductions].map((w) => w.register),
  );
  const inputs = [...new Set(step.loads.filter((_, j) => live.has(j)).map((l) => l.buffer))];
  const written = [...stores, ...reductions].map((w) => w.buffer);
  // Only where stores stand in a loop does the compiler gain from knowing that they hit no load; elsewhere
  // more steps share a kernel.
  const isAlone = (b: number): boolean =>
    stores.length > 0 && reductions.length > 0 && !written.some((w) => overlap(plan, w, b));
  const typeOf = (b: number): string => cType(plan.buffers[b]!);
  return {
    step,
    stores,
    reductions,
    live,
    parameters: [
      ...inputs.map((b, k): Parameter => ({
        type: `const ${typeOf(b)}*${isAlone(b) ? ' __restrict__' : ''}`,
        name: `x${k}`,
        arg: { buffer: b },
      })),
      ...stores.map(({ buffer: b }, k): Parameter => ({
        type: `${typeOf(b)}*`,
        name: `y${k}`,
        arg: { buffer: b },
      })),
      ...reductions.map(({ buffer: b }, k): Parameter => ({
        type: 'float*',
        name: `z${k}`,
        arg: { buffer: b },
      })),
    ],
  };
};

/** Names of the index variables: `e` is the element's number. */
export interface Places {
  readonly index: IndexType;
  readonly view: View;
  /** Neighbours along the inner axis taken at once. */
  readonly width: 1 | 2 | 4;
}

const addressOf = (strides: Strides, { index, view: { domain } }: Places): string =>
  isFull(strides, domain)
    ? 'e'
    : sumOf(
        [
          ['o', domain[0] === 1 ? 0 : strides[0]],
          ['r', domain[1] === 1 ? 0 : strides[1]],
          ['i', domain[2] === 1 ? 0 : strides[2]],
        ],
        index,
      );

export const liveLoads = (program: Program): readonly number[] =>
  program.step.loads.map((_, j) => j).filter((j) => program.live.has(j));

/** Which of o, r, i and e the addresses of `loads` and of the stores mention. */
export const placesUsed = (
  program: Program,
  loads: readonly number[],
  places: Places,
): ReadonlySet<string> => {
  const text = [
    ...loads.map((j) => addressOf(places.view.loads[j]!, places)),
    ...(program.stores.length > 0 ? ['e'] : []),
  ].join(' ');
  return new Set(text.match(/\b[orie]\b/g) ?? []);
};

/** Loads of one element, or of `width` neighbours as l0, l1, ... */
export const loadLines = (program: Program, loads: readonly number[], places: Places): string[] =>
  loads.map((j) => {
    const strides = places.view.loads[j]!;
    const inner = places.view.domain[2] === 1 ? 0 : strides[2];
    const [x, at] = [nameOfLoad(program, j), addressOf(strides, places)];
    const from = at === places.index.of(0) ? x : `${x} + ${at}`;
    if (places.width === 1 || inner === 0) return `const float r${j} = ${x}[${at}];`;
    return isPacked(strides, places.width) || isFull(strides, places.view.domain)
      ? `const auto l${j} = packAt<${places.width}>(${from});`
      : `const auto l${j} = packOf<${places.width}>(${from}, ${inner});`;
  });

/** Takes element v of each pack that was loaded. */
const unpackLines = (loads: readonly number[], { view, width }: Places): string[] =>
  width === 1
    ? []
    : loads
        .filter((j) => view.domain[2] !== 1 && view.loads[j]![2] !== 0)
        .map((j) => `const float r${j} = l${j}[v];`);

const codeLines = ({ step, live }: Program): string[] =>
  step.code.flatMap(({ op, args, value }, k) => {
    const register = step.loads.length + k;
    return live.has(register)
      ? [
          `const float r${register} = ${expressionOf(
            op,
            args.map((a) => `r${a}`),
            value,
          )};`,
        ]
      : [];
  });

/**
 * From loads (`own` here, others before) to stores and reductions. `reduce` gives the line that adds a
 * register to reduction number k; within it `[v]` is the neighbour's number.
 */
export const elementLines = (
  program: Program,
  own: readonly number[],
  plan: Plan,
  places: Places,
  reduce: (k: number, register: string) => string,
): string[] => {
  const { width } = places;
  const { stores, reductions } = program;
  const reduceLines = reductions.map(({ register }, k) => reduce(k, `r${register}`));
  if (width === 1) {
    return [
      ...loadLines(program, own, places),
      ...codeLines(program),
      ...stores.map((s, k) => `y${k}[e] = ${converted(plan, s, `r${s.register}`)};`),
      ...reduceLines,
    ];
  }
  return [
    ...loadLines(program, own, places),
    ...stores.map((s, k) => `Pack<${cType(plan.buffers[s.buffer]!)}, ${width}> s${k};`),
    '#pragma unroll',
    `for (unsigned v = 0; v < ${width}; ++v) {`,
    ...indent([
      ...unpackLines(liveLoads(program), places),
      ...codeLines(program),
      ...stores.map((s, k) => `s${k}[v] = ${converted(plan, s, `r${s.register}`)};`),
      ...reduceLines,
    ]),
    '}',
    ...stores.map((_, k) => `store(y${k} + e, s${k});`),
  ];
};

/** Stores into integers cut the fraction off; those into bf16 round by themselves. */
const converted = (plan: Plan, { buffer }: { readonly buffer: number }, register: string): string => {
  const { dtype } = plan.buffers[buffer]!;
  return dtype === 'f32' || dtype === 'bf16' ? register : `(${cType(plan.buffers[buffer]!)})${register}`;
};
