import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { resnetCifar } from '../models/resnet-cifar.js';
import type { ImageNetwork } from '../models/models.js';
import { deviceKindOf } from '../runtime/open.js';
import {
  checkOutput,
  describeData,
  interruptible,
  number,
  openData,
  openDeviceFor,
  positiveInteger,
  sparsityPercent,
  thenContinue,
  withData,
  withDevice,
  type DeviceChoice,
} from './common.js';
import { commandLine } from './command-line.js';
import { shortened } from '../experiment/experiment.js';
import { experimentShowing } from './experiment.js';

interface Options extends DeviceChoice {
  readonly sparsity: number;
  readonly rounds: number;
  readonly epochs: number;
  readonly trainImages: number;
  readonly rate: number;
  readonly seed: number;
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
  readonly out: string;
}

export const startCommand = withDevice(
  withData(
    new Command('start')
      .description(
        'a first look: prune ResNet-20 with PX, magnitude and random, train the tickets and the dense network side by side, write a report',
      )
      .option('-s, --sparsity <percent>', 'share of weights to remove', sparsityPercent, 98.2)
      .option('-r, --rounds <count>', 'rounds of PX', positiveInteger('rounds'), 100)
      .option('-e, --epochs <count>', 'of the short training schedule', positiveInteger('epochs'), 4)
      .option(
        '--train-images <count>',
        'train on so many random images of the set',
        positiveInteger('train-images'),
        6400,
      )
      .option(
        '--rate <number>',
        'highest learning rate of the one-cycle schedule',
        number('rate', (n) => n > 0, 'a positive number'),
        0.2,
      )
      .option(
        '-o, --out <folder>',
        'where reports and tickets go; each run makes a folder of its own',
        'runs',
      )
      .action(async (o: Options, command: Command) => {
        const kind = deviceKindOf(o.device);
        const signal = interruptible();
        const folder = join(
          resolve(o.out),
          `start-${new Date().toISOString().replace(/[:.]/g, '-').slice(0, 19)}`,
        );
        await checkOutput(join(folder, 'report.html'));
        const full = await openData(o, o.seed, signal);
        const data = shortened(full, o.trainImages, o.seed);
        describeData(data, full);
        const device = await openDeviceFor(kind, o);
        try {
          await experimentShowing(
            {
              methods: ['px', 'magnitude', 'random', 'dense'],
              seeds: [o.seed],
              net: resnetCifar({ depth: 20 }) as ImageNetwork,
              full,
              data,
              sparsity: o.sparsity,
              rounds: o.rounds,
              imp: { rounds: 1, epochs: 1 },
              examples: 10,
              epochs: o.epochs,
              batch: 128,
              rate: o.rate,
              command: commandLine(command, { withDefaults: true }),
            },
            device,
            folder,
            signal,
          );
        } catch (error) {
          const json = join(folder, 'report.json');
          const done = existsSync(json) ? `the rows that were done are in ${json}` : 'no row was done';
          throw thenContinue(error, `${done}; begin again with: ${commandLine(command)}`);
        } finally {
          await device.dispose();
        }
      }),
  ),
);
