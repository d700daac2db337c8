import { TARGETS } from '../compile/target.js';
import type { Device } from './device.js';
import { nativeDevice } from './native-device.js';
import { loadNative } from './native.js';
import { threadsFor } from './processors.js';

/** The cpu device: plans on the native addon's worker thread. */

export interface CpuOptions {
  /**
   * At most the processors this process may run on. Default: OMP_NUM_THREADS, or the physical cores, but no
   * more than the CPU time that a container grants. The device's description says how many were had. oneDNN's
   * weight gradients may round differently for another number.
   */
  readonly threads?: number;
  /** Measure the time of every step; read it with `profileOf` of native-device.ts. Default false. */
  readonly profile?: boolean;
}

/**
 * Opens the cpu device. Throws NATIVE where the addon is missing or does not load, OPTION for threads that
 * cannot be had.
 */
export const cpuDevice = async ({ threads, profile = false }: CpuOptions = {}): Promise<Device> => {
  const { count, note } = threadsFor(threads);
  const native = new (loadNative().Device)({ threads: count });
  let description: string;
  try {
    description = await native.open();
  } catch (error) {
    await native.dispose();
    throw error;
  }
  return nativeDevice({
    kind: 'cpu',
    description: `cpu (${description}${note === undefined ? '' : `; ${note}`})`,
    native,
    target: TARGETS.cpu,
    load: (plan) => native.load(plan, { profile }),
  });
};
