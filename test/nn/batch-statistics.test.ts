import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { nameOf } from '../../src/graph/graph.js';
import { batchNorm, conv2d, globalAveragePool, linear, refine, relu } from '../../src/nn/layers.js';
import { network, rebatch } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { criterionOf, METHODS } from '../../src/prune/methods.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluate } from '../../src/runtime/reference.js';
import { trainStep } from '../../src/train/programs.js';
import { inference, training } from '../../src/transform/statistics.js';

/** As DeepLab pools images: one value for each channel of each image under a norm. */
const pooled = network('pooled', [6, 6, 3], (x) => {
  const y = relu(batchNorm('stem.bn')(conv2d('stem.conv', 4, { kernel: 3 })(x)));
  const image = ops.reshape(globalAveragePool(y), [1, 1, 1, 4]);
  return pipe(
    refine(image, [1, 1, 1, 4]),
    conv2d('pooling.conv', 4, { kernel: 1 }),
    batchNorm('pooling.bn'),
    relu,
    globalAveragePool,
    linear('fc', 3),
  );
});
const data = {
  name: 'none',
  height: 6,
  width: 6,
  channels: 3,
  classes: 3,
  mean: [0, 0, 0],
  std: [1, 1, 1],
} as unknown as Dataset; // only its sizes are read
const refusal =
  'training: BatchNorm of [1, 1, 1, 4] has one value a channel, whose variance is zero; at pooling.bn; ' +
  'use a batch of at least 2, or drop the norm there';

describe('a BatchNorm that sees one value a channel', () => {
  it('is an error before the first step, which names the layer', () => {
    const step = (batch: number): unknown => trainStep(pooled, data, { split: 'train', count: 10 }, batch);
    expect(() => step(1)).toThrow(expect.objectContaining({ code: 'NETWORK', message: refusal }));
    expect(() => step(2)).not.toThrow();
  });
  it('of columns too', () => {
    const columns = network('columns', [5], (x) => linear('fc', 2)(batchNorm('bn')(x)));
    expect(() => training(columns)).toThrow('BatchNorm of [1, 5] has one value a channel');
    expect(() => training(rebatch(columns, 2))).not.toThrow();
  });
  it('is none where stored statistics are read', () => {
    const weights = initialise(pooled, 1);
    const [logits] = evaluate([inference(pooled).output], (leaf) =>
      leaf.op === 'input'
        ? new Float64Array(108).fill(1)
        : Float64Array.from(weights.get(nameOf(leaf))!.data),
    );
    expect([...logits!].every(Number.isFinite)).toBe(true);
  });
  it('is the same error from every criterion that reads the batch, and none from the others', () => {
    const refused = METHODS.filter((m) => m !== 'imp' && m !== 'phew').filter((method) => {
      const criterion = criterionOf({ method });
      if (criterion.kind !== 'criterion') return false;
      try {
        roundPrograms(pooled, criterion, 1);
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'NETWORK', message: refusal });
        return true;
      }
    });
    expect(refused).toEqual(['snip', 'itersnip', 'force', 'grasp', 'prospr', 'ntk-sap']);
  });
});
