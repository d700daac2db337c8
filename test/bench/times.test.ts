import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { prune } from '../../src/prune/prune.js';
import { integers, key, normal } from '../../src/random.js';
import type { Device, Executable, Store } from '../../src/runtime/device.js';
import { emulatedCuda } from '../devices/emulated.js';
import { callLog } from '../native/fake-cuda/build.js';
import { tinyNet } from '../train/tiny.js';

/**
 * How the benchmarks time a GPU, on one of g++ whose events are as far apart as FAKE_CUDA_ELAPSED says. It
 * reads dist/, which `npm test` has built.
 */

interface Times {
  readonly seconds: readonly number[];
  readonly host?: readonly number[];
}
interface Row {
  readonly min: number;
  readonly median: number;
  readonly count: number;
  readonly host?: { readonly min: number; readonly median: number };
}
interface Lib {
  readonly timeEach: (run: () => Promise<unknown>, n: number) => Promise<Times>;
  readonly timeQueued: (device: Device, run: () => Promise<unknown>, n: number) => Promise<Times>;
  readonly alternate: (
    ours: (n: number) => Promise<Times>,
    peer: { readonly run: (n: number) => Promise<Record<string, number[]>> } | null,
    size: { readonly turns: number; readonly perTurn: number },
  ) => Promise<unknown>;
  readonly printTimes: (
    title: string,
    times: unknown,
  ) => {
    readonly seconds: Record<string, Row>;
    readonly ratio: { readonly min: number; readonly median: number } | null;
  };
}
// The benchmarks are plain JavaScript: what they export is what Lib says.
const { timeEach, timeQueued, alternate, printTimes } = (await import(
  new URL('../../bench/lib.mjs', import.meta.url).href
)) as Lib;

describe('times by CUDA events', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pathex-times-'));
  const log = callLog(join(folder, 'log'));
  let [device, store, executable]: [Device?, Store?, Executable?] = [];
  beforeAll(async () => {
    process.env['FAKE_CUDA_LOG'] = join(folder, 'log');
    device = await emulatedCuda(join(folder, 'cache'), 'strict', 'one');
    const x = ops.state('x', [3]);
    executable = await device.compile(
      program('grow', { outputs: { y: x }, next: [[x, ops.add(x, ops.scalar(1))]] }),
    );
    store = device.store();
    await store.add('x', { shape: [3], dtype: 'f32' }, [0, 0, 0]);
  }, 120_000); // the driver may have to be compiled
  afterEach(() => {
    delete process.env['FAKE_CUDA_ELAPSED'];
  });
  afterAll(async () => {
    await device?.dispose();
    expect(log.take().at(-1)).toBe('left:');
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (): Promise<unknown> => executable!.run(store!);

  test('are a share of the time between two marks around all runs, with the host’s time beside it', async () => {
    const start = performance.now();
    const { seconds, host } = await timeQueued(device!, run, 8);
    expect([seconds.length, host!.length]).toEqual([1, 1]);
    expect(seconds[0]).toBeGreaterThan(0);
    expect(seconds[0]).toBeLessThanOrEqual(host![0]!);
    expect(8 * host![0]!).toBeLessThanOrEqual((performance.now() - start) / 1000);
    expect(Array.from(await store!.read('x'))).toEqual([8, 8, 8]);
    process.env['FAKE_CUDA_ELAPSED'] = '4'; // milliseconds
    expect((await timeQueued(device!, run, 8)).seconds).toEqual([expect.closeTo(0.0005, 12)]);
  });

  test('are what the ratio is made of; the host’s time is none of its sides', async () => {
    process.env['FAKE_CUDA_ELAPSED'] = '4';
    const said = vi.spyOn(console, 'log').mockReturnValue();
    const times = await alternate(
      (n) => timeQueued(device!, run, n),
      { run: () => Promise.resolve({ eager: [0.003], graphs: [0.001] }) },
      { turns: 3, perTurn: 8 },
    );
    const { seconds, ratio } = printTimes('steps', times);
    const lines = said.mock.calls.map(([line]) => String(line));
    said.mockRestore();
    expect(Object.keys(seconds)).toEqual(['pathex', 'torch eager', 'torch graphs']);
    expect(seconds['pathex']).toMatchObject({ count: 3, host: { min: expect.any(Number) } });
    expect(seconds['torch graphs']).toEqual({ min: 0.001, median: 0.001, count: 3 });
    expect([ratio!.min, ratio!.median]).toEqual([expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)]);
    expect(lines[1]).toMatch(/min ms {2}median ms {3}n {3}host min, median ms$/);
    expect(lines[2]).toMatch(/^pathex +0\.500 +0\.500 +3 +\d+\.\d+ +\d+\.\d+$/);
    expect(lines[4]).toMatch(/^torch graphs +1\.000 +1\.000 +3$/);
  });

  test('of pruning rounds lie end to end: their sum spans the programs of all of them', async () => {
    const data = [
      { images: Float32Array.from(normal(key(3), 6 * 108)), labels: Int32Array.from(integers(key(4), 6, 3)) },
    ];
    const find = () =>
      prune(tinyNet, initialise(tinyNet, 2), device!, { method: 'px', density: 0.4, rounds: 6, data });
    log.take();
    const ticket = await find();
    for (const { seconds } of ticket.rounds) expect(seconds).toBeGreaterThan(0);
    expect(ticket.rounds.reduce((n, r) => n + r.seconds, 0)).toBeLessThan(ticket.seconds);
    // a run is a graph and the event of its end; after the two programs of a round comes its mark
    const given = log
      .take()
      .flatMap((line) => ({ cuGraphLaunch: ['graph'], cuEventRecord: ['event'] })[line] ?? []);
    expect(given.join(' ')).toContain(
      Array.from({ length: 5 }, () => 'graph event graph event event').join(' '),
    );
    process.env['FAKE_CUDA_ELAPSED'] = '4';
    for (const { seconds } of (await find()).rounds) expect(seconds).toBeCloseTo(0.004, 12); // one mark a round
  });
});

test('times of a device without a queue are of each run, and printed as they are', async () => {
  const times = await timeEach(() => new Promise((resolve) => setTimeout(resolve, 2)), 3);
  expect(times.seconds).toHaveLength(3);
  for (const s of times.seconds) expect(s).toBeGreaterThan(0.001);
  const said = vi.spyOn(console, 'log').mockReturnValue();
  const { seconds, ratio } = printTimes(
    'runs',
    await alternate(() => Promise.resolve(times), null, { turns: 2, perTurn: 3 }),
  );
  expect(said.mock.calls[1]![0]).toMatch(/ n$/);
  said.mockRestore();
  expect(Object.keys(seconds['pathex']!)).toEqual(['min', 'median', 'count']);
  expect([seconds['pathex']!.count, ratio]).toEqual([6, null]);
});
