import { readFileSync } from 'node:fs';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { maskName } from '../../src/transform/mask.js';
import { convFromTorch, fromTorch } from '../../src/weights/layout.js';

/** The network, images, labels and masks that the generators in test/oracle drew, in our layouts. */

export interface Scores {
  readonly scores: Readonly<Record<string, readonly number[]>>;
}
export interface Flow extends Scores {
  readonly Q: number;
  readonly constants: Readonly<Record<string, readonly number[]>>;
}
interface Case {
  readonly logits: { readonly eval: readonly number[]; readonly train: readonly number[] };
  readonly px: Flow & { readonly Abar: readonly number[]; readonly H1: readonly number[] };
  readonly synflow: Flow;
  readonly 'synflow-l2': Flow;
  readonly snip: Scores;
  readonly 'snip-eval': Scores;
  readonly force: Scores;
  readonly magnitude: Scores;
}
interface Fixture {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly buffers: Readonly<Record<string, readonly number[]>>;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly masks: Readonly<Record<string, readonly number[]>>;
  readonly cases: { readonly dense: Case; readonly masked: Case };
}
export const readOracle = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../oracle/${file}`, import.meta.url), 'utf8'));
export const oracle = readOracle('resnet8.json') as Fixture; // written by test/oracle/px.py

export const net = resnetCifar({ depth: 8, width: 4, image: 8 });
/** A PyTorch tensor of the shape of parameter `name`, in our layout. */
export const ours = (name: string, data: readonly number[]): Float64Array =>
  fromTorch({ shape: oracle.shapes[name]!, data: Float64Array.from(data) }).data;
/** NCHW -> NHWC, which is the same change of axes as OIHW -> OHWI. */
export const oursImages = (data: readonly number[]): Float64Array =>
  convFromTorch({ shape: oracle.shapes['images']!, data: Float64Array.from(data) }).data;
export const values = new Map(
  Object.entries({ ...oracle.parameters, ...oracle.buffers }).map(([name, v]) => [name, ours(name, v)]),
);
export const masks = new Map(
  Object.entries(oracle.masks).map(([name, m]) => [maskName(name), ours(name, m)]),
);
export const images = oursImages(oracle.images);
export const data = { images, labels: oracle.labels };
