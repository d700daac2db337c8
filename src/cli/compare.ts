import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { fail } from '../errors.js';
import { didYouMean } from '../options.js';
import { modelOf, MODEL_NAMES } from '../models/models.js';
import { isMethod, METHODS } from '../prune/methods.js';
import { deviceKindOf } from '../runtime/open.js';
import {
  checkOutput,
  describeData,
  IMAGES,
  interruptible,
  number,
  openData,
  openDeviceFor,
  positiveInteger,
  seedNumber,
  sparsityPercent,
  thenContinue,
  withDataOnly,
  withDevice,
  type DeviceChoice,
} from './common.js';
import { commandLine } from './command-line.js';
import { shortened, type Contestant } from '../experiment/experiment.js';
import { experimentShowing } from './experiment.js';
import { executionOption, withExecution, type ExecutionOption } from './execution.js';
import { EXCLUDE_FLAG, SCOPE_FLAG, scopeOf } from './prune.js';

interface Options extends DeviceChoice, ExecutionOption {
  readonly network: string;
  readonly methods: readonly Contestant[];
  readonly sparsity: number;
  readonly rounds?: number;
  readonly scope: string;
  readonly exclude?: readonly string[];
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly seeds: readonly number[];
  readonly subset?: number;
  readonly examples: number;
  readonly impRounds: number;
  readonly impEpochs?: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
}

/** A list such as 'px,magnitude', without the same twice. */
const listOf =
  <T>(what: string, item: (text: string) => T) =>
  (text: string): readonly T[] => {
    const items = text.split(',').map((part) => item(part.trim()));
    return new Set(items).size === items.length
      ? items
      : fail('OPTION', `${what}: '${text}' names one of them twice; name each once`);
  };
const contestant = (name: string): Contestant =>
  name === 'dense' || isMethod(name)
    ? name
    : fail(
        'OPTION',
        `methods: '${name}' is unknown${didYouMean(name, [...METHODS, 'dense'])}; choose from ${METHODS.join(', ')}, dense`,
      );

/**
 * Throws OUTPUT where the folder has a report, or tickets of the methods, that a comparison from the start
 * would replace.
 */
const checkNothingReplaced = async ({ out, methods, seeds }: Options): Promise<void> => {
  const tickets = methods.flatMap((method) => seeds.map((seed) => `${method}-seed${seed}.safetensors`));
  for (const path of ['report.json', 'report.html', ...tickets].map((name) => join(out, name))) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere)
      fail('OUTPUT', `${path}: exists already; continue it with --resume, or choose another folder`);
  }
};

export const compareCommand = withDevice(
  withDataOnly(
    withExecution(new Command('compare'))
      .description(
        'methods side by side: prune with each, train every ticket by one short recipe, write a table and a report',
      )
      .option('-n, --network <name>', `one of ${MODEL_NAMES}`, 'resnet20')
      .option(
        '-m, --methods <names>',
        `some of ${METHODS.join(', ')}, and dense; default: all but dense`,
        listOf('methods', contestant),
      )
      .option('-s, --sparsity <percent>', 'share of weights to remove', sparsityPercent, 98.2)
      .option(
        '-r, --rounds <count>',
        "of iterative methods; default: each method's own; single-shot methods keep to one",
        positiveInteger('rounds'),
      )
      .option(...SCOPE_FLAG)
      .option(...EXCLUDE_FLAG)
      .option('-e, --epochs <count>', 'of the short training schedule', positiveInteger('epochs'), 3)
      .option('-b, --batch <size>', 'images a step', positiveInteger('batch'), 128)
      .option(
        '--rate <number>',
        'highest learning rate of the one-cycle schedule',
        number('rate', (n) => n > 0, 'a positive number'),
        0.2,
      )
      .option(
        '--seeds <numbers>',
        'weights, draws, orders and augmentations follow from them; several give means',
        listOf('seeds', seedNumber),
        [0],
      )
      .option(
        '--subset <count>',
        'train on so many random images of the set, the same for all; default: the whole set',
        positiveInteger('subset'),
      )
      .option(
        '--examples <count>',
        'images of each class that methods with data read',
        positiveInteger('examples'),
        10,
      )
      .option('--imp-rounds <count>', 'of imp', positiveInteger('imp-rounds'), 6)
      .option(
        '--imp-epochs <count>',
        'of the training in each round of imp; default: as --epochs',
        positiveInteger('imp-epochs'),
      )
      .option('--resume', 'keep the rows that the report in the folder has, and go on with the others')
      .option('-o, --out <folder>', 'where report.html, report.json and the tickets go', 'comparison')
      .action(async (given: Options & { readonly methods?: readonly Contestant[] }, command: Command) => {
        const o: Options = { ...given, methods: given.methods ?? METHODS };
        const kind = deviceKindOf(o.device);
        const scope = scopeOf(o.scope);
        const execution = executionOption(o);
        if (o.resume !== true) await checkNothingReplaced(o);
        await checkOutput(join(o.out, 'report.json'), true);
        const signal = interruptible();
        const net = modelOf(o.network, IMAGES);
        const full = await openData(o, 0, signal);
        const data = shortened(full, o.subset ?? full.train.count, 0);
        describeData(data, full);
        const device = await openDeviceFor(kind, o);
        try {
          const { runs } = await experimentShowing(
            {
              methods: o.methods,
              seeds: o.seeds,
              net,
              full,
              data,
              sparsity: o.sparsity,
              rounds: o.rounds,
              scope,
              exclude: o.exclude ?? [],
              imp: { rounds: o.impRounds, epochs: o.impEpochs ?? o.epochs },
              examples: o.examples,
              epochs: o.epochs,
              batch: o.batch,
              rate: o.rate,
              execution,
              command: commandLine(command, { withDefaults: true, without: ['--resume'] }),
            },
            device,
            o.out,
            signal,
          );
          if (runs.length === 0) process.exitCode = 1;
        } catch (error) {
          throw thenContinue(error, `continue with: ${commandLine(command, { and: ['--resume'] })}`);
        } finally {
          await device.dispose();
        }
      }),
  ),
);
