import type { FusedStep, Plan } from '../../plan/plan.js';
import { fillDrafts } from './copy.js';
import { decodeLines, reachOf } from './map.js';
import { ALONE, indent, indexType, type Draft, type Frame, type IndexType } from './kernel.js';
import {
  elementLines,
  liveLoads,
  loadLines,
  placesUsed,
  programOf,
  type Places,
  type Program,
} from './program.js';
import { reduceShape, RUN, type ReduceShape } from './reduce-shape.js';
import { ceilDiv, powerBelow, type Gpu } from './gpu.js';
import { isFull, plainKeep, viewOf, type Keep, type Strides, type View } from './view.js';

type Reduction = FusedStep['reductions'][number];

/** Reductions of one launch. More would not fit shared memory. */
const MOST_REDUCTIONS = 12;

/**
 * A fused step with reductions: one launch for all that keep the same axes, which is one for every step that
 * the compiler makes. Stores go with the last: a store may overwrite what the launches before read.
 */
export const reduceDrafts = (plan: Plan, step: FusedStep, gpu: Gpu, frame = ALONE): Draft[] => {
  const domain = step.domain as unknown as Strides;
  if (domain.includes(0))
    return step.reductions.flatMap((r) => fillDrafts(plan, r.buffer, r.op === 'max' ? -Infinity : 0, frame));
  const kept = new Map<Keep, Reduction[]>();
  for (const r of step.reductions) {
    const keep = plainKeep(r.keep, domain);
    kept.set(keep, [...(kept.get(keep) ?? []), r]);
  }
  const groups = [...kept].flatMap(([keep, all]) =>
    Array.from({ length: ceilDiv(all.length, MOST_REDUCTIONS) }, (_, k) => ({
      keep,
      reductions: all.slice(k * MOST_REDUCTIONS, (k + 1) * MOST_REDUCTIONS),
    })),
  );
  return groups.map(({ keep, reductions }, k) => {
    const program = programOf(
      plan,
      step,
      k === groups.length - 1 ? step.stores : [],
      (['sum', 'variance', 'max'] as const).flatMap((op) => reductions.filter((r) => r.op === op)),
    );
    const view = viewOf(
      domain,
      step.loads.map((l) => l.strides as unknown as Strides),
      keep,
    );
    return reduceDraft(
      plan,
      program,
      keep,
      view,
      reduceShape(keep, view, valuesOf(reductions), liveLoads(program), gpu),
      frame,
    );
  });
};

/** Doubles that a kept element needs on the way: of a variance, the sum and the sum of squares. */
const valuesOf = (reductions: readonly Reduction[]): number =>
  reductions.reduce((n, r) => n + (r.op === 'variance' ? 2 : 1), 0);

const reduceDraft = (
  plan: Plan,
  program: Program,
  keep: Keep,
  view: View,
  shape: ReduceShape,
  frame: Frame,
): Draft => {
  const { order, across, down, splits, width } = shape;
  const threads = across * down;
  const blocks = ceilDiv((shape.groups * shape.columns) / (order === 'columns' ? width : 1), across);
  const index = indexType(reachOf(view) + (threads + across) * width + shape.share);
  const values = valuesOf(program.reductions) * (order === 'columns' ? width : 1);
  const own = takeIn(plan, program, keep, { index, view, width }, shape, frame);
  const partial = splits > 1 ? [{ type: 'double*', name: 'partial', arg: { scratch: 0 } }] : [];
  return {
    doc:
      `[${view.domain.join(', ')}] to [${shape.groups}, ${shape.columns}]: a block takes ${across}${width > 1 && order === 'columns' ? `x${width}` : ''} of them with ${down} threads each` +
      `${splits > 1 ? `; ${splits} blocks share one` : ''}`,
    parameters: [...program.parameters, ...partial],
    grid: [blocks, splits, 1],
    block: frame.threads ?? threads,
    table: tableSize(program, shape),
    scratchBytes: splits > 1 ? blocks * splits * across * values * 8 : 0,
    body: indent([
      ...(frame.threads === null || frame.threads === threads
        ? own
        : [`if (threadIdx.x < ${threads}) {`, ...indent(own), '}']),
      '',
      ...combineLines(program, shape, blocks, index, frame),
    ]),
  };
};

/**
 * Every thread takes its elements in: `sum0[v]`, `max2[v]` of its kept elements; of a variance `sum1` and
 * `squares1` in double. See Note [Variances].
 */
const takeIn = (
  plan: Plan,
  program: Program,
  keep: Keep,
  places: Places,
  shape: ReduceShape,
  { block }: Frame,
): string[] => {
  const { index } = places;
  const { order, groups, columns, length, width, across, down, splits, share } = shape;
  const lanes = order === 'columns' ? width : 1;
  const stride = down * (order === 'rows' ? width : 1);
  const run = order === 'rows' ? RUN / width : RUN; // passes of a thread that it adds in float
  const isLong = share / stride > run;
  const kept = (groups * columns) / lanes;

  const moving = new Set({ none: [0, 1, 2], inner: [0, 1], outer: [1, 2], outerInner: [1] }[keep]);
  const isMoving = (j: number): boolean =>
    isFull(places.view.loads[j]!, places.view.domain) ||
    places.view.loads[j]!.some((s, axis) => s !== 0 && moving.has(axis) && places.view.domain[axis] !== 1);
  const loads = liveLoads(program);
  const [still, inLoop] = [loads.filter((j) => !isMoving(j)), loads.filter(isMoving)];

  const used = placesUsed(program, loads, places);
  const { reductions } = program;
  const names = reductions.map((r, k) => `${r.op}${k}`);
  const start = (op: Reduction['op']): string => (op === 'sum' ? '0.0f' : '__int_as_float(0xff800000)');
  const at = lanes > 1 ? '[v]' : '';
  const filled = (value: string): string =>
    lanes > 1 ? `{${Array.from({ length: lanes }, () => value).join(', ')}}` : value;
  const declared = (type: string, name: string, value: string): string =>
    `${type} ${name}${lanes > 1 ? `[${lanes}]` : ''} = ${filled(value)};`;
  /** What a run of elements is added to. */
  const declareRun = (): string[] => [
    ...reductions.flatMap((r, k) =>
      r.op === 'variance'
        ? [
            `float taken${k} = 0.0f;`,
            ...['from', 'near', 'far'].map((part) => declared('float', `${part}${k}`, '0.0f')),
          ]
        : [declared('float', names[k]!, start(r.op))],
    ),
  ];
  /**
   * What all runs are added to; without variances there is need for it only where there is more than one run.
   */
  const declareTotals = (): string[] =>
    reductions.flatMap((r, k) => {
      if (r.op === 'variance')
        return ['sum', 'squares'].map((part) => declared('double', `${part}${k}`, '0.0'));
      return isLong ? [declared('double', `total_${names[k]!}`, start(r.op))] : [];
    });
  const add = (k: number, register: string): string => {
    const name = `${names[k]!}${at}`;
    switch (reductions[k]!.op) {
      case 'sum':
        return `${name} += ${register};`;
      case 'max':
        return `${name} = larger(${name}, ${register});`;
      case 'variance':
        return `deviate(from${k}${at}, near${k}${at}, far${k}${at}, taken${k}, ${register});${lanes > 1 ? '' : ` taken${k} += 1.0f;`}`;
    }
  };
  const inDouble = reductions.flatMap((r, k) => {
    const name = `${names[k]!}${at}`;
    switch (r.op) {
      case 'sum':
        return isLong ? [`total_${name} += ${name};`] : [];
      case 'max':
        return isLong ? [`total_${name} = larger(total_${name}, (double)${name});`] : [];
      case 'variance':
        return [
          `moveDeviations(sum${k}${at}, squares${k}${at}, from${k}${at}, near${k}${at}, far${k}${at}, taken${k});`,
        ];
    }
  });
  const results = reductions.flatMap((r, k) =>
    r.op === 'variance' ? [`sum${k}`, `squares${k}`] : [`${isLong ? 'total_' : ''}${names[k]!}`],
  );
  /** Neighbours have taken as many. */
  const counted =
    lanes > 1 ? reductions.flatMap((r, k) => (r.op === 'variance' ? [`taken${k} += 1.0f;`] : [])) : [];
  const overLanes = (lines: readonly string[]): string[] =>
    lanes > 1 && lines.length > 0
      ? ['#pragma unroll', `for (unsigned v = 0; v < ${lanes}; ++v) {`, ...indent([...lines]), '}']
      : [...lines];

  const element = {
    none: 'm',
    outer: `k * ${index.of(length)} + m`,
    inner: `m * ${index.of(columns)} + c`,
    outerInner: `(g * ${index.of(length)} + m) * ${index.of(columns)} + c`,
  }[keep];
  const each = [
    ...(used.has('e') ? [`const ${index.type} e = ${element};`] : []),
    ...memberPlaces(keep, places, used),
    ...elementLines(program, inLoop, plan, places, add),
  ];
  const loop = (from: string, to: string): string[] => [
    ...(share / stride > 1 ? ['#pragma unroll 4'] : []),
    `for (${index.type} m = ${from}; m < ${to}; m += ${stride}) {`,
    ...indent([...each, ...counted]),
    '}',
  ];
  const bounds =
    splits > 1
      ? [
          `const ${index.type} first = blockIdx.y * ${index.of(share)}, last = first + ${index.of(share)} < ${index.of(length)} ? first + ${index.of(share)} : ${index.of(length)};`,
        ]
      : [`const ${index.type} first = 0, last = ${index.of(length)};`];
  const offset = order === 'rows' && width > 1 ? `d * ${width}` : 'd';
  const chunk = index.of(run * stride);
  return [
    ...(order === 'columns'
      ? [`const unsigned a = threadIdx.x % ${across}, d = threadIdx.x / ${across};`]
      : [`const unsigned d = threadIdx.x % ${down}, a = threadIdx.x / ${down};`]),
    `const ${index.type} k = ${block} * ${across} + a;`,
    ...bounds,
    ...declareTotals(),
    ...(isLong ? [] : declareRun()),
    `if (k < ${index.of(kept)}) {`,
    ...indent([
      ...keptPlaces(keep, shape, index, used),
      ...loadLines(program, still, places),
      ...(isLong
        ? [
            `for (${index.type} from = first; from < last; from += ${chunk}) {`,
            ...indent([
              `const ${index.type} to = from + ${chunk} < last ? from + ${chunk} : last;`,
              ...declareRun(),
              ...loop(`from + ${offset}`, 'to'),
              ...overLanes(inDouble),
            ]),
            '}',
          ]
        : [...loop(`first + ${offset}`, 'last'), ...overLanes(inDouble)]),
    ]),
    '}',
    '',
    ...overLanes(
      results.map(
        (name, w) => `table[d * ${rowOf(program, shape)} + ${columnOf(w, lanes, across)}] = ${name}${at};`,
      ),
    ),
  ];
};

/**
 * Place of neighbour v of value w in a row of the table: all values of the kept elements a stand side by
 * side.
 */
const columnOf = (w: number, lanes: number, across: number): string => {
  if (lanes > 1) return `${w === 0 ? 'v' : `(${w * lanes} + v)`} * ${across} + a`;
  return w === 0 ? 'a' : `${w * across} + a`;
};

const rowOf = (program: Program, { order, across, width }: ReduceShape): number =>
  across * valuesOf(program.reductions) * (order === 'columns' ? width : 1);

/** Rows that the partial results of the blocks are read into. */
const lateRows = (program: Program, shape: ReduceShape): number =>
  Math.max(1, Math.min(shape.splits, Math.floor((shape.across * shape.down) / rowOf(program, shape))));

const tableSize = (program: Program, shape: ReduceShape): number =>
  rowOf(program, shape) * Math.max(shape.down, shape.splits > 1 ? lateRows(program, shape) : 1);

/** Group and column of kept element k, as o and i where loads ask for them. */
const keptPlaces = (
  keep: Keep,
  { columns, width }: ReduceShape,
  index: IndexType,
  used: ReadonlySet<string>,
): string[] => {
  if (keep === 'none') return [];
  if (keep === 'outer') return used.has('o') ? [`const ${index.type} o = k;`] : [];
  const packs = columns / width;
  const inGroup = packs === 1 ? index.of(0) : `k % ${index.of(packs)}`;
  const column = `${keep === 'inner' ? 'k' : inGroup}${width > 1 && packs > 1 ? ` * ${width}` : ''}`;
  return [
    ...(keep === 'outerInner' && (used.has('o') || used.has('e'))
      ? [`const ${index.type} g = ${packs === 1 ? 'k' : `k / ${index.of(packs)}`};`]
      : []),
    ...(used.has('i') || used.has('e') ? [`const ${index.type} c = ${column};`] : []),
    ...(used.has('i') ? [`const ${index.type} i = c;`] : []),
    ...(keep === 'outerInner' && used.has('o') ? [`const ${index.type} o = g;`] : []),
  ];
};

/** Places of element m among those that are reduced. */
const memberPlaces = (keep: Keep, { index, view }: Places, used: ReadonlySet<string>): string[] => {
  const [, R, I] = view.domain;
  const only = (...names: string[]): ReadonlySet<string> => new Set(names.filter((n) => used.has(n)));
  switch (keep) {
    case 'none':
      return decodeLines({ index, view, width: 1 }, only('o', 'r', 'i'), 'm');
    case 'outer':
      return decodeLines({ index, view: { ...view, domain: [1, R, I] }, width: 1 }, only('r', 'i'), 'm');
    case 'inner':
      return decodeLines(
        { index, view: { ...view, domain: [view.domain[0], R, 1] }, width: 1 },
        only('o', 'r'),
        'm',
      );
    case 'outerInner':
      return used.has('r') ? [`const ${index.type} r = m;`] : [];
  }
};

/** From the threads' values to the results: over the block, then over blocks. */
const combineLines = (
  program: Program,
  shape: ReduceShape,
  blocks: number,
  index: IndexType,
  frame: Frame,
): string[] => {
  const { order, groups, columns, across, down, splits, width } = shape;
  const lanes = order === 'columns' ? width : 1;
  const row = rowOf(program, shape);
  const sums = valuesOf(program.reductions.filter((r) => r.op !== 'max')) * across * lanes;
  const { block } = frame;
  const threads = frame.threads ?? across * down; // that lend a hand; the order of additions asks for the reduction's own
  const strips = (rows: number): number =>
    rows <= 8
      ? 1
      : Math.max(
          1,
          Math.min(
            powerBelow(Math.ceil(Math.sqrt(rows))),
            powerBelow(Math.max(1, Math.floor((across * down) / row))),
          ),
        );
  const fold = (rows: number): string =>
    `fold<${threads}, ${row}, ${rows}, ${strips(rows)}, ${sums}>(table);`;
  const late = lateRows(program, shape);
  const kept = groups * columns;
  const at =
    lanes > 1
      ? `(${block} * ${index.of(across)} + q % ${across}) * ${lanes} + q / ${across}`
      : `${block} * ${index.of(across)} + q`;
  return [
    fold(down),
    ...(splits > 1
      ? [
          `static __device__ unsigned arrivals[${blocks}];`,
          `double* mine = partial + blockIdx.x * ${splits * row}ull;`,
          `for (unsigned q = threadIdx.x; q < ${row}; q += ${threads}) mine[blockIdx.y * ${row} + q] = table[q];`,
          `if (!arrivesLast(arrivals + blockIdx.x, ${splits})) return;`,
          `rows<${threads}, ${row}, ${splits}, ${late}, ${sums}>(table, mine);`,
          fold(late),
        ]
      : []),
    `for (unsigned q = threadIdx.x; q < ${across * lanes}; q += ${threads}) {`,
    ...indent([
      `const ${index.type} z = ${at};`,
      ...(kept % (across * lanes) === 0 ? [] : [`if (z >= ${index.of(kept)}) continue;`]),
      ...program.reductions.map((r, k) => {
        const w = valuesOf(program.reductions.slice(0, k));
        const [value, next] = [w, w + 1].map((i) => `table[${i === 0 ? 'q' : `${i * across * lanes} + q`}]`);
        return r.op === 'variance'
          ? `z${k}[z] = varianceOf(${value}, ${next}, ${shape.length}.0);`
          : `z${k}[z] = (float)${value};`;
      }),
    ]),
    '}',
  ];
};

/*
 * Note [Variances]
 *
 * Over a run of at most RUN elements a thread adds up, in float, how far they lie from the first of the run,
 * and the squares of that: since the first is one of them, rounding costs no more than a small part of their
 * own squared deviations, wherever they lie. In double, both sums are moved to zero; they can then be added
 * up like all others. The variance is taken from them before anything is rounded to float.
 */
