import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import { emitCuda } from '../compile/cuda/emit.js';
import { TARGETS, type Target } from '../compile/target.js';
import type { Device } from './device.js';
import { nativeDevice } from './native-device.js';
import { loadNative, type NativeFinding } from './native.js';

/** The cuda device: plans on one NVIDIA GPU, its code compiled by NVRTC, whole runs as one captured graph. */

export const PRECISIONS = ['strict', 'tf32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface CudaOptions {
  /**
   * How products are computed. `strict` (default): float32 with fused multiply-add. `tf32`: tensor cores, on
   * operands rounded to 10 bits of mantissa, which is what PyTorch allows its convolutions by default.
   * `bf16`: training and evaluation keep activations in 16 bits and multiply them on tensor cores, with
   * weights, statistics, gradients of weights and all sums in float32; all other programs run as in `strict`.
   */
  readonly precision?: Precision;
  /** Only implementations that give the same bits in every run. Default true. */
  readonly deterministic?: boolean;
  /**
   * Take the elementwise step after a convolution into it, and in tf32 and bf16 the sums of its channels,
   * where that is measured to be faster when a plan is loaded. Default true; false runs every step by itself,
   * for comparisons.
   */
  readonly epilogues?: boolean;
  /**
   * `two` runs gradients of weights beside the steps that do not wait for them, `one` runs everything in
   * turn, with the same bits. `measured` (default): after 16 runs of a program on one stream the next dozen
   * try both, and the faster stays.
   */
  readonly streams?: 'measured' | 'one' | 'two';
  /** Which GPU, among those that CUDA_VISIBLE_DEVICES leaves. Default 0. */
  readonly device?: number;
  /**
   * Measure the time of every step; read it with `profileOf` of native-device.ts. Steps then run one by one,
   * without a graph. Default false.
   */
  readonly profile?: boolean;
}

/**
 * Where compiled code and measured choices are kept between processes: $XDG_CACHE_HOME/pathex or
 * ~/.cache/pathex. A relative $XDG_CACHE_HOME counts as none (XDG Base Directory Specification): it would be
 * another folder in every working directory, and somebody else's in some. The device uses the folder only
 * where it is this user's alone, and says so where it is not.
 */
const cacheFolder = (): string => {
  const named = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(named) ? named : join(homedir(), '.cache'), 'pathex');
};

/** What programs are compiled for. */
export const targetOf = (precision: Precision): Target => ({
  ...TARGETS.cuda,
  storage: precision === 'bf16' ? 'bf16' : 'f32',
});

/**
 * Opens a GPU. Throws DEVICE with the reason where it cannot be had, and NATIVE where the addon is missing or
 * does not load.
 */
export const cudaDevice = async ({
  precision = 'strict',
  deterministic = true,
  epilogues = true,
  streams = 'measured',
  device = 0,
  profile = false,
}: CudaOptions = {}): Promise<Device> => {
  const addon = loadNative();
  const native = new addon.Device({
    kind: 'cuda',
    index: device,
    precision,
    deterministic,
    epilogues,
    streams,
    cacheFolder: cacheFolder(),
  });
  let description: string;
  try {
    description = await native.open();
  } catch (error) {
    await native.dispose();
    throw error;
  }
  return nativeDevice({
    kind: 'cuda',
    description: `cuda (${description})`,
    native,
    target: targetOf(precision),
    load: (plan) => native.load(plan, { profile, code: emitCuda(plan) }),
  });
};

/** What of CUDA this machine has: driver, NVRTC, cuDNN, cuBLASLt. */
export const findCuda = (): readonly NativeFinding[] => loadNative().probeCuda();
