import type { Plan, PlanBuffer } from '../../plan/plan.js';
import type { Arg } from './cuda-plan.js';

/** A pointer that a kernel takes, and what one launch passes for it. */
export interface Parameter {
  readonly type: string;
  readonly name: string;
  readonly arg: Arg;
}

/**
 * Where the text of a step stands: alone in a kernel, or as one part of it among others. A part is told which
 * block it is, since it may have only some of the blocks, and never returns from the kernel before other
 * parts have run.
 */
export interface Frame {
  /** What the text calls the number of its block. */
  readonly block: string;
  /** Threads of the launch where others decide; a part leaves idle those that it does not need. */
  readonly threads: number | null;
  readonly isPart: boolean;
  /** What the text calls the number of its elements, where one text serves several steps. */
  readonly count: string | null;
}
export const ALONE: Frame = { block: 'blockIdx.x', threads: null, isPart: false, count: null };

/** Preprocessor lines stay at the margin. */
export const indent = (lines: readonly string[], depth = 1): string[] =>
  lines.map((l) => (l.startsWith('#') ? l : `${'  '.repeat(depth)}${l}`));

/** Lines for those threads of which `condition` holds. */
export const guarded = (
  { isPart }: Frame,
  [left, right]: readonly [string, string],
  lines: readonly string[],
): string[] =>
  isPart
    ? [`if (${left} < ${right}) {`, ...indent(lines), '}']
    : [`if (${left} >= ${right}) return;`, ...lines];

/**
 * One launch of a kernel that has no name yet. Launches whose parameters, block and body are equal share a
 * kernel.
 */
export interface Draft {
  /** What it does, for the comment above the kernel. */
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  readonly grid: readonly [number, number, number];
  /** Threads of a block; blocks are one-dimensional. */
  readonly block: number;
  /** Workspace that its scratch arguments reach into, from the least of them on. */
  readonly scratchBytes?: number;
  /** Doubles of the shared memory that the body calls `table`. */
  readonly table?: number;
  /** Elements, of which each thread does one: what `count` of the frame stands for. */
  readonly count?: number;
  /** Lines between the braces, indented by two. */
  readonly body: readonly string[];
}

/** Bf16 is a type of the prelude that converts from and to float by itself. */
const C_TYPES = { f32: 'float', bf16: 'Bf16', i32: 'int', u8: 'unsigned char' } as const;
export const cType = (buffer: PlanBuffer): string => C_TYPES[buffer.dtype];
export const elementsOf = ({ shape }: PlanBuffer): number => shape.reduce((n, d) => n * d, 1);

/** Parameters for a call kernel's operands, by name. */
export const operands = (
  plan: Plan,
  inputs: readonly (readonly [string, number])[],
  outputs: readonly (readonly [string, number])[],
): Parameter[] => [
  ...inputs.map(([name, buffer]): Parameter => ({
    type: `const ${cType(plan.buffers[buffer]!)}*`,
    name,
    arg: { buffer },
  })),
  ...outputs.map(([name, buffer]): Parameter => ({
    type: `${cType(plan.buffers[buffer]!)}*`,
    name,
    arg: { buffer },
  })),
];

/** Integers for indices: 32 bits as long as every number up to `largest` fits. */
export interface IndexType {
  readonly type: string;
  readonly of: (n: number) => string;
}
export const indexType = (largest: number): IndexType =>
  largest < 2 ** 31
    ? { type: 'unsigned', of: (n) => `${n}u` }
    : { type: 'unsigned long long', of: (n) => `${n}ull` };

/** A decimal that reads as the float nearest to `value`: its own digits, as the printed plan shows them. */
export const floatLiteral = (value: number): string => {
  const f = Math.fround(value);
  if (Number.isNaN(f)) return '__int_as_float(0x7fffffff)';
  if (!Number.isFinite(f)) return `__int_as_float(${f > 0 ? '0x7f800000' : '0xff800000'})`;
  // digits of a double halfway between two floats may read as either: then those of the float
  const isClear = Math.fround(value * (1 + 2 ** -40)) === f && Math.fround(value * (1 - 2 ** -40)) === f;
  const digits = Object.is(value, -0) ? '-0' : String(isClear || f === value ? value : f);
  return `${/[.e]/.test(digits) ? digits : `${digits}.0`}f`;
};

/** `a + b*n + ...` without what is zero or one. */
export const sumOf = (terms: readonly (readonly [string, number])[], index: IndexType): string => {
  const live = terms
    .filter(([, factor]) => factor !== 0)
    .map(([name, factor]) => (factor === 1 ? name : `${name} * ${index.of(factor)}`));
  return live.length === 0 ? index.of(0) : live.join(' + ');
};

/**
 * The comment's and the kernel's view of a step's name: names come from layer paths, which may hold anything.
 */
export const plainName = (name: string): string => name.replace(/[^\x20-\x7e]|\\/g, '?');
export const identifier = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 48)
    .replace(/_+$/, '');
