import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isOfNpm } from '../../src/cli/launcher.js';

/**
 * Commands as users start and end them: by npm's own launchers, while data are on their way, and with what
 * does not exist.
 */
const MAIN = resolve('dist/cli/main.js');
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-launcher-'));
  await mkdir(join(folder, 'data'));
  const records = new Uint8Array(200 * 3073).map((_, i) => (i % 3073 === 0 ? (i / 3073) % 10 : i % 251));
  for (const name of ['data_batch_1.bin', 'test_batch.bin'])
    await writeFile(join(folder, 'data', name), records);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly last: string;
}
/**
 * The end of a process and of all that holds its output: its exit code, as a shell has it, and the last line
 * of stderr.
 */
const ended = async (
  child: ChildProcess,
  when: (out: string) => boolean = () => false,
  end: () => void = () => void child.kill('SIGTERM'),
): Promise<Ended> => {
  let [out, err] = ['', ''];
  child.stderr!.on('data', (d: Buffer) => void (err += d.toString()));
  child.stdout!.on('data', (d: Buffer) => {
    out += d.toString();
    if (when(out)) end();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]; // what Node gives
  return { code: signal === 'SIGTERM' ? 143 : code, last: err.trim().split('\n').at(-1)! };
};

describe('SIGTERM to what npm starts', () => {
  const isUnderWay = (out: string): boolean => out.includes('device:');
  const args = (): readonly string[] => [
    ...['--network', 'resnet8-w4', '--data', join(folder, 'data'), '--method', 'synflow', '--rounds', '4000'],
    ...['--out', join(folder, 'never')],
  ];

  it('ends the command behind npx, which says how to run it again by npx', async () => {
    const child = spawn('npx', ['--no', 'pathex', 'prune', ...args()], { cwd: resolve('.') });
    const { code, last } = await ended(child, isUnderWay);
    expect(code).toBe(143);
    expect(last).toMatch(/^pathex: interrupted; nothing was written; begin again with: npx pathex prune /);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  it.each([
    ['the shell between alone', 1],
    ['all of them, as Ctrl-C is', -1],
  ])('to %s comes once', async (_, sign) => {
    const launcher = resolve('dist/cli/launcher.js');
    const code = `import { endWithLauncher } from ${JSON.stringify(launcher)};
      const controller = new AbortController();
      let signals = 0;
      process.on('SIGTERM', () => { signals++; controller.abort(); });
      endWithLauncher(controller.signal);
      console.log('ready');
      setTimeout(() => console.error(String(signals)), 1500);`;
    const env = { ...process.env, npm_lifecycle_script: 'pathex', NODE: process.execPath, CODE: code };
    const line = '"$NODE" --input-type=module -e "$CODE"; true'; // so that no shell takes node's place
    const shell = spawn('sh', ['-c', line], { env, detached: true }); // a group of its own
    const isReady = (out: string): boolean => out.includes('ready');
    const { last } = await ended(shell, isReady, () => process.kill(sign * shell.pid!, 'SIGTERM'));
    expect(last).toBe('1');
  });

  it('ends the command behind a script of package.json', async () => {
    const scripts = { prune: `node ${MAIN} prune ${args().join(' ')} && echo done` };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts }));
    const { last } = await ended(spawn('npm', ['run', 'prune'], { cwd: folder }), isUnderWay);
    expect(last).toMatch(/interrupted; nothing was written; begin again with: npx pathex prune /);
  });

  it('is of no concern to what npm does not start', () => {
    expect(isOfNpm({})).toBe(false);
    expect(isOfNpm({ npm_lifecycle_script: 'node scripts/setup.mjs && vitest run' })).toBe(false);
    expect(isOfNpm({ npm_lifecycle_script: "'pathex'" })).toBe(true);
  });

  it('start does not speak of rows that there are not', async () => {
    const start = [
      'start',
      '--data',
      join(folder, 'data'),
      '--rounds',
      '4000',
      '--out',
      join(folder, 'runs'),
    ];
    const child = spawn(process.execPath, [MAIN, ...start], { cwd: folder });
    const { code, last } = await ended(child, isUnderWay);
    expect(code).toBe(143);
    expect(last).toMatch(/^pathex: interrupted; no row was done; begin again with: pathex start /);
  });
});

it.each(['evaluate', 'train'])(
  'SIGTERM while %s waits for a download gives its own exit code',
  async (command) => {
    const server = createServer().listen(0, '127.0.0.1'); // a proxy that never answers
    await once(server, 'listening');
    const env = {
      ...process.env,
      HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      PATHEX_DATA: '',
      NO_PROXY: '',
      no_proxy: '',
    };
    const prune = [
      'prune',
      '--network',
      'resnet8-w2',
      '--method',
      'magnitude',
      '--sparsity',
      '50',
      '--out',
      `for ${command}`,
    ];
    expect((await ended(spawn(process.execPath, [MAIN, ...prune], { cwd: folder }))).code).toBe(0);
    await rm(join(folder, 'cifar'), { recursive: true, force: true });
    await mkdir(join(folder, 'cifar'));
    const weights = join(folder, `for ${command}`);
    const child = spawn(process.execPath, [MAIN, command, '--weights', weights], {
      cwd: join(folder, 'cifar'),
      env,
    });
    server.once('connection', (socket) => {
      socket.on('error', () => undefined);
      child.kill('SIGTERM');
    });
    const { code, last } = await ended(child);
    server.close();
    expect([code, last]).toEqual([143, 'pathex: interrupted; run the same command again']);
  },
);

it.each([
  [['train', '--network', 'resnt20'], "OPTION: network: 'resnt20' is unknown"],
  [['train', '--weights', 'none.safetensors'], 'WEIGHTS: none.safetensors: cannot be read'],
  [['evaluate', '--weights', 'none.safetensors'], 'WEIGHTS: none.safetensors: cannot be read'],
  [['prune', '--network', 'resnet21'], 'OPTION: resnetCifar: depth 21 is not 6 n + 2'],
  [['compare', '--network', 'nope'], "OPTION: network: 'nope' is unknown"],
])('%j is refused before any data are looked for', async (args, message) => {
  const child = spawn(process.execPath, [MAIN, ...args, '--data', 'no such folder'], { cwd: folder });
  const { code, last } = await ended(child);
  expect([code, last]).toEqual([1, expect.stringContaining(`pathex: ${message}`)]);
});

it('a folder that is a file has one remedy', async () => {
  await writeFile(join(folder, 'file'), 'precious');
  const child = spawn(process.execPath, [MAIN, 'compare', '--synthetic', '--out', 'file'], { cwd: folder });
  const { last } = await ended(child);
  expect(last).toMatch(/^pathex: OUTPUT: .*file: is a file, not a folder; give another place$/);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('precious');
});
