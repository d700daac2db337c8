import type { CallStep, FusedStep, Plan } from '../../src/plan/plan.js';
import { make, registry, type OpName } from '../../src/ops/registry.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';

/**
 * Runs a plan in float64 with plain loops: what a native device must do, said once more in the simplest way.
 * Arena buffers really share memory, so that a wrong lifetime shows as a wrong number. What is stored as bf16
 * is rounded so.
 */
export const interpret = (
  plan: Plan,
  state: readonly Float64Array[],
  inputs: readonly Float64Array[],
): Float64Array[] => {
  const arena = new Float64Array(plan.arenaBytes).fill(NaN); // one number a byte keeps offsets simple
  const outputs = plan.outputs.map(({ buffer }) =>
    new Float64Array(size(plan.buffers[buffer]!.shape)).fill(NaN),
  );
  const memory = plan.buffers.map(({ place, shape, dtype }) => {
    switch (place.in) {
      case 'state':
        return state[place.at]!;
      case 'input':
        return inputs[place.at]!;
      case 'output':
        return outputs[place.at]!;
      case 'constant':
        return Float64Array.from(place.data);
      case 'arena': {
        const bytes = { f32: 4, bf16: 2, i32: 4, u8: 1 }[dtype];
        if (place.at + size(shape) * bytes > plan.arenaBytes)
          throw new Error(`buffer at ${place.at} leaves the arena`);
        return arena.subarray(place.at, place.at + size(shape)); // uses a part of its bytes: still disjoint
      }
    }
  });
  for (const step of plan.steps) {
    if (step.kind === 'fused') runFused(step, memory);
    else runCall(step, memory, plan);
    const written = step.kind === 'fused' ? step.stores.map((s) => s.buffer) : step.outputs;
    for (const b of written)
      if (plan.buffers[b]!.dtype === 'bf16') memory[b]!.forEach((x, i, all) => (all[i] = toBf16(x)));
  }
  return outputs;
};

const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/**
 * The bf16 nearest to the float32 nearest to x, ties to even; NaN stays NaN. By arithmetic, where the kernels
 * shift bits.
 */
export const toBf16 = (x: number): number => {
  float[0] = x;
  const f = float[0];
  if (!Number.isFinite(f) || f === 0) return f;
  const exponent = ((bitsOfFloat[0]! >> 23) & 255) - 127;
  const unit = 2 ** (Math.max(exponent, -126) - 7); // of the last of 8 bits of mantissa
  const q = f / unit;
  const low = Math.floor(q);
  const even = q - low === 0.5 ? low + (low % 2 === 0 ? 0 : 1) : Math.round(q);
  const rounded = even * unit;
  if (Math.abs(rounded) >= 2 ** 128) return Math.sign(f) * Infinity;
  return rounded === 0 && f < 0 ? -0 : rounded;
};

const runFused = (
  { domain: [o, r, n], loads, code, stores, reductions }: FusedStep,
  memory: readonly Float64Array[],
): void => {
  const sums = reductions.map((d) => ({
    ...d,
    values: new Float64Array(memory[d.buffer]!.length).fill(d.op === 'max' ? -Infinity : 0),
    seen: Array.from({ length: d.op === 'variance' ? memory[d.buffer]!.length : 0 }, (): number[] => []),
  }));
  for (let i = 0; i < o; i++)
    for (let j = 0; j < r; j++)
      for (let k = 0; k < n; k++) {
        const registers = loads.map(
          (l) => memory[l.buffer]![i * l.strides[0] + j * l.strides[1] + k * l.strides[2]]!,
        );
        for (const c of code)
          registers.push(
            instruction(
              c.op,
              c.args.map((a) => registers[a]!),
              c.value,
            ),
          );
        for (const s of stores) memory[s.buffer]![(i * r + j) * n + k] = registers[s.register]!;
        for (const d of sums) {
          const to = { none: 0, inner: k, outer: i, outerInner: i * n + k }[d.keep];
          if (d.op === 'variance') d.seen[to]!.push(registers[d.register]!);
          else
            d.values[to] =
              d.op === 'sum'
                ? d.values[to]! + registers[d.register]!
                : Math.max(d.values[to]!, registers[d.register]!);
        }
      }
  for (const d of sums)
    memory[d.buffer]!.set(d.op === 'variance' ? d.seen.map((xs) => varianceOf(xs)) : d.values);
};

/** In two passes. */
const varianceOf = (xs: readonly number[]): number => {
  const count = Math.max(xs.length, 1);
  const mean = xs.reduce((s, x) => s + x, 0) / count;
  return xs.reduce((s, x) => s + (x - mean) ** 2, 0) / count;
};

const scalar = (op: OpName, args: readonly number[]): number => {
  const node = { op, inputs: [], attributes: {}, shape: [1], dtype: 'f32', path: '' } as unknown as Tensor;
  return registry[op].evaluate(
    args.map((a) => Float64Array.of(a)),
    node,
  )[0]!;
};
const instruction = (op: string, args: readonly number[], value: number | undefined): number => {
  if (op === 'const') return value!;
  return op === 'mulAdd' ? args[0]! * args[1]! + args[2]! : scalar(op as OpName, args);
};

/** Calls mean what the ops of the same name mean; copy and fill are spelled out. */
const runCall = (step: CallStep, memory: readonly Float64Array[], plan: Plan): void => {
  const out = memory[step.outputs[0]!]!;
  if (step.kernel === 'fill') out.fill(step.attributes.value);
  else if (step.kernel === 'copy') {
    const { dims, srcOffset, srcStrides, dstOffset, dstStrides } = step.attributes;
    const src = memory[step.inputs[0]!]!.slice();
    const go = (axis: number, from: number, to: number): void => {
      if (axis === dims.length) out[to] = src[from]!;
      else
        for (let i = 0; i < dims[axis]!; i++)
          go(axis + 1, from + i * srcStrides[axis]!, to + i * dstStrides[axis]!);
    };
    go(0, srcOffset, dstOffset);
  } else {
    const leaf = (i: number): Tensor => {
      const { shape, dtype } = plan.buffers[step.inputs[i]!]!;
      return make('input', [], {
        name: String(i),
        shape: shapes(step)[i] ?? [...shape],
        dtype: dtype === 'bf16' ? 'f32' : dtype,
      });
    };
    const node = make(
      step.kernel as OpName,
      step.inputs.map((_, i) => leaf(i)),
      // a plan says more than the op, such as the sizes of its operands
      Object.fromEntries(
        Object.entries(attributesOf(step)).filter(([key]) =>
          Object.hasOwn(registry[step.kernel as OpName].attributes, key),
        ),
      ),
    );
    out.set(
      registry[step.kernel as OpName].evaluate(
        step.inputs.map((b) => memory[b]!),
        node,
      ),
    );
  }
};

/** Aliases hide shapes: a call's own attributes say what its inputs look like. */
const shapes = (step: CallStep): readonly (readonly number[])[] => {
  switch (step.kernel) {
    case 'conv2d': {
      const a = step.attributes;
      return [
        [a.n, a.h, a.w, a.c],
        [a.f, a.kh, a.kw, a.c],
      ];
    }
    case 'conv2dInputGrad': {
      const a = step.attributes;
      return [
        [a.n, a.oh, a.ow, a.f],
        [a.f, a.kh, a.kw, a.c],
      ];
    }
    case 'conv2dWeightGrad': {
      const a = step.attributes;
      return [
        [a.n, a.h, a.w, a.c],
        [a.n, a.oh, a.ow, a.f],
      ];
    }
    case 'matmul': {
      const a = step.attributes;
      return [a.transposeA ? [a.k, a.m] : [a.m, a.k], a.transposeB ? [a.n, a.k] : [a.k, a.n]];
    }
    case 'maxPool':
    case 'sumPool': {
      const a = step.attributes;
      return [[a.n, a.h, a.w, a.c]];
    }
    case 'maxPoolGather': {
      const a = step.attributes;
      return [
        [a.n, a.h, a.w, a.c],
        [a.n, a.h, a.w, a.c],
      ];
    }
    case 'maxPoolScatter': {
      const a = step.attributes;
      return [
        [a.n, a.h, a.w, a.c],
        [a.n, a.oh, a.ow, a.c],
      ];
    }
    case 'sumPoolGrad': {
      const a = step.attributes;
      return [[a.n, a.oh, a.ow, a.c]];
    }
    case 'argMax':
      return [[step.attributes.rows, step.attributes.width]];
    case 'gather': {
      const a = step.attributes;
      return [[a.rows, a.width], [a.count]];
    }
    case 'scatterAdd': {
      const a = step.attributes;
      return [[a.count, a.width], [a.count]];
    }
    case 'rankMask':
      return [[step.attributes.size], []];
    default:
      return [];
  }
};

const attributesOf = (step: CallStep): Tensor['attributes'] => {
  const a = step.attributes as unknown as Record<string, never>;
  switch (step.kernel) {
    case 'conv2dInputGrad':
    case 'sumPoolGrad':
      return { ...a, size: [a['h']!, a['w']!] };
    case 'conv2dWeightGrad':
      return { ...a, kernel: [a['kh']!, a['kw']!] };
    default:
      return a;
  }
};
