import { Command } from 'commander';
import { fail } from '../errors.js';
import { modelOf, type ImageNetwork } from '../models/models.js';
import type { Device } from '../runtime/device.js';
import type { Dataset } from '../source/dataset.js';
import { executionOf } from '../train/execution.js';
import { stepSeconds } from '../train/measure.js';
import type { TrainingStart } from '../train/start.js';
import { printExecution } from './execution.js';
import { progress } from '../report/progress.js';
import { checkpointExists, loadCheckpoint } from '../train/checkpoint.js';
import { deviceKindOf } from '../runtime/open.js';
import { fit, stepsOf } from '../train/fit.js';
import { saveWeights } from '../weights/state-dict.js';
import {
  checkOutput,
  COMPACT_FILE,
  describeData,
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
  startWeights,
  networkNameOf,
  thenContinue,
  withData,
  withDevice,
  withNetwork,
  type DeviceChoice,
} from './common.js';
import { commandLine } from './command-line.js';
import { recipeOf, withRecipe, type RecipeOptions } from './recipe.js';

interface Options extends RecipeOptions, DeviceChoice {
  readonly network?: string;
  readonly weights?: string;
  readonly maskZeros?: boolean;
  readonly epochs: number;
  readonly schedule: string;
  readonly fromStep: number;
  readonly evaluateEvery: number;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly out: string;
  readonly compactFile?: boolean;
  readonly force?: boolean;
  readonly seed: number;
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
}

/**
 * How long a step takes as it will be computed, beside a dense one; null for a network that is computed
 * dense.
 */
const timesOf = async (
  net: ImageNetwork,
  start: TrainingStart,
  data: Dataset,
  device: Device,
  recipe: ReturnType<typeof recipeOf>,
): Promise<string | null> => {
  const { kind } = executionOf('train', net, start.masks ?? null, recipe.execution ?? 'auto', device);
  if (kind === 'dense') return null;
  const [sparse, dense] = [
    await stepSeconds(net, start, data, device, recipe, 'sparse'),
    await stepSeconds(net, start, data, device, recipe, 'dense'),
  ];
  const ms = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`;
  return `a step takes ${ms(sparse)}, dense ${ms(dense)}: ${(sparse / dense).toFixed(2)} of it`;
};

const sourceOf = (o: Options): string => o.weights ?? `weights drawn from seed ${o.seed}`;

/** What to do after an interruption. */
const nextOf = async (o: Options, command: Command): Promise<string> => {
  if (o.checkpoint === undefined)
    return `nothing was kept; to be able to continue next time: ${commandLine(command, { and: ['--checkpoint', `${o.out}.checkpoint`] })}`;
  if (await checkpointExists(o.checkpoint))
    return `continue with: ${commandLine(command, { and: ['--resume'] })}`;
  return `no epoch had ended; begin again with: ${commandLine(command)}`;
};

/** Throws OPTION, before any training, where a compact file would have no masks to leave weights out by. */
const checkLive = async (o: Options, start: Pick<TrainingStart, 'masks'> | null): Promise<void> => {
  // without a start there is a checkpoint, which has its own
  const hasMasks =
    start === null ? (await loadCheckpoint(o.checkpoint!)).settings.masks !== null : start.masks != null;
  if (!hasMasks)
    fail(
      'OPTION',
      'compact-file: it keeps live weights, and nothing here is pruned; leave it out, or start from a ticket with --weights',
    );
};

export const trainCommand = withDevice(
  withData(
    withRecipe(
      withNetwork(new Command('train'))
        .description('train a network, or a ticket whose masked weights stay exactly zero')
        .option(
          '-w, --weights <file>',
          'safetensors to start from, with masks if it is a ticket; default: dense, drawn from the seed',
        )
        .option(...MASK_ZEROS)
        .option('-e, --epochs <count>', 'passes over the training set', positiveInteger('epochs'), 160)
        .option(
          '--schedule <name>',
          'of the learning rate: multi-step (x0.1 at the milestones) or one-cycle',
          'multi-step',
        )
        .option(
          '--from-step <number>',
          'leave out the steps before: for tickets that were rewound there',
          number('from-step', (n) => Number.isInteger(n) && n >= 0, 'an integer from 0 on'),
          0,
        )
        .option(
          '--evaluate-every <epochs>',
          'measure test accuracy so often',
          positiveInteger('evaluate-every'),
          1,
        )
        .option('--checkpoint <path>', 'keep <path>.json and <path>-<epoch>.safetensors after every epoch')
        .option('--resume', 'continue from the checkpoint, to the same bits as an unbroken run')
        .option('-o, --out <file>', 'trained weights (and masks)', 'trained.safetensors')
        .option(...COMPACT_FILE)
        .option('-f, --force', 'replace the output file')
        .action(async (o: Options, command: Command) => {
          const kind = deviceKindOf(o.device);
          const recipe = recipeOf(o.schedule, o.epochs, o);
          if (o.resume === true && o.checkpoint === undefined)
            fail('OPTION', 'resume: there is no checkpoint to continue; name it with --checkpoint');
          await checkOutput(o.out, o.force);
          if (o.checkpoint !== undefined) await checkOutput(`${o.checkpoint}.json`, true);
          const signal = interruptible();
          const net = modelOf(await networkNameOf(o.network, o.weights), IMAGES);
          const isResumed =
            o.resume === true && o.checkpoint !== undefined && (await checkpointExists(o.checkpoint));
          // a checkpoint that is continued without weights has its own start, masks included
          const start =
            isResumed && o.weights === undefined
              ? null
              : settleZeros(net, await startWeights(net, o.weights, o.seed), o.weights, o.maskZeros === true);
          if (o.compactFile === true) await checkLive(o, start);
          const data = await openData(o, o.seed, signal);
          describeData(data);
          const device = await openDeviceFor(kind, o);
          const total = stepsOf(data, o);
          const steps = total / o.epochs;
          const bar = progress('training', total - o.fromStep, {
            stream: process.stderr,
            isTerminal: process.stderr.isTTY === true,
          });
          try {
            // a training that is continued is computed as it was, which its checkpoint says
            const times =
              isResumed || start === null ? null : await timesOf(net, start, data, device, recipe);
            const result = await fit(
              net,
              start === null ? null : { ...start, source: sourceOf(o) },
              data,
              device,
              {
                ...recipe,
                steps: { from: o.fromStep },
                seed: o.seed,
                evaluateEvery: o.evaluateEvery,
                resume: o.resume === true,
                signal,
                ...(o.checkpoint === undefined ? {} : { checkpoint: o.checkpoint }),
                onExecution: (report) => {
                  printExecution(report);
                  if (times !== null) log(times);
                },
                onStep: ({ epoch, step, loss }) =>
                  bar.update(epoch * steps + step + 1 - o.fromStep, {
                    epoch: `${epoch + 1}/${o.epochs}`,
                    loss: loss.toFixed(3),
                  }),
                onEpoch: (e) =>
                  bar.log(
                    `epoch ${e.epoch}: loss ${e.trainLoss.toFixed(4)}, train ${(100 * e.trainAccuracy).toFixed(2)} %${e.testAccuracy === null ? '' : `, test ${(100 * e.testAccuracy).toFixed(2)} %`}, ${e.seconds.toFixed(1)} s`,
                  ),
              },
            );
            bar.stop();
            await saveWeights(o.out, net, {
              weights: result.weights,
              masks: result.masks,
              form: o.compactFile === true ? 'compact' : 'dense',
              metadata: {
                format: 'pathex-weights',
                network: net.name,
                data: data.name,
                epochs: String(o.epochs),
                testAccuracy: String(result.testAccuracy),
                seed: String(o.seed),
              },
            });
            log(
              `test accuracy ${(100 * result.testAccuracy).toFixed(2)} % after ${o.epochs} ${o.epochs === 1 ? 'epoch' : 'epochs'}, ${result.seconds.toFixed(1)} s${data.synthetic ? ' (on generated images)' : ''}`,
            );
            log(await describeWritten(o.out, o.compactFile === true));
          } catch (error) {
            bar.stop();
            throw thenContinue(error, await nextOf(o, command));
          } finally {
            bar.stop();
            await device.dispose();
          }
        }),
    ),
  ),
);
