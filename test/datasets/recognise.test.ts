import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCifar10, loadCifar10 } from '../../src/datasets/cifar10.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-recognise-'));
});
afterEach(() => rm(folder, { recursive: true }));
const put = async (name: string): Promise<string> => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  return path;
};

describe('what lies where CIFAR-10 was meant is named, with what is needed', () => {
  test.each([
    [
      'cifar-10-batches-py/data_batch_1',
      'is the Python version of CIFAR-10; pathex reads the binary version',
    ],
    ['data_batch_1', 'is the Python version of CIFAR-10'],
    ['cifar-10-python.tar.gz', 'is the Python version of CIFAR-10'],
    ['cifar-10-batches-mat/data_batch_1.mat', 'is the Matlab version of CIFAR-10'],
    ['cifar-10-binary.tar.gz', 'is there but not unpacked; run tar -xf'],
    ['cifar-10-batches-bin/data_batch_1.bin.xz', 'is compressed; decompress the six .bin files'],
    ['cifar-100-binary/train.bin', 'is CIFAR-100; pathex reads CIFAR-10'],
    ['cifar-100-python/train', 'is CIFAR-100'],
    ['downloads/cifar-10-batches-bin/data_batch_1.bin', 'the files lie deeper, in'],
    ['some/where/data_batch_1.bin', 'the files lie deeper, in'],
  ])('%s', async (name, says) => {
    await put(name);
    const error = await loadCifar10(folder).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'DATA', message: expect.stringContaining(says) as string });
    expect((error as Error).message.split('\n')).toHaveLength(1);
    expect((error as Error).message).toContain(name.split('/')[0]);
  });
  test('a file given as the folder', async () => {
    const path = await put('cifar-10-binary.tar.gz');
    await expect(loadCifar10(path)).rejects.toThrow(`${path} is a file; give the folder`);
  });
  test('nothing at all', async () => {
    await put('notes.txt');
    await expect(loadCifar10(folder)).rejects.toThrow('holds neither data_batch_1.bin nor');
  });
  test('also in ./data, where it is no error', async () => {
    await put('data/cifar-10-batches-py/data_batch_1');
    const variable = process.env['PATHEX_DATA'];
    delete process.env['PATHEX_DATA'];
    try {
      const found = await findCifar10({ cwd: folder });
      expect(found).toEqual({
        missing: expect.stringContaining('is the Python version of CIFAR-10') as string,
      });
    } finally {
      if (variable !== undefined) process.env['PATHEX_DATA'] = variable;
    }
  });
});
