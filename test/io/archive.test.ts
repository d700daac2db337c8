import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackTarGz } from '../../src/io/archive.js';
import { tarGzOf, tarOf, type Entry } from './tar.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-archive-'));
});
afterEach(() => rm(folder, { recursive: true }));

const A: Entry = { name: 'set/a.bin', data: new Uint8Array(1000).fill(7) };
const B: Entry = { name: 'set/b.bin', data: new Uint8Array(5) };
const FILES = new Map([
  ['set/a.bin', 1000],
  ['set/b.bin', 1000],
]);

const unpack = async (archive: Uint8Array, files: ReadonlyMap<string, number> = FILES): Promise<void> => {
  const path = join(folder, 'archive');
  await writeFile(path, archive);
  await unpackTarGz(path, { where: 'x.tar.gz', files }, (name) => join(folder, name.replace('/', '-')));
};
const refusal = (message: RegExp): object => ({
  name: 'PathexError',
  code: 'DATA',
  message: expect.stringMatching(message) as unknown,
});

describe('an archive', () => {
  it('gives the expected files, and nothing of what lies beside them', async () => {
    await unpack(
      tarGzOf({ name: 'set/', type: '5' }, A, { name: 'set/readme', data: new Uint8Array(2000) }, B, {
        name: 'set/empty',
      }),
    );
    expect((await readdir(folder)).sort()).toEqual(['archive', 'set-a.bin', 'set-b.bin']);
    expect(new Uint8Array(await readFile(join(folder, 'set-a.bin')))).toEqual(A.data);
    expect((await readFile(join(folder, 'set-b.bin'))).length).toBe(5);
  });

  const big = String.fromCharCode(0x80, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0); // 2^61 in the binary notation of GNU tar
  const negative = String.fromCharCode(...new Array<number>(11).fill(0xff), 0);
  const cases: readonly (readonly [what: string, bytes: () => Uint8Array, message: RegExp])[] = [
    [
      'a negative size',
      () => tarGzOf({ ...A, size: '-0001000' }, B),
      /entry 'set\/a\.bin' has a size that is no whole number/,
    ],
    [
      'a negative binary size',
      () => tarGzOf({ ...A, size: negative }, B),
      /entry 'set\/a\.bin' has a size that is no whole number/,
    ],
    [
      'no size',
      () => tarGzOf({ ...A, size: '' }, B),
      /entry 'set\/a\.bin' has a size that is no whole number/,
    ],
    [
      'a size of 2^61',
      () => tarGzOf({ ...A, size: big }, B),
      /no tar header where one must be .*; the archive is corrupt$/,
    ],
    [
      'a size of 8 GB',
      () => tarGzOf({ ...A, size: '77777777777' }, B),
      /entry 'set\/a\.bin' has 8,589,934,591 bytes, at most 1,000 may be/,
    ],
    [
      'a file that is too large',
      () => tarGzOf({ ...A, data: new Uint8Array(1001) }, B),
      /has 1,001 bytes, at most 1,000/,
    ],
    [
      'a large stranger',
      () => tarGzOf(A, B, { name: 'set/x', data: new Uint8Array(2 ** 20 + 1) }),
      /entry 'set\/x' has 1,048,577 bytes/,
    ],
    [
      'a symbolic link',
      () => tarGzOf({ name: 'set/a.bin', type: '2', link: '/etc/passwd' }, B),
      /entry 'set\/a\.bin' is no plain file but a SymbolicLink/,
    ],
    [
      'a hard link',
      () => tarGzOf(A, { name: 'set/b.bin', type: '1', link: 'set/a.bin' }),
      /entry 'set\/b\.bin' is no plain file but a Link/,
    ],
    [
      'a device',
      () => tarGzOf({ name: 'set/a.bin', type: '3' }, B),
      /is no plain file but a CharacterDevice/,
    ],
    [
      'a way out',
      () => tarGzOf(A, B, { name: 'set/../../x', data: new Uint8Array(1) }),
      /entry 'set\/\.\.\/\.\.\/x' leads out of the archive/,
    ],
    [
      'an absolute name',
      () => tarGzOf(A, B, { name: '/etc/x', data: new Uint8Array(1) }),
      /entry '\/etc\/x' leads out of the archive/,
    ],
    ['a file twice', () => tarGzOf(A, B, A), /entry 'set\/a\.bin' is there twice/],
    [
      'a file too few',
      () => tarGzOf(A),
      /^x\.tar\.gz: the archive holds no set\/b\.bin; it is not the published one$/,
    ],
    [
      'too many entries',
      () => tarGzOf(...Array.from({ length: 1001 }, (_, i) => ({ name: `set/${i}` }))),
      /entry 'set\/1000' is one more than the 1,000/,
    ],
    [
      'an endless name',
      () => tarGzOf({ name: 'l', type: 'L', data: new Uint8Array(2 ** 20 + 1) }, A, B),
      /a name of 1,048,577 bytes/,
    ],
    [
      'a line break in a name',
      () => tarGzOf(A, B, { name: 'a\nb\x1b[31m', type: '2', link: 'x' }),
      /entry 'a\\nb\\u001b\[31m' is no plain file/,
    ],
    [
      'a cut gzip file',
      () => tarGzOf(A, B).subarray(0, -20),
      /^x\.tar\.gz: the gzip file ends too early; it is truncated$/,
    ],
    ['a cut tar file', () => gzipSync(tarOf(A, B).subarray(0, 1024)), /^x\.tar\.gz: .*truncated/],
    [
      'a tar file cut in a header',
      () => gzipSync(tarOf(A, B).subarray(0, 2000)),
      /^x\.tar\.gz: .*truncated$/,
    ],
    [
      'a damaged header',
      () => gzipSync(tarOf(A, B).fill(1, 1536, 1540)),
      /no tar header where one must be \(TAR_ENTRY_INVALID: checksum failure\)/,
    ],
    ['no tar file', () => gzipSync(Buffer.from('x'.repeat(5000))), /^x\.tar\.gz: .*corrupt/],
    ['no gzip file', () => Buffer.from('no archive'), /^x\.tar\.gz: not a gzip file, or corrupt$/],
    ['nothing', () => Buffer.alloc(0), /^x\.tar\.gz: .*truncated/],
    ['gzip in gzip', () => gzipSync(tarGzOf(A, B)), /a gzip file inside a gzip file/],
  ];
  it.each(cases)('with %s is refused in one line', async (_what, bytes, message) => {
    await expect(unpack(bytes())).rejects.toMatchObject(refusal(message));
    await expect(unpack(bytes())).rejects.not.toThrow(/\n/);
  });

  it('that inflates without end is given up soon, wherever the zeros are', { timeout: 20_000 }, async () => {
    // 512 MiB of zeros in 0.5 MB: members of a gzip file follow one another.
    const zeros = gzipSync(new Uint8Array(2 ** 25));
    const bombs: readonly Buffer[] = [
      Buffer.concat([tarGzOf(A, B), ...new Array<Buffer>(16).fill(zeros)]),
      Buffer.concat([
        gzipSync(tarOf({ ...A, size: '00001000000' }).subarray(0, 512)),
        ...new Array<Buffer>(16).fill(zeros),
      ]),
    ];
    for (const bomb of bombs) {
      const before = process.memoryUsage().rss;
      await expect(unpack(bomb)).rejects.toMatchObject(
        refusal(/it inflates to more than the [\d,]+ bytes|has 262,144 bytes/),
      );
      expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
      await rm(join(folder, 'set-a.bin'), { force: true });
      await rm(join(folder, 'set-b.bin'), { force: true });
    }
  });

  it('stops where it is cancelled', async () => {
    const path = join(folder, 'archive');
    await writeFile(path, tarGzOf(A, B));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(unpackTarGz(path, { files: FILES, signal }, (name) => join(folder, name))).rejects.toThrow(
      'enough',
    );
  });
});
