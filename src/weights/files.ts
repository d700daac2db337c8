import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail, type ErrorCode } from '../errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
};

/** Why a file operation failed, in a few words: 'permission denied (EACCES)'. */
export const reasonOf = (error: unknown): string => {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const words = code === undefined ? undefined : REASONS[code];
  if (words !== undefined) return `${words} (${code})`;
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
};

const syncFolder = async (folder: string): Promise<void> => {
  // Makes the rename itself durable. Some file systems cannot sync a folder; the file is complete all the same.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
};

/**
 * Writes a file whole or not at all: a temporary file in the same folder, flushed to the disk, then renamed. Whatever
 * goes wrong, a file that was at `path` before is untouched and nothing is left behind. Error OUTPUT.
 */
export const writeFileAtomic = async (path: string, bytes: Uint8Array): Promise<void> => {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    fail(
      'OUTPUT',
      `${path}: cannot be written: ${reasonOf(error)}; choose a folder that exists and can be written to`,
      error,
    );
  }
  await syncFolder(folder);
};

/** The bytes of a file. An unreadable one is an error of the given code that names the path and the cause in one line. */
export const readFileChecked = async (path: string, code: ErrorCode): Promise<Uint8Array> => {
  try {
    return await readFile(path);
  } catch (error) {
    return fail(code, `${path}: cannot be read: ${reasonOf(error)}`, error);
  }
};
