import type { FusedStep, Plan, Step } from '../plan/plan.js';

/**
 * What BatchNorm of a batch takes of each channel of y, the result of the convolution directly before: the
 * sum of y - s, and its variance.
 */
export interface Moments {
  readonly y: number;
  /** Elements of a channel. */
  readonly count: number;
  readonly channels: number;
  readonly results: readonly [sum: number, variance: number];
}

/**
 * What step `at` is if it does nothing but take them; s is the first of its channel in y. Networks take them
 * of forward convolutions alone, so do libraries.
 */
export const momentsAt = (steps: readonly Step[], at: number): Moments | null => {
  const [conv, step] = [steps[at - 1], steps[at]];
  if (conv?.kind !== 'call' || conv.kernel !== 'conv2d' || step?.kind !== 'fused' || step.stores.length > 0)
    return null;
  const { n, oh, ow, f } = conv.attributes;
  const [y, count] = [conv.outputs[0]!, n * oh * ow];
  const isItself =
    `${step.domain}` === `1,${count},${f}` &&
    step.loads.map(({ buffer, strides }) => `${buffer === y} ${strides}`).join('; ') ===
      `true 0,${f},1; true 0,0,1` &&
    step.code.map(({ op, args }) => `${op} ${args}`).join('; ') === 'sub 0,1' &&
    step.reductions.map(({ op, keep, register }) => `${op} ${keep} ${register}`).join('; ') ===
      'sum inner 2; variance inner 2';
  return isItself
    ? { y, count, channels: f, results: [step.reductions[0]!.buffer, step.reductions[1]!.buffer] }
    : null;
};

/**
 * The step that makes the moments of step `at`, in their places, from the sums of y and of y² there; null
 * where the convolution before does not say that it may take such sums. With S and Q for those: S - N s, and
 * (Q - S² / N) / N. What cancels in the second must not make a variance negative. It costs digits where a
 * mean lies hundreds of deviations from zero, as rounding the factors of the products does; only precisions
 * that round these may run it.
 */
export const fromSumsStep = (plan: Plan, at: number): FusedStep | null => {
  const before = plan.steps[at - 1];
  const moments = momentsAt(plan.steps, at);
  if (moments === null || before?.kind !== 'call' || before.epilogue?.kind !== 'sums') return null;
  const {
    y,
    count,
    channels,
    results: [first, second],
  } = moments;
  return {
    kind: 'fused',
    name: plan.steps[at]!.name,
    domain: [1, channels, 1],
    loads: [first, second, y].map((buffer) => ({ buffer, strides: [0, 1, 0] })),
    code: [
      { op: 'const', args: [], value: -count },
      { op: 'mulAdd', args: [2, 3, 0] },
      { op: 'const', args: [], value: -1 / count },
      { op: 'mul', args: [0, 5] },
      { op: 'mulAdd', args: [0, 6, 1] },
      { op: 'const', args: [], value: 1 / count },
      { op: 'mul', args: [7, 8] },
      { op: 'const', args: [], value: 0 },
      { op: 'max', args: [9, 10] },
    ],
    stores: [
      { register: 4, buffer: first },
      { register: 11, buffer: second },
    ],
    reductions: [],
  };
};
