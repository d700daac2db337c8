import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findCifar10, loadCifar10 } from '../../src/datasets/cifar10.js';

const run = promisify(execFile);
const RECORD = 3073;
const NAMES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat('test_batch.bin');

/** `n` records: labels 0, 1, ...; the byte of channel c at pixel p of record r is a hash of the three. */
const pixel = (r: number, c: number, p: number): number => (r * 7 + c * 101 + p * 3 + (p >> 5)) % 256;
const records = (n: number, from = 0): Uint8Array =>
  Uint8Array.from({ length: n * RECORD }, (_, i) => {
    const [r, j] = [from + Math.floor(i / RECORD), (i % RECORD) - 1];
    return j < 0 ? r % 10 : pixel(r, Math.floor(j / 1024), j % 1024);
  });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-cifar-'));
  vi.stubEnv('PATHEX_DATA', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Files of 20 records each, 10 in the test file. */
const writeShort = async (to: string, names: readonly string[] = NAMES): Promise<void> => {
  await mkdir(to, { recursive: true });
  await Promise.all(
    names.map((name, i) =>
      writeFile(join(to, name), name === 'test_batch.bin' ? records(10, 500) : records(20, 20 * i)),
    ),
  );
};
const dataError = (message: string | RegExp): object => ({
  name: 'PathexError',
  code: 'DATA',
  message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
});

describe('CIFAR-10 from files', () => {
  it('has pixels in NHWC where the files have planes, and the labels', async () => {
    await writeShort(folder);
    const { train, test, ...rest } = await loadCifar10(folder);
    expect([train.count, test.count]).toEqual([100, 10]);
    expect(Array.from(train.labels)).toEqual(Array.from({ length: 100 }, (_, r) => r % 10));
    expect(train.images).toEqual(
      Uint8Array.from({ length: 100 * 3072 }, (_, i) =>
        pixel(Math.floor(i / 3072), i % 3, Math.floor((i % 3072) / 3)),
      ),
    );
    expect(test.images[3072 + 3 * 40 + 2]).toBe(pixel(501, 2, 40));
    expect(rest).toEqual({
      name: 'CIFAR-10 (shortened)',
      synthetic: false,
      source: `${folder} (shortened: 100 training and 10 test images)`,
      height: 32,
      width: 32,
      channels: 3,
      classes: 10,
      classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
      mean: [0.491, 0.482, 0.447],
      std: [0.247, 0.243, 0.262],
    });
  });
  it('is found in the folder that the archive makes', async () => {
    await writeShort(join(folder, 'cifar-10-batches-bin'), ['data_batch_1.bin', 'test_batch.bin']);
    const data = await loadCifar10(folder);
    expect(data.source).toBe(
      `${join(folder, 'cifar-10-batches-bin')} (shortened: 20 training and 10 test images)`,
    );
  });
});

describe('bad files are an error that names them', () => {
  it('no folder, or none of the files', async () => {
    const none = join(folder, 'none');
    await expect(loadCifar10(none)).rejects.toMatchObject(
      dataError(
        `CIFAR-10: ${none}: no such folder; unpack https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz there`,
      ),
    );
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/holds neither data_batch_1\.bin nor cifar-10-batches-bin\/data_batch_1\.bin; unpack/),
    );
  });
  it('one file missing', async () => {
    await writeShort(folder, ['data_batch_1.bin']);
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/test_batch\.bin: no such file; unpack/),
    );
    await writeFile(join(folder, 'data_batch_1.bin'), new Uint8Array(10_000 * RECORD));
    await writeFile(join(folder, 'test_batch.bin'), records(10));
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/data_batch_2\.bin: no such file; unpack/),
    );
  });
  it('a truncated file', async () => {
    await writeShort(folder);
    await writeFile(join(folder, 'data_batch_3.bin'), records(20).subarray(0, 60_000));
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(
        `${join(folder, 'data_batch_3.bin')}: 60,000 bytes, not a multiple of the 3,073 of a record; the official file has 30,730,000; it is truncated: fetch it again`,
      ),
    );
    await writeFile(join(folder, 'data_batch_3.bin'), '');
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/data_batch_3\.bin: 0 bytes, not a multiple/),
    );
  });
  it('a file of a terabyte, or a pipe, before anything is read', async () => {
    await writeShort(folder);
    await truncate(join(folder, 'data_batch_3.bin'), 2 ** 40);
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/data_batch_3\.bin: 1,099,511,627,776 bytes; the official file has 30,730,000$/),
    );
    await rm(join(folder, 'data_batch_3.bin'));
    await run('mkfifo', [join(folder, 'data_batch_3.bin')]);
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(/data_batch_3\.bin: cannot be read: it is a named pipe, not a regular file$/),
    );
  });
  it('a label out of range', async () => {
    await writeShort(folder);
    const bytes = records(10);
    bytes[7 * RECORD] = 10;
    await writeFile(join(folder, 'test_batch.bin'), bytes);
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(
        `${join(folder, 'test_batch.bin')}: record 7 has label 10, labels run from 0 to 9; the file is corrupt`,
      ),
    );
  });
  it('a file of the official size with other contents, unless it is meant to differ', async () => {
    await writeShort(folder);
    const bytes = new Uint8Array(10_000 * RECORD);
    await writeFile(join(folder, 'data_batch_2.bin'), bytes);
    const sum = createHash('sha256').update(bytes).digest('hex');
    await expect(loadCifar10(folder)).rejects.toMatchObject(
      dataError(
        `${join(folder, 'data_batch_2.bin')}: SHA-256 ${sum}, the official file has a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed; it is corrupt: fetch it again, or pass verify: false if it is meant to differ`,
      ),
    );
    const data = await loadCifar10(folder, { verify: false });
    expect(data.train.count).toBe(10_080);
    expect(data.source).toBe(
      `${folder} (shortened: 10,080 training and 10 test images; checksums not verified)`,
    );
    await writeShort(folder);
    await expect(loadCifar10(folder, { verify: true })).rejects.toMatchObject(
      dataError(/data_batch_1\.bin: SHA-256/),
    );
  });
});

describe('the search', () => {
  it('takes an explicit folder and no other', async () => {
    await writeShort(join(folder, 'data'));
    await expect(findCifar10({ cwd: folder, folder: 'elsewhere' })).rejects.toMatchObject(
      dataError(/elsewhere: no such folder/),
    );
    await expect(findCifar10({ cwd: '/', folder: join(folder, 'data') })).resolves.toMatchObject({
      found: { train: { count: 100 } },
    });
  });
  it('prefers PATHEX_DATA to ./data', async () => {
    await writeShort(join(folder, 'data'));
    await writeShort(join(folder, 'mine'), ['data_batch_1.bin', 'test_batch.bin']);
    await expect(findCifar10({ cwd: folder })).resolves.toMatchObject({ found: { train: { count: 100 } } });
    vi.stubEnv('PATHEX_DATA', join(folder, 'mine'));
    await expect(findCifar10({ cwd: folder })).resolves.toMatchObject({ found: { train: { count: 20 } } });
    vi.stubEnv('PATHEX_DATA', join(folder, 'mistyped'));
    await expect(findCifar10({ cwd: folder })).rejects.toMatchObject(
      dataError(`CIFAR-10: PATHEX_DATA is ${join(folder, 'mistyped')}: no such folder; correct or unset it`),
    );
  });
  it('says where it looked', async () => {
    expect(await findCifar10({ cwd: folder })).toEqual({
      missing: `not in ${join(folder, 'data')}, and a download was not asked for`,
    });
    await mkdir(join(folder, 'mine'));
    vi.stubEnv('PATHEX_DATA', 'mine');
    expect(await findCifar10({ cwd: folder })).toEqual({
      missing: `not in ${join(folder, 'mine')} or ${join(folder, 'data')}, and a download was not asked for`,
    });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
  it('does not hide a damaged file behind a download', async () => {
    await writeShort(join(folder, 'data'));
    await writeFile(join(folder, 'data', 'data_batch_1.bin'), 'x');
    await expect(findCifar10({ cwd: folder, allowDownload: true })).rejects.toMatchObject(
      dataError(/data_batch_1\.bin: 1 bytes/),
    );
  });
});

describe('the download', () => {
  let server: Server | undefined;
  const serve = async (listener: RequestListener): Promise<string> => {
    const own = createServer(listener);
    server = own;
    await new Promise<void>((done) => own.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(own.address() as AddressInfo).port}/c.tar.gz`;
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  /** The archive as tar itself makes it, which keeps the reader honest. */
  const pack = async (names: readonly string[] = NAMES): Promise<Uint8Array> => {
    await writeShort(join(folder, 'packed', 'cifar-10-batches-bin'), names);
    await run('tar', [
      '-czf',
      join(folder, 'c.tar.gz'),
      '-C',
      join(folder, 'packed'),
      'cifar-10-batches-bin',
    ]);
    return readFile(join(folder, 'c.tar.gz'));
  };
  const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
  const search = { allowDownload: true } as const;

  it('is checked, unpacked and read, and only the data set stays', async () => {
    const bytes = await pack();
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
    );
    const seen: (readonly [number, number | undefined])[] = [];
    const result = await findCifar10({
      ...search,
      cwd: folder,
      archive: { url, md5: md5(bytes) },
      onProgress: ({ received, total }) => seen.push([received, total]),
    });
    expect(result).toMatchObject({ found: { train: { count: 100 }, test: { count: 10 } } });
    expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(await readdir(join(folder, 'data'))).toEqual(['cifar-10-batches-bin']);
    expect(await readdir(join(folder, 'data', 'cifar-10-batches-bin'))).toEqual(NAMES);
    expect(await findCifar10({ cwd: folder })).toEqual(result);
  });

  const refusals: readonly (readonly [string, RequestListener, RegExp])[] = [
    [
      'is not there',
      (_, response) => response.writeHead(404).end('no'),
      /c\.tar\.gz cannot be fetched: the server answered 404 Not Found$/,
    ],
    ['never comes', () => undefined, /cannot be fetched: no answer within 0\.2 s$/],
    [
      'stops half way',
      (_, response) => void response.writeHead(200, { 'content-length': 1000 }).write('x'),
      /cannot be fetched: no answer within 0\.3 s$/,
    ],
    [
      'breaks off',
      (_, response) =>
        void response.writeHead(200, { 'content-length': 1000 }).write('x', () => response.destroy()),
      /cannot be fetched: /,
    ],
    [
      'is something else',
      (_, response) => response.end('<html>'),
      /came with MD5 [0-9a-f]{32}, published is 0{32}: the file was changed on its way$/,
    ],
  ];
  it.each(refusals)(
    'that %s is a reason, not an exception, and leaves nothing',
    async (_, listener, reason) => {
      const url = await serve(listener);
      const result = await findCifar10({
        ...search,
        cwd: folder,
        archive: { url, md5: '0'.repeat(32) },
        connectTimeout: 200,
        idleTimeout: 300,
      });
      expect(result).toEqual({ missing: expect.stringMatching(reason) as unknown });
      expect(await readdir(join(folder, 'data'))).toEqual([]);
    },
  );
  it('without a server says so', async () => {
    const url = await serve(() => undefined);
    server?.close();
    const result = await findCifar10({ ...search, cwd: folder, archive: { url, md5: '' } });
    expect(result).toEqual({
      missing: expect.stringMatching(/cannot be fetched: .*ECONNREFUSED/) as unknown,
    });
  });
  it('of an archive that lacks a file, or that is none, says so and leaves nothing', async () => {
    for (const [bytes, reason] of [
      [
        await pack(NAMES.slice(1)),
        /the download cannot be stored: .*c\.tar\.gz: the archive holds no cifar-10-batches-bin\/data_batch_1\.bin; it is not the published one$/,
      ],
      [Buffer.from('no archive'), /the download cannot be stored: .*not a gzip file, or corrupt$/],
    ] as const) {
      await rm(join(folder, 'packed'), { recursive: true, force: true });
      const url = await serve((_, response) => response.end(bytes));
      const result = await findCifar10({ ...search, cwd: folder, archive: { url, md5: md5(bytes) } });
      server?.close();
      expect(result).toEqual({ missing: expect.stringMatching(reason) as unknown });
      expect(await readdir(join(folder, 'data'))).toEqual([]);
    }
  });
  it('that cannot be stored says so', async () => {
    await writeFile(join(folder, 'data'), 'a file');
    const result = await findCifar10({
      ...search,
      cwd: folder,
      archive: { url: 'http://127.0.0.1:9', md5: '' },
    });
    expect(result).toEqual({
      missing: expect.stringMatching(/the download cannot be stored: .*EEXIST/) as unknown,
    });
  });
  it('stops when it is cancelled, and leaves nothing', async () => {
    const cancel = new AbortController();
    const url = await serve(
      (_, response) => void response.write('x', () => cancel.abort(new Error('enough'))),
    );
    await expect(
      findCifar10({ ...search, cwd: folder, archive: { url, md5: '' }, signal: cancel.signal }),
    ).rejects.toThrow('enough');
    expect(await readdir(join(folder, 'data'))).toEqual([]);
    await expect(
      findCifar10({ ...search, cwd: folder, archive: { url, md5: '' }, signal: cancel.signal }),
    ).rejects.toThrow('enough');
  });
});

const shared = resolve(import.meta.dirname, '../../../shared/data');
const official = existsSync(join(shared, 'unpack.sh'));
describe.skipIf(!official)(`the real CIFAR-10${official ? '' : ` (skipped: no ${shared}/unpack.sh)`}`, () => {
  it(
    'passes its checksums and has 5,000 + 1,000 images a class with the known mean',
    { timeout: 300_000 },
    async () => {
      await run(join(shared, 'unpack.sh'), [folder]);
      const { name, source, train, test } = await loadCifar10(folder);
      expect(name).toBe('CIFAR-10');
      expect(source).toBe(join(folder, 'cifar-10-batches-bin'));
      for (const [split, each] of [
        [train, 5000],
        [test, 1000],
      ] as const) {
        const counts = new Array<number>(10).fill(0);
        for (const label of split.labels) counts[label]!++;
        expect(counts).toEqual(new Array(10).fill(each));
      }
      const sums = [0, 0, 0];
      for (let i = 0; i < train.images.length; i++) sums[i % 3]! += train.images[i]!;
      [0.4914, 0.4822, 0.4465].forEach((mean, c) =>
        expect(sums[c]! / 255 / (train.images.length / 3)).toBeCloseTo(mean, 4),
      );
      expect(Array.from(train.labels.subarray(0, 10))).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    },
  );
  it('is read in its small cut', async () => {
    await cp(join(shared, 'cifar-10-small'), folder, { recursive: true });
    for (const file of ['data_batch_1.bin', 'test_batch.bin'])
      await run('xz', ['-d', '-f', join(folder, `${file}.xz`)]);
    const { name, train, test } = await loadCifar10(folder);
    expect([name, train.count, test.count]).toEqual(['CIFAR-10 (shortened)', 2500, 500]);
  });
});
