import { Command } from 'commander';
import type { Dataset } from '../source/dataset.js';
import type { PruneOptions } from '../prune/prune.js';
import {
  METHODS,
  procedureOf,
  readMethod,
  type CriterionOptions,
  type MethodOptions,
} from '../prune/methods.js';
import type { Schedule } from '../prune/schedule.js';
import { SCOPES, type Scope } from '../prune/scope.js';
import { pruningSplit } from '../prune/pruning-split.js';
import { layerDensities, summariseLayers } from '../prune/ticket.js';
import { modelOf } from '../models/models.js';
import { table } from '../report/table.js';
import { deviceKindOf } from '../runtime/open.js';
import { saveWeights } from '../weights/state-dict.js';
import { fail } from '../errors.js';
import { checkValue, wordOf } from '../kinds.js';
import {
  checkOutput,
  COMPACT_FILE,
  describeWritten,
  IMAGES,
  interruptible,
  log,
  MASK_ZEROS,
  number,
  openData,
  openDeviceFor,
  positiveInteger,
  settleZeros,
  sparsityPercent,
  startWeights,
  networkNameOf,
  thenContinue,
  withData,
  withDevice,
  withNetwork,
  type DeviceChoice,
} from './common.js';
import { collect, commandLine } from './command-line.js';
import { pruneShowing } from './pruning.js';
import { recipeOf, withRecipe, type RecipeOptions } from './recipe.js';

interface Options extends RecipeOptions, DeviceChoice {
  readonly network?: string;
  readonly method: string;
  readonly sparsity: number;
  readonly rounds?: number;
  readonly schedule: string;
  readonly scope: string;
  readonly exclude?: readonly string[];
  readonly weights?: string;
  readonly maskZeros?: boolean;
  readonly out: string;
  readonly compactFile?: boolean;
  readonly force?: boolean;
  readonly seed: number;
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
  readonly examples: number;
  readonly option?: readonly string[];
  readonly epochs?: number;
  readonly rateSchedule: string;
  readonly rewind?: number;
}

const scheduleOf = (name: string): Schedule =>
  name === 'exponential' || name === 'linear'
    ? name
    : fail('OPTION', `schedule: '${name}' is unknown; choose exponential or linear`);

export const SCOPE_FLAG = [
  '--scope <name>',
  'what weights compete with: global, all others; layer, those of their layer; erk, the same at densities by Erdős-Rényi-Kernel',
  'global',
] as const;
export const EXCLUDE_FLAG = [
  '--exclude <pattern>',
  "leave the weights of a layer whole, such as fc or 'block1.*'; they do not count in the sparsity; repeat it for more",
  collect,
] as const;
export const scopeOf = (name: string): Scope => {
  checkValue('scope', name, SCOPE);
  return name as Scope; // checked
};
const SCOPE = wordOf(...SCOPES);

/** The options of the method's own training, where it has one. */
const withTraining = (
  method: CriterionOptions,
  o: Options,
  recipe: ReturnType<typeof recipeOf> | null,
  dataset: Dataset | null,
): MethodOptions =>
  method.method === 'imp'
    ? {
        method: 'imp',
        dataset: dataset!,
        training: recipe!,
        ...(o.rewind === undefined ? {} : { rewind: { steps: o.rewind } }),
      }
    : method;

/** Prints what is left of each layer. */
export const printLayers = (layers: ReturnType<typeof layerDensities>): void => {
  log(
    table(
      [
        { header: 'layer' },
        { header: 'weights' },
        { header: 'live' },
        { header: 'density %', digits: 2 },
        { header: 'units' },
        { header: 'alive' },
      ],
      layers.map((l) => [l.layer, l.weights, l.live, (100 * l.live) / l.weights, l.units, l.unitsAlive]),
    ),
  );
};

export const pruneCommand = withRecipe(
  withDevice(
    withData(
      withNetwork(new Command('prune'))
        .description('find a lottery ticket: the weights to keep, before training')
        .option('-m, --method <name>', `one of ${METHODS.join(', ')}`, 'px')
        .option('-s, --sparsity <percent>', 'share of weights to remove', sparsityPercent, 98.2)
        .option(
          '-r, --rounds <count>',
          "rounds of scoring; default: the method's own",
          positiveInteger('rounds'),
        )
        .option('--schedule <name>', 'exponential or linear', 'exponential')
        .option(...SCOPE_FLAG)
        .option(...EXCLUDE_FLAG)
        .option(
          '-O, --option <name=value>',
          "an option of the method, such as mode=px-gated; repeat it for more ('pathex methods' lists them)",
          collect,
        )
        .option('-w, --weights <file>', 'safetensors with PyTorch names; default: drawn from the seed')
        .option(...MASK_ZEROS)
        .option(
          '-e, --examples <count>',
          'images of each class that methods with data read',
          positiveInteger('examples'),
          10,
        )
        .option('-o, --out <file>', 'the ticket: weights and masks', 'ticket.safetensors')
        .option(...COMPACT_FILE)
        .option('-f, --force', 'replace the output file')
        .action(async (o: Options, command: Command) => {
          const kind = deviceKindOf(o.device);
          const method = readMethod(o.method, o.option ?? []);
          const schedule = scheduleOf(o.schedule);
          const scope = scopeOf(o.scope);
          const trains = method.method === 'imp';
          if (trains && o.epochs === undefined)
            fail(
              'OPTION',
              'epochs: imp trains in every round; give --epochs, the length of each training (the paper takes 160, in 6 rounds)',
            );
          const stray = (
            [
              ['epochs', o.epochs],
              ['rewind', o.rewind],
            ] as const
          ).find(([, value]) => !trains && value !== undefined);
          if (stray !== undefined)
            fail(
              'OPTION',
              `${stray[0]}: ${o.method} does not train; leave --${stray[0]} out, or choose --method imp`,
            );
          const recipe = trains ? recipeOf(o.rateSchedule, o.epochs!, o) : null;
          await checkOutput(o.out, o.force);
          const signal = interruptible();
          const net = modelOf(await networkNameOf(o.network, o.weights), IMAGES);
          const given = await startWeights(net, o.weights, o.seed);
          if (given.form === 'compact' && o.maskZeros !== true)
            fail(
              'WEIGHTS',
              `${o.weights}: a compact file, which does not keep the values of pruned weights, and pruning starts from all weights; give the dense file, or --mask-zeros to prune what is live further`,
            );
          if (given.masks !== null && o.maskZeros !== true)
            log(`${o.weights}: its masks are left aside; pruning starts from all its weights`);
          const { weights, masks } = settleZeros(
            net,
            { weights: given.weights, masks: null },
            o.weights,
            o.maskZeros === true,
          );
          const reads = procedureOf(method).data !== 'none';
          const data = reads || trains ? await openData(o, o.seed, signal) : null;
          const device = await openDeviceFor(kind, o);
          try {
            const options: PruneOptions = {
              ...withTraining(method, o, recipe, data),
              density: 1 - o.sparsity / 100,
              schedule,
              scope,
              exclude: o.exclude ?? [],
              seed: o.seed,
              signal,
              masks,
              ...(o.rounds === undefined ? {} : { rounds: o.rounds }),
              ...(data === null || !reads
                ? {}
                : { data: pruningSplit(data, { examples: o.examples, seed: o.seed }) }),
            };
            const ticket = await pruneShowing(net, weights, device, options);
            const layers = layerDensities(net, ticket.masks);
            const s = summariseLayers(layers);
            await saveWeights(o.out, net, {
              weights: ticket.weights,
              masks: ticket.masks,
              form: o.compactFile === true ? 'compact' : 'dense',
              metadata: {
                format: 'pathex-ticket',
                network: net.name,
                method: ticket.method,
                sparsity: String(s.sparsity),
                rounds: String(ticket.rounds.length),
                seed: String(o.seed),
                data: data?.name ?? 'none',
                ...(o.rewind === undefined ? {} : { rewind: String(o.rewind) }),
                ...(scope === 'global' ? {} : { scope }),
                ...(ticket.excluded.length === 0 ? {} : { excluded: ticket.excluded.join(' ') }),
                ...((ticket.zeroScores ?? 0) === 0 ? {} : { zeroScores: String(ticket.zeroScores) }),
              },
            });
            printLayers(layers);
            if (ticket.excluded.length > 0) log(`left whole: ${ticket.excluded.join(', ')}`);
            const by = scope === 'global' ? '' : `, scope ${scope}`;
            log(
              `${ticket.method}${by}: ${s.live.toLocaleString('en')} of ${s.total.toLocaleString('en')} weights live (sparsity ${(100 * s.sparsity).toFixed(2)} %), ${s.layersEmptied} of ${s.layers} layers empty, ${(100 * s.outputUnitsAlive).toFixed(0)} % of output units alive, ${ticket.seconds.toFixed(1)} s`,
            );
            log(
              `${await describeWritten(o.out, o.compactFile === true)}${o.rewind === undefined || o.rewind === 0 ? '' : `; its weights are those after step ${o.rewind}: train them with --from-step ${o.rewind}`}`,
            );
          } catch (error) {
            throw thenContinue(error, `nothing was written; begin again with: ${commandLine(command)}`);
          } finally {
            await device.dispose();
          }
        }),
    ),
  )
    .optionsGroup('For the trainings of --method imp:')
    .option(
      '--epochs <count>',
      'of each training; the paper takes 160, in 6 rounds',
      positiveInteger('epochs'),
    )
    .option(
      '--rewind <steps>',
      'go back to the weights after so many steps instead of the first ones',
      number('rewind', (n) => Number.isInteger(n) && n >= 0, 'an integer from 0 on'),
    )
    .option('--rate-schedule <name>', 'multi-step (x0.1 at the milestones) or one-cycle', 'multi-step'),
);
