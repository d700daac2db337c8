import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { readFileChecked, removeLeftOvers, temporaryNameFor, writeFileAtomic } from '../../src/io/files.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-files-'));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true });
});

const bytes = Uint8Array.of(1, 2, 3);

describe('an atomic write', () => {
  it('writes, replaces, and leaves nothing else behind', async () => {
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, new Uint8Array(100_000));
    await writeFileAtomic(path, bytes);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    expect(await readdir(folder)).toEqual(['a.bin']);
  });
  it('writes many files of one name at once and ends with one of them whole', async () => {
    const path = join(folder, 'a.bin');
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => writeFileAtomic(path, new Uint8Array(50_000).fill(i))),
    );
    const got = await readFile(path);
    expect(got.length).toBe(50_000);
    expect(new Set(got).size).toBe(1);
    expect(await readdir(folder)).toEqual(['a.bin']);
  });
  it('that fails at the last step leaves what was there', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'kept'), bytes);
    const error = await writeFileAtomic(path, bytes).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PathexError);
    expect(error).toMatchObject({ code: 'OUTPUT' });
    expect(
      (error as PathexError).message.startsWith(`${path}: cannot be written: it is a folder (EISDIR)`),
    ).toBe(true);
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readdir(path)).toEqual(['kept']);
  });
  it('names path and cause where the folder is missing or no folder', async () => {
    await expect(writeFileAtomic(join(folder, 'no', 'a'), bytes)).rejects.toThrow(
      new PathexError(
        'OUTPUT',
        `${join(folder, 'no', 'a')}: cannot be written: no such file or folder (ENOENT); choose a folder that exists and can be written to`,
      ),
    );
    await writeFile(join(folder, 'file'), bytes);
    await expect(writeFileAtomic(join(folder, 'file', 'a'), bytes)).rejects.toThrow(
      'a part of the path is not a folder (ENOTDIR)',
    );
  });
  it.skipIf(process.getuid?.() === 0)(
    'names path and cause where the folder cannot be written to (not as root, who may write anywhere)',
    async () => {
      await chmod(folder, 0o555);
      await expect(writeFileAtomic(join(folder, 'a'), bytes)).rejects.toThrow(
        /cannot be written: permission denied \(EACCES\)/,
      );
    },
  );
});

describe('a checked read', () => {
  it('gives the bytes, or an error of the code of the caller', async () => {
    await writeFile(join(folder, 'a'), bytes);
    expect(new Uint8Array(await readFileChecked(join(folder, 'a'), 'DATA'))).toEqual(bytes);
    const missing = join(folder, 'b');
    await expect(readFileChecked(missing, 'WEIGHTS')).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: `${missing}: cannot be read: no such file or folder (ENOENT)`,
    });
    await expect(readFileChecked(folder, 'CHECKPOINT')).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: `${folder}: cannot be read: it is a folder (EISDIR)`,
    });
  });
});

describe('a write through links', () => {
  it('replaces the target in its own folder, and the link stays', async () => {
    await mkdir(join(folder, 'far'));
    await writeFile(join(folder, 'far', 'target'), 'old');
    await symlink('far/target', join(folder, 'link'));
    await symlink('link', join(folder, 'chain'));
    await writeFileAtomic(join(folder, 'chain'), bytes);
    expect(new Uint8Array(await readFile(join(folder, 'far', 'target')))).toEqual(bytes);
    expect([await readlink(join(folder, 'chain')), await readlink(join(folder, 'link'))]).toEqual([
      'link',
      'far/target',
    ]);
    expect(await readdir(join(folder, 'far'))).toEqual(['target']);
    expect((await readdir(folder)).sort()).toEqual(['chain', 'far', 'link']);
  });
  it('makes the target of one that dangles, also by way of a linked folder', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await symlink('a/b', join(folder, 'linked'));
    await symlink('linked/../new', join(folder, 'dangling')); // a/new, not new
    await writeFileAtomic(join(folder, 'dangling'), bytes);
    expect(await readdir(join(folder, 'a'))).toEqual(['b', 'new']);
    expect((await lstat(join(folder, 'dangling'))).isSymbolicLink()).toBe(true);
    await symlink('nowhere/x', join(folder, 'lost'));
    await expect(writeFileAtomic(join(folder, 'lost'), bytes)).rejects.toThrow(
      /lost: cannot be written: no such file or folder \(ENOENT\)/,
    );
  });
  it('names links that lead in a circle', async () => {
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    await expect(writeFileAtomic(join(folder, 'a'), bytes)).rejects.toMatchObject({
      code: 'OUTPUT',
      message: `${join(folder, 'a')}: cannot be written: its symbolic links lead in a circle (ELOOP); give another name`,
    });
  });
  it('keeps the mode of what it replaces, whatever the umask', async () => {
    for (const mode of [0o600, 0o666, 0o640]) {
      await writeFile(join(folder, 'a'), 'old');
      await chmod(join(folder, 'a'), mode);
      await writeFileAtomic(join(folder, 'a'), bytes);
      expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(mode);
    }
  });
});

describe('what is no regular file', () => {
  const special = (): readonly (readonly [path: string, what: RegExp])[] => {
    const pipe = join(folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    symlinkSync('/dev/null', join(folder, 'null'));
    return [
      ['/dev/null', /a character device/],
      ['/dev/zero', /a character device/],
      ['/dev/full', /a character device/],
      [join(folder, 'null'), /a character device/],
      [pipe, /a named pipe/],
      [join(folder, 'socket'), /a socket/],
    ];
  };
  let server: Server;
  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((done) => server.listen(join(folder, 'socket'), done));
  });
  afterEach(() => server.close());

  it('is not replaced', async () => {
    for (const [path, what] of special()) {
      const before = await lstat(path);
      const error = await writeFileAtomic(path, bytes).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'OUTPUT', name: 'PathexError' });
      expect(String(error)).toMatch(what);
      expect(String(error)).toMatch(/it is a [a-z ]+, not a regular file; give the name of a file$/);
      expect((await lstat(path)).ino).toBe(before.ino);
    }
  });
  it('is not read, and nobody waits for it', async () => {
    for (const [path, what] of special())
      await expect(readFileChecked(path, 'WEIGHTS')).rejects.toMatchObject({
        code: 'WEIGHTS',
        message: expect.stringMatching(what) as unknown,
      });
  });
});

describe('a read of a size', () => {
  it('that is too large is refused before a byte is read', async () => {
    await writeFile(join(folder, 'sparse'), '');
    await truncate(join(folder, 'sparse'), 2 ** 31 + 1);
    await expect(readFileChecked(join(folder, 'sparse'), 'WEIGHTS')).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: `${join(folder, 'sparse')}: it has 2,147,483,649 bytes, at most 2,147,483,648 can be read; split it or give another`,
    });
    await writeFile(join(folder, 'a'), bytes);
    await expect(readFileChecked(join(folder, 'a'), 'DATA', { maxBytes: 2 })).rejects.toThrow(
      /it has 3 bytes, at most 2/,
    );
  });
  it('that the kernel makes up reads no more than it says', async () => {
    expect((await readFileChecked('/proc/self/maps', 'DATA')).length).toBe(0);
  });
});

describe('left-overs of killed writers', () => {
  const gone = (): number => spawnSync('true').pid; // a process that has ended
  const named = (path: string, pid: number): string =>
    temporaryNameFor(path).replace(`-${process.pid}-`, `-${pid}-`);

  it('are removed by the next writer of the file; those of the living and of other files stay', async () => {
    const path = join(folder, 'w.safetensors');
    const dead = named(path, gone());
    const [living, own, other] = [
      named(path, process.ppid),
      temporaryNameFor(path),
      named(join(folder, 'w'), gone()),
    ];
    const strangers = ['.w.safetensors.part', '.w.safetensors.mine.part', '.w.safetensors.0-1-2.part'].map(
      (n) => join(folder, n),
    );
    for (const file of [dead, living, own, other, ...strangers]) await writeFile(file, 'half');
    await writeFileAtomic(path, bytes);
    const left = (await readdir(folder)).map((n) => join(folder, n)).sort();
    expect(left).toEqual([path, living, own, other, ...strangers].sort());
  });
  it('of another machine, or of an earlier process of this number, go by their age', async () => {
    const path = join(folder, 'w');
    const elsewhere = (name: string): string => name.replace(/\.[0-9a-f]{8}-/, '.00000000-');
    const [young, old, reused] = [
      elsewhere(named(path, 1)),
      elsewhere(named(path, 2)),
      temporaryNameFor(path),
    ];
    for (const file of [young, old, reused]) await writeFile(file, 'half');
    const now = Date.now() / 1000;
    await utimes(old, now, now - 25 * 3600);
    await utimes(reused, now, now - process.uptime() - 60);
    await removeLeftOvers(path);
    expect((await readdir(folder)).map((n) => join(folder, n))).toEqual([young]);
  });
  it('have names of at most 255 bytes', async () => {
    await writeFileAtomic(join(folder, '😀'.repeat(60)), bytes);
    expect(await readdir(folder)).toEqual(['😀'.repeat(60)]);
  });
});
