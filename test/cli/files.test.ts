import { execFile, spawn, spawnSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/**
 * Files that are not what they should be, given to the command line: one clear line each, at once, and
 * nothing is replaced.
 */
const MAIN = resolve('dist/cli/main.js');
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-cli-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number;
  readonly stderr: string;
}
const pathex = (...args: readonly string[]): Promise<Result> =>
  new Promise((done) => {
    const env = { ...process.env, PATHEX_DATA: '' };
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, env, timeout: 60_000 }, (error, _, stderr) =>
      done({ code: error === null ? 0 : Number(error.code ?? -1), stderr }),
    );
  });
const NET = ['--network', 'resnet8-w2'] as const;
const prune = (out: string, ...more: readonly string[]): Promise<Result> =>
  pathex(
    'prune',
    ...NET,
    '--method',
    'magnitude',
    '--sparsity',
    '50',
    '--threads',
    '1',
    '--out',
    out,
    ...more,
  );
const evaluate = (weights: string): Promise<Result> =>
  pathex('evaluate', ...NET, '--synthetic', '--weights', weights);

describe('an output', () => {
  it('that is a device or a pipe is refused, also with --force', async () => {
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    await symlink('/dev/null', join(folder, 'null'));
    for (const [out, what] of [
      ['null', 'it is a character device, not a regular file'],
      ['pipe', 'it is a named pipe, not a regular file'],
    ] as const) {
      const { code, stderr } = await prune(out, '--force');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^pathex: OUTPUT: .*; give [a-z ]+\n$/);
      expect(stderr).toContain(`${out}: cannot be written: ${what}`);
    }
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    expect(await readlink(join(folder, 'null'))).toBe('/dev/null');
    await symlink('/dev/full', join(folder, 'full.json'));
    const kept = await pathex('train', ...NET, '--synthetic', '--checkpoint', 'full', '--out', 'never');
    expect(kept.stderr).toContain('pathex: OUTPUT: full.json: cannot be written: it is a character device');
  });
  it('that is a link is written through it', async () => {
    await symlink('ticket.safetensors', join(folder, 'link'));
    expect((await prune('link')).code).toBe(0);
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true);
    expect((await lstat(join(folder, 'ticket.safetensors'))).isFile()).toBe(true);
    expect((await prune('link')).stderr).toContain('OUTPUT: link: exists already');
  });
});

describe('a weights file', () => {
  it('that is no regular file, or whose header nests without end, is refused at once', async () => {
    const header = `{"x":{"dtype":"F32","shape":${'['.repeat(20_000)}${']'.repeat(20_000)},"data_offsets":[0,0]}}`;
    const bytes = Buffer.alloc(8 + header.length, header);
    bytes.copy(bytes, 8, 0, header.length);
    bytes.writeBigUInt64LE(BigInt(header.length));
    await writeFile(join(folder, 'deep.safetensors'), bytes);
    for (const [weights, message] of [
      ['/dev/zero', 'cannot be read: it is a character device, not a regular file'],
      ['deep.safetensors', 'header: JSON nested deeper than 64 levels at character '],
    ] as const) {
      const { code, stderr } = await evaluate(weights);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(`pathex: WEIGHTS: ${weights}: ${message}`);
      expect(code).toBe(1);
    }
  });
});

describe('a report to be continued', () => {
  it('that cannot be read is not replaced', async () => {
    const file = join(folder, 'report.json');
    const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    await writeFile(file, deep);
    const { code, stderr } = await pathex('compare', ...NET, '--synthetic', '--resume', '--out', '.');
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toMatch(/^pathex: DATA: .*report\.json: JSON nested deeper than 64 levels/);
    expect(await readFile(file, 'utf8')).toBe(deep);
  });
});

describe('a download', () => {
  it('asks the proxy of the environment, and Ctrl-C leaves nothing of it', async () => {
    const own = await mkdtemp(join(tmpdir(), 'pathex-cli-download-'));
    const proxy = createServer();
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as AddressInfo;
    const env = {
      ...process.env,
      PATHEX_DATA: '',
      https_proxy: '',
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: '',
      no_proxy: '',
    };
    const child = spawn(process.execPath, [MAIN, 'train', ...NET], { cwd: own, env });
    const asked = await new Promise<string>((done) =>
      proxy.on('connect', (request) => done(request.url ?? '')),
    );
    expect(asked).toBe('www.cs.toronto.edu:443');
    expect((await readdir(join(own, 'data'))).map((n) => n.split('.')[1])).toEqual(['download']);
    const ended = new Promise<number | null>((done) => child.on('close', done));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await readdir(join(own, 'data'))).toEqual([]);
    proxy.closeAllConnections();
    proxy.close();
    await rm(own, { recursive: true });
  });
});
