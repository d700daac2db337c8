import { Command } from 'commander';
import { fail } from '../errors.js';
import { modelOf, MODEL_NAMES } from '../models/models.js';
import { progress } from '../report/progress.js';
import { deviceKindOf } from '../runtime/open.js';
import { fit } from '../train/fit.js';
import type { RateSchedule } from '../train/rate.js';
import { saveWeights } from '../weights/state-dict.js';
import { checkOutput, interruptible, log, number, openData, openDeviceFor, positiveInteger, startWeights, withData, withDevice } from './common.js';

interface Options {
  readonly network: string; readonly weights?: string; readonly epochs: number; readonly batch: number; readonly rate: number; readonly schedule: string;
  readonly milestones?: string; readonly momentum: number; readonly nesterov?: boolean; readonly weightDecay: number; readonly augment: boolean;
  readonly evaluateEvery: number; readonly checkpoint?: string; readonly resume?: boolean; readonly out: string; readonly force?: boolean; readonly seed: number;
  readonly device: string; readonly threads?: number; readonly data?: string; readonly synthetic?: boolean; readonly download?: boolean;
}

const rateSchedule = (o: Options): RateSchedule => {
  if (o.schedule === 'one-cycle') {
    if (o.milestones !== undefined) return fail('OPTION', 'milestones: they belong to --schedule multi-step');
    return { kind: 'oneCycle', rate: o.rate };
  }
  if (o.schedule !== 'multi-step') return fail('OPTION', `schedule: '${o.schedule}' is unknown; choose one-cycle or multi-step`);
  const milestones = (o.milestones ?? `${Math.round(o.epochs / 2)},${Math.round((3 * o.epochs) / 4)}`).split(',').map(Number);
  return milestones.every((m) => Number.isInteger(m) && m > 0) ? { kind: 'multiStep', rate: o.rate, milestones } : fail('OPTION', `milestones: '${o.milestones}' is not a list of epochs such as 80,120`);
};

export const trainCommand = withDevice(withData(new Command('train')
  .description('train a network, or a ticket whose masked weights stay exactly zero')
  .option('-n, --network <name>', `one of ${MODEL_NAMES}`, 'resnet20')
  .option('-w, --weights <file>', 'safetensors to start from, with masks if it is a ticket; default: dense, drawn from the seed')
  .option('-e, --epochs <count>', 'passes over the training set', positiveInteger('epochs'), 160)
  .option('-b, --batch <size>', 'images a step', positiveInteger('batch'), 128)
  .option('--rate <number>', 'highest learning rate', number('rate', (n) => n > 0, 'a positive number'), 0.1)
  .option('--schedule <name>', 'multi-step (x0.1 at the milestones) or one-cycle', 'multi-step')
  .option('--milestones <epochs>', 'for multi-step, such as 80,120; default: half and three quarters')
  .option('--momentum <number>', '', number('momentum', (n) => n >= 0 && n < 1, 'in [0, 1)'), 0.9)
  .option('--nesterov', "Nesterov's momentum")
  .option('--weight-decay <number>', '', number('weight decay', (n) => n >= 0, 'from 0 on'), 1e-4)
  .option('--no-augment', 'no random crop and flip')
  .option('--evaluate-every <epochs>', 'measure test accuracy so often', positiveInteger('evaluate-every'), 1)
  .option('--checkpoint <path>', 'keep <path>.json and <path>-<epoch>.safetensors after every epoch')
  .option('--resume', 'continue from the checkpoint, to the same bits as an unbroken run')
  .option('-o, --out <file>', 'trained weights (and masks)', 'trained.safetensors')
  .option('-f, --force', 'replace the output file')
  .action(async (o: Options) => {
    const kind = deviceKindOf(o.device);
    const rate = rateSchedule(o);
    if (o.resume === true && o.checkpoint === undefined) fail('OPTION', 'resume: name the checkpoint to continue with --checkpoint');
    await checkOutput(o.out, o.force);
    if (o.checkpoint !== undefined) await checkOutput(`${o.checkpoint}.json`, true);
    const signal = interruptible();
    const data = await openData(o, o.seed);
    log(`data: ${data.name} (${data.source}), ${data.train.count} train, ${data.test.count} test`);
    const net = modelOf(o.network, data);
    const start = await startWeights(net, o.weights, o.seed);
    const device = await openDeviceFor(kind, o.threads);
    const steps = Math.floor(data.train.count / o.batch);
    const bar = progress('training', o.epochs * steps, { stream: process.stderr, isTerminal: process.stderr.isTTY === true });
    try {
      const result = await fit(net, start, data as never, device, {
        epochs: o.epochs, batch: o.batch, rate, momentum: o.momentum, nesterov: o.nesterov === true, weightDecay: o.weightDecay,
        augment: o.augment ? { pad: 4, flip: true } : null, seed: o.seed, evaluateEvery: o.evaluateEvery, resume: o.resume === true, signal,
        ...(o.checkpoint === undefined ? {} : { checkpoint: o.checkpoint }),
        onStep: ({ epoch, step, loss }) => bar.update(epoch * steps + step + 1, { epoch: `${epoch + 1}/${o.epochs}`, loss: loss.toFixed(3) }),
        onEpoch: (e) => bar.log(`epoch ${e.epoch}: loss ${e.trainLoss.toFixed(4)}, train ${(100 * e.trainAccuracy).toFixed(2)} %${e.testAccuracy === null ? '' : `, test ${(100 * e.testAccuracy).toFixed(2)} %`}, ${e.seconds.toFixed(1)} s`),
      });
      bar.stop();
      await saveWeights(o.out, net, {
        weights: result.weights, masks: start.masks,
        metadata: { format: 'pathex-weights', network: net.name, data: data.name, epochs: String(o.epochs), testAccuracy: String(result.testAccuracy), seed: String(o.seed) },
      });
      log(`test accuracy ${(100 * result.testAccuracy).toFixed(2)} % after ${o.epochs} epochs, ${result.seconds.toFixed(1)} s${data.synthetic ? ' (on generated images)' : ''}`);
      log(`wrote ${o.out}`);
    } catch (error) {
      bar.stop();
      if (signal.aborted && o.checkpoint !== undefined) log(`interrupted; continue with --checkpoint ${o.checkpoint} --resume`);
      throw error;
    } finally {
      bar.stop();
      await device.dispose();
    }
  })));
