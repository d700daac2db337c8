import type { Instruction } from '../plan.js';
import { floatLiteral } from './kernel.js';

/**
 * One instruction as a C expression. NaN, infinities and denormals behave as on the cpu device. Products go through `mul`, so that the
 * compiler does not contract one use of a register into a multiply-add and leave another: a register has one value.
 */
const EXPRESSIONS: {
  readonly [K in Exclude<Instruction, 'const'>]: (a: string, b: string, c: string) => string;
} = {
  add: (a, b) => `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b) => `mul(${a}, ${b})`,
  div: (a, b) => `${a} / ${b}`,
  max: (a, b) => `larger(${a}, ${b})`,
  min: (a, b) => `smaller(${a}, ${b})`,
  mulAdd: (a, b, c) => `fmaf(${a}, ${b}, ${c})`,
  neg: (a) => `-${a}`,
  abs: (a) => `fabsf(${a})`,
  sign: (a) => `${a} > 0.0f ? 1.0f : ${a} < 0.0f ? -1.0f : ${a}`,
  exp: (a) => `exponential(${a})`,
  log: (a) => `logarithm(${a})`,
  sqrt: (a) => `sqrtf(${a})`,
  rsqrt: (a) => `1.0f / sqrtf(${a})`,
  exp2: (a) => `powerOfTwo(${a})`,
  exponent: (a) => `exponent(${a})`,
  relu: (a) => `${a} <= 0.0f ? 0.0f : ${a}`,
  step: (a) => `${a} > 0.0f ? 1.0f : 0.0f`,
  greater: (a, b) => `${a} > ${b} ? 1.0f : 0.0f`,
  equal: (a, b) => `${a} == ${b} ? 1.0f : 0.0f`,
  select: (a, b, c) => `${a} != 0.0f ? ${b} : ${c}`,
};

export const expressionOf = (op: Instruction, args: readonly string[], value: number | undefined): string => {
  if (op === 'const') return floatLiteral(value ?? NaN);
  const [a = '', b = '', c = ''] = args;
  return EXPRESSIONS[op](a, b, c);
};
