import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { conv2d, flatten, linear, refine, relu } from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { key, uniform } from '../../src/random.js';
import { size } from '../../src/tensor/tensor.js';
import { decode, encode, type StoredTensor, type StoredTensors } from '../../src/weights/safetensors.js';
import { decodeWeights, encodeWeights, type WeightsFile } from '../../src/weights/state-dict.js';

/** Weights files that hold live values and the gaps between their places. */

const METADATA = 'pathex-compact';

/** The file's own description of the form, in plain loops: what a reader elsewhere makes of it. */
const readElsewhere = ({ tensors, metadata }: StoredTensors): Record<string, StoredTensor> => {
  const { shapes } = JSON.parse(metadata[METADATA]!) as { shapes: Record<string, readonly number[]> };
  const state = { ...tensors };
  for (const [name, shape] of Object.entries(shapes)) {
    const values = tensors[`${name}_values`]!.data as Float32Array;
    const gaps = [...(tensors[`${name}_gaps`]!.data as Uint8Array)];
    let sum = 0;
    const sums = gaps.map((gap) => (sum += gap));
    const places = sums.filter((_, i) => gaps[i] !== 255);
    expect(places.length).toBe(values.length);
    const [data, mask] = [new Float32Array(size(shape)), new Uint8Array(size(shape))];
    places.forEach((place, i) => {
      data[place] = values[i]!;
      mask[place] = 1;
    });
    delete state[`${name}_values`];
    delete state[`${name}_gaps`];
    state[name] = { dtype: 'F32', shape, data };
    state[`${name}_mask`] = { dtype: 'U8', shape, data: mask };
  }
  return state;
};

/** What a file of the form holds where a dense one holds this. */
const pruned = (file: WeightsFile): WeightsFile['weights'] =>
  new Map(
    [...file.weights].map(([name, { shape, data }]) => {
      const mask = file.masks!.get(name);
      return [name, { shape, data: mask === undefined ? data : data.map((v, i) => (mask[i] === 1 ? v : 0)) }];
    }),
  );
/** Bits as text, under which -0 is not 0 and which compare at once. */
const textOf = (data: ArrayBufferView): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
const bitsOf = (values: ReadonlyMap<string, { readonly data: ArrayBufferView }>): Record<string, string> =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, textOf(data)]));
const maskBitsOf = (masks: ReadonlyMap<string, Uint8Array>): Record<string, string> =>
  bitsOf(new Map([...masks].map(([name, data]) => [name, { data }])));
const stateOf = (tensors: Record<string, StoredTensor>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [name, [dtype, shape, textOf(data)]]),
  );

const masksAt = (net: Network, density: number, seed: number): Map<string, Uint8Array> =>
  new Map(
    prunable(net).map((w, i) => [
      nameOf(w),
      Uint8Array.from(uniform(key(seed + i), size(w.shape)), (u) => (u < density ? 1 : 0)),
    ]),
  );

const resnet = resnetCifar({ depth: 20 }) as unknown as Network;
const small = network('small', [3, 4, 2], (x) =>
  pipe(x, conv2d('conv', 5, { kernel: 3 }), relu, flatten, linear('fc', 20)),
) as unknown as Network;

describe('a compact file', () => {
  test.each([0, 0.002, 0.018, 0.3, 1])('at density %d holds what is live, bit for bit', (density) => {
    for (const net of [resnet, small]) {
      const file: WeightsFile = {
        weights: initialise(net, 3),
        masks: masksAt(net, density, 7),
        metadata: { network: net.name, a: 'b' },
      };
      const bytes = encodeWeights(net, { ...file, form: 'compact' });
      const back = decodeWeights(bytes, net, 'f');
      expect(bitsOf(back.weights)).toEqual(bitsOf(pruned(file)));
      expect(maskBitsOf(back.masks!)).toEqual(maskBitsOf(file.masks!));
      expect(back.metadata).toEqual(file.metadata);
      expect(back.form).toBe('compact');
      expect(textOf(encodeWeights(net, back))).toBe(textOf(bytes));
      const dense = encodeWeights(net, { ...back, form: 'dense' });
      expect(decodeWeights(dense, net, 'f').form).toBe('dense');
      expect(stateOf(readElsewhere(decode(bytes, 'f')))).toEqual(stateOf(decode(dense, 'f').tensors));
    }
  });

  test('keeps zeros of both signs and the smallest numbers that are live', () => {
    const weights = new Map(initialise(small, 0));
    const data = weights.get('conv.weight')!.data.slice();
    data.set([-0, 0, 1e-45, -1e-45, 3.4028234663852886e38]);
    weights.set('conv.weight', { shape: [5, 3, 3, 2], data });
    const file = { weights, masks: masksAt(small, 1, 0), metadata: {}, form: 'compact' } as const;
    const back = decodeWeights(encodeWeights(small, file), small, 'f');
    expect(bitsOf(back.weights)).toEqual(bitsOf(weights));
    expect([...back.masks!.get('conv.weight')!]).toEqual(Array.from({ length: 90 }, () => 1));
  });

  test('steps over gaps of any length', () => {
    const wide = network('wide', [1100], (x) => pipe(x, linear('fc', 2))) as unknown as Network;
    const gapsOf = (...live: readonly number[]): readonly number[] => {
      const mask = new Uint8Array(2200);
      live.forEach((place) => (mask[place] = 1));
      const file = { weights: initialise(wide, 1), masks: new Map([['fc.weight', mask]]), metadata: {} };
      const bytes = encodeWeights(wide, { ...file, form: 'compact' });
      expect(decodeWeights(bytes, wide, 'f').masks).toEqual(file.masks);
      return [...(decode(bytes, 'f').tensors['fc.weight_gaps']!.data as Uint8Array)];
    };
    expect(gapsOf(0, 1, 2199)).toEqual([0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 158]);
    expect(gapsOf(254)).toEqual([254]);
    expect(gapsOf(255)).toEqual([255, 0]);
    expect(gapsOf(256, 511, 766)).toEqual([255, 1, 255, 0, 255, 0]);
    expect(gapsOf(510)).toEqual([255, 255, 0]);
    expect(gapsOf()).toEqual([]);
  });

  test('of a ResNet-20 at 98.2 % is a 25th of the dense one', () => {
    const file = { weights: initialise(resnet, 0), masks: masksAt(resnet, 0.018, 0), metadata: {} };
    const [dense, compact] = [
      encodeWeights(resnet, file),
      encodeWeights(resnet, { ...file, form: 'compact' }),
    ];
    expect(dense.length / compact.length).toBeGreaterThan(25);
  });

  test("counts places in PyTorch's order: [out, in, h, w], columns of an image by channel", () => {
    const masks = masksAt(small, 0, 0);
    // conv.weight is [o, h, w, i] = [5, 3, 3, 2] here: kernel 4, row 1, column 2, channel 1
    masks.get('conv.weight')![((4 * 3 + 1) * 3 + 2) * 2 + 1] = 1;
    // fc.weight is [20, (h, w, c) = (3, 4, 5)] here: row 0, then h 1, w 3, c 2
    masks.get('fc.weight')![(1 * 4 + 3) * 5 + 2] = 1;
    const file = { weights: initialise(small, 2), masks, metadata: {} };
    const { tensors } = decode(encodeWeights(small, { ...file, form: 'compact' }), 'f');
    expect(tensors['conv.weight_gaps']!.data).toEqual(Uint8Array.of(((4 * 2 + 1) * 3 + 1) * 3 + 2));
    expect(tensors['fc.weight_gaps']!.data).toEqual(Uint8Array.of((2 * 3 + 1) * 4 + 3));
    const dense = decode(encodeWeights(small, file), 'f').tensors;
    for (const name of ['conv.weight', 'fc.weight']) {
      const [place] = tensors[`${name}_gaps`]!.data as Uint8Array;
      expect(dense[`${name}_mask`]!.data[place!]).toBe(1);
      expect([...tensors[`${name}_values`]!.data]).toEqual([dense[name]!.data[place!]]);
    }
    expect(decodeWeights(encodeWeights(small, { ...file, form: 'compact' }), small, 'f').masks).toEqual(
      masks,
    );
  });

  test('is not written without masks, nor under names and metadata that it needs itself', () => {
    const weights = initialise(small, 0);
    const masks = masksAt(small, 0.5, 0);
    expect(() => encodeWeights(small, { weights, masks: null, metadata: {}, form: 'compact' })).toThrow(
      "weights of 'small': the compact form keeps live weights, and there are no masks; give masks, or leave form: 'compact' out",
    );
    for (const form of ['dense', 'compact'] as const)
      expect(() => encodeWeights(small, { weights, masks, metadata: { [METADATA]: '1' }, form })).toThrow(
        "weights of 'small': metadata 'pathex-compact' is what compact files are known by; give it another name",
      );
    const named = network('named', [4], (x) => {
      const y = linear('fc', 3)(x);
      const scale = ops.state('fc.weight_gaps', [3], {
        role: 'bias',
        init: { kind: 'constant', value: 1 },
      });
      return refine(ops.mul(y, ops.broadcast(scale, y.shape, [1])), [1, 3]);
    }) as unknown as Network;
    const file = { weights: initialise(named, 0), masks: masksAt(named, 0.5, 0), metadata: {} };
    expect(decodeWeights(encodeWeights(named, file), named, 'f').masks).toEqual(file.masks);
    expect(() => encodeWeights(named, { ...file, form: 'compact' })).toThrow(
      "weights of 'named': compact files keep the name 'fc.weight_gaps' for 'fc.weight'; leave form: 'compact' out, or give the other parameter another name",
    );
  });
});

describe('a compact file that is none is refused', () => {
  const sound = decode(
    encodeWeights(small, {
      weights: initialise(small, 0),
      masks: masksAt(small, 0.1, 5),
      metadata: {},
      form: 'compact',
    }),
    'f',
  );
  const shapes = { 'conv.weight': [5, 2, 3, 3], 'fc.weight': [20, 60] };
  const u8 = (...data: readonly number[]): StoredTensor => ({
    dtype: 'U8',
    shape: [data.length],
    data: Uint8Array.from(data),
  });
  const f32 = (...data: readonly number[]): StoredTensor => ({
    dtype: 'F32',
    shape: [data.length],
    data: Float32Array.from(data),
  });
  const f64: StoredTensor = { dtype: 'F64', shape: [2], data: new Float64Array(2) };
  const asMatrix: StoredTensor = { dtype: 'F32', shape: [1, 2], data: Float32Array.of(1, 2) };
  /** Without a tensor where it is null. */
  const read = (
    changes: Record<string, StoredTensor | null>,
    header: unknown = { version: 1, shapes },
  ): unknown => {
    const tensors = Object.fromEntries(
      Object.entries({ ...sound.tensors, ...changes }).flatMap(([name, t]) =>
        t === null ? [] : [[name, t]],
      ),
    );
    const text = typeof header === 'string' ? header : JSON.stringify(header);
    return decodeWeights(encode(tensors, { [METADATA]: text }), small, 'f');
  };

  test('and the one that these are made of is not', () => expect(read({})).toHaveProperty('form', 'compact'));

  test.each<readonly [string, Record<string, StoredTensor | null>, string]>([
    [
      'places beyond the end',
      { 'conv.weight_gaps': u8(0, 90), 'conv.weight_values': f32(1, 2) },
      "f: 'conv.weight' has a live value at place 90 of 90; places count from 0",
    ],
    [
      'places far beyond the end',
      { 'conv.weight_gaps': u8(...Array.from({ length: 5000 }, () => 255), 3), 'conv.weight_values': f32(1) },
      "f: 'conv.weight' has a live value at place 1275003 of 90; places count from 0",
    ],
    [
      'the same place twice',
      { 'conv.weight_gaps': u8(3, 4, 0), 'conv.weight_values': f32(1, 2, 3) },
      "f: 'conv.weight' has two live values at place 7; places must ascend",
    ],
    [
      'the first place twice',
      { 'conv.weight_gaps': u8(0, 0), 'conv.weight_values': f32(1, 2) },
      "f: 'conv.weight' has two live values at place 0; places must ascend",
    ],
    [
      'more values than places',
      { 'conv.weight_gaps': u8(3, 4), 'conv.weight_values': f32(1, 2, 3) },
      "f: 'conv.weight' has 3 live values and 2 places; both must be as many",
    ],
    [
      'more places than values',
      { 'fc.weight_gaps': u8(3, 4, 255, 1), 'fc.weight_values': f32(1) },
      "f: 'fc.weight' has 1 live values and 3 places; both must be as many",
    ],
    [
      'a gap behind the last place',
      { 'conv.weight_gaps': u8(3, 255), 'conv.weight_values': f32(1) },
      "f: 'conv.weight': its gaps end with 255, after which a place must come",
    ],
    ['no gaps', { 'conv.weight_gaps': null }, "f: 'conv.weight_gaps' is missing; is the file whole?"],
    ['no values', { 'fc.weight_values': null }, "f: 'fc.weight_values' is missing; is the file whole?"],
    [
      'gaps of another type',
      { 'conv.weight_gaps': { dtype: 'I32', shape: [1], data: Int32Array.of(1) } },
      "f: 'conv.weight_gaps' is I32[1]; a compact file has U8 with one axis there",
    ],
    [
      'values of another type',
      { 'conv.weight_values': f64 },
      "f: 'conv.weight_values' is F64[2]; a compact file has F32 with one axis there",
    ],
    [
      'values of two axes',
      { 'conv.weight_values': asMatrix },
      "f: 'conv.weight_values' is F32[1, 2]; a compact file has F32 with one axis there",
    ],
    [
      'values that are no numbers',
      { 'conv.weight_gaps': u8(3), 'conv.weight_values': f32(NaN) },
      "f: 'conv.weight' holds NaN at",
    ],
    [
      'the weight in both forms',
      { 'conv.weight': { dtype: 'F32', shape: [5, 2, 3, 3], data: new Float32Array(90) } },
      "f: 'conv.weight' is beside 'conv.weight_values'; a compact file has one of them",
    ],
    [
      'the mask in both forms',
      { 'fc.weight_mask': { dtype: 'U8', shape: [20, 60], data: new Uint8Array(1200) } },
      "f: 'fc.weight_mask' is beside 'fc.weight_values'; a compact file has one of them",
    ],
    ['a tensor of nothing', { 'other.weight_gaps': u8(1) }, "no parameter 'other.weight_gaps'"],
    ['a bias that is missing', { 'fc.bias': null }, "f: 'fc.bias' [20] of network 'small' is missing"],
  ])('%s', (_, changes, message) => expect(() => read(changes)).toThrow(message));

  test.each<readonly [string, unknown, string]>([
    [
      'a later version, whatever it holds',
      { version: 2, places: 'elsewhere' },
      "f: metadata 'pathex-compact': version 2, this pathex reads 1; read it with a later one, or take the dense file",
    ],
    [
      'a version of text',
      { version: '1', shapes },
      "f: metadata 'pathex-compact'.version: expected a whole number",
    ],
    ['no version', { shapes }, "f: metadata 'pathex-compact'.version: expected a whole number"],
    ['no JSON', 'yes', "f: metadata 'pathex-compact': not JSON"],
    ['a name twice', '{"version":1,"version":1,"shapes":{}}', "'version' is there twice"],
    [
      'shapes of a list',
      { version: 1, shapes: [[1]] },
      "f: metadata 'pathex-compact'.shapes: expected an object",
    ],
    [
      'a shape of text',
      { version: 1, shapes: { ...shapes, 'fc.weight': '20, 60' } },
      "f: metadata 'pathex-compact': shape of 'fc.weight': expected a list of whole numbers from 0 on, got \"20, 60\"",
    ],
    [
      'a shape that would fill all memory',
      { version: 1, shapes: { ...shapes, 'fc.weight': [94906265, 94906265] } },
      "f: 'fc.weight' is [94906265, 94906265], the network needs [20, 60]",
    ],
    [
      'the order of axes that we have',
      { version: 1, shapes: { ...shapes, 'conv.weight': [5, 3, 3, 2] } },
      "f: 'conv.weight' is [5, 3, 3, 2], the network needs [5, 2, 3, 3]",
    ],
    [
      'no shape',
      { version: 1, shapes: { 'fc.weight': [20, 60] } },
      "f: 'conv.weight' has no shape in metadata 'pathex-compact'; a compact file must have those of all prunable weights",
    ],
    [
      'a shape of what is not pruned',
      { version: 1, shapes: { ...shapes, 'fc.bias': [20] } },
      "f: the network has no prunable weight 'fc.bias'; is it another network's file?",
    ],
    [
      'a shape of what every object has',
      '{"version":1,"shapes":{"__proto__":[1]}}',
      "f: the network has no prunable weight '__proto__'",
    ],
  ])('%s', (_, header, message) => expect(() => read({}, header)).toThrow(message));

  test('the tensors alone, as tools copy them that leave metadata out', () => {
    expect(() => decodeWeights(encode(sound.tensors), small, 'f')).toThrow(
      "f: it has 'conv.weight_gaps' as a compact file, but no metadata 'pathex-compact'; copy the metadata along with the tensors",
    );
  });

  test("another network's", () => {
    const other = network('other', [3, 4, 2], (x) =>
      pipe(x, flatten, linear('fc', 20)),
    ) as unknown as Network;
    expect(() => decodeWeights(encode(sound.tensors, sound.metadata), other, 'f')).toThrow(
      "f: the network has no prunable weight 'conv.weight'; is it another network's file?",
    );
  });
});
