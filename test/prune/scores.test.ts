import type { Objective } from '../../src/prune/objective.js';
import { describe, expect, test } from 'vitest';
import {
  grad,
  linear,
  network,
  openDevice,
  ops,
  pack,
  prune,
  relu,
  scores,
  unpack,
  type Criterion,
  type Minibatch,
  type ScoresOptions,
  type Weights,
} from '../../src/index.js';
import { difference } from './helper.js';

/** scores(): what criteria say of weights, without pruning. */

const device = await openDevice('reference');

/** f = V relu(W x), with what a hand computes for it. */
const net = network('two', [2], (x) =>
  linear('v', 2, { bias: false })(relu(linear('w', 2, { bias: false })(x))),
);
const weights: Weights = new Map([
  ['w.weight', { shape: [2, 2], data: Float32Array.of(1, -2, 3, 0.5) }],
  ['v.weight', { shape: [2, 2], data: Float32Array.of(2, -1, 0.5, 1) }],
]);
const image = (x: readonly number[], label: number): Minibatch => ({
  images: Float32Array.from(x),
  labels: Int32Array.of(label),
});
const data = [image([1, 2], 0), image([2, 0.5], 1)];
const masked = new Map([
  ['w.weight', Uint8Array.of(1, 1, 1, 1)],
  ['v.weight', Uint8Array.of(1, 1, 0, 1)],
]);

describe('of px, the closed form of two layers', () => {
  const cases = [
    ['dense', null, 536.625, [57.375, 229.5, 243, 6.75], [270, 124.875, 16.875, 124.875]],
    ['with a mask', masked, 480.4375, [54, 216, 204.75, 5.6875], [270, 124.875, 0, 85.5625]],
  ] as const;
  test.each(cases)('%s', async (_, masks, q, w, v) => {
    for (const start of [{ weights, masks }, weights]) {
      const given = start === weights ? { masks } : {};
      const found = await scores(net, start, device, { method: 'px', data, ...given });
      expect(found.method).toBe('px');
      expect(2 ** found.log2Flow!).toBeCloseTo(q, 6);
      expect([...found.scores.keys()]).toEqual(['w.weight', 'v.weight']);
      expect(
        difference(
          found.scores.get('w.weight')!,
          w.map((s) => s / q),
        ),
      ).toBeLessThan(1e-6);
      expect(
        difference(
          found.scores.get('v.weight')!,
          v.map((s) => s / q),
        ),
      ).toBeLessThan(1e-6);
    }
  });
  test('the same on cpu', async () => {
    const cpu = await openDevice('cpu');
    const [a, b] = [
      await scores(net, { weights, masks: masked }, cpu, { method: 'px', data }),
      await scores(net, { weights, masks: masked }, device, { method: 'px', data }),
    ];
    for (const [name, own] of a.scores) expect(difference(own, b.scores.get(name)!)).toBeLessThan(1e-5);
    expect(a.log2Flow).toBeCloseTo(b.log2Flow!, 4);
    expect(cpu.liveBytes()).toBe(0);
    await cpu.dispose();
  });
});

test("of a criterion of one's own with two passes: the spread of dL/dtheta over the minibatches", async () => {
  const slopes = ({ loss }: Objective, view: Parameters<Criterion['score']>[0]) =>
    pack(grad(loss(view.evalBatch.output), view.weights));
  const criterion: Criterion = {
    kind: 'criterion',
    name: 'spread',
    doc: 'of this test',
    data: 'labelled images',
    rounds: { kind: 'any', usual: 1 },
    cost: { perMinibatch: { forward: 2, backward: 2 } },
    monotone: true,
    accumulate: (view, objective) => ({ mantissa: slopes(objective, view), exponent: null }),
    secondPass: (view, objective, { mantissa }) => {
      const away = ops.sub(slopes(objective, view), ops.mul(mantissa, ops.scalar(0.5)));
      return { mantissa: ops.mul(away, away), exponent: null };
    },
    score: (view, sum) => ({ scores: unpack(sum!.mantissa, view.weights), total: null }),
  };
  const [w, v] = [weights.get('w.weight')!.data, weights.get('v.weight')!.data];
  const perImage = data.map(({ images: [x0, x1], labels: [label] }) => {
    const h = [0, 1].map((u) => Math.max(w[2 * u]! * x0! + w[2 * u + 1]! * x1!, 0));
    const y = [0, 1].map((k) => v[2 * k]! * h[0]! + v[2 * k + 1]! * h[1]!);
    const whole = Math.exp(y[0]!) + Math.exp(y[1]!);
    const dy = y.map((s, k) => Math.exp(s) / whole - (k === label ? 1 : 0));
    const dh = [0, 1].map((u) => (h[u]! > 0 ? dy[0]! * v[u]! + dy[1]! * v[2 + u]! : 0));
    return [...dh.flatMap((d) => [d * x0!, d * x1!]), ...dy.flatMap((d) => [d * h[0]!, d * h[1]!])];
  });
  const expected = perImage[0]!.map((a, i) => (a - perImage[1]![i]!) ** 2 / 2);
  const found = await scores(net, weights, device, { criterion, data });
  expect(found).toMatchObject({ method: 'spread', log2Flow: null });
  expect(
    difference(
      [...found.scores.values()].flatMap((s) => [...s]),
      expected,
    ),
  ).toBeLessThan(1e-6);
});

test.each([
  [{ method: 'magnitude' }],
  [{ method: 'random', seed: 3 }],
  [{ method: 'ntk-sap', seed: 3, resamplings: 2 }],
  [{ method: 'grasp' }],
  [{ method: 'synflow' }],
] as const satisfies readonly (readonly [ScoresOptions])[])('prune() ranks by them: %o', async (options) => {
  const found = await scores(net, weights, device, { ...options, data });
  const all = [...found.scores.values()].flatMap((s) => [...s]);
  const order = all.map((_, i) => i).sort((a, b) => all[b]! - all[a]! || a - b);
  const { masks } = await prune(net, weights, device, {
    ...options,
    data,
    rounds: 1,
    density: 0.5,
    allowCollapse: true,
  });
  expect([...masks.values()].flatMap((m) => [...m])).toEqual(
    all.map((_, i) => (order.indexOf(i) < 4 ? 1 : 0)),
  );
});

test('nothing is written, on the host or the device', async () => {
  const given = new Map([...weights].map(([name, w]) => [name, { ...w, data: w.data.slice() }]));
  const copy = data.map((d) => ({ images: d.images.slice(), labels: d.labels.slice() }));
  await scores(net, { weights: given, masks: masked }, device, { method: 'grasp', data: copy });
  expect(given).toEqual(weights);
  expect(copy).toEqual(data);
  expect(masked.get('v.weight')).toEqual(Uint8Array.of(1, 1, 0, 1));
  expect(device.liveBytes()).toBe(0);
});

describe('what has no scores is refused', () => {
  const none = new Map([...masked].map(([name, m]) => [name, m.map(() => 0)]));
  const bad = new Map([
    ...weights,
    ['v.weight', { shape: [2, 2], data: Float32Array.of(2, NaN, 0.5, 1) }] as const,
  ]);
  test('no path, no number, no device', async () => {
    await expect(scores(net, { weights, masks: none }, device, { method: 'px', data })).rejects.toThrow(
      'scores: px: no path is left from input to output; give masks that leave one',
    );
    await expect(scores(net, bad, device, { method: 'magnitude' })).rejects.toThrow(
      "weights: 'v.weight' holds NaN at 1",
    );
    await expect(scores(net, weights, device, { method: 'snip', data: [] })).rejects.toThrow(
      'scores: snip reads labelled images; give it data',
    );
    const huge = new Map([
      ...weights,
      ['w.weight', { shape: [2, 2], data: new Float32Array(4).fill(3e38) }] as const,
    ]);
    const square: Criterion = {
      kind: 'criterion',
      name: 'square',
      doc: 'of this test',
      data: 'none',
      rounds: { kind: 'any', usual: 1 },
      cost: {},
      monotone: true,
      score: (view) => ({ scores: view.weights.map((w) => ops.mul(w, w)), total: null }),
    };
    await expect(scores(net, huge, device, { criterion: square })).rejects.toThrow(
      "scores: square: the score of 'w.weight' at 0 is Infinity; check the weights and the data",
    );
  });
});
