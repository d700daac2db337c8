import { randomUUID } from 'node:crypto';
import { link, open, readFile, readlink, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import * as t from 'io-ts';
import { decodeJson } from '../codec.js';
import { fail, PathexError } from '../errors.js';
import { reasonOf } from '../io/files.js';

/**
 * A lock file that says which process holds it. A process that was killed leaves its lock behind; the next
 * one sees that its holder is gone, by its number and the time it started (numbers are used again), and takes
 * the lock over.
 */
const Holder = t.strict(
  {
    host: t.string,
    /** Names one run of the machine's system; another one means that it has been started anew. */
    boot: t.string,
    /** Names the set of process numbers, of which each container has its own. */
    processes: t.string,
    pid: t.number,
    /** When the process started, by the system's own clock; empty where it cannot be known. */
    started: t.string,
    /** Tells two locks of one process apart. */
    token: t.string,
  },
  'lock',
);
type Holder = t.TypeOf<typeof Holder>;

export interface Lock {
  /** Throws CHECKPOINT if another process has taken the lock, since this one was thought to be gone. */
  readonly check: () => Promise<void>;
  readonly release: () => Promise<void>;
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );

/**
 * When a process started; null where there is none of that number, or only what is left of one that has
 * ended.
 */
const startOf = async (pid: number): Promise<string | null> => {
  // proc(5): the name in parentheses may hold anything; after it come the state, field 3, and the start,
  // field 22
  const line = await textOf(`/proc/${pid}/stat`);
  if (line !== '') {
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return /^[ZXx]$/.test(fields[0]!) ? null : (fields[19] ?? '');
  }
  try {
    process.kill(pid, 0); // asks only
    return '';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? '' : null;
  }
};

const holderHere = async (): Promise<Holder> => ({
  host: [hostname(), await textOf('/etc/machine-id')].join(' ').trim(),
  boot: await textOf('/proc/sys/kernel/random/boot_id'),
  processes: await readlink('/proc/self/ns/pid').catch(() => ''),
  pid: process.pid,
  started: (await startOf(process.pid)) ?? '',
  token: randomUUID(),
});

/** Whether the holder of a lock still runs; 'unknown' where its processes cannot be seen from here. */
const stateOf = async (holder: Holder, here: Holder): Promise<'runs' | 'gone' | 'unknown'> => {
  if (holder.host !== here.host) return 'unknown';
  if (holder.boot !== here.boot) return 'gone';
  if (holder.processes !== here.processes) return 'unknown';
  const started = await startOf(holder.pid);
  return started !== null && started === holder.started ? 'runs' : 'gone';
};

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** Makes the lock file with its whole text at once; false where there is one. */
const make = async (path: string, temporary: string, text: string): Promise<boolean> => {
  const write = async (name: string): Promise<void> => {
    const handle = await open(name, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  await write(temporary);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    // The holder removes what killed writers left, which may take this one for such.
    if (hasCode(error, 'EEXIST', 'ENOENT')) return false;
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  // a file system without links, such as FAT
  return await write(path).then(
    () => true,
    (error: unknown) => (hasCode(error, 'EEXIST') ? false : Promise.reject(error as Error)),
  );
};

/**
 * Longer than it takes to look at a lock and remove it: a turn that is older is of a process that was killed
 * in it.
 */
const TURN_MS = 10_000;
const PAUSE_MS = 20;

/**
 * Takes away the lock of a process that is gone, if it is still that one. One process at a time has the turn
 * to do so: of two that have read the stale lock, the slower would otherwise remove the lock that the faster
 * has made since.
 */
const removeStale = async (path: string, stale: string): Promise<void> => {
  const turn = `${path}.turn`;
  try {
    await (await open(turn, 'wx')).close();
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const since = await stat(turn).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - since > TURN_MS) await rm(turn, { force: true });
    else await setTimeout(PAUSE_MS);
    return;
  }
  try {
    if ((await textOf(path)) === stale) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
};

const ATTEMPTS = 50;

/**
 * Takes the lock `path` for `what`, which messages name. `temporary` is a name in the same folder. Throws
 * CHECKPOINT where another process holds it, or one that cannot be seen from here; OUTPUT where the folder
 * cannot be written.
 */
export const takeLock = async (path: string, temporary: string, what: string): Promise<Lock> => {
  const here = await holderHere();
  const own = JSON.stringify(here);
  const taken = async (): Promise<boolean> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await make(path, temporary, `${own}\n`)) return true;
      const found = await textOf(path);
      if (found === '') {
        const isThere = await readFile(path).then(
          () => true,
          (error: unknown) => (hasCode(error, 'ENOENT') ? false : Promise.reject(error as Error)),
        );
        if (!isThere) continue; // released meanwhile
      }
      const holder = decodeLock(found, path);
      const state = await stateOf(holder, here);
      if (state === 'gone') {
        await removeStale(path, found);
        continue;
      }
      const [host = ''] = holder.host.split(' ');
      const which = `process ${holder.pid}${holder.pid === here.pid && state === 'runs' ? ' (this one)' : ''}`;
      return fail(
        'CHECKPOINT',
        state === 'runs'
          ? `${what}: ${which} is writing it; wait until it ends, or choose another path`
          : `${what}: ${which} on host '${host}' is writing it, or was killed there; wait until it ends, choose another path, or remove ${path} if it has ended`,
      );
    }
    return false;
  };
  const isTaken = await taken().catch((error: unknown) =>
    error instanceof PathexError
      ? Promise.reject(error)
      : fail(
          'OUTPUT',
          `${path}: cannot be written: ${reasonOf(error)}; choose a folder that exists and can be written to`,
          error,
        ),
  );
  if (!isTaken)
    fail(
      'CHECKPOINT',
      `${what}: other processes keep taking ${path}; wait until they end, or choose another path`,
    );
  return {
    check: async () => {
      if ((await textOf(path)) !== own)
        fail(
          'CHECKPOINT',
          `${what}: another process has taken ${path}; end it and continue from the last checkpoint, or choose another path`,
        );
    },
    release: async () => {
      if ((await textOf(path)) === own) await rm(path, { force: true }).catch(() => undefined);
    },
  };
};

const decodeLock = (text: string, path: string): Holder => {
  try {
    return decodeJson(Holder, text, path, 'CHECKPOINT');
  } catch (error) {
    return fail(
      'CHECKPOINT',
      `${reasonOf(error)}; it is no lock of this version: remove ${path} if no process holds it`,
      error,
    );
  }
};
