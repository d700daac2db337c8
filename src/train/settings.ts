import { createHash } from 'node:crypto';
import * as t from 'io-ts';
import { addPiece, canonical, sha256 } from '../source/digest.js';
import type { Source } from '../source/source.js';
import type { Task } from '../task/task.js';
import { firstVersionOf } from '../graph/first-version.js';
import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import type { Device } from '../runtime/device.js';
import type { Masks } from '../transform/mask.js';
import { VERSION } from '../version.js';
import type { FitOptions } from './fit-options.js';
import { momentName, type Optimiser } from './optimisers/optimiser.js';
import { rateSettings } from './rate.js';
import { momentsOfStart, updatesOfStart, type TrainingStart } from './start.js';

/** SHA-256 in hexadecimal digits. */
const Digest = t.string;

/**
 * Everything that decides the bits of a training. Evaluation reads state and changes none, so it is not in
 * here.
 */
export const Settings = t.strict(
  {
    network: t.string,
    /** Of the graph. */
    structure: Digest,
    /** Of the start; null where there are none. */
    weights: Digest,
    masks: t.union([Digest, t.null]),
    velocities: t.union([Digest, t.null]),
    data: t.string,
    /** Of all images and labels, the mean, the standard deviation and the sizes. */
    images: Digest,
    epochs: t.number,
    batch: t.number,
    rate: t.string,
    momentum: t.number,
    nesterov: t.boolean,
    weightDecay: t.number,
    augment: t.string,
    seed: t.number,
    /** 'all', or the first and the one after the last. */
    steps: t.string,
    /** What computes it: kinds of devices, libraries, precisions and numbers of threads round differently. */
    device: t.string,
    version: t.string,
    /**
     * These are left out where they are the usual ones: checkpoints from before there were others stay
     * readable.
     */
    task: t.union([t.string, t.undefined]),
    optimiser: t.union([t.string, t.undefined]),
    clipNorm: t.union([t.number, t.undefined]),
    updates: t.union([t.number, t.undefined]),
  },
  'settings',
);
export type Settings = t.TypeOf<typeof Settings>;

const named = (pieces: readonly (readonly [string, ArrayBufferView])[]): string =>
  [...pieces]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .reduce((hash, [name, values]) => addPiece(hash, name, values), createHash('sha256'))
    .digest('hex');

const weightsDigest = (weights: Weights): string =>
  named([...weights].map(([name, { shape, data }]) => [`${name} ${canonical(shape)}`, data] as const));
const masksDigest = (masks: Masks): string => named([...masks]);

/** Of the network as a graph, whatever it is called. */
export const structureDigest = (net: Network): string => sha256(canonical(firstVersionOf([net.output])));

/** What a training is of, as its settings say it. */
export interface Described {
  readonly net: Network;
  /** Null stands for the start of a checkpoint that is continued. */
  readonly start: TrainingStart | null;
  readonly source: Source;
  readonly task: Task;
  readonly optimiser: Optimiser;
  readonly device: Device;
  readonly options: FitOptions;
  /** 'all', or the first and the one after the last. */
  readonly steps: string;
  /** The first of them. */
  readonly from: number;
}

const nameAndSettings = ({ name, settings }: Task | Optimiser): string => canonical({ name, settings });

/** Only what is not the usual. */
const unusual = ({
  task,
  optimiser,
  options,
}: Described): Pick<Settings, 'task' | 'optimiser' | 'clipNorm'> => {
  const groups = optimiser.settings['groups'];
  const isPlainSgd = optimiser.name === 'sgd' && Array.isArray(groups) && groups.length === 0;
  const isPlainTask = task.name === 'classification' && Object.keys(task.settings).length === 0;
  return {
    task: isPlainTask ? undefined : nameAndSettings(task),
    optimiser: isPlainSgd ? undefined : nameAndSettings(optimiser),
    clipNorm: options.clipNorm,
  };
};

/** SGD's own settings have fields of their own; other optimisers have none of them. */
const sgdSettings = ({
  name,
  settings,
}: Optimiser): Pick<Settings, 'momentum' | 'nesterov' | 'weightDecay'> => {
  const isSgd = name === 'sgd';
  const { momentum, nesterov, weightDecay } = settings;
  return {
    momentum: isSgd && typeof momentum === 'number' ? momentum : 0,
    nesterov: isSgd && nesterov === true,
    weightDecay: isSgd && typeof weightDecay === 'number' ? weightDecay : 0,
  };
};

/**
 * The settings of a training. A start of null stands for the one of a checkpoint, whose settings are
 * `earlier`. Numbers are written out with their defaults, so that a default that is given counts as one that
 * is left out.
 */
export const settingsOf = (of: Described, earlier: Settings | null): Settings => {
  const { net, start, source, optimiser, device, options: o, steps } = of;
  const batch = o.batch ?? 128;
  return {
    network: net.name,
    structure: structureDigest(net),
    weights: start === null ? (earlier?.weights ?? '') : weightsDigest(start.weights),
    masks: masksOf(start, earlier),
    velocities: momentsDigest(start, earlier),
    data: `${source.name}, ${source.train.count} + ${source.test.count} images`,
    images: source.digest(),
    epochs: o.epochs,
    batch,
    rate: canonical(rateSettings(o.rate, Math.floor(source.train.count / batch), o.epochs)),
    ...sgdSettings(optimiser),
    augment: source.augmentation,
    seed: o.seed ?? 0,
    steps,
    device: device.description,
    version: VERSION,
    ...unusual(of),
    updates: updatesOf(of, earlier),
  };
};

/** Undefined where they are what a start of that kind usually has gathered. */
const updatesOf = ({ start, from }: Described, earlier: Settings | null): number | undefined => {
  if (start === null) return earlier?.updates;
  const updates = updatesOfStart(start, from);
  return updates === updatesOfStart({ ...start, updates: from }, from) ? undefined : updates;
};

const masksOf = (start: TrainingStart | null, earlier: Settings | null): string | null => {
  if (start === null) return earlier?.masks ?? null;
  return start.masks == null ? null : masksDigest(start.masks);
};

const momentsDigest = (start: TrainingStart | null, earlier: Settings | null): string | null => {
  if (start === null) return earlier?.velocities ?? null;
  const moments = [...momentsOfStart(start)];
  const [first] = moments;
  if (first === undefined) return null;
  if (moments.length === 1 && first[0] === 'velocity') return weightsDigest(first[1]);
  return weightsDigest(
    new Map(
      moments.flatMap(([moment, weights]) =>
        [...weights].map(([name, values]) => [momentName(moment, name), values] as const),
      ),
    ),
  );
};

const show = (value: unknown): string => {
  if (value === null || value === undefined) return 'none';
  const text = String(value);
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}...` : text;
};

/**
 * Where two settings differ, all of it, for messages: `there seed=3, batch=8, here seed=9, batch=16`; null
 * where they do not. Digests are shortened.
 */
export const differences = (
  theirs: Readonly<Record<string, unknown>>,
  ours: Readonly<Record<string, unknown>>,
): string | null => {
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const differing = keys.filter((key) => theirs[key] !== ours[key]);
  const list = (of: Readonly<Record<string, unknown>>): string =>
    differing.map((key) => `${key}=${show(of[key])}`).join(', ');
  return differing.length === 0 ? null : `there ${list(theirs)}, here ${list(ours)}`;
};
