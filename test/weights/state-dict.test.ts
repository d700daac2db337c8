import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { conv2d, flatten, linear, relu } from '../../src/nn/layers.js';
import { network, parameters, prunable, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { isLearnt } from '../../src/graph/roles.js';
import { encode, type StoredTensor } from '../../src/weights/safetensors.js';
import { decodeWeights, encodeWeights } from '../../src/weights/state-dict.js';

/**
 * A ResNet-20 of PX's code: masked layers with float masks of everything, identity shortcuts with scales,
 * batch counters.
 */
const net = resnetCifar({ depth: 20 }) as unknown as Network;
const weights = initialise(net, 5);

const ones = (shape: readonly number[], value = 1): StoredTensor => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(value),
});
const outward = (shape: readonly number[]): readonly number[] => {
  const [o, h, w, i] = shape;
  return shape.length === 4 ? [o!, i!, h!, w!] : shape;
};

/** Blocks of ResNet-20 without a projection, and their channels. */
const IDENTITIES = [
  [0, 16],
  [1, 16],
  [2, 16],
  [4, 32],
  [5, 32],
  [7, 64],
  [8, 64],
] as const;

const pxFile = (): Record<string, StoredTensor> => {
  const tensors: Record<string, StoredTensor> = {};
  for (const leaf of parameters(net)) {
    const [name, shape] = [nameOf(leaf), outward(leaf.shape)];
    const base = ones(shape);
    // entry j of a stored tensor holds j / 1000, and every third is masked where it is prunable
    tensors[name] = {
      ...base,
      data: Float32Array.from(base.data as Float32Array, (_, j) => j / 1000),
    } as StoredTensor;
    if (isLearnt(leaf)) tensors[`${name}_mask`] = ones(shape);
    if (name.endsWith('running_var'))
      tensors[name.replace('running_var', 'num_batches_tracked')] = {
        dtype: 'I64',
        shape: [],
        data: BigInt64Array.of(391n),
      };
  }
  for (const w of prunable(net)) {
    const mask = tensors[`${nameOf(w)}_mask`]!.data as Float32Array;
    mask.forEach((_, j) => (mask[j] = j % 3 === 0 ? 0 : 1));
  }
  for (const [block, c] of IDENTITIES) {
    tensors[`blocks.${block}.shortcut.weight`] = ones([c, 1, 1]);
    tensors[`blocks.${block}.shortcut.weight_mask`] = ones([c, 1, 1]);
  }
  return tensors;
};
const read = (tensors: Record<string, StoredTensor>, of: Network = net): ReturnType<typeof decodeWeights> =>
  decodeWeights(encode(tensors), of, 'px.safetensors');
/** The file with one number changed. */
const changed = (name: string, at: number, value: number): Record<string, StoredTensor> => {
  const tensors = pxFile();
  (tensors[name]!.data as Float32Array)[at] = value;
  return tensors;
};

type Place = readonly [o: number, i: number, y: number, x: number];

describe("PX's own state dicts", () => {
  test('load: weights and masks in our layout', () => {
    const { weights: found, masks } = read(pxFile());
    // blocks.3.shortcut.0.weight [32, 16, 1, 1] and blocks.0.conv1.weight [16, 16, 3, 3] in OIHW; here OHWI
    const at = (...[o, i, y, x]: Place): number => ((o * 16 + i) * 3 + y) * 3 + x;
    const here = (...[o, i, y, x]: Place): number => ((o * 3 + y) * 3 + x) * 16 + i;
    const places: readonly Place[] = [
      [0, 0, 0, 0],
      [3, 7, 2, 1],
      [15, 15, 2, 2],
    ];
    for (const place of places) {
      expect(found.get('blocks.0.conv1.weight')!.data[here(...place)]).toBe(Math.fround(at(...place) / 1000));
      expect(masks!.get('blocks.0.conv1.weight')![here(...place)]).toBe(at(...place) % 3 === 0 ? 0 : 1);
    }
    expect([...masks!.keys()]).toEqual(prunable(net).map(nameOf));
    expect(masks!.get('fc.weight')).toEqual(
      Uint8Array.from({ length: 640 }, (_, j) => (j % 3 === 0 ? 0 : 1)),
    );
    expect([...found.keys()]).toEqual(parameters(net).map(nameOf));
  });

  test.each<readonly [string, number, number, string]>([
    [
      'conv.weight_mask',
      4,
      0.5,
      "'conv.weight_mask' holds 0.5 at 4; an entry of a mask is 1 (live) or 0 (pruned)",
    ],
    [
      'conv.weight_mask',
      4,
      NaN,
      "'conv.weight_mask' holds NaN at 4; an entry of a mask is 1 (live) or 0 (pruned)",
    ],
    [
      'fc.bias_mask',
      2,
      0,
      "'fc.bias_mask' prunes 1 of 10 numbers; here only weights of convolutions and linear layers have masks: multiply 'fc.bias' by its mask and leave the mask out",
    ],
    ['blocks.1.bn2.weight_mask', 0, 0, "'blocks.1.bn2.weight_mask' prunes 1 of 16 numbers"],
    [
      'blocks.5.shortcut.weight',
      3,
      0.9,
      "'blocks.5.shortcut.weight' scales an identity shortcut by 0.8999999761581421 at 3; network 'resnet20' adds it as it is",
    ],
    [
      'blocks.5.shortcut.weight_mask',
      0,
      0,
      "'blocks.5.shortcut.weight_mask' scales an identity shortcut by 0 at 0",
    ],
    [
      'bn.running_var',
      1,
      -1e-3,
      "'bn.running_var' holds -0.0010000000474974513 at 1; a running variance is 0 or more",
    ],
  ])('%s[%d] = %d is refused', (name, at, value, message) => {
    expect(() => read(changed(name, at, value))).toThrow(`px.safetensors: ${message}`);
  });

  test("scales where the network has no identity shortcut are another network's", () => {
    const unknown = (name: string, shape: readonly number[]): void => {
      expect(() => read({ ...pxFile(), [name]: ones(shape) }), name).toThrow(
        `px.safetensors: network 'resnet20' has no parameter '${name}'; is it another network's file?`,
      );
    };
    unknown('blocks.3.shortcut.weight', [32, 1, 1]); // a projection
    unknown('blocks.9.shortcut.weight', [64, 1, 1]); // no block
    unknown('shortcut.weight', [64, 1, 1]);
    unknown('blocks.0.conv3.weight', [16, 16, 3, 3]);
    const wide = { ...pxFile(), 'blocks.0.shortcut.weight': ones([32, 1, 1]) };
    expect(() => read(wide)).toThrow("has no parameter 'blocks.0.shortcut.weight'");
    const plain = network('plain', [8, 8, 3], (x) =>
      pipe(x, conv2d('blocks.0.conv1', 3, { kernel: 3 }), relu, flatten, linear('fc', 2)),
    ) as unknown as Network;
    const own = encode({
      'blocks.0.conv1.weight': ones([3, 3, 3, 3]),
      'fc.weight': ones([2, 192]),
      'fc.bias': ones([2]),
      'blocks.0.shortcut.weight': ones([3, 1, 1]),
    });
    expect(() => decodeWeights(own, plain, 'f')).toThrow(
      "f: network 'plain' has no parameter 'blocks.0.shortcut.weight'",
    );
  });

  test('some masks are not all masks', () => {
    const tensors = pxFile();
    delete tensors['fc.weight_mask'];
    expect(() => read(tensors)).toThrow('px.safetensors: 21 of 22 weights have a mask; all or none must');
  });
});

describe('our own files', () => {
  const masks = new Map(
    prunable(net).map((w) => [
      nameOf(w),
      Uint8Array.from(weights.get(nameOf(w))!.data, (v) => (v > 0 ? 1 : 0)),
    ]),
  );
  test('come back as they were', () => {
    const back = decodeWeights(encodeWeights(net, { weights, masks, metadata: { a: 'b' } }), net, 'f');
    expect(back.weights).toEqual(weights);
    expect(back.masks).toEqual(masks);
    expect(back.metadata).toEqual({ a: 'b' });
  });
  test('are not written with masks of some weights, or weights of another shape', () => {
    const some = new Map([...masks].slice(1));
    expect(() => encodeWeights(net, { weights, masks: some, metadata: {} })).toThrow(
      "masks of 'resnet20': 'conv.weight' of network 'resnet20' is missing",
    );
    const odd = new Map(weights).set('fc.bias', { shape: [5], data: new Float32Array(5) });
    expect(() => encodeWeights(net, { weights: odd, masks: null, metadata: {} })).toThrow(
      "weights of 'resnet20': 'fc.bias' is [5], network 'resnet20' needs [10]",
    );
    const spoilt = new Map(weights).set('fc.bias', { shape: [10], data: new Float32Array(10).fill(NaN) });
    expect(() => encodeWeights(net, { weights: spoilt, masks: null, metadata: {} })).toThrow(
      "weights of 'resnet20': 'fc.bias' holds NaN at 0; weights must be finite",
    );
  });
  test('whose mask is not of 0 and 1 are refused', () => {
    const tensors: Record<string, StoredTensor> = {
      ...pxFile(),
      'conv.weight_mask': { dtype: 'U8', shape: [16, 3, 3, 3], data: new Uint8Array(432).fill(7) },
    };
    expect(() => read(tensors)).toThrow(
      "'conv.weight_mask' holds 7 at 0; an entry of a mask is 1 (live) or 0 (pruned)",
    );
    tensors['conv.weight_mask'] = { dtype: 'I32', shape: [16, 3, 3, 3], data: new Int32Array(432) };
    expect(() => read(tensors)).toThrow("'conv.weight_mask' has dtype I32, which does not fit");
  });
});
