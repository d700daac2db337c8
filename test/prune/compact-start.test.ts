import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { prunable, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { prune, type PruneOptions, type Ticket } from '../../src/prune/prune.js';
import { pruningSplit } from '../../src/prune/pruning-split.js';
import { scores } from '../../src/prune/scores.js';
import type { PruningStart } from '../../src/prune/start.js';
import { key, uniform } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { size } from '../../src/tensor/tensor.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import { decodeWeights, encodeWeights, type WeightsFile } from '../../src/weights/state-dict.js';
import { tinyData, tinyNet } from '../train/tiny.js';

/** What starts from a weights file does the same from a compact one, or refuses it. */
const net = tinyNet as unknown as Network;
const file = {
  weights: initialise(net, 4),
  masks: new Map(
    prunable(net).map((w, i) => [
      nameOf(w),
      Uint8Array.from(uniform(key(i), size(w.shape)), (u) => (u < 0.5 ? 1 : 0)),
    ]),
  ),
  metadata: {},
};
const asRead = (form: 'dense' | 'compact'): WeightsFile =>
  decodeWeights(encodeWeights(net, { ...file, form }), net, form);
const [dense, compact] = [asRead('dense'), asRead('compact')];

let device: Device;
beforeAll(async () => {
  device = await openDevice('reference');
});
afterAll(() => device.dispose());

const training = { epochs: 1, batch: 16, rate: { kind: 'constant', rate: 0.05 } } as const;
const find = (start: PruningStart, options: Partial<PruneOptions>): Promise<Ticket> =>
  prune(tinyNet as unknown as Network, start, device, {
    density: 0.2,
    rounds: 2,
    data: pruningSplit(tinyData, { examples: 3, seed: 0 }),
    ...options,
  } as PruneOptions);

describe('a compact file is as good as the dense one', () => {
  test('the two differ where weights are pruned', () => {
    const [a, b] = [dense, compact].map(({ weights }) => weights.get('conv2.weight')!.data);
    expect(a).not.toEqual(b);
    expect(dense.masks).toEqual(compact.masks);
  });

  test('to train and to evaluate: the same bits', async () => {
    const trained = await fit(tinyNet, dense, tinyData, device, training);
    const again = await fit(tinyNet, compact, tinyData, device, training);
    expect(again.weights).toEqual(trained.weights);
    expect(again.masks).toEqual(trained.masks);
    expect(await evaluate(tinyNet, compact, tinyData, device)).toEqual(
      await evaluate(tinyNet, dense, tinyData, device),
    );
    const written = decodeWeights(
      encodeWeights(net, { ...trained, metadata: {}, form: 'compact' } as unknown as WeightsFile),
      net,
      'f',
    );
    expect(written.weights).toEqual(trained.weights); // what was pruned is zero after training
  });

  test.each<Partial<PruneOptions>>([
    { method: 'magnitude', rounds: 1 },
    { method: 'random', rounds: 1 },
    { method: 'snip', rounds: 1 },
    { method: 'itersnip' },
    { method: 'px' },
    { method: 'imp', dataset: tinyData, training, rewind: { steps: 1 } } as Partial<PruneOptions>,
  ])('to prune further within its masks: $method', async (options) => {
    const [a, b] = [await find(dense, options), await find(compact, options)];
    expect(b.masks).toEqual(a.masks);
    for (const [name, mask] of b.masks)
      expect(
        mask.every((live, i) => live <= compact.masks!.get(name)![i]!),
        name,
      ).toBe(true);
  });
});

describe('what would need the values of pruned weights is refused', () => {
  const START = 'the weights are of a compact file, which does not keep the values of pruned ones, and';
  const refused = async (run: Promise<unknown>, message: string): Promise<void> =>
    expect(run).rejects.toMatchObject({ code: 'WEIGHTS', message });

  test('pruning and scoring without the masks', async () => {
    const without = { ...compact, masks: null };
    const rest = `${START} its masks were left out, so that these would count as live; give its masks too, or start from the dense file`;
    await refused(find(without, { method: 'magnitude', rounds: 1 }), `prune: ${rest}`);
    await refused(find(without, { method: 'magnitude', rounds: 1, masks: compact.masks! }), `prune: ${rest}`);
    await refused(scores(net, without, device, { method: 'magnitude' }), `scores: ${rest}`);
    await expect(find({ ...dense, masks: null }, { method: 'magnitude', rounds: 1 })).resolves.toBeDefined();
  });

  test('methods under which pruned weights return, or that start from none', async () => {
    await refused(
      find(compact, { method: 'force' }),
      `prune: ${START} under force removed weights may return; start from the dense file, or choose another method`,
    );
    await refused(
      find(compact, { method: 'phew' }),
      `prune: ${START} phew starts from an empty mask; start from the dense file, or choose another method`,
    );
    await refused(
      scores(net, compact, device, {
        method: 'force',
        data: pruningSplit(tinyData, { examples: 1, seed: 0 }),
      }),
      `scores: ${START} force scores them too; start from the dense file, or choose another method`,
    );
  });
});
