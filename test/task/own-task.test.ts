import { describe, expect, test } from 'vitest';
import { mean } from '../../src/nn/loss.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { openDevice } from '../../src/runtime/open.js';
import { datasetSource } from '../../src/source/dataset-source.js';
import type { Source } from '../../src/source/source.js';
import { classification } from '../../src/task/classification.js';
import { sgd } from '../../src/train/optimisers/sgd.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import type { FitOptions } from '../../src/train/fit-options.js';
import { tinyData, tinyNet } from '../train/tiny.js';

const weights = initialise(tinyNet, 0);
const usual = classification();
const options: FitOptions = { epochs: 1, batch: 8, rate: { kind: 'constant', rate: 0.01 } };

describe('a task of plain JavaScript is refused by name where', () => {
  test.each([
    ['its loss is missing', { loss: () => undefined }, 'what loss returns is missing'],
    ['its loss is a number', { loss: () => 3 }, 'what loss returns 3 is not a tensor'],
    [
      // the last batch of an evaluation is filled up, which a mean could not leave out
      'its loss is a mean already',
      { loss: (...of: Parameters<typeof usual.loss>) => mean(usual.loss(...of) as never) },
      'return f32 with one row for each image',
    ],
    [
      'its weights have no batch',
      { loss: () => ({ values: ops.scalar(1), weights: ops.scalar(1) }) },
      'what loss returns as values',
    ],
    ['it measures nothing', { measures: () => undefined }, 'what measures returns is nothing'],
    ['it measures a number', { measures: () => ({ a: 1 }) }, "what measures returns as 'a'"],
    ['a measure has the name of the loss', { measures: () => ({ loss: ops.scalar(1) }) }, "'loss' is the"],
    [
      'a measure has the name of its divisor',
      { measures: () => ({ divisor: ops.scalar(1) }) },
      "'divisor' is the",
    ],
    ['it reports nothing', { report: () => undefined }, 'what report returns is nothing'],
    ['it reports words', { report: () => ({ a: 'high' }) }, 'return an object of numbers'],
    ['it needs nothing', { targets: () => undefined }, 'what targets returns is nothing'],
    ['it has no settings', { settings: null }, 'is not a task'],
  ])('%s', async (_, own, message) => {
    const device = await openDevice('cpu');
    const task = { ...usual, ...own } as typeof usual;
    const trained = fit(tinyNet, { weights }, tinyData, device, { ...options, task });
    await expect(trained).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringContaining(message) as string,
    });
    const evaluated = evaluate(tinyNet, { weights }, tinyData, device, 'test', { task });
    await expect(evaluated).rejects.toMatchObject({ code: 'OPTION' });
    await device.dispose();
  });
});

describe('optimisers and sources of plain JavaScript are refused where a member is missing', () => {
  test.each([
    ['no name', { name: undefined }],
    ['no settings', { settings: null }],
    ['updates that are none', { update: () => 5 }],
    ['updates without a next value', { update: () => [[ops.scalar(1)]] }],
  ])('an optimiser with %s', async (_, own) => {
    const device = await openDevice('cpu');
    const optimiser = { ...sgd(), ...own } as never;
    const trained = fit(tinyNet, { weights }, tinyData, device, { ...options, optimiser });
    await expect(trained).rejects.toMatchObject({ code: 'OPTION' });
    await device.dispose();
  });

  test.each(['train', 'test', 'targets', 'sample', 'check', 'digest', 'augmentation'] as const)(
    'a source with no %s',
    async (member) => {
      const device = await openDevice('cpu');
      const source = { ...datasetSource(tinyData, null), [member]: null } as unknown as Source<
        readonly [6, 6, 3]
      >;
      const trained = fit(tinyNet, { weights }, source, device, options);
      await expect(trained).rejects.toMatchObject({ code: 'OPTION' });
      await device.dispose();
    },
  );
});
