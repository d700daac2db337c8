import { pipe } from 'fp-ts/lib/function.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchNorm, linear, relu } from '../../src/nn/layers.js';
import { network, prunable } from '../../src/nn/network.js';
import { countZeros, initialise, masksOfZeros, checkWeights, type Weights } from '../../src/nn/weights.js';
import { nameOf } from '../../src/graph/graph.js';
import { layerDensities } from '../../src/prune/ticket.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { size } from '../../src/tensor/tensor.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import { checkMasks, type Masks } from '../../src/transform/mask.js';
import { encodeWeights } from '../../src/weights/state-dict.js';
import { prune } from '../../src/prune/prune.js';
import { tinyData, tinyNet } from '../train/tiny.js';

const net = network('small', [4], (x) =>
  pipe(x, linear('a', 3, { bias: false }), batchNorm('bn'), relu, linear('b', 2)),
);
const weights = initialise(net, 1);
const set = (name: string, data: unknown, shape?: unknown): Weights =>
  new Map(weights).set(name, {
    shape: (shape ?? weights.get(name)?.shape) as readonly number[],
    data: data as Float32Array,
  });

describe('weights', () => {
  test.each<readonly [string, unknown, string]>([
    [
      'bn.running_var',
      Float32Array.of(1, -0.25, 1),
      "'bn.running_var' holds -0.25 at 1; a running variance is 0 or more",
    ],
    ['bn.running_var', Float32Array.of(NaN, 1, 1), "'bn.running_var' holds NaN at 0; weights must be finite"],
    [
      'bn.running_mean',
      Float32Array.of(1, 1, Infinity),
      "'bn.running_mean' holds Infinity at 2; weights must be finite",
    ],
    ['b.bias', Float64Array.of(1, 2), "'b.bias': data is a Float64Array object; give a Float32Array"],
    ['b.bias', Float32Array.of(1), "'b.bias' has 1 numbers, its shape [2] has 2"],
  ])('%s of %o', (name, data, message) => {
    expect(() => checkWeights(net, set(name, data), 'w')).toThrow(`w: ${message}`);
  });
  test('a variance of 0, as of a dead channel, is one', () => {
    checkWeights(net, set('bn.running_var', new Float32Array(3)));
  });
  test('that are no map, or have no shape', () => {
    expect(() => checkWeights(net, { a: 1 } as unknown as Weights)).toThrow(
      'weights a plain object is not a Map of names to { shape, data }',
    );
    expect(() => checkWeights(net, set('b.bias', Float32Array.of(1, 2), '2'))).toThrow(
      "weights: 'b.bias' is of shape '2', network 'small' needs [2]",
    );
  });
});

const live = (of: typeof net | typeof tinyNet): Map<string, Uint8Array> =>
  new Map(prunable(of as typeof net).map((w) => [nameOf(w), new Uint8Array(size(w.shape)).fill(1)]));
const seven = live(net).set('b.weight', Uint8Array.of(1, 0, 1, 1, 7, 0));

describe('masks', () => {
  test.each<readonly [string, unknown, string]>([
    ['another value', seven, "'b.weight' holds 7 at 4; an entry is 1 (live) or 0 (pruned)"],
    [
      'floats',
      live(net).set('b.weight', new Float32Array(6) as never),
      "'b.weight' is a Float32Array object; give a Uint8Array of 0 and 1",
    ],
    [
      'another length',
      live(net).set('b.weight', new Uint8Array(5)),
      "'b.weight' has 5 entries, the weight has 6",
    ],
    ['a missing one', new Map([...live(net)].slice(1)), "'a.weight' of network 'small' is missing"],
    [
      'one of a bias',
      live(net).set('b.bias', new Uint8Array(2)),
      "network 'small' has no prunable weight 'b.bias'",
    ],
    [
      'a plain object',
      { 'a.weight': [] },
      'they are a plain object; give a Map from weight names to Uint8Arrays',
    ],
  ])('%s is refused', (_, masks, message) => {
    expect(() => checkMasks(net, masks as Masks)).toThrow(`masks: ${message}`);
    const file = { weights, masks: masks as Masks, metadata: {} };
    expect(() => encodeWeights(net, file)).toThrow(`masks of 'small': ${message}`);
    // a plain object is refused by its kind before
    if (masks instanceof Map) expect(() => layerDensities(net, masks as Masks)).toThrow(`masks: ${message}`);
  });
});

describe('whoever takes weights and masks', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu', { threads: 1 });
  });
  afterAll(() => device.dispose());
  const training = { epochs: 1, batch: 8, rate: { kind: 'oneCycle', rate: 0.1 } } as const;
  const start = initialise(tinyNet, 1);

  test('a mask value of 7 is refused, not multiplied', async () => {
    const masks = live(tinyNet);
    masks.get('conv2.weight')![5] = 7;
    const error = {
      code: 'WEIGHTS',
      message: expect.stringContaining(
        "'conv2.weight' holds 7 at 5; an entry is 1 (live) or 0 (pruned)",
      ) as string,
    };
    await expect(fit(tinyNet, { weights: start, masks }, tinyData, device, training)).rejects.toMatchObject(
      error,
    );
    await expect(evaluate(tinyNet, { weights: start, masks }, tinyData, device)).rejects.toMatchObject(error);
    await expect(
      prune(tinyNet, start, device, { method: 'magnitude', density: 0.5, masks }),
    ).rejects.toMatchObject(error);
  });

  test('a negative running variance is refused, not made NaN', async () => {
    const negative = new Map(start).set('bn1.running_var', {
      shape: [6],
      data: Float32Array.of(1, 1, 1, -2, 1, 1),
    });
    const error = {
      code: 'WEIGHTS',
      message: expect.stringContaining(
        "'bn1.running_var' holds -2 at 3; a running variance is 0 or more",
      ) as string,
    };
    await expect(evaluate(tinyNet, { weights: negative }, tinyData, device)).rejects.toMatchObject(error);
    await expect(fit(tinyNet, { weights: negative }, tinyData, device, training)).rejects.toMatchObject(
      error,
    );
    await expect(
      prune(tinyNet, negative, device, { method: 'synflow', density: 0.5, rounds: 2 }),
    ).rejects.toMatchObject(error);
    expect(() => encodeWeights(tinyNet, { weights: negative, masks: null, metadata: {} })).toThrow(
      "weights of 'tiny': 'bn1.running_var' holds -2 at 3",
    );
  });

  test('velocities of no parameter, or not finite, are refused', async () => {
    const first = await fit(tinyNet, { weights: start }, tinyData, device, training);
    const then = (name: string, data: Float32Array): Promise<unknown> =>
      fit(
        tinyNet,
        {
          weights: first.weights,
          velocities: new Map(first.velocities).set(name, { shape: [data.length], data }),
        },
        tinyData,
        device,
        training,
      );
    await expect(then('gc.bias', new Float32Array(3))).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: "velocities: network 'tiny' has no learnt parameter 'gc.bias'; are they another network's?",
    });
    await expect(then('fc.bias', Float32Array.of(0, NaN, 0))).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: "velocities: 'velocity/fc.bias' holds NaN at 1; velocities must be finite",
    });
  });
});

describe('masks of zeros', () => {
  const ticket = set(
    'a.weight',
    Float32Array.from({ length: 12 }, (_, i) => [0.5, 0, -0][i % 3]!),
  );
  test('prune what is exactly zero, of either sign, and nothing else', () => {
    const masks = masksOfZeros(net, ticket);
    expect(Array.from(masks.get('a.weight')!)).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect(Array.from(masks.get('b.weight')!)).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...masks.keys()]).toEqual(['a.weight', 'b.weight']);
    expect(countZeros(net, ticket)).toEqual({ zeros: 8, total: 18 });
  });
  test('refuse weights of another network', () => {
    expect(() => masksOfZeros(tinyNet, ticket)).toThrow(
      "weights: 'conv1.weight' [6, 3, 3, 3] of network 'tiny' is missing",
    );
  });
});
