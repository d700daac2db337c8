import { checkArray } from '../arrays.js';
import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { initialiserOf } from '../graph/roles.js';
import { checkValue, count, networkKind, weightsMap } from '../kinds.js';
import { fold, key, normal, uniform } from '../random.js';
import { sameShape, showShape, size, type Shape } from '../tensor/tensor.js';
import { parameters, type Network } from './network.js';

/** Named values of a network's parameters and statistics; our layouts (conv OHWI, linear [out, in]). */
export type Weights = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

/** Draws every parameter as its layer asks; each from its own sub-key, so that a layer's values do not depend on the others. */
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

/** Throws WEIGHTS unless there is a finite value of the right shape for every parameter and none besides. */
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
    if (!sameShape(given.shape, leaf.shape))
      fail(
        'WEIGHTS',
        `${source}: '${name}' is ${showShape(given.shape)}, network '${net.name}' needs ${showShape(leaf.shape)}; is it another network's?`,
      );
    checkArray(`${source}: '${name}'`, given.data, Float32Array);
    const bad = given.data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      fail('WEIGHTS', `${source}: '${name}' holds ${given.data[bad]} at ${bad}; weights must be finite`);
  }
  const extra = [...weights.keys()].find((n) => !leaves.has(n));
  if (extra !== undefined)
    fail('WEIGHTS', `${source}: network '${net.name}' has no parameter '${extra}'; is it another network's?`);
};
