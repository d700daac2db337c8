import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDataset, checkMinibatch } from '../../src/source/check.js';
import { epochOrder, augmentation, batches, noAugmentation } from '../../src/source/batches.js';
import { normalise, perClass, subset, type Dataset, type Split } from '../../src/source/dataset.js';
import { initialise } from '../../src/nn/weights.js';
import { prune, type Minibatch } from '../../src/prune/prune.js';
import { pruningSplit, type PruningSplitOptions } from '../../src/prune/pruning-split.js';
import { key } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit } from '../../src/train/fit.js';
import { trainStep } from '../../src/train/programs.js';
import { tinyData, tinyNet } from '../train/tiny.js';

type Tiny = typeof tinyData;
const labelled = (split: Split, labels: unknown): Split => ({ ...split, labels: labels as Int32Array });
const pictured = (split: Split, images: unknown): Split => ({ ...split, images: images as Uint8Array });
const withTrain = (train: Split): Tiny => ({ ...tinyData, train });
const { train } = tinyData;

/** One label set wrong among right ones. */
const wrong = (label: number): Int32Array => train.labels.map((l, i) => (i === 17 ? label : l));

describe('labels', () => {
  test.each([255, -1, 1_000_000_000, 3])('%d of three classes is named with its image', (label) => {
    expect(() => checkDataset(withTrain(labelled(train, wrong(label))))).toThrow(
      `data 'tiny', train: label ${label} at image 17; labels run from 0 to 2; correct it, or leave the image out`,
    );
  });
  test('that count from 1 are said to', () => {
    const fromOne = train.labels.map((l) => l + 1);
    expect(() => checkDataset(withTrain(labelled(train, fromOne)))).toThrow(
      `label 3 at image ${fromOne.indexOf(3)}; labels run from 0 to 2; they count from 1: take 1 off each`,
    );
  });
  test.each([
    ['floats', Float32Array.from(train.labels, (l) => l + 0.5), 'labels are a Float32Array object'],
    ['a plain array', Array.from(train.labels), 'labels are an array of 48'],
    ['bytes', Uint8Array.from(train.labels), 'labels are a Uint8Array object'],
    ['too few', train.labels.slice(1), 'labels are 47 labels'],
    ['nothing', undefined, 'labels are nothing'],
  ])('%s are no labels', (_, labels, message) => {
    expect(() => checkDataset(withTrain(labelled(train, labels)))).toThrow(
      `data 'tiny', train: ${message}; give an Int32Array of 48, one for each image`,
    );
  });
});

describe('images', () => {
  test.each([
    ['pixels in [0, 1]', Float32Array.from(train.images, (v) => v / 255)],
    ['values beyond a byte', Int16Array.from(train.images, (v) => 2 * v - 128)],
    ['a plain array', Array.from(train.images)],
  ])('%s are not bytes', (_, images) => {
    expect(() => checkDataset(withTrain(pictured(train, images)))).toThrow(
      /^data 'tiny', train: images are (a Float32Array object|a Int16Array object|an array of 5184); give a Uint8Array of bytes from 0 to 255/,
    );
  });
  test('a clamped array and a Buffer hold bytes', () => {
    checkDataset(withTrain(pictured(train, Uint8ClampedArray.from(train.images))));
    checkDataset(withTrain(pictured(train, Buffer.from(train.images))));
  });
  test('of another number or size do not fit', () => {
    expect(() => checkDataset(withTrain({ ...train, count: 47, labels: train.labels.slice(1) }))).toThrow(
      "data 'tiny', train: 5184 bytes are not a whole number for each of 47 images",
    );
    expect(() => checkDataset({ ...tinyData, width: 5 } as unknown as Tiny)).toThrow(
      "data 'tiny', train: 5184 bytes, 48 images of 6 x 5 x 3 have 4320; lay them out [count, height, width, channels]",
    );
    const none = { images: new Uint8Array(0), labels: new Int32Array(0), count: 0 };
    expect(() => checkDataset({ ...tinyData, test: none })).toThrow(
      "data 'tiny', test: it has no image; give at least one",
    );
    checkDataset({ ...tinyData, test: none }, ['train']); // which is not read
  });
});

describe('constants of a data set', () => {
  test.each<readonly [Partial<Record<keyof Dataset, unknown>>, string]>([
    [{ std: [0.1, 0, 0.1] }, 'std[1] is 0; it must be above 0 (1 leaves the channel unscaled)'],
    [{ std: [0.1, 0.1, -0.1] }, 'std[2] is -0.1; it must be above 0 (1 leaves the channel unscaled)'],
    [{ std: [NaN, 0.1, 0.1] }, 'std[0] is NaN; it must be a finite number'],
    [{ std: [0.1] }, 'std is [0.1]; give 3 numbers, one for each channel'],
    [{ std: [1e-40, 1, 1] }, 'mean[0] 0.45 over std[0] 1e-40 is beyond float32; correct them'],
    [{ mean: [0, Infinity, 0] }, 'mean[1] is Infinity; it must be a finite number'],
    [{ mean: [0, '0', 0] }, "mean[1] is '0'; it must be a finite number"],
    [{ mean: undefined }, 'mean is nothing; give 3 numbers, one for each channel'],
    [
      { mean: [114, 114, 114], std: [38, 38, 38] },
      'mean[0] is 114 and std[0] 38; they are of pixels scaled to [0, 1]: divide those of bytes by 255',
    ],
    [
      { std: [0.15, 38, 0.15] },
      'mean[1] is 0.45 and std[1] 38; they are of pixels scaled to [0, 1]: divide those of bytes by 255',
    ],
    [{ height: 6.5 }, 'height 6.5 is not a positive whole number'],
    [{ channels: '3' }, "channels '3' is not a positive whole number"],
    [{ classes: 0 }, 'classes 0 is not a positive whole number'],
  ])('%j', (change, message) => {
    // what TypeScript would refuse, a script may give
    const changed = { ...tinyData, ...change } as unknown as Tiny;
    expect(() => checkDataset(changed)).toThrow(`data 'tiny': ${message}`);
    expect(() => trainStep(tinyNet, changed, { split: 'train', count: 48 }, 8)).toThrow(
      `data 'tiny': ${message}`,
    );
    expect(() => pruningSplit(changed, { examples: 2 })).toThrow(`data 'tiny': ${message}`);
  });
});

test('names of classes are as many as classes', () => {
  expect(() => checkDataset({ ...tinyData, classNames: ['r', 'g'] })).toThrow(
    "data 'tiny': classNames is an array of 2; give 3 names, one for each class",
  );
});

describe('whoever calls', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu', { threads: 1 });
  });
  afterAll(() => device.dispose());
  const weights = initialise(tinyNet, 1);
  const training = { epochs: 1, batch: 8, rate: { kind: 'oneCycle', rate: 0.1 } } as const;
  const snip = (data: readonly Minibatch[]): Promise<unknown> =>
    prune(tinyNet, weights, device, { method: 'snip', density: 0.5, data });
  const minibatch = pruningSplit(tinyData, { examples: 4 })[0]!;

  test('mean and deviation may be typed arrays', async () => {
    const typed = {
      ...tinyData,
      mean: Float64Array.from(tinyData.mean),
      std: Float64Array.from(tinyData.std),
    } as unknown as Tiny;
    const found = await evaluate(tinyNet, { weights }, typed, device);
    expect(found).toEqual(await evaluate(tinyNet, { weights }, tinyData, device));
  });

  test('fit and evaluate refuse labels and images that are none', async () => {
    const reason = { code: 'DATA', message: expect.stringContaining('label 255 at image 17') as string };
    const bad = withTrain(labelled(train, wrong(255)));
    await expect(fit(tinyNet, { weights }, bad, device, training)).rejects.toMatchObject(reason);
    await expect(evaluate(tinyNet, { weights }, bad, device, 'train')).rejects.toMatchObject(reason);
    expect((await evaluate(tinyNet, { weights }, bad, device)).accuracy).toBeGreaterThan(0); // the test split is sound
    const floats = withTrain(
      pictured(
        train,
        Float32Array.from(train.images, (v) => v / 255),
      ),
    );
    await expect(fit(tinyNet, { weights }, floats, device, training)).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('give a Uint8Array of bytes') as string,
    });
    await expect(
      prune(tinyNet, weights, device, { method: 'imp', density: 0.5, rounds: 1, dataset: bad, training }),
    ).rejects.toMatchObject(reason);
  });

  test('snip refuses what is no minibatch of the network', async () => {
    const labels = minibatch.labels.map((l, i) => (i === 4 ? 255 : l));
    await expect(snip([{ ...minibatch, labels }])).rejects.toMatchObject({
      code: 'DATA',
      message:
        'prune: minibatch 0: label 255 at image 4; labels run from 0 to 2; correct it, or leave the image out',
    });
    const bytes = Uint8Array.from(minibatch.images) as unknown as Float32Array;
    await expect(snip([{ ...minibatch, images: bytes }])).rejects.toMatchObject({
      code: 'DATA',
      message:
        'prune: minibatch 0: images are bytes; give a Float32Array of normalised pixels, as normalise(split, indices, mean, std) makes it',
    });
    const images = minibatch.images.map((v, i) => (i === 110 ? NaN : v));
    await expect(snip([minibatch, { ...minibatch, images }])).rejects.toMatchObject({
      code: 'DATA',
      message: 'prune: minibatch 1: image 1 holds NaN at 2; pixels must be finite',
    });
    await expect(snip([null as unknown as Minibatch])).rejects.toMatchObject({ code: 'OPTION' });
    await expect(snip(minibatch as unknown as Minibatch[])).rejects.toMatchObject({ code: 'OPTION' });
  });

  test('labels may be anything where they are not read', () => {
    const unknown = { ...minibatch, labels: minibatch.labels.map(() => -1) };
    const shape = { images: 12, sample: 108 };
    checkMinibatch('minibatch', unknown, { ...shape, classes: null });
    expect(() => checkMinibatch('minibatch', unknown, { ...shape, classes: 3 })).toThrow(
      'label -1 at image 0',
    );
  });

  test('draws and subsets refuse labels, images and numbers that are none', () => {
    expect(() => perClass(labelled(train, wrong(7)), 3, 2, key(1))).toThrow('perClass: label 7 at image 17');
    expect(() => perClass(train, 3, 2.5, key(1))).toThrow(
      'perClass: examples 2.5 is not an integer from 0 on',
    );
    expect(() => perClass(train, NaN, 2, key(1))).toThrow('perClass: classes NaN is not a positive integer');
    const floats = pictured(train, Float32Array.from(train.images));
    expect(() => subset(floats, [0])).toThrow('subset: images are a Float32Array object');
    expect(() => normalise(floats, [0], [0, 0, 0], [1, 1, 1])).toThrow(
      'normalise: images are a Float32Array',
    );
    expect(() => subset(train, [0.5])).toThrow('subset: image 0.5 of 48');
    expect(() => subset(train, 3 as unknown as number[])).toThrow(
      'subset: indices 3 is not an array of numbers',
    );
    expect(() => normalise(train, [0], [0, 0, 0], [1, 0, 1])).toThrow('normalise: std[1] is 0');
    expect(() => normalise(train, [0], [0, NaN, 0], [1, 1, 1])).toThrow('normalise: mean[1] is NaN');
  });

  test.each<readonly [PruningSplitOptions, string]>([
    [{ examples: 0 }, 'pruningSplit: examples 0 is not a positive integer'],
    [{ examples: 2, batch: 7 }, 'pruningSplit: batch 7 of 6 images leaves no minibatch'],
    [{ examples: 2, batch: NaN }, 'pruningSplit: batch NaN is not a positive integer'],
  ])('a pruning split of %j is none', (options, message) => {
    expect(() => pruningSplit(tinyData, options)).toThrow(message);
  });

  test('orders, shifts and batches take whole numbers alone', () => {
    const standard = { pad: 4, flip: true };
    expect(() => epochOrder(key(1), 0.5, 10)).toThrow('epochOrder: epoch must be a whole number');
    expect(() => epochOrder(key(1), 0, NaN)).toThrow('epochOrder: count must be a whole number');
    expect(() => augmentation(key(1), 0, -1, 4, standard)).toThrow(
      'augmentation: step must be a whole number',
    );
    expect(() => augmentation(key(1), 0, 0, 4, { pad: 4, flip: 'no' as unknown as boolean })).toThrow(
      "augmentation: flip must be true or false, got 'no'",
    );
    expect(() => batches(NaN, 4, { dropLast: false })).toThrow('batches: count must be a whole number');
    expect(() => noAugmentation(-1)).toThrow('noAugmentation: batch must be a whole number');
  });
});
