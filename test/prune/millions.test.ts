import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linear } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import type { Weights } from '../../src/nn/weights.js';
import { criterionOf } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { prune } from '../../src/prune/prune.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';

/** Float32 tells neighbouring whole numbers apart up to 2^24. */
describe('more than 2^24 weights', () => {
  const [inputs, outputs] = [16, 1_050_000];
  const net = network('wide', [inputs], (x) => linear('fc', outputs, { bias: false })(x));
  const values = Float32Array.from({ length: inputs * outputs }, (_, i) => 1 + (i % 1024));
  const weights: Weights = new Map([['fc.weight', { shape: [outputs, inputs], data: values }]]);
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu', { threads: 2 });
  });
  afterAll(() => device.dispose());

  it('keep an odd number of them', async () => {
    const keep = values.length - 1;
    expect(keep).toBeGreaterThan(2 ** 24);
    const ticket = await prune(net, weights, device, {
      method: 'magnitude',
      density: keep / values.length,
    });
    expect(ticket.rounds[0]!.live).toBe(keep);
    const live = ticket.masks.get('fc.weight')!.reduce((n, bit) => n + bit, 0);
    expect(live).toBe(keep);
  });
  it('do not hide a score that is NaN', async () => {
    const { select } = roundPrograms(net, criterionOf({ method: 'magnitude' }), 1);
    const executable = await device.compile(select);
    const store = device.store();
    const spoilt = values.slice();
    spoilt[12345] = NaN;
    for (const [name, leaf] of select.state)
      await store.add(name, leaf, name === 'fc.weight' ? spoilt : new Float32Array(values.length).fill(1));
    const { nonFinite } = await executable.run(store, { keep: [10] });
    expect(Array.from(nonFinite!)).toEqual([1]);
    store.dispose();
    executable.dispose();
  });
});
