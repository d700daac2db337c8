import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The libraries of this folder, compiled; and what their log says. */

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../../..');

const LIBRARIES = [
  { source: 'driver.cc', name: 'libcuda.so.1' },
  { source: 'nvrtc.cc', name: 'libnvrtc.so.13' },
  { source: 'builtins.cc', name: 'libnvrtc-builtins.so.13.0' },
] as const;

const PRODUCTS = [
  { source: 'cudnn.cc', name: 'libcudnn.so.9' },
  { source: 'cublaslt.cc', name: 'libcublasLt.so.13' },
] as const;

/**
 * Compiles driver and NVRTC where that is not done yet and returns their folder. Name it in
 * PATHEX_CUDA_LIBRARIES before the addon looks for CUDA.
 */
export const fakeCuda = (): string => compiled(LIBRARIES, 'build/fake-cuda');
/** The same with cuDNN and cuBLASLt: folders of all. */
export const fakeCudaWithProducts = (): string =>
  [fakeCuda(), compiled(PRODUCTS, 'build/fake-cuda-products')].join(':');

const compiled = (
  libraries: readonly { readonly source: string; readonly name: string }[],
  into: string,
): string => {
  const read = [
    ...libraries.map(({ source }) => join(here, source)),
    join(here, 'image.h'),
    join(root, 'native/cuda/driver.h'),
    join(root, 'native/cuda/nvrtc.h'),
    join(root, 'native/cuda/api/cudnn.h'),
  ];
  const digest = read
    .reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256').update(root))
    .digest('hex')
    .slice(0, 16);
  const folder = join(root, into, digest);
  mkdirSync(folder, { recursive: true });
  for (const { source, name } of libraries) {
    const library = join(folder, name);
    if (existsSync(library)) continue;
    const part = `${library}.${process.pid}`;
    const { status, stderr } = spawnSync(
      'g++',
      [
        '-std=c++20',
        '-shared',
        '-fPIC',
        '-O1',
        '-Wall',
        '-I',
        join(root, 'native'),
        `-DEMULATOR="${join(root, 'test/cuda/emulator.h')}"`,
        `-Wl,-soname,${name}`,
        '-o',
        part,
        join(here, source),
        '-pthread',
        '-ldl',
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`g++ ${source}: ${stderr}`);
    renameSync(part, library);
  }
  return folder;
};

/** The calls that were made since the last look. */
export const callLog = (file: string): { readonly take: () => string[] } => {
  writeFileSync(file, '');
  return {
    take: () => {
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((l) => l !== '');
      writeFileSync(file, '');
      return lines;
    },
  };
};
