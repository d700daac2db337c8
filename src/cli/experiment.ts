import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_JSON } from '../codec.js';
import { batches } from '../source/batches.js';
import { subset, type Dataset } from '../source/dataset.js';
import { fail, PathexError } from '../errors.js';
import type { ImageNetwork } from '../models/models.js';
import { summary } from '../nn/summary.js';
import { initialise } from '../nn/weights.js';
import { usualRounds } from '../prune/method.js';
import { procedureOf, type Method, type MethodOptions } from '../prune/methods.js';
import { pruningSplit } from '../prune/pruning-split.js';
import type { Scope } from '../prune/scope.js';
import { layerDensities, summariseLayers } from '../prune/ticket.js';
import { fold, key, permutation } from '../random.js';
import {
  decodeReport,
  encodeReport,
  type ExperimentReport,
  type FailedRun,
  type RunResult,
} from '../report/experiment.js';
import { renderHtml, summaryTable } from '../report/html.js';
import { progress } from '../report/progress.js';
import type { Device } from '../runtime/device.js';
import { fit, stepsOf, type FitOptions } from '../train/fit.js';
import { takeLock } from '../train/lock.js';
import { showRate } from '../train/rate.js';
import { datasetDigest } from '../source/dataset-source.js';
import { differences, structureDigest } from '../train/settings.js';
import { VERSION } from '../version.js';
import { readFileChecked, writeFileAtomic } from '../io/files.js';
import { saveWeights } from '../weights/state-dict.js';
import { log } from './common.js';
import { pruneShowing } from './pruning.js';

/** `dense` is the network without pruning, to compare with. */
export type Contestant = Method | 'dense';

/** Methods side by side: every one prunes to the same sparsity, every ticket trains by the same recipe. */
export interface Experiment {
  readonly methods: readonly Contestant[];
  readonly seeds: readonly number[];
  readonly net: ImageNetwork;
  /** Criteria read the pruning split of `full`; tickets and IMP train on `data`, which may be a part of it. */
  readonly full: Dataset;
  readonly data: Dataset;
  /** Per cent. */
  readonly sparsity: number;
  /** For methods that take more than one by themselves; default: as many as they do. */
  readonly rounds: number | undefined;
  /** As of prune(). */
  readonly scope?: Scope;
  readonly exclude?: readonly string[];
  readonly imp: { readonly rounds: number; readonly epochs: number };
  /** Images of each class. */
  readonly examples: number;
  readonly epochs: number;
  readonly batch: number;
  /** Highest rate of the one-cycle schedule. */
  readonly rate: number;
  /** The command that repeats it. */
  readonly command: string;
}

/** A random part of the training images, so that a first look takes minutes. */
export const shortened = <D extends Dataset>(data: D, images: number, seed: number): D =>
  images >= data.train.count
    ? data
    : {
        ...data,
        train: subset(
          data.train,
          permutation(fold(key(seed), 'shortened'), data.train.count).subarray(0, images),
        ),
      };

const trainingOf = (e: Experiment, epochs: number): FitOptions => ({
  epochs,
  batch: e.batch,
  rate: { kind: 'oneCycle', rate: e.rate },
});

const methodOptions = (method: Method, e: Experiment): MethodOptions & { readonly rounds?: number } => {
  if (method === 'imp')
    return { method, dataset: e.data, training: trainingOf(e, e.imp.epochs), rounds: e.imp.rounds };
  return {
    method,
    ...(e.rounds === undefined || usualRounds(procedureOf({ method })) === 1 ? {} : { rounds: e.rounds }),
  };
};

const isGlobal = ({ scope = 'global' }: Experiment): boolean => scope === 'global';
const excludedOf = ({ exclude = [] }: Experiment): readonly string[] => exclude;

/** Everything that decides the bits of a row, as `key=value` parts. */
const settingsOf = (e: Experiment, device: Device): string =>
  [
    `network=${e.net.name}`,
    `structure=${structureDigest(e.net)}`,
    `data=${e.data.name} ${e.data.train.count} of ${e.full.train.count}`,
    `images=${datasetDigest(e.data)}`,
    ...(e.full === e.data ? [] : [`allImages=${datasetDigest(e.full)}`]),
    `sparsity=${e.sparsity}`,
    `rounds=${e.rounds ?? 'usual'}`,
    ...(isGlobal(e) ? [] : [`scope=${e.scope}`]),
    ...(excludedOf(e).length === 0 ? [] : [`exclude=${excludedOf(e).join(' ')}`]),
    `imp-rounds=${e.imp.rounds}`,
    `imp-epochs=${e.imp.epochs}`,
    `examples=${e.examples}`,
    `epochs=${e.epochs}`,
    `batch=${e.batch}`,
    `rate=${e.rate}`,
    `device=${device.description}`,
    `version=${VERSION}`,
  ].join('; ');

const aboutOf = (e: Experiment, device: Device): Omit<ExperimentReport, 'date' | 'runs'> => {
  const s = summary(e.net);
  return {
    title: `Lottery tickets of ${e.net.name} at ${e.sparsity} % sparsity${isGlobal(e) ? '' : `, scope ${e.scope}`}${excludedOf(e).length === 0 ? '' : `, without ${excludedOf(e).join(', ')}`}`,
    network: e.net.name,
    parameters: s.parameters,
    prunable: s.prunable,
    dataset: {
      name: e.data.name,
      synthetic: e.data.synthetic,
      source: e.data.source,
      trainCount: e.data.train.count,
      testCount: e.data.test.count,
    },
    device: device.description,
    seed: e.seeds[0]!,
    recipe: `${e.epochs} ${e.epochs === 1 ? 'epoch' : 'epochs'} of SGD, batch ${e.batch}, ${showRate({ kind: 'oneCycle', rate: e.rate })}, momentum 0.9, weight decay 1e-4, crop and flip`,
    command: e.command,
    version: VERSION,
    settings: settingsOf(e, device),
  };
};

/** Settings by their keys, as `settingsOf` wrote them. */
const partsOf = (settings: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    settings.split('; ').map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key, value.join('=')];
    }),
  );

/** Rows of an earlier report of the same settings. Throws CHECKPOINT for one of others. */
const rowsOf = async (
  file: string,
  settings: string,
): Promise<{ readonly runs: readonly RunResult[]; readonly failures: readonly FailedRun[] }> => {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return { runs: [], failures: [] };
  // One that is there and cannot be read must not be replaced as if it were not.
  const text = new TextDecoder().decode(await readFileChecked(file, 'DATA', { maxBytes: MAX_JSON }));
  const { runs, failures = [], settings: theirs = '' } = decodeReport(text, file);
  const differing = differences(partsOf(theirs), partsOf(settings));
  if (differing !== null)
    fail(
      'CHECKPOINT',
      `${file}: made with other settings: ${differing}; repeat them, or choose another folder`,
    );
  return { runs, failures };
};

/** Prunes by one method and trains its ticket. */
const runOf = async (
  method: Contestant,
  seed: number,
  e: Experiment,
  device: Device,
  folder: string,
  signal: AbortSignal,
): Promise<RunResult> => {
  const { net } = e;
  const weights = initialise(net, seed);
  const name = e.seeds.length === 1 ? method : `${method}, seed ${seed}`;
  const ticket =
    method === 'dense'
      ? null
      : await pruneShowing(net, weights, device, {
          ...methodOptions(method, e),
          density: 1 - e.sparsity / 100,
          scope: e.scope ?? 'global',
          exclude: excludedOf(e),
          seed,
          signal,
          data:
            method === 'imp' || procedureOf({ method }).data === 'none'
              ? []
              : pruningSplit(e.full, { examples: e.examples, seed }),
        });
  if (ticket !== null) {
    await saveWeights(join(folder, `${method}-seed${seed}.safetensors`), net, {
      weights: ticket.weights,
      masks: ticket.masks,
      metadata: { format: 'pathex-ticket', network: net.name, method, seed: String(seed) },
    });
  }
  const options = trainingOf(e, e.epochs);
  const bar = progress(`training ${name}`, stepsOf(e.data, options), {
    stream: process.stderr,
    isTerminal: process.stderr.isTTY === true,
  });
  try {
    const trained = await fit(net, ticket ?? { weights }, e.data, device, {
      ...options,
      seed,
      signal,
      onStep: ({ epoch, step, steps, loss }) =>
        bar.update(epoch * steps + step + 1, { loss: loss.toFixed(3) }),
    });
    const layers = layerDensities(net, ticket?.masks ?? null);
    return {
      method,
      seed,
      ...summariseLayers(layers),
      pruneSeconds: ticket?.seconds ?? 0,
      trainSeconds: trained.seconds,
      testAccuracy: trained.testAccuracy,
      epochs: trained.history.map((h) => ({ ...h, testAccuracy: h.testAccuracy ?? trained.testAccuracy })),
      layerDensities: layers,
      ...(ticket?.rounds.some((r) => r.log2Flow !== null) === true
        ? { log2Flow: ticket.rounds.map((r) => r.log2Flow) }
        : {}),
    };
  } finally {
    bar.stop();
  }
};

/** What says nothing about the method but ends the whole experiment. */
const isFatal = (error: unknown): boolean =>
  !(error instanceof PathexError) || error.code === 'OUTPUT' || error.code === 'DEVICE';

/**
 * Runs what `folder`/report.json does not hold yet, keeps that file up to date after each method, and ends with report.html and the table. A
 * method that fails is a row with the reason; running again tries it again. Tickets go to `folder`/<method>-seed<seed>.safetensors.
 */
export const runExperiment = async (
  e: Experiment,
  device: Device,
  folder: string,
  signal: AbortSignal,
): Promise<ExperimentReport> => {
  const json = join(folder, 'report.json');
  const lock = await takeLock(`${json}.lock`, join(folder, `.report.json.lock.${randomUUID()}.part`), json);
  try {
    return await takeRows(e, device, folder, signal);
  } finally {
    await lock.release();
  }
};

const takeRows = async (
  e: Experiment,
  device: Device,
  folder: string,
  signal: AbortSignal,
): Promise<ExperimentReport> => {
  batches(e.data.train.count, e.batch, { dropLast: true }); // here rather than once for each method
  const about = aboutOf(e, device);
  const json = join(folder, 'report.json');
  const write = (path: string, text: string): Promise<void> =>
    writeFileAtomic(path, new TextEncoder().encode(text));
  const before = await rowsOf(json, about.settings!);
  const runs = [...before.runs];
  const failures = before.failures.filter(
    (f) => !(e.methods as readonly string[]).includes(f.method) || !e.seeds.includes(f.seed),
  ); // the others are tried again
  const report = (): ExperimentReport => ({
    ...about,
    date: new Date().toISOString(),
    runs,
    ...(failures.length === 0 ? {} : { failures }),
  });

  for (const seed of e.seeds) {
    for (const method of e.methods) {
      if (runs.some((r) => r.method === method && r.seed === seed)) {
        log(`${method}, seed ${seed}: kept from ${json}`);
        continue;
      }
      const start = performance.now();
      try {
        runs.push(await runOf(method, seed, e, device, folder, signal));
      } catch (error) {
        if (isFatal(error)) throw error;
        const { code, message } = error as PathexError; // isFatal
        failures.push({
          method,
          seed,
          code,
          message: message.split('\n')[0]!,
          seconds: (performance.now() - start) / 1000,
        });
        log(`${method}, seed ${seed}: ${code}: ${message.split('\n')[0]!}`);
      }
      await write(json, encodeReport(report()));
    }
  }
  await write(join(folder, 'report.html'), await renderHtml(report()));
  log('');
  log(summaryTable(report()));
  log(`report: ${join(folder, 'report.html')}`);
  return report();
};
