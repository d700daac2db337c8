import { createHash, type Hash } from 'node:crypto';
import * as t from 'io-ts';
import type { Dataset, Split } from '../source/dataset.js';
import { firstVersionOf } from '../graph/first-version.js';
import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import type { Device } from '../runtime/device.js';
import type { Masks } from '../transform/mask.js';
import { VERSION } from '../version.js';
import type { FitOptions, TrainingStart } from './fit.js';

/** SHA-256 in hexadecimal digits. */
const Digest = t.string;

/** Everything that decides the bits of a training. Evaluation reads state and changes none, so it is not in here. */
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
  },
  'settings',
);
export type Settings = t.TypeOf<typeof Settings>;

/** JSON with the keys of objects in order, so that equal values give equal text. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
};

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Adds a piece with its name and length before it, so that no two lists of pieces have the same bytes. */
const add = (hash: Hash, name: string, values: ArrayBufferView): Hash =>
  hash.update(`${JSON.stringify(name)} ${values.byteLength}\n`).update(bytesOf(values));

const named = (pieces: readonly (readonly [string, ArrayBufferView])[]): string =>
  [...pieces]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .reduce((hash, [name, values]) => add(hash, name, values), createHash('sha256'))
    .digest('hex');

const weightsDigest = (weights: Weights): string =>
  named([...weights].map(([name, { shape, data }]) => [`${name} ${canonical(shape)}`, data] as const));
const masksDigest = (masks: Masks): string => named([...masks]);

/** Of the network as a graph, whatever it is called. */
export const structureDigest = (net: Network): string => sha256(canonical(firstVersionOf([net.output])));

/** Of everything in a data set that a training reads, whatever it is called. */
export const datasetDigest = (data: Dataset): string => {
  const { height, width, channels, classes, mean, std, train, test } = data;
  const hash = createHash('sha256').update(
    canonical({ height, width, channels, classes, mean: Array.from(mean), std: Array.from(std) }),
  );
  const addSplit = (name: string, { images, labels }: Split): Hash =>
    add(add(hash, `${name} images`, images), `${name} labels`, labels);
  addSplit('train', train);
  return addSplit('test', test).digest('hex');
};

/**
 * The settings of a training. A start of null stands for the one of a checkpoint, whose settings are `earlier`. Numbers are written out with
 * their defaults, so that a default that is given counts as one that is left out.
 */
export const settingsOf = (
  net: Network,
  start: TrainingStart | null,
  data: Dataset,
  device: Device,
  o: FitOptions,
  steps: string,
  earlier: Settings | null,
): Settings => ({
  network: net.name,
  structure: structureDigest(net),
  weights: start === null ? (earlier?.weights ?? '') : weightsDigest(start.weights),
  masks: start === null ? (earlier?.masks ?? null) : start.masks == null ? null : masksDigest(start.masks),
  velocities: velocitiesOf(start, earlier),
  data: `${data.name}, ${data.train.count} + ${data.test.count} images`,
  images: datasetDigest(data),
  epochs: o.epochs,
  batch: o.batch ?? 128,
  rate: canonical(
    o.rate.kind === 'oneCycle'
      ? { ...o.rate, warmUp: o.rate.warmUp ?? 0.25 }
      : { ...o.rate, factor: o.rate.factor ?? 0.1 },
  ),
  momentum: o.momentum ?? 0.9,
  nesterov: o.nesterov ?? false,
  weightDecay: o.weightDecay ?? 1e-4,
  augment: o.augment === null ? 'none' : canonical(o.augment ?? { pad: 4, flip: true }),
  seed: o.seed ?? 0,
  steps,
  device: device.description,
  version: VERSION,
});

const velocitiesOf = (start: TrainingStart | null, earlier: Settings | null): string | null => {
  if (start === null) return earlier?.velocities ?? null;
  return start.velocities == null || start.velocities.size === 0 ? null : weightsDigest(start.velocities);
};

const show = (value: unknown): string => {
  if (value === null || value === undefined) return 'none';
  const text = String(value);
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}...` : text;
};

/**
 * Where two settings differ, all of it, for messages: `there seed=3, batch=8, here seed=9, batch=16`; null where they do not. Digests are
 * shortened.
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
