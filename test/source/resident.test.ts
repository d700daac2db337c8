import { describe, expect, test } from 'vitest';
import { program } from '../../src/program/program.js';
import { fold, integers, key } from '../../src/random.js';
import { openDevice } from '../../src/runtime/open.js';
import { augmentation } from '../../src/source/batches.js';
import { resident, type ResidentOptions } from '../../src/source/resident.js';
import { initialise } from '../../src/nn/weights.js';
import { fit } from '../../src/train/fit.js';
import { segmentation } from '../../src/task/segmentation.js';
import { regression } from '../../src/task/regression.js';
import { tinyNet } from '../train/tiny.js';

const [H, W, COUNT, IGNORE] = [5, 4, 6, 255] as const;
const own = fold(key(3), 'resident');
const bytes = Uint8Array.from(integers(fold(own, 'images'), COUNT * H * W * 2, 256));
const map = Uint8Array.from(integers(fold(own, 'map'), COUNT * H * W, 4), (v) => (v === 3 ? IGNORE : v));
const numbers = Float32Array.from(integers(fold(own, 'numbers'), COUNT * 2, 100));
const kind = Int32Array.from(integers(fold(own, 'kind'), COUNT, 7));
const half = { count: COUNT, images: bytes, targets: { map, numbers, kind } };
const options: ResidentOptions<readonly [5, 4, 2]> = {
  name: 'arrays',
  sample: [H, W, 2],
  targets: {
    map: { kind: 'classes', shape: [H, W], classes: 3, ignore: IGNORE },
    numbers: { kind: 'values', shape: [2] },
    kind: { kind: 'classes', shape: [], classes: 7 },
  },
  train: half,
  test: half,
  mean: [0.5, 0.25],
  std: [0.5, 1],
  augment: { pad: 2, flip: true },
};

describe.each(['reference', 'cpu'] as const)('a resident source on %s', (name) => {
  test('moves the classes of pixels with their image; what comes in from outside is ignored', async () => {
    const device = await openDevice(name);
    const { train } = resident(options);
    const { images, targets } = train.batch(4);
    const executable = await device.compile(program('read', { outputs: { images, ...targets } }));
    const store = device.store();
    for (const { name: state, type, values } of train.resident) await store.add(state, type, values);
    const index = Int32Array.of(5, 0, 3, 3);
    const draw = { key: key(1), epoch: 2, step: 7 };
    const out = await executable.run(store, await train.inputs(index, draw));
    const rows = augmentation(draw.key, 2, 7, 4, { pad: 2, flip: true });
    expect(new Set(rows).size).toBeGreaterThan(2); // it shifts
    for (let i = 0; i < 4; i++) {
      for (let y = 0; y < H; y++) {
        for (let x = 0; x < W; x++) {
          const column = rows[3 * i + 2] === 1 ? W - 1 - x : x;
          const [fromY, fromX] = [y + rows[3 * i]!, column + rows[3 * i + 1]!];
          const isInside = fromY >= 0 && fromY < H && fromX >= 0 && fromX < W;
          const from = (index[i]! * H + fromY) * W + fromX;
          const to = (i * H + y) * W + x;
          expect(out['map']![to]).toBe(isInside ? map[from] : IGNORE);
          const [red, green] = isInside ? [bytes[2 * from]!, bytes[2 * from + 1]!] : [0, 0];
          expect(out['images']![2 * to]).toBeCloseTo((red / 255 - 0.5) / 0.5, 5);
          expect(out['images']![2 * to + 1]).toBeCloseTo(green / 255 - 0.25, 5);
        }
      }
      expect(Array.from(out['numbers']!.slice(2 * i, 2 * i + 2))).toEqual(
        Array.from(numbers.slice(2 * index[i]!, 2 * index[i]! + 2)),
      );
      expect(out['kind']![i]).toBe(kind[index[i]!]);
    }
    executable.dispose();
    store.dispose();
    await device.dispose();
  });
});

describe('what is wrong with a source is said before anything runs', () => {
  const device = openDevice('reference');
  const train = async (source: object, more: object = {}): Promise<unknown> =>
    fit(tinyNet as never, { weights: initialise(tinyNet, 0) }, source as never, await device, {
      epochs: 1,
      batch: 2,
      rate: { kind: 'constant', rate: 0.1 },
      ...more,
    });
  const classes = (values: Partial<ResidentOptions>): ResidentOptions => ({
    name: 'arrays',
    sample: [6, 6, 3],
    targets: { labels: { kind: 'classes', shape: [], classes: 3 } },
    train: { count: 2, images: new Uint8Array(216), targets: { labels: new Int32Array(2) } },
    test: { count: 2, images: new Uint8Array(216), targets: { labels: new Int32Array(2) } },
    ...values,
  });
  const split = (values: object): ResidentOptions['train'] => ({
    count: 2,
    images: new Uint8Array(216),
    targets: { labels: new Int32Array(2) },
    ...values,
  });
  test.each<[string, ResidentOptions, object, string]>([
    [
      'a label too large',
      classes({ test: split({ targets: { labels: Int32Array.of(0, 3) } }) }),
      {},
      "test: targets 'labels': label 3 at 1; labels run from 0 to 2",
    ],
    [
      'too few images',
      classes({ train: split({ images: new Uint8Array(215) }) }),
      {},
      '215 numbers, 2 images [6, 6, 3] have 216',
    ],
    [
      'a target that is missing',
      classes({ train: split({ targets: {} }) }),
      {},
      "targets 'labels' are missing",
    ],
    ['another size', classes({ sample: [3, 12, 3] }), {}, 'takes images [6, 6, 3], arrays has [3, 12, 3]'],
    [
      'another width',
      classes({ targets: { labels: { kind: 'classes', shape: [], classes: 4 } } }),
      {},
      'arrays has 4 classes; give the classifier that width',
    ],
    [
      'an answer of another kind',
      classes({}),
      { task: segmentation() },
      'segmentation: the network answers [3] for an image',
    ],
    [
      'targets that the task needs',
      classes({}),
      { task: regression() },
      "regression: it needs targets 'values', arrays has labels",
    ],
    ['an augmentation beside the source', classes({}), { augment: null }, 'give it to the source'],
  ])('%s', async (_, given, more, message) => {
    await expect(train(resident(given), more)).rejects.toThrow(message);
  });

  test('numbers are not augmented', () => {
    const real = split({ images: new Float32Array(216) });
    expect(() => resident(classes({ train: real, test: real, augment: { pad: 1, flip: false } }))).toThrow(
      'the images are numbers [6, 6, 3]; leave it out',
    );
  });
});

describe('types of targets that make no sense are refused', () => {
  const classes = { kind: 'classes', shape: [H, W], classes: 3 };
  test.each([
    ['a label to ignore that no byte holds', { ...classes, ignore: 300 }],
    ['one below zero', { ...classes, ignore: -1 }],
    ['one between', { ...classes, ignore: 1.5 }],
    ['one that is text', { ...classes, ignore: '255' }],
    ['no classes', { ...classes, classes: undefined }],
    ['classes that are no number', { ...classes, classes: NaN }],
    ['a shape below zero', { ...classes, shape: [H, -1] }],
    ['a shape of text', { ...classes, shape: ['5', '4'] }],
    ['values of classes', { kind: 'values', shape: [], classes: 3 }],
    ['a word that no type has', { ...classes, ignored: 255 }],
    ['a number', 5],
    ['null', null],
  ])('%s', (_, map) => {
    const given = { ...options, targets: { map } } as unknown as typeof options;
    expect(() => resident(given)).toThrow(
      expect.objectContaining({
        code: 'OPTION',
        message: expect.stringContaining('targets: map') as string,
      }) as Error,
    );
  });
});
