import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import type { Plan } from '../../src/plan/plan.js';
import { PathexError } from '../../src/errors.js';
import {
  addonPaths,
  loadNative,
  remedyFor,
  type NativeBuffer,
  type NativeDevice,
} from '../../src/runtime/native.js';
import { addon, callOf, floats, fusedOf, planOf } from './plans.js';

/** Life and death of devices, handles and threads. */

const double = (n: number): Plan =>
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
  );

/** About a tenth of a second for each run. */
const slow: Plan = planOf(
  [
    { in: 'arena', shape: [600, 600] },
    { in: 'arena', shape: [600, 600] },
  ],
  Array.from({ length: 20 }, () =>
    callOf('matmul', [0, 0], [1], { m: 600, n: 600, k: 600, transposeA: false, transposeB: false }),
  ),
  'slow',
);

const addonPath = addonPaths().find((p) => p.includes('Release'))!;
const child = (code: string): Promise<{ code: number | null; signal: string | null; out: string }> =>
  new Promise((resolve) => {
    const script = `const { Device } = require(${JSON.stringify(addonPath)}); const slow = ${JSON.stringify(slow)}; const device = new Device();\n${code}`;
    const started = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    started.stdout.on('data', (d: Buffer) => {
      out += d.toString();
    });
    started.stderr.on('data', (d: Buffer) => {
      out += d.toString();
    });
    started.on('close', (exit, signal) => resolve({ code: exit, signal, out }));
  });

describe('a device', () => {
  it('runs plans on its state and counts its bytes', async () => {
    const device = new addon.Device({ threads: 2 });
    const n = 100;
    const state = device.allocate(n * 4);
    const executable = await device.load(double(n));
    expect(executable.bytes).toBeGreaterThanOrEqual(n * 4);
    expect(device.liveBytes()).toBe(executable.bytes + state.bytes);
    const x = floats(n, 1);
    const y = new Float32Array(n).fill(NaN);
    const first = device.run(executable, [state], [x], [y]);
    const second = device.run(executable, [state], [x], [y]);
    x.fill(0); // inputs were copied when the call was made
    await Promise.all([first, second]);
    expect(y).toEqual(floats(n, 1).map((v) => 2 * v));
    const sum = new Float32Array(n);
    await device.read(state, sum);
    expect(sum).toEqual(floats(n, 1).map((v) => 4 * v));
    state.dispose();
    state.dispose();
    executable.dispose();
    executable.dispose();
    expect(device.liveBytes()).toBe(0);
    await device.dispose();
    await device.dispose();
  });

  it('frees everything when it is disposed, after the work that is queued', async () => {
    const device = new addon.Device({ threads: 1 });
    device.allocate(1000);
    const executable = await device.load(slow);
    let done = false;
    const run = device.run(executable, [], [], []).then(() => {
      done = true;
    });
    executable.dispose(); // the run in flight keeps what it needs
    await Promise.all([device.dispose(), device.dispose()]);
    expect(done).toBe(true);
    await run;
    expect(device.liveBytes()).toBe(0);
  });

  it('is disposed of at the end of a block', async () => {
    let last: NativeDevice;
    {
      await using device = new addon.Device({ threads: 1 });
      {
        using buffer = device.allocate(64);
        expect(device.liveBytes()).toBe(buffer.bytes);
      }
      expect(device.liveBytes()).toBe(0);
      last = device;
    }
    expect(() => last.allocate(4)).toThrow('the device was disposed');
  });

  it('names what is wrong', async () => {
    const device = new addon.Device({ threads: 1 });
    const other = new addon.Device({ threads: 1 });
    const n = 8;
    const executable = await device.load(double(n));
    const state = device.allocate(n * 4);
    const gone = device.allocate(n * 4);
    gone.dispose();
    const [x, y] = [new Float32Array(n), new Float32Array(n)];
    const refuses = (f: () => unknown, code: string, message: string | RegExp): void => {
      expect(f).toThrow(PathexError);
      expect(f).toThrow(message);
      try {
        f();
      } catch (e) {
        expect((e as PathexError).code).toBe(code);
      }
    };
    refuses(
      () => device.run(executable, [state], [x], [new Float32Array(7)]),
      'DEVICE',
      "run 'double': outputs[0] 'b2': needs a Float32Array of 8, got Float32Array of 7",
    );
    refuses(
      () => device.run(executable, [state], [new Int32Array(n)], [y]),
      'DEVICE',
      "run 'double': inputs[0] 'b1': needs a Float32Array of 8, got Int32Array of 8",
    );
    refuses(
      () => device.run(executable, [state], [x, x], [y]),
      'DEVICE',
      "run 'double': inputs: 2 given, the plan has 1",
    );
    refuses(
      () => device.run(executable, [gone], [x], [y]),
      'DEVICE',
      "state[0] 'b0': the buffer was disposed",
    );
    refuses(
      () => device.run(executable, [other.allocate(n * 4)], [x], [y]),
      'DEVICE',
      "state[0] 'b0': the buffer belongs to another device",
    );
    refuses(
      () => device.run(executable, [device.allocate(n)], [x], [y]),
      'DEVICE',
      "state[0] 'b0': needs 32 bytes, the buffer has 8",
    );
    refuses(
      () => device.run(executable, [{} as NativeBuffer], [x], [y]),
      'DEVICE',
      "state[0] 'b0': not a buffer handle",
    );
    refuses(
      () => device.run(executable, [executable as unknown as NativeBuffer], [x], [y]),
      'DEVICE',
      'not a buffer handle',
    );
    refuses(
      () => other.run(executable, [state], [x], [y]),
      'DEVICE',
      'run: the executable belongs to another device',
    );
    refuses(
      () => device.write(state, new Float32Array(3)),
      'DEVICE',
      'write: the array has 12 bytes, the buffer 32',
    );
    refuses(() => device.write(state, 7 as never), 'DEVICE', 'write: not a typed array');
    refuses(() => device.allocate(-1), 'DEVICE', 'allocate: bytes must be a natural number');
    refuses(
      () => new addon.Device({ threads: 0 }),
      'DEVICE',
      'Device: threads is 0, it must be an integer from 1 to 1024',
    );
    executable.dispose();
    refuses(() => device.run(executable, [state], [x], [y]), 'DEVICE', 'run: the executable was disposed');
    refuses(() => executable.describe(), 'DEVICE', 'describe: the executable was disposed');
    await device.dispose();
    refuses(() => device.allocate(4), 'DEVICE', 'allocate: the device was disposed');
    refuses(() => device.load(double(n)), 'DEVICE', 'load: the device was disposed');
    refuses(() => device.mark(), 'DEVICE', 'mark: the device was disposed; open another');
    await other.dispose();
  });

  it('refuses plans that do not fit, with the path to the fault', async () => {
    const device = new addon.Device({ threads: 1 });
    const plan = double(8);
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const loads = (change: (p: any) => void): Promise<unknown> => {
      // any: the tests break the type on purpose
      const broken = structuredClone(plan);
      change(broken);
      return Promise.resolve().then(() => device.load(broken));
    };
    await expect(
      loads((p) => {
        p.version = 9;
      }),
    ).rejects.toMatchObject({
      code: 'PLAN',
      message: expect.stringContaining('plan.version: 9; this addon reads version 3'),
    });
    await expect(
      loads((p) => {
        p.steps[1].kind = 'magic';
      }),
    ).rejects.toThrow("plan.steps[1].kind: 'magic' is unknown");
    await expect(
      loads((p) => {
        p.steps[0].code[0].op = 'tan';
      }),
    ).rejects.toThrow("plan.steps[0].code[0].op: 'tan' is unknown");
    await expect(
      loads((p) => {
        p.steps[0].code[0].args = [0, 5];
      }),
    ).rejects.toThrow("steps[0] 'double': code[0]: register 5 is not written yet");
    await expect(
      loads((p) => {
        p.steps[0].domain = [1, 9, 1];
      }),
    ).rejects.toThrow("steps[0] 'double': loads[0]: reads element 8 of buffer 1 which has 8");
    await expect(
      loads((p) => {
        p.arenaBytes = 4;
      }),
    ).rejects.toThrow('buffers[3]: byte 0 + 32 is outside the arena of 4');
    await expect(
      loads((p) => {
        p.steps[0].stores[0].buffer = 1;
      }),
    ).rejects.toThrow('buffer 1 is read only');
    await expect(
      loads((p) => {
        p.steps[0] = {
          kind: 'call',
          name: 'm',
          kernel: 'matmul',
          inputs: [0, 1],
          outputs: [2],
          attributes: { m: 2, n: 2, k: 3, transposeA: false, transposeB: false },
        };
      }),
    ).rejects.toThrow(
      "plan 'double' step 'm': inputs[0]: buffer 0 is f32 with 8 elements, the kernel's attributes ask for f32 with 6",
    );
    await expect(
      loads((p) => {
        p.buffers[1].dtype = 'bf16';
      }),
    ).rejects.toThrow('buffers[1]: is bf16; only buffers of the arena may be');
    await expect(
      loads((p) => {
        p.buffers[3].dtype = 'bf16';
      }),
    ).rejects.toMatchObject({
      code: 'PLAN',
      message:
        "plan 'double': it keeps values as bf16, the cpu device computes on float32 alone; compile it with storage 'f32'",
    });
    expect(device.liveBytes()).toBe(0);
    await device.dispose();
  });

  it('measures its steps when asked', async () => {
    const device = new addon.Device({ threads: 1 });
    const executable = await device.load(slow, { profile: true });
    await device.run(executable, [], [], []);
    const steps = executable.profile();
    expect(steps).toHaveLength(20);
    expect(steps[0]).toMatchObject({ name: 'matmul', kind: 'matmul', calls: 1 });
    expect(steps[0]!.seconds).toBeGreaterThan(0);
    expect(steps[0]!.least).toBe(steps[0]!.seconds);
    await device.dispose();
  });

  it('marks times between queued runs, by its own clock', async () => {
    const device = new addon.Device({ threads: 1 });
    const executable = await device.load(slow);
    const start = performance.now();
    const [begin, , middle, , end] = await Promise.all([
      device.mark(),
      device.run(executable, [], [], []),
      device.mark(),
      device.run(executable, [], [], []),
      device.mark(),
    ]);
    const host = (performance.now() - start) / 1000;
    expect(begin).toBeGreaterThanOrEqual(0);
    for (const took of [middle - begin, end - middle]) expect(took).toBeGreaterThan(0.005); // 8.6 thousand million operations
    expect(end - begin).toBeLessThanOrEqual(host);
    await device.dispose();
  });

  it('leaves the event loop and the file system free while it works', async () => {
    const device = new addon.Device({ threads: 1 });
    const executable = await device.load(slow);
    const runs = Array.from({ length: 4 }, () => device.run(executable, [], [], []));
    let finished = false;
    void Promise.all(runs).then(() => {
      finished = true;
    });
    const latencies: number[] = [];
    while (!finished) {
      const start = performance.now();
      await stat('.');
      latencies.push(performance.now() - start);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies.length).toBeGreaterThan(50);
    expect(latencies[Math.floor(latencies.length / 2)]).toBeLessThan(5);
    await device.dispose();
  });

  it('holds its memory over 10,000 steps', async () => {
    const device = new addon.Device({ threads: 2 });
    const n = 5000;
    const executable = await device.load(double(n));
    const state = device.allocate(n * 4);
    const [x, y] = [new Float32Array(n), new Float32Array(n)];
    const steps = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await device.run(executable, [state], [x], [y]);
    };
    await steps(500);
    const before = process.memoryUsage().rss;
    const live = device.liveBytes();
    await steps(10_000);
    expect(device.liveBytes()).toBe(live);
    expect(process.memoryUsage().rss - before).toBeLessThan(24 * 2 ** 20);
    await device.dispose();
  });
});

describe('leaving', () => {
  it('a process ends by itself when the work is done, without dispose', async () => {
    expect(
      await child("device.load(slow).then((e) => device.run(e, [], [], [])).then(() => console.log('done'))"),
    ).toEqual({ code: 0, signal: null, out: 'done\n' });
  });

  it('process.exit in mid-step ends with the code that was asked for', async () => {
    const code =
      'device.load(slow).then((e) => { for (let i = 0; i < 50; i++) device.run(e, [], [], []).then(() => console.log(i)); setTimeout(() => process.exit(7), 30); })';
    for (let i = 0; i < 3; i++) expect(await child(code)).toMatchObject({ code: 7, signal: null });
  });

  it('an uncaught error in mid-step ends with code 1', async () => {
    expect(
      await child(
        "device.load(slow).then((e) => { device.run(e, [], [], []); setTimeout(() => { throw new Error('stop'); }, 30); })",
      ),
    ).toMatchObject({ code: 1, signal: null });
  });

  it('process.exit in the main thread while worker threads are in mid-step', async () => {
    const worker = `const { Device } = require(${JSON.stringify(addonPath)}); const d = new Device({ threads: 1 }); d.load(${JSON.stringify(slow)}).then((e) => { for (let i = 0; i < 50; i++) d.run(e, [], [], []); require('worker_threads').parentPort.postMessage('busy'); });`;
    const code = `const { Worker } = require('worker_threads'); const w = new Worker(${JSON.stringify(worker)}, { eval: true }); w.on('message', () => setTimeout(() => process.exit(5), 30));`;
    expect(await child(code)).toMatchObject({ code: 5, signal: null });
  });

  it('worker threads have devices of their own, and may be terminated in mid-step', async () => {
    const code = `const { parentPort, workerData } = require('worker_threads'); const { Device } = require(workerData.path);
      const d = new Device({ threads: 1 }); d.load(workerData.slow).then(async (e) => {
        const runs = []; for (let i = 0; i < workerData.runs; i++) runs.push(d.run(e, [], [], []));
        parentPort.postMessage('busy'); await Promise.all(runs); await d.dispose(); });`;
    const start = (runs: number): Worker =>
      new Worker(code, { eval: true, workerData: { path: addonPath, slow, runs } });
    const ended = (w: Worker): Promise<number> =>
      new Promise((resolve, reject) => {
        w.on('exit', resolve);
        w.on('error', reject);
      });
    expect(await Promise.all([start(1), start(1), start(1)].map(ended))).toEqual([0, 0, 0]);
    for (let i = 0; i < 3; i++) {
      const w = start(100);
      await new Promise((resolve) => w.once('message', resolve));
      await w.terminate();
    }
  });
});

describe('loading', () => {
  it('tells every place it tried, and the remedy', () => {
    const there = fileURLToPath(new URL('./plans.ts', import.meta.url));
    expect(() => loadNative(['/nowhere/pathex.node', `${there}.node`])).toThrow(
      /^native addon: none could be loaded \(\/nowhere\/pathex\.node: Cannot find module .*plans\.ts\.node: .*\); build it with: npx pathex setup$/,
    );
  });

  it('says how to get a library that the kernels miss', () => {
    const from = dirname(addonPath);
    const kernels = readdirSync(from).filter((file) => /^pathex-cpu-.*\.so$/.test(file));
    expect(kernels.length).toBeGreaterThan(0);
    const refusalOf = (library: 'dnnl' | 'gomp', version: string): string => {
      const folder = mkdtempSync(join(tmpdir(), 'pathex-'));
      copyFileSync(addonPath, join(folder, 'pathex.node'));
      for (const file of kernels) {
        const bytes = readFileSync(join(from, file));
        const at = bytes.indexOf(`lib${library}.so.${version}`);
        expect(at).toBeGreaterThan(0);
        bytes.write('9', at + `lib${library}.so.`.length);
        writeFileSync(join(folder, file), bytes);
      }
      const open = `new (require('./pathex.node').Device)({ threads: 1 }).open().catch((e) => console.log(e.message))`;
      const { stdout } = spawnSync(process.execPath, ['-e', open], { cwd: folder, encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      return stdout.trim();
    };
    expect(refusalOf('dnnl', '2')).toBe(
      'cpu kernels: libdnnl.so.9: cannot open shared object file: No such file or directory; install oneDNN (Debian, Ubuntu: libdnnl-dev), or build the addon for what is here: npx pathex setup --build',
    );
    expect(refusalOf('gomp', '1')).toMatch(
      /; install GNU's OpenMP \(Debian, Ubuntu: libgomp1\), or build the addon for what is here: npx pathex setup --build$/,
    );
  });

  it('stops at an addon that is there and does not load: the next one is no silent substitute', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pathex-'));
    const broken = join(folder, 'pathex.node');
    writeFileSync(broken, 'no library');
    expect(() => loadNative([broken, addonPath])).toThrow(
      /^native addon: none could be loaded \(.*pathex\.node: .*\); build it anew for this machine: npx pathex setup --build$/,
    );
    rmSync(folder, { recursive: true });
  });

  it('names the glibc that a prebuilt addon asks for, and the one that is here', () => {
    const said = `/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.99' not found (required by /x/pathex.node)`;
    expect(remedyFor([`/x/pathex.node: ${said}`])).toMatch(
      /^this addon asks for GLIBC_2\.99, which glibc 2\.\d+ here does not have; build one for this machine: npx pathex setup --build$/,
    );
    const musl = 'Error loading shared library ld-linux-x86-64.so.2: No such file or directory';
    expect(remedyFor([`/x/pathex.node: ${musl}`])).toMatch(/^this addon needs glibc and /);
  });
});
