import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_JSON } from '../codec.js';
import { batches } from '../source/batches.js';
import { fail, PathexError } from '../errors.js';
import {
  callback,
  checkOptions,
  checkValue,
  deviceKind,
  path as pathKind,
  signal as signalKind,
  type KindsOf,
} from '../kinds.js';
import { initialise } from '../nn/weights.js';
import { procedureOf } from '../prune/methods.js';
import { prune } from '../prune/prune.js';
import { pruningSplit } from '../prune/pruning-split.js';
import { layerDensities, summariseLayers } from '../prune/ticket.js';
import { withProgress, zeroScoreLines } from '../prune/progress.js';
import {
  decodeReport,
  encodeReport,
  type ExperimentReport,
  type FailedRun,
  type RunResult,
} from '../report/experiment.js';
import { renderHtml } from '../report/html.js';
import type { Device } from '../runtime/device.js';
import { fit, stepsOf } from '../train/fit.js';
import { takeLock } from '../train/lock.js';
import { differences } from '../train/settings.js';
import { readFileChecked, writeFileAtomic } from '../io/files.js';
import { saveWeights } from '../weights/state-dict.js';
import {
  aboutOf,
  checkExperiment,
  methodOptions,
  partsOf,
  trainingOf,
  whole,
  type Contestant,
  type Experiment,
  type WholeExperiment,
} from './experiment.js';

/** How far a part of an experiment is. */
export interface ExperimentProgress {
  /** Such as 'training px, seed 1'; another label means that another part has begun. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** What to show beside it, such as { loss: '1.24' }. */
  readonly details: Readonly<Record<string, string>>;
}

/** What an experiment says while it runs. */
export interface ExperimentCallbacks {
  readonly onProgress?: (progress: ExperimentProgress) => void;
  /** A line for people: of a row that was kept or has failed, of weights without a score. */
  readonly onMessage?: (line: string) => void;
  /** Ends the experiment after the step under way; the rows that are done stay. */
  readonly signal?: AbortSignal;
}

const CALLBACKS: KindsOf<ExperimentCallbacks> = {
  onProgress: callback,
  onMessage: callback,
  signal: signalKind,
};

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
  e: WholeExperiment,
  device: Device,
  folder: string,
  { onProgress, onMessage, signal }: ExperimentCallbacks,
): Promise<RunResult> => {
  const stop = signal === undefined ? {} : { signal };
  const show = (label: string, done: number, total: number, details: ExperimentProgress['details']): void =>
    onProgress?.({ label, done, total, details });
  const { net } = e;
  const weights = initialise(net, seed);
  const name = e.seeds.length === 1 ? method : `${method}, seed ${seed}`;
  const ticket =
    method === 'dense'
      ? null
      : await prune(
          net,
          weights,
          device,
          withProgress(
            {
              ...methodOptions(method, e),
              density: 1 - e.sparsity / 100,
              scope: e.scope,
              exclude: e.exclude,
              seed,
              ...stop,
              data:
                method === 'imp' || procedureOf({ method }).data === 'none'
                  ? []
                  : pruningSplit(e.full, { examples: e.examples, seed }),
            },
            (label, done, total, details) =>
              show(e.seeds.length === 1 ? label : `${label}, seed ${seed}`, done, total, details),
          ),
        );
  if (ticket !== null) {
    for (const line of zeroScoreLines(ticket)) onMessage?.(line);
    await saveWeights(join(folder, `${method}-seed${seed}.safetensors`), net, {
      weights: ticket.weights,
      masks: ticket.masks,
      metadata: { format: 'pathex-ticket', network: net.name, method, seed: String(seed) },
    });
  }
  const options = trainingOf(e, e.epochs);
  const total = stepsOf(e.data, options);
  const trained = await fit(net, ticket ?? { weights }, e.data, device, {
    ...options,
    execution: ticket === null ? 'dense' : e.execution,
    seed,
    ...stop,
    onStep: ({ epoch, step, steps, loss }) =>
      show(`training ${name}`, epoch * steps + step + 1, total, { loss: loss.toFixed(3) }),
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
};

/** What says nothing about the method but ends the whole experiment. */
const isFatal = (error: unknown): boolean =>
  !(error instanceof PathexError) || error.code === 'OUTPUT' || error.code === 'DEVICE';

/**
 * Methods side by side: runs what `folder`/report.json does not hold yet, keeps that file up to date after
 * each method, and ends with report.html. A method that fails is a row with the reason; running again tries
 * it again. Tickets go to `folder`/<method>-seed<seed>.safetensors. Errors: OPTION, DATA, CHECKPOINT for a
 * report of other settings, OUTPUT.
 */
export const runExperiment = async (
  given: Experiment,
  device: Device,
  folder: string,
  callbacks: ExperimentCallbacks = {},
): Promise<ExperimentReport> => {
  checkExperiment(given);
  checkValue('runExperiment: device', device, deviceKind);
  checkValue('runExperiment: folder', folder, pathKind);
  checkOptions('runExperiment', callbacks, CALLBACKS);
  const e = whole(given);
  batches(e.data.train.count, e.batch, { dropLast: true }); // here rather than once for each method
  const json = join(folder, 'report.json');
  const lock = await takeLock(`${json}.lock`, join(folder, `.report.json.lock.${randomUUID()}.part`), json);
  try {
    return await takeRows(e, device, folder, callbacks);
  } finally {
    await lock.release();
  }
};

const takeRows = async (
  e: WholeExperiment,
  device: Device,
  folder: string,
  callbacks: ExperimentCallbacks,
): Promise<ExperimentReport> => {
  const { onMessage } = callbacks;
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
        onMessage?.(`${method}, seed ${seed}: kept from ${json}`);
        continue;
      }
      const start = performance.now();
      try {
        runs.push(await runOf(method, seed, e, device, folder, callbacks));
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
        onMessage?.(`${method}, seed ${seed}: ${code}: ${message.split('\n')[0]!}`);
      }
      await write(json, encodeReport(report()));
    }
  }
  await write(join(folder, 'report.html'), await renderHtml(report()));
  return report();
};
