import type { Device } from './device.js';
import { nativeDevice } from './native-device.js';
import { loadNative } from './native.js';

export { implementationsOf, profileOf } from './native-device.js';

/** The cpu device: plans on the native addon's worker thread. */

export interface CpuOptions {
  /** Default: OMP_NUM_THREADS, or the physical cores. oneDNN's weight gradients may round differently for another number. */
  readonly threads?: number;
  /** Measure the time of every step; read it with `profileOf`. Default false. */
  readonly profile?: boolean;
}

/** Opens the cpu device. Throws NATIVE where the addon is missing or does not load. */
export const cpuDevice = ({ threads, profile = false }: CpuOptions = {}): Device => {
  const addon = loadNative();
  const probe = addon.probe();
  const native = new addon.Device(threads === undefined ? {} : { threads });
  const used = threads ?? probe.threads;
  return nativeDevice({
    kind: 'cpu',
    description: `cpu (oneDNN ${probe.onednn}, ${probe.isa}, ${used} ${used === 1 ? 'thread' : 'threads'})`,
    native,
    load: (plan) => native.load(plan, { profile }),
  });
};
