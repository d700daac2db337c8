import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fail } from '../errors.js';
import { showValue } from '../options.js';

/**
 * How many threads the cpu device takes: what this process may use of the machine, and what was asked for.
 */

/** The files of the system, so that other systems can be imagined. Undefined where there is none. */
export interface SystemFiles {
  readonly read: (path: string) => string | undefined;
  readonly list: (folder: string) => readonly string[];
}

const orUndefined = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};
const systemFiles: SystemFiles = {
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  list: (folder) => orUndefined(() => readdirSync(folder)) ?? [],
};

export interface Processors {
  /** Processors this process may run on. */
  readonly allowed: number;
  /** Their cores: two processors of one core share the units that arithmetic waits for. */
  readonly cores: number;
  /** Processors' worth of time that the control groups of this process grant; infinite without a limit. */
  readonly quota: number;
}

/** The numbers of a list such as `0-3,8`. */
const numbersIn = (list: string): readonly number[] =>
  list
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });

/**
 * Processors in the affinity masks of the process's threads. All of them: where threads are to be bound to
 * places, OpenMP binds the one that loads it to the first.
 */
const allowedProcessors = (files: SystemFiles): readonly number[] => {
  const lists = files
    .list('/proc/self/task')
    .map(
      (task) =>
        /^Cpus_allowed_list:(.*)$/m.exec(files.read(`/proc/self/task/${task}/status`) ?? '')?.[1] ?? '',
    );
  return [...new Set(lists.flatMap(numbersIn))];
};

/** Where a control group hierarchy is mounted, and which of its groups is seen there as the root. */
interface Mount {
  readonly at: string;
  readonly root: string;
}

const mountOf = (
  files: SystemFiles,
  isWanted: (type: string, options: string) => boolean,
): Mount | undefined => {
  for (const line of (files.read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, at] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    if (root !== undefined && at !== undefined && isWanted(type, options)) return { at, root };
  }
  return undefined;
};

/**
 * The folders of a group and of those around it, innermost first. A group outside of what is mounted shows as
 * the root.
 */
const foldersUpwards = ({ at, root }: Mount, group: string): readonly string[] => {
  const inside = relative(root, group);
  const folders = [at];
  for (let part = inside; part !== '' && part !== '.' && !part.startsWith('..'); part = dirname(part))
    folders.unshift(join(at, part));
  return folders;
};

const quotaIn = (limit: string | undefined, period: string | undefined): number => {
  const [time, per] = [Number(limit), Number(period)];
  return time > 0 && per > 0 ? time / per : Infinity; // 'max' and -1: no limit
};

/**
 * The tightest CPU limit of the groups of this process, of version 2 (`cpu.max`) and version 1
 * (`cpu.cfs_quota_us`).
 */
const quotaOf = (files: SystemFiles): number => {
  let quota = Infinity;
  for (const line of (files.read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined || rest.length === 0) continue;
    const isSecond = controllers === '';
    if (!isSecond && !controllers.split(',').includes('cpu')) continue;
    const mount = mountOf(files, (type, options) =>
      isSecond ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes('cpu'),
    );
    if (mount === undefined) continue;
    for (const folder of foldersUpwards(mount, rest.join(':'))) {
      const [limit, period] = isSecond
        ? (files.read(`${folder}/cpu.max`) ?? '').trim().split(' ')
        : [files.read(`${folder}/cpu.cfs_quota_us`), files.read(`${folder}/cpu.cfs_period_us`)];
      quota = Math.min(quota, quotaIn(limit, period));
    }
  }
  return quota;
};

/** What this process may use of the machine's processors. Where the system does not tell, Node does. */
export const processorsOf = (files: SystemFiles = systemFiles): Processors => {
  const allowed = allowedProcessors(files);
  if (allowed.length === 0) {
    const count = availableParallelism();
    return { allowed: count, cores: count, quota: Infinity };
  }
  const coreOf = (processor: number): string =>
    files.read(`/sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`) ?? String(processor);
  return { allowed: allowed.length, cores: new Set(allowed.map(coreOf)).size, quota: quotaOf(files) };
};

export interface Threads {
  readonly count: number;
  /** Why they are fewer than were asked for, for people. */
  readonly note?: string;
}

const processors = (n: number): string => `${n} ${n === 1 ? 'processor' : 'processors'}`;
const isThreadCount = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) >= 1;

/**
 * Threads of a cpu device. `asked` is refused where the process has fewer processors; OMP_NUM_THREADS holds
 * up to them; otherwise one for each core, within the CPU time that is granted: more would wait for each
 * other. Throws OPTION.
 */
export const threadsFor = (
  asked: number | undefined,
  { allowed, cores, quota }: Processors = processorsOf(),
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Threads => {
  if (asked !== undefined) {
    if (isThreadCount(asked) && asked <= allowed) return { count: asked };
    return isThreadCount(asked)
      ? fail(
          'OPTION',
          `threads ${asked}: this process may run on ${processors(allowed)}; give at most ${allowed}`,
        )
      : fail('OPTION', `threads ${showValue(asked)}: not a whole number from 1 to ${allowed}; give one`);
  }
  const variable = environment['OMP_NUM_THREADS']?.trim() ?? '';
  if (variable === '')
    return { count: Math.max(1, Math.min(cores, allowed, quota === Infinity ? cores : Math.ceil(quota))) };
  const wanted = Number(variable.split(',')[0]); // the others are for teams within teams
  if (!isThreadCount(wanted))
    return fail(
      'OPTION',
      `OMP_NUM_THREADS ${showValue(variable)}: not a whole number of at least 1; unset it, or give threads`,
    );
  return wanted <= allowed
    ? { count: wanted }
    : {
        count: allowed,
        note: `OMP_NUM_THREADS is ${wanted}, this process may run on ${processors(allowed)}`,
      };
};
