import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { readFileChecked, writeFileAtomic } from '../../src/io/files.js';

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
