import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { modelOf } from '../../src/models/models.js';
import { prunable, type Network } from '../../src/nn/network.js';
import { nameOf } from '../../src/graph/graph.js';
import { initialise, masksOfZeros, type Weights } from '../../src/nn/weights.js';
import { key, words } from '../../src/random.js';
import { size } from '../../src/tensor/tensor.js';
import { loadWeights, saveWeights } from '../../src/weights/state-dict.js';
import { decode, encode } from '../../src/weights/safetensors.js';
import { readFile } from 'node:fs/promises';
import { exitCodeOf } from './exit-code.js';

/**
 * Files whose zeros are a ticket's but which hold no masks, and files that would end as NaN, on the compiled
 * command line.
 */
const MAIN = resolve('dist/cli/main.js');
vi.setConfig({ testTimeout: 120_000 }); // processes that load and compile everything anew, on cores that others may share

let folder: string;
const pathex = (...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, timeout: 110_000 }, (error, stdout, stderr) =>
      done({ code: exitCodeOf(error), stdout, stderr }),
    );
  });

const net = modelOf('resnet8-w4', { height: 32, width: 32, channels: 3, classes: 10 });
const total = prunable(net as Network).reduce((n, w) => n + size(w.shape), 0);
/** Every prunable weight but each tenth is zero. */
const sparse: Weights = new Map(
  [...initialise(net as Network, 0)].map(([name, w]) => [
    name,
    prunable(net as Network).some((p) => nameOf(p) === name)
      ? { ...w, data: w.data.map((v, i) => (i % 10 === 0 ? v : 0)) }
      : w,
  ]),
);
const zeros = [...masksOfZeros(net as Network, sparse).values()].reduce(
  (n, m) => n + m.filter((b) => b === 0).length,
  0,
);
const said = `sparse.safetensors: ${zeros.toLocaleString('en')} of ${total.toLocaleString('en')} prunable weights (${((100 * zeros) / total).toFixed(2)} %) are exactly zero`;
const offer =
  '; without masks they count as live, and training would revive them; to keep them pruned give --mask-zeros';

const small = ['--network', 'resnet8-w4', '--threads', '1', '--data', 'images'] as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-zeros-'));
  await mkdir(join(folder, 'images'));
  const records = (count: number, seed: number): Uint8Array => {
    const bytes = new Uint8Array(count * 3073);
    const noise = words(key(seed), (count * 3073) / 4); // counts are multiples of 4
    bytes.set(new Uint8Array(noise.buffer, 0, noise.byteLength));
    for (let i = 0; i < count; i++) bytes[i * 3073] = i % 10;
    return bytes;
  };
  await writeFile(join(folder, 'images', 'data_batch_1.bin'), records(40, 1));
  await writeFile(join(folder, 'images', 'test_batch.bin'), records(20, 2));
  await saveWeights(join(folder, 'sparse.safetensors'), net as Network, {
    weights: sparse,
    masks: null,
    metadata: {},
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const stays = async (file: string): Promise<boolean> => {
  const { weights } = await loadWeights(join(folder, file), net as Network);
  return [...masksOfZeros(net as Network, sparse)].every(([name, mask]) =>
    mask.every((live, i) => live === 1 || weights.get(name)!.data[i] === 0),
  );
};

describe('zeros without masks', () => {
  test('summary says so, and what they leave of each layer', async () => {
    const plain = await pathex('summary', '--network', 'resnet8-w4', '--weights', 'sparse.safetensors');
    expect(plain.stdout).toContain(said + offer);
    const masked = await pathex(
      'summary',
      '--network',
      'resnet8-w4',
      '--weights',
      'sparse.safetensors',
      '--mask-zeros',
    );
    expect(masked.stdout).toContain(`${said}; they are masked and stay zero`);
    expect(masked.stdout).toContain('density %');
    expect(masked.code).toBe(0);
  });

  test('train says so; with --mask-zeros they stay zero, and the file has masks', async () => {
    const train = (out: string, ...more: readonly string[]): ReturnType<typeof pathex> =>
      pathex(
        'train',
        ...small,
        '--weights',
        'sparse.safetensors',
        '--epochs',
        '1',
        '--batch',
        '20',
        '--out',
        out,
        ...more,
      );
    expect((await train('revived.safetensors')).stdout).toContain(said + offer);
    expect(await stays('revived.safetensors')).toBe(false);
    expect((await train('kept.safetensors', '--mask-zeros')).stdout).toContain(
      `${said}; they are masked and stay zero`,
    );
    expect(await stays('kept.safetensors')).toBe(true);
    expect((await loadWeights(join(folder, 'kept.safetensors'), net as Network)).masks).toEqual(
      masksOfZeros(net as Network, sparse),
    );
    const again = await train('twice.safetensors', '--weights', 'kept.safetensors', '--mask-zeros');
    expect(again.stderr).toBe(
      'pathex: OPTION: mask-zeros: kept.safetensors has masks already; leave --mask-zeros out\n',
    );
    expect(again.code).toBe(1);
  });

  test('prune says so; with --mask-zeros they stay out of the ticket', async () => {
    const prune = (out: string, ...more: readonly string[]): ReturnType<typeof pathex> =>
      pathex(
        'prune',
        ...small,
        '--method',
        'random',
        '--weights',
        'sparse.safetensors',
        '--sparsity',
        '95',
        '--out',
        out,
        ...more,
      );
    expect((await prune('plain.safetensors')).stdout).toContain(said + offer);
    const masked = await prune('within.safetensors', '--mask-zeros');
    expect(masked.stderr + masked.stdout).toContain(`${said}; they are masked and stay zero`);
    const { masks } = await loadWeights(join(folder, 'within.safetensors'), net as Network);
    for (const [name, mask] of masksOfZeros(net as Network, sparse))
      expect(mask.every((live, i) => live === 1 || masks!.get(name)![i] === 0)).toBe(true);
    const much = await prune('much.safetensors', '--mask-zeros', '--sparsity', '50');
    expect(much.stderr).toMatch(
      /^pathex: OPTION: prune: density 0.5 keeps \d+ of \d+ weights, the given masks leave \d+;/,
    );
  });

  test('evaluate counts them as the masks do', async () => {
    const masked = await pathex('evaluate', ...small, '--weights', 'sparse.safetensors', '--mask-zeros');
    expect(masked.stdout).toContain(
      `${(total - zeros).toLocaleString('en')} of ${total.toLocaleString('en')} weights live`,
    );
    const none = await pathex('summary', '--network', 'resnet8-w4', '--mask-zeros');
    expect(none.stderr).toBe(
      'pathex: OPTION: mask-zeros: it is about weights of a file; name it with --weights, or leave it out\n',
    );
  });
});

test('a negative running variance is refused with its place, exit code 1', async () => {
  const { tensors, metadata } = decode(await readFile(join(folder, 'sparse.safetensors')), 'sparse');
  const variance = (tensors['bn.running_var']!.data as Float32Array).slice();
  variance[2] = -0.5;
  const negative = { ...tensors, 'bn.running_var': { dtype: 'F32' as const, shape: [4], data: variance } };
  await writeFile(join(folder, 'negative.safetensors'), encode(negative, metadata));
  const { code, stdout, stderr } = await pathex('evaluate', ...small, '--weights', 'negative.safetensors');
  expect(stderr).toMatch(
    /^pathex: WEIGHTS: negative\.safetensors: 'bn\.running_var' holds -0\.5 at 2; a running variance is 0 or more: [^\n]*\n$/,
  );
  expect(stdout).not.toContain('NaN');
  expect(code).toBe(1);
});

test('an evaluation that ends as NaN is an error, exit code 1', async () => {
  const huge: Weights = new Map(
    [...initialise(net as Network, 0)].map(([name, w]) => [
      name,
      name.endsWith('.weight') ? { ...w, data: w.data.map(() => 3e38) } : w,
    ]),
  );
  await saveWeights(join(folder, 'huge.safetensors'), net as Network, {
    weights: huge,
    masks: null,
    metadata: {},
  });
  const { code, stdout, stderr } = await pathex('evaluate', ...small, '--weights', 'huge.safetensors');
  expect(stderr).toMatch(
    /^pathex: NON_FINITE: evaluate: the loss on the test split of 'CIFAR-10 \(shortened\)' is NaN; [^\n]*\n$/,
  );
  expect(stdout).not.toContain('accuracy');
  expect(code).toBe(1);
});
