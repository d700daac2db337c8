import { describe, expect, test } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { openDevice } from '../../src/runtime/open.js';
import { confusionMatrix, meanIoU, pixelAccuracy, segmentation } from '../../src/task/segmentation.js';

describe('the confusion matrix', () => {
  const logits = [3, 1, 0, 0, 2, 1, 1, 0, 5, 9, 1, 1]; // answers 0, 1, 2, 0
  test.each(['reference', 'cpu'] as const)('counts pairs of answer and label on %s', async (kind) => {
    const device = await openDevice(kind);
    const z = ops.input('logits', [2, 1, 2, 3]);
    const labels = ops.input('labels', [2, 1, 2], 'i32');
    const weights = ops.input('weights', [2]);
    const p = program('confusion', {
      outputs: { once: confusionMatrix(z, labels, null), weighted: confusionMatrix(z, labels, weights) },
    });
    const executable = await device.compile(p);
    const out = await executable.run(device.store(), { logits, labels: [0, 2, 255, 0], weights: [1, 0] });
    // rows are answers, columns labels; the pixel that answers 2 has a label of no class
    expect(Array.from(out['once']!)).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(Array.from(out['weighted']!)).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0]);
    executable.dispose();
    await device.dispose();
  });

  test.each(['reference', 'cpu'] as const)(
    'a label to ignore counts nowhere, though it be a class, on %s',
    async (kind) => {
      const device = await openDevice(kind);
      const z = ops.input('logits', [2, 1, 2, 3]);
      const labels = ops.input('labels', [2, 1, 2], 'i32');
      const { measures } = segmentation({ ignore: 0 });
      const p = program('confusion', { outputs: measures(z, { labels }, null) });
      const executable = await device.compile(p);
      const out = await executable.run(device.store(), { logits, labels: [0, 2, 1, 0] });
      expect(Array.from(out['confusion']!)).toEqual([0, 0, 0, 0, 0, 1, 0, 1, 0]);
      executable.dispose();
      await device.dispose();
    },
  );

  test('its meanings leave out classes that never occur', () => {
    // class 0: 6 of 6 + 2 + 1; class 1: 3 of 3 + 2 + 1; class 2 nowhere
    const confusion = [6, 2, 0, 1, 3, 0, 0, 0, 0];
    expect(meanIoU(confusion)).toBeCloseTo((6 / 9 + 3 / 6) / 2, 12);
    expect(pixelAccuracy(confusion)).toBeCloseTo(9 / 12, 12);
    expect(meanIoU([0, 0, 0, 0])).toBeNaN();
  });

  test('an answer that is no map of classes is refused', () => {
    expect(() => segmentation().targets([10] as never)).toThrow('give it an answer [height, width, classes]');
  });
});
