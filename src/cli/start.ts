import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { subset, type Dataset } from '../data/dataset.js';
import { resnetCifar } from '../models/resnet-cifar.js';
import { summary } from '../nn/summary.js';
import { initialise } from '../nn/weights.js';
import { fold, key, permutation } from '../random.js';
import { prune, type Ticket } from '../prune/prune.js';
import type { Method } from '../prune/methods.js';
import { pruningSplit } from '../prune/pruning-split.js';
import { layerDensities, summariseLayers } from '../prune/ticket.js';
import { encodeReport, type ExperimentReport, type RunResult } from '../report/experiment.js';
import { renderHtml, summaryTable } from '../report/html.js';
import { progress } from '../report/progress.js';
import { fit } from '../train/fit.js';
import { saveWeights } from '../weights/state-dict.js';
import { writeFileAtomic } from '../weights/files.js';
import { VERSION } from '../version.js';
import { checkOutput, interruptible, log, number, openData, openDeviceFor, positiveInteger, withData } from './common.js';

interface Options {
  readonly sparsity: number; readonly rounds: number; readonly epochs: number; readonly trainImages: number; readonly rate: number; readonly seed: number;
  readonly data?: string; readonly synthetic?: boolean; readonly download?: boolean; readonly threads?: number; readonly out: string;
}

/** A random part of the training images, so that a first look takes minutes. */
const shortened = (data: Dataset<32, 32, 3, 10>, images: number, seed: number): Dataset<32, 32, 3, 10> =>
  images >= data.train.count ? data : { ...data, train: subset(data.train, permutation(fold(key(seed), 'shortened'), data.train.count).subarray(0, images)) };

export const startCommand = withData(new Command('start')
  .description('a first look: prune ResNet-20 with PX, magnitude and random, train the tickets and the dense network side by side, write a report')
  .option('-s, --sparsity <percent>', 'share of weights to remove', number('sparsity', (n) => n >= 0 && n < 100, 'a number of per cent in [0, 100)'), 98.2)
  .option('-r, --rounds <count>', 'rounds of PX', positiveInteger('rounds'), 100)
  .option('-e, --epochs <count>', 'of the short training schedule', positiveInteger('epochs'), 4)
  .option('--train-images <count>', 'train on so many random images of the set', positiveInteger('train-images'), 6400)
  .option('--rate <number>', 'highest learning rate of the one-cycle schedule', number('rate', (n) => n > 0, 'a positive number'), 0.2)
  .option('--threads <count>', 'of the cpu device; default: physical cores', positiveInteger('threads'))
  .option('-o, --out <folder>', 'where reports and tickets go; each run makes a folder of its own', 'runs')
  .action(async (o: Options) => {
    const signal = interruptible();
    const folder = join(resolve(o.out), `start-${new Date().toISOString().replace(/[:.]/g, '-').slice(0, 19)}`);
    await checkOutput(join(folder, 'report.html'));
    const full = await openData(o, o.seed);
    const data = shortened(full, o.trainImages, o.seed);
    log(`data: ${data.name} (${data.source}), ${data.train.count} of ${full.train.count} training images, ${data.test.count} test images`);
    const net = resnetCifar({ depth: 20 });
    const weights = initialise(net, o.seed);
    const device = await openDeviceFor('cpu', o.threads);
    const isTerminal = process.stderr.isTTY === true;
    const runs: RunResult[] = [];
    const about = (): ExperimentReport => {
      const s = summary(net);
      return {
        title: `Lottery tickets of ${net.name} at ${o.sparsity} % sparsity`, network: net.name, parameters: s.parameters, prunable: s.prunable,
        dataset: { name: data.name, synthetic: data.synthetic, source: data.source, trainCount: data.train.count, testCount: data.test.count },
        device: device.description, seed: o.seed, recipe: `${o.epochs} epochs of SGD, batch 128, one-cycle ${o.rate}, momentum 0.9, weight decay 1e-4, crop and flip`,
        command: `pathex start --sparsity ${o.sparsity} --rounds ${o.rounds} --epochs ${o.epochs} --train-images ${o.trainImages} --rate ${o.rate} --seed ${o.seed}`,
        date: new Date().toISOString(), version: VERSION, runs,
      };
    };
    try {
      for (const method of ['px', 'magnitude', 'random', 'dense'] as const) {
        const ticket = method === 'dense' ? null : await ticketOf(method);
        if (ticket !== null) await saveWeights(join(folder, `${method}.safetensors`), net, { weights, masks: ticket.masks, metadata: { format: 'pathex-ticket', network: net.name, method } });
        const steps = Math.floor(data.train.count / 128);
        const bar = progress(`training ${method}`, o.epochs * steps, { stream: process.stderr, isTerminal });
        try {
          const trained = await fit(net, { weights, masks: ticket?.masks ?? null }, data as never, device, {
            epochs: o.epochs, rate: { kind: 'oneCycle', rate: o.rate }, seed: o.seed, signal,
            onStep: ({ epoch, step, loss }) => bar.update(epoch * steps + step + 1, { loss: loss.toFixed(3) }),
          });
          const layers = layerDensities(net, ticket?.masks ?? null);
          runs.push({
            method, ...summariseLayers(layers), pruneSeconds: ticket?.seconds ?? 0, trainSeconds: trained.seconds, testAccuracy: trained.testAccuracy,
            epochs: trained.history.map((e) => ({ ...e, testAccuracy: e.testAccuracy ?? trained.testAccuracy })), layerDensities: layers,
            ...(ticket?.rounds.some((r) => r.log2Flow !== null) === true ? { log2Flow: ticket.rounds.map((r) => r.log2Flow) } : {}),
          });
        } finally {
          bar.stop();
        }
        await writeFileAtomic(join(folder, 'report.json'), new TextEncoder().encode(encodeReport(about())));
      }
    } finally {
      await device.dispose();
    }
    await writeFileAtomic(join(folder, 'report.html'), new TextEncoder().encode(await renderHtml(about())));
    log('');
    log(summaryTable(about()));
    log(`report: ${join(folder, 'report.html')}`);

    async function ticketOf(method: Extract<Method, 'px' | 'magnitude' | 'random'>): Promise<Ticket> {
      const rounds = method === 'px' ? o.rounds : 1;
      const bar = progress(`pruning with ${method}`, rounds, { stream: process.stderr, isTerminal });
      try {
        return await prune(net, weights, device, {
          method, density: 1 - o.sparsity / 100, rounds, seed: o.seed, signal, data: method === 'px' ? pruningSplit(full, { seed: o.seed }) : [],
          onRound: (r) => bar.update(r.round + 1, { live: String(r.live) }),
        });
      } finally {
        bar.stop();
      }
    }
  }));
