import type { FusedStep, Plan, Step } from '../plan/plan.js';

/** Sums that BatchNorm of a batch takes of each channel of y, the result of the convolution directly before: of y - s, and of its square. */
export interface Moments {
  readonly y: number;
  /** Elements of a channel. */
  readonly count: number;
  readonly channels: number;
  readonly sums: readonly [number, number];
}

/** What step `at` is if it does nothing but take them; s is the first of its channel in y. */
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
    step.code.map(({ op, args }) => `${op} ${args}`).join('; ') === 'sub 0,1; mul 2,2' &&
    step.reductions.map(({ op, keep, register }) => `${op} ${keep} ${register}`).join('; ') ===
      'sum inner 2; sum inner 3';
  return isItself
    ? { y, count, channels: f, sums: [step.reductions[0]!.buffer, step.reductions[1]!.buffer] }
    : null;
};

/**
 * The step that makes the moments of step `at`, in their places, from the sums of y and of y² there; null where that takes no such moments. With S and Q
 * for those: Z = S - N s, and Q - 2 s S + N s² = Q + s (N s - 2 S). What cancels in the second must not make a variance negative, so it is
 * at least Z² / N.
 */
export const fromSumsStep = (plan: Plan, at: number): FusedStep | null => {
  const moments = momentsAt(plan.steps, at);
  if (moments === null || Math.fround(moments.count) !== moments.count) return null;
  const {
    y,
    count,
    channels,
    sums: [first, second],
  } = moments;
  return {
    kind: 'fused',
    name: plan.steps[at]!.name,
    domain: [1, channels, 1],
    loads: [first, second, y].map((buffer) => ({ buffer, strides: [0, 1, 0] })),
    code: [
      { op: 'const', args: [], value: -count },
      { op: 'mulAdd', args: [2, 3, 0] },
      { op: 'const', args: [], value: count },
      { op: 'const', args: [], value: -2 },
      { op: 'mul', args: [0, 6] },
      { op: 'mulAdd', args: [2, 5, 7] },
      { op: 'mulAdd', args: [2, 8, 1] },
      { op: 'const', args: [], value: 1 / count },
      { op: 'mul', args: [4, 10] },
      { op: 'mul', args: [4, 11] },
      { op: 'max', args: [9, 12] },
    ],
    stores: [
      { register: 4, buffer: first },
      { register: 13, buffer: second },
    ],
    reductions: [],
  };
};
