import { describe, expect, test } from 'vitest';
import { nameOf, substitute } from '../../src/graph/graph.js';
import { batchNorm, linear, relu } from '../../src/nn/layers.js';
import { network, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { ntkSap, stepResponse } from '../../src/prune/criteria/ntk-sap.js';
import { viewOf } from '../../src/prune/criterion.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { prune, type Minibatch } from '../../src/prune/prune.js';
import { initialise } from '../../src/nn/weights.js';
import { fold, normal } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { randomMasks, randomState, seeded, sum, valuesOf } from './helper.js';

const key = seeded(9);
const BATCH = 3;
const linearNet = network('linear', [4], (x) => linear('a', 3)(x)) as unknown as Network;
const reluNet = network('relu', [4], (x) =>
  linear('b', 3)(relu(batchNorm('n')(linear('a', 5, { bias: false })(x)))),
) as unknown as Network;

/** Noise and masks of a net, all steps zero but one. */
const drawn = (net: Network): Map<string, Float64Array> => {
  const view = viewOf(net, BATCH);
  const draw = (name: string, n: number): readonly [string, Float64Array] => [
    name,
    normal(fold(key, name), n),
  ];
  return new Map([
    ...randomState(net, key),
    ...randomMasks(net, 0.8, key),
    draw('noise/images', size(view.evalBatch.input.shape)),
    ...view.weights.flatMap((w) => [
      draw(`noise/weight/${nameOf(w)}`, size(w.shape)),
      [`noise/step/${nameOf(w)}`, new Float64Array(size(w.shape))] as const,
    ]),
  ]);
};

/**
 * Trace of the NTK of the masked net at the drawn weights and inputs, statistics fixed: sum of the squared
 * Jacobian.
 */
const trace = (net: Network, state: ReadonlyMap<string, Float64Array>): number => {
  const view = viewOf(net, BATCH);
  const statistics = statisticsOf(net, state);
  const theta = view.weights.map((w) => ops.state(`at/${nameOf(w)}`, w.shape));
  const [output] = substitute(
    [view.evalBatch.output],
    new Map([
      [view.evalBatch.input, ops.state('noise/images', view.evalBatch.input.shape)],
      ...view.weights.map((w, i) => [w, theta[i]!] as const),
    ]),
  );
  const at = new Map([
    ...state,
    ...statistics,
    ...view.weights.map(
      (w) => [`at/${nameOf(w)}`, kaiming(state, nameOf(w), size(w.shape.slice(1)))] as const,
    ),
  ]);
  const n = size(output!.shape);
  const flat = ops.reshape(output!, [n]);
  return Array.from({ length: n }, (_, k) =>
    grad(ops.sum(ops.slice(flat, [k], [k + 1], [1]), [0]), theta),
  ).reduce((total, g) => total + valuesOf(g, at).reduce((s, v) => s + sum(v.map((d) => d * d)), 0), 0);
};
const kaiming = (state: ReadonlyMap<string, Float64Array>, name: string, fanIn: number): Float64Array =>
  state.get(`noise/weight/${name}`)!.map((z) => z * Math.sqrt(2 / fanIn));

/** Scale 1, shift 0, and the moments that the first layer of `reluNet` gives: computed by hand. */
const statisticsOf = (net: Network, state: ReadonlyMap<string, Float64Array>): Map<string, Float64Array> => {
  if (net !== reluNet) return new Map();
  const [x, m, w] = [state.get('noise/images')!, state.get('mask/a.weight')!, kaiming(state, 'a.weight', 4)];
  const z = (n: number, u: number): number =>
    [0, 1, 2, 3].reduce((s, j) => s + m[4 * u + j]! * w[4 * u + j]! * x[4 * n + j]!, 0);
  const units = [0, 1, 2, 3, 4].map((u) => Array.from({ length: BATCH }, (_, n) => z(n, u)));
  const mean = units.map((v) => sum(v) / BATCH);
  return new Map([
    ['n.weight', new Float64Array(5).fill(1)],
    ['n.bias', new Float64Array(5)],
    ['n.running_mean', Float64Array.from(mean)],
    [
      'n.running_var',
      Float64Array.from(units, (v, u) => v.reduce((s, a) => s + (a - mean[u]!) ** 2, 0) / (BATCH - 1)),
    ], // unbiased, as PyTorch keeps it
  ]);
};

describe('the response to a step', () => {
  // The mean of a quadratic form over N(0, 1) is its sum over unit vectors.
  const meanResponse = (net: Network, epsilon: number): number => {
    const state = drawn(net);
    const view = viewOf(net, BATCH);
    const response = stepResponse(view, epsilon);
    return (
      view.weights.reduce(
        (total, w) =>
          total +
          Array.from({ length: size(w.shape) }, (_, i) => {
            const step = new Float64Array(size(w.shape)).fill(0);
            step[i] = 1;
            return valuesOf([response], new Map([...state, [`noise/step/${nameOf(w)}`, step]]))[0]![0]!;
          }).reduce((s, v) => s + v, 0),
        0,
      ) /
      epsilon ** 2
    );
  };
  test('is the trace of the NTK on average: exactly for a linear network', () => {
    expect(Math.abs(meanResponse(linearNet, 0.5) / trace(linearNet, drawn(linearNet)) - 1)).toBeLessThan(
      1e-12,
    );
  });
  test('and for small steps of another, with the statistics of the unmoved weights', () => {
    expect(Math.abs(meanResponse(reluNet, 1e-5) / trace(reluNet, drawn(reluNet)) - 1)).toBeLessThan(1e-4);
  });
  test('is found by drawing', () => {
    const [state, response] = [drawn(linearNet), stepResponse(viewOf(linearNet, BATCH), 0.01)];
    const draws = 2000;
    const mean = Array.from(
      { length: draws },
      (_, i) =>
        valuesOf(
          [response],
          new Map([...state, ['noise/step/a.weight', normal(fold(key, 'step', i), 12)]]),
        )[0]![0]!,
    ).reduce((s, v) => s + v / draws / 1e-4, 0);
    expect(Math.abs(mean / trace(linearNet, state) - 1)).toBeLessThan(0.06);
  });
});

describe('ntk-sap', () => {
  const minibatch = (seed: number): Minibatch => ({
    images: Float32Array.from(normal(seeded(seed), 4 * BATCH)),
    labels: new Int32Array(BATCH),
  });
  const find = async (
    options: Parameters<typeof ntkSap>[0] & { readonly seed?: number; readonly rounds?: number },
    weightSeed = 1,
    data = [minibatch(1), minibatch(2)],
  ): Promise<number[]> => {
    const { masks } = await prune(reluNet, initialise(reluNet, weightSeed), referenceDevice(), {
      method: 'ntk-sap',
      density: 0.5,
      rounds: 4,
      data,
      allowCollapse: true,
      ...options,
    });
    return [...masks.values()].flatMap((m) => [...m]);
  };

  test('writes nothing but its sum', () => {
    const { accumulate } = roundPrograms(reluNet, ntkSap(), BATCH);
    expect(Object.keys(accumulate!.next)).toEqual(['round/sum', 'round/exponent']);
    expect([...accumulate!.inputs.keys()]).toEqual([]);
  });
  test('depends on the seed, not on weights or images', async () => {
    const first = await find({});
    expect(await find({})).toEqual(first);
    expect(await find({}, 2, [minibatch(3), minibatch(4)])).toEqual(first);
    expect(await find({ seed: 1 })).not.toEqual(first);
  });
  test('draws anew for each minibatch, resampling and round', async () => {
    const drawnIn = new Set<number>();
    const device = referenceDevice();
    const spied = {
      ...device,
      store: () => {
        const store = device.store();
        return {
          ...store,
          write: async (name: string, values: ArrayLike<number>) => {
            if (name === 'noise/images') drawnIn.add(values[0]!);
            await store.write(name, values);
          },
        };
      },
    };
    await prune(reluNet, initialise(reluNet, 1), spied, {
      method: 'ntk-sap',
      density: 0.5,
      rounds: 4,
      resamplings: 3,
      data: [minibatch(1), minibatch(2)],
      allowCollapse: true,
    });
    expect(drawnIn.size).toBe(4 * 3 * 2);
  });
  test.each([
    [
      { epsilon: 0 },
      'ntk-sap: epsilon 0 is not a positive number; its options are epsilon (0.01), resamplings (1)',
    ],
    [{ resamplings: 1.5 }, 'ntk-sap: resamplings 1.5 is not a positive integer'],
  ])('%o is refused', (options, message) => expect(() => ntkSap(options)).toThrow(message));
});
