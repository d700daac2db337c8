import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openDevice } from '../../src/runtime/open.js';

/** The script for a GPU machine, where there is none: it runs dist/, which `npm test` has built. */

const out = mkdtempSync(join(tmpdir(), 'pathex-checklist-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const noCuda = await openDevice('cuda').then(
  async (device) => {
    await device.dispose();
    return null;
  },
  (error: Error) => error.message,
);

const script = fileURLToPath(new URL('../../bench/gpu-checklist.sh', import.meta.url));
const checklist = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync('bash', [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, OUT: out, PATHEX_PYTHON: 'false', ...env },
  });
interface Part {
  readonly name: string;
  readonly status: string;
  readonly why: string;
  readonly result: unknown;
}
const report = (): { readonly device: string; readonly dryRun: boolean; readonly parts: readonly Part[] } =>
  JSON.parse(readFileSync(join(out, 'gpu-checklist.json'), 'utf8'));

describe('bench/gpu-checklist.sh', () => {
  test.skipIf(noCuda === null)('says that there is no GPU, and why, and fails', () => {
    const { status, stderr } = checklist(['doctor', 'step']);
    expect(status).toBe(2);
    expect(stderr).toBe(`gpu-checklist: no GPU can be used here: ${noCuda}\n`);
    expect(report().parts.map(({ name, status: s, why }) => [name, s, why])).toEqual([
      ['gpu', 'failed', `no GPU can be used here: ${noCuda}`],
      ['doctor', 'ok', ''],
    ]);
  });
  test('a dry run on the cpu device reports each part, what it measured, and a failure of one without stopping the next', () => {
    const { status, stdout } = checklist(['--device', 'cpu', 'memory', 'epilogues', 'bits', 'doctor'], {
      STEPS: '0x',
      PRECISIONS: 'strict',
    });
    expect(stdout).toContain('wrote ');
    expect(report().parts.map(({ name, status: s }) => [name, s])).toEqual([
      ['doctor', 'ok'],
      ['bits-strict', 'ok'],
      ['epilogues-strict', 'ok'],
      ['memory', 'failed'],
    ]);
    expect(report()).toMatchObject({
      device: 'cpu',
      dryRun: true,
      parts: [
        {},
        { result: { bits: { steps: 3, differ: [], maskDiffers: [] } } },
        { result: { epilogues: { fused: 0 } } },
        { result: null },
      ],
    });
    expect(status).toBe(1);
  });
  test('parts that no time is left for are named', () => {
    expect(checklist(['--device', 'cpu', 'memory'], { BUDGET: '1' }).status).toBe(0);
    expect(report().parts).toMatchObject([{ name: 'memory', status: 'skipped', why: 'no time left of 1 s' }]);
  });
  test('unknown parts and devices are refused', () => {
    expect(checklist(['speed'])).toMatchObject({
      status: 64,
      stderr:
        "gpu-checklist: no part 'speed'; choose build doctor conformance bits step px epilogues memory train\n",
    });
    expect(checklist(['--device', 'tpu'])).toMatchObject({
      status: 64,
      stderr: "gpu-checklist: device 'tpu' is unknown; choose cuda, or cpu for a dry run\n",
    });
  });
});
