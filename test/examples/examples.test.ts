import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/**
 * What examples/ shows runs as it stands, is short, learns, and has the same losses on all devices that every
 * machine has.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const scripts = readdirSync(`${root}examples`).filter((name) => name.endsWith('.mjs') && name !== 'data.mjs');

interface Printed {
  readonly losses: readonly number[];
}
const run = async (script: string, device: string): Promise<Printed> => {
  const { stdout } = await promisify(execFile)(process.execPath, [`examples/${script}`, device], {
    cwd: root,
  });
  return JSON.parse(stdout) as Printed;
};

describe.each(scripts)('examples/%s', (script) => {
  test('has fewer than 40 lines', () =>
    expect(readFileSync(`${root}examples/${script}`, 'utf8').trimEnd().split('\n').length).toBeLessThan(40));

  test('learns, with the same losses on reference and cpu', async () => {
    const [reference, cpu] = await Promise.all([run(script, 'reference'), run(script, 'cpu')]);
    expect(reference.losses.length).toBeGreaterThan(2);
    reference.losses.forEach((loss, i) => expect(Math.abs(cpu.losses[i]! - loss)).toBeLessThan(1e-4));
    expect(reference.losses.at(-1)).toBeLessThan(reference.losses[0]! / 2);
  }, 60_000);
});
