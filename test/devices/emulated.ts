import { fileURLToPath } from 'node:url';
import type { CudaPlan } from '../../src/compile/cuda/cuda-plan.js';
import { cType } from '../../src/compile/cuda/kernel.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import type { CallStep } from '../../src/plan/plan.js';
import type { Device } from '../../src/runtime/device.js';
import { targetOf, type Precision } from '../../src/runtime/cuda.js';
import { nativeDevice } from '../../src/runtime/native-device.js';
import { loadNative } from '../../src/runtime/native.js';
import { fakeCuda } from '../native/fake-cuda/build.js';

/**
 * The cuda device with a GPU of g++: the driver of test/native/fake-cuda, kernels in the emulator, library
 * steps as plain loops.
 */

const library = fileURLToPath(new URL('../cuda/library.h', import.meta.url));

const braced = (v: unknown): string => (Array.isArray(v) ? `{${v.map(braced).join(', ')}}` : String(v));
const FIELDS = {
  matmul: ['m', 'n', 'k', 'transposeA', 'transposeB'],
  conv: ['n', 'h', 'w', 'c', 'f', 'kh', 'kw', 'oh', 'ow', 'stride', 'dilation', 'padding'],
} as const;

/** Every step of a library as one launch of one thread. */
const withLoops = (cuda: CudaPlan): CudaPlan => {
  const kernels: string[] = [];
  const steps = cuda.steps.map((step, i): CudaPlan['steps'][number] => {
    if (step.kind !== 'library') return step;
    const { kernel, attributes, inputs, outputs } = cuda.plan.steps[i] as CallStep; // only calls are a library's
    const fields = FIELDS[kernel === 'matmul' ? 'matmul' : 'conv'].map((f) =>
      braced((attributes as unknown as Record<string, unknown>)[f]),
    );
    const [a, b, y] = [...inputs, ...outputs].map((buffer) => cType(cuda.plan.buffers[buffer]!));
    kernels.push(
      `extern "C" __global__ void library_${i}(const ${a}* a, const ${b}* b, ${y}* y) { library::${kernel}({${fields.join(', ')}}, a, b, y); }`,
    );
    return {
      ...step,
      kind: 'launches',
      launches: [
        {
          kernel: `library_${i}`,
          grid: [1, 1, 1],
          block: [1, 1, 1],
          args: [...inputs, ...outputs].map((buffer) => ({ buffer })),
        },
      ],
      covers: 0,
    };
  });
  return { ...cuda, source: `#include "${library}"\n${cuda.source}\n${kernels.join('\n')}\n`, steps };
};

/** Call it before anything else looks for CUDA: the places of libraries are worked out once. */
export const emulatedCuda = async (
  cacheFolder: string,
  precision: Precision = 'strict',
  streams: 'measured' | 'one' | 'two' = 'measured',
): Promise<Device> => {
  process.env['PATHEX_CUDA_LIBRARIES'] = fakeCuda();
  const native = new (loadNative().Device)({
    kind: 'cuda',
    index: 0,
    precision,
    deterministic: true,
    streams,
    cacheFolder,
  });
  return nativeDevice({
    kind: 'cuda',
    description: `cuda (${await native.open()})`,
    native,
    target: targetOf(precision),
    load: (plan) => native.load(plan, { code: withLoops(emitCuda(plan)) }),
  });
};
