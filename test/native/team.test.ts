import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, expect, it } from 'vitest';

import type { CallAttributes } from '../../src/plan/calls.js';
import { addonPaths } from '../../src/runtime/native.js';
import { callOf, planOf } from './plans.js';

/**
 * Teams smaller than asked for: convolutions end, with the same answer, and the device says what limited it.
 */

// The library's, not the direct kernels': those want multiples of 16 channels.
const conv: CallAttributes<'conv2d'> = {
  ...{ n: 32, h: 16, w: 16, c: 5, oh: 16, ow: 16, f: 7, kh: 3, kw: 3 },
  ...{ stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1] },
};
const plan = planOf(
  [
    { in: 'input', shape: [conv.n, conv.h, conv.w, conv.c] },
    { in: 'input', shape: [conv.f, conv.kh, conv.kw, conv.c] },
    { in: 'output', shape: [conv.n, conv.oh, conv.ow, conv.f] },
    { in: 'output', shape: [conv.n, conv.h, conv.w, conv.c] },
    { in: 'output', shape: [conv.f, conv.kh, conv.kw, conv.c] },
  ],
  [
    callOf('conv2d', [0, 1], [2], conv),
    callOf('conv2dInputGrad', [2, 1], [3], conv),
    callOf('conv2dWeightGrad', [0, 2], [4], conv),
  ],
);

const addonPath = addonPaths().find((p) => p.includes('Release'))!;
const code = `const { Device } = require(${JSON.stringify(addonPath)}); const plan = ${JSON.stringify(plan)};
  (async () => {
    const device = new Device({ threads: Number(process.env.ASKED) });
    const description = await device.open();
    const executable = await device.load(plan);
    const arrays = plan.buffers.map((b) => new Float32Array(b.shape.reduce((x, y) => x * y, 1)).map((_, i) => Math.sin(i)));
    for (let i = 0; i < 5; i++) await device.run(executable, [], arrays.slice(0, 2), arrays.slice(2));
    await device.dispose();
    console.log(JSON.stringify({ description, norms: arrays.slice(2).map((a) => Math.hypot(...a.map((x, i) => x * (1 + i % 3)))) }));
  })();`;

interface Answer {
  readonly description: string;
  readonly norms: readonly number[];
}
const answer = (
  environment: Readonly<Record<string, string>>,
  limit: { readonly command: readonly string[]; readonly uid?: number } = { command: [] },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [command = '', ...args] = [...limit.command, process.execPath, '-e', code];
    const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], ASKED: '2', ...environment };
    const child = spawn(command, args, {
      env,
      ...(limit.uid === undefined ? {} : { uid: limit.uid }),
      timeout: 20_000,
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (d: Buffer) => {
        out += d.toString();
      });
    child.on('close', (status, signal) => {
      if (status === 0)
        resolve(JSON.parse(out.trim().split('\n').at(-1)!) as Answer); // what `code` prints
      else reject(new Error(`ended with ${status ?? signal}: ${out}`));
    });
  });

/** A user that owns no process, so that a limit on its processes counts this one's threads alone. */
const nobody = 54_321;
const canLimit =
  process.getuid?.() === 0 &&
  spawnSync('prlimit', ['--version']).status === 0 &&
  spawnSync(process.execPath, ['-e', `require('fs').accessSync(${JSON.stringify(addonPath)})`], {
    uid: nobody,
  }).status === 0;

describe('a team', () => {
  const one = answer({ ASKED: '1' });
  const same = async (given: Answer): Promise<string> => {
    const { norms } = await one;
    given.norms.forEach((norm, i) => expect(norm / norms[i]!).toBeCloseTo(1, 5));
    return given.description.split(', ').slice(2).join(', ');
  };

  it('has the threads that were asked for', async () => {
    expect(await same(await one)).toBe('1 thread');
    expect(await same(await answer({}))).toBe('2 threads');
    expect(await same(await answer({ ASKED: '5' }))).toBe('5 threads');
  });

  it.each([
    [{ OMP_THREAD_LIMIT: '1' }, '1 of 2 threads asked (OMP_THREAD_LIMIT)'],
    [{ OMP_THREAD_LIMIT: '3', ASKED: '4' }, '3 of 4 threads asked (OMP_THREAD_LIMIT)'],
    [{ OMP_MAX_ACTIVE_LEVELS: '0' }, '1 of 2 threads asked (OMP_MAX_ACTIVE_LEVELS)'],
    [{ OMP_PLACES: '{0}' }, '1 of 2 threads asked (OMP_PLACES)'],
    [
      { OMP_STACKSIZE: '100000G' },
      '1 of 2 threads asked (the system grants no more, see ulimit -u, pids.max and OMP_STACKSIZE)',
    ],
  ])('%o', async (environment, description) => {
    expect(await same(await answer(environment))).toBe(description);
  });

  it.each([
    { OMP_DYNAMIC: 'true' },
    { OMP_DYNAMIC: 'true', ASKED: '4' },
    { OMP_NUM_THREADS: '2,1' },
    { OMP_NUM_THREADS: '1' },
    { OMP_NESTED: 'true', OMP_NUM_THREADS: '2,2' },
    { OMP_PROC_BIND: 'true' },
    { OMP_WAIT_POLICY: 'active' },
    { OMP_SCHEDULE: 'static,7' },
  ])('%o limits nothing', async (environment: Readonly<Record<string, string>>) => {
    expect(await same(await answer(environment))).toBe(`${environment['ASKED'] ?? 2} threads`);
  });

  it.skipIf(!canLimit)('a limit on processes', async () => {
    const limited = (processes: number): Promise<Answer> =>
      answer({ ASKED: '16' }, { command: ['prlimit', `--nproc=${processes}`], uid: nobody });
    expect(await same(await limited(200))).toBe('16 threads');
    expect(await same(await limited(20))).toMatch(/^[2-9] of 16 threads asked \(the system grants no more/);
  });
});
