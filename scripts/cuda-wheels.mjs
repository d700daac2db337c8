#!/usr/bin/env node
// NVIDIA's libraries for checks that need no GPU: installs the wheels of cuDNN, cuBLAS and NVRTC into
// build/cuda-wheels,
// once. They weigh a gigabyte and are no part of pathex; a machine with CUDA has its own.
//   node scripts/cuda-wheels.mjs         prints the folder, or ends with 1 and the reason
//   node scripts/cuda-wheels.mjs --find  the same without downloading anything
// PATHEX_CUDA_WHEELS names a folder that has them already (made with pip install --target).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { argv, env } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Of one release, so that answers change when we say so. */
const packages = ['nvidia-cuda-nvrtc==13.5.37', 'nvidia-cudnn-cu13==9.28.1.4', 'nvidia-cublas==13.10.0.20'];

const libraryFoldersOf = (folder) => [
  join(folder, 'nvidia', 'cu13', 'lib'),
  join(folder, 'nvidia', 'cudnn', 'lib'),
];
const isComplete = (folder) => libraryFoldersOf(folder).every(existsSync);
const found = (folder) => ({
  folder,
  libraries: libraryFoldersOf(folder),
  include: ['cu13', 'cudnn'].map((part) => join(folder, 'nvidia', part, 'include')),
});

/** Where the wheels are without downloading anything: { folder, libraries, include }, or null. */
export const findCudaWheels = () => {
  const folder = env.PATHEX_CUDA_WHEELS
    ? resolve(env.PATHEX_CUDA_WHEELS)
    : join(root, 'build', 'cuda-wheels');
  return isComplete(folder) ? found(folder) : null;
};

/** The same, installing them first if need be; { reason } where that fails. */
export const ensureCudaWheels = () => {
  const there = findCudaWheels();
  if (there !== null) return there;
  if (env.PATHEX_CUDA_WHEELS)
    return {
      reason: `PATHEX_CUDA_WHEELS: ${env.PATHEX_CUDA_WHEELS} has no nvidia/cu13/lib and nvidia/cudnn/lib`,
    };
  const folder = join(root, 'build', 'cuda-wheels');
  const part = `${folder}.${process.pid}.part`; // renamed when whole: a broken download must not look finished
  mkdirSync(part, { recursive: true });
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--only-binary',
    ':all:',
    '--target',
    part,
    ...packages,
  ];
  const { status, stderr, error } = spawnSync('python3', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0 || !isComplete(part)) {
    rmSync(part, { recursive: true, force: true });
    const said = (stderr ?? '')
      .trim()
      .split('\n')
      .filter((l) => l.startsWith('ERROR'))
      .at(-1);
    return { reason: error?.message ?? said ?? `pip ended with ${status} and without the libraries` };
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  return found(folder);
};

if (argv[1] && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const wheels = argv.includes('--find')
    ? (findCudaWheels() ?? { reason: 'no wheels of cuDNN; node scripts/cuda-wheels.mjs installs them' })
    : ensureCudaWheels();
  if ('reason' in wheels) {
    console.error(`cuda-wheels: ${wheels.reason}`);
    process.exitCode = 1;
  } else console.log(wheels.folder);
}
