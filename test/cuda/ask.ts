import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What scripts/check-cudnn.mjs answers, or why it cannot be asked on this machine. */

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const device = at('test/cuda/h200.json');

export interface Answers {
  readonly status: number | null;
  readonly rows: readonly (readonly string[])[];
  readonly stderr: string;
}

export const ask = (args: readonly string[], plan: string): Answers => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/check-cudnn.mjs'), 'ask', ...args], { encoding: 'utf8', input: plan, maxBuffer: 1 << 26 });
  return { status, rows: stdout.trim().split('\n').map((line) => line.split('\t')), stderr };
};

/** NVIDIA's wheels as scripts/cuda-wheels.mjs finds them; downloads nothing. */
export const wheels = ((): { readonly folder: string } | { readonly reason: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/cuda-wheels.mjs'), '--find'], { encoding: 'utf8' });
  return status === 0 ? { folder: stdout.trim() } : { reason: stderr.trim() };
})();

/** For the name of a group of tests that needs them: says why it is skipped. */
export const needsWheels = (what: string): string => ('reason' in wheels ? `${what} (skipped: ${wheels.reason})` : what);
export const withoutWheels = 'reason' in wheels;
