#!/usr/bin/env node
// What can be checked of CUDA without a GPU, with NVIDIA's own libraries as pip wheels. The wheels go to build/cuda/wheels and stay there;
// checks find them through PATHEX_CUDA_LIBRARIES, as the cuda device does. Each check is listed below with the wheels it needs.
// Exit status: 0 all passed, 1 one failed, 77 all were skipped; a skipped check says why.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const wheels = join(root, 'build', 'cuda', 'wheels');

/** `file` proves that a wheel is installed. */
const NVRTC = { wheel: 'nvidia-cuda-nvrtc', file: 'libnvrtc.so.13' };

const vitest = (...files) => [process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...files]];
const CHECKS = [
  { name: 'emitted CUDA C compiles (NVRTC)', needs: [NVRTC], command: vitest('test/cuda/nvrtc.test.ts') },
];

const folders = () => {
  const packages = join(wheels, 'nvidia');
  return existsSync(packages) ? readdirSync(packages).map((p) => join(packages, p, 'lib')).filter((p) => existsSync(p)) : [];
};
const isInstalled = ({ file }) => folders().some((folder) => existsSync(join(folder, file)));

/** Why a library cannot be had; null when it is there. */
const install = (library) => {
  if (isInstalled(library)) return null;
  const { status, stderr, error } = spawnSync('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', wheels, library.wheel], { encoding: 'utf8' });
  if (error !== undefined) return `python3: ${error.message}`;
  if (status !== 0) return `pip install ${library.wheel}: ${stderr.trim().split('\n').at(-1)}`;
  return isInstalled(library) ? null : `${library.wheel} brings no ${library.file}`;
};

const results = CHECKS.map(({ name, needs, command: [program, args] }) => {
  const missing = needs.map(install).find((reason) => reason !== null);
  if (missing !== undefined) {
    console.log(`skipped: ${name}: ${missing}`);
    return 'skipped';
  }
  const libraries = [process.env.PATHEX_CUDA_LIBRARIES, ...folders()].filter(Boolean).join(':');
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATHEX_CUDA_LIBRARIES: libraries } });
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name}`);
  return status === 0 ? 'ok' : 'failed';
});
process.exitCode = results.includes('failed') ? 1 : results.every((r) => r === 'skipped') ? 77 : 0;
