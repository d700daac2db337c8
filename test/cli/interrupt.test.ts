import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { key, words } from '../../src/random.js';
import { exitCodeOf } from './exit-code.js';

/**
 * What becomes of a command that is interrupted, or cannot print: the compiled program in a process of its
 * own.
 */
const MAIN = resolve('dist/cli/main.js');
vi.setConfig({ testTimeout: 120_000 });

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
const small = ['--network', 'resnet8-w4', '--threads', '1', '--data', 'my data'] as const;

const pathex = (...args: readonly string[]): Promise<Result> =>
  new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, timeout: 110_000 }, (error, stdout, stderr) =>
      done({ code: exitCodeOf(error), stdout, stderr }),
    );
  });

/** A line that a shell runs, where `pathex` is the program under test. */
const shell = (line: string): Promise<Result> =>
  new Promise((done) => {
    execFile(
      'sh',
      ['-c', `pathex() { "${process.execPath}" "${MAIN}" "$@"; }; ${line}`],
      { cwd: folder, timeout: 110_000 },
      (error, stdout, stderr) => done({ code: exitCodeOf(error), stdout, stderr }),
    );
  });

/** A command that gets a signal as soon as `when` holds of what it has written. */
const interrupted = async (
  signal: NodeJS.Signals,
  when: (stdout: string, stderr: string) => boolean,
  ...args: readonly string[]
): Promise<Result> => {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = new Promise<number | null>((done) => child.once('close', done));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (d: Buffer) => void (stdout += d.toString()));
  child.stderr.on('data', (d: Buffer) => void (stderr += d.toString()));
  while (!when(stdout, stderr) && child.exitCode === null) await new Promise((r) => setTimeout(r, 5));
  child.kill(signal);
  return { code: await exit, stdout, stderr };
};
const lastLine = ({ stderr }: Result): string => stderr.trim().split('\n').at(-1)!;

const records = (count: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(count * 3073);
  bytes.set(new Uint8Array(words(key(seed), Math.ceil(bytes.length / 4)).buffer).subarray(0, bytes.length));
  for (let i = 0; i < count; i++) bytes[i * 3073] = i % 10;
  return bytes;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-interrupt-'));
  await mkdir(join(folder, 'my data'));
  await writeFile(join(folder, 'my data', 'data_batch_1.bin'), records(60, 1));
  await writeFile(join(folder, 'my data', 'test_batch.bin'), records(20, 2));
  for (const [seed, out] of [
    ['1', "it's a.safetensors"],
    ['2', 'b.safetensors'],
  ] as const) {
    const args = ['--method', 'magnitude', '--sparsity', '80', '--seed', seed, '--out', out];
    expect((await pathex('prune', ...small.slice(0, 4), ...args)).code).toBe(0);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('training that is interrupted', () => {
  const args = ['--epochs', '40', '--batch', '10', '--rate', '0.05', '--no-augment', '--seed', '5'] as const;
  const whole = async (): Promise<Buffer> => {
    if (!existsSync(join(folder, 'whole'))) {
      const run = await pathex('train', ...small, ...args, '-w', "it's a.safetensors", '--out', 'whole');
      expect(run.code).toBe(0);
    }
    return readFile(join(folder, 'whole'));
  };
  const killed = async (signal: NodeJS.Signals, at: string, out: string): Promise<Result> =>
    interrupted(
      signal,
      () => existsSync(join(folder, `${at}.json`)),
      'train', ...small, ...args, '-w', "it's a.safetensors", '--checkpoint', at, '--out', out,
    ); // prettier-ignore

  test.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])(
    'by %s says the command that continues it, which gives the bits of an unbroken run',
    async (signal, code) => {
      const run = await killed(signal, `runs of ${signal}/a`, `out ${signal}`);
      expect(run.code).toBe(code);
      const line = lastLine(run);
      expect(line).toBe(
        `pathex: interrupted; continue with: pathex train --network resnet8-w4 --weights 'it'\\''s a.safetensors' --epochs 40 --checkpoint 'runs of ${signal}/a' --out 'out ${signal}' --batch 10 --rate 0.05 --no-augment --data 'my data' --seed 5 --threads 1 --resume`,
      );
      expect(existsSync(join(folder, `out ${signal}`))).toBe(false);
      expect((await readdir(join(folder, `runs of ${signal}`))).sort()).toEqual([
        expect.stringMatching(/^a-\d{4}\.safetensors$/),
        'a.json',
      ]);
      const again = await shell(line.slice(line.indexOf('pathex train')));
      expect(again.code).toBe(0);
      expect((await readFile(join(folder, `out ${signal}`))).equals(await whole())).toBe(true);
    },
  );

  test('goes on without its weights file, and never with another', async () => {
    await killed('SIGTERM', 'lone', 'lone.out');
    const rest = [
      'train',
      ...small,
      ...args,
      '--checkpoint',
      'lone',
      '--resume',
      '--out',
      'lone.out',
    ] as const;
    const other = await pathex(...rest, '--weights', 'b.safetensors');
    expect([other.code, lastLine(other)]).toEqual([
      1,
      expect.stringMatching(
        /^pathex: CHECKPOINT: lone\.json: made with other settings: there weights=.*, masks=.*, here weights=.*, masks=.* \(it started from it's a\.safetensors\); repeat them, or choose another path$/,
      ),
    ]);
    expect(existsSync(join(folder, 'lone.out'))).toBe(false);
    const alone = await pathex(...rest);
    expect([alone.code, alone.stderr]).toEqual([0, expect.not.stringContaining('CHECKPOINT')]);
    expect((await readFile(join(folder, 'lone.out'))).equals(await whole())).toBe(true);
  });

  test('before its first checkpoint, or without one, says what to do', async () => {
    const started = (stdout: string): boolean => stdout.includes('device:');
    const early = await interrupted(
      'SIGTERM', started, 'train', ...small, '--epochs', '5000', '--batch', '60', '--out', 'none',
    ); // prettier-ignore
    expect([early.code, lastLine(early)]).toEqual([
      143,
      "pathex: interrupted; nothing was kept; to be able to continue next time: pathex train --network resnet8-w4 --epochs 5000 --out none --batch 60 --data 'my data' --threads 1 --checkpoint none.checkpoint",
    ]);
  });
});

test.each<[string, readonly string[], RegExp]>([
  [
    'prune',
    ['--rounds', '5000', '--examples', '2', '--out', 'never', '-O', 'mode=px-gated'],
    /^pathex: interrupted; nothing was written; begin again with: pathex prune --network resnet8-w4 --rounds 5000 --option mode=px-gated --examples 2 --out never --data 'my data' --threads 1$/,
  ],
  [
    'prune',
    ['--method', 'imp', '--epochs', '2000', '--batch', '20', '--out', 'never'],
    /^pathex: interrupted; nothing was written; begin again with: pathex prune .*--method imp .*--epochs 2000/,
  ],
])('%s %j ends in order', async (command, args, message) => {
  const run = await interrupted(
    'SIGTERM',
    (stdout) => stdout.includes('device:'),
    command,
    ...small,
    ...args,
  );
  expect([run.code, lastLine(run)]).toEqual([143, expect.stringMatching(message)]);
  expect(existsSync(join(folder, 'never'))).toBe(false);
});

test('a device that never waits is reached by signals', async () => {
  const run = await interrupted(
    'SIGTERM', (stdout) => stdout.includes('device:'),
    'train', '--network', 'resnet8-w1', '--device', 'reference', '--data', 'my data', '--batch', '10',
    '--epochs', '4000', '--out', 'never',
  ); // prettier-ignore
  expect([run.code, lastLine(run)]).toEqual([143, expect.stringContaining('interrupted; nothing was kept')]);
});

describe('output that cannot be printed', () => {
  const full = 'pathex: OUTPUT: standard output: cannot be written: no space left on the device (ENOSPC); ';
  test.each<[string, string, string | null]>([
    [
      'train',
      "--data 'my data' --epochs 1 --batch 20 --out full.trained --checkpoint full/a",
      'full.trained',
    ],
    ['prune', '--method magnitude --out full.ticket', 'full.ticket'],
    [
      'compare',
      "--data 'my data' --methods magnitude --epochs 1 --batch 20 --out full.report",
      'full.report/report.html',
    ],
    ['evaluate', "--data 'my data' --weights b.safetensors", null],
    ['summary', '', null],
  ])('costs %s nothing but the print', async (command, args, result) => {
    const threads = command === 'summary' ? '' : '--threads 1';
    const run = await shell(`pathex ${command} --network resnet8-w4 ${threads} ${args} > /dev/full`);
    expect(run.code).toBe(1);
    expect(lastLine(run)).toContain(full);
    expect(run.stderr).not.toMatch(/^ +at /m);
    if (result !== null) expect(existsSync(join(folder, result))).toBe(true);
  });

  test('nor do progress and messages', async () => {
    const run = await shell(
      "pathex train --network resnet8-w4 --threads 1 --data 'my data' --epochs 1 --batch 20 --out full.quiet 2> /dev/full",
    );
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('wrote full.quiet')]);
    expect((await shell('pathex nonsense 2> /dev/full')).code).toBe(2);
    expect((await shell('pathex methods > /dev/full 2>&1')).code).toBe(1);
  });
});

test('a comparison keeps rows of the same images, device and threads only', async () => {
  await mkdir(join(folder, 'images'));
  const images = records(60, 3);
  await writeFile(join(folder, 'images', 'data_batch_1.bin'), images);
  await writeFile(join(folder, 'images', 'test_batch.bin'), records(20, 2));
  const args = [
    'compare', '--network', 'resnet8-w4', '--sparsity', '50', '--data', 'images', '--methods', 'magnitude', '--batch', '20',
    '--epochs', '1', '--out', 'rows',
  ] as const; // prettier-ignore
  expect((await pathex(...args, '--threads', '1')).code).toBe(0);
  images[5000] = images[5000]! ^ 1;
  await writeFile(join(folder, 'images', 'data_batch_1.bin'), images);
  const other = await pathex(...args, '--threads', '1', '--resume');
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^pathex: CHECKPOINT: rows\/report\.json: made with other settings: there images=[0-9a-f]{12}\.\.\., here images=[0-9a-f]{12}\.\.\.; repeat them, or choose another folder$/m,
    ),
  ]);
  const precise = await pathex(...args, '--device', 'reference', '--resume');
  expect(precise.stderr).toMatch(/there .*device=cpu \(.*1 thread\), here .*device=reference/);
});

test('a comparison from the start replaces no ticket that is there', async () => {
  await mkdir(join(folder, 'tickets'));
  await writeFile(join(folder, 'tickets', 'px-seed0.safetensors'), 'precious');
  const run = await pathex('compare', '--synthetic', '--methods', 'magnitude,px', '--out', 'tickets');
  expect([run.code, run.stderr]).toEqual([
    1,
    'pathex: OUTPUT: tickets/px-seed0.safetensors: exists already; continue it with --resume, or choose another folder\n',
  ]);
  expect(await readFile(join(folder, 'tickets', 'px-seed0.safetensors'), 'utf8')).toBe('precious');
});

test('two trainings into one checkpoint: the second is refused and names the first', async () => {
  const args = ['train', ...small, '--epochs', '5000', '--batch', '60', '--checkpoint', 'two/a'] as const;
  const first = spawn(process.execPath, [MAIN, ...args, '--out', 'first'], { cwd: folder, stdio: 'ignore' });
  const exit = new Promise((done) => first.once('exit', done));
  while (!existsSync(join(folder, 'two/a.json')) && first.exitCode === null)
    await new Promise((r) => setTimeout(r, 5));
  const second = await pathex(...args, '--out', 'second', '--resume');
  expect([second.code, lastLine(second)]).toEqual([
    1,
    `pathex: CHECKPOINT: two/a.json: process ${first.pid} is writing it; wait until it ends, or choose another path`,
  ]);
  first.kill('SIGKILL');
  await exit;
  const third = await interrupted(
    'SIGTERM',
    (stdout) => stdout.includes('device:'),
    ...args,
    '--out',
    'third',
    '--resume',
  );
  expect([third.code, lastLine(third)]).toEqual([
    143,
    expect.stringContaining('continue with: pathex train'),
  ]);
  expect(
    (await readdir(join(folder, 'two'))).filter((n) => !/^a(\.json|-\d{4}\.safetensors)$/.test(n)),
  ).toEqual([]);
});
