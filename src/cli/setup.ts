import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { fail } from '../errors.js';

/** Sets up the package that this file is of; see scripts/setup.mjs, which needs nothing that it makes. */
const program = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));

export const setupCommand = new Command('setup')
  .description(
    'the native addon, which the cpu and cuda devices need: checks the one that came with the package, or builds it',
  )
  .option('--build', 'build it from the sources in the package, even if there is one that works')
  .action(async ({ build = false }: { readonly build?: boolean }) => {
    const args = [program, ...(build ? ['--build'] : [])];
    const code = await new Promise<number | null>((resolve, reject) => {
      spawn(process.execPath, args, { stdio: 'inherit' }).on('error', reject).on('close', resolve);
    });
    process.exitCode =
      code ?? fail('NATIVE', `setup: ${program} was ended by a signal; run it again: npx pathex setup`);
  });
