import * as t from 'io-ts';

/**
 * The Plan: what a Program compiles to, and the only thing a native device reads.
 *
 * A plan is plain JSON. It names every buffer with its place and size, and lists the steps in the order in which
 * they run. There are two kinds of step: `fused` (a map or map-reduce over one index space, written as a small
 * register program) and `call` (one library or hand-written kernel). Nothing is decided at run time.
 *
 * Elements are addressed in row-major order; activations are NHWC and convolution weights OHWI.
 */
export const PLAN_VERSION = 2;

const Natural = new t.Type<number, number, unknown>(
  'natural number',
  (u): u is number => typeof u === 'number' && Number.isInteger(u) && u >= 0,
  (u, c) => (typeof u === 'number' && Number.isInteger(u) && u >= 0 ? t.success(u) : t.failure(u, c)),
  t.identity,
);
const Integer = new t.Type<number, number, unknown>(
  'integer',
  (u): u is number => typeof u === 'number' && Number.isInteger(u),
  (u, c) => (typeof u === 'number' && Number.isInteger(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);

/** bf16: the first 16 bits of a float32, rounded to nearest with ties to even. Only buffers of the arena are bf16. */
const StorageType = t.union(
  [t.literal('f32'), t.literal('bf16'), t.literal('i32'), t.literal('u8')],
  'f32 | bf16 | i32 | u8',
);

/**
 * Where a buffer lives: `arena` at a byte offset inside the plan's one arena; `state`, `input`, `output` bound by
 * the caller at slot number `at`; `constant` with its elements in `data`.
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

const PlanBuffer = t.strict({ dtype: StorageType, shape: t.readonlyArray(Natural), place: Place }, 'buffer');

/** [outer, reduced, inner]: the one index space of a fused step; element (o, r, i) is number (o*R + r)*I + i. */
const Domain = t.tuple([Natural, Natural, Natural], 'domain');

/** A load reads buffer[o*so + r*sr + i*si] into a register; a stride of 0 repeats the value along that axis. */
const Load = t.strict({ buffer: Natural, strides: t.tuple([Natural, Natural, Natural]) }, 'load');

/**
 * Registers 0..loads-1 hold the loads; instruction number k writes register loads+k. Arithmetic is float32 on the
 * cpu device; loads from bf16, i32 and u8 convert, and so do stores. `args` are register numbers, `value` is the immediate of `const`.
 */
export const INSTRUCTIONS = {
  const: 0, // value
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  max: 2,
  min: 2,
  mulAdd: 3, // a*b + c
  neg: 1,
  abs: 1,
  sign: 1,
  exp: 1,
  log: 1,
  sqrt: 1,
  rsqrt: 1,
  exp2: 1, // 2^x, exact for integer x in the normal range
  exponent: 1, // floor(log2 |x|) for finite x != 0, and 0 for x = 0; exact. Infinity and NaN give NaN
  relu: 1, // x > 0 ? x : 0 (NaN stays NaN)
  step: 1, // x > 0 ? 1 : 0
  greater: 2, // a > b ? 1 : 0
  equal: 2, // a == b ? 1 : 0
  select: 3, // a != 0 ? b : c
} as const satisfies Record<string, 0 | 1 | 2 | 3>;
export type Instruction = keyof typeof INSTRUCTIONS;

const InstructionName = new t.Type<Instruction, Instruction, unknown>(
  'instruction',
  (u): u is Instruction => typeof u === 'string' && Object.hasOwn(INSTRUCTIONS, u),
  (u, c) =>
    typeof u === 'string' && Object.hasOwn(INSTRUCTIONS, u) ? t.success(u as Instruction) : t.failure(u, c),
  t.identity,
);
const Code = t.intersection(
  [t.strict({ op: InstructionName, args: t.readonlyArray(Natural) }), t.partial({ value: t.number })],
  'instruction',
);

/** Writes a register to a full-domain buffer (element order of the domain). */
const Store = t.strict({ register: Natural, buffer: Natural }, 'store');

/**
 * Reduces a register over every axis that is not kept; the result has the kept axes' elements in order.
 * `variance` is the mean squared deviation of what is reduced from its mean: never negative, exactly zero where all are equal, and right
 * wherever that mean lies.
 * `none`: one element; `inner`: I elements; `outer`: O; `outerInner`: O*I. Sums of partial results are combined in
 * an order that does not depend on the number of threads.
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

/** A fused step may write a buffer that it also loads, but only where the load covers the same full domain. */
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

const Pair = t.tuple([Natural, Natural]);
const Edges = t.tuple([Integer, Integer, Integer, Integer]);
const Window = { window: Pair, stride: Pair, padding: Edges } as const;

/** x [n,h,w,c], weight [f,kh,kw,c], y [n,oh,ow,f]; padding is [top, left, bottom, right], dilation 1 is dense. */
const ConvAttributes = t.strict({
  n: Natural,
  h: Natural,
  w: Natural,
  c: Natural,
  f: Natural,
  kh: Natural,
  kw: Natural,
  oh: Natural,
  ow: Natural,
  stride: Pair,
  dilation: Pair,
  padding: Edges,
});
/** x [n,h,w,c], y [n,oh,ow,c]. */
const PoolAttributes = t.strict({
  n: Natural,
  h: Natural,
  w: Natural,
  c: Natural,
  oh: Natural,
  ow: Natural,
  ...Window,
});

/**
 * What each `call` kernel takes. Convolutions and products take operands of one type, f32 or bf16, and add up in float32; weight gradients
 * and matrix products are f32 in either case, other results as the operands are. Pools and copies convert. `inputs` and `outputs` of the step
 * follow the order given in the comment.
 */
export const CALLS = {
  conv2d: ConvAttributes, // (x, weight) -> y
  conv2dInputGrad: ConvAttributes, // (dy, weight) -> dx
  conv2dWeightGrad: ConvAttributes, // (x, dy) -> dweight
  matmul: t.strict({ m: Natural, n: Natural, k: Natural, transposeA: t.boolean, transposeB: t.boolean }), // (a, b) -> [m,n]; a is [m,k], or [k,m] when transposed
  maxPool: PoolAttributes, // (x) -> y; padding is never chosen
  maxPoolGather: PoolAttributes, // (x, v[n,h,w,c]) -> y: v at x's argmax of each window (first in row-major order)
  maxPoolScatter: PoolAttributes, // (x, dy) -> dx[n,h,w,c]: adjoint of maxPoolGather in v
  sumPool: PoolAttributes, // (x) -> y
  sumPoolGrad: PoolAttributes, // (dy) -> dx: adjoint of sumPool
  /** dst[dstOffset + sum i_k*dstStrides[k]] = src[srcOffset + sum i_k*srcStrides[k]] for all i < dims (elements; strides may be negative). */
  copy: t.strict({
    dims: t.readonlyArray(Natural),
    srcOffset: Natural,
    srcStrides: t.readonlyArray(Integer),
    dstOffset: Natural,
    dstStrides: t.readonlyArray(Integer),
  }), // (src) -> dst
  fill: t.strict({ value: t.number }), // () -> dst
  gather: t.strict({ rows: Natural, width: Natural, count: Natural }), // (table[rows,width], index i32[count]) -> [count,width], same dtype as table
  scatterAdd: t.strict({ rows: Natural, width: Natural, count: Natural }), // (v f32[count,width], index i32[count]) -> [rows,width], zero elsewhere
  /** out[b,y,x,:] = images[index[b], y + dy[b], (flip[b] ? w-1-x : x) + dx[b]] as float, 0 outside the image. */
  cropFlip: t.strict({ images: Natural, batch: Natural, h: Natural, w: Natural, c: Natural }), // (images u8[images,h,w,c], index i32[batch], shift i32[batch,3] = (dy, dx, flip)) -> f32[batch,h,w,c]
  argMax: t.strict({ rows: Natural, width: Natural }), // (x[rows,width]) -> i32[rows]: first index of the largest
  /** mask 1 for the `keep` largest scores, ties by smaller index, else 0. NaN ranks below everything. */
  rankMask: t.strict({ size: Natural }), // (scores f32[size], keep i32[]) -> f32[size]
} as const;
export type CallName = keyof typeof CALLS;

const CallStep = t.union(
  (Object.keys(CALLS) as CallName[]).map((kernel) =>
    t.strict({
      kind: t.literal('call'),
      name: t.string,
      kernel: t.literal(kernel),
      inputs: t.readonlyArray(Natural),
      outputs: t.readonlyArray(Natural),
      attributes: CALLS[kernel] as t.Mixed,
    }),
  ) as unknown as [t.Mixed, t.Mixed],
  'call step',
);
export type CallStep = {
  [K in CallName]: {
    readonly kind: 'call';
    readonly name: string;
    readonly kernel: K;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly attributes: t.TypeOf<(typeof CALLS)[K]>;
  };
}[CallName];
export type CallAttributes<K extends CallName> = t.TypeOf<(typeof CALLS)[K]>;
export type FusedStep = t.TypeOf<typeof FusedStep>;
export type Step = FusedStep | CallStep;
export type PlanBuffer = t.TypeOf<typeof PlanBuffer>;

/** A named slot: `buffers[buffer]` is bound to the state, input or output called `name`. Slots are in slot order. */
const Slot = t.strict({ name: t.string, buffer: Natural }, 'slot');

const PlanHead = t.strict(
  {
    format: t.literal('pathex-plan'),
    version: t.literal(PLAN_VERSION),
    name: t.string,
    arenaBytes: Natural,
    buffers: t.readonlyArray(PlanBuffer),
    state: t.readonlyArray(Slot),
    inputs: t.readonlyArray(Slot),
    outputs: t.readonlyArray(Slot),
  },
  'plan',
);

export type Plan = t.TypeOf<typeof PlanHead> & { readonly steps: readonly Step[] };

export const PlanCodec: t.Type<Plan, unknown, unknown> = t.intersection([
  PlanHead,
  t.strict({ steps: t.readonlyArray(t.union([FusedStep, CallStep])) }),
]) as unknown as t.Type<Plan, unknown, unknown>;

/** Buffers that a step reads, and those that it writes. */
export const readsOf = (step: Step): readonly number[] =>
  step.kind === 'fused' ? step.loads.map((l) => l.buffer) : step.inputs;
export const writesOf = (step: Step): readonly number[] =>
  step.kind === 'fused' ? [...step.stores, ...step.reductions].map((w) => w.buffer) : step.outputs;

/** A product summed over the batch, for which only the optimiser or a criterion waits: of a convolution, or of a dense layer. */
export const isWeightGradientStep = (step: Step): boolean =>
  step.kind === 'call' &&
  (step.kernel === 'conv2dWeightGrad' || (step.kernel === 'matmul' && step.attributes.transposeA));
