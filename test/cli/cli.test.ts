import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { key, words } from '../../src/random.js';
import { decode } from '../../src/weights/safetensors.js';
import { decodeReport, type ExperimentReport } from '../../src/report/experiment.js';
import { exitCodeOf } from './exit-code.js';

/**
 * The command line as a user meets it: the compiled program in a process of its own, on a small data set in
 * the official layout.
 */
const MAIN = resolve('dist/cli/main.js');

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

vi.setConfig({ testTimeout: 120_000 }); // processes that load and compile everything anew, on cores that others may share

let folder: string;
let data: string;

const pathex = (...args: readonly string[]): Promise<Result> =>
  new Promise((done) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd: folder, env: { ...process.env, PATHEX_DATA: '' }, timeout: 110_000 },
      (error, stdout, stderr) => done({ code: exitCodeOf(error), stdout, stderr }),
    );
  });

/** Records of the official layout whose first colour plane tells the class. */
const records = (count: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(count * 3073);
  const noise = new Uint8Array(words(key(seed), (count * 3072) / 4).buffer);
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = i % 10;
    bytes.set(noise.subarray(i * 3072, (i + 1) * 3072), i * 3073 + 1);
    bytes.fill(25 * (i % 10), i * 3073 + 1, i * 3073 + 1 + 512);
  }
  return bytes;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-cli-'));
  data = join(folder, 'cifar-10-batches-bin');
  await mkdir(data);
  await writeFile(join(data, 'data_batch_1.bin'), records(60, 1));
  await writeFile(join(data, 'test_batch.bin'), records(20, 2));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = (text: string): readonly string[] => text.trim().split('\n');

describe('a session with the command line', () => {
  const small = ['--network', 'resnet8-w4', '--threads', '1'] as const;

  test('summary lists layers and counts', async () => {
    const { code, stdout } = await pathex('summary', '--network', 'resnet20');
    expect(code).toBe(0);
    expect(stdout).toContain('resnet20: 272,474 learnt parameters, 270,896 of them prunable weights');
    expect(stdout).toMatch(/^blocks\.8\.bn2 +8 x 8 x 64 /m); // its own output, not that of the pool behind it
    expect(stdout).not.toContain('live MFLOP');
  });

  test('more threads than processors are refused, and the processors counted', async () => {
    const { code, stderr } = await pathex('train', '--threads', '1000');
    expect(code).toBe(2);
    expect(stderr).toMatch(/this machine has \d+ processors?; give at most \d+\./);
  });

  test('prune, train with a checkpoint, evaluate', async () => {
    const pruned = await pathex(
      'prune',
      ...small,
      '--data',
      data,
      '--examples',
      '2',
      '--rounds',
      '3',
      '--sparsity',
      '80',
      '--out',
      'ticket.safetensors',
    );
    expect(pruned.stderr + pruned.stdout).toContain('wrote ticket.safetensors');
    expect(pruned.code).toBe(0);
    const trained = await pathex(
      'train',
      ...small,
      '--data',
      data,
      '--weights',
      'ticket.safetensors',
      '--epochs',
      '2',
      '--batch',
      '20',
      '--execution',
      'sparse',
      '--checkpoint',
      'runs/a',
      '--out',
      'trained.safetensors',
    );
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/test accuracy \d+\.\d\d % after 2 epochs/);
    expect((await readdir(join(folder, 'runs'))).sort()).toEqual(['a-0002.safetensors', 'a.json']);
    // what became of each layer, and both times
    expect(trained.stdout).toMatch(/^layer +computed +weights +live +used +multiply-adds +left %$/m);
    expect(trained.stdout).toMatch(
      /^sparse execution: layers \d+ removed, \d+ sparse, \d+ dense; \d+\.\d\d % of/m,
    );
    expect(trained.stdout).toMatch(/^a step takes \d+\.\d ms, dense \d+\.\d ms: \d+\.\d\d of it$/m);

    const accuracy = /test accuracy (\d+\.\d\d) %/.exec(trained.stdout)![1]!;
    const evaluated = await pathex('evaluate', ...small, '--data', data, '--weights', 'trained.safetensors');
    expect(evaluated.code).toBe(0);
    expect(evaluated.stdout).toContain(`accuracy ${accuracy} %`);
    const left = await pathex('summary', '--network', 'resnet8-w4', '--weights', 'trained.safetensors');
    expect(left.stdout).toContain('density %');
    expect(left.stdout).toContain('live MFLOP');
    // the file names its network
    expect((await pathex('summary', '--weights', 'trained.safetensors')).stdout).toBe(left.stdout);
    const wrong = await pathex(
      'evaluate',
      '--network',
      'resnet20',
      '--weights',
      'trained.safetensors',
      '--data',
      data,
    );
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(
      "trained.safetensors: these are weights of 'resnet8-w4', not of 'resnet20'; give --network resnet8-w4, or leave --network out",
    );
  });

  test('Ctrl-C ends training in order, and resuming gives the weights of an unbroken run', async () => {
    const args = ['train', ...small, '--data', data, '--epochs', '40', '--batch', '10', '--seed', '5'];
    expect((await pathex(...args, '--out', 'whole.safetensors')).code).toBe(0);
    const child = spawn(
      process.execPath,
      [MAIN, ...args, '--checkpoint', 'runs/b', '--out', 'broken.safetensors'],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const exit = new Promise<number | null>((done) => child.once('exit', done));
    let stderr = '';
    child.stderr.on('data', (d: Buffer) => {
      stderr += d.toString();
    });
    while (!existsSync(join(folder, 'runs/b.json')) && child.exitCode === null)
      await new Promise((r) => setTimeout(r, 5));
    child.kill('SIGINT');
    expect(await exit).toBe(130);
    expect(stderr).toContain('pathex: interrupted');
    expect(existsSync(join(folder, 'broken.safetensors'))).toBe(false);
    const resumed = await pathex(
      ...args,
      '--checkpoint',
      'runs/b',
      '--resume',
      '--out',
      'broken.safetensors',
    );
    expect(resumed.code).toBe(0);
    expect(await readFile(join(folder, 'broken.safetensors'))).toEqual(
      await readFile(join(folder, 'whole.safetensors')),
    );
  });

  test('start writes a report that says when its images are generated', async () => {
    const { code, stdout } = await pathex(
      'start',
      '--synthetic',
      '--rounds',
      '2',
      '--epochs',
      '1',
      '--train-images',
      '128',
      '--threads',
      '1',
      '--out',
      'reports',
    );
    expect(code).toBe(0);
    for (const method of ['px', 'magnitude', 'random', 'dense']) expect(stdout).toContain(method);
    const [run] = await readdir(join(folder, 'reports'));
    const html = await readFile(join(folder, 'reports', run!, 'report.html'), 'utf8');
    expect(html).toContain('generated images, not CIFAR-10');
    expect(html).not.toMatch(/(src|href)="https?:/);
  });

  test('imp trains in rounds; a rewound ticket goes on from its step', async () => {
    const args = ['--data', data, '--batch', '20', '--rate', '0.05'] as const;
    const pruned = await pathex(
      'prune',
      ...small,
      ...args,
      '--method',
      'imp',
      '--epochs',
      '2',
      '--rounds',
      '2',
      '--rewind',
      '1',
      '--sparsity',
      '80',
      '--out',
      'imp.safetensors',
    );
    expect(pruned.stdout).toContain(
      'wrote imp.safetensors; its weights are those after step 1: train them with --from-step 1',
    );
    expect(pruned.stdout).toMatch(/^imp: 1,008 of 5,036 weights live/m);
    expect(pruned.stderr).toMatch(/^pruning with imp: 100 % \(12 of 12\), round 2\/2, epoch 2\/2/m);
    const trained = await pathex(
      'train',
      ...small,
      ...args,
      '--weights',
      'imp.safetensors',
      '--epochs',
      '2',
      '--from-step',
      '1',
      '--out',
      'imp-trained.safetensors',
    );
    expect(trained.code).toBe(0);
    expect(trained.stderr).toContain('training: 100 % (5 of 5)');
  });

  describe('compare', () => {
    const args = [
      'compare',
      '--network',
      'resnet8-w4',
      '--threads',
      '1',
      '--batch',
      '20',
      '--rounds',
      '3',
      '--sparsity',
      '80',
      '--examples',
      '2',
      '--imp-rounds',
      '2',
    ] as const;
    const reportOf = async (out: string): Promise<ExperimentReport> =>
      decodeReport(await readFile(join(folder, out, 'report.json'), 'utf8'));

    test('prunes and trains by each method, and writes a table, a report and tickets', async () => {
      const { code, stdout } = await pathex(
        ...args,
        '--data',
        data,
        '--methods',
        'px,snip,imp,dense',
        '--epochs',
        '1',
        '--seeds',
        '0,1',
        '--out',
        'sides',
      );
      expect(code).toBe(0);
      for (const method of ['px', 'snip', 'imp', 'dense'])
        expect(stdout).toMatch(new RegExp(`^${method} +2 `, 'm'));
      const { runs, command, failures } = await reportOf('sides');
      expect(runs.map((r) => [r.method, r.seed])).toEqual(
        [0, 1].flatMap((seed) => ['px', 'snip', 'imp', 'dense'].map((m) => [m, seed])),
      );
      expect(new Set(runs.filter((r) => r.method !== 'dense').map((r) => r.live)).size).toBe(1);
      expect(runs.find((r) => r.method === 'px')!.log2Flow).toHaveLength(3);
      expect(runs.every((r) => r.epochs.length === 1)).toBe(true);
      expect(failures).toBeUndefined();
      expect(command).toContain(
        'pathex compare --network resnet8-w4 --methods px,snip,imp,dense --sparsity 80 --rounds 3 --scope global --epochs 1 --batch 20',
      );
      expect((await readdir(join(folder, 'sides'))).sort()).toEqual(
        ['imp', 'px', 'snip']
          .flatMap((m) => [`${m}-seed0.safetensors`, `${m}-seed1.safetensors`])
          .concat(['report.html', 'report.json'])
          .sort(),
      );
    });

    test('by layers, some left whole: the report says so', async () => {
      const ranked = ['--methods', 'magnitude,phew', '--scope', 'layer', '--exclude', 'fc', '--epochs', '1'];
      const { code } = await pathex(...args, '--data', data, ...ranked, '--out', 'layers');
      expect(code).toBe(0);
      const { title, settings, runs, failures } = await reportOf('layers');
      expect(title).toBe('Lottery tickets of resnet8-w4 at 80 % sparsity, scope layer, without fc');
      expect(settings).toContain('; scope=layer; exclude=fc; ');
      const layers = runs[0]!.layerDensities.map(({ weights, live }) => [weights, live]);
      expect(layers.at(-1)).toEqual([160, 160]);
      for (const [weights, live] of layers.slice(0, -1))
        expect(Math.abs(live! - weights! / 5)).toBeLessThan(1);
      expect(failures).toMatchObject([{ method: 'phew', code: 'OPTION' }]);
    });

    test('a method that collapses is a row that says so', async () => {
      const { code, stdout } = await pathex(
        'compare',
        '--data',
        data,
        '--network',
        'resnet8-w1',
        '--batch',
        '20',
        '--sparsity',
        '99.99999',
        '--methods',
        'magnitude,dense',
        '--epochs',
        '1',
        '--out',
        'fallen',
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^magnitude +- .* COLLAPSE$/m);
      expect(stdout).toMatch(/^magnitude, seed 0: prune: magnitude: the ticket has no path/m);
      expect(stdout).toMatch(/^dense +0\.00/m);
      expect((await reportOf('fallen')).failures).toMatchObject([
        { method: 'magnitude', seed: 0, code: 'COLLAPSE' },
      ]);
      expect(await readFile(join(folder, 'fallen/report.html'), 'utf8')).toContain('the ticket has no path');
      const again = await pathex(
        'compare',
        '--data',
        data,
        '--network',
        'resnet8-w1',
        '--batch',
        '20',
        '--sparsity',
        '99.99999',
        '--methods',
        'dense',
        '--epochs',
        '1',
        '--out',
        'fallen',
        '--resume',
      );
      expect(again.stdout).toMatch(/^magnitude +- .* COLLAPSE$/m); // not asked for this time, and kept
      expect(
        (
          await pathex(
            'compare',
            '--data',
            data,
            '--network',
            'resnet8-w1',
            '--batch',
            '20',
            '--sparsity',
            '99.99999',
            '--methods',
            'magnitude',
            '--out',
            'all-fallen',
          )
        ).code,
      ).toBe(1);
    });

    test('goes on after Ctrl-C with the rows that are there, if nothing else changed', async () => {
      const long = [
        ...args,
        '--data',
        data,
        '--methods',
        'magnitude,px',
        '--epochs',
        '15',
        '--out',
        'broken',
      ] as const;
      const child = spawn(process.execPath, [MAIN, ...long], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exit = new Promise<number | null>((done) => child.once('exit', done));
      let stderr = '';
      child.stderr.on('data', (d: Buffer) => {
        stderr += d.toString();
      });
      while (!existsSync(join(folder, 'broken/report.json')) && child.exitCode === null)
        await new Promise((r) => setTimeout(r, 5));
      child.kill('SIGINT');
      expect(await exit).toBe(130);
      expect(lines(stderr).at(-1)).toMatch(
        /^pathex: interrupted; continue with: pathex compare --network resnet8-w4 --methods magnitude,px .*--out broken .*--resume$/,
      );
      const before = await reportOf('broken');
      expect(before.runs.map((r) => r.method)).toEqual(['magnitude']);

      expect((await pathex(...long)).stderr).toBe(
        'pathex: OUTPUT: broken/report.json: exists already; continue it with --resume, or choose another folder\n',
      );
      const other = await pathex(...long, '--resume', '--rounds', '4');
      expect([other.code, other.stderr]).toEqual([
        1,
        'pathex: CHECKPOINT: broken/report.json: made with other settings: there rounds=3, here rounds=4; repeat them, or choose another folder\n',
      ]);
      const resumed = await pathex(...long, '--resume');
      expect(resumed.code).toBe(0);
      expect(resumed.stdout).toContain('magnitude, seed 0: kept');
      const after = await reportOf('broken');
      expect(after.runs.map((r) => r.method)).toEqual(['magnitude', 'px']);
      expect(after.runs[0]).toEqual(before.runs[0]);
    });
  });

  test('plan prints steps, and the graph after a pass', async () => {
    expect((await pathex('plan', '--network', 'resnet8-w4', '--of', 'px')).stdout).toMatch(
      /plan 'px\/select' version 3: \d+ steps/,
    );
    expect((await pathex('plan', '--network', 'resnet8-w4', '--storage', 'bf16')).stdout).toMatch(
      /^ {2}b\d+: bf16\[128, 32, 32, 4\]/m,
    );
    expect(
      (await pathex('plan', '--network', 'resnet8-w4', '--of', 'px', '--storage', 'bf16')).stdout,
    ).not.toContain('bf16'); // it scores weights
    expect((await pathex('plan', '--network', 'resnet8-w4', '--dump-after', 'simplify')).stdout).toMatch(
      /%\d+ = conv2d\(%\d+, %\d+\)/,
    );
    expect((await pathex('plan', '--network', 'resnet8-w4', '--dump-after', 'schedule')).stdout).toMatch(
      /^\d+: fused \[.*\] bn:relu -> f32\[128 32 32 4\] after \d+/m,
    );
    expect((await pathex('plan', '--dump-after', 'emti')).stderr).toMatch(
      /^pathex: OPTION: plan: --dump-after 'emti' is unknown; did you mean 'emit'\?; choose read, /,
    );
    expect((await pathex('plan', '--of', 'trian')).stderr).toMatch(
      /^pathex: OPTION: plan: --of 'trian' is unknown; did you mean 'train'\?; choose train, evaluate, px, /,
    );
    expect((await pathex('plan', '--network', 'resnet8-w4', '--dump-cuda')).stdout).toMatch(
      /\/\/ step \d+, bn:relu: .*\nextern "C" __global__ void __launch_bounds__\(256\) fused_\d+_bn_relu\(const float\* x0, /,
    );
    const arenaOf = async (target: string): Promise<number> =>
      Number(
        /, (\d+) arena bytes/.exec(
          (await pathex('plan', '--network', 'resnet8-w4', '--of', 'px', '--target', target)).stdout,
        )![1],
      );
    expect(await arenaOf('cpu')).toBeLessThan(await arenaOf('cuda')); // which keeps operands for its side stream
    expect((await pathex('plan', '--target', 'cpu', '--dump-cuda')).stderr).toBe(
      'pathex: OPTION: plan: --target cpu has no --dump-cuda; leave out one of them\n',
    );
    expect((await pathex('plan', '--dump-cuda', '--dump-after', 'share')).stderr).toBe(
      'pathex: OPTION: plan: --dump-after and --dump-cuda each print something else; give one of them\n',
    );
  });

  test('a reader that goes away does not end the work', async () => {
    const child = spawn(
      'sh',
      [
        '-c',
        `"${process.execPath}" "${MAIN}" prune --method magnitude --network resnet8-w4 --sparsity 0.8 --out piped.safetensors | head -1; :`,
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (d: Buffer) => {
      stdout += d.toString();
    });
    child.stderr.on('data', (d: Buffer) => {
      stderr += d.toString();
    });
    await new Promise((done) => child.once('close', done));
    expect(stdout).toBe('sparsity 0.8 is 0.8 per cent; to remove 80 per cent give --sparsity 80\n');
    expect(stderr).not.toContain('EPIPE');
    expect(existsSync(join(folder, 'piped.safetensors'))).toBe(true);
  });

  test('doctor says what is there and why something is not', async () => {
    const { code, stdout } = await pathex('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ok {4}device cpu: cpu \(oneDNN \d+\.\d+\.\d+, .+ threads?\)/);
    expect(stdout).toMatch(
      /^(ok {4}device cuda: cuda \(|no {4}device cuda: .*(libcuda\.so\.1|cuInit|GPU|NVRTC|nvrtc))/m,
    );
    for (const library of ['driver', 'NVRTC', 'cuDNN', 'cuBLASLt'])
      expect(stdout).toMatch(new RegExp(`^(ok|no) {6}${library}: .`, 'm'));
  });

  test('methods lists every method, what it costs and its options', async () => {
    const { code, stdout } = await pathex('methods');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^px +images +100 {2}R \(M 2F \+ f \+ b\) /m);
    expect(stdout).toMatch(/^grasp +labelled images +1 only {2}M \(2F \+ 4B\) /m);
    expect(stdout).toMatch(/^phew +none +1 only {2}no pass /m);
    expect(stdout).toMatch(/^imp +the training set +6 {2}R T /m);
    expect(stdout).toMatch(/^biasPaths +px, synflow, synflow-l2, logsynflow +true +true or false /m);
  });

  test('prune takes the options of the method', async () => {
    const prune = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await pathex(
        'prune',
        ...small,
        '--data',
        data,
        '--examples',
        '1',
        '--sparsity',
        '80',
        '--out',
        'options.safetensors',
        '--force',
        ...args,
      );
      expect([code, stderr.replace(/^pruning with.*\n/gm, '')]).toEqual([0, '']);
      return /^[\w-]+: [\d,]+ of 5,036 weights live/m.exec(stdout)?.[0] ?? stdout;
    };
    expect(
      await prune('--method', 'px', '--rounds', '2', '--option', 'mode=px-gated', '-O', 'biasPaths=false'),
    ).toBe('px-gated: 1,008 of 5,036 weights live');
    expect(await prune('--method', 'prospr', '-O', 'steps=1', '-O', 'momentum=0.9')).toBe(
      'prospr: 1,008 of 5,036 weights live',
    );
    expect(await prune('--method', 'phew')).toMatch(/^phew: 1,0(0[7-9]|1[0-6]) of 5,036 weights live$/);
  });

  test('prune ranks by layers and leaves layers whole', async () => {
    const flags = ['--method', 'magnitude', '--sparsity', '80', '--scope', 'erk', '--exclude', 'fc'];
    const pruned = await pathex(
      'prune',
      ...small,
      ...flags,
      '--exclude',
      'con*v',
      '--out',
      'erk.safetensors',
    );
    expect([pruned.code, pruned.stderr.replace(/^pruning with.*\n/gm, '')]).toEqual([0, '']);
    expect(pruned.stdout).toContain('left whole: conv.weight, fc.weight');
    expect(pruned.stdout).toMatch(/^magnitude, scope erk: 1,222 of 5,036 weights live/m);
    const stored = decode(await readFile(join(folder, 'erk.safetensors')), 'erk.safetensors');
    expect(stored.metadata).toMatchObject({ scope: 'erk', excluded: 'conv.weight fc.weight' });
    const live = (name: string): number => {
      const { dtype, data: bits } = stored.tensors[`${name}_mask`]!;
      return dtype === 'U8' ? bits.reduce((n, bit) => n + bit, 0) : NaN;
    };
    expect([live('conv.weight'), live('fc.weight')]).toEqual([108, 160]);
  });

  test('every command has help', async () => {
    for (const command of [
      'start',
      'compare',
      'methods',
      'prune',
      'train',
      'evaluate',
      'summary',
      'plan',
      'doctor',
    ])
      expect((await pathex(command, '--help')).stdout).toContain(`Usage: pathex ${command}`);
  });
});

describe('bad input is one line, a non-zero exit code, and nothing overwritten', () => {
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['unknown command', ['prun'], 2, /unknown command 'prun'/],
    ['unknown flag', ['prune', '--sparsty', '1'], 2, /unknown option '--sparsty'/],
    [
      'sparsity of 100 %',
      ['prune', '--sparsity', '100'],
      2,
      /sparsity must be a number of per cent in \[0, 100\)/,
    ],
    [
      'sparsity that leaves no path',
      ['prune', '--method', 'magnitude', '--network', 'resnet8-w1', '--sparsity', '99.99999'],
      1,
      /^pathex: COLLAPSE: prune: magnitude: the ticket has no path/m,
    ],
    [
      'unknown method',
      ['prune', '--method', 'foo'],
      1,
      /^pathex: OPTION: method: 'foo' is unknown; choose px/,
    ],
    [
      'unknown network',
      ['summary', '--network', 'resnet21'],
      1,
      /^pathex: OPTION: resnetCifar: depth 21 is not 6 n \+ 2/,
    ],
    [
      'unknown device',
      ['prune', '--device', 'tpu'],
      1,
      /^pathex: OPTION: device: 'tpu' is unknown; choose cpu or cuda or reference/,
    ],
    ['unknown precision', ['train', '--precision', 'fp8'], 2, /precision must be strict, tf32 or bf16/],
    [
      'a precision that the device does not have',
      ['prune', '--method', 'magnitude', '--synthetic', '--precision', 'tf32'],
      1,
      /^pathex: OPTION: precision: tf32 is of the cuda device, not of cpu; leave it out or choose --device cuda$/m,
    ],
    ['unknown target', ['plan', '--target', 'tpu'], 2, /target must be cpu or cuda/],
    ['unknown storage', ['plan', '--storage', 'fp8'], 2, /storage must be f32 or bf16/],
    [
      'unknown execution',
      ['train', '--execution', 'sprase'],
      1,
      /^pathex: OPTION: execution 'sprase' is unknown; did you mean 'sparse'/,
    ],
    [
      'sparse without a ticket',
      ['train', '--synthetic', '--execution', 'sparse', '--out', 'none.safetensors'],
      1,
      /there are no masks; give masks/,
    ],
    ['missing data folder', ['train', '--data', 'nowhere'], 1, /^pathex: DATA: CIFAR-10: .*nowhere/],
    [
      'missing weights',
      ['evaluate', '--synthetic', '--weights', 'none.safetensors'],
      1,
      /^pathex: WEIGHTS: none\.safetensors: /,
    ],
    [
      'resume without checkpoint',
      ['train', '--resume'],
      1,
      /^pathex: OPTION: resume: there is no checkpoint to continue; name it with --checkpoint/,
    ],
    [
      'single-shot method with rounds',
      ['prune', '--method', 'snip', '--synthetic', '--rounds', '2'],
      1,
      /^pathex: OPTION: prune: snip is single-shot/,
    ],
    [
      'an option of another method',
      ['prune', '--method', 'snip', '--synthetic', '-O', 'temperature=1'],
      1,
      /^pathex: OPTION: snip: option 'temperature' is unknown; its options are statistics \(batch\)$/m,
    ],
    [
      'an option without sense',
      ['prune', '--method', 'ntk-sap', '--synthetic', '-O', 'epsilon=0'],
      1,
      /^pathex: OPTION: ntk-sap: epsilon '0' is not a positive number; its options are epsilon \(0\.01\), resamplings \(1\)$/m,
    ],
    [
      'a plan of a method that has none',
      ['plan', '--of', 'phew'],
      1,
      /^pathex: OPTION: phew: it scores no weights on a device; choose another method$/m,
    ],
    [
      'unwritable output',
      ['prune', '--method', 'magnitude', '--out', '/proc/none/t.safetensors'],
      1,
      /^pathex: OUTPUT: \/proc\/none\/t\.safetensors/,
    ],
    [
      'two sources of data',
      ['train', '--synthetic', '--data', 'x'],
      1,
      /^pathex: OPTION: data: --data and --synthetic name two sets; give one of them/,
    ],
    [
      'imp without epochs',
      ['prune', '--method', 'imp'],
      1,
      /^pathex: OPTION: epochs: imp trains in every round; give --epochs/,
    ],
    ['a rewind without imp', ['prune', '--rewind', '5'], 1, /^pathex: OPTION: rewind: px does not train/],
    [
      'a rewind past the training',
      ['prune', '--method', 'imp', '--epochs', '1', '--rewind', '40', '--synthetic'],
      1,
      /^pathex: OPTION: imp: rewind to step 40 of a training of 39 steps; give a step from 0 to 38/,
    ],
    [
      'an unknown method to compare',
      ['compare', '--methods', 'px,foo', '--out', 'never'],
      1,
      /^pathex: OPTION: methods: 'foo' is unknown; choose from px, .*, dense$/m,
    ],
    [
      'a method to compare with itself',
      ['compare', '--methods', 'px,px', '--out', 'never'],
      1,
      /^pathex: OPTION: methods: 'px,px' names one of them twice/,
    ],
    [
      'seeds that are none',
      ['compare', '--seeds', '0,x', '--out', 'never'],
      2,
      /seed must be an integer from 0 on/,
    ],
    [
      'a batch larger than the set',
      ['compare', '--synthetic', '--subset', '50', '--out', 'never'],
      1,
      /^pathex: OPTION: batches: no batch of 128 in 50 images; take a smaller batch/,
    ],
    [
      'milestones of a one-cycle',
      ['train', '--schedule', 'one-cycle', '--milestones', '3'],
      1,
      /^pathex: OPTION: milestones/,
    ],
  ];
  test.each(cases)('%s', async (_, args, code, message) => {
    const out =
      (args[0] === 'prune' || args[0] === 'train') && !args.includes('--out')
        ? ['--out', 'never.safetensors']
        : [];
    const result = await pathex(...args, ...out);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
    expect(lines(result.stderr).filter((l) => !l.startsWith('pruning with')).length).toBeLessThanOrEqual(
      code === 2 ? 3 : 1,
    ); // a wrong flag also points to --help
    expect(existsSync(join(folder, 'never.safetensors'))).toBe(false);
  });

  test('an existing output is kept', async () => {
    await writeFile(join(folder, 'mine.safetensors'), 'precious');
    const { code, stderr } = await pathex('prune', '--method', 'magnitude', '--out', 'mine.safetensors');
    expect([code, stderr.trim()]).toEqual([
      1,
      'pathex: OUTPUT: mine.safetensors: exists already; give another name, or --force to replace it',
    ]);
    expect(await readFile(join(folder, 'mine.safetensors'), 'utf8')).toBe('precious');
  });

  test.each([
    ['truncated', (b: Uint8Array) => b.subarray(0, b.length - 100), /DATA: .*test_batch\.bin/],
    [
      'with an impossible label',
      (b: Uint8Array) => {
        const c = b.slice();
        c[3073] = 77;
        return c;
      },
      /DATA: .*test_batch\.bin.*77/,
    ],
  ])('CIFAR-10 %s', async (name, damage, message) => {
    const bad = join(folder, `bad-${name.slice(0, 4)}`);
    await mkdir(bad);
    await writeFile(join(bad, 'data_batch_1.bin'), records(60, 1));
    await writeFile(join(bad, 'test_batch.bin'), damage(records(20, 2)));
    const { code, stderr } = await pathex('train', '--data', bad, '--out', 'never.safetensors');
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'never.safetensors'))).toBe(false);
  });

  test.each([
    ['truncated', (b: Uint8Array) => b.subarray(0, b.length - 10)],
    ['empty', () => new Uint8Array(0)],
    ['of another network', (b: Uint8Array) => b],
  ])('weights %s', async (name, damage) => {
    const good = await pathex(
      'prune',
      '--method',
      'magnitude',
      '--network',
      'resnet8-w2',
      '--sparsity',
      '50',
      '--out',
      'w.safetensors',
      '--force',
    );
    expect(good.code).toBe(0);
    await writeFile(join(folder, 'bad.safetensors'), damage(await readFile(join(folder, 'w.safetensors'))));
    const { code, stderr } = await pathex(
      'evaluate',
      '--synthetic',
      '--network',
      name === 'of another network' ? 'resnet20' : 'resnet8-w2',
      '--weights',
      'bad.safetensors',
    );
    expect([code, lines(stderr).length]).toEqual([1, 1]);
    expect(stderr).toMatch(/^pathex: WEIGHTS: bad\.safetensors: /);
  });
});
