import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * native/cuda/sha256.cc, which the cache of compiled code trusts, against published sums and against Node's
 * own.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pathex-sha256-'));
const program = join(folder, 'sha256');
beforeAll(() => {
  const files = ['test/cuda/sha256.cc', 'native/cuda/sha256.cc'].map((file) => join(root, file));
  const options = [
    '-std=c++20',
    '-O1',
    '-Wall',
    '-fsanitize=undefined',
    '-fno-sanitize-recover',
    '-I',
    join(root, 'native'),
  ];
  const { status, stderr } = spawnSync('g++', [...options, '-o', program, ...files], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ours = (bytes: string | Uint8Array, piece = 1000): string => {
  const { stdout, stderr } = spawnSync(program, [String(piece)], { input: bytes, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
};

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('has the sums that NIST gives (FIPS 180-2, appendix B): %#', (text, sum) => {
    expect(ours(text)).toBe(sum);
  });
  it('is that of Node around the ends of blocks, in pieces of any length', () => {
    for (const length of [1, 55, 56, 57, 63, 64, 65, 119, 120, 121, 128, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 131 + length) % 256);
      for (const piece of [7, 64])
        expect(ours(bytes, piece)).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });
});
