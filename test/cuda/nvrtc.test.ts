import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { TARGETS } from '../../src/compile/target.js';
import type { Plan } from '../../src/plan/plan.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import type { Program } from '../../src/program/program.js';
import { criterionOf, METHODS, procedureOf } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { data as tiny, networks } from '../compile/tiny.js';
import { callOf, fusedOf, planOf, type BufferSpec } from '../native/plans.js';
import { wheels } from './ask.js';
import { cifar10 } from '../compile/cifar10.js';

/** What NVIDIA's compiler says of the emitted sources. It needs no GPU, but the library: see nvrtc.py. */

interface Result {
  readonly file: string;
  readonly architecture: string;
  readonly seconds: number;
  readonly log: string;
  readonly ok: boolean;
  readonly kernels: Readonly<Record<string, { readonly registers: number; readonly spilledBytes: number }>>;
}

const run = (...args: readonly string[]): unknown => {
  const folders = 'folder' in wheels ? [join(wheels.folder, 'nvidia', 'cu13', 'lib')] : [];
  const env = {
    ...process.env,
    PATHEX_CUDA_LIBRARIES: [process.env['PATHEX_CUDA_LIBRARIES'], ...folders].filter(Boolean).join(':'),
  };
  const { status, stdout, stderr, error } = spawnSync(
    'python3',
    [fileURLToPath(new URL('nvrtc.py', import.meta.url)), ...args],
    { encoding: 'utf8', env, maxBuffer: 1 << 26 },
  );
  if (error !== undefined) return { libraries: [], reason: `python3: ${error.message}` };
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};
interface Library {
  readonly path: string;
  readonly version: string;
}
/** Every version that is found here, each once: releases differ in what they warn of. */
const { libraries, reason } = run() as {
  readonly libraries: readonly Library[];
  readonly reason: string | null;
}; // the tool's own format
const tool = (library: Library, architectures: string, files: readonly string[]): readonly Result[] =>
  run(library.path, architectures, ...files) as readonly Result[]; // the same

const roundsOf = (
  net: Parameters<typeof roundPrograms>[0],
  method: (typeof METHODS)[number],
  batch: number,
): Program[] => {
  const { accumulate, secondPass, select } = roundPrograms(net, criterionOf({ method }), batch);
  return [accumulate, secondPass, select].filter((p) => p !== null);
};

if (libraries.length === 0) test.skip(`NVRTC (skipped: ${reason})`, () => {});

describe.each(libraries.map((library) => [library.version, library] as const))('NVRTC %s', (_, library) => {
  const check = (groups: readonly (readonly [string, readonly Program[]])[]): void =>
    checkPlans(
      groups.flatMap(([group, programs]) =>
        programs.map((p) => [`${group} ${p.name}`, compile(p, TARGETS.cuda)] as const),
      ),
    );
  const checkPlans = (plans: readonly (readonly [string, Plan])[]): void => {
    const folder = mkdtempSync(join(tmpdir(), 'pathex-nvrtc-'));
    try {
      const files = plans.map(([name, plan]) => {
        const path = join(folder, `${name.replace(/\W+/g, '-')}.cu`);
        writeFileSync(path, emitCuda(plan).source);
        return path;
      });
      const results = tool(library, 'sm_80,sm_90', files);
      expect(results.length).toBe(2 * files.length);
      for (const r of results) {
        expect({ ok: r.ok, log: r.log }, `${basename(r.file)} for ${r.architecture}`).toEqual({
          ok: true,
          log: '',
        });
        const kernels = Object.entries(r.kernels);
        expect(kernels.length).toBeGreaterThan(0);
        // at most half of a thread's registers, so that two blocks of 256 fit on an SM at least
        expect(kernels.filter(([, k]) => k.registers > 128 || k.spilledBytes > 16)).toEqual([]);
      }
      const sum = (of: (r: Result) => number): number => results.reduce((n, r) => n + of(r), 0);
      console.log(
        `NVRTC ${library.version}: ${files.length} sources, ${sum((r) => Object.keys(r.kernels).length) / 2} kernels, ${(sum((r) => r.seconds) / results.length).toFixed(1)} s of CPU time each, ` +
          `at most ${Math.max(...results.flatMap((r) => Object.values(r.kernels).map((k) => k.registers)))} registers; ${results
            .slice(0, 2)
            .map((r) => `${basename(r.file)} ${r.architecture} ${r.seconds} s`)
            .join(', ')}`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test("compiles ResNet-20's training step, evaluation and PX round", { timeout: 300_000 }, () => {
    const net = resnetCifar({ depth: 20 });
    check([
      [
        'resnet20',
        [
          trainStep(net, cifar10, { split: 'train', count: 50000 }, 128),
          evaluateStep(net, cifar10, { split: 'test', count: 10000 }, 250),
          ...roundsOf(net, 'px', 100),
        ],
      ],
    ]);
  });

  test(
    'compiles the training step and evaluation that keep activations as bf16',
    { timeout: 300_000 },
    () => {
      const net = resnetCifar({ depth: 20 });
      const programs = [
        trainStep(net, cifar10, { split: 'train', count: 50000 }, 128),
        evaluateStep(net, cifar10, { split: 'test', count: 10000 }, 250),
        trainStep(networks['lenet']!(), tiny, { split: 'train', count: 6 }, 128),
      ];
      checkPlans(
        programs.map(
          (p, i) => [`bf16 ${i} ${p.name}`, compile(p, { ...TARGETS.cuda, storage: 'bf16' })] as const,
        ),
      );
    },
  );

  test('compiles sizes beyond 32 bits, and names of any kind', { timeout: 300_000 }, () => {
    const [n, width] = [2 ** 30, 12];
    const wide = {
      domain: [n, 3, 4] as [number, number, number],
      loads: [
        { buffer: 0, strides: [width, 4, 1] as [number, number, number] },
        { buffer: 1, strides: [0, 0, 1] as [number, number, number] },
      ],
      code: [{ op: 'mul' as const, args: [0, 1] }],
    };
    const out = (...shape: number[]): BufferSpec => ({ in: 'output', shape });
    const specs: BufferSpec[] = [
      { in: 'input', shape: [n, 3, 4] },
      { in: 'input', shape: [4] },
      out(n, 3, 4),
      out(4),
      out(n),
      out(n, 4),
      out(),
      { in: 'input', shape: [n], dtype: 'i32' },
      { in: 'output', shape: [n], dtype: 'i32' },
      { in: 'input', shape: [], dtype: 'i32' },
      { in: 'input', shape: [2], dtype: 'i32' },
    ];
    const pool = {
      n: 2 ** 16,
      h: 128,
      w: 128,
      c: 12,
      oh: 64,
      ow: 64,
      window: [2, 2] as [number, number],
      stride: [2, 2] as [number, number],
      padding: [0, 0, 0, 0] as [number, number, number, number],
    };
    const steps = [
      fusedOf({ ...wide, name: 'a line\nand a backslash\\', stores: [{ register: 2, buffer: 2 }] }),
      ...(['inner', 'outer', 'outerInner', 'none'] as const).map((keep, k) =>
        fusedOf({
          ...wide,
          name: '"*/ größer',
          stores: [{ register: 2, buffer: 2 }],
          reductions: [{ register: 2, op: 'sum', keep, buffer: 3 + k }],
        }),
      ),
      // reductions until shared memory is full, and one more
      ...[6, 7, 12, 13].map((many) =>
        fusedOf({
          ...wide,
          name: `${many} reductions`,
          reductions: Array.from({ length: many }, () => ({
            register: 2,
            op: 'sum' as const,
            keep: 'inner' as const,
            buffer: 3,
          })),
        }),
      ),
      callOf('copy', [0], [2], {
        dims: [3, n, 4],
        srcOffset: 0,
        srcStrides: [4, 12, 1],
        dstOffset: 0,
        dstStrides: [4 * n, 4, 1],
      }),
      callOf('copy', [0], [2], {
        dims: [n, 12],
        srcOffset: 11,
        srcStrides: [12, -1],
        dstOffset: 0,
        dstStrides: [12, 1],
      }),
      callOf('fill', [], [2], { value: 1 }),
      callOf('gather', [0, 7], [2], { rows: n, width, count: n }),
      callOf('scatterAdd', [0, 7], [2], { rows: n, width, count: n }),
      callOf('argMax', [0], [8], { rows: n, width }),
      callOf('rankMask', [0, 9], [2], { size: 3 * n }),
      callOf('bernoulli', [10], [2], { size: 3 * n, threshold: 2 ** 31, stream: 1 }),
      callOf('maxPool', [0], [2], pool),
      callOf('maxPoolGather', [0, 0], [2], pool),
      callOf('maxPoolScatter', [0, 0], [2], pool),
      callOf('sumPool', [0], [2], pool),
      callOf('sumPoolGrad', [0], [2], pool),
    ];
    const plan = planOf(specs, steps);
    checkPlans([['large', plan]]);
    expect(emitCuda(plan).source).toContain(
      'const unsigned long long e = ((unsigned long long)blockIdx.x * 256 + threadIdx.x) * 4;\n  if (e >= 12884901888ull) return;',
    );
  });

  test("compiles every criterion's programs", { timeout: 600_000 }, () => {
    const net = networks['resnet']!();
    check(
      METHODS.filter((method) => procedureOf({ method }).kind === 'criterion').map(
        (m) => [m, roundsOf(net, m, 3)] as const,
      ),
    );
  });
});
