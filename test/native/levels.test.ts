import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { addonPaths } from '../../src/runtime/native.js';

/** One addon for every x86-64 processor: each level trains alike, and none holds instructions of the next. */

const folder = dirname(addonPaths().find((path) => path.includes('Release'))!);
const isX86 = process.arch === 'x64';
const levels = ['v2', 'v3', 'v4'] as const;
type Level = (typeof levels)[number];

const flags = existsSync('/proc/cpuinfo')
  ? new Set((/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').trim().split(' '))
  : new Set<string>();
const needs: Readonly<Record<Level, readonly string[]>> = {
  v2: ['sse4_2', 'popcnt'],
  v3: ['avx2', 'fma', 'bmi1', 'bmi2'],
  v4: ['avx2', 'fma', 'avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
};
const isSupported = (level: Level): boolean => needs[level].every((flag) => flags.has(flag));

interface Session {
  readonly losses: readonly number[];
  readonly device?: string;
  readonly code?: string;
  readonly message?: string;
}
const run = promisify(execFile);
/** The session in a process of its own; `under` is a command that runs it. */
const session = async (
  kind: 'cpu' | 'reference',
  isa?: string,
  under: readonly string[] = [],
): Promise<Session> => {
  const program = fileURLToPath(new URL('./levels/session.mjs', import.meta.url));
  const { PATHEX_ISA: _, ...environment } = process.env;
  const env = isa === undefined ? environment : { ...environment, PATHEX_ISA: isa };
  const [command = '', ...args] = [...under, process.execPath, program, resolve('dist/index.js'), kind];
  const { stdout } = await run(command, args, { env });
  return JSON.parse(stdout) as Session; // what the program prints
};

describe.skipIf(!isX86)('a level of instruction sets', () => {
  const reference = session('reference');

  it.each([...levels.filter(isSupported), undefined])(
    '%s (undefined: the highest) trains and evaluates like the reference',
    async (isa) => {
      const { losses, message, device } = await session('cpu', isa);
      expect(message).toBeUndefined();
      const expected = (await reference).losses;
      expect(losses).toHaveLength(expected.length);
      // oneDNN keeps to the level, too
      if (isa === 'v3') expect(device).toContain(', AVX2, ');
      if (isa === 'v2') expect(device).toContain(', SSE4.1, ');
      losses.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-4));
    },
  );

  it.each(['v5', 'V3', 'avx2', ' '])('%o is none, and is named', async (isa) => {
    expect(await session('cpu', isa)).toEqual({
      code: 'DEVICE',
      message: `PATHEX_ISA is '${isa}'; it must be v2, v3 or v4, or left out`,
    });
  });

  it.each(levels.filter((level) => !isSupported(level)))('%s is refused: it is not here', async (isa) => {
    const { code, message } = await session('cpu', isa);
    expect(code).toBe('DEVICE');
    expect(message).toMatch(/^PATHEX_ISA is v\d, which needs .*; this processor has no such instructions: /);
  });

  it('cannot change once a device was opened: the kernels stay', () => {
    const script = `
      const { openDevice } = await import(${JSON.stringify(`file://${resolve('dist/index.js')}`)});
      process.env.PATHEX_ISA = 'v2';
      await (await openDevice('cpu', { threads: 1 })).dispose();
      process.env.PATHEX_ISA = 'v3';
      await openDevice('cpu', { threads: 1 }).catch((error) => console.log(error.code, error.message));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe(
      "DEVICE PATHEX_ISA is 'v3' now and was 'v2' when this process opened its kernels, which it keeps; set it before the first device",
    );
  });
});

// Half a minute: only where it is asked for.
const emulator = process.env['PATHEX_EMULATOR'] ?? '';
const noEmulator = emulator === '';

describe.skipIf(!isX86 || noEmulator)(
  `a processor of 2009${noEmulator ? ' (skipped: PATHEX_EMULATOR names no qemu-x86_64)' : ''}`,
  () => {
    const nehalem = [emulator, '-cpu', 'Nehalem'] as const;

    it('trains like the reference', async () => {
      const { losses, device } = await session('cpu', undefined, nehalem);
      const expected = (await session('reference')).losses;
      losses.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-4));
      expect(device).toContain('SSE4.1');
    });

    it('refuses the levels above its own', async () => {
      expect(await session('cpu', 'v3', nehalem)).toEqual({
        code: 'DEVICE',
        message:
          'PATHEX_ISA is v3, which needs AVX2 and FMA; this processor has no such instructions: choose a lower level, or leave it out',
      });
    });
  },
);

/** The instructions of a file, one a line: mnemonic and operands. */
const instructionsOf = (file: string): readonly string[] => {
  const { stdout } = spawnSync('objdump', ['-d', '--no-show-raw-insn', join(folder, file)], {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  });
  return stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
};
const wideRegister = /%[yz]mm/;
const avx512 = /%zmm|%[xy]mm(1[6-9]|2\d|3[01])\b|%k[0-7]\b/;
// Vector instructions in their VEX or EVEX form start with v, as do verr, verw and those of virtual machines.
// BMI's are
// VEX too; tzcnt is not among them, since it is bsf to a processor that does not know it.
const vex = /^v(?!err|erw|m(call|launch|resume|xo))/;
const bmi = /^(andn|bextr|bls[ir]|blsmsk|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt)[lqw]?\s/;
const noObjdump = spawnSync('objdump', ['--version']).status !== 0;

describe.skipIf(!isX86 || noObjdump)(
  `the instructions${noObjdump ? ' (skipped: no objdump here; it comes with binutils)' : ''}`,
  () => {
    it.each(['pathex.node', 'pathex-cpu-v2.so'])('of %s run on every processor since 2009', (file) => {
      const instructions = instructionsOf(file);
      expect(instructions.length).toBeGreaterThan(10_000);
      expect(instructions.filter((line) => [wideRegister, vex, bmi].some((of) => of.test(line)))).toEqual([]);
    });

    it('of v3 are AVX2 without AVX-512', () => {
      const instructions = instructionsOf('pathex-cpu-v3.so');
      expect(instructions.some((line) => /%ymm/.test(line))).toBe(true);
      expect(instructions.filter((line) => avx512.test(line))).toEqual([]);
    });

    it('of v4 are AVX-512', () => {
      expect(instructionsOf('pathex-cpu-v4.so').some((line) => avx512.test(line))).toBe(true);
    });
  },
);
