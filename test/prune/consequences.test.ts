import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameOf, rewrite, withInputs } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, relu } from '../../src/nn/layers.js';
import { network, prunable, rebatch, type Network } from '../../src/nn/network.js';
import { definitionOf, ops } from '../../src/ops/registry.js';
import { px } from '../../src/prune/criteria/px.js';
import { synflowL2 } from '../../src/prune/criteria/synflow.js';
import { prune } from '../../src/prune/prune.js';
import { layerDensities } from '../../src/prune/ticket.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { inference, training } from '../../src/transform/readings.js';
import {
  activation,
  asWeights,
  difference,
  randomImages,
  randomState,
  scoresOf,
  seeded,
  sum,
  valuesOf,
} from './helper.js';
import { anyNet, forAll, mlp, near, setting, type Features } from './random-networks.js';

/**
 * What follows from PX's formula (methods.md 3.9), and from the one that its newest release computes (3.10,
 * version C).
 */

describe('what the formula implies', () => {
  test('the first round of px is synflow-l2 up to one factor: behind a dense linear layer every output sees the same activation', () =>
    forAll(setting(anyNet), async ({ net, state, images }) => {
      const [a, b] = [await scoresOf(net, px(), state, { images }), await scoresOf(net, synflowL2(), state)];
      fc.pre(a.q !== 0);
      const abar = activation(net, px(), state, images);
      expect(
        difference(
          abar,
          abar.map(() => abar[0]!),
        ),
      ).toBeLessThan(1e-14);
      near(a.q, b.q * abar[0]!);
      for (const [name, s] of a.shares) expect(difference(s, b.shares.get(name)!), name).toBeLessThan(1e-12);
    }));

  test('with a masked classifier it is not', async () => {
    const net = mlp([3, 4, 4, 2], false);
    const state = new Map([
      ...randomState(net, seeded(8)),
      ['mask/l2.weight', Float64Array.of(1, 1, 1, 1, 0, 1, 1, 1)],
    ]);
    const abar = activation(net, px(), state, randomImages(net, 20, seeded(9)));
    expect(abar[1]).toBeLessThan(abar[0]!);
  });

  test('a shift of exactly 0 is still a path: its constant counts 1 in the activation network and 0 in the kernel network', async () => {
    const net = network('shift', [1], (x) =>
      linear('v', 1, { bias: false })(relu(batchNorm('n')(linear('w', 1, { bias: false })(x)))),
    );
    const state = new Map(
      Object.entries({
        'w.weight': [2],
        'v.weight': [3],
        'n.weight': [1],
        'n.bias': [0],
        'n.running_mean': [0],
        'n.running_var': [1 - 1e-5],
      }),
    );
    const images = [5, 7];
    expect(activation(net, px(), state, images)[0]).toBeCloseTo(5 ** 2 + 1 + 7 ** 2 + 1, 10);
    expect(activation(net, px({ biasPaths: false }), state, images)[0]).toBeCloseTo(5 ** 2 + 7 ** 2, 10);
    const { q, scores } = await scoresOf(net, px(), state, { images });
    near(q, 76 * 36);
    near(scores.get('w.weight')![0]!, 76 * 36);
  });

  test('outputs at each pixel keep their own weights from the first round on', async () => {
    const net = network(
      'dense prediction',
      [4, 4, 2],
      (x) => conv2d('out', 3, { kernel: 3 })(relu(conv2d('conv', 4, { kernel: 3 })(x as Features))) as never,
    ) as unknown as Network;
    const state = randomState(net, seeded(12));
    const images = randomImages(net, 5, seeded(13));
    const abar = activation(net, px(), state, images);
    expect(abar).toHaveLength(4 * 4 * 3);
    expect(Math.max(...abar) / Math.min(...abar)).toBeGreaterThan(1.5);
    const [a, b] = [await scoresOf(net, px(), state, { images }), await scoresOf(net, synflowL2(), state)];
    expect(difference(a.shares.get('conv.weight')!, b.shares.get('conv.weight')!)).toBeGreaterThan(1e-2);
  });

  test('a residual branch may empty: its identity still carries a flow, and the ticket is one', async () => {
    const net = network('branch', [4, 4, 2], (x) => {
      const h = relu(conv2d('stem', 2, { kernel: 1 })(x as Features));
      return linear('fc', 2, { bias: false })(
        globalAveragePool(relu(add(conv2d('branch', 2, { kernel: 1 })(h), h))),
      ) as never;
    }) as unknown as Network;
    const state = new Map([
      ...randomState(net, seeded(14)),
      ['branch.weight', Float64Array.of(1e-3, 2e-3, 3e-3, 4e-3)] as const,
    ]);
    const data = [
      { images: Float32Array.from(randomImages(net, 4, seeded(15))), labels: Int32Array.of(0, 1, 0, 1) },
    ];
    for (const method of ['px', 'synflow', 'synflow-l2', 'magnitude'] as const) {
      const ticket = await prune(net, asWeights(net, state), referenceDevice(), {
        method,
        density: 8 / 12,
        rounds: 2,
        data,
      });
      expect(
        layerDensities(net, ticket.masks).map((l) => [l.layer, l.live]),
        method,
      ).toEqual([
        ['stem', 4],
        ['branch', 0],
        ['fc', 4],
      ]);
    }
  });
});

describe('identical all-ones images on batch statistics, gates open and convolutions squared, as in version C', () => {
  const net = resnetCifar({ depth: 8, width: 2, image: 8, classes: 4 }) as unknown as Network;
  const state = randomState(net, seeded(16));
  const convolutions = prunable(net).filter((w) => w.path !== 'fc');
  const ones = new Float64Array(3 * 8 * 8 * 3).fill(1);
  const squares = new Map(convolutions.map((w) => [w, ops.mul(w, w)]));
  const open = (read: { readonly output: Tensor }): Tensor =>
    rewrite(
      [read.output],
      (node, inputs) =>
        squares.get(node) ??
        (definitionOf(node.op).paths.kind === 'gate' ? inputs[0]! : withInputs(node, inputs)),
    )[0]!;
  const batch = rebatch(net, 3);
  /** The output, and the sum of |theta^2 d output / d theta^2| over all convolutions. */
  const run = (
    read: { readonly output: Tensor },
    at: ReadonlyMap<string, Float64Array>,
  ): { readonly output: Float64Array; readonly scores: number } => {
    const output = open(read);
    const [value, ...slopes] = valuesOf(
      [output, ...grad(ops.sum(output, [0, 1]), [...squares.values()])],
      at,
      ones,
    );
    return {
      output: value!,
      scores: sum(
        slopes.map((g, i) => sum(g.map((v, j) => Math.abs(v * at.get(nameOf(convolutions[i]!))![j]! ** 2)))),
      ),
    };
  };

  test('the pooled features are the shifts of the last BatchNorms, whatever the convolutions', () => {
    const of = (name: string): Float64Array => state.get(name)!;
    const pooled = of('blocks.2.bn2.bias').map((b, c) => b + of('blocks.2.shortcut.1.bias')[c]!);
    const logits = of('fc.bias').map(
      (b, k) => b + sum(pooled.map((p, c) => p * of('fc.weight')[k * pooled.length + c]!)),
    );
    const { output } = run(training(batch), state);
    expect(difference(output, [...logits, ...logits, ...logits])).toBeLessThan(1e-12);
  });
  test('so every score of a convolution is rounding noise; stored statistics give real ones', () => {
    const [noise, real] = [run(training(batch), state).scores, run(inference(batch), state).scores];
    expect(real).toBeGreaterThan(1);
    expect(noise / real).toBeLessThan(1e-12);
  });
});
