import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { fail } from '../errors.js';
import { modelOf, MODEL_NAMES } from '../models/models.js';
import { isMethod, METHODS } from '../prune/methods.js';
import { deviceKindOf } from '../runtime/open.js';
import {
  checkOutput,
  describeData,
  interruptible,
  log,
  number,
  openData,
  openDeviceFor,
  positiveInteger,
  seedNumber,
  sparsityPercent,
  withDataOnly,
  withDevice,
  type DeviceChoice,
} from './common.js';
import { runExperiment, shortened, type Contestant } from './experiment.js';

interface Options extends DeviceChoice {
  readonly network: string;
  readonly methods: readonly Contestant[];
  readonly sparsity: number;
  readonly rounds?: number;
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
    : fail('OPTION', `methods: '${name}' is unknown; choose from ${METHODS.join(', ')}, dense`);

/** A path or number as the shell has to read it. */
const quoted = (value: string | number): string =>
  /^[\w./:,-]+$/.test(String(value)) ? String(value) : `'${String(value).replaceAll("'", `'\\''`)}'`;

const commandOf = (o: Options): string => {
  const flags: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['network', o.network],
    ['methods', o.methods.join(',')],
    ['sparsity', o.sparsity],
    ['rounds', o.rounds],
    ['epochs', o.epochs],
    ['batch', o.batch],
    ['rate', o.rate],
    ['seeds', o.seeds.join(',')],
    ['subset', o.subset],
    ['examples', o.examples],
    ...(o.methods.includes('imp')
      ? ([
          ['imp-rounds', o.impRounds],
          ['imp-epochs', o.impEpochs],
        ] as const)
      : []),
    ['device', o.device],
    ['threads', o.threads],
    ['precision', o.device === 'cuda' ? o.precision : undefined],
    ['data', o.data],
    ['synthetic', o.synthetic],
    ['out', o.out],
  ];
  return `pathex compare${flags.map(([name, value]) => (value === undefined || value === false ? '' : value === true ? ` --${name}` : ` --${name} ${quoted(value)}`)).join('')}`;
};

export const compareCommand = withDevice(
  withDataOnly(
    new Command('compare')
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
      .action(async (given: Options & { readonly methods?: readonly Contestant[] }) => {
        const o: Options = { ...given, methods: given.methods ?? METHODS };
        const kind = deviceKindOf(o.device);
        const found = await access(join(o.out, 'report.json')).then(
          () => true,
          () => false,
        );
        if (found && o.resume !== true)
          fail(
            'OUTPUT',
            `${join(o.out, 'report.json')}: exists already; continue it with --resume, or choose another folder`,
          );
        await checkOutput(join(o.out, 'report.json'), true);
        const signal = interruptible();
        const full = await openData(o, 0, signal);
        const data = shortened(full, o.subset ?? full.train.count, 0);
        describeData(data, full);
        const net = modelOf(o.network, data);
        const device = await openDeviceFor(kind, o);
        try {
          const { runs } = await runExperiment(
            {
              methods: o.methods,
              seeds: o.seeds,
              net,
              full,
              data,
              sparsity: o.sparsity,
              rounds: o.rounds,
              imp: { rounds: o.impRounds, epochs: o.impEpochs ?? o.epochs },
              examples: o.examples,
              epochs: o.epochs,
              batch: o.batch,
              rate: o.rate,
              command: commandOf(o),
            },
            device,
            o.out,
            signal,
          );
          if (runs.length === 0) process.exitCode = 1;
        } catch (error) {
          if (signal.aborted) log(`interrupted; the same command with --resume goes on from here`);
          throw error;
        } finally {
          await device.dispose();
        }
      }),
  ),
);
