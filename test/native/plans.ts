import type { CallAttributes, CallName } from '../../src/plan/calls.js';
import { bytesOf } from '../../src/plan/memory.js';
import { PLAN_VERSION, type FusedStep, type Plan, type PlanBuffer, type Step } from '../../src/plan/plan.js';
import { loadNative, type NativeArray, type NativeDevice } from '../../src/runtime/native.js';

/** Plans written by hand, and the means to run them once. */

export const addon = loadNative();

/** For buffers that are bound; those of bf16 never are. */
const ARRAYS = { f32: Float32Array, bf16: Float32Array, i32: Int32Array, u8: Uint8Array } as const;
export const arrayOf = (dtype: PlanBuffer['dtype'], n: number): NativeArray => new ARRAYS[dtype](n);
/** The same from values, each rounded to the type. */
export const arrayFrom = (dtype: PlanBuffer['dtype'], values: ArrayLike<number>): NativeArray =>
  ARRAYS[dtype].from(values);
export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface BufferSpec {
  readonly in: 'arena' | 'state' | 'input' | 'output';
  readonly shape: readonly number[];
  readonly dtype?: PlanBuffer['dtype'];
}

/** Lays out buffers and slots for given steps. */
export const planOf = (specs: readonly BufferSpec[], steps: readonly Step[], name = 'test'): Plan => {
  const slots = {
    state: [] as { name: string; buffer: number }[],
    input: [] as { name: string; buffer: number }[],
    output: [] as { name: string; buffer: number }[],
  };
  let arenaBytes = 0;
  const buffers = specs.map((spec, i): PlanBuffer => {
    const dtype = spec.dtype ?? 'f32';
    if (spec.in === 'arena') {
      const at = arenaBytes;
      arenaBytes += Math.ceil(bytesOf({ dtype, shape: spec.shape }) / 64) * 64;
      return { dtype, shape: spec.shape, place: { in: 'arena', at } };
    }
    const at = slots[spec.in].push({ name: `b${i}`, buffer: i }) - 1;
    return { dtype, shape: spec.shape, place: { in: spec.in, at } };
  });
  return {
    format: 'pathex-plan',
    version: PLAN_VERSION,
    name,
    arenaBytes,
    buffers,
    state: slots.state,
    inputs: slots.input,
    outputs: slots.output,
    steps,
  };
};

export const callOf = <K extends CallName>(
  kernel: K,
  inputs: number[],
  outputs: number[],
  attributes: CallAttributes<K>,
): Step => ({ kind: 'call', name: kernel, kernel, inputs, outputs, attributes }) as unknown as Step; // the table of kernels cannot be inferred from K

export const fusedOf = (step: Partial<FusedStep> & Pick<FusedStep, 'domain'>): FusedStep => ({
  kind: 'fused',
  name: 'fused',
  loads: [],
  code: [],
  stores: [],
  reductions: [],
  ...step,
});

/** Runs a plan without state; float outputs are poisoned with NaN before. */
export const runOn = async (
  device: NativeDevice,
  plan: Plan,
  inputs: readonly NativeArray[],
  state: readonly NativeArray[] = [],
): Promise<NativeArray[]> => {
  const executable = await device.load(plan);
  const outputs = plan.outputs.map(({ buffer }) => {
    const { dtype, shape } = plan.buffers[buffer]!;
    const array = arrayOf(dtype, count(shape));
    return dtype === 'f32' ? array.fill(NaN) : array.fill(77);
  });
  const handles = state.map((array) => device.allocate(array.byteLength));
  await Promise.all(handles.map((h, i) => device.write(h, state[i]!)));
  await device.run(executable, handles, inputs, outputs);
  await Promise.all(handles.map((h, i) => device.read(h, state[i]!)));
  handles.forEach((h) => h.dispose());
  executable.dispose();
  return outputs;
};

/** A repeatable stream of numbers in [0, 1). */
export const random = (seed: number) => {
  let s = seed >>> 0 || 1;
  return (): number => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 2 ** 32;
  };
};
export const floats = (n: number, seed: number): Float32Array => {
  const next = random(seed * 7919 + 13);
  return Float32Array.from({ length: n }, () => next() * 2 - 1);
};
export const integer = (next: () => number, low: number, high: number): number =>
  low + Math.floor(next() * (high - low + 1));

/** ||a - b|| / ||b||; infinite where one has a NaN and the other none. */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity;
  let d = 0;
  let n = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) {
      if (Number.isFinite(b[i]!)) n += b[i]! ** 2;
      continue;
    }
    d += (a[i]! - b[i]!) ** 2;
    n += b[i]! ** 2;
  }
  if (d === 0) return 0;
  return Number.isNaN(d) ? Infinity : Math.sqrt(d / Math.max(n, 1e-30));
};
