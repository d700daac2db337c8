#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { report } from './common.js';
import { commands } from './commands.js';

const main = new Command('pathex')
  .description('lottery tickets for vision networks: prune at initialisation, train what is left')
  .version(VERSION)
  .showHelpAfterError('(see --help)');
for (const command of commands) {
  main.addCommand(command.exitOverride().showHelpAfterError('(see --help)'));
}

try {
  await main.exitOverride().parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : report(error);
}
