/// <reference lib="esnext.disposable" preserve="true" />

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process, { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

import type { CudaPlan } from '../compile/cuda/cuda-plan.js';
import type { Plan } from '../plan/plan.js';
import { fail, PathexError } from '../errors.js';

/**
 * The native addon as TypeScript sees it. Every error it throws or rejects with is a {@link PathexError} with
 * code NATIVE (a library call failed), DEVICE (a handle or array was used wrongly), PLAN (the plan does not
 * fit) or DATA (an index names no row).
 */
export interface NativeProbe {
  /** oneDNN's version. */
  readonly onednn: string;
  /** The instruction set oneDNN uses here. */
  readonly isa: string;
}

/** One of NVIDIA's libraries as found on this machine. */
export interface NativeFinding {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** Why it cannot be used; empty if it can. */
  readonly refusal: string;
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
  readonly profile: () => readonly (NativeStep & {
    readonly seconds: number;
    readonly least: number;
    readonly calls: number;
  })[];
  readonly dispose: () => void;
  readonly [Symbol.dispose]: () => void;
}

export type NativeArray = Float32Array | Int32Array | Uint8Array;

export interface NativeLoadOptions {
  readonly profile?: boolean;
  /** What a cuda device compiles and launches for the steps of the plan; the cpu device needs none. */
  readonly code?: Omit<CudaPlan, 'plan'>;
}

/**
 * A CPU or GPU with its own worker thread. Calls are done in the order in which they are made; none blocks
 * the event loop. The process stays alive while a promise is pending.
 */
export interface NativeDevice {
  /**
   * Opens the device, which the first call does anyway, and describes it for people. Rejects where it cannot
   * be had.
   */
  readonly open: () => Promise<string>;
  /** Zero-filled bytes, which are taken from the device when they are first used. */
  readonly allocate: (bytes: number) => NativeBuffer;
  readonly load: (plan: Plan, options?: NativeLoadOptions) => Promise<NativeExecutable>;
  /** Copies the array at once, so that it may be changed right after the call. */
  readonly write: (buffer: NativeBuffer, from: NativeArray) => Promise<void>;
  readonly read: (buffer: NativeBuffer, to: NativeArray) => Promise<void>;
  /**
   * Runs a plan on one buffer for each state slot. Inputs are copied at once; `outputs` are filled when the
   * promise resolves.
   */
  readonly run: (
    executable: NativeExecutable,
    state: readonly NativeBuffer[],
    inputs: readonly NativeArray[],
    outputs: readonly NativeArray[],
  ) => Promise<void>;
  /**
   * When all work called before was done, in seconds of a clock of the device's own. Later work does not wait
   * for it.
   */
  readonly mark: () => Promise<number>;
  /** Bytes of live buffers and executables. */
  readonly liveBytes: () => number;
  /**
   * Waits for the work that is queued, then frees everything made on the device. May be called again. A
   * device that is collected is disposed of, too.
   */
  readonly dispose: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export type NativeDeviceOptions =
  | {
      readonly kind?: 'cpu';
      /** From 1 to 1024; fewer are used where the system grants fewer, and `open` says so. Default 1. */
      readonly threads?: number;
    }
  | {
      readonly kind: 'cuda';
      readonly index: number;
      readonly precision: 'strict' | 'tf32' | 'bf16';
      readonly deterministic: boolean;
      /** Convolutions take the step after them along where that is measured to be faster. Default true. */
      readonly epilogues?: boolean;
      /** Default measured. */
      readonly streams?: 'measured' | 'one' | 'two';
      /** Compiled code and measured choices are kept here between processes. */
      readonly cacheFolder?: string;
    };

export interface NativeAddon {
  readonly probe: () => NativeProbe;
  /** What of CUDA is here. Opens the libraries, which blocks for a moment. */
  readonly probeCuda: () => readonly NativeFinding[];
  readonly Device: new (options?: NativeDeviceOptions) => NativeDevice;
}

type RawAddon = NativeAddon & { readonly setErrorClass: (errorClass: typeof PathexError) => void };

const require = createRequire(import.meta.url);
// The package root, from src/runtime and from dist/runtime alike.
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Where the addon is looked for, in this order: one that was built here, then the one that came with the
 * package. A checkout has its own alone: what was prepared there for a package may be of other sources.
 */
export const addonPaths = (): readonly string[] =>
  [
    'build/Release',
    'build/Debug',
    ...(existsSync(`${root}package-lock.json`) ? [] : [`prebuilds/${platform}-${arch}`]),
  ].map((folder) => `${root}${folder}/pathex.node`);

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

/** The C library of this machine, for people. */
const libraryC = (): string => {
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  }; // as Node documents it
  const version = report.header?.glibcVersionRuntime;
  return version === undefined ? 'another C library' : `glibc ${version}`;
};

/** What to do about an addon that does not load, by what the system said. */
export const remedyFor = (attempts: readonly string[]): string => {
  const said = attempts.join('\n');
  const build = 'npx pathex setup --build';
  const versions = [...said.matchAll(/`(GLIBC|GLIBCXX)_([\d.]+)' not found/g)];
  const [, library, version] = versions[0] ?? [];
  if (library === 'GLIBCXX')
    return `this addon needs a libstdc++ that knows GLIBCXX_${version}; update it, or build an addon for this machine: ${build}`;
  if (library !== undefined)
    return `this addon asks for GLIBC_${version}, which ${libraryC()} here does not have; build one for this machine: ${build}`;
  if (said.includes('ld-linux'))
    return `this addon needs glibc and ${libraryC()} is here; build one for this machine: ${build}`;
  return attempts.every((attempt) => attempt.includes('Cannot find module'))
    ? 'build it with: npx pathex setup'
    : `build it anew for this machine: ${build}`;
};

let loaded: NativeAddon | undefined;

/**
 * How OpenMP's threads wait for the next step unless the user chose otherwise: about as long as it takes to
 * wake one (40 us), then asleep. Steps that follow each other closely so find the threads awake, while
 * endless spinning would cost a third of the speed on shared cores. GNU's library counts turns of its waiting
 * loop, others know only the policy. They read this when they are loaded, hence before the addon.
 */
const waitBriefly = (): void => {
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= '2000';
  process.env['OMP_WAIT_POLICY'] ??= 'passive';
};

/**
 * Loads the addon from the first of the paths that is there; one that is there and does not load is an error.
 * Throws NATIVE with the reason of each attempt.
 */
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
      if (existsSync(path)) break;
    }
  }
  return fail(
    'NATIVE',
    `native addon: none could be loaded (${attempts.join('; ')}); ${remedyFor(attempts)}`,
  );
};
