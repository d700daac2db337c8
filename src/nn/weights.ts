import { checkArray } from '../arrays.js';
import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { initialiserOf, roleOf } from '../graph/roles.js';
import { checkValue, count, networkKind, weightsMap } from '../kinds.js';
import { showValue } from '../options.js';
import { fold, key, normal, uniform } from '../random.js';
import { sameShape, showShape, size, type Shape, type Tensor } from '../tensor/tensor.js';
import type { Masks } from '../transform/mask.js';
import { parameters, prunable, type Network } from './network.js';

/** Named values of a network's parameters and statistics; our layouts (conv OHWI, linear [out, in]). */
export type Weights = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

/**
 * Draws every parameter as its layer asks; each from its own sub-key, so that a layer's values do not depend
 * on the others.
 */
export const initialise = (net: Network, seed: number): Weights => {
  checkValue('initialise: network', net, networkKind);
  checkValue('initialise: seed', seed, count);
  return new Map(
    parameters(net).map((leaf) => {
      const init =
        initialiserOf(leaf) ??
        fail(
          'NETWORK',
          `initialise: '${nameOf(leaf)}' does not say how it starts; give its state an init such as { kind: 'constant', value: 0 }`,
        );
      const n = size(leaf.shape);
      const own = fold(key(seed), 'init', nameOf(leaf));
      const data = ((): Float32Array => {
        switch (init.kind) {
          case 'constant':
            return new Float32Array(n).fill(init.value);
          case 'uniform':
            return Float32Array.from(uniform(own, n), (u) => (2 * u - 1) * init.bound);
          case 'kaimingNormal': {
            const deviation = Math.sqrt(2 / init.fanIn);
            return Float32Array.from(normal(own, n), (z) => z * deviation);
          }
        }
      })();
      return [nameOf(leaf), { shape: leaf.shape, data }];
    }),
  );
};

/**
 * Throws WEIGHTS unless there is a Float32Array of the right shape for every parameter and none besides, all
 * of it finite, and no running variance below 0, of which the network would make NaN. `source` starts the
 * message.
 */
export const checkWeights = (net: Network, weights: Weights, source = 'weights'): void => {
  checkValue(source, weights, weightsMap, 'WEIGHTS');
  const leaves = new Map(parameters(net).map((p) => [nameOf(p), p]));
  for (const [name, leaf] of leaves) {
    const given =
      weights.get(name) ??
      fail(
        'WEIGHTS',
        `${source}: '${name}' ${showShape(leaf.shape)} of network '${net.name}' is missing; is it another network's file?`,
      );
    checkParameter(net, leaf, given, source);
  }
  const extra = [...weights.keys()].find((n) => !leaves.has(n));
  if (extra !== undefined)
    fail('WEIGHTS', `${source}: network '${net.name}' has no parameter '${extra}'; is it another network's?`);
};

/** The same of one parameter. */
const checkParameter = (
  net: Network,
  leaf: Tensor,
  { shape, data }: { readonly shape: Shape; readonly data: Float32Array },
  source: string,
): void => {
  const name = nameOf(leaf);
  if (!Array.isArray(shape) || !sameShape(shape, leaf.shape)) {
    const found = Array.isArray(shape) ? showShape(shape) : `of shape ${showValue(shape)}`;
    fail(
      'WEIGHTS',
      `${source}: '${name}' is ${found}, network '${net.name}' needs ${showShape(leaf.shape)}; is it another network's?`,
    );
  }
  checkArray(`${source}: '${name}'`, data, Float32Array);
  if (data.length !== size(leaf.shape))
    fail(
      'WEIGHTS',
      `${source}: '${name}' has ${data.length} numbers, its shape ${showShape(shape)} has ${size(shape)}; give as many`,
    );
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) fail('WEIGHTS', `${source}: '${name}' holds ${data[bad]} at ${bad}; weights must be finite`);
  const negative = roleOf(leaf) === 'variance' ? data.findIndex((v) => v < 0) : -1;
  if (negative >= 0)
    fail(
      'WEIGHTS',
      `${source}: '${name}' holds ${data[negative]} at ${negative}; a running variance is 0 or more: take the weights from another file or epoch`,
    );
};

/** How many prunable weights are exactly zero, of how many. */
export const countZeros = (
  net: Network,
  weights: Weights,
): { readonly zeros: number; readonly total: number } => {
  const masks = [...masksOfZeros(net, weights).values()];
  const total = masks.reduce((n, mask) => n + mask.length, 0);
  return { zeros: total - masks.reduce((n, mask) => mask.reduce((m, live) => m + live, n), 0), total };
};

/**
 * Masks that hold what is zero at zero: of a ticket that was saved without its masks, whose zeros would count
 * as live and be revived by training. Every prunable weight that is exactly 0 is pruned, all others live.
 * Throws WEIGHTS for weights that do not fit.
 */
export const masksOfZeros = (net: Network, weights: Weights): Masks => {
  checkWeights(net, weights);
  return new Map(
    prunable(net).map((w) => [
      nameOf(w),
      Uint8Array.from(weights.get(nameOf(w))!.data, (v) => (v === 0 ? 0 : 1)),
    ]),
  );
};
