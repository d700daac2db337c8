import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transformed } from '../../src/graph/description.js';
import { nameOf, substitute } from '../../src/graph/graph.js';
import { parameters, prunable } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { connected, liveUnits } from '../../src/transform/connectivity.js';
import { inference } from '../../src/transform/readings.js';
import { casesOf, denseOf, EXACT, roundingOf, type Case } from './compact-cases.js';
import { PARTS } from './random-networks.js';
import { gapsOf, trajectory, type Gap, type Runner } from './trajectories.js';

/** What the oracle of compaction is made of: that it draws what it should, and finds what is wrong. */

const device = referenceDevice();
const drawn = fc.sample(casesOf(3), { numRuns: 400, seed: 1 });

test('networks are of every part; of their masks some leave all, some leave nothing, most leave dead units', () => {
  const parts = new Set(drawn.flatMap(({ net }) => net.name.split('-')));
  expect(Object.keys(PARTS).filter((name) => !parts.has(name))).toEqual([]);
  const counts = { connected: 0, dead: 0, whole: 0 };
  for (const { net, masks } of drawn) {
    const read = inference(net);
    const units = [...liveUnits(read, masks).values()];
    if (!connected(read, masks)) counts.dead++;
    else if (units.every((own) => !own.includes(0))) counts.whole++;
    else counts.connected++;
  }
  expect(counts.connected).toBeGreaterThan(120);
  expect(Math.min(counts.dead, counts.whole)).toBeGreaterThan(20);
});

/** The same network with its masks written into the graph. */
const written = ({ net, masks, values }: Case): Runner => ({
  net: transformed(net, (output) => {
    const literals = prunable(net).map((w) => {
      const mask = ops.literal(w.shape, [...masks.get(nameOf(w))!]);
      return [w, ops.mul(mask, w)] as const;
    });
    return substitute([output], new Map(literals))[0]!;
  }),
  masks: null,
  values,
});

describe('trajectories', () => {
  test('of the same network, written otherwise, agree; and rounding is small for almost all', async () => {
    let excused = 0;
    for (const one of drawn.slice(0, 60)) {
      const { course, dense } = await denseOf(device, one);
      const other = await trajectory(device, written(one), course);
      const [{ gap }] = gapsOf(dense, other) as [Gap];
      if (gap > EXACT) excused++;
      expect(gap).toBeLessThanOrEqual(gap > EXACT ? await roundingOf(device, one, course, dense) : EXACT);
    }
    expect(excused).toBeLessThan(4);
  });
  test('differ where one number of a parameter that is read is another, be it by 1e-5', async () => {
    let [noticed, tried] = [0, 0];
    for (const one of drawn.slice(0, 60)) {
      const leaf = parameters(one.net).at(-1)!; // a bias of the answer, if there is one
      if (!nameOf(leaf).endsWith('bias')) continue;
      const { course, dense } = await denseOf(device, one);
      const values = new Map(one.values).set(
        nameOf(leaf),
        one.values.get(nameOf(leaf))!.map((v) => v + 1e-5),
      );
      const other = await trajectory(device, { net: one.net, masks: one.masks, values }, course);
      tried++;
      if (gapsOf(dense, other)[0]!.gap > EXACT) noticed++;
    }
    expect([tried > 20, noticed]).toEqual([true, tried]);
  });
});
