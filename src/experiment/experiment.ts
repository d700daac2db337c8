import { fail } from '../errors.js';
import { subset, type Dataset } from '../source/dataset.js';
import { datasetDigest } from '../source/dataset-source.js';
import type { ImageNetwork } from '../models/models.js';
import { summary } from '../nn/summary.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, optionsOf, type Kind, type KindsOf } from '../kinds.js';
import type { NamePattern } from '../patterns.js';
import { COMMON_OPTIONS } from '../prune/common-options.js';
import { usualRounds } from '../prune/method.js';
import { METHODS, procedureOf, type Method, type MethodOptions } from '../prune/methods.js';
import type { Scope } from '../prune/scope.js';
import { fold, key, permutation } from '../random.js';
import type { ExperimentReport } from '../report/experiment.js';
import type { Device } from '../runtime/device.js';
import { executionKind, type ExecutionChoice } from '../train/execution.js';
import type { FitOptions } from '../train/fit-options.js';
import { showRate } from '../train/rate.js';
import { structureDigest } from '../train/settings.js';
import { VERSION } from '../version.js';

/** `dense` is the network without pruning, to compare with. */
export type Contestant = Method | 'dense';

/** Methods side by side: every one prunes to the same sparsity, every ticket trains by the same recipe. */
export interface Experiment {
  readonly methods: readonly Contestant[];
  readonly seeds: readonly number[];
  readonly net: ImageNetwork;
  /** What tickets and IMP train on. */
  readonly data: Dataset;
  /** What criteria read the pruning split of, where `data` is only a part of it. Default: `data`. */
  readonly full?: Dataset;
  /** Per cent. */
  readonly sparsity: number;
  /** For methods that take more than one by themselves; default: as many as they do. */
  readonly rounds?: number | undefined;
  /** As of prune(). Default 'global'. */
  readonly scope?: Scope;
  /** As of prune(). Default: none. */
  readonly exclude?: readonly NamePattern[];
  /** Default: six rounds of `epochs`. */
  readonly imp?: { readonly rounds: number; readonly epochs: number };
  /** Images of each class that methods with data read. Default 10. */
  readonly examples?: number;
  /** Of the training of every ticket. */
  readonly epochs: number;
  /** Images a step. Default 128. */
  readonly batch?: number;
  /** Highest rate of the one-cycle schedule. Default 0.2. */
  readonly rate?: number;
  /** How tickets are computed, as of fit(). Default 'auto'. */
  readonly execution?: ExecutionChoice;
  /** The command that repeats it, for the report. Default: none. */
  readonly command?: string;
}

/** An experiment with all its defaults. */
export type WholeExperiment = Required<Omit<Experiment, 'rounds'>> & Pick<Experiment, 'rounds'>;

export const whole = (e: Experiment): WholeExperiment => ({
  full: e.data,
  scope: 'global',
  exclude: [],
  imp: { rounds: 6, epochs: e.epochs },
  examples: 10,
  batch: 128,
  rate: 0.2,
  execution: 'auto',
  command: '',
  ...e,
});

const contestants: Kind = kinds.listOf(kinds.wordOf(...METHODS, 'dense'), 'methods');
const EXPERIMENT: KindsOf<Experiment> = {
  methods: needed(contestants),
  seeds: needed(kinds.listOf(kinds.count, 'seeds, integers from 0 on')),
  net: needed(kinds.networkKind),
  data: needed(kinds.datasetKind),
  full: kinds.datasetKind,
  sparsity: needed(kinds.numberThat('a number in [0, 100)', (n) => n >= 0 && n < 100)),
  rounds: kinds.positiveInteger,
  scope: COMMON_OPTIONS.scope,
  exclude: COMMON_OPTIONS.exclude,
  imp: optionsOf<NonNullable<Experiment['imp']>>({
    rounds: needed(kinds.positiveInteger),
    epochs: needed(kinds.positiveInteger),
  }),
  examples: kinds.positiveInteger,
  epochs: needed(kinds.positiveInteger),
  batch: kinds.positiveInteger,
  rate: kinds.positive,
  execution: executionKind,
  command: kinds.text,
};

/** Throws OPTION for an experiment that makes no sense. */
export const checkExperiment = (e: Experiment): void => {
  checkOptions('runExperiment', e, EXPERIMENT);
  if (e.methods.length === 0 || e.seeds.length === 0)
    fail('OPTION', 'runExperiment: it has no method or no seed; give at least one of each');
};

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

export const trainingOf = (e: WholeExperiment, epochs: number): FitOptions => ({
  epochs,
  batch: e.batch,
  rate: { kind: 'oneCycle', rate: e.rate },
  execution: e.execution,
});

export const methodOptions = (
  method: Method,
  e: WholeExperiment,
): MethodOptions & { readonly rounds?: number } => {
  if (method === 'imp')
    return { method, dataset: e.data, training: trainingOf(e, e.imp.epochs), rounds: e.imp.rounds };
  return {
    method,
    ...(e.rounds === undefined || usualRounds(procedureOf({ method })) === 1 ? {} : { rounds: e.rounds }),
  };
};

/** Everything that decides the bits of a row, as `key=value` parts. */
const settingsOf = (e: WholeExperiment, device: Device): string =>
  [
    `network=${e.net.name}`,
    `structure=${structureDigest(e.net)}`,
    `data=${e.data.name} ${e.data.train.count} of ${e.full.train.count}`,
    `images=${datasetDigest(e.data)}`,
    ...(e.full === e.data ? [] : [`allImages=${datasetDigest(e.full)}`]),
    `sparsity=${e.sparsity}`,
    `rounds=${e.rounds ?? 'usual'}`,
    ...(e.scope === 'global' ? [] : [`scope=${e.scope}`]),
    ...(e.exclude.length === 0 ? [] : [`exclude=${e.exclude.map(String).join(' ')}`]),
    `imp-rounds=${e.imp.rounds}`,
    `imp-epochs=${e.imp.epochs}`,
    `examples=${e.examples}`,
    `epochs=${e.epochs}`,
    `batch=${e.batch}`,
    `rate=${e.rate}`,
    ...(e.execution === 'auto' ? [] : [`execution=${e.execution}`]),
    `device=${device.description}`,
    `version=${VERSION}`,
  ].join('; ');

const titleOf = ({ net, sparsity, scope, exclude }: WholeExperiment): string => {
  const layers = scope === 'global' ? '' : `, scope ${scope}`;
  const without = exclude.length === 0 ? '' : `, without ${exclude.map(String).join(', ')}`;
  return `Lottery tickets of ${net.name} at ${sparsity} % sparsity${layers}${without}`;
};

export const aboutOf = (e: WholeExperiment, device: Device): Omit<ExperimentReport, 'date' | 'runs'> => {
  const s = summary(e.net);
  return {
    title: titleOf(e),
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
export const partsOf = (settings: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    settings.split('; ').map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key, value.join('=')];
    }),
  );
