/**
 * The instructions of fused steps. Registers 0..loads-1 of a step hold its loads; instruction number k writes
 * register loads+k. Arithmetic is float32 on cpu and cuda, float64 on reference; loads from bf16, i32 and u8
 * convert, and so do stores.
 *
 * One row says everything that TypeScript knows of an instruction; native/core/instructions.inc has the same
 * rows in the same order with the C++ of the cpu device, and a test holds the two together. See
 * docs/concepts.md, "One op, one file".
 */
export interface InstructionRow {
  /** Registers that it reads. */
  readonly arity: 0 | 1 | 2 | 3;
  /**
   * Its value as a CUDA C expression of the registers. NaN, infinities and denormals behave as on the cpu
   * device. Products go through `mul`, so that the compiler does not contract one use of a register into a
   * multiply-add and leave another: a register has one value.
   */
  readonly cuda: (a: string, b: string, c: string) => string;
}

export const INSTRUCTIONS = {
  /** The immediate `value` of the step's code. */
  const: { arity: 0, cuda: (value) => value },
  add: { arity: 2, cuda: (a, b) => `${a} + ${b}` },
  sub: { arity: 2, cuda: (a, b) => `${a} - ${b}` },
  mul: { arity: 2, cuda: (a, b) => `mul(${a}, ${b})` },
  div: { arity: 2, cuda: (a, b) => `${a} / ${b}` },
  max: { arity: 2, cuda: (a, b) => `larger(${a}, ${b})` },
  min: { arity: 2, cuda: (a, b) => `smaller(${a}, ${b})` },
  /** a*b + c */
  mulAdd: { arity: 3, cuda: (a, b, c) => `fmaf(${a}, ${b}, ${c})` },
  neg: { arity: 1, cuda: (a) => `-${a}` },
  abs: { arity: 1, cuda: (a) => `fabsf(${a})` },
  sign: { arity: 1, cuda: (a) => `${a} > 0.0f ? 1.0f : ${a} < 0.0f ? -1.0f : ${a}` },
  exp: { arity: 1, cuda: (a) => `exponential(${a})` },
  log: { arity: 1, cuda: (a) => `logarithm(${a})` },
  sqrt: { arity: 1, cuda: (a) => `sqrtf(${a})` },
  rsqrt: { arity: 1, cuda: (a) => `1.0f / sqrtf(${a})` },
  /** 2^x, exact for integer x in the normal range */
  exp2: { arity: 1, cuda: (a) => `powerOfTwo(${a})` },
  /** floor(log2 |x|) for finite x != 0, and 0 for x = 0; exact. Infinity and NaN give NaN */
  exponent: { arity: 1, cuda: (a) => `exponent(${a})` },
  /** 1 / (1 + e^-x) */
  sigmoid: {
    arity: 1,
    cuda: (a) => `(${a} < 0.0f ? exponential(${a}) : 1.0f) / (1.0f + exponential(-fabsf(${a})))`,
  },
  tanh: { arity: 1, cuda: (a) => `tanhf(${a})` },
  erf: { arity: 1, cuda: (a) => `erff(${a})` },
  /** log(1 + e^x) */
  softplus: { arity: 1, cuda: (a) => `larger(${a}, 0.0f) + log1pf(exponential(-fabsf(${a})))` },
  /** x > 0 ? x : 0 (NaN stays NaN) */
  relu: { arity: 1, cuda: (a) => `${a} <= 0.0f ? 0.0f : ${a}` },
  /** x > 0 ? 1 : 0 */
  step: { arity: 1, cuda: (a) => `${a} > 0.0f ? 1.0f : 0.0f` },
  /** a > b ? 1 : 0 */
  greater: { arity: 2, cuda: (a, b) => `${a} > ${b} ? 1.0f : 0.0f` },
  /** a == b ? 1 : 0 */
  equal: { arity: 2, cuda: (a, b) => `${a} == ${b} ? 1.0f : 0.0f` },
  /** a != 0 ? b : c */
  select: { arity: 3, cuda: (a, b, c) => `${a} != 0.0f ? ${b} : ${c}` },
} as const satisfies Record<string, InstructionRow>;

export type Instruction = keyof typeof INSTRUCTIONS;

/** The instructions that read so many registers. */
export type InstructionOf<N extends InstructionRow['arity']> = {
  [K in Instruction]: (typeof INSTRUCTIONS)[K]['arity'] extends N ? K : never;
}[Instruction];

export const isInstruction = (name: unknown): name is Instruction =>
  typeof name === 'string' && Object.hasOwn(INSTRUCTIONS, name);
