import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialise, type Weights } from '../../src/nn/weights.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import { tinyData, tinyNet } from './tiny.js';

/** No NaN is a result: argMax of NaN logits is a class all the same, so an accuracy alone would hide them. */
describe('values beyond float32', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu', { threads: 1 });
  });
  afterAll(() => device.dispose());

  const weights = initialise(tinyNet, 1);
  const filled = (name: string, value: number): Weights => {
    const { shape, data } = weights.get(name)!;
    return new Map(weights).set(name, { shape, data: data.map(() => value) });
  };
  const training = { epochs: 1, batch: 8, rate: { kind: 'oneCycle', rate: 0.1 } } as const;

  test.each(['test', 'train'] as const)('evaluation of the %s split refuses them', async (split) => {
    const huge = new Map([
      ...filled('conv1.weight', 3e38),
      ['conv2.weight', filled('conv2.weight', 3e38).get('conv2.weight')!],
    ]);
    await expect(evaluate(tinyNet, { weights: huge }, tinyData, device, split)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(
        new RegExp(
          `^evaluate: the loss on the ${split} split of 'tiny' is (NaN|Infinity); the weights drive`,
        ),
      ) as string,
    });
  });

  test('one infinite logit is enough', async () => {
    const bias = new Map(weights).set('fc.bias', { shape: [3], data: Float32Array.of(3e38, -3e38, 0) });
    await expect(evaluate(tinyNet, { weights: bias }, tinyData, device)).rejects.toMatchObject({
      code: 'NON_FINITE',
    });
  });

  test('a test within a training refuses them', async () => {
    // the steps take the statistics of their batches, so that only the test sees the mean
    const far = new Map([
      ...filled('bn1.running_mean', -3e38),
      ['bn1.weight', filled('bn1.weight', 1000).get('bn1.weight')!] as const,
    ]);
    await expect(fit(tinyNet, { weights: far }, tinyData, device, training)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(
        /^train: the loss on the test split after epoch 1 is (NaN|Infinity); lower the learning rate$/,
      ) as string,
    });
  });

  test('an infinite statistic, which makes a zero of every value, is no result either', async () => {
    // values of 1e19 and their mean are finite, their variance is not; one over its root is 0
    const { shape, data } = weights.get('conv1.weight')!;
    const steep = new Map(weights).set('conv1.weight', { shape, data: data.map((v) => 3e18 * v) });
    await expect(
      fit(tinyNet, { weights: steep }, tinyData, device, {
        ...training,
        rate: { kind: 'multiStep', rate: 1e-30, milestones: [] },
      }),
    ).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(
        /^train: 'bn1\.running_var' holds Infinity at \d after the last step; lower the learning rate$/,
      ) as string,
    });
  });

  test('an unknown split is named', async () => {
    await expect(evaluate(tinyNet, { weights }, tinyData, device, 'tset' as 'test')).rejects.toMatchObject({
      code: 'OPTION',
      message: "evaluate: split 'tset' is unknown; did you mean 'test'?",
    });
  });
});
