import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What scripts/check-cudnn.mjs answers, or why it cannot be asked on this machine. */

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const device = at('test/cuda/h200.json');
/** Any shared library, for being something else than it is called. */
export const stub = at('build/cuda-ask/driver/libcuda.so.1');

export interface Answers {
  readonly status: number | null;
  readonly rows: readonly (readonly string[])[];
  readonly stderr: string;
}

/** `libraries`: a folder to search before all others. */
export const ask = (args: readonly string[], plan: string, libraries?: string): Answers => {
  const env = libraries === undefined ? process.env : { ...process.env, PATHEX_CUDA_LIBRARIES: libraries };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [at('scripts/check-cudnn.mjs'), 'ask', ...args],
    { encoding: 'utf8', env, input: plan, maxBuffer: 1 << 26 },
  );
  return {
    status,
    rows: stdout
      .replace(/\n+$/, '')
      .split('\n')
      .map((line) => line.split('\t')),
    stderr,
  };
};

/** NVIDIA's wheels as scripts/cuda-wheels.mjs finds them; downloads nothing. */
export const wheels = ((): { readonly folder: string } | { readonly reason: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/cuda-wheels.mjs'), '--find'], {
    encoding: 'utf8',
  });
  return status === 0 ? { folder: stdout.trim() } : { reason: stderr.trim() };
})();

/** For the name of a group of tests that needs them: says why it is skipped. */
export const needsWheels = (what: string): string =>
  'reason' in wheels ? `${what} (skipped: ${wheels.reason})` : what;
export const withoutWheels = 'reason' in wheels;
