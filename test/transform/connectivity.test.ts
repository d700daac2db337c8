import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaves, nameOf, substitute } from '../../src/graph/graph.js';
import { isPrunable, roleOf } from '../../src/graph/roles.js';
import { gelu, leakyRelu, silu } from '../../src/nn/activations.js';
import {
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  relu,
} from '../../src/nn/layers.js';
import { network, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { unitCount } from '../../src/ops/units.js';
import { fold, key, uniform, type Key } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { connected, liveUnits } from '../../src/transform/connectivity.js';
import { inference, type Readable } from '../../src/transform/readings.js';
import { attention, layerNorm, softmax, visionTransformer } from './vision-transformer.js';

type Image = Tensor<readonly [number, number, number, number]>;
type Matrix = Tensor<readonly [number, number]>;
type Values = Map<string, Float64Array>;

/**
 * Positive numbers for everything, and weights masked at random: nothing cancels and no gate closes; weights
 * are small, so that no sigmoid saturates.
 */
const randomValues = (net: Readable, density: number, seed: Key): Values =>
  new Map(
    leaves([net.output], 'state').map((leaf) => {
      const [name, n] = [nameOf(leaf), size(leaf.shape)];
      if (roleOf(leaf) === 'mean') return [name, new Float64Array(n)];
      const keep = uniform(fold(seed, name, 'mask'), n);
      const isLive = (i: number): boolean => !isPrunable(leaf) || keep[i]! < density;
      return [
        name,
        uniform(fold(seed, name), n).map((v, i) =>
          isLive(i) ? (isPrunable(leaf) ? 0.1 : 1) * (0.5 + v) : 0,
        ),
      ];
    }),
  );
const masksOf = (net: Readable, values: Values): ReadonlyMap<string, Uint8Array> =>
  new Map(
    leaves([net.output], 'state')
      .filter(isPrunable)
      .map((w) => [nameOf(w), Uint8Array.from(values.get(nameOf(w))!, (v) => (v === 0 ? 0 : 1))]),
  );

const valueOf =
  (net: Readable, values: Values, images: Float64Array) =>
  (leaf: Tensor): Float64Array | undefined =>
    leaf === net.input ? images : values.get(nameOf(leaf));
const ROUNDING = 1e-9;
const hasChanged = (a: Float64Array, b: Float64Array, unit: number | null, units: number): boolean =>
  a.some((v, j) => (unit === null || j % units === unit) && Math.abs(v - b[j]!) > ROUNDING);

/**
 * Whether another input gives another output, and which units of which nodes a change of the input or of the
 * unit itself shows in the output.
 */
const perturbed = (net: Readable, nodes: readonly Tensor[], values: Values, seed: Key) => {
  const images = uniform(fold(seed, 'images'), size(net.input.shape)).map((v) => 0.5 + v);
  const other = images.map((v, i) => v + 0.2 + uniform(fold(seed, 'other'), images.length)[i]!);
  const roots = [net.output, ...nodes];
  const [before, after] = [images, other].map((x) => evaluate(roots, valueOf(net, values, x)));
  const live = new Map(
    nodes.map((node, k) => {
      const delta = ops.input('delta', node.shape);
      const [moved] = substitute([net.output], new Map([[node, ops.add(node, delta)]]));
      const units = Array.from({ length: unitCount(node) }, (_, unit) => {
        const step = Float64Array.from({ length: size(node.shape) }, (_v, j) =>
          j % unitCount(node) === unit ? 0.3 + 0.1 * (j % 7) : 0,
        );
        const given = valueOf(net, values, images);
        const [out] = evaluate([moved!], (leaf) => (leaf === delta ? step : given(leaf)));
        const isReached = hasChanged(before![k + 1]!, after![k + 1]!, unit, unitCount(node));
        return isReached && hasChanged(before![0]!, out!, null, 1) ? 1 : 0;
      });
      return [node, Uint8Array.from(units)] as const;
    }),
  );
  return { isConnected: hasChanged(before![0]!, after![0]!, null, 1), live };
};

const width = fc.integer({ min: 1, max: 4 });
/** Every op on the way lets its units through or sums them over live weights. */
const plain: fc.Arbitrary<Network> = fc
  .tuple(
    width,
    width,
    width,
    fc.constantFrom('max', 'none'),
    fc.constantFrom('relu', 'silu', 'gelu'),
    fc.boolean(),
  )
  .map(([a, b, c, pool, act, cut]) => {
    const activation = { relu, silu, gelu: gelu() }[act as 'relu'];
    return network('plain', [8, 8, 2], (x) => {
      const first = activation(batchNorm('n')(conv2d('a', a, { kernel: 3 })(x as Image)));
      const main = conv2d('b', b, { kernel: 3, stride: 2 })(first);
      const joined = ops.add(main, conv2d('s', b, { kernel: 1, stride: 2 })(first)) as Image;
      const both = ops.concat(
        [activation(joined), conv2d('c', c, { kernel: 1 })(joined) as Image],
        3,
      ) as Image;
      const [, h, w, f] = both.shape;
      const some = cut ? (ops.slice(both, [0, 0, 0, f - 1], [1, h, w, f], [1, 1, 1, 1]) as Image) : both;
      const pooled = pool === 'max' ? maxPool2(some) : some;
      return linear('fc', 2)(globalAveragePool(pooled) as Matrix);
    }) as unknown as Network;
  });
const mixing: fc.Arbitrary<Network> = fc.oneof(
  fc.constantFrom(1, 2).map((heads) => visionTransformer(2 * heads, heads)),
  fc.tuple(width, width).map(
    ([a, b]) =>
      network('normed', [3], (x) => {
        const y = softmax(linear('b', b + 1)(leakyRelu()(layerNorm('n')(linear('a', a + 1)(x)))));
        return linear('fc', 2)(ops.concat([y, linear('c', 2)(x)], 1) as Matrix);
      }) as unknown as Network,
  ),
  fc.constant(
    network('tokens', [4, 4], (x) => {
      const rows = ops.reshape(x, [4 * x.shape[0], 4]) as Matrix;
      const mixed = attention('a', 4, 2)(rows);
      const swapped = ops.transpose(ops.reshape(mixed, [x.shape[0], 4, 4]), [0, 2, 1]);
      return linear('fc', 3)(flatten(swapped as Matrix) as Matrix);
    }) as unknown as Network,
  ),
);
const settings = (nets: fc.Arbitrary<Network>) =>
  fc.tuple(nets, fc.constantFrom(0.1, 0.2, 0.35, 0.6), fc.integer({ min: 0, max: 2 ** 31 }).map(key));

describe('brute force: change the input, change the units, look at the output', () => {
  test('networks whose ops keep units apart: exactly the units that matter live', () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(settings(plain), ([net, density, seed]) => {
        const read = inference(net);
        const values = randomValues(read, density, seed);
        const live = liveUnits(read, masksOf(read, values));
        const found = perturbed(read, [...live.keys()], values, seed);
        expect(connected(read, masksOf(read, values))).toBe(found.isConnected);
        for (const [node, units] of live) expect([node.op, units]).toEqual([node.op, found.live.get(node)]);
        verdicts.add(found.isConnected);
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(verdicts).toEqual(new Set([true, false]));
  });
  test('networks whose ops mix units: no unit that matters is called dead', () => {
    const verdicts = new Set<string>();
    fc.assert(
      fc.property(settings(mixing), ([net, density, seed]) => {
        const read = inference(net);
        const values = randomValues(read, density, seed);
        const live = liveUnits(read, values);
        const found = perturbed(read, [...live.keys()], values, seed);
        const isConnected = connected(read, values);
        for (const [node, units] of live)
          found.live
            .get(node)!
            .forEach((bit, k) => expect([node.op, k, units[k]! >= bit]).toEqual([node.op, k, true]));
        expect(isConnected || !found.isConnected).toBe(true);
        verdicts.add(`${isConnected} ${found.isConnected}`);
      }),
      { numRuns: 40, seed: 12 },
    );
    expect([...verdicts]).toEqual(expect.arrayContaining(['true true', 'false false']));
  });
});

describe('what counts as a zero', () => {
  const net = network('chain', [2], (x) =>
    linear('b', 1)(ops.mul(linear('a', 2)(x), ops.state('gain', [2], { role: 'scale' })) as Matrix),
  ) as unknown as Network;
  const known = (values: Readonly<Record<string, readonly number[]>>): boolean =>
    connected(net, new Map(Object.entries(values)));
  test('nothing is known: all live', () => expect(known({})).toBe(true));
  test('weights that are zero are as dead as masked ones', () => {
    expect(known({ 'a.weight': [1, 0, 0, 0], 'b.weight': [-2, 0] })).toBe(true);
    expect(known({ 'a.weight': [1, 0, 0, 0], 'b.weight': [0, -2] })).toBe(false);
  });
  test('so is a scale of zero, also one that is computed', () => {
    expect(known({ 'b.weight': [1, 0], gain: [0, 1] })).toBe(false);
    const normed = network('normed', [2], (x) => linear('b', 1)(batchNorm('n')(x)) as Matrix);
    const zero = ['mean', 'var'].map((m) => [`n.running_${m}`, [1, 1]] as const);
    const of = (scale: readonly number[]): boolean =>
      connected(inference(normed as unknown as Network), new Map([...zero, ['n.weight', scale]]));
    expect([of([0, 0]), of([0, 1])]).toEqual([false, true]);
  });
  test('biases are no paths', () =>
    expect(known({ 'a.weight': [0, 0, 0, 0], 'a.bias': [1, 1] })).toBe(false));
  test('a product with a masked matrix on its left is dead, too', () => {
    const left = network('left', [2, 3], (x) => {
      const weight = ops.state('w', [2, 2], { role: 'weight' });
      return ops.reshape(ops.matmul(weight, ops.reshape(x, [2, 3])), [1, 6]) as Matrix;
    }) as unknown as Network;
    expect(connected(left, new Map([['w', [0, 0, 0, 0]]]))).toBe(false);
    expect(connected(left, new Map([['w', [0, 0, 0, 1]]]))).toBe(true);
  });
  test('masks that cancel where weights do not: a weight less its mean, two weights of which one is taken off', () => {
    const [a, b] = ['a', 'b'].map((name) => ops.state(name, [2, 3], { role: 'weight' }));
    const mean = ops.broadcast(ops.mul(ops.sum(a!, [1]), ops.scalar(1 / 3)), [2, 3], [0]);
    const of = (weight: Tensor): boolean => {
      const net = network('made', [3], (x) => ops.matmul(x, weight, { transposeB: true }) as Matrix);
      const ones = ['a', 'b'].map((name) => [name, new Uint8Array(6).fill(1)] as const);
      return connected(net as unknown as Network, new Map(ones));
    };
    expect([of(ops.sub(a!, mean)), of(ops.sub(a!, b!))]).toEqual([true, true]);
  });
  test('global pooling and a wide flattened layer', () => {
    const pooled = network('pooled', [4, 4, 2], (x) =>
      linear('fc', 1)(globalAveragePool(conv2d('c', 2, { kernel: 1 })(x)) as Matrix),
    ) as unknown as Network;
    const of = (c: readonly number[]): boolean =>
      connected(
        pooled,
        new Map([
          ['c.weight', c],
          ['fc.weight', [0, 1]],
        ]),
      );
    expect([of([1, 1, 0, 0]), of([0, 0, 0, 1])]).toEqual([false, true]);
  });
});
