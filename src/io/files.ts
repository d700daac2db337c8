import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fail, PathexError, type ErrorCode } from '../errors.js';

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
  ELOOP: 'its symbolic links lead in a circle',
};

/** Why a file operation failed, in a few words: 'permission denied (EACCES)'. */
export const reasonOf = (error: unknown): string => {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const words = code === undefined ? undefined : REASONS[code];
  if (words !== undefined) return `${words} (${code})`;
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** What stands at a path that is no regular file: 'it is a character device, not a regular file'. */
const irregularity = (found: Stats): string | undefined => {
  if (found.isFile()) return undefined;
  if (found.isDirectory()) return `${REASONS['EISDIR']} (EISDIR)`;
  const kinds: readonly (readonly [is: boolean, name: string])[] = [
    [found.isCharacterDevice(), 'a character device'],
    [found.isBlockDevice(), 'a block device'],
    [found.isFIFO(), 'a named pipe'],
    [found.isSocket(), 'a socket'],
  ];
  const kind = kinds.find(([is]) => is)?.[1] ?? 'something else';
  return `it is ${kind}, not a regular file`;
};

/** As many links one after the other as Linux follows. */
const MAX_LINKS = 40;

/** Where a write to `path` goes: through symbolic links, whose target need not exist yet. */
const followLinks = async (path: string): Promise<string> => {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(at).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (found?.isSymbolicLink() !== true) return at;
    const to = await readlink(at);
    // Put together as text: join() would take 'linked/..' away, which is another folder where 'linked' is a
    // link.
    at = isAbsolute(to) ? to : `${await realpath(dirname(at))}/${to}`;
  }
  return fail('OUTPUT', `${path}: cannot be written: ${REASONS['ELOOP']} (ELOOP); give another name`);
};

/** The file that a write to a path makes or replaces. */
export interface Target {
  readonly path: string;
  /** The regular file that is there now. */
  readonly replaced: Stats | undefined;
}

/**
 * The file that a write to `path` would make or replace: links are followed, and what is there must be a
 * regular file. Error OUTPUT for a folder, a device, a pipe, a socket, links that lead in a circle.
 */
export const targetOf = async (path: string): Promise<Target> => {
  try {
    const found = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (found === undefined) return { path: await followLinks(path), replaced: undefined };
    const irregular = irregularity(found);
    if (irregular !== undefined)
      fail('OUTPUT', `${path}: cannot be written: ${irregular}; give the name of a file`);
    return { path: await realpath(path), replaced: found };
  } catch (error) {
    if (error instanceof PathexError) throw error;
    return fail('OUTPUT', `${path}: cannot be written: ${reasonOf(error)}; give another name`, error);
  }
};

/** Which machine a temporary file is of: process numbers mean nothing elsewhere, and folders are shared. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** A file's own name in the name of its temporary ones; names have at most 255 bytes. */
const shortName = (path: string): string => Array.from(basename(path)).slice(0, 50).join('');

/**
 * A new name for something that will be renamed to `path` when it is whole, in the same folder:
 *
 *   .<name, at most 50 characters>.<host, 8 hex digits>-<process>-<12 random hex digits>.part
 *
 * `removeLeftOvers` knows by it whether its writer is still alive.
 */
export const temporaryNameFor = (path: string): string =>
  join(dirname(path), `.${shortName(path)}.${HOST}-${process.pid}-${randomBytes(6).toString('hex')}.part`);

const DAY = 24 * 3600 * 1000;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0); // asks, and sends nothing
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/**
 * Whether the writer of a temporary file is gone. A day is longer than any write, whoever has its number by
 * now.
 */
const isLeftOver = (host: string, pid: number, changed: number): boolean => {
  if (Date.now() - changed > DAY) return true;
  if (host !== HOST) return false;
  // In a container a restarted process has the number that the killed one had.
  if (pid === process.pid) return changed < Date.now() - process.uptime() * 1000 - 1000;
  return !isAlive(pid);
};

/**
 * Removes what writers of `path` that were killed have left beside it. Never fails: whatever cannot be
 * removed stays.
 */
export const removeLeftOvers = async (path: string): Promise<void> => {
  const folder = dirname(path);
  const start = `.${shortName(path)}.`;
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(start)) continue;
    const match = /^([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.part$/.exec(name.slice(start.length));
    if (match === null) continue;
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found === undefined || !isLeftOver(match[1]!, Number(match[2]), found.mtimeMs)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  // Makes the rename itself durable. Some file systems cannot sync a folder; the file is complete all the
  // same.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
};

/** Permission bits without those of set-user-id and the like, which a new content must not inherit. */
const PERMISSIONS = 0o777;

/**
 * Writes a file whole or not at all: a temporary file in the same folder (see {@link temporaryNameFor}),
 * flushed to the disk, then renamed. Whatever goes wrong, a file that was at `path` before is untouched and
 * nothing is left behind; what killed writers of this file left is removed. A symbolic link stays and its
 * target is replaced, which need not exist yet; a replaced file keeps its mode. Error OUTPUT, also for what
 * is no regular file: a device, a pipe, a folder.
 */
export const writeFileAtomic = async (path: string, bytes: Uint8Array): Promise<void> => {
  const { path: target, replaced } = await targetOf(path);
  const folder = dirname(target);
  const temporary = temporaryNameFor(target);
  await removeLeftOvers(target);
  try {
    const mode = replaced === undefined ? undefined : replaced.mode & PERMISSIONS;
    const handle = await open(temporary, 'wx', mode);
    try {
      if (mode !== undefined) await handle.chmod(mode); // open() takes the umask away
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
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

/** The longest file that is read whole, in bytes. */
export const MAX_FILE = 2 * 2 ** 30;
const PIECE = 64 * 2 ** 20;

export interface ReadOptions {
  /** Longer files are refused before a byte is read; at most and by default 2 GiB. */
  readonly maxBytes?: number;
}

/**
 * The bytes of a regular file. Anything else (a folder, a device, a pipe, a socket) is refused without
 * reading, and so is a file that is too long. No more is read than the size that the file system gives. An
 * unreadable file is an error of the given code that names the path and the cause in one line.
 */
export const readFileChecked = async (
  path: string,
  code: ErrorCode,
  { maxBytes = MAX_FILE }: ReadOptions = {},
): Promise<Uint8Array> => {
  try {
    // Before it is opened: to open a device or a pipe may already do something.
    const before = irregularity(await stat(path));
    if (before !== undefined) return fail(code, `${path}: cannot be read: ${before}`);
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      const irregular = irregularity(found);
      if (irregular !== undefined) return fail(code, `${path}: cannot be read: ${irregular}`);
      if (found.size > maxBytes) {
        const [has, most] = [found.size, maxBytes].map((n) => n.toLocaleString('en-US'));
        return fail(
          code,
          `${path}: it has ${has} bytes, at most ${most} can be read; split it or give another`,
        );
      }
      const bytes = new Uint8Array(found.size);
      let read = 0;
      while (read < bytes.length) {
        const length = Math.min(PIECE, bytes.length - read);
        const { bytesRead } = await handle.read(bytes, read, length, read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      if (read < bytes.length || (await handle.stat()).size !== found.size)
        return fail(code, `${path}: it changed while it was read; try again when it is written`);
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof PathexError) throw error;
    return fail(code, `${path}: cannot be read: ${reasonOf(error)}`, error);
  }
};
