import { fail } from '../errors.js';
import { cpuDevice, type CpuOptions } from './cpu.js';
import { cudaDevice, type CudaOptions } from './cuda.js';
import type { Device, DeviceKind } from './device.js';
import { referenceDevice } from './reference.js';

export const DEVICE_KINDS: readonly DeviceKind[] = ['cpu', 'cuda', 'reference'];

/** Options of every device; each takes its own and leaves the others alone. */
export type DeviceOptions = CpuOptions & CudaOptions;

/** Opens a device. Asking for one that cannot be had is an error with the reason; nothing falls back to another. */
export const openDevice = async (kind: DeviceKind, options: DeviceOptions = {}): Promise<Device> => {
  switch (kind) {
    case 'reference':
      return referenceDevice();
    case 'cpu':
      return await cpuDevice(options);
    case 'cuda':
      return await cudaDevice(options);
  }
};

export const deviceKindOf = (name: string): DeviceKind =>
  (DEVICE_KINDS as readonly string[]).includes(name)
    ? (name as DeviceKind)
    : fail('OPTION', `device: '${name}' is unknown; choose ${DEVICE_KINDS.join(' or ')}`);
