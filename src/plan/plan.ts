import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { attributesCodec, CALLS, type CallAttributes, type CallName } from './calls.js';
import { isInstruction, type Instruction } from './instructions.js';
import { isImageConvolution } from './traits.js';
import { elementsOf, integerFrom, Natural, PLAN_LIMITS } from './numbers.js';

/**
 * The Plan: what a Program compiles to, and the only thing a native device reads.
 *
 * A plan is plain JSON. It names every buffer with its place and size, and lists the steps in the order in
 * which they run. There are two kinds of step: `fused` (a map or map-reduce over one index space, written as
 * a small register program) and `call` (one library or hand-written kernel). Nothing is decided at run time.
 *
 * Elements are addressed in row-major order; activations are NHWC and convolution weights OHWI.
 */
export const PLAN_VERSION = 3;

const Extents = t.readonlyArray(Natural);
const isShape = (extents: readonly number[]): boolean =>
  extents.length <= PLAN_LIMITS.axes && elementsOf(extents) <= PLAN_LIMITS.elements;
const Shape: t.Type<readonly number[], readonly number[], unknown> = new t.Type(
  `shape of at most ${PLAN_LIMITS.elements} elements and ${PLAN_LIMITS.axes} axes`,
  Extents.is,
  (u, c) => {
    const read = Extents.validate(u, c);
    return isRight(read) && !isShape(read.right) ? t.failure(u, c) : read;
  },
  t.identity,
);

/**
 * bf16: the first 16 bits of a float32, rounded to nearest with ties to even. Only buffers of the arena are
 * bf16.
 */
const StorageType = t.union(
  [t.literal('f32'), t.literal('bf16'), t.literal('i32'), t.literal('u8')],
  'f32 | bf16 | i32 | u8',
);

/**
 * Where a buffer lives: `arena` at a byte offset inside the plan's one arena; `state`, `input`, `output`
 * bound by the caller at slot number `at`; `constant` with its elements in `data`.
 */
const Place = t.union(
  [
    t.strict({ in: t.literal('arena'), at: Natural }),
    t.strict({ in: t.literal('state'), at: Natural }),
    t.strict({ in: t.literal('input'), at: Natural }),
    t.strict({ in: t.literal('output'), at: Natural }),
    t.strict({ in: t.literal('constant'), data: t.readonlyArray(t.number) }),
  ],
  'place',
);

const PlanBuffer = t.strict({ dtype: StorageType, shape: Shape, place: Place }, 'buffer');

/**
 * [outer, reduced, inner]: the one index space of a fused step; element (o, r, i) is number (o*R + r)*I + i.
 */
const Domain = t.tuple([Natural, Natural, Natural], 'domain');

/**
 * A load reads buffer[o*so + r*sr + i*si] into a register; a stride of 0 repeats the value along that axis.
 */
const Load = t.strict({ buffer: Natural, strides: t.tuple([Natural, Natural, Natural]) }, 'load');

const InstructionName = new t.Type<Instruction, Instruction, unknown>(
  'instruction',
  isInstruction,
  (u, c) => (isInstruction(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);
/** `args` are register numbers, `value` is the immediate of `const`. */
const Code = t.intersection(
  [t.strict({ op: InstructionName, args: t.readonlyArray(Natural) }), t.partial({ value: t.number })],
  'instruction',
);

/** Writes a register to a full-domain buffer (element order of the domain). */
const Store = t.strict({ register: Natural, buffer: Natural }, 'store');

/**
 * Reduces a register over every axis that is not kept; the result has the kept axes' elements in order.
 * `variance` is the mean squared deviation of what is reduced from its mean: never negative, exactly zero
 * where all are equal, and right wherever that mean lies. `none`: one element; `inner`: I elements; `outer`:
 * O; `outerInner`: O*I. Sums of partial results are combined in an order that does not depend on the number
 * of threads.
 */
const Reduction = t.strict(
  {
    register: Natural,
    op: t.union([t.literal('sum'), t.literal('variance'), t.literal('max')]),
    keep: t.union([t.literal('none'), t.literal('inner'), t.literal('outer'), t.literal('outerInner')]),
    buffer: Natural,
  },
  'reduction',
);

/**
 * A fused step may write a buffer that it also loads, but only where the load covers the same full domain.
 */
const FusedStep = t.strict(
  {
    kind: t.literal('fused'),
    name: t.string,
    domain: Domain,
    loads: t.readonlyArray(Load),
    code: t.readonlyArray(Code),
    stores: t.readonlyArray(Store),
    reductions: t.readonlyArray(Reduction),
  },
  'fused step',
);

/**
 * Along which axes a value differs over the result of a convolution: one for all, one for each channel, or
 * one for each element.
 */
const Spread = t.union(
  [t.literal('scalar'), t.literal('channel'), t.literal('full')],
  'scalar | channel | full',
);
export type Spread = t.TypeOf<typeof Spread>;

/**
 * What a device may do in the call of a convolution in place of the step after it, with the same meaning; see
 * Note [One call for two steps] in compile/epilogues.ts.
 */
const Epilogue = t.union(
  [
    /**
     * All of that step, a map of the result: how each of its loads lies over it, and whether the result is
     * read later, too.
     */
    t.strict({ kind: t.literal('map'), spreads: t.readonlyArray(Spread), keepsResult: t.boolean }),
    /**
     * The sums of each channel of the result and of its squares, left where that step puts its sum and its
     * variance.
     */
    t.strict({ kind: t.literal('sums'), sum: Natural, squares: Natural }),
  ],
  'epilogue',
);
export type Epilogue = t.TypeOf<typeof Epilogue>;
const MayHaveEpilogue = t.exact(t.partial({ epilogue: Epilogue }));

const CallStep = t.union(
  (Object.keys(CALLS) as CallName[]).map((kernel) => {
    const call = t.strict({
      kind: t.literal('call'),
      name: t.string,
      kernel: t.literal(kernel),
      inputs: t.readonlyArray(Natural),
      outputs: t.readonlyArray(Natural),
      attributes: attributesCodec(kernel),
    });
    return isImageConvolution({ kind: 'call', kernel }) ? t.intersection([call, MayHaveEpilogue]) : call;
  }) as unknown as [t.Mixed, t.Mixed],
  'call step',
);
/** A call of a kernel of K. */
export type CallStepOf<K extends CallName> = {
  [Name in K]: {
    readonly kind: 'call';
    readonly name: string;
    readonly kernel: Name;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly attributes: CallAttributes<Name>;
    readonly epilogue?: Name extends 'conv2d' | 'conv2dInputGrad' ? Epilogue : never;
  };
}[K];
export type CallStep = CallStepOf<CallName>;
export type FusedStep = t.TypeOf<typeof FusedStep>;
export type Step = FusedStep | CallStep;
export type PlanBuffer = t.TypeOf<typeof PlanBuffer>;

/**
 * A named slot: `buffers[buffer]` is bound to the state, input or output called `name`. Slots are in slot
 * order.
 */
const Slot = t.strict({ name: t.string, buffer: Natural }, 'slot');

const PlanHead = t.strict(
  {
    format: t.literal('pathex-plan'),
    version: t.literal(PLAN_VERSION),
    name: t.string,
    arenaBytes: integerFrom(0, PLAN_LIMITS.arenaBytes),
    buffers: t.readonlyArray(PlanBuffer),
    state: t.readonlyArray(Slot),
    inputs: t.readonlyArray(Slot),
    outputs: t.readonlyArray(Slot),
  },
  'plan',
);

export type Plan = t.TypeOf<typeof PlanHead> & { readonly steps: readonly Step[] };

const WholePlan = t.intersection([
  PlanHead,
  t.strict({ steps: t.readonlyArray(t.union([FusedStep, CallStep])) }),
]) as unknown as t.Type<Plan, unknown, unknown>;

/** The most elements that the domain of a fused step may have. */
const mostWork = ({ buffers }: Plan): number => {
  const largest = buffers.reduce((most, { shape }) => Math.max(most, elementsOf(shape)), 0);
  return Math.max(PLAN_LIMITS.worked, PLAN_LIMITS.repeats * largest);
};

export const PlanCodec: t.Type<Plan, unknown, unknown> = new t.Type<Plan, unknown, unknown>(
  'plan',
  WholePlan.is,
  (u, c) => {
    // Faults are found along the intersection's own path, which `explain` knows how to tell.
    const along = c.map((entry, i) => (i === c.length - 1 ? { ...entry, type: WholePlan } : entry));
    const read = WholePlan.validate(u, along);
    if (isLeft(read)) return read;
    const most = mostWork(read.right);
    const at = read.right.steps.findIndex((s) => s.kind === 'fused' && elementsOf(s.domain) > most);
    if (at < 0) return read;
    const domain = (read.right.steps[at] as FusedStep).domain; // found by its kind
    const type = t.readonlyArray(Natural, `domain of at most ${most} elements`);
    const path = ['steps', String(at), 'domain'];
    return t.failure(
      domain,
      path.reduce((context, key) => t.appendContext(context, key, type, domain), c),
    );
  },
  WholePlan.encode,
);

/** Buffers that a step reads, and those that it writes. */
export const readsOf = (step: Step): readonly number[] =>
  step.kind === 'fused' ? step.loads.map((l) => l.buffer) : step.inputs;
export const writesOf = (step: Step): readonly number[] =>
  step.kind === 'fused' ? [...step.stores, ...step.reductions].map((w) => w.buffer) : step.outputs;
