import * as t from 'io-ts';
import { Natural } from '../../plan/numbers.js';
import { PlanCodec, type Plan } from '../../plan/plan.js';

/**
 * The CUDA plan: a plan with the CUDA C of all kernels that are ours and the launches that run them. It is what the CUDA device reads.
 *
 * Every size is a literal in the source, so a launch passes device pointers only. Buffers and the workspace begin at multiples of 16
 * bytes. The source needs no header and no compiler option besides the architecture; fast-math options would break it.
 *
 * A loaded module holds counters that are zero between runs, so it runs on one stream at a time. A launch that ends with
 * CUDA_ERROR_ASSERT has met an index that names no row of its table; it says so on stderr.
 */
export const CUDA_PLAN_VERSION = 2;

/** A device pointer: a buffer of the plan by number, or a byte offset in the workspace, a multiple of 256. */
const Arg = t.union([t.strict({ buffer: Natural }), t.strict({ scratch: Natural })], 'argument');
const Extent = t.readonly(t.tuple([Natural, Natural, Natural]), 'extent');

/** One kernel launch; `sharedBytes` is shared memory beyond what the kernel declares itself. */
const Launch = t.strict(
  { kernel: t.string, grid: Extent, block: Extent, sharedBytes: Natural, args: t.readonlyArray(Arg) },
  'launch',
);

/**
 * How a step of the plan runs: as launches, one after the other (none where there is nothing to do, or where a step before did it), or in
 * a library (conv2d, its gradients, matmul). `covers`: how many other steps the launches do as well. `fromSums` does the same in their stead where
 * the convolution before has left the sums of its channels and of their squares in the places of this step's first and second reduction.
 *
 * A step of the `side` lane may run beside the steps of the main lane that follow it, after all that come before it and after the side
 * steps before it; its launches use no workspace. A step of the main lane that has `after` waits for that side step. The end of the run waits for all.
 */
const Order = t.partial({ lane: t.literal('side'), after: Natural }, 'order');
const CudaStep = t.union(
  [
    t.intersection([
      t.strict({ kind: t.literal('launches'), launches: t.readonlyArray(Launch), covers: Natural }),
      t.partial({ fromSums: Launch }),
      Order,
    ]),
    t.intersection([t.strict({ kind: t.literal('library') }), Order]),
  ],
  'step',
);

export const CudaPlanCodec = t.strict(
  {
    version: t.literal(CUDA_PLAN_VERSION),
    plan: PlanCodec,
    source: t.string,
    /** One for each step of the plan, in order. */
    steps: t.readonlyArray(CudaStep),
    /** Workspace of the launches; the steps use it in turn, and find in it what the step before left. */
    scratchBytes: Natural,
  },
  'cuda plan',
);

export type Arg = t.TypeOf<typeof Arg>;
export type Launch = t.TypeOf<typeof Launch>;
export type CudaStep = t.TypeOf<typeof CudaStep>;
export interface CudaPlan {
  readonly version: typeof CUDA_PLAN_VERSION;
  readonly plan: Plan;
  readonly source: string;
  readonly steps: readonly CudaStep[];
  readonly scratchBytes: number;
}
