import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, type Kind, type KindsOf } from '../kinds.js';
import { checkWord } from '../options.js';
import { cpuDevice, type CpuOptions } from './cpu.js';
import { cudaDevice, PRECISIONS, type CudaOptions } from './cuda.js';
import type { Device, DeviceKind } from './device.js';
import { referenceDevice } from './reference.js';

export const DEVICE_KINDS: readonly DeviceKind[] = ['cpu', 'cuda', 'reference'];

/** Options of the devices. Each takes its own and refuses those of another, which would change nothing. */
export type DeviceOptions = CpuOptions & CudaOptions;

const CPU_OPTIONS: KindsOf<CpuOptions> = { threads: kinds.positiveInteger, profile: kinds.flag };
const CUDA_OPTIONS: KindsOf<CudaOptions> = {
  precision: kinds.wordOf(...PRECISIONS),
  deterministic: kinds.flag,
  epilogues: kinds.flag,
  streams: kinds.wordOf('measured', 'one', 'two'),
  device: kinds.count,
  profile: kinds.flag,
};
const OPTIONS: Readonly<Record<DeviceKind, Readonly<Record<string, Kind>>>> = {
  reference: {},
  cpu: CPU_OPTIONS,
  cuda: CUDA_OPTIONS,
};

const checkDeviceOptions = (kind: DeviceKind, options: DeviceOptions): void => {
  checkWord('openDevice: kind', kind, DEVICE_KINDS);
  const known = OPTIONS[kind];
  const given = typeof options === 'object' && options !== null ? Object.keys(options) : [];
  for (const key of given) {
    const owner = DEVICE_KINDS.find((k) => Object.hasOwn(OPTIONS[k], key));
    if (owner !== undefined && !Object.hasOwn(known, key))
      fail(
        'OPTION',
        `openDevice: '${key}' is an option of the ${owner} device, not of ${kind}; leave it out, or open ${owner}`,
      );
  }
  checkOptions<DeviceOptions>(`openDevice '${kind}'`, options, known as KindsOf<DeviceOptions>); // of this kind, the part that it knows
};

/**
 * Opens a device. Asking for one that cannot be had is an error with the reason; nothing falls back to
 * another.
 */
export const openDevice = async (kind: DeviceKind, options: DeviceOptions = {}): Promise<Device> => {
  checkDeviceOptions(kind, options);
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
