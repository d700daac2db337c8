import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { printPlan } from '../../src/compile/print-plan.js';
import { TARGETS } from '../../src/compile/target.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep } from '../../src/train/programs.js';
import { fakeCuda } from '../native/fake-cuda/build.js';
import { ask, device, needsWheels, stub, wheels, withoutWheels } from './ask.js';
import { cifar10 } from '../compile/cifar10.js';

/** The convolutions of ResNet-20 on an H200 that is only described: no GPU, but NVIDIA's own answers. */

const golden = (name: string): string =>
  readFileSync(new URL(`../compile/golden/${name}.plan`, import.meta.url), 'utf8');
const plans = ['resnet20-train', 'resnet20-px-accumulate', 'resnet20-px-select'].map(golden).join('\n');

/** The different convolutions of printed plans. */
const convolutionsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/ = (conv2d\w*)\([^)]*\) (.*?)(?: epilogue=.*)?$/gm)].map(
      ([, kernel, attributes]) => `${kernel} ${attributes}`,
    ),
  );
const one = (kernel: string): string =>
  golden('resnet20-train')
    .split('\n')
    .filter((line) => line.includes(` = ${kernel}(`) && line.includes('h=32 w=32 c=16 f=16'))[0]!;

/** The numerical notes of cuDNN, by number. */
const inexact = ['0', '1', '2', '3', '5']; // tensor cores, converted inputs, reduced sums, FFT, Winograd
const nondeterministic = '4';
const limit = 256 * 2 ** 20;

interface Kernel {
  readonly convolution: string;
  readonly listed: number;
  readonly implementation: string;
  readonly notes: readonly string[];
  readonly workspace: number;
}
const kernelsOf = (
  precision: string,
  repeatable: string,
  plan: string,
  ...more: readonly string[]
): readonly Kernel[] => {
  const { status, rows, stderr } = ask([device, 'kernels', precision, repeatable, ...more], plan);
  expect(rows.filter(([kind]) => kind === 'refused')).toEqual([]);
  expect(status, stderr).toBe(0);
  return rows
    .filter(([kind]) => kind === 'kernel')
    .map(([, convolution, listed, implementation, notes, workspace]) => ({
      convolution: convolution!,
      listed: Number(listed),
      implementation: implementation!,
      notes: notes!.split(' '),
      workspace: Number(workspace),
    }));
};

beforeAll(() => {
  const { status, stderr } = ask(['products'], ''); // builds what asks
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 300_000);

const folder = mkdtempSync(join(tmpdir(), 'pathex-tuning-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(withoutWheels)(needsWheels('cuDNN on a described H200'), () => {
  it.each([
    ['strict', 'deterministic'],
    ['strict', 'any'],
    ['tf32', 'deterministic'],
    ['tf32', 'any'],
  ])('has a kernel for every convolution of ResNet-20, %s and %s', (precision, repeatable) => {
    const kernels = kernelsOf(precision, repeatable, plans);
    expect(kernels.length).toBe(convolutionsOf(plans).size);
    for (const { convolution, listed, notes, workspace } of kernels) {
      expect(listed, convolution).toBeGreaterThan(3);
      expect(notes, convolution).not.toEqual(['not', 'listed']);
      if (precision === 'strict')
        expect(
          notes.filter((n) => inexact.includes(n)),
          convolution,
        ).toEqual([]);
      if (repeatable === 'deterministic') expect(notes, convolution).not.toContain(nondeterministic);
      expect(workspace, convolution).toBeLessThanOrEqual(limit);
    }
  });

  it.each(['deterministic', 'any'])(
    'has a kernel for every convolution of ResNet-20 on bf16 operands, %s',
    (repeatable) => {
      const plan = golden('resnet20-train-bf16');
      const kernels = kernelsOf('bf16', repeatable, plan);
      expect(kernels.length).toBe(convolutionsOf(plan).size);
      for (const { convolution, listed, notes, workspace } of kernels) {
        expect(listed, convolution).toBeGreaterThan(3);
        for (const note of ['2', '3', '5']) expect(notes, convolution).not.toContain(note); // sums of less than float32, FFT, Winograd
        if (repeatable === 'deterministic') expect(notes, convolution).not.toContain(nondeterministic);
        expect(workspace, convolution).toBeLessThanOrEqual(limit);
      }
      expect(kernels.some(({ notes }) => notes.includes('0'))).toBe(true);
    },
    60_000,
  );

  it('has no weight gradient of three channels of bf16 that is float32: plans pad them', () => {
    const { rows } = ask(
      [device, 'kernels', 'bf16', 'any'],
      golden('resnet20-train')
        .split('\n')
        .find((line) => line.includes('= conv2dWeightGrad(') && line.includes('c=3 '))!,
    );
    expect(rows[1]![0]).toBe('refused');
  });

  it('uses tensor cores in tf32, and what is not repeatable only if it may', () => {
    expect(kernelsOf('tf32', 'deterministic', plans).some(({ notes }) => notes.includes('0'))).toBe(true);
    expect(kernelsOf('strict', 'any', plans).some(({ notes }) => notes.includes(nondeterministic))).toBe(
      true,
    );
  });

  it('takes uneven padding, strides and few channels', () => {
    const plan = ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad']
      .flatMap((kernel) => [
        `a: b = ${kernel}(b, b) n=4 h=33 w=20 c=16 f=16 kh=3 kw=3 oh=33 ow=20 stride=[1 1] dilation=[1 1] padding=[0 2 2 0]`,
        `a: b = ${kernel}(b, b) n=4 h=33 w=20 c=3 f=7 kh=2 kw=3 oh=16 ow=16 stride=[2 1] dilation=[1 2] padding=[0 0 0 0]`,
      ])
      .join('\n');
    for (const precision of ['strict', 'tf32'])
      expect(kernelsOf(precision, 'deterministic', plan).length).toBe(6);
  });

  it('passes over configurations that it cannot read, and fails only if there is no other', () => {
    const { status, rows, stderr } = ask([device, 'unreadable', 'strict', 'any'], one('conv2d'));
    expect(status, stderr).toBe(0);
    const [, all, withoutFirst, none] = rows[1]!;
    expect(Number(all)).toBeGreaterThan(3);
    expect(Number(withoutFirst)).toBe(Number(all) - 1);
    expect(none).toMatch(/^cuDNN [\d.]+: reading CUDNN_ATTR_ENGINECFG_ENGINE: /);
  });

  it('says which padding it refuses', () => {
    const { status, rows } = ask(
      [device, 'kernels', 'strict', 'any'],
      'a: b = conv2d(b, b) n=4 h=33 w=20 c=16 f=16 kh=3 kw=3 oh=31 ow=18 stride=[1 1] dilation=[1 1] padding=[-1 0 1 0]',
    );
    expect(status).toBe(1);
    expect(rows[1]![2]).toBe(
      'conv2d: padding is negative in conv2d 4x33x20x16 to 31x18x16, kernel 3x3, stride 1x1, dilation 1x1, padding -1 0 1 0; cuDNN has no such convolution; crop x before it',
    );
  });

  it('remembers what was measured, for every cuDNN and device apart', () => {
    const plan = one('conv2dWeightGrad');
    const [first] = kernelsOf('strict', 'deterministic', plan, folder);
    expect(readdirSync(folder)).toEqual([]); // nothing was measured, so nothing is worth keeping

    const [tuned] = kernelsOf('strict', 'deterministic', plan, folder, 'timed'); // the least workspace wins
    expect(tuned!.workspace).toBeLessThanOrEqual(first!.workspace);
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^described-0-cudnn-9\.\d+\.\d+\.tuning$/);
    const file = join(folder, name!);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const line = readFileSync(file, 'utf8').trim().split('\t');
    const digestOf = (text: string): string =>
      createHash('sha256').update(`pathex tuning 2\n${name!}\n${text}`).digest('hex');
    expect(line[4]).toBe(digestOf(line.slice(0, 4).join('\t')));
    expect(line[0]).toBe(`${tuned!.convolution}, strict, deterministic`);
    expect(`cudnn engine ${line[1]}, knobs ${line[2]}`).toBe(tuned!.implementation);

    // A later line wins, one that cannot be read is passed over, and a choice that does not build is made
    // anew.
    const lines = (...choices: readonly string[]): void =>
      writeFileSync(
        file,
        choices
          .map((choice) => `${line[0]}\t${choice}`)
          .map((text) => `${text}\t${digestOf(text)}\n`)
          .join(''),
      );
    const usual = first!.implementation.replace('cudnn engine ', '').replace(', knobs ', '\t');
    lines(`${usual}\t1`, '0\t-\t1', 'rubbish', '0\t2=\t1');
    expect(kernelsOf('strict', 'deterministic', plan, folder)[0]!.implementation).toBe(
      'cudnn engine 0, knobs -',
    );
    // A line without its digest, or of another file, is nobody's.
    const another = digestOf(`${line[0]}\t0\t-\t2`);
    for (const end of ['', '\t', `\t${'0'.repeat(64)}`, `\t${another}`]) {
      writeFileSync(file, `${line[0]}\t0\t-\t1${end}\n`);
      expect(kernelsOf('strict', 'deterministic', plan, folder)[0]!.implementation).toBe(
        first!.implementation,
      );
    }
    for (const choice of [usual, '999\t-', '0\t2=12345']) {
      lines('0\t-\t1', `${choice}\t1`);
      expect(kernelsOf('strict', 'deterministic', plan, folder)[0]!.implementation).toBe(
        first!.implementation,
      );
    }
  });
});

const net = resnetCifar({ depth: 20 });
const evaluation = evaluateStep(net, cifar10, { split: 'test', count: 10_000 }, 250);
/** Evaluation as a device of precision bf16 compiles it. */
const narrowEvaluation = (): string => printPlan(compile(evaluation, { ...TARGETS.cuda, storage: 'bf16' }));

it.each([
  ['evaluation', evaluation],
  ['PX round', roundPrograms(net, px(), 100).select],
] as const)(
  'no launch does more than the map after a convolution of the %s, and both are in the main stream',
  (_, program) => {
    const { plan, steps } = emitCuda(compile(program, TARGETS.cuda));
    const pairs = plan.steps.flatMap((step, i) => {
      const map = plan.steps[i + 1];
      const isPair =
        step.kind === 'call' &&
        ['conv2d', 'conv2dInputGrad'].includes(step.kernel) &&
        map?.kind === 'fused' &&
        map.reductions.length === 0;
      return isPair ? [[steps[i]!, steps[i + 1]!] as const] : [];
    });
    expect(pairs).toHaveLength(18); // two in each of nine blocks
    for (const [conv, map] of pairs) {
      expect([conv.stream, map.stream]).toEqual([undefined, undefined]);
      expect(map).toMatchObject({ kind: 'launches', covers: 0 });
    }
  },
);

describe.skipIf(withoutWheels)(
  needsWheels('convolutions of ResNet-20 with the step after them, on a described H200'),
  () => {
    const pairsOf = (precision: string, repeatable: string, plan: string): readonly (readonly string[])[] => {
      const { status, rows, stderr } = ask([device, 'pairs', precision, repeatable], plan);
      expect(status, stderr).toBe(0);
      return rows.slice(1);
    };
    const counts = (rows: readonly (readonly string[])[]): Record<string, number> =>
      rows.reduce<Record<string, number>>((n, [kind]) => ({ ...n, [kind!]: (n[kind!] ?? 0) + 1 }), {});
    const answered = (rows: readonly (readonly string[])[]): void => {
      for (const [, convolution, , permitted, engine, workspace, note] of rows.filter(
        ([kind]) => kind === 'pair',
      )) {
        expect(engine, `${convolution}: ${note}`).toMatch(/^\d+$/);
        expect(Number(permitted)).toBeGreaterThan(0);
        expect(workspace).toBe('0');
      }
    };

    it.each([
      ['tf32', 'deterministic', 21],
      ['tf32', 'any', 21],
      ['bf16', 'deterministic', 20],
      ['bf16', 'any', 21],
    ] as const)(
      'those of the training step take the sums of their channels along, %s and %s: %i',
      (precision, repeatable, built) => {
        const rows = pairsOf(
          precision,
          repeatable,
          golden(precision === 'bf16' ? 'resnet20-train-bf16' : 'resnet20-train'),
        );
        const sums = rows.filter(([kind]) => kind === 'sums');
        // 21 convolutions of the network, 20 gradients of their inputs, which reductions of another kind
        // follow
        expect([sums.length, rows.length]).toEqual([21, 41]);
        // in bf16 the stem's three channels leave nothing that is deterministic
        expect(sums.filter(([, , , , engine]) => /^\d+$/.test(engine!))).toHaveLength(built);
      },
      180_000,
    );

    it.each([
      ['tf32', 'deterministic'],
      ['tf32', 'any'],
      ['bf16', 'deterministic'],
      ['bf16', 'any'],
    ])(
      'all of the evaluation that a map follows are one operation, %s and %s',
      (precision, repeatable) => {
        const rows = pairsOf(
          precision,
          repeatable,
          precision === 'bf16' ? narrowEvaluation() : golden('resnet20-evaluate'),
        );
        expect(counts(rows)).toEqual({ pair: 18, other: 3 }); // the shortcuts meet in the map after the other branch, the last one is averaged at once
        answered(rows);
        const epilogues = rows.flatMap(([kind, , epilogue]) => (kind === 'pair' ? [epilogue!] : []));
        expect(epilogues.every((e) => / v\d+=select\(v\d+ v\d+ v\d+\) -> v\d+\.\w+$/.test(e))).toBe(true); // ReLU, one result, the convolution's own not written
        expect(epilogues.filter((e) => /=full\.(f32|bf16)/.test(e))).toHaveLength(8); // the residuals of nine blocks but the last
        if (precision === 'bf16') expect(epilogues.every((e) => e.endsWith('.bf16'))).toBe(true);
      },
      120_000,
    );

    it.each(['tf32', 'strict'])(
      'input gradients of a PX round are one operation with the gates after them, %s',
      (precision) => {
        const rows = pairsOf(precision, 'deterministic', golden('resnet20-px-select'));
        expect(counts(rows)).toEqual({ pair: 18, other: 23 }); // two in each of nine blocks; shortcuts, stem and forward pass
        answered(rows);
        expect(
          rows.every(([kind, convolution]) => kind !== 'pair' || convolution!.startsWith('conv2dInputGrad')),
        ).toBe(true);
      },
      120_000,
    );
  },
);

describe('the timer of candidates', () => {
  it('runs slow kernels less often, hopeless ones twice, and each step on numbers of its own', () => {
    const { status, rows, stderr } = ask(['timer'], '', fakeCuda());
    expect(status, stderr).toBe(0);
    // milliseconds that the clock says, runs, microseconds a run, what the last one read
    const [two, ...singles] = [...rows].reverse();
    expect(
      singles
        .reverse()
        .map(([step, clock, runs, took, read]) => [step, clock, Number(runs), Number(took), read]),
    ).toEqual([
      ['there', '0.01', 22, expect.closeTo(0.5), 'noise'],
      ['there', '1', 4, expect.closeTo(500), 'noise'],
      ['there', '10', 3, expect.closeTo(10_000), 'noise'],
      ['back', '0.19', 12, expect.closeTo(19), 'noise'], // not hopeless: the host's own time may be in it
      ['back', '0.3', 2, expect.closeTo(300), 'noise'],
    ]);
    // Two kernels one after the other, the second of which writes where it reads, as in the plan.
    expect(two).toEqual(['two', '4', '4', expect.stringMatching(/^500\./), 'apart', 'in place']);
  });
});

describe('libraries', () => {
  it('are refused with the path and what they lack', () => {
    const place = mkdtempSync(join(tmpdir(), 'pathex-libraries-'));
    for (const name of ['libcudnn.so.9', 'libcublasLt.so.13']) copyFileSync(stub, join(place, name));
    const { rows } = ask(['libraries'], '', place);
    rmSync(place, { recursive: true });
    expect(rows).toEqual([
      [
        'cuBLASLt',
        '',
        '',
        `${place}/libcublasLt.so.13: it has no function cublasLtGetVersion; another version is needed`,
      ],
      [
        'cuDNN',
        '',
        '',
        `${place}/libcudnn.so.9: it has no function cudnnGetVersion; another version is needed`,
      ],
    ]);
  });

  it.skipIf(withoutWheels)(needsWheels('are found in wheels'), () => {
    const { rows } = ask(['libraries'], '');
    expect(rows.map(([name]) => name)).toEqual(['cuBLASLt', 'cuDNN']);
    for (const [, version, path, refusal] of rows) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(path).toContain('folder' in wheels ? wheels.folder : '');
      expect(refusal).toBe('');
    }
  });
});

describe('cuBLASLt', () => {
  it('is given row-major products as its own column-major ones', () => {
    const { rows } = ask(['products'], '');
    expect(rows.map((row) => row.slice(1).join(' '))).toEqual(
      ['A B', "A B'", "A' B", "A' B'"].flatMap((product) => [
        `${product} f32 right`,
        `${product} bf16 right`,
      ]),
    );
  });
});
