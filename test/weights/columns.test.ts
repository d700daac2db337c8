import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { decodeGraph, encodeGraph } from '../../src/graph/codec.js';
import { nameOf, rewrite, withInputs } from '../../src/graph/graph.js';
import {
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  refine,
  relu,
} from '../../src/nn/layers.js';
import { network, networkOf, parameters, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { evaluate } from '../../src/runtime/reference.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { inference } from '../../src/transform/readings.js';
import { columnsOf } from '../../src/weights/columns.js';
import { decode } from '../../src/weights/safetensors.js';
import { decodeWeights, encodeWeights } from '../../src/weights/state-dict.js';

/**
 * What PyTorch's layers mean, in plain loops over one sample: values in row-major order under [c, h, w] or
 * [columns].
 */
interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Dict = (name: string) => Value;

const torch = (dict: Dict) => {
  const linearOf =
    (name: string) =>
    ({ data }: Value): Value => {
      const [w, b] = [dict(`${name}.weight`), dict(`${name}.bias`)];
      const [out, columns] = w.shape as [number, number];
      expect(data.length).toBe(columns);
      const sum = (o: number): number =>
        data.reduce((s, x, k) => s + x * w.data[o * columns + k]!, b.data[o]!);
      return { shape: [out], data: Array.from({ length: out }, (_, o) => sum(o)) };
    };
  const conv =
    (name: string) =>
    ({ shape: [c, h, w], data }: Value): Value => {
      const kernel = dict(`${name}.weight`);
      const [out, , k] = kernel.shape as [number, number, number];
      const y: number[] = [];
      const edge = (k - 1) / 2;
      for (let o = 0; o < out; o++)
        for (let i = 0; i < h!; i++)
          for (let j = 0; j < w!; j++) {
            let s = 0;
            for (let a = 0; a < c!; a++)
              for (let p = 0; p < k; p++)
                for (let q = 0; q < k; q++) {
                  const [r, t] = [i + p - edge, j + q - edge];
                  if (r >= 0 && r < h! && t >= 0 && t < w!)
                    s += data[(a * h! + r) * w! + t]! * kernel.data[((o * c! + a) * k + p) * k + q]!;
                }
            y.push(s);
          }
      return { shape: [out, h!, w!], data: y };
    };
  const norm =
    (name: string) =>
    (x: Value): Value => {
      const of = (part: string, k: number): number => dict(`${name}.${part}`).data[k]!;
      const each = x.data.length / x.shape[0]!;
      const data = x.data.map((v, i) => {
        const k = Math.floor(i / each);
        const scale = of('weight', k) / Math.sqrt(of('running_var', k) + 1e-5);
        return (v - of('running_mean', k)) * scale + of('bias', k);
      });
      return { ...x, data };
    };
  const pool =
    (f: (xs: readonly number[]) => number) =>
    ({ shape: [c, h, w], data }: Value): Value => {
      const y: number[] = [];
      for (let a = 0; a < c!; a++)
        for (let i = 0; i < h! / 2; i++)
          for (let j = 0; j < w! / 2; j++) {
            const at = (a * h! + 2 * i) * w! + 2 * j;
            y.push(f([at, at + 1, at + w!, at + w! + 1].map((k) => data[k]!)));
          }
      return { shape: [c!, h! / 2, w! / 2], data: y };
    };
  return {
    linear: linearOf,
    conv,
    norm,
    relu: (x: Value): Value => ({ ...x, data: x.data.map((v) => Math.max(v, 0)) }),
    maxPool: pool((xs) => Math.max(...xs)),
    averagePool: pool((xs) => xs.reduce((s, v) => s + v, 0) / 4),
    globalPool: ({ shape: [c, h, w], data }: Value): Value => ({
      shape: [c!],
      data: Array.from(
        { length: c! },
        (_, a) => data.slice(a * h! * w!, (a + 1) * h! * w!).reduce((s, v) => s + v, 0) / (h! * w!),
      ),
    }),
    flatten: ({ data }: Value): Value => ({ shape: [data.length], data }),
    view:
      (c: number, h: number, w: number) =>
      ({ data }: Value): Value => ({ shape: [c, h, w], data }),
    add: (a: Value, b: Value): Value => ({ ...a, data: a.data.map((v, i) => v + b.data[i]!) }),
    cat: (...xs: readonly Value[]): Value => {
      const data = xs.flatMap((x) => x.data);
      return { shape: [data.length], data };
    },
    slice:
      (from: number, to: number) =>
      ({ data }: Value): Value => ({
        shape: [to - from],
        data: data.slice(from, to),
      }),
  };
};
type Torch = ReturnType<typeof torch>;

/** Distinct values for every parameter and statistic, all of them of moderate size. */
const weightsOf = (net: Network) => {
  let seed = 1;
  const next = (): number => ((seed = (seed * 48271) % 2147483647) / 2147483647) * 2 - 1;
  return new Map(
    [...initialise(net, 1)].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map(() => (name.endsWith('running_var') ? 0.5 + Math.abs(next()) : next())) },
    ]),
  );
};

const [H, W, C] = [4, 6, 3] as const;
/** Re-enters the typed world, where `ops` has left it. */
const flat = (x: Tensor): Tensor<readonly [n: number, c: number]> => refine(x, [1, x.shape[1]!]);
const image4 = (x: Tensor): Tensor<readonly [n: number, h: number, w: number, c: number]> =>
  refine(x, [1, x.shape[1]!, x.shape[2]!, x.shape[3]!]);
type Describe = (x: Tensor<readonly [n: number, h: number, w: number, c: number]>) => Tensor;
const refineOutput = (y: Tensor): Tensor<readonly [n: number, ...rest: number[]]> =>
  refine(y, [1, ...y.shape.slice(1)]);
const netOf = (describe: Describe): Network =>
  network('net', [H, W, C] as readonly [number, number, number], (x) => refineOutput(describe(x)));

const expectSameAsTorch = (describe: Describe, theirs: (t: Torch, x: Value) => Value): void => {
  const net = netOf(describe);
  const weights = weightsOf(net);
  const image = Array.from({ length: H * W * C }, (_, i) => Math.sin(i + 1)); // [c, h, w]
  const own = Float64Array.from({ length: image.length }, (_, i) => {
    const [c, p] = [i % C, Math.floor(i / C)];
    return image[c * H * W + p]!;
  });
  const { output } = inference(net);
  const [ours] = evaluate([output], (leaf) =>
    leaf.op === 'input' ? own : Float64Array.from(weights.get(nameOf(leaf))!.data),
  );
  const masks = new Map(
    parameters(net)
      .filter((p) => p.attributes['role'] === 'weight')
      .map((p) => [
        nameOf(p),
        Uint8Array.from({ length: size(p.shape) }, (_, i) => ((i * i) % 7 < 3 ? 1 : 0)),
      ]),
  );
  const bytes = encodeWeights(net, { weights, masks, metadata: {} });
  const { tensors } = decode(bytes, 'file');
  const dict: Dict = (name) => ({
    shape: tensors[name]!.shape,
    data: Array.from(tensors[name]!.data as Float32Array),
  });
  const expected = theirs(torch(dict), { shape: [C, H, W], data: image });
  expect(ours!.length).toBe(expected.data.length);
  const largest = Math.max(...expected.data.map(Math.abs));
  expect(largest).toBeGreaterThan(0.1);
  expected.data.forEach((v, i) => expect(Math.abs(ours![i]! - v)).toBeLessThan(1e-9 * largest));
  const back = decodeWeights(bytes, net, 'file');
  expect(back.weights).toEqual(weights);
  expect(back.masks).toEqual(masks);
  // a mask lies over its weight there as here
  for (const [name, mask] of masks) {
    const [weight, there] = [tensors[name]!.data, tensors[`${name}_mask`]!.data];
    const placeOf = new Map(Array.from(weight as Float32Array, (v, i) => [v, i]));
    weights.get(name)!.data.forEach((v, i) => expect(there[placeOf.get(v)!]).toBe(mask[i]));
  }
};

const columns = H * W * C;
const half = (H / 2) * (W / 2);

describe('a saved state dict gives the same outputs in PyTorch', () => {
  it('flatten -> linear', () =>
    expectSameAsTorch(
      (x) => pipe(x, flatten, linear('fc', 5)),
      (t, x) => pipe(x, t.flatten, t.linear('fc')),
    ));
  it('flatten -> relu -> linear -> relu -> linear', () =>
    expectSameAsTorch(
      (x) => pipe(x, flatten, relu, linear('fc1', 8), relu, linear('fc2', 5)),
      (t, x) => pipe(x, t.flatten, t.relu, t.linear('fc1'), t.relu, t.linear('fc2')),
    ));
  it('flatten -> BatchNorm -> linear -> BatchNorm -> linear', () =>
    expectSameAsTorch(
      (x) => pipe(x, flatten, batchNorm('bn'), linear('fc1', 8), batchNorm('bn1'), relu, linear('fc2', 5)),
      (t, x) => pipe(x, t.flatten, t.norm('bn'), t.linear('fc1'), t.norm('bn1'), t.relu, t.linear('fc2')),
    ));
  it('conv -> norm -> pool -> flatten, joined to other columns, before a linear', () =>
    expectSameAsTorch(
      (x) => {
        const y = pipe(x, conv2d('conv', 4, { kernel: 3 }), batchNorm('bn'), relu, maxPool2, flatten);
        const z = pipe(x, averagePool2, flatten);
        const g = globalAveragePool(x);
        return linear('fc', 5)(batchNorm('all')(flat(ops.concat([g, y, z], 1))));
      },
      (t, x) => {
        const y = pipe(x, t.conv('conv'), t.norm('bn'), t.relu, t.maxPool, t.flatten);
        return pipe(
          t.cat(t.globalPool(x), y, pipe(x, t.averagePool, t.flatten)),
          t.norm('all'),
          t.linear('fc'),
        );
      },
    ));
  it('two flattened branches added, gated and scaled', () =>
    expectSameAsTorch(
      (x) => {
        const y = pipe(x, conv2d('conv', C, { kernel: 1 }), flatten);
        const gate = ops.mul(ops.add(y, flatten(x)), ops.step(y));
        return linear('fc', 5)(flat(ops.mul(gate, ops.scalar(2))));
      },
      (t, x) => {
        const y = pipe(x, t.conv('conv'), t.flatten);
        const sum = t.add(y, t.flatten(x));
        return t.linear('fc')({ ...sum, data: sum.data.map((v, i) => (y.data[i]! > 0 ? 2 * v : 0)) });
      },
    ));
  it('a linear whose outputs are added to flattened columns', () =>
    expectSameAsTorch(
      (x) => {
        const y = pipe(x, globalAveragePool, linear('up', columns), batchNorm('bn'));
        return linear('fc', 5)(flat(ops.add(y, flatten(x))));
      },
      (t, x) => {
        const y = pipe(x, t.globalPool, t.linear('up'), t.norm('bn'));
        return t.linear('fc')(t.add(y, t.flatten(x)));
      },
    ));
  it('a linear whose outputs become an image', () =>
    expectSameAsTorch(
      (x) => {
        const y = pipe(x, globalAveragePool, linear('up', 4 * half), relu);
        const image = ops.reshape(y, [1, H / 2, W / 2, 4]);
        return pipe(image4(image), conv2d('conv', 2, { kernel: 3 }), globalAveragePool);
      },
      (t, x) =>
        pipe(x, t.globalPool, t.linear('up'), t.relu, t.view(4, H / 2, W / 2), t.conv('conv'), t.globalPool),
    ));
  it('stretches of joined columns, cut where they were joined', () =>
    expectSameAsTorch(
      (x) => {
        const all = ops.concat([flatten(x), pipe(x, globalAveragePool, linear('up', 7))], 1);
        const tail = ops.slice(all, [0, columns + 2], [1, columns + 7], [1, 1]);
        const head = ops.slice(all, [0, 0], [1, columns], [1, 1]);
        return ops.add(linear('a', 5)(flat(tail)), linear('b', 5)(flat(head)));
      },
      (t, x) => {
        const all = t.cat(t.flatten(x), t.linear('up')(t.globalPool(x)));
        return t.add(
          pipe(all, t.slice(columns + 2, columns + 7), t.linear('a')),
          pipe(all, t.slice(0, columns), t.linear('b')),
        );
      },
    ));
  it('a flattening by several reshapes, and one of channels that were put first', () =>
    expectSameAsTorch(
      (x) => {
        const slowly = ops.reshape(relu(ops.reshape(x, [1, H * W, C])), [1, columns]);
        const first = ops.reshape(ops.transpose(x, [0, 3, 1, 2]), [1, columns]);
        return ops.add(linear('a', 5)(slowly), linear('b', 5)(first));
      },
      (t, x) => t.add(pipe(x, t.relu, t.flatten, t.linear('a')), pipe(x, t.flatten, t.linear('b'))),
    ));
  it('columns that become an image again', () =>
    expectSameAsTorch(
      (x) => {
        const normed = pipe(x, flatten, batchNorm('bn'));
        const image = ops.reshape(normed, [1, H, W, C]);
        return pipe(image4(image), conv2d('conv', 2, { kernel: 3 }), flatten, linear('fc', 5));
      },
      (t, x) => pipe(x, t.flatten, t.norm('bn'), t.view(C, H, W), t.conv('conv'), t.flatten, t.linear('fc')),
    ));
  it('channels in groups, as group norms and shuffles take them, keep their order', () => {
    const net = netOf((x) => {
      const y = conv2d('conv', 6, { kernel: 1 })(x);
      const groups = ops.reshape(y, [1, H * W, 2, 3]);
      const shuffled = ops.reshape(ops.transpose(ops.reshape(groups, [1, H, W, 2, 3]), [0, 1, 2, 4, 3]), [
        1,
        H,
        W,
        6,
      ]);
      return pipe(image4(shuffled), batchNorm('bn'), globalAveragePool, linear('fc', 5));
    });
    for (const [, axes] of columnsOf(net)) expect(axes.every((axis) => axis === null)).toBe(true);
  });
});

describe('columns whose order in PyTorch is not known are refused, by layer and op', () => {
  const refusal = (describe: Describe): string => {
    const net = netOf(describe);
    const read = (): unknown => decodeWeights(new Uint8Array(8), net, 'file');
    expect(read).toThrow();
    try {
      encodeWeights(net, { weights: weightsOf(net), masks: null, metadata: {} });
    } catch (error) {
      expect(error).toMatchObject({ code: 'WEIGHTS' });
      return (error as Error).message;
    }
    return 'written';
  };
  it('where branches of different orders are added', () => {
    const message = refusal((x) => {
      const turned = ops.reshape(ops.transpose(x, [0, 3, 1, 2]), [1, columns]);
      return linear('fc', 5)(batchNorm('bn')(flat(ops.add(flatten(x), turned))));
    });
    expect(message).toBe(
      'add: columns of different orders meet, 72 columns of a flattened image of 3 channels and 72 columns that are no such image; ' +
        'PyTorch orders a flattened image by channel first, so the same layers would mean another network there; ' +
        'flatten both branches alike, or join them before they are flattened',
    );
  });
  it('where a flattened image is cut', () => {
    const cut = refusal((x) => linear('fc', 5)(flat(ops.slice(flatten(x), [0, 0], [1, 10], [1, 1]))));
    expect(cut).toMatch(
      /^'fc.weight' runs along columns that a slice .* cuts or mixes; .*flatten the whole image/,
    );
  });
  it('where a reshape cuts a flattened image', () => {
    const cut = refusal((x) => {
      const y = pipe(x, conv2d('conv', C, { kernel: 1 }), flatten);
      return ops.sum(batchNorm('bn')(ops.reshape(y, [1, 2, columns / 2])), [1]);
    });
    expect(cut).toMatch(/^reshape: columns of different orders meet, .*; at conv; PyTorch orders/);
  });
  it('where positions and channels are mixed in part', () => {
    const rows = refusal((x) => {
      const mixed = ops.reshape(x, [1, H, W * C]);
      return linear('fc', 5)(ops.reshape(batchNorm('bn')(mixed), [1, columns]));
    });
    expect(rows).toMatch(/'bn\.running_mean' runs along columns that a reshape/);
    const depth = refusal((x) => {
      const tiles = ops.transpose(ops.reshape(x, [1, H / 2, 2, W / 2, 2, C]), [0, 1, 3, 2, 4, 5]);
      const image = ops.reshape(tiles, [1, H / 2, W / 2, 4 * C]);
      return pipe(image4(image), conv2d('conv', 2, { kernel: 1 }), globalAveragePool);
    });
    expect(depth).toMatch(/'conv\.weight' runs along columns that a reshape/);
    const space = refusal((x) => {
      const y = conv2d('conv', 4 * C, { kernel: 1 })(x);
      const tiles = ops.transpose(ops.reshape(y, [1, H, W, 2, 2, C]), [0, 1, 3, 2, 4, 5]);
      const image = ops.reshape(tiles, [1, 2 * H, 2 * W, C]);
      return pipe(image4(image), conv2d('last', 2, { kernel: 3 }), globalAveragePool);
    });
    expect(space).toMatch(
      /^conv2d: reads an image whose positions a reshape has mixed with channels; at last/,
    );
  });
});

describe('graph files that say themselves what is flattened', () => {
  it('still load, and their weights mean the same', () => {
    const net = netOf((x) => pipe(x, flatten, linear('fc', 5)));
    const [told] = rewrite([net.output], (node, inputs) =>
      node.op === 'state' && nameOf(node) === 'fc.weight'
        ? { ...node, attributes: { ...node.attributes, flattened: [H, W, C] } }
        : withInputs(node, inputs),
    );
    const { roots } = decodeGraph(JSON.stringify(encodeGraph([told!])));
    const old = networkOf('net', roots);
    const file = { weights: weightsOf(net), masks: null, metadata: {} };
    expect(encodeWeights(old, file)).toEqual(encodeWeights(net, file));
  });
});
