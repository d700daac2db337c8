import { fail } from '../../errors.js';
import { CALLS, type CallAttributes, type CallName } from '../../plan/calls.js';
import type { CallStep, CallStepOf, Plan } from '../../plan/plan.js';
import { bernoulliDrafts } from './bernoulli.js';
import { copyDrafts, fillDrafts, perElement } from './copy.js';
import { indent, indexType, operands, type Draft, type Frame, type IndexType } from './kernel.js';
import { poolDrafts } from './pool.js';
import { argMaxDrafts, rankMaskDrafts, SHORT_ROW } from './rank.js';
import { cropFlipDrafts, gatherDrafts, scatterAddDrafts } from './table.js';
import { THREADS, type Gpu } from './gpu.js';

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

type Resize = CallAttributes<'resizeBilinear'>;
type ResizeStep = CallStepOf<'resizeBilinear' | 'resizeBilinearGrad'>;

/**
 * Number p of the result lies at (p * factor + offset) / denominator of the image, as native/cpu/resize.cc
 * has it.
 */
interface ResizeAxis {
  readonly extent: number;
  readonly out: number;
  readonly factor: number;
  readonly offset: number;
  readonly denominator: number;
}
const axisOf = (extent: number, out: number, alignCorners: boolean): ResizeAxis =>
  alignCorners
    ? { extent, out, factor: out > 1 ? extent - 1 : 0, offset: 0, denominator: Math.max(out - 1, 1) }
    : { extent, out, factor: 2 * extent, offset: extent - out, denominator: 2 * out };
const axesOf = (a: Resize): readonly [rows: ResizeAxis, columns: ResizeAxis] => [
  axisOf(a.h, a.oh, a.alignCorners),
  axisOf(a.w, a.ow, a.alignCorners),
];
/** An integer that holds the products of places. */
const wide = (n: number | string): string => (typeof n === 'number' ? `${n}ll` : `(long long)${n}`);

/** What number `p` of the result lies between, and the share of the second. */
const tapLines = (name: string, p: string, axis: ResizeAxis): string[] => [
  `const long long ${name}Place = ${wide(p)} * ${wide(axis.factor)} + ${wide(axis.offset)};`,
  `const long long ${name}At = ${name}Place < 0 ? 0 : ${name}Place;`,
  `const int ${name}Low = (int)(${name}At / ${wide(axis.denominator)});`,
  `const int ${name}High = ${name}Low < ${axis.extent - 1} ? ${name}Low + 1 : ${name}Low;`,
  `const float ${name}Share = (float)(${name}At % ${wide(axis.denominator)}) / (float)${wide(axis.denominator)};`,
];
/** The first and last number of the result that number `i` of the image may have a part in. */
const partLines = (name: string, i: string, { out, factor, offset, denominator }: ResizeAxis): string[] => {
  if (factor === 0) return [`const int ${name}First = 0, ${name}Last = ${out - 1};`];
  const place = (step: string): string =>
    `((${wide(i)} ${step}) * ${wide(denominator)} - ${wide(offset)}) / ${wide(factor)}`;
  return [
    `const long long ${name}From = ${place('- 1')}, ${name}To = ${place('+ 1')};`,
    `const int ${name}First = ${i} == 0 || ${name}From < 0 ? 0 : (int)${name}From;`,
    `const int ${name}Last = ${name}To < ${out - 1} ? (int)${name}To : ${out - 1};`,
  ];
};
const weightLine = (name: string, i: string): string =>
  `const float ${name}Weight = (${name}Low == ${i} ? 1.0f - ${name}Share : 0.0f) + (${name}High == ${i} ? ${name}Share : 0.0f);`;

const resizeIndex = (a: Resize): IndexType =>
  indexType(a.n * a.c * Math.max(a.h * a.w, a.oh * a.ow) + THREADS);
const resizeDoc = (a: Resize): string => `[${a.n}, ${a.h}, ${a.w}, ${a.c}] and ${a.oh}x${a.ow}`;

/** A thread for each element of the result. */
function resizeDrafts(plan: Plan, { inputs, outputs, attributes: a }: ResizeStep): Draft[] {
  const index = resizeIndex(a);
  const [rows, columns] = axesOf(a);
  const value = (row: string, column: string): string =>
    `(float)x[((image * ${index.of(a.h)} + ${row}) * ${index.of(a.w)} + ${column}) * ${index.of(a.c)} + channel]`;
  const mixed = (row: string): string =>
    `(1.0f - columnShare) * ${value(row, 'columnLow')} + columnShare * ${value(row, 'columnHigh')}`;
  return [
    {
      doc: resizeDoc(a),
      parameters: operands(plan, [['x', inputs[0]!]], [['y', outputs[0]!]]),
      ...perElement(a.n * a.oh * a.ow * a.c, index, [
        `const ${index.type} channel = e % ${index.of(a.c)}, image = e / ${index.of(a.c * a.ow * a.oh)};`,
        ...tapLines('row', `(e / ${index.of(a.c * a.ow)} % ${index.of(a.oh)})`, rows),
        ...tapLines('column', `(e / ${index.of(a.c)} % ${index.of(a.ow)})`, columns),
        `const float upper = ${mixed('rowLow')};`,
        `const float lower = ${mixed('rowHigh')};`,
        'y[e] = (1.0f - rowShare) * upper + rowShare * lower;',
      ]),
    },
  ];
}

/**
 * A thread for each element of the image asks all of the result that it has a part in: nothing is added
 * atomically.
 */
function resizeGradDrafts(plan: Plan, { inputs, outputs, attributes: a }: ResizeStep): Draft[] {
  const index = resizeIndex(a);
  const [rows, columns] = axesOf(a);
  const dy = `(float)dy[((image * ${index.of(a.oh)} + p) * ${index.of(a.ow)} + q) * ${index.of(a.c)} + channel]`;
  return [
    {
      doc: resizeDoc(a),
      parameters: operands(plan, [['dy', inputs[0]!]], [['y', outputs[0]!]]),
      ...perElement(a.n * a.h * a.w * a.c, index, [
        `const ${index.type} channel = e % ${index.of(a.c)}, image = e / ${index.of(a.c * a.w * a.h)};`,
        `const int ownColumn = (int)(e / ${index.of(a.c)} % ${index.of(a.w)});`,
        `const int ownRow = (int)(e / ${index.of(a.c * a.w)} % ${index.of(a.h)});`,
        ...partLines('p', 'ownRow', rows),
        ...partLines('q', 'ownColumn', columns),
        'float sum = 0.0f;',
        'for (int p = pFirst; p <= pLast; ++p) {',
        ...indent([
          ...tapLines('row', 'p', rows),
          weightLine('row', 'ownRow'),
          'for (int q = qFirst; q <= qLast; ++q) {',
          ...indent([
            ...tapLines('column', 'q', columns),
            weightLine('column', 'ownColumn'),
            `sum += rowWeight * columnWeight * ${dy};`,
          ]),
          '}',
        ]),
        '}',
        'y[e] = sum;',
      ]),
    },
  ];
}

/** One row for each of them. */
const EMITTERS: { readonly [K in EmittedCall]: Emitter<K> } = {
  maxPool: pool,
  maxPoolGather: pool,
  maxPoolScatter: pool,
  sumPool: pool,
  sumPoolGrad: pool,
  resizeBilinear: { drafts: resizeDrafts },
  resizeBilinearGrad: { drafts: resizeGradDrafts },
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
  bernoulli: {
    drafts: (plan, { inputs: [noise], outputs: [y], attributes }) =>
      bernoulliDrafts(plan, noise!, y!, attributes),
  },
};

const isEmitted = (step: CallStep): step is CallStepOf<EmittedCall> => CALLS[step.kernel].cuda === 'emitted';
/** The row of a step, with the step that it takes. */
const emitterOf = <K extends EmittedCall>(step: CallStepOf<K> & { readonly kernel: K }): Emitter<K> =>
  EMITTERS[step.kernel];

/** The launches of a call; null where a library runs it. */
export const callDrafts = (plan: Plan, step: CallStep, gpu: Gpu, frame: Frame): Draft[] | null => {
  if (CALLS[step.kernel].cuda === 'none')
    fail(
      'PLAN',
      `${step.name}: the cuda device has no kernel '${step.kernel}'; compile the program for it, with TARGETS.cuda`,
    );
  return isEmitted(step) ? emitterOf(step).drafts(plan, step, gpu, frame) : null;
};

export const callHasFrame = (step: CallStep): boolean =>
  isEmitted(step) && (emitterOf(step).hasFrame?.(step) ?? false);
