import { describe, expect, it } from 'vitest';

import { openDevice } from '../../src/runtime/open.js';
import { processorsOf, threadsFor, type SystemFiles } from '../../src/runtime/processors.js';

/** Which processors a process may use, on imagined systems. */

/** Files by path; four processors in two cores, all allowed, unless files say otherwise. */
const system = (files: Readonly<Record<string, string>>, allowed = '0-3'): SystemFiles => {
  const all: Record<string, string> = {
    '/proc/self/task/7/status': `Name:\tnode\nCpus_allowed:\tf\nCpus_allowed_list:\t${allowed}\nMems_allowed:\t1\n`,
    ...Object.fromEntries(
      [0, 1, 2, 3].map((i) => [
        `/sys/devices/system/cpu/cpu${i}/topology/thread_siblings_list`,
        i < 2 ? '0-1\n' : '2-3\n',
      ]),
    ),
    ...files,
  };
  return {
    read: (path) => all[path],
    list: (folder) => (folder === '/proc/self/task' ? ['7', ...(folder in files ? ['8'] : [])] : []),
  };
};
const second = '31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const first = (root: string): string =>
  `33 23 0:30 ${root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n34 23 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n`;

describe('processors', () => {
  it('are those of the affinity mask, and their cores', () => {
    expect(processorsOf(system({}))).toEqual({ allowed: 4, cores: 2, quota: Infinity });
    expect(processorsOf(system({}, '0,2-3'))).toEqual({ allowed: 3, cores: 2, quota: Infinity });
    expect(processorsOf(system({}, '1'))).toEqual({ allowed: 1, cores: 1, quota: Infinity });
  });

  it('are those of all threads, since OpenMP may have bound one of them', () => {
    const bound = system(
      { '/proc/self/task': '', '/proc/self/task/8/status': 'Cpus_allowed_list:\t0-3\n' },
      '0',
    );
    expect(processorsOf(bound).allowed).toBe(4);
  });

  it('have a quota in the control groups of version 2, the tightest of all levels', () => {
    const files = {
      '/proc/self/mountinfo': second,
      '/proc/self/cgroup': '0::/system.slice/job\n',
      '/sys/fs/cgroup/system.slice/job/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/system.slice/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/cpu.max': '50000 10000\n',
    };
    expect(processorsOf(system(files)).quota).toBe(1.5);
    expect(processorsOf(system({ ...files, '/proc/self/cgroup': '0::/\n' })).quota).toBe(5);
    expect(processorsOf(system({ ...files, '/proc/self/cgroup': '0::/../elsewhere\n' })).quota).toBe(5);
  });

  it('have a quota in those of version 1, whose mount may show a container as its root', () => {
    const files = (root: string, folder: string, quota: string): Record<string, string> => ({
      '/proc/self/mountinfo': first(root),
      '/proc/self/cgroup': '4:cpuset:/\n3:cpu,cpuacct:/docker/ab:c\n1:name=systemd:/\n0::/\n',
      [`/sys/fs/cgroup/cpu,cpuacct${folder}/cpu.cfs_quota_us`]: quota,
      [`/sys/fs/cgroup/cpu,cpuacct${folder}/cpu.cfs_period_us`]: '100000\n',
    });
    expect(processorsOf(system(files('/', '/docker/ab:c', '50000\n'))).quota).toBe(0.5);
    expect(processorsOf(system(files('/', '/docker', '250000\n'))).quota).toBe(2.5);
    expect(processorsOf(system(files('/docker/ab:c', '', '50000\n'))).quota).toBe(0.5);
    expect(processorsOf(system(files('/docker/ab:c', '', '-1\n'))).quota).toBe(Infinity);
  });

  it('are what Node says where the system does not tell', () => {
    const silent = { read: () => undefined, list: () => [] };
    expect(processorsOf(silent).allowed).toBeGreaterThanOrEqual(1);
  });
});

describe('threads of the cpu device', () => {
  const machine = { allowed: 4, cores: 2, quota: Infinity };

  it('are the cores unless told, within the quota', () => {
    expect(threadsFor(undefined, machine, {})).toEqual({ count: 2 });
    expect(threadsFor(undefined, { ...machine, quota: 0.5 }, {})).toEqual({ count: 1 });
    expect(threadsFor(undefined, { ...machine, cores: 4, quota: 2.5 }, {})).toEqual({ count: 3 });
    expect(threadsFor(undefined, { ...machine, quota: 64 }, { OMP_NUM_THREADS: ' ' })).toEqual({ count: 2 });
  });

  it('are OMP_NUM_THREADS up to the processors', () => {
    expect(threadsFor(undefined, machine, { OMP_NUM_THREADS: '3,1' })).toEqual({ count: 3 });
    expect(threadsFor(undefined, machine, { OMP_NUM_THREADS: '1000' })).toEqual({
      count: 4,
      note: 'OMP_NUM_THREADS is 1000, this process may run on 4 processors',
    });
    for (const value of ['many', '0', '-1', '1.5'])
      expect(() => threadsFor(undefined, machine, { OMP_NUM_THREADS: value })).toThrow(
        `OMP_NUM_THREADS '${value}': not a whole number of at least 1; unset it, or give threads`,
      );
  });

  it('are refused beyond the processors, and where they are no number', async () => {
    expect(threadsFor(4, { ...machine, quota: 0.5 }, { OMP_NUM_THREADS: '1' })).toEqual({ count: 4 });
    expect(() => threadsFor(5, machine, {})).toThrow(
      'threads 5: this process may run on 4 processors; give at most 4',
    );
    for (const [given, shown] of [
      [1.5, '1.5'],
      [0, '0'],
      [NaN, 'NaN'],
      ['2', "'2'"],
      [null, 'null'],
    ] as const)
      expect(() => threadsFor(given as number, machine, {})).toThrow(
        `threads ${shown}: not a whole number from 1 to 4`,
      );
    await expect(openDevice('cpu', { threads: 100_000 })).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringMatching(
        /^threads 100000: this process may run on \d+ processors?; give at most \d+$/,
      ) as string,
    });
  });
});
