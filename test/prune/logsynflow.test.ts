import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf } from '../../src/graph/roles.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear, relu } from '../../src/nn/layers.js';
import { network, parameters, prunable, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { logOnePlus, logSynflow } from '../../src/prune/criteria/logsynflow.js';
import { synflow } from '../../src/prune/criteria/synflow.js';
import { scoreProgram } from '../../src/prune/programs.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { difference, randomMasks, randomState, runOnce, scoresOf, seeded } from './helper.js';

describe('log(1 + x 2^e)', () => {
  const xs = [0, 1e-30, 1e-9, 0.001, 0.3, 1, 1.9, 700, 1e20];
  /** From the number itself where it is one, else from its logarithm, where the 1 no longer counts. */
  const expected = (x: number, e: number): number => {
    if (x === 0) return 0;
    return x * 2 ** e < 1e300 ? Math.log1p(x * 2 ** e) : Math.log(x) + e * Math.LN2;
  };
  let cpu: Device;
  beforeAll(async () => {
    cpu = await openDevice('cpu');
  });
  afterAll(() => cpu.dispose());

  test.each([-60, -1, 0, 1, 40, 130, 900, 5000])('e = %d', async (e) => {
    const x = ops.state('x', [xs.length]);
    const p = program('log', { outputs: { y: logOnePlus(x, ops.scalar(e)) } });
    const exact = (await runOnce(p, new Map([['x', xs]]), {}))['y']!;
    const store = cpu.store();
    await store.add('x', x, xs);
    const single = (await (await cpu.compile(p)).run(store))['y']!;
    xs.forEach((v, i) => {
      expect(Math.abs(exact[i]! - expected(v, e)), String(v)).toBeLessThanOrEqual(1e-12 * expected(v, e));
      expect(Math.abs(single[i]! - expected(v, e)), `float32 ${v}`).toBeLessThanOrEqual(
        2e-5 * expected(v, e) + 1e-37,
      );
    });
    store.dispose();
  });

  test('scores stay finite in float32 where the flow does not', async () => {
    const deep = network('deep', [30], (x) =>
      linear(
        'out',
        3,
      )(
        Array.from({ length: 40 }, (_, i) => i).reduce<Tensor<readonly [number, number]>>(
          (h, i) => relu(linear(`l${i}`, 30)(h)),
          x,
        ) as never,
      ),
    ) as unknown as Network;
    const state = new Map(
      [...randomState(deep, seeded(4))].map(([name, v]) => [name, v.map((t) => Math.fround(3 * t))]),
    );
    const p = scoreProgram(deep, logSynflow(), 1);
    const given = (leaf: Tensor): ArrayLike<number> =>
      state.get(nameOf(leaf)) ?? new Float64Array(size(leaf.shape)).fill(1);
    const store = cpu.store();
    for (const [name, leaf] of p.state) await store.add(name, leaf, given(leaf));
    const single = await (await cpu.compile(p)).run(store);
    expect(Math.log2(single['total']![0]!) + single['exponent']![0]!).toBeGreaterThan(128); // float32 ends here
    const exact = await runOnce(p, state, {});
    for (const w of prunable(deep))
      expect(difference(single[`score/${nameOf(w)}`]!, exact[`score/${nameOf(w)}`]!), nameOf(w)).toBeLessThan(
        1e-5,
      );
    store.dispose();
  });
});

describe('logsynflow', () => {
  const net = resnetCifar({ depth: 8, width: 2, image: 8 }) as unknown as Network;
  const key = seeded(6);
  const state = new Map([...randomState(net, key), ...randomMasks(net, 0.7, key)]);

  test('does not see BatchNorm', async () => {
    const norms = new Set(
      parameters(net)
        .filter((p) => ['scale', 'shift', 'mean', 'variance'].includes(String(roleOf(p))))
        .map(nameOf),
    );
    const other = new Map(
      [...state].map(([name, v]) => [name, norms.has(name) ? v.map((t) => 2 * t + 0.3) : v]),
    );
    const [a, b] = [await scoresOf(net, logSynflow(), state), await scoresOf(net, logSynflow(), other)];
    expect(b.q).toBe(a.q);
    expect(b.shares).toEqual(a.shares);
  });
  test('without BatchNorm its score is |theta| log(1 + s / |theta|), s the score of synflow', async () => {
    const plain = network('plain', [5], (x) =>
      linear('c', 3)(relu(linear('b', 6)(relu(linear('a', 6)(x))))),
    ) as unknown as Network;
    const dense = randomState(plain, key);
    const [found, flow] = [
      await scoresOf(plain, logSynflow(), dense),
      await scoresOf(plain, synflow(), dense),
    ];
    for (const [name, s] of found.shares) {
      expect(
        difference(
          s,
          flow.scores
            .get(name)!
            .map((v, i) => Math.abs(dense.get(name)![i]!) * Math.log1p(v / Math.abs(dense.get(name)![i]!))),
        ),
        name,
      ).toBeLessThan(1e-12);
    }
  });
  test('an architecture whose statistics are used in another way is refused', () => {
    const odd = network('odd', [4], (x) =>
      linear(
        'fc',
        2,
      )(ops.sub(x, ops.statistic(x, ops.state('m', [4], { role: 'mean' }, 'here'), 'mean')) as never),
    ) as unknown as Network;
    expect(() => scoreProgram(odd, logSynflow(), 1)).toThrow(
      /^logsynflow: the statistic at .* is not part of a BatchNorm/,
    );
  });
});
