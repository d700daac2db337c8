import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { prunable } from '../../src/nn/network.js';
import { initialise, type Weights } from '../../src/nn/weights.js';
import { synflowL2 } from '../../src/prune/criteria/synflow.js';
import { METHODS } from '../../src/prune/methods.js';
import { isPathLeft } from '../../src/prune/paths-left.js';
import { prune, type Minibatch, type Ticket } from '../../src/prune/prune.js';
import { countLive } from '../../src/prune/rounds.js';
import { fold, integers } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { connected } from '../../src/transform/connectivity.js';
import { maskName } from '../../src/transform/mask.js';
import { inference } from '../../src/transform/readings.js';
import { visionTransformer } from '../transform/vision-transformer.js';
import { asWeights, randomImages, scoresOf, seeded } from './helper.js';
import { convNets, mlps, resNets, setting } from './random-networks.js';

/** Networks without a meaning in the path algebra are pruned by all methods that do not need one. */

const net = visionTransformer();
const weights = initialise(net, 3);
const BATCH = 2;
const data: readonly Minibatch[] = [
  {
    images: Float32Array.from(randomImages(net, BATCH, seeded(1))),
    labels: integers(fold(seeded(1), 'labels'), BATCH, 3),
  },
];
const total = prunable(net).reduce((n, w) => n + size(w.shape), 0);

/** A device that counts what it is asked to compile: no method works without. */
const counting = (): { readonly device: Device; readonly compiled: () => number } => {
  const own = referenceDevice();
  let count = 0;
  const compile: Device['compile'] = (...given) => {
    count++;
    return own.compile(...given);
  };
  return { device: { ...own, compile }, compiled: () => count };
};

const PRODUCT =
  'paths: mul multiplies two values that both depend on the input; at patches; use a method that needs no paths, such as magnitude or snip';
/** What each method says whose own criterion reads paths. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['px', PRODUCT],
  ['synflow', PRODUCT],
  ['synflow-l2', PRODUCT],
  ['logsynflow', PRODUCT],
  ['phew', 'walks: sum mixes or moves the last axis, which walks follow; at patches; choose another method'],
]);

describe('a Vision Transformer, with softmax, layer norms and GELU', () => {
  test.each(METHODS.filter((m) => m !== 'imp').map((method) => [method] as const))('%s', async (method) => {
    const { device, compiled } = counting();
    const density = 0.4;
    const pruned = prune(net, weights, device, { method, density, data } as never);
    const refusal = REFUSALS.get(method);
    if (refusal === undefined) {
      const { masks } = await pruned;
      expect(countLive(masks)).toBe(total - Math.trunc(0.6 * total));
      expect(compiled()).toBeGreaterThan(0);
    } else {
      await expect(pruned).rejects.toMatchObject({ code: 'NETWORK', message: refusal });
      expect(compiled()).toBe(0); // it fails before any work
    }
  });
  test('the ticket that magnitude finds is in force in the network, and a dead one is told', async () => {
    const find = (start: Weights, allowCollapse = false): Promise<Ticket> =>
      prune(net, start, referenceDevice(), { method: 'magnitude', density: 0.4, allowCollapse });
    const { masks } = await find(weights);
    expect(connected(inference(net), masks)).toBe(true);
    const patches = weights.get('patches.weight')!;
    const faint = new Map(weights).set('patches.weight', {
      ...patches,
      data: patches.data.map((_, i) => 1e-6 * (i + 1)),
    });
    await expect(find(faint)).rejects.toMatchObject({
      code: 'COLLAPSE',
      message:
        'prune: magnitude: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse',
    });
    expect(connected(inference(net), (await find(faint, true)).masks)).toBe(false);
  });
});

describe('where the path algebra reads a network, the verdict is that of its flow', () => {
  const sparse = fc.constantFrom(0.05, 0.1, 0.2, 0.4).chain((density) => {
    const nets = fc.oneof(mlps, convNets, resNets);
    return setting(nets, density);
  });
  test('units call no ticket dead that has a flow, and the flow also sees paths that leave the image', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(sparse, async ({ net: random, state }) => {
        const { q } = await scoresOf(random, synflowL2({ biasPaths: false }), state);
        const masks = new Map(
          prunable(random).map((w) => [nameOf(w), Uint8Array.from(state.get(maskName(nameOf(w)))!)]),
        );
        const start = asWeights(random, state);
        const isLeft = await isPathLeft('prune: test', referenceDevice(), random, start, masks);
        expect(isLeft).toBe(q > 0);
        seen.add(`units ${connected(inference(random), masks)}, flow ${q > 0}`);
      }),
      { numRuns: 250, seed: 3 },
    );
    expect([...seen].sort()).toEqual([
      'units false, flow false',
      'units true, flow false',
      'units true, flow true',
    ]);
  });
});
