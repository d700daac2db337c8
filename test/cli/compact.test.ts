import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { modelOf } from '../../src/models/models.js';
import type { Network } from '../../src/nn/network.js';
import { key, words } from '../../src/random.js';
import { loadWeights, type WeightsFile } from '../../src/weights/state-dict.js';
import { exitCodeOf } from './exit-code.js';

/** `--compact-file` on the compiled command line, and what reads the files that it writes. */
const MAIN = resolve('dist/cli/main.js');
vi.setConfig({ testTimeout: 120_000 }); // processes that load and compile everything anew, on cores that others may share

let folder: string;
const pathex = (command: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((done) => {
    const args = [MAIN, ...command.split(' ')];
    execFile(process.execPath, args, { cwd: folder, timeout: 110_000 }, (error, stdout, stderr) =>
      done({ code: exitCodeOf(error), stdout, stderr }),
    );
  });
const net = modelOf('resnet8-w4', { height: 32, width: 32, channels: 3, classes: 10 }) as Network;
const load = (file: string): Promise<WeightsFile> => loadWeights(join(folder, file), net);
const small = '--threads 1 --data images';
const steps = `${small} --epochs 1 --batch 20`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-compact-'));
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
  const prune = 'prune --network resnet8-w4 --method magnitude --sparsity 90 --threads 1';
  for (const [out, more] of [
    ['dense', ''],
    ['compact', ' --compact-file'],
  ] as const) {
    const { code, stdout } = await pathex(`${prune} --out ${out}.safetensors${more}`);
    expect(code).toBe(0);
    const written = `wrote ${out}.safetensors`;
    const bytes = (await stat(join(folder, `${out}.safetensors`))).size.toLocaleString('en');
    expect(stdout.trim().split('\n').at(-1)).toBe(
      out === 'dense' ? written : `${written}: live weights only, ${bytes} bytes`,
    );
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('prune --compact-file', () => {
  test('writes what is live of the dense file', async () => {
    const [dense, compact] = [await load('dense.safetensors'), await load('compact.safetensors')];
    expect([dense.form, compact.form]).toEqual(['dense', 'compact']);
    expect(compact.masks).toEqual(dense.masks);
    expect(compact.metadata).toEqual(dense.metadata);
    for (const [name, { data }] of dense.weights) {
      const mask = dense.masks!.get(name);
      expect(compact.weights.get(name)!.data).toEqual(
        mask === undefined ? data : data.map((v, i) => (mask[i] === 1 ? v : 0)),
      );
    }
    const [a, b] = await Promise.all(
      ['dense', 'compact'].map(async (name) => (await stat(join(folder, `${name}.safetensors`))).size),
    );
    expect(b).toBeLessThan(a! / 2);
  });
});

describe('a compact file is read without an option', () => {
  test('train: the bits of the dense one, in either form, and from a checkpoint', async () => {
    const train = `train ${steps} --weights`;
    const from = await pathex(`${train} dense.safetensors --out a.safetensors`);
    const { code, stdout } = await pathex(
      `${train} compact.safetensors --compact-file --checkpoint run --out b.safetensors`,
    );
    expect([from.code, code]).toEqual([0, 0]);
    expect(stdout).toContain('wrote b.safetensors: live weights only');
    const [a, b] = [await load('a.safetensors'), await load('b.safetensors')];
    expect([a.form, b.form]).toEqual(['dense', 'compact']);
    expect(b.weights).toEqual(a.weights);
    expect(b.masks).toEqual(a.masks);
    const again = await pathex(
      `train ${steps} --network resnet8-w4 --checkpoint run --resume --compact-file --out c.safetensors`,
    );
    expect(again.stderr).not.toContain('OPTION');
    expect(again.code).toBe(0);
    expect(await readFile(join(folder, 'c.safetensors'))).toEqual(
      await readFile(join(folder, 'b.safetensors')),
    );
  });

  test('evaluate and summary: the words of the dense one', async () => {
    for (const command of [`evaluate ${small} --weights`, 'summary --weights']) {
      const [dense, compact] = [
        await pathex(`${command} dense.safetensors`),
        await pathex(`${command} compact.safetensors`),
      ];
      expect(compact).toEqual(dense);
      expect(compact.code).toBe(0);
    }
  });

  test('prune: refused where it would rank what is not there, and further among live weights', async () => {
    const prune = 'prune --method magnitude --sparsity 95 --threads 1 --weights compact.safetensors';
    const { code, stderr } = await pathex(`${prune} --out anew.safetensors`);
    expect(stderr).toBe(
      'pathex: WEIGHTS: compact.safetensors: a compact file, which does not keep the values of pruned weights, and pruning starts from all weights; give the dense file, or --mask-zeros to prune what is live further\n',
    );
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'anew.safetensors'))).toBe(false);
    const further = await pathex(`${prune} --mask-zeros --out further.safetensors`);
    expect(further.stdout).toContain('they are masked and stay zero');
    expect(further.stdout).not.toContain('its masks are left aside');
    const [before, after] = [await load('compact.safetensors'), await load('further.safetensors')];
    for (const [name, mask] of after.masks!)
      expect(
        mask.every((live, i) => live <= before.masks!.get(name)![i]!),
        name,
      ).toBe(true);
  });
});

test('train --compact-file of what is not pruned is refused before it begins', async () => {
  const train = `train ${steps} --network resnet8-w4 --compact-file --out none.safetensors`;
  const line =
    'pathex: OPTION: compact-file: it keeps live weights, and nothing here is pruned; leave it out, or start from a ticket with --weights\n';
  expect(await pathex(train)).toMatchObject({ code: 1, stderr: line });
  expect(
    (await pathex(`train ${steps} --network resnet8-w4 --checkpoint whole --out whole.safetensors`)).code,
  ).toBe(0);
  expect(await pathex(`${train} --checkpoint whole --resume`)).toMatchObject({ code: 1, stderr: line });
});
