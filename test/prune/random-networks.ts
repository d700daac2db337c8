import fc from 'fast-check';
import { expect } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { identityBlock, projectionBlock } from '../../src/models/resnet-cifar.js';
import {
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  linear,
  maxPool2,
  relu,
  globalAveragePool,
} from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { px } from '../../src/prune/criteria/px.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import type { Criterion } from '../../src/prune/criterion.js';
import type { Key } from '../../src/random.js';
import type { Nhwc, Tensor } from '../../src/tensor/tensor.js';
import { randomImages, randomMasks, randomState, seeded } from './helper.js';

/** Small random networks with weights, masks and images, for claims about all of them. */

export type Vector = Tensor<readonly [number, number]>;
export type Features = Tensor<Nhwc<number, number, number, number>>;

export interface Setting {
  readonly net: Network;
  readonly state: Map<string, Float64Array>;
  readonly images: Float64Array;
  readonly key: Key;
}

const RUNS = { numRuns: 12 };
const seed = fc.integer({ min: 0, max: 2 ** 31 }).map(seeded);
export const width = fc.integer({ min: 1, max: 4 });

export const mlp = (widths: readonly number[], bias: boolean, norm = false): Network =>
  network(
    'mlp',
    [widths[0]!],
    (x) =>
      widths.slice(1).reduce<Vector>((h, w, i) => {
        const z = linear(`l${i}`, w, { bias })(h);
        return i === widths.length - 2 ? z : relu(norm ? batchNorm(`n${i}`)(z) : z);
      }, x as Vector) as never,
  );

const convNet = (
  channels: readonly number[],
  pool: 'max' | 'average' | 'none',
  bias: boolean,
  norm: boolean,
  stride: number,
): Network =>
  network('conv', [6, 6, 2], (x) => {
    const shrink = { max: maxPool2, average: averagePool2, none: (h: Features): Features => h }[pool];
    const body = channels.reduce<Features>((h, c, i) => {
      const z = conv2d(`l${i}`, c, { kernel: i === 0 ? 3 : 1, stride: i === 0 ? stride : 1, bias })(h);
      return relu(norm ? batchNorm(`n${i}`)(z) : z);
    }, x as Features);
    return linear('fc', 3, { bias })(flatten(shrink(body))) as never;
  });

const resNet = (w: number, identity: boolean): Network =>
  network('resnet', [4, 4, 2], (x) => {
    const stem = relu(batchNorm('bn')(conv2d('conv', w, { kernel: 3 })(x as Features)));
    const kept = identity ? identityBlock('a')(stem) : stem;
    return linear('fc', 3)(globalAveragePool(projectionBlock('b', w + 1, 2)(kept as Features))) as never;
  });

export const setting = (nets: fc.Arbitrary<Network>, density?: number): fc.Arbitrary<Setting> =>
  fc.tuple(nets, seed).map(([net, key]) => ({
    net,
    key,
    state: new Map([
      ...randomState(net, key),
      ...(density === undefined ? [] : randomMasks(net, density, key)),
    ]),
    images: randomImages(net, 4, key),
  }));

export const mlps = fc
  .tuple(fc.array(width, { minLength: 2, maxLength: 5 }), fc.boolean(), fc.boolean())
  .map(([w, bias, norm]) => mlp(w, bias, norm));
export const convNets = fc
  .tuple(
    fc.array(width, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('max', 'average', 'none'),
    fc.boolean(),
    fc.boolean(),
    fc.constantFrom(1, 2),
  )
  .map(([c, pool, bias, norm, stride]) => convNet(c, pool as 'max', bias, norm, stride));
export const resNets = fc.tuple(width, fc.boolean()).map(([w, identity]) => resNet(w, identity));
export const chains = fc.oneof(mlps, convNets);
export const anyNet = fc.oneof(mlps, convNets, resNets);
export const biasFree = fc.oneof(
  fc.array(width, { minLength: 3, maxLength: 5 }).map((w) => mlp(w, false)),
  fc
    .tuple(fc.array(width, { minLength: 1, maxLength: 3 }), fc.constantFrom('max', 'average'))
    .map(([c, pool]) => convNet(c, pool as 'max', false, false, 1)),
);

export const forAll = (
  settings: fc.Arbitrary<Setting>,
  claim: (s: Setting) => Promise<void>,
  runs = RUNS,
): Promise<void> => fc.assert(fc.asyncProperty(settings, claim), runs);
export const near = (found: number, expected: number, scale = expected, tolerance = 1e-11): void =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(tolerance * Math.abs(scale));
export const layersOf = (net: Network): string[] => prunable(net).map(nameOf);

export const FLOWS: readonly (readonly [string, Criterion])[] = [
  ['px', px()],
  ['px-gated', px({ mode: 'px-gated' })],
  ['synflow', synflow()],
  ['synflow-l2', synflowL2()],
];
export const WITHOUT_BIAS: readonly (readonly [string, Criterion])[] = [
  ['px', px({ biasPaths: false })],
  ['px-gated', px({ mode: 'px-gated', biasPaths: false })],
  ['synflow', synflow({ biasPaths: false })],
  ['synflow-l2', synflowL2({ biasPaths: false })],
];
