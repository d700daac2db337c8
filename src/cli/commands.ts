import type { Command } from 'commander';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { methodsCommand } from './methods.js';
import { planCommand } from './plan.js';
import { pruneCommand } from './prune.js';
import { setupCommand } from './setup.js';
import { startCommand } from './start.js';
import { summaryCommand } from './summary.js';
import { trainCommand } from './train.js';

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  startCommand,
  compareCommand,
  methodsCommand,
  pruneCommand,
  trainCommand,
  evaluateCommand,
  summaryCommand,
  planCommand,
  doctorCommand,
  setupCommand,
];
