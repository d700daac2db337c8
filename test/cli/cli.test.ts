import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { key, words } from '../../src/random.js';

/** The command line as a user meets it: the compiled program in a process of its own, on a small data set in the official layout. */
const MAIN = resolve('dist/cli/main.js');

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let data: string;

const pathex = (...args: readonly string[]): Promise<Result> =>
  new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, env: { ...process.env, PATHEX_DATA: '' }, timeout: 55_000 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }));
  });

/** Records of the official layout whose first colour plane tells the class. */
const records = (count: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(count * 3073);
  const noise = new Uint8Array(words(key(seed), (count * 3072) / 4).buffer);
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = i % 10;
    bytes.set(noise.subarray(i * 3072, (i + 1) * 3072), i * 3073 + 1);
    bytes.fill(25 * (i % 10), i * 3073 + 1, i * 3073 + 1 + 512);
  }
  return bytes;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-cli-'));
  data = join(folder, 'cifar-10-batches-bin');
  await mkdir(data);
  await writeFile(join(data, 'data_batch_1.bin'), records(60, 1));
  await writeFile(join(data, 'test_batch.bin'), records(20, 2));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = (text: string): readonly string[] => text.trim().split('\n');

describe('a session with the command line', () => {
  const small = ['--network', 'resnet8-w4', '--threads', '1'] as const;

  test('summary lists layers and counts', async () => {
    const { code, stdout } = await pathex('summary', '--network', 'resnet20');
    expect(code).toBe(0);
    expect(stdout).toContain('resnet20: 272,474 learnt parameters, 270,896 of them prunable weights');
  });

  test('prune, train with a checkpoint, evaluate', async () => {
    const pruned = await pathex('prune', ...small, '--data', data, '--examples', '2', '--rounds', '3', '--sparsity', '80', '--out', 'ticket.safetensors');
    expect(pruned.stderr + pruned.stdout).toContain('wrote ticket.safetensors');
    expect(pruned.code).toBe(0);
    const trained = await pathex('train', ...small, '--data', data, '--weights', 'ticket.safetensors', '--epochs', '2', '--batch', '20', '--checkpoint', 'runs/a', '--out', 'trained.safetensors');
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/test accuracy \d+\.\d\d % after 2 epochs/);
    expect((await readdir(join(folder, 'runs'))).sort()).toEqual(['a-0002.safetensors', 'a.json']);
    const accuracy = /test accuracy (\d+\.\d\d) %/.exec(trained.stdout)![1]!;
    const evaluated = await pathex('evaluate', ...small, '--data', data, '--weights', 'trained.safetensors');
    expect(evaluated.code).toBe(0);
    expect(evaluated.stdout).toContain(`accuracy ${accuracy} %`);
    const left = await pathex('summary', '--network', 'resnet8-w4', '--weights', 'trained.safetensors');
    expect(left.stdout).toContain('density %');
  });

  test('Ctrl-C ends training in order, and resuming gives the weights of an unbroken run', async () => {
    const args = ['train', ...small, '--data', data, '--epochs', '40', '--batch', '10', '--seed', '5'];
    expect((await pathex(...args, '--out', 'whole.safetensors')).code).toBe(0);
    const child = spawn(process.execPath, [MAIN, ...args, '--checkpoint', 'runs/b', '--out', 'broken.safetensors'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const exit = new Promise<number | null>((done) => child.once('exit', done));
    let stderr = '';
    child.stderr.on('data', (d: Buffer) => { stderr += d.toString(); });
    while (!existsSync(join(folder, 'runs/b.json')) && child.exitCode === null) await new Promise((r) => setTimeout(r, 5));
    child.kill('SIGINT');
    expect(await exit).toBe(130);
    expect(stderr).toContain('pathex: interrupted');
    expect(existsSync(join(folder, 'broken.safetensors'))).toBe(false);
    const resumed = await pathex(...args, '--checkpoint', 'runs/b', '--resume', '--out', 'broken.safetensors');
    expect(resumed.code).toBe(0);
    expect(await readFile(join(folder, 'broken.safetensors'))).toEqual(await readFile(join(folder, 'whole.safetensors')));
  });

  test('start writes a report that says when its images are generated', async () => {
    const { code, stdout } = await pathex('start', '--synthetic', '--rounds', '2', '--epochs', '1', '--train-images', '128', '--threads', '1', '--out', 'reports');
    expect(code).toBe(0);
    for (const method of ['px', 'magnitude', 'random', 'dense']) expect(stdout).toContain(method);
    const [run] = await readdir(join(folder, 'reports'));
    const html = await readFile(join(folder, 'reports', run!, 'report.html'), 'utf8');
    expect(html).toContain('generated images, not CIFAR-10');
    expect(html).not.toMatch(/(src|href)="https?:/);
  });

  test('plan prints steps, and the graph after a pass', async () => {
    expect((await pathex('plan', '--network', 'resnet8-w4', '--of', 'px')).stdout).toMatch(/plan 'px\/select' version 1: \d+ steps/);
    expect((await pathex('plan', '--network', 'resnet8-w4', '--dump-after', 'simplify')).stdout).toMatch(/%\d+ = conv2d\(%\d+, %\d+\)/);
    expect((await pathex('plan', '--dump-after', 'magic')).code).toBe(1);
  });

  test('doctor says what is there and why something is not', async () => {
    const { code, stdout } = await pathex('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ok {4}device cpu: cpu \(oneDNN \d+\.\d+\.\d+, .+ threads?\)/);
    expect(stdout).toContain('no    device cuda');
  });

  test('every command has help', async () => {
    for (const command of ['start', 'prune', 'train', 'evaluate', 'summary', 'plan', 'doctor']) expect((await pathex(command, '--help')).stdout).toContain(`Usage: pathex ${command}`);
  });
});

describe('bad input is one line, a non-zero exit code, and nothing overwritten', () => {
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['unknown command', ['prun'], 2, /unknown command 'prun'/],
    ['unknown flag', ['prune', '--sparsty', '1'], 2, /unknown option '--sparsty'/],
    ['sparsity of 100 %', ['prune', '--sparsity', '100'], 2, /sparsity must be a number of per cent in \[0, 100\)/],
    ['sparsity that leaves no path', ['prune', '--method', 'magnitude', '--network', 'resnet8-w1', '--sparsity', '99.99999'], 1, /^pathex: COLLAPSE: prune: magnitude: the ticket has no path/m],
    ['unknown method', ['prune', '--method', 'foo'], 1, /^pathex: OPTION: method: 'foo' is unknown; choose px/],
    ['unknown network', ['summary', '--network', 'resnet21'], 1, /^pathex: OPTION: resnetCifar: depth 21 is not 6 n \+ 2/],
    ['unknown device', ['prune', '--device', 'cuda'], 1, /^pathex: OPTION: device: 'cuda' is unknown/],
    ['missing data folder', ['train', '--data', 'nowhere'], 1, /^pathex: DATA: CIFAR-10: .*nowhere/],
    ['missing weights', ['evaluate', '--synthetic', '--weights', 'none.safetensors'], 1, /^pathex: WEIGHTS: none\.safetensors: /],
    ['resume without checkpoint', ['train', '--resume'], 1, /^pathex: OPTION: resume: name the checkpoint/],
    ['single-shot method with rounds', ['prune', '--method', 'snip', '--synthetic', '--rounds', '2'], 1, /^pathex: OPTION: prune: snip is single-shot/],
    ['unwritable output', ['prune', '--method', 'magnitude', '--out', '/proc/none/t.safetensors'], 1, /^pathex: OUTPUT: \/proc\/none\/t\.safetensors/],
    ['two sources of data', ['train', '--synthetic', '--data', 'x'], 1, /^pathex: OPTION: data: give either/],
    ['milestones of a one-cycle', ['train', '--schedule', 'one-cycle', '--milestones', '3'], 1, /^pathex: OPTION: milestones/],
  ];
  test.each(cases)('%s', async (_, args, code, message) => {
    const out = (args[0] === 'prune' || args[0] === 'train') && !args.includes('--out') ? ['--out', 'never.safetensors'] : [];
    const result = await pathex(...args, ...out);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
    expect(lines(result.stderr).filter((l) => !l.startsWith('pruning with')).length).toBeLessThanOrEqual(code === 2 ? 3 : 1); // a wrong flag also points to --help
    expect(existsSync(join(folder, 'never.safetensors'))).toBe(false);
  });

  test('an existing output is kept', async () => {
    await writeFile(join(folder, 'mine.safetensors'), 'precious');
    const { code, stderr } = await pathex('prune', '--method', 'magnitude', '--out', 'mine.safetensors');
    expect([code, stderr.trim()]).toEqual([1, 'pathex: OUTPUT: mine.safetensors: exists already; give another name, or --force to replace it']);
    expect(await readFile(join(folder, 'mine.safetensors'), 'utf8')).toBe('precious');
  });

  test.each([
    ['truncated', (b: Uint8Array) => b.subarray(0, b.length - 100), /DATA: .*test_batch\.bin/],
    ['with an impossible label', (b: Uint8Array) => { const c = b.slice(); c[3073] = 77; return c; }, /DATA: .*test_batch\.bin.*77/],
  ])('CIFAR-10 %s', async (name, damage, message) => {
    const bad = join(folder, `bad-${name.slice(0, 4)}`);
    await mkdir(bad);
    await writeFile(join(bad, 'data_batch_1.bin'), records(60, 1));
    await writeFile(join(bad, 'test_batch.bin'), damage(records(20, 2)));
    const { code, stderr } = await pathex('train', '--data', bad, '--out', 'never.safetensors');
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'never.safetensors'))).toBe(false);
  });

  test.each([
    ['truncated', (b: Uint8Array) => b.subarray(0, b.length - 10)],
    ['empty', () => new Uint8Array(0)],
    ['of another network', (b: Uint8Array) => b],
  ])('weights %s', async (name, damage) => {
    const good = await pathex('prune', '--method', 'magnitude', '--network', 'resnet8-w2', '--sparsity', '50', '--out', 'w.safetensors', '--force');
    expect(good.code).toBe(0);
    await writeFile(join(folder, 'bad.safetensors'), damage(await readFile(join(folder, 'w.safetensors'))));
    const { code, stderr } = await pathex('evaluate', '--synthetic', '--network', name === 'of another network' ? 'resnet20' : 'resnet8-w2', '--weights', 'bad.safetensors');
    expect([code, lines(stderr).length]).toEqual([1, 1]);
    expect(stderr).toMatch(/^pathex: WEIGHTS: bad\.safetensors: /);
  });
});
