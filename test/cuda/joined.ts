import { emitCuda } from '../../src/compile/cuda/emit.js';
import { H200, type Gpu } from '../../src/compile/cuda/gpu.js';
import type { Plan, Step } from '../../src/plan/plan.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { arrayOf, count, floats, planOf, type BufferSpec } from '../native/plans.js';
import { emulation } from './emulate.js';

/** Many steps in one plan, so that one compiler run serves a whole test file. */
export interface Trial {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly specs: readonly BufferSpec[];
  /** What input and state buffers hold, by number; numbers of a simple pattern where nothing is given. */
  readonly data?: Readonly<Record<number, NativeArray>>;
}

export const shifted = (step: Step, by: number): Step => {
  const at = <T extends { readonly buffer: number }>(x: T): T => ({ ...x, buffer: x.buffer + by });
  return step.kind === 'fused'
    ? { ...step, loads: step.loads.map(at), stores: step.stores.map(at), reductions: step.reductions.map(at) }
    : { ...step, inputs: step.inputs.map((b) => b + by), outputs: step.outputs.map((b) => b + by) };
};

/** What a trial's buffers hold at first. Floats are poisoned where a step has to write. */
const contentsOf = ({ specs, data = {} }: Trial): NativeArray[] =>
  specs.map((s, b) => {
    const n = count(s.shape);
    if (data[b] !== undefined) return data[b];
    if (s.in === 'output' || s.in === 'arena')
      return s.dtype === undefined ? new Float32Array(n).fill(NaN) : arrayOf(s.dtype, n).fill(77);
    return s.dtype === undefined ? floats(n, b + 3) : arrayOf(s.dtype, n).map((_, k) => (k * 7 + b) % 100);
  });

export interface Finding {
  readonly trial: Trial;
  readonly before: readonly NativeArray[];
  /** Every buffer afterwards; null in the arena. */
  readonly after: readonly (NativeArray | null)[];
}

export const joinedPlan = (
  trials: readonly Trial[],
): { readonly plan: Plan; readonly firsts: readonly number[] } => {
  const firsts = trials.map((_, k) => trials.slice(0, k).reduce((n, t) => n + t.specs.length, 0));
  return {
    plan: planOf(
      trials.flatMap((t) => t.specs),
      trials.flatMap((t, k) => t.steps.map((s) => shifted({ ...s, name: t.name }, firsts[k]!))),
    ),
    firsts,
  };
};

/** A GPU so small that packs and shared work begin at small sizes. */
export const TINY: Gpu = { ...H200, smCount: 1 };

/** Runs all trials in the emulator, each step by launches of its own unless `join`. */
export const emulateAll = (trials: readonly Trial[], target: Gpu = H200, join = false): Finding[] => {
  const { plan, firsts } = joinedPlan(trials);
  const before = trials.map(contentsOf);
  const all = before.flat();
  const found: Finding[] = [];
  emulation(emitCuda(plan, target, { join }), ({ run }) => {
    const after = run((b) => all[b]!);
    trials.forEach((trial, k) =>
      found.push({
        trial,
        before: before[k]!,
        after: after.slice(firsts[k]!, firsts[k]! + trial.specs.length),
      }),
    );
  });
  return found;
};
