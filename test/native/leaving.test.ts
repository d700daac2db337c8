import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { addonPaths } from '../../src/runtime/native.js';
import { callOf, fusedOf, planOf } from './plans.js';

/**
 * Ends of environments, at any moment: no abort, no hang, no thread left. Child processes, since an abort
 * ends all.
 */

const plan = planOf(
  [
    { in: 'state', shape: [100] },
    { in: 'input', shape: [100] },
    { in: 'output', shape: [100] },
  ],
  [
    fusedOf({
      domain: [1, 100, 1],
      loads: [
        { buffer: 0, strides: [0, 1, 0] },
        { buffer: 1, strides: [0, 1, 0] },
      ],
      code: [{ op: 'add', args: [0, 1] }],
      stores: [
        { register: 2, buffer: 0 },
        { register: 2, buffer: 2 },
      ],
    }),
  ],
);
const matmuls = (size: number, steps: number): ReturnType<typeof planOf> =>
  planOf(
    [
      { in: 'arena', shape: [size, size] },
      { in: 'arena', shape: [size, size] },
    ],
    Array.from({ length: steps }, () =>
      callOf('matmul', [0, 0], [1], { m: size, n: size, k: size, transposeA: false, transposeB: false }),
    ),
  );

const addonPath = addonPaths().find((p) => p.includes('Release'))!;
interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
}
const node = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000 });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (d: Buffer) => {
        out += d.toString();
      });
    child.on('close', (code, signal) => resolve({ code, signal, out }));
  });
const script = (code: string, ...flags: readonly string[]): Promise<Ended> =>
  node(
    ...flags,
    '-e',
    `const { Device } = require(${JSON.stringify(addonPath)}); const slow = ${JSON.stringify(matmuls(600, 400))};
     const threads = () => require('fs').readdirSync('/proc/self/task').length;
     ${code}`,
  );

describe('worker threads that end while they work', () => {
  const main = fileURLToPath(new URL('./leaving/main.mjs', import.meta.url));
  const ends = async (count: number, atOnce: number, end: string): Promise<unknown> => {
    const given = { addonPath, plan, slow: matmuls(64, 5), count, atOnce, end };
    const { code, signal, out } = await node(main, JSON.stringify(given));
    expect({ code, signal, out }).toMatchObject({ code: 0, signal: null });
    return JSON.parse(out.trim().split('\n').at(-1)!);
  };

  it('50 terminations, one after another', async () => {
    expect(await ends(50, 1, 'none')).toEqual({ exits: [], leaked: 0 });
  });
  it('terminations of four at once', async () => {
    expect(await ends(20, 4, 'none')).toEqual({ exits: [], leaked: 0 });
  });
  it('errors that nobody catches', async () => {
    const exits = ['nobody catches this'];
    expect(await ends(10, 2, 'throw')).toEqual({ exits, leaked: 0 });
    expect(await ends(10, 2, 'reject')).toEqual({ exits, leaked: 0 });
  });
  it('process.exit inside of them', async () => {
    expect(await ends(10, 2, 'exit')).toEqual({ exits: [3], leaked: 0 });
  });
  it('the main thread ends, or exits, beside them', async () => {
    const start = `const { Worker } = require('worker_threads');
      const workers = Array.from({ length: 3 }, () => new Worker(${JSON.stringify(fileURLToPath(new URL('./leaving/worker.mjs', import.meta.url)))},
        { workerData: ${JSON.stringify({ addonPath, plan, slow: matmuls(64, 5), end: 'none' })} }));`;
    const unref = 'for (const w of workers) w.unref(); setTimeout(() => undefined, 150);';
    expect(await script(start + unref)).toMatchObject({ code: 0, signal: null });
    const exit = "workers[2].on('message', () => setTimeout(() => process.exit(7), 20));";
    expect(await script(start + exit)).toMatchObject({ code: 7, signal: null });
  });
});

describe('a process that ends', () => {
  it('does not wait for the rest of a run', async () => {
    // 400 products of 0.4 thousand million operations: a second or more
    const code = `const device = new Device(); device.load(slow).then((e) => {
      for (let i = 0; i < 40; i++) device.run(e, [], [], []);
      setTimeout(() => { const start = Date.now(); process.on('exit', () => console.log(Date.now() - start < 500)); process.exit(0); }, 50); });`;
    expect(await script(code)).toEqual({ code: 0, signal: null, out: 'true\n' });
  });
  it('leaves a call behind that does not come back', async () => {
    const attributes = { n: 1, h: 400, w: 400, c: 64, oh: 400, ow: 400, f: 64, kh: 31, kw: 31 };
    const long = planOf(
      [
        { in: 'arena', shape: [400, 400, 64] },
        { in: 'arena', shape: [64, 31, 31, 64] },
        { in: 'arena', shape: [400, 400, 64] },
      ],
      [
        callOf('conv2d', [0, 1], [2], {
          ...attributes,
          ...{ stride: [1, 1], dilation: [1, 1], padding: [15, 15, 15, 15] },
        }),
      ],
    ); // over a million million operations
    const code = `const device = new Device(); device.load(${JSON.stringify(long)}).then((e) => {
      device.run(e, [], [], []);
      setTimeout(() => { const start = Date.now(); process.on('exit', () => console.log(Date.now() - start < 4500)); process.exit(9); }, 100); });`;
    expect(await script(code)).toEqual({ code: 9, signal: null, out: 'true\n' });
  });
  it('refuses new work from an exit handler', async () => {
    const code = `const device = new Device(); device.open().then(() => process.on('exit', () => {
      for (const work of [() => device.open(), () => new Device()]) try { work(); } catch (e) { console.log(e.message); } }));`;
    expect(await script(code)).toMatchObject({
      code: 0,
      out: 'open: the process is about to exit; finish the work before\nDevice: the process is about to exit; open devices before\n',
    });
  });
});

describe('a device that is dropped without dispose', () => {
  it('gives its thread and its memory back when it is collected', async () => {
    const code = `const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
      (async () => {
        await new Device().open().then(() => sleep(50)); gc(); await sleep(50);
        const before = threads();
        const most = await (async () => {
          const devices = Array.from({ length: 200 }, () => new Device({ threads: 2 }));
          for (const d of devices) { const b = d.allocate(4096); await d.write(b, new Float32Array(1024)); await d.load(slow); }
          return threads(); })();
        await sleep(0); gc();
        for (let i = 0; i < 100 && threads() > before; i++) await sleep(20);
        console.log(most - before >= 200, threads() - before);
      })();`;
    expect(await script(code, '--expose-gc')).toEqual({ code: 0, signal: null, out: 'true 0\n' });
  });

  it('is heard of by the collector before there are hundreds', async () => {
    const code = `(async () => {
      const before = threads();
      for (let i = 0; i < 200; i++) await new Device({ threads: 1 }).open();
      console.log(threads() - before < 100);
    })();`;
    expect(await script(code)).toEqual({ code: 0, signal: null, out: 'true\n' });
  });
});
