import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CudaPlan } from '../../src/compile/cuda/cuda-plan.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { H200 } from '../../src/compile/cuda/gpu.js';
import type { Plan } from '../../src/plan/plan.js';
import type { NativeDevice, NativeDeviceOptions, NativeExecutable } from '../../src/runtime/native.js';
import { addonPaths } from '../../src/runtime/native.js';
import { callLog, fakeCuda } from './fake-cuda/build.js';
import { addon, floats, fusedOf, planOf } from './plans.js';

/**
 * The cuda device on a driver that works on the host's memory: life cycle, order, errors. What a GPU computes
 * is not tested here.
 */

const folder = mkdtempSync(join(tmpdir(), 'pathex-cuda-'));
process.env['PATHEX_CUDA_LIBRARIES'] = fakeCuda(); // before the addon looks for libraries
process.env['FAKE_CUDA_LOG'] = join(folder, 'log');
const log = callLog(join(folder, 'log'));
const SETTINGS = [
  'FAKE_CUDA_FAIL',
  'FAKE_CUDA_DELAY',
  'FAKE_CUDA_ELAPSED',
  'FAKE_CUDA_MEMORY',
  'FAKE_CUDA_VERSION',
  'FAKE_NVRTC_FAIL',
] as const;
const set = (name: (typeof SETTINGS)[number], value: string): void => {
  process.env[name] = value;
};
beforeEach(() => {
  for (const name of SETTINGS) delete process.env[name];
  log.take();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (cache = join(folder, 'cache')) =>
  ({ kind: 'cuda', index: 0, precision: 'strict', deterministic: true, cacheFolder: cache }) as const;

/** Devices of a test, which go with it even if it fails: a GPU that one loses is lost to all. */
const opened: NativeDevice[] = [];
const open = (of: NativeDeviceOptions = options()): NativeDevice => {
  const device = new addon.Device(of);
  opened.push(device);
  return device;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((d) => d.dispose()));
});

/** y = 2 x; the state grows by y. The first step leaves 2 x in the arena. */
const double = (n: number): CudaPlan =>
  emitCuda(
    planOf(
      [
        { in: 'state', shape: [n] },
        { in: 'input', shape: [n] },
        { in: 'output', shape: [n] },
        { in: 'arena', shape: [n] },
      ],
      [
        fusedOf({
          name: 'double',
          domain: [1, n, 1],
          loads: [{ buffer: 1, strides: [0, 1, 0] }],
          code: [{ op: 'add', args: [0, 0] }],
          stores: [{ register: 1, buffer: 3 }],
        }),
        fusedOf({
          name: 'store',
          domain: [1, n, 1],
          loads: [
            { buffer: 3, strides: [0, 1, 0] },
            { buffer: 0, strides: [0, 1, 0] },
          ],
          code: [{ op: 'add', args: [0, 1] }],
          stores: [
            { register: 0, buffer: 2 },
            { register: 2, buffer: 0 },
          ],
        }),
      ],
      'double',
    ),
    H200,
    { join: false },
  );
const N = 100;
const DOUBLE = double(N);
const load = (device: NativeDevice, code: CudaPlan = DOUBLE, profile = false): Promise<NativeExecutable> =>
  device.load(code.plan, { profile, code });
const count = (lines: readonly string[], call: string): number => lines.filter((l) => l === call).length;

describe('a cuda device', () => {
  it('runs plans on its state and counts its bytes', async () => {
    const device = open();
    expect(await device.open()).toBe('Fake GPU, sm_90, driver for CUDA 13.0, NVRTC 13.0, strict float32');
    const state = device.allocate(N * 4);
    const executable = await load(device);
    expect(executable.bytes).toBeGreaterThanOrEqual(3 * N * 4);
    expect(device.liveBytes()).toBe(executable.bytes + state.bytes);
    expect(executable.describe().map((s) => s.implementation.replace(/: .*/, ''))).toEqual([
      '1 launch',
      '1 launch',
    ]);
    const x = floats(N, 1);
    const ys = Array.from({ length: 5 }, () => new Float32Array(N).fill(NaN));
    const runs = ys.map((y, i) => {
      const given = x.map((v) => v * (i + 1));
      const run = device.run(executable, [state], [given], [y]);
      given.fill(NaN); // inputs were copied when the call was made
      return run;
    });
    await Promise.all(runs);
    ys.forEach((y, i) => expect(y).toEqual(x.map((v) => Math.fround(v * (i + 1)) * 2)));
    const sum = new Float32Array(N);
    await device.read(state, sum);
    const all = ys.reduce((s, y) => s.map((v, k) => Math.fround(v + y[k]!)), new Float32Array(N));
    expect(sum).toEqual(all);
    await device.write(state, x);
    await device.read(state, sum);
    expect(sum).toEqual(x);
    state.dispose();
    executable.dispose();
    expect(device.liveBytes()).toBe(0);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('takes zero-filled memory, also for nothing', async () => {
    const device = open();
    const [some, none] = [device.allocate(64), device.allocate(0)];
    const bytes = new Uint8Array(64).fill(7);
    await device.read(some, bytes);
    expect(bytes).toEqual(new Uint8Array(64));
    await device.write(none, new Uint8Array(0));
    await device.read(none, new Uint8Array(0));
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('gives memory back at once when a handle is disposed, not with the next job', async () => {
    const device = open();
    const buffer = device.allocate(4096);
    await device.write(buffer, new Uint8Array(4096));
    buffer.dispose();
    await expect.poll(() => count(log.take(), 'cuMemFree_v2')).toBe(1);
    await device.dispose();
  });

  it('gives memory back that a collected handle held', async () => {
    const device = open();
    await (async () => {
      await device.write(device.allocate(64), new Uint8Array(64));
    })();
    await device.dispose(); // whoever still holds handles
    expect(log.take().at(-1)).toBe('left:');
  });

  it('refuses an executable that does not fit, before it takes memory', async () => {
    set('FAKE_CUDA_MEMORY', '1000');
    const device = open();
    await expect(load(device)).rejects.toMatchObject({
      code: 'DEVICE',
      message: expect.stringMatching(
        /^plan 'double': it needs 0\.0 MB on the GPU \(arena 0\.0 MB, workspaces 0\.0 MB\), and 0\.0 MB of 0\.0 MB are free; use a smaller batch$/,
      ),
    });
    expect(count(log.take(), 'cuMemAlloc_v2')).toBe(0);
    await device.dispose();
  });
});

describe('graphs', () => {
  it('are captured at the second run, used from then on, and belong to the bound state', async () => {
    const device = open();
    const executable = await load(device);
    const [a, b] = [device.allocate(N * 4), device.allocate(N * 4)];
    const run = async (state: typeof a): Promise<string[]> => {
      log.take();
      const y = new Float32Array(N);
      await device.run(executable, [state], [floats(N, 2)], [y]);
      expect(y).toEqual(floats(N, 2).map((v) => 2 * v));
      return log.take().filter((l) => /Launch|Instantiate|^graph/.test(l));
    };
    const graph = async (state: typeof a): Promise<string> => {
      const lines = await run(state);
      expect(lines).toHaveLength(2);
      return lines[1]!;
    };
    expect(await run(a)).toEqual(['cuLaunchKernel', 'cuLaunchKernel']);
    const captured = await run(a);
    expect(captured.slice(0, 4)).toEqual([
      'cuLaunchKernel',
      'cuLaunchKernel',
      'cuGraphInstantiateWithFlags',
      'cuGraphLaunch',
    ]);
    const first = await graph(a);
    expect(first).toBe(captured[4]);
    expect(await run(b)).toEqual(['cuLaunchKernel', 'cuLaunchKernel']);
    expect(await run(b)).toContain('cuGraphInstantiateWithFlags');
    const second = await graph(b);
    expect(second).not.toBe(first);
    expect([await graph(a), await graph(b)]).toEqual([first, second]);
    const sums = [new Float32Array(N), new Float32Array(N)];
    await Promise.all([device.read(a, sums[0]!), device.read(b, sums[1]!)]);
    const times = (n: number): Float32Array =>
      Array.from({ length: n }).reduce<Float32Array>(
        (s) => s.map((v, i) => Math.fround(v + 2 * floats(N, 2)[i]!)),
        new Float32Array(N),
      );
    expect(sums).toEqual([times(4), times(4)]);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('are kept for the four bindings used last', async () => {
    const device = open();
    const executable = await load(device);
    const states = Array.from({ length: 5 }, () => device.allocate(N * 4));
    for (const state of [...states, ...states].sort((p, q) => states.indexOf(p) - states.indexOf(q)))
      await device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    expect(count(log.take(), 'cuGraphInstantiateWithFlags')).toBe(5);
    await device.run(executable, [states[0]!], [floats(N, 1)], [new Float32Array(N)]); // forgotten: step by step again
    expect(count(log.take(), 'cuLaunchKernel')).toBe(2);
    await device.run(executable, [states[4]!], [floats(N, 1)], [new Float32Array(N)]);
    expect(count(log.take(), 'cuLaunchKernel')).toBe(0);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });
});

describe('queued runs', () => {
  it('are given to the GPU back to back, and end in order', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (y = new Float32Array(N)): Promise<void> =>
      device.run(executable, [state], [floats(N, 1)], [y]);
    await run();
    await run();
    set('FAKE_CUDA_DELAY', '10000');
    log.take();
    const order: number[] = [];
    await Promise.all(Array.from({ length: 12 }, (_, i) => run().then(() => order.push(i))));
    expect(order).toEqual([...order].sort((p, q) => p - q));
    const lines = log.take();
    expect(count(lines, 'cuGraphLaunch')).toBe(12);
    // the log has event queries that said "done" only
    expect(lines.lastIndexOf('cuGraphLaunch')).toBeLessThan(lines.indexOf('cuEventQuery'));
    expect(count(lines, 'cuStreamSynchronize')).toBe(0);
    await device.dispose();
  });

  it('that arrive while others are on their way are given to the GPU at once', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    await run();
    await run();
    set('FAKE_CUDA_DELAY', '100000');
    log.take();
    const first = run();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = run();
    await Promise.all([first, second]);
    const lines = log.take();
    expect(lines.lastIndexOf('cuGraphLaunch')).toBeLessThan(lines.indexOf('cuEventQuery'));
    await device.dispose();
  });

  it('hold their memory over thousands of runs', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const [x, y] = [floats(N, 1), new Float32Array(N)];
    const runs = async (number: number): Promise<void> => {
      for (let i = 0; i < number / 10; i++)
        await Promise.all(Array.from({ length: 10 }, () => device.run(executable, [state], [x], [y])));
    };
    await runs(500);
    const before = log.take();
    const [rss, live] = [process.memoryUsage().rss, device.liveBytes()];
    await runs(3000);
    const lines = log.take();
    expect(count(lines, 'cuGraphLaunch')).toBe(3000);
    for (const call of ['cuMemAlloc_v2', 'cuGraphInstantiateWithFlags', 'cuModuleLoadData', 'cuLaunchKernel'])
      expect(count(lines, call), call).toBe(0);
    // one staging area for each run on its way at a time
    for (const call of ['cuMemHostAlloc', 'cuEventCreate'])
      expect(count([...before, ...lines], call), call).toBeLessThanOrEqual(10);
    expect(device.liveBytes()).toBe(live);
    expect(process.memoryUsage().rss - rss).toBeLessThan(24 * 2 ** 20);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });
});

describe('marks', () => {
  it('span what the GPU does between them, and nothing waits for them', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    for (let i = 0; i < 3; i++) await run();
    set('FAKE_CUDA_DELAY', '20000'); // of each of the two steps
    log.take();
    const start = performance.now();
    const [begin, , middle, , , end] = await Promise.all([
      device.mark(),
      run(),
      device.mark(),
      run(),
      run(),
      device.mark(),
    ]);
    const host = (performance.now() - start) / 1000;
    expect(begin).toBe(0); // the first one starts the clock
    expect(middle - begin).toBeGreaterThanOrEqual(0.04);
    expect(end - middle).toBeGreaterThanOrEqual(0.08);
    expect(end - begin).toBeLessThanOrEqual(host);
    const lines = log.take();
    expect(count(lines, 'cuGraphLaunch')).toBe(3);
    // all was given to the GPU while it worked on the first run: only the first mark, which it reached at
    // once, may have been found done before
    expect(count(lines.slice(0, lines.lastIndexOf('cuEventRecord')), 'cuEventQuery')).toBeLessThanOrEqual(1);
    expect(count(lines, 'cuStreamSynchronize')).toBe(0);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('use their events again, and add up gaps exactly', async () => {
    const device = open();
    await device.mark();
    set('FAKE_CUDA_ELAPSED', '3600000'); // milliseconds: an hour
    const hour = await device.mark();
    set('FAKE_CUDA_ELAPSED', '0.0009765625'); // which a float of an hour has no room for
    let last = hour;
    for (let i = 0; i < 100; i++)
      last = (await Promise.all(Array.from({ length: 10 }, () => device.mark()))).at(-1)!;
    expect(hour).toBe(3600);
    expect(last - hour).toBeCloseTo(0.0009765625, 9); // a thousand times
    expect(count(log.take(), 'cuEventCreate')).toBeLessThanOrEqual(12);
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('open the device as any first call does', async () => {
    const device = open({ ...options(), index: 3 });
    await expect(device.mark()).rejects.toThrow('there is no GPU 3');
    await device.dispose();
    expect(() => device.mark()).toThrow('mark: the device was disposed; open another');
  });

  it('that fail leave the next ones as they are', async () => {
    const device = open();
    const [a, executable] = [await device.mark(), await load(device)];
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    set('FAKE_CUDA_DELAY', '10000');
    set('FAKE_CUDA_FAIL', 'cuEventElapsedTime:1@1');
    const [, failed, , b] = await Promise.allSettled([run(), device.mark(), run(), device.mark()]);
    expect([failed.status, b.status]).toEqual(['rejected', 'fulfilled']);
    expect((b as PromiseFulfilledResult<number>).value - a).toBeGreaterThanOrEqual(0.04); // from the last good one
    await device.dispose();
    expect(log.take().at(-1)).toBe('left:');
  });

  it('do not take the error of the run that lost the GPU', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    await run();
    set('FAKE_CUDA_DELAY', '20000');
    set('FAKE_CUDA_FAIL', 'cuEventRecord:700@4'); // the last mark's, when the runs before it are not at their end
    const [first, second, third, last] = await Promise.allSettled([
      run(),
      device.mark(),
      run(),
      device.mark(),
    ]);
    const reason =
      'cuda driver: cuEventRecord: CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered';
    expect(first).toMatchObject({
      reason: {
        code: 'NATIVE',
        message: `plan 'double': ${reason}; the GPU is lost to this process: restart it; with profile the error names the step`,
      },
    });
    expect([second.status, third.status, last.status]).toEqual(['rejected', 'rejected', 'rejected']);
    await device.dispose();
  });
});

describe('errors', () => {
  /** Everything a device does; the error of what fails first. */
  const everything = async (profile = false): Promise<unknown> => {
    const device = open();
    try {
      await device.open();
      const executable = await load(device, DOUBLE, profile);
      const state = device.allocate(N * 4);
      await device.write(state, floats(N, 1));
      for (let i = 0; i < 3; i++)
        await device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
      await device.read(state, new Float32Array(N));
      for (let i = 0; i < 2; i++) await device.mark();
      return null;
    } catch (error) {
      return error;
    } finally {
      await device.dispose();
    }
  };

  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'cuDeviceGetCount:100',
      'DEVICE',
      /^cuda driver: cuDeviceGetCount: CUDA_ERROR_100 \(100\): a fake failure; run npx pathex doctor, which says what is here$/,
    ],
    ['cuStreamCreate:2', 'DEVICE', /^cuda driver: cuStreamCreate: CUDA_ERROR_OUT_OF_MEMORY \(2\)/],
    [
      'cuModuleLoadData:222',
      'NATIVE',
      /^plan 'double': cuda driver: cuModuleLoadData: CUDA_ERROR_222 \(222\): a fake failure; run npx pathex doctor, and report this with what it says$/,
    ],
    [
      'cuModuleGetFunction:500',
      'NATIVE',
      /^plan 'double': step 'double': kernel \w+: cuda driver: cuModuleGetFunction: CUDA_ERROR_500 \(500\)/,
    ],
    ['cuMemGetInfo_v2:1', 'NATIVE', /^plan 'double': cuda driver: cuMemGetInfo: CUDA_ERROR_1 \(1\)/],
    [
      'cuMemAlloc_v2:2',
      'DEVICE',
      /^plan 'double': no memory for \d+ bytes: cuda driver: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY \(2\): out of memory; use a smaller batch$/,
    ],
    [
      'cuMemAlloc_v2:2@2',
      'DEVICE',
      /^write: no memory for 400 bytes: cuda driver: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY \(2\): out of memory; use a smaller batch$/,
    ],
    ['cuMemsetD8Async:1', 'NATIVE', /^plan 'double': cuda driver: cuMemsetD8Async: CUDA_ERROR_1 \(1\)/],
    ['cuMemcpyHtoDAsync_v2:1', 'NATIVE', /^write: cuda driver: cuMemcpyHtoDAsync: CUDA_ERROR_1 \(1\)/],
    [
      'cuMemcpyHtoDAsync_v2:1@2',
      'NATIVE',
      /^plan 'double': cuda driver: cuMemcpyHtoDAsync: CUDA_ERROR_1 \(1\)/,
    ],
    [
      'cuMemHostAlloc:2',
      'NATIVE',
      /^plan 'double': cuda driver: cuMemHostAlloc: CUDA_ERROR_OUT_OF_MEMORY \(2\)/,
    ],
    ['cuEventCreate:1', 'NATIVE', /^write: cuda driver: cuEventCreate: CUDA_ERROR_1 \(1\)/],
    ['cuEventRecord:1@2', 'NATIVE', /^plan 'double': cuda driver: cuEventRecord: CUDA_ERROR_1 \(1\)/],
    [
      'cuLaunchKernel:1',
      'NATIVE',
      /^plan 'double': step 'double': kernel \w+: cuda driver: cuLaunchKernel: CUDA_ERROR_1 \(1\)/,
    ],
    [
      'cuLaunchKernel:1@2',
      'NATIVE',
      /^plan 'double': step 'store': kernel \w+: cuda driver: cuLaunchKernel: CUDA_ERROR_1 \(1\)/,
    ],
    [
      'cuLaunchKernel:1@4',
      'NATIVE',
      /^plan 'double': step 'store': kernel \w+: cuda driver: cuLaunchKernel: CUDA_ERROR_1 \(1\)/,
    ], // while captured
    [
      'cuStreamBeginCapture_v2:1',
      'NATIVE',
      /^plan 'double': cuda driver: cuStreamBeginCapture: CUDA_ERROR_1 \(1\)/,
    ],
    [
      'capture:1@2',
      'NATIVE',
      /^plan 'double': step 'store': cuda driver: this step did what a graph cannot hold, and broke the capture; run npx pathex doctor/,
    ],
    ['cuStreamEndCapture:1', 'NATIVE', /^plan 'double': cuda driver: cuStreamEndCapture: CUDA_ERROR_1 \(1\)/],
    [
      'cuGraphInstantiateWithFlags:2',
      'NATIVE',
      /^plan 'double': cuda driver: cuGraphInstantiate: CUDA_ERROR_OUT_OF_MEMORY \(2\)/,
    ],
    ['cuGraphLaunch:1', 'NATIVE', /^plan 'double': cuda driver: cuGraphLaunch: CUDA_ERROR_1 \(1\)/],
    [
      'cuMemcpyDtoHAsync_v2:1',
      'NATIVE',
      /^plan 'double': cuda driver: cuMemcpyDtoHAsync: CUDA_ERROR_1 \(1\)/,
    ],
    ['cuMemcpyDtoHAsync_v2:1@4', 'NATIVE', /^read: cuda driver: cuMemcpyDtoHAsync: CUDA_ERROR_1 \(1\)/],
    [
      'cuEventCreate:2@4',
      'NATIVE',
      /^mark: cuda driver: cuEventCreate: CUDA_ERROR_OUT_OF_MEMORY \(2\): out of memory; run npx pathex doctor/,
    ],
    [
      'cuEventRecord:1@7',
      'NATIVE',
      /^mark: cuda driver: cuEventRecord: CUDA_ERROR_1 \(1\): a fake failure; run npx pathex doctor/,
    ],
    [
      'cuEventQuery:1@7',
      'NATIVE',
      /^mark: cuda driver: cuEventQuery: CUDA_ERROR_1 \(1\): a fake failure; run npx pathex doctor/,
    ],
    [
      'cuEventElapsedTime:1',
      'NATIVE',
      /^mark: cuda driver: cuEventElapsedTime: CUDA_ERROR_1 \(1\): a fake failure; run npx pathex doctor/,
    ],
    ['cuEventQuery:1@3', 'NATIVE', /^plan 'double': cuda driver: cuEventQuery: CUDA_ERROR_1 \(1\)/],
  ];
  it.each(cases)('%s names library, call, code, text and place', async (rule, code, message) => {
    set('FAKE_CUDA_FAIL', rule);
    const error = await everything();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(
      log
        .take()
        .filter((l) => l.startsWith('left:'))
        .every((l) => l === 'left:'),
    ).toBe(true);
  });

  it('of the compiler come with its first error', async () => {
    set(
      'FAKE_NVRTC_FAIL',
      'plan.cu(1): warning: unused\nplan.cu(3): error: identifier "y" is undefined\n1 error detected',
    );
    const device = open(options(join(folder, 'empty')));
    await expect(load(device)).rejects.toMatchObject({
      code: 'NATIVE',
      message: `plan 'double': nvrtc 13.0: nvrtcCompileProgram: NVRTC_ERROR_COMPILATION (6): plan.cu(3): error: identifier "y" is undefined; run npx pathex doctor, and report this with what it says`,
    });
    await device.dispose();
  });

  it('of code that does not belong to its plan are found at load', async () => {
    const device = open();
    const refused = (
      change: (code: {
        steps: { kind: string; launches: Record<string, unknown>[] }[];
        scratchBytes: number;
        version: number;
      }) => void,
    ): Promise<unknown> => {
      const broken = structuredClone(DOUBLE);
      change(broken as never); // never: the tests break the type on purpose
      return Promise.resolve().then(() => device.load(DOUBLE.plan, { code: broken }));
    };
    await expect(
      refused((c) => {
        c.version = 9;
      }),
    ).rejects.toThrow('load: code.version: 9; this addon reads version 3');
    await expect(
      refused((c) => {
        c.steps.pop();
      }),
    ).rejects.toThrow("plan 'double': code.steps: 1 for a plan of 2 steps");
    await expect(
      refused((c) => {
        c.steps[0]!.kind = 'library';
      }),
    ).rejects.toThrow("code.steps[0] 'double': no library has a fused step");
    await expect(
      refused((c) => {
        c.steps[0]!.launches[0]!['args'] = [{ buffer: 9 }];
      }),
    ).rejects.toThrow("code.steps[0] 'double'.launches[0]: args[0]: no buffer 9");
    await expect(
      refused((c) => {
        c.steps[0]!.launches[0]!['args'] = [{ scratch: 256 }];
      }),
    ).rejects.toThrow('args[0]: byte 256 is outside the workspace of 0');
    await expect(
      refused((c) => {
        c.steps[0]!.launches[0]!['grid'] = [0, 1, 1];
      }),
    ).rejects.toThrow('grid[0]: 0 is not from 1 to 2147483647');
    await expect(
      refused((c) => {
        Object.assign(c.steps[0]!.launches[0]!, { grid: [2 ** 31 - 1, 65535, 65535], block: [1024, 1, 1] });
      }),
    ).rejects.toThrow("code.steps[0] 'double'.launches[0]: grid: more than 268435456 threads");
    await expect(
      refused((c) => {
        c.steps[0]!.launches[0]!['args'] = Array.from({ length: 4096 }, () => ({ buffer: 0 }));
      }),
    ).rejects.toThrow('args: 4096, at most 4095 can be passed');
    await expect(
      refused((c) => {
        c.scratchBytes = 512;
        c.steps[0]!.launches[0]!['args'] = [{ scratch: 128 }];
      }),
    ).rejects.toThrow('args[0]: byte 128 of the workspace is not a multiple of 256');
    await expect(
      refused((c) => {
        c.scratchBytes = 2 ** 53 - 1;
      }),
    ).rejects.toThrow(
      "plan 'double': code.scratchBytes: 9007199254740991, at most 70368744177664 can be had",
    );
    await expect(
      refused((c) => {
        Object.assign(c.steps[1]!, { after: 0 });
      }),
    ).rejects.toThrow("code.steps[1] 'store'.after: step 0 is none of the side stream before it");
    await expect(
      refused((c) => {
        Object.assign(c.steps[1]!, { stream: 'side', after: 1 });
      }),
    ).rejects.toThrow("'store'.after: step 1 is none of the side stream before it");
    await expect(
      refused((c) => {
        Object.assign(c.steps[0]!, { stream: 'main' });
      }),
    ).rejects.toThrow('code.steps[0].stream');
    await expect(
      refused((c) => {
        c.scratchBytes = 256;
        Object.assign(c.steps[0]!, { stream: 'side' });
        c.steps[0]!.launches[0]!['args'] = [{ scratch: 0 }];
      }),
    ).rejects.toThrow("'double'.stream: the workspace of launches is the main stream's");
    const { plan } = DOUBLE;
    const shifted: Plan = {
      ...plan,
      arenaBytes: plan.arenaBytes + 8,
      buffers: plan.buffers.map((b) =>
        b.place.in === 'arena' ? { ...b, place: { in: 'arena', at: 8 } } : b,
      ),
    };
    await expect(load(device, { ...DOUBLE, plan: shifted })).rejects.toThrow(
      "plan 'double': buffers[3]: byte 8 of the arena is not a multiple of 16, as the code needs it to be",
    );
    await expect(
      refused((c) => {
        c.steps[0]!.launches[0]!['block'] = [1024, 2, 1];
      }),
    ).rejects.toThrow('block: 2048 threads, at most 1024 fit');
    await device.dispose();
  });

  it('of an older driver are found when the device is opened', async () => {
    set('FAKE_CUDA_VERSION', '12080');
    const device = open();
    await expect(device.open()).rejects.toMatchObject({
      code: 'DEVICE',
      message: expect.stringMatching(
        /^cuda: NVRTC 13\.0 \(.*libnvrtc\.so\.13\) needs a driver for CUDA 13, this one is for 12\.8; update the driver or install an older CUDA toolkit$/,
      ),
    });
    await device.dispose();
  });

  it('of a GPU that is not there', async () => {
    const device = open({ ...options(), index: 3 });
    await expect(device.open()).rejects.toMatchObject({
      code: 'DEVICE',
      message: 'cuda driver: there is no GPU 3, 1 can be seen; CUDA_VISIBLE_DEVICES may hide some',
    });
    await device.dispose();
  });

  it('that lose the GPU fail the run, and at once every later call', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    await run();
    set('FAKE_CUDA_FAIL', 'kernel:700');
    set('FAKE_CUDA_DELAY', '20000');
    const [first, second] = await Promise.allSettled([run(), run()]);
    const reason =
      'cuda driver: cuEventQuery: CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered';
    expect(first).toMatchObject({
      reason: {
        code: 'NATIVE',
        message: `plan 'double': ${reason}; the GPU is lost to this process: restart it; with profile the error names the step`,
      },
    });
    const lost = {
      code: 'DEVICE',
      message: expect.stringContaining(`cuda: the GPU was lost (${reason}); restart the process`),
    };
    expect(second).toMatchObject({ reason: lost });
    log.take();
    await expect(run()).rejects.toMatchObject(lost);
    await expect(device.read(state, new Float32Array(N))).rejects.toMatchObject(lost);
    await expect(device.mark()).rejects.toMatchObject({
      code: 'DEVICE',
      message: `mark: cuda: the GPU was lost (${reason}); restart the process`,
    });
    await expect(device.write(state, new Float32Array(N))).rejects.toMatchObject(lost);
    await expect(device.write(device.allocate(4), new Float32Array(1))).rejects.toMatchObject(lost);
    await expect(load(device)).rejects.toMatchObject(lost);
    expect(log.take().filter((l) => !/Free|Destroy/.test(l))).toEqual([]); // the driver was not asked
    await device.dispose();
    expect(device.liveBytes()).toBe(0);
    expect(log.take().at(-1)).toBe('left:');
  });

  /** Two plans on their way, of which the first faults before the second is given to the GPU. */
  const faultBetween = async (rule: string): Promise<readonly PromiseSettledResult<void>[]> => {
    const device = open();
    const [a, b] = [
      await load(device),
      await load(device, { ...DOUBLE, plan: { ...DOUBLE.plan, name: 'later' } }),
    ];
    const state = device.allocate(N * 4);
    const run = (executable: NativeExecutable): Promise<void> =>
      device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    for (const executable of [a, a, b, b]) await run(executable);
    log.take();
    set('FAKE_CUDA_DELAY', '20000'); // the first is not at its end when the second comes
    set('FAKE_CUDA_FAIL', rule);
    return Promise.allSettled([run(a), run(b), run(b)]);
  };
  const faulted = (result: number): string =>
    `cuda driver: cuGraphLaunch: ${result === 700 ? 'CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered' : `CUDA_ERROR_${result} (${result}): a fake failure`}`;

  it('that a call for a later run finds belong to the run whose end is awaited', async () => {
    const [first, second, third] = await faultBetween('cuGraphLaunch:700@2');
    const end = 'the GPU is lost to this process: restart it';
    expect(first).toMatchObject({
      reason: {
        code: 'NATIVE',
        message: `plan 'double': ${faulted(700)}; ${end}; with profile the error names the step`,
      },
    });
    expect(second).toMatchObject({
      reason: {
        code: 'NATIVE',
        message: `plan 'later': ${faulted(700)}; ${end}; this run or one before it is the cause; with profile the error names the step`,
      },
    });
    expect(third).toMatchObject({
      reason: {
        code: 'DEVICE',
        message: `plan 'later': cuda: the GPU was lost (${faulted(700)}); restart the process`,
      },
    });
  });

  it('of a kernel that refuses its data keep saying so, after what it wrote', async () => {
    const [first, second, third] = await faultBetween('cuGraphLaunch:710@2');
    for (const { reason } of [first, second, third] as readonly { readonly reason?: unknown }[])
      expect(reason).toMatchObject({
        message: expect.stringContaining(
          `${faulted(710)}; a kernel refused its data and wrote why to stderr`,
        ),
      });
    const lines = log.take();
    expect(lines.lastIndexOf('cuStreamSynchronize')).toBeGreaterThan(lines.lastIndexOf('cuGraphLaunch')); // which brings it out
    expect(count(lines, 'cuStreamSynchronize')).toBe(1);
  });

  it('leave inputs in their place until what was enqueued has read them', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (x: number): Promise<void> =>
      device.run(executable, [state], [new Float32Array(N).fill(x)], [new Float32Array(N)]);
    await run(1);
    set('FAKE_CUDA_DELAY', '20000');
    set('FAKE_CUDA_FAIL', 'cuEventRecord:801@2');
    const runs = await Promise.allSettled([run(10), run(100), run(1000)]);
    expect(runs.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const sum = new Float32Array(N);
    await device.read(state, sum);
    expect(sum).toEqual(new Float32Array(N).fill(2222)); // the one that failed had all its work enqueued
    await device.dispose();
  });

  it('of a first run leave the next one a first run', async () => {
    const device = open();
    const executable = await load(device);
    const state = device.allocate(N * 4);
    const run = (): Promise<void> => device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    set('FAKE_CUDA_FAIL', 'cuLaunchKernel:801@2');
    await expect(run()).rejects.toThrow("step 'store'");
    log.take();
    await run();
    const lines = log.take();
    expect(count(lines, 'cuStreamBeginCapture_v2')).toBe(0);
    expect(count(lines, 'cuLaunchKernel')).toBe(2);
    await run();
    expect(count(log.take(), 'cuGraphInstantiateWithFlags')).toBe(1);
    await device.dispose();
  });

  it('name the step where steps are measured', async () => {
    set('FAKE_CUDA_FAIL', 'kernel:700@2');
    expect(await everything(true)).toMatchObject({
      code: 'NATIVE',
      message: expect.stringMatching(
        /^plan 'double': step 'store': cuda driver: (cuEventRecord|cuStreamSynchronize): CUDA_ERROR_ILLEGAL_ADDRESS \(700\)/,
      ),
    });
  });
});

describe('measuring', () => {
  it('gives the time of every step and captures nothing', async () => {
    const device = open();
    const executable = await load(device, DOUBLE, true);
    const state = device.allocate(N * 4);
    set('FAKE_CUDA_DELAY', '2000');
    for (let i = 0; i < 3; i++) await device.run(executable, [state], [floats(N, 1)], [new Float32Array(N)]);
    expect(executable.profile()).toMatchObject([
      { name: 'double', calls: 3 },
      { name: 'store', calls: 3 },
    ]);
    for (const { seconds } of executable.profile()) expect(seconds).toBeGreaterThanOrEqual(0.006);
    expect(count(log.take(), 'cuGraphLaunch')).toBe(0);
    await device.dispose();
  });
});

describe('compiled code', () => {
  const compiles = async (cache: string): Promise<number> => {
    const device = open(options(cache));
    log.take();
    const executable = await load(device, double(33));
    const y = new Float32Array(33);
    await device.run(executable, [device.allocate(33 * 4)], [floats(33, 1)], [y]);
    expect(y).toEqual(floats(33, 1).map((v) => 2 * v));
    await device.dispose();
    return log.take().filter((l) => l.startsWith('nvrtcCompileProgram --gpu-architecture=sm_90')).length;
  };
  it('is kept on disk; what was damaged is compiled anew', async () => {
    const cache = join(folder, 'kept', 'here');
    expect(await compiles(cache)).toBe(1);
    expect(await compiles(cache)).toBe(0);
    const [entry, ...others] = readdirSync(cache);
    expect(others).toEqual([]); // nothing half-written stays
    const file = join(cache, entry!);
    const whole = readFileSync(file);
    for (const damaged of [
      whole.subarray(0, 20),
      whole.subarray(0, -1),
      Buffer.concat([whole, Buffer.from('x')]),
      Buffer.from(whole.map((b, i) => (i === whole.length - 100 ? b ^ 1 : b))),
      Buffer.alloc(0),
    ]) {
      writeFileSync(file, damaged);
      expect(await compiles(cache)).toBe(1);
      expect(readFileSync(file).length).toBeGreaterThan(1000);
      expect(await compiles(cache)).toBe(0);
    }
  });
  it('is kept for this user alone: folder 0700, files 0600', async () => {
    const cache = join(folder, 'private', 'pathex');
    expect(await compiles(cache)).toBe(1);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    const [entry] = readdirSync(cache);
    expect(entry).toMatch(/^[0-9a-f]{64}\.cubin$/);
    expect(statSync(join(cache, entry!)).mode & 0o777).toBe(0o600);
  });
  it('carries the SHA-256 of what it was made from and of itself: another program in its place is not run', async () => {
    const cache = join(folder, 'swapped');
    expect(await compiles(cache)).toBe(1);
    const file = join(cache, readdirSync(cache)[0]!);
    const bytes = readFileSync(file);
    const length = Number(`0x${bytes.toString('latin1', 72, 88)}`);
    const digest = createHash('sha256').update(bytes.subarray(72)).digest('hex');
    expect(bytes.toString('latin1', 0, 72)).toBe(`pxcubin2${digest}`);
    const key = bytes.subarray(88, 88 + length);
    expect(key.toString()).toMatch(/^nvrtc 13\.0\n/);
    expect(file).toContain(createHash('sha256').update(key).digest('hex'));
    // The entry of another key under this name, whole in itself.
    key[key.length - 1]! ^= 1;
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from(`pxcubin2${createHash('sha256').update(bytes.subarray(72)).digest('hex')}`),
        bytes.subarray(72),
      ]),
    );
    expect(await compiles(cache)).toBe(1);
  });
  it('that others may have written is not used, and the device says so', async () => {
    const cache = join(folder, 'open to all');
    expect(await compiles(cache)).toBe(1);
    const describe = async (): Promise<string> => {
      const device = open(options(cache));
      const said = await device.open();
      await device.dispose();
      return said;
    };
    expect(await describe()).toMatch(/strict float32$/);
    for (const mode of [0o777, 0o770, 0o702]) {
      chmodSync(cache, mode);
      expect(await compiles(cache)).toBe(1);
      expect(await describe()).toMatch(
        new RegExp(
          `; kernels are compiled and measured anew in every process: ${cache} may be written by others \\(mode 0${mode.toString(8)}\\); remove it, or chmod 700 it if you trust what is in it$`,
        ),
      );
    }
    chmodSync(cache, 0o700);
    const file = join(cache, readdirSync(cache)[0]!);
    chmodSync(file, 0o666);
    expect(await compiles(cache)).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await compiles(cache)).toBe(0);
    const moved = `${file}.moved`;
    renameSync(file, moved);
    symlinkSync(moved, file);
    expect(await compiles(cache)).toBe(1);
    rmSync(cache, { recursive: true });
    writeFileSync(cache, 'a file');
    expect(await describe()).toContain(`${cache} is no folder; move it away`);
  });
  it.skipIf(process.getuid?.() !== 0)(
    'of another user is not used (as root, who can give files away)',
    async () => {
      const cache = join(folder, 'theirs');
      expect(await compiles(cache)).toBe(1);
      const file = join(cache, readdirSync(cache)[0]!);
      chownSync(file, 65534, 65534);
      expect(await compiles(cache)).toBe(1);
      chownSync(cache, 65534, 65534);
      expect(await compiles(cache)).toBe(1);
      const device = open(options(cache));
      expect(await device.open()).toContain(`${cache} belongs to another user; remove it`);
    },
  );
  it('is compiled each time where nothing can be kept', async () => {
    expect(await compiles('/proc/nowhere')).toBe(1);
    expect(await compiles('')).toBe(1);
  });
});

describe('leaving', () => {
  const plan: Plan = DOUBLE.plan;
  const addonPath = addonPaths().find((p) => p.includes('Release'))!;
  const start = `const { Device } = require(${JSON.stringify(addonPath)}); const code = ${JSON.stringify(DOUBLE)}; const plan = ${JSON.stringify(plan)};
    const device = new Device(${JSON.stringify(options())});
    const busy = async () => { const e = await device.load(plan, { code }); const s = device.allocate(${4 * N}); const x = new Float32Array(${N});
      const run = () => device.run(e, [s], [x], [new Float32Array(${N})]); await run(); return Array.from({ length: 50 }, run); };`;
  const child = (code: string): Promise<{ code: number | null; signal: string | null; out: string }> =>
    new Promise((resolve) => {
      const started = spawn(process.execPath, ['-e', `${start}\n${code}`], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, FAKE_CUDA_DELAY: '10000' },
      });
      let out = '';
      for (const stream of [started.stdout, started.stderr])
        stream.on('data', (d: Buffer) => {
          out += d.toString();
        });
      started.on('close', (exit, signal) => resolve({ code: exit, signal, out }));
    });

  it('a device leaves the context of the GPU to the next one', async () => {
    const twice = `(async () => { await device.open(); await device.dispose(); const next = new Device(${JSON.stringify(options())}); await next.open(); await next.dispose(); console.log('done'); })();`;
    expect(await child(twice)).toEqual({ code: 0, signal: null, out: 'done\n' });
    const lines = log.take();
    expect([count(lines, 'cuStreamCreate'), count(lines, 'cuDevicePrimaryCtxRetain')]).toEqual([2, 1]);
    expect(lines.filter((l) => l.startsWith('left:'))).toEqual(['left:', 'left:']);
  });
  it('a context that cannot be had is asked for again', async () => {
    set('FAKE_CUDA_FAIL', 'cuDevicePrimaryCtxRetain:2@1');
    const twice = `(async () => { const said = await device.open().catch((e) => e); await device.dispose(); const next = new Device(${JSON.stringify(options())});
      await next.open(); await next.dispose(); console.log(said.code, said.message); })();`;
    expect(await child(twice)).toEqual({
      code: 0,
      signal: null,
      out: 'DEVICE cuda driver: cuDevicePrimaryCtxRetain: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory; run npx pathex doctor, which says what is here\n',
    });
  });
  it('a process ends by itself when the work is done, without dispose', async () => {
    expect(await child("busy().then((runs) => Promise.all(runs)).then(() => console.log('done'))")).toEqual({
      code: 0,
      signal: null,
      out: 'done\n',
    });
    expect(log.take().at(-1)).toBe('left:');
  });
  it('process.exit in mid-step ends with the code that was asked for, and gives everything back', async () => {
    expect(await child('busy().then(() => setTimeout(() => process.exit(7), 30))')).toEqual({
      code: 7,
      signal: null,
      out: '',
    });
    expect(log.take().at(-1)).toBe('left:');
  });
  it('an uncaught error in mid-step ends with code 1', async () => {
    expect(
      await child("busy().then(() => setTimeout(() => { throw new Error('stop'); }, 30))"),
    ).toMatchObject({ code: 1, signal: null });
    expect(log.take().at(-1)).toBe('left:');
  });
  it('a worker thread may be terminated in mid-step', async () => {
    const worker = `${start}; busy().then(() => require('worker_threads').parentPort.postMessage('busy'));`;
    const code = `const { Worker } = require('worker_threads'); const w = new Worker(${JSON.stringify(worker)}, { eval: true }); w.on('message', async () => { await w.terminate(); console.log('ended'); });`;
    expect(await child(code)).toEqual({ code: 0, signal: null, out: 'ended\n' });
    expect(log.take().at(-1)).toBe('left:');
  });
});
