import { fail } from '../errors.js';
import { cpuDevice, type CpuOptions } from './cpu.js';
import type { Device, DeviceKind } from './device.js';
import { referenceDevice } from './reference.js';

export const DEVICE_KINDS: readonly DeviceKind[] = ['cpu', 'reference'];

/** Opens a device. Asking for one that cannot be had is an error with the reason; nothing falls back to another. */
export const openDevice = async (kind: DeviceKind, options: CpuOptions = {}): Promise<Device> => {
  switch (kind) {
    case 'reference':
      return referenceDevice();
    case 'cpu':
      return cpuDevice(options);
  }
};

export const deviceKindOf = (name: string): DeviceKind =>
  (DEVICE_KINDS as readonly string[]).includes(name) ? (name as DeviceKind) : fail('OPTION', `device: '${name}' is unknown; choose ${DEVICE_KINDS.join(' or ')}`);
