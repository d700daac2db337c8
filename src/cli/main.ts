#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { writerTo } from '../report/progress.js';
import { Interrupted, report, reportPrinting } from './common.js';
import { commands } from './commands.js';

/** Help and versions, too, may meet a full disk. */
const output = { writeOut: writerTo(process.stdout), writeErr: writerTo(process.stderr) };

const main = new Command('pathex')
  .description('lottery tickets for vision networks: prune at initialisation, train what is left')
  .version(VERSION)
  .showHelpAfterError('(see --help)')
  .configureOutput(output);
for (const command of commands) {
  main.addCommand(command.exitOverride().showHelpAfterError('(see --help)').configureOutput(output));
}

/** The exit code of a failure, which is said. */
const codeOf = (error: unknown): number => {
  if (!(error instanceof CommanderError)) return report(error);
  return error.exitCode === 0 ? 0 : 2;
};
// Errors of writing arrive after the write: at the end all are known.
process.once('exit', () => {
  process.exitCode = (process.exitCode ?? 0) || reportPrinting();
});
// What nobody waits for must not end in a stack trace of Node's own either.
process.on('uncaughtException', (error) => process.exit(report(error)));

try {
  await main.exitOverride().parseAsync();
} catch (error) {
  const code = codeOf(error);
  process.exitCode = code;
  if (error instanceof Interrupted) process.exit(code); // work that does not know of the interruption may go on
}
