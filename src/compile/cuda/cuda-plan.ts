import type { Plan } from '../../plan/plan.js';

/**
 * The CUDA plan: a plan with the CUDA C of all kernels that are ours and the launches that run them. It is
 * what the CUDA device reads (native/addon/code_reader.cc), which refuses another version.
 *
 * Every size is a literal in the source, so a launch passes device pointers only. Buffers and the workspace
 * begin at multiples of 16 bytes. The source needs no header and no compiler option besides the architecture;
 * fast-math options would break it.
 *
 * A loaded module holds counters that are zero between runs, so it runs on one stream at a time. A launch
 * that ends with CUDA_ERROR_ASSERT has met an index that names no row of its table; it says so on stderr.
 */
export const CUDA_PLAN_VERSION = 3;

/** A device pointer: a buffer of the plan by number, or a byte offset in the workspace, a multiple of 256. */
export type Arg = { readonly buffer: number } | { readonly scratch: number };
type Extent = readonly [number, number, number];

/** One kernel launch. Kernels declare all the shared memory that they use. */
export interface Launch {
  readonly kernel: string;
  readonly grid: Extent;
  readonly block: Extent;
  readonly args: readonly Arg[];
}

/**
 * A step of the `side` stream may run beside the steps of the main stream that follow it, after all that come
 * before it and after the side steps before it; its launches use no workspace. A step of the main stream that
 * has `after` waits for that side step. The end of the run waits for all.
 */
interface Order {
  readonly stream?: 'side';
  readonly after?: number;
}

/**
 * A step that runs as launches, one after the other; none where there is nothing to do, or where a step
 * before did it.
 */
interface LaunchedStep extends Order {
  readonly kind: 'launches';
  readonly launches: readonly Launch[];
  /** How many other steps the launches do as well. */
  readonly covers: number;
  /**
   * Does the same in their stead where the convolution before has left the sums of its channels and of their
   * squares in the places of this step's first and second reduction.
   */
  readonly fromSums?: Launch;
}

/** A step that a library runs: conv2d, its gradients, matmul. */
interface LibraryStep extends Order {
  readonly kind: 'library';
}

export type CudaStep = LaunchedStep | LibraryStep;

export interface CudaPlan {
  readonly version: typeof CUDA_PLAN_VERSION;
  readonly plan: Plan;
  readonly source: string;
  /** One for each step of the plan, in order. */
  readonly steps: readonly CudaStep[];
  /**
   * Workspace of the launches in bytes; the steps use it in turn, and find in it what the step before left.
   */
  readonly scratchBytes: number;
}
