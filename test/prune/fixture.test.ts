import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linear, relu } from '../../src/nn/layers.js';
import { network, type Network } from '../../src/nn/network.js';
import { px } from '../../src/prune/criteria/px.js';
import { viewOf } from '../../src/prune/criterion.js';
import { ops } from '../../src/ops/registry.js';
import { pathNetwork } from '../../src/transform/paths.js';
import {
  activation,
  difference,
  randomImages,
  randomMasks,
  randomState,
  scoresOf,
  seeded,
  squaredJacobian,
  sum,
  times,
  valuesOf,
  type State,
} from './helper.js';

/** methods.md 3.8: the 2-layer bias-free ReLU network, whose scores have a closed form. */
const twoLayer = (inputs: number, units: number, outputs: number): Network =>
  network('two-layer', [inputs], (x) =>
    linear('v', outputs, { bias: false })(relu(linear('w', units, { bias: false })(x))),
  ) as unknown as Network;

const near = (a: ArrayLike<number>, b: readonly number[]): void => {
  expect(a).toHaveLength(b.length);
  b.forEach((x, i) => expect(a[i]).toBeCloseTo(x, 10));
};

interface Printed {
  readonly abar: readonly number[];
  readonly h1: readonly number[];
  readonly q: number;
  readonly w: readonly number[];
  readonly v: readonly number[];
  readonly slopesW: readonly number[];
  readonly jacobianW: readonly number[];
  readonly jacobianV: readonly number[];
  readonly trace: number;
  readonly bound: number;
}
const DENSE: Printed = {
  abar: [13.5, 13.5],
  h1: [29.25, 10.5],
  q: 536.625,
  w: [57.375, 229.5, 243, 6.75],
  v: [270, 124.875, 16.875, 124.875],
  slopesW: [57.375, 57.375, 27, 27],
  jacobianW: [17, 1.0625, 10, 8.5],
  jacobianV: [1, 55.0625, 1, 55.0625],
  trace: 148.6875,
  bound: 553.5,
};
const MASKED: Printed = {
  abar: [13.5, 9.25],
  h1: [29.25, 9.25],
  q: 480.4375,
  w: [54, 216, 204.75, 5.6875],
  v: [270, 124.875, 0, 85.5625],
  slopesW: [54, 54, 22.75, 22.75],
  jacobianW: [16, 1, 10, 8.5],
  jacobianV: [1, 55.0625, 0, 55.0625],
  trace: 146.625,
  bound: 431.4375,
};

describe.each([
  ['dense', [1, 1, 1, 1], DENSE],
  ['with V[1][0] masked', [1, 1, 0, 1], MASKED],
] as const)('%s', (_, maskV, printed) => {
  const net = twoLayer(2, 2, 2);
  const [W, V] = [
    [1, -2, 3, 0.5],
    [2, -1, 0.5, 1],
  ];
  const state: State = new Map([
    ['w.weight', W],
    ['v.weight', V],
    ['mask/v.weight', [...maskV]],
  ]);
  const images = Float64Array.of(1, 2, 2, 0.5);

  describe.each([true, false])('with exponents: %s', (scaled) => {
    test('the scores and what they are made of', async () => {
      const criterion = px({ scaled });
      near(activation(net, criterion, state, images), printed.abar);
      const { q, scores } = await scoresOf(net, criterion, state, { images });
      expect(q).toBeCloseTo(printed.q, 10);
      near(scores.get('w.weight')!, printed.w);
      near(scores.get('v.weight')!, printed.v);
      const {
        output: { mantissa, exponent },
      } = pathNetwork(viewOf(net, 1).evalOne, ops.constant([1, 2], 1), {
        weights: 'squared',
        gates: 'open',
        scaled,
      });
      const [h1, e] = valuesOf([mantissa, exponent ?? ops.scalar(0)], state);
      near(times(2 ** e![0]!, h1!), printed.h1);
    });
  });
  test('the squared Jacobian and its bound', async () => {
    const { scores } = await scoresOf(net, px(), state, { images });
    const slopes = (name: string, at: readonly number[]): Float64Array =>
      scores.get(name)!.map((s, i) => s / at[i]! ** 2);
    near(slopes('w.weight', W), printed.slopesW);
    const jacobian = squaredJacobian(net, state, images);
    near(jacobian.get('w.weight')!, printed.jacobianW);
    near(jacobian.get('v.weight')!, printed.jacobianV);
    expect([...jacobian.values()].reduce((s, j) => s + sum(j), 0)).toBeCloseTo(printed.trace, 10);
    expect(sum(slopes('w.weight', W)) + sum(slopes('v.weight', V))).toBeCloseTo(printed.bound, 10);
  });
});

test('the closed form, whatever the widths, weights, masks and images', () =>
  fc.assert(
    fc.asyncProperty(
      fc.tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
      ),
      fc.integer({ min: 0, max: 2 ** 31 }),
      async ([inputs, units, outputs], seed) => {
        const net = twoLayer(inputs, units, outputs);
        const state = new Map([...randomState(net, seeded(seed)), ...randomMasks(net, 0.8, seeded(seed))]);
        const images = randomImages(net, 3, seeded(seed));
        const grid = <T>(rows: number, columns: number, f: (i: number, j: number) => T): T[][] =>
          Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_c, j) => f(i, j)));
        const [w, v] = [
          grid(units, inputs, (u, s) => state.get('mask/w.weight')![u * inputs + s]!),
          grid(outputs, units, (k, u) => state.get('mask/v.weight')![k * units + u]!),
        ];
        const W = grid(units, inputs, (u, s) => w[u]![s]! * state.get('w.weight')![u * inputs + s]!);
        const V = grid(outputs, units, (k, u) => v[k]![u]! * state.get('v.weight')![k * units + u]!);
        const x = grid(3, inputs, (n, s) => images[n * inputs + s]!);
        const total = (n: number, f: (i: number) => number): number =>
          sum(Array.from({ length: n }, (_, i) => f(i)));
        const open = grid(3, units, (n, u) => (total(inputs, (s) => W[u]![s]! * x[n]![s]!) > 0 ? 1 : 0));

        const abar = Array.from({ length: outputs }, (_, k) =>
          total(3, (n) =>
            total(units, (u) => v[k]![u]! * open[n]![u]! * total(inputs, (s) => w[u]![s]! * x[n]![s]! ** 2)),
          ),
        );
        const into = Array.from({ length: units }, (_, u) => total(inputs, (s) => W[u]![s]! ** 2));
        const h1 = Array.from({ length: outputs }, (_, k) => total(units, (u) => V[k]![u]! ** 2 * into[u]!));
        const q = total(outputs, (k) => abar[k]! * h1[k]!);
        fc.pre(q > 0);
        const found = await scoresOf(net, px(), state, { images });
        expect(difference(activation(net, px(), state, images), abar)).toBeLessThan(1e-12);
        expect(Math.abs(found.q / q - 1)).toBeLessThan(1e-12);
        expect(
          difference(
            found.scores.get('w.weight')!,
            grid(
              units,
              inputs,
              (u, s) => W[u]![s]! ** 2 * total(outputs, (k) => abar[k]! * V[k]![u]! ** 2),
            ).flat(),
          ),
        ).toBeLessThan(1e-12);
        expect(
          difference(
            found.scores.get('v.weight')!,
            grid(outputs, units, (k, u) => abar[k]! * V[k]![u]! ** 2 * into[u]!).flat(),
          ),
        ).toBeLessThan(1e-12);
      },
    ),
    { numRuns: 30 },
  ));
