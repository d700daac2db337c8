import { INSTRUCTIONS, type Instruction, type InstructionRow } from '../../plan/instructions.js';
import { floatLiteral } from './kernel.js';

/** One instruction as a C expression of registers. */
export const expressionOf = (op: Instruction, args: readonly string[], value: number | undefined): string => {
  const row: InstructionRow = INSTRUCTIONS[op];
  const [a = '', b = '', c = ''] = op === 'const' ? [floatLiteral(value ?? NaN)] : args;
  return row.cuda(a, b, c);
};
