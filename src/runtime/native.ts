import { createRequire } from 'node:module';
import process, { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

import type { Plan } from '../compile/plan.js';
import { fail, PathexError } from '../errors.js';

/**
 * The native addon as TypeScript sees it. Every error it throws or rejects with is a {@link PathexError} with code
 * NATIVE (a library call failed), DEVICE (a handle or array was used wrongly), PLAN (the plan does not fit) or DATA (an
 * index names no row).
 */
export interface NativeProbe {
  /** oneDNN's version. */
  readonly onednn: string;
  /** The instruction set oneDNN uses here. */
  readonly isa: string;
  /** Threads of a device that is not told: OMP_NUM_THREADS, or the physical cores. */
  readonly threads: number;
}

/** Bytes on a device. */
export interface NativeBuffer {
  readonly bytes: number;
  /** Frees the bytes once no queued work needs them. May be called again. */
  readonly dispose: () => void;
  readonly [Symbol.dispose]: () => void;
}

export interface NativeStep {
  readonly name: string;
  /** 'fused' or the kernel of the call. */
  readonly kind: string;
}

/** A loaded plan. */
export interface NativeExecutable {
  /** Bytes of arena, constants and scratch, fixed at load. */
  readonly bytes: number;
  /** Which implementation each step uses. */
  readonly describe: () => readonly (NativeStep & { readonly implementation: string })[];
  /** Time spent in each step so far, and in its fastest call; only if loaded with `profile`. */
  readonly profile: () => readonly (NativeStep & { readonly seconds: number; readonly least: number; readonly calls: number })[];
  readonly dispose: () => void;
  readonly [Symbol.dispose]: () => void;
}

export type NativeArray = Float32Array | Int32Array | Uint8Array;

/**
 * A CPU with its own worker thread. Calls are done in the order in which they are made; none blocks the event loop.
 * The process stays alive while a promise is pending.
 */
export interface NativeDevice {
  /** Zero-filled bytes. */
  readonly allocate: (bytes: number) => NativeBuffer;
  readonly load: (plan: Plan, options?: { readonly profile?: boolean }) => Promise<NativeExecutable>;
  /** Copies the array at once, so that it may be changed right after the call. */
  readonly write: (buffer: NativeBuffer, from: NativeArray) => Promise<void>;
  readonly read: (buffer: NativeBuffer, to: NativeArray) => Promise<void>;
  /**
   * Runs a plan on one buffer for each state slot. Inputs are copied at once; `outputs` are filled when the promise
   * resolves.
   */
  readonly run: (
    executable: NativeExecutable,
    state: readonly NativeBuffer[],
    inputs: readonly NativeArray[],
    outputs: readonly NativeArray[],
  ) => Promise<void>;
  /** Bytes of live buffers and executables. */
  readonly liveBytes: () => number;
  /** Waits for the work that is queued, then frees everything made on the device. May be called again. */
  readonly dispose: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface NativeAddon {
  readonly probe: () => NativeProbe;
  readonly Device: new (options?: { readonly threads?: number }) => NativeDevice;
}

type RawAddon = NativeAddon & { readonly setErrorClass: (errorClass: typeof PathexError) => void };

const require = createRequire(import.meta.url);
// The package root, from src/runtime and from dist/runtime alike.
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the addon is looked for, in this order. */
export const addonPaths = (): readonly string[] =>
  [`prebuilds/${platform}-${arch}`, 'build/Release', 'build/Debug'].map((folder) => `${root}${folder}/pathex.node`);

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

let loaded: NativeAddon | undefined;

/**
 * How OpenMP's threads wait for the next step unless the user chose otherwise: about as long as it takes to wake one (40 us), then asleep.
 * Steps that follow each other closely so find the threads awake, while endless spinning would cost a third of the speed on shared cores.
 * GNU's library counts turns of its waiting loop, others know only the policy. They read this when they are loaded, hence before the addon.
 */
const waitBriefly = (): void => {
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= '2000';
  process.env['OMP_WAIT_POLICY'] ??= 'passive';
};

/** Loads the addon from the first of the paths that works. Throws NATIVE with the reason of each attempt. */
export const loadNative = (paths: readonly string[] = addonPaths()): NativeAddon => {
  if (loaded !== undefined && paths.every((path, i) => path === addonPaths()[i])) return loaded;
  waitBriefly();
  const attempts: string[] = [];
  for (const path of paths) {
    try {
      const addon = require(path) as RawAddon; // the shape is what native/addon/addon.cc exports
      addon.setErrorClass(PathexError);
      return (loaded = addon);
    } catch (error) {
      attempts.push(`${path}: ${firstLine(error)}`);
    }
  }
  return fail('NATIVE', `native addon: none could be loaded (${attempts.join('; ')}); build it with: npm run setup`);
};
