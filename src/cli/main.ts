#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { report } from './common.js';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { methodsCommand } from './methods.js';
import { planCommand } from './plan.js';
import { pruneCommand } from './prune.js';
import { startCommand } from './start.js';
import { summaryCommand } from './summary.js';
import { trainCommand } from './train.js';

const main = new Command('pathex')
  .description('lottery tickets for vision networks: prune at initialisation, train what is left')
  .version(VERSION)
  .showHelpAfterError('(see --help)');
for (const command of [
  startCommand,
  compareCommand,
  methodsCommand,
  pruneCommand,
  trainCommand,
  evaluateCommand,
  summaryCommand,
  planCommand,
  doctorCommand,
]) {
  main.addCommand(command.exitOverride().showHelpAfterError('(see --help)'));
}

try {
  await main.exitOverride().parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : report(error);
}
