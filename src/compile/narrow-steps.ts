import type { Shape, Tensor } from '../tensor/tensor.js';
import { size } from '../tensor/tensor.js';
import type { CallStep, FusedStep, Step } from '../plan/plan.js';
import { traitsOf } from '../plan/traits.js';
import { copyStep } from './call-steps.js';
import type { Buffers } from './buffers.js';
import type { Narrowing } from './stages.js';

/**
 * The steps of a product on bf16 operands: conversions before and after it, where a value is not kept as it
 * takes or gives it.
 */

type Conv = Extract<CallStep, { kernel: 'conv2dWeightGrad' }>;

/**
 * Channels of bf16 weight gradients: cuDNN has few implementations for other numbers, and none that is
 * float32 for odd ones.
 */
const CHANNELS = 8;
const roundUp = (n: number): number => Math.ceil(n / CHANNELS) * CHANNELS;

/** Writes one buffer to another of as many elements. */
const convert = (name: string, n: number, from: number, to: number): FusedStep => ({
  kind: 'fused',
  name,
  domain: [1, n, 1],
  loads: [{ buffer: from, strides: [0, 1, 0] }],
  code: [],
  stores: [{ register: 0, buffer: to }],
  reductions: [],
});

/** One for each plan: an operand is converted once, before its first product. */
export const narrowSteps = (
  { kept }: Narrowing,
  storageOf: (node: Tensor) => Tensor,
  buffers: Pick<Buffers, 'of' | 'add'>,
): ((node: Tensor, step: CallStep) => Step[]) => {
  const converted = new Map<Tensor, number>();
  const padded = new Map<string, number>();

  return (node, step) => {
    const before: Step[] = [];
    const prefix = node.path === '' ? '' : `${node.path}:`;
    const operandOf = (input: Tensor): number => {
      const storage = storageOf(input);
      if (kept.has(storage)) return buffers.of(storage);
      const known = converted.get(storage);
      if (known !== undefined) return known;
      const to = buffers.add({ dtype: 'bf16', shape: storage.shape });
      before.push(convert(`${prefix}narrow`, size(storage.shape), buffers.of(storage), to));
      converted.set(storage, to);
      return to;
    };
    /** Channels of zeros appended to each pixel. */
    const pad = (buffer: number, pixels: Shape, channels: number): number => {
      const all = roundUp(channels);
      if (all === channels) return buffer;
      const known = padded.get(`${buffer} ${all}`);
      if (known !== undefined) return known;
      const to = buffers.add({ dtype: 'bf16', shape: [...pixels, all] });
      const count = size(pixels);
      before.push(
        {
          kind: 'call',
          name: `${prefix}pad`,
          kernel: 'fill',
          inputs: [],
          outputs: [to],
          attributes: { value: 0 },
        },
        copyStep(`${prefix}pad`, buffer, to, [
          { extent: count, from: channels, to: all },
          { extent: channels, from: 1, to: 1 },
        ]),
      );
      padded.set(`${buffer} ${all}`, to);
      return to;
    };

    const inputs = node.inputs.map(operandOf);
    // Padding concerns this kernel's own sizes, so that it is asked for by name.
    if (step.kernel === 'conv2dWeightGrad') {
      const { attributes: a } = step;
      const [f, c] = [roundUp(a.f), roundUp(a.c)];
      const operands = [pad(inputs[0]!, [a.n, a.h, a.w], a.c), pad(inputs[1]!, [a.n, a.oh, a.ow], a.f)];
      const output = step.outputs[0]!;
      if (f === a.f && c === a.c) return [...before, { ...step, inputs: operands }];
      const whole = buffers.add({ dtype: 'f32', shape: [f, a.kh, a.kw, c] });
      const product: Conv = { ...step, inputs: operands, outputs: [whole], attributes: { ...a, f, c } };
      const taps = a.kh * a.kw;
      return [
        ...before,
        product,
        copyStep(`${prefix}slice`, whole, output, [
          { extent: a.f, from: taps * c, to: taps * a.c },
          { extent: taps, from: c, to: a.c },
          { extent: a.c, from: 1, to: 1 },
        ]),
      ];
    }
    if (traitsOf(step).convolution === undefined || kept.has(node)) return [...before, { ...step, inputs }];
    const result = buffers.add({ dtype: 'bf16', shape: node.shape });
    return [
      ...before,
      { ...step, inputs, outputs: [result] },
      convert(`${prefix}widen`, size(node.shape), result, step.outputs[0]!),
    ];
  };
};
