import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { transformed } from '../../src/graph/description.js';
import { dependents, nameOf, walk } from '../../src/graph/graph.js';
import { print } from '../../src/graph/print.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, refine, relu } from '../../src/nn/layers.js';
import { network, networkOf, parameters, rebatch, type Network } from '../../src/nn/network.js';
import { definitionOf, ops } from '../../src/ops/registry.js';
import { key, normal } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import type { Nhwc, Tensor } from '../../src/tensor/tensor.js';
import { size } from '../../src/tensor/tensor.js';
import { masked } from '../../src/transform/mask.js';
import { inference, training } from '../../src/transform/readings.js';
import { MODELS, valueOf } from '../graph/helper.js';
import { FOLDING } from './described.js';

const run = (roots: readonly Tensor[], images: Float64Array): Float64Array[] =>
  evaluate(roots, (leaf) => (leaf.op === 'input' ? images : valueOf(leaf)));

const DESCRIBED = [...MODELS, ...FOLDING];

describe('rebatch', () => {
  it.each(DESCRIBED.map((net) => ({ name: `${net.name} ${net.input.shape.join('x')}`, net })))(
    '$name: three samples at once are three samples one by one',
    ({ net }) => {
      const one = inference(net);
      const three = inference(rebatch(net, 3));
      const n = size(net.input.shape);
      const images = normal(key(11), 3 * n);
      const together = run([three.output], images)[0]!;
      const apart = [0, 1, 2].flatMap((i) =>
        Array.from(run([one.output], images.slice(i * n, (i + 1) * n))[0]!),
      );
      expect(three.output.shape).toEqual([3, ...net.output.shape.slice(1)]);
      together.forEach((v, i) =>
        expect(Math.abs(v - apart[i]!)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(v))),
      );
    },
  );
  it('there and back is the same network', () => {
    for (const net of DESCRIBED) {
      expect(rebatch(net, 1)).toBe(net);
      expect(print([rebatch(rebatch(net, 5), 1).output])).toBe(print([net.output]));
    }
  });
  it('commutes with reading for inference', () => {
    for (const net of MODELS)
      expect(print([rebatch(inference(net), 3).output])).toBe(print([inference(rebatch(net, 3)).output]));
  });
  it('keeps parameters, and all that does not depend on the input, as they are', () => {
    expect(rebatch(MODELS[1]!, 3).output.inputs[1]).toBe(MODELS[1]!.output.inputs[1]);
    for (const net of DESCRIBED.map(masked)) {
      const fixed = (of: Network): readonly Tensor[] => {
        const varying = dependents([of.output], [of.input]);
        return walk([of.output]).filter((node) => !varying.has(node));
      };
      expect(new Set(fixed(rebatch(net, 3)))).toEqual(new Set(fixed(net)));
      fixed(rebatch(net, 3)).forEach((node, i) => expect(node).toBe(fixed(net)[i]));
    }
  });
  it('repeats what transforms and scripts have changed', () => {
    const doubled = transformed(masked(MODELS[0]!), (output) => ops.mul(output, ops.scalar(2)));
    const three = rebatch(doubled, 3);
    expect(three.output.op).toBe('mul');
    expect(parameters(three)).toEqual(parameters(doubled));
    const same = transformed(masked(rebatch(MODELS[0]!, 3)), (output) => ops.mul(output, ops.scalar(2)));
    expect(print([three.output])).toBe(print([same.output]));
  });
  it('refuses a graph whose batch nobody described', () => {
    const net = MODELS[1]!;
    const changed: Network = { ...net, output: add(net.output, net.output) };
    const message = (name: string): string =>
      `network '${name}': its graph was made or changed by hand and is known for a batch of 1 alone, not 2; describe it by network(), and change it by transformed()`;
    expect(() => rebatch(changed, 2)).toThrow(message(net.name));
    expect(() => rebatch(networkOf('hand', [changed.output]), 2)).toThrow(message('hand'));
    expect(rebatch(networkOf('as described', [net.output]), 2).output.shape[0]).toBe(2);
  });
  it('refuses a description that writes the batch as a number', () => {
    const net = network('literal', [2, 3], (x) => linear('fc', 2)(ops.reshape(x, [1, 6] as const)));
    expect(() => rebatch(net, 2)).toThrow(
      "network 'literal': its description does not fit a batch of 2: reshape: cannot view f32[2, 2, 3] as [1, 6]; both must have as many elements; write x.shape[0] where the batch is meant",
    );
  });
  it('refuses a description whose parameters are others each time', () => {
    let calls = 0;
    const renamed = network('renamed', [3], (x) => linear(`fc${calls++}`, 2)(x));
    expect(() => rebatch(renamed, 2)).toThrow(
      "network 'renamed': its description does not fit a batch of 2: parameter 'fc1.weight' is new",
    );
    let isFirst = true;
    const fewer = network('fewer', [3], (x) => {
      const y = isFirst ? linear('a', 3)(x) : x;
      isFirst = false;
      return linear('b', 2)(y);
    });
    expect(() => rebatch(fewer, 2)).toThrow("parameter 'a.weight' is gone");
  });
  it('refuses what is no batch', () => {
    for (const n of [0, -1, 1.5, NaN])
      expect(() => rebatch(MODELS[0]!, n)).toThrow(`rebatch: batch ${n} is not a positive integer; give one`);
  });
  it('refuses a network whose output has lost the batch axis', () => {
    const net = network(
      'lost',
      [3],
      (x) => ops.transpose(linear('fc', 1)(x), [1, 0]) as Tensor<readonly [n: number, c: 1]>,
    );
    expect(() => rebatch(net, 2)).toThrow(
      "network 'lost': its output [1, 2] does not have the batch 2 as first axis; keep the batch axis",
    );
  });
});

describe('reading for inference', () => {
  it('is the same function, with one scale and one shift a channel', () => {
    const net = rebatch(MODELS[0]!, 2);
    const images = normal(key(3), size(net.input.shape));
    const [marked, read] = [run([net.output], images)[0]!, run([inference(net).output], images)[0]!];
    marked.forEach((v, i) => expect(Math.abs(v - read[i]!)).toBeLessThanOrEqual(1e-11 * (1 + Math.abs(v))));
  });
});

describe('both ways to read statistics', () => {
  it('keep every parameter the same leaf, so that masks and gradients find it', () => {
    for (const net of MODELS) {
      const leaves = new Set(parameters(net));
      expect(parameters(inference(net)).every((p) => leaves.has(p))).toBe(true);
      expect(parameters(training(net)).every((p) => leaves.has(p))).toBe(true);
    }
  });
  it('leave no marker', () => {
    for (const net of MODELS) {
      const read = walk([inference(net).output, training(net).output]);
      expect(read.filter((n) => definitionOf(n.op).reading !== undefined)).toEqual([]);
    }
  });
});

describe('networks that are none', () => {
  it('two layers of one name', () => {
    expect(() => network('net', [3], (x) => pipe(x, linear('fc', 3), linear('fc', 2)))).toThrow(
      "network 'net': two parameters are called 'fc.weight'; give their layers different names",
    );
  });
  it('two inputs', () => {
    const other = ops.input('other', [1, 3]);
    expect(() => network('net', [3], (x) => add(x, other))).toThrow(
      "network 'net': its output depends on 'images', 'other'; it must depend on its one input 'images'",
    );
    expect(() => networkOf('net', [ops.add(ops.input('a', [1, 3]), other)])).toThrow(
      "network 'net': its output depends on 'a', 'other'; it must depend on its one input 'a'",
    );
  });
  it('an output that ignores the input', () => {
    const fixed = ops.state('fixed', [1, 3]);
    expect(() => network('net', [3], () => fixed)).toThrow(
      "network 'net': its output depends on no input; it must depend on its one input 'images'",
    );
    expect(() => networkOf('net', [fixed])).toThrow(
      "network 'net': it has 0 inputs and 1 outputs; a network has one of each",
    );
  });
  it('two outputs', () => {
    const x = ops.input('x', [1, 3]);
    expect(() => networkOf('net', [ops.neg(x), ops.exp(x)])).toThrow(
      "network 'net': it has 1 inputs and 2 outputs; a network has one of each",
    );
  });
});

describe('layers name themselves where their input does not fit', () => {
  const images: Tensor<Nhwc<1, 6, 6, 3>> = ops.input('images', [1, 6, 6, 3]);
  // What plain JavaScript, or a `number` dimension, lets through the types.
  const untyped = <T>(x: unknown): T => x as T;
  it.each(
    (
      [
        [
          () => conv2d('c', 4, { kernel: 2 })(images),
          'conv2d: kernel 2 is even; at c; centred padding needs an odd kernel',
        ],
        [
          () => conv2d('c', 4, { kernel: 3 })(untyped(ops.input('v', [1, 3]))),
          'conv2d: input is [1, 3]; at c; it needs the axes [n, h, w, c]',
        ],
        [
          () => conv2d('c', 4, { kernel: 3, in: 16 })(untyped(images)),
          "conv2d: channels differ: input has 3, 'in' says 16; at c; correct one of them",
        ],
        [
          () => linear('fc', 4)(untyped<Tensor<readonly [n: number, c: number]>>(images)),
          'linear: input is [1, 6, 6, 3]; at fc; it needs the axes [n, c], flatten or pool first',
        ],
        [
          () => batchNorm('bn')(ops.input('v', [])),
          'batchNorm: a scalar has no channels; at bn; pass [..., c]',
        ],
        [
          () => add(conv2d('c', 4, { kernel: 3 })(images), untyped(images)),
          'add: shapes differ: [1, 6, 6, 4], [1, 6, 6, 3]; at c; shapes must be equal, or the smaller the trailing dimensions of the larger',
        ],
        [
          () => refine(conv2d('c', 4, { kernel: 3 })(images), [1, 6, 6, 8]),
          'refine: tensor is [1, 6, 6, 4], expected [1, 6, 6, 8]; at c; correct the expected shape',
        ],
      ] as const satisfies readonly (readonly [() => unknown, string])[]
    ).map(([build, message]) => ({ build, message })),
  )('$message', ({ build, message }) => {
    expect(build).toThrow(expect.objectContaining({ code: 'SHAPE', message }) as Error);
  });
});

describe('layers', () => {
  it('take the mean of a channel over the image', () => {
    const x: Tensor<Nhwc<1, 2, 3, 2>> = ops.input('x', [1, 2, 3, 2]);
    const [y] = run([globalAveragePool(x)], Float64Array.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60));
    expect(Array.from(y!, (v) => Number(v.toFixed(12)))).toEqual([3.5, 35]);
  });
  it('carry their name as path', () => {
    const x: Tensor<Nhwc<1, 4, 4, 2>> = ops.input('x', [1, 4, 4, 2]);
    const y = pipe(x, conv2d('a.conv', 3, { kernel: 3, bias: true }), batchNorm('a.bn'));
    expect([y.path, relu(y).path]).toEqual(['a.bn', 'a.bn']);
  });
});

describe('training statistics', () => {
  const [n, h, w, c] = [4, 3, 5, 2] as const;
  const count = n * h * w;
  const momentum = 0.1;
  const net = rebatch(network('bn', [h, w, c], batchNorm('bn')), n);
  // Channel k has mean 1000 (k + 1) and deviation k + 1.
  const images = normal(key(7), count * c).map((z, i) => ((i % c) + 1) * (1000 + z));
  const channel = (k: number): Float64Array => images.filter((_, i) => i % c === k);
  const meanOf = (v: Float64Array): number => v.reduce((s, x) => s + x, 0) / v.length;
  const varianceOf = (v: Float64Array): number => meanOf(v.map((x) => (x - meanOf(v)) ** 2));
  const read = training(net, momentum);
  const state: Readonly<Record<string, Float64Array>> = {
    'bn.weight': Float64Array.of(1.5, -2),
    'bn.bias': Float64Array.of(0.25, 1),
    'bn.running_mean': Float64Array.of(3, -1),
    'bn.running_var': Float64Array.of(2, 5),
  };
  const [y, ...next] = evaluate([read.output, ...read.updates.map((u) => u.next)], (leaf) =>
    leaf.op === 'input' ? images : state[nameOf(leaf)],
  );

  it('normalise by the mean and the biased variance of the batch', () => {
    images.forEach((x, i) => {
      const v = channel(i % c);
      const expected =
        ((x - meanOf(v)) / Math.sqrt(varianceOf(v) + 1e-5)) * state['bn.weight']![i % c]! +
        state['bn.bias']![i % c]!;
      expect(Math.abs(y![i]! - expected)).toBeLessThan(1e-9);
    });
  });
  it('move the running mean, and the running variance by the unbiased one', () => {
    expect(read.updates.map((u) => nameOf(u.stored))).toEqual(['bn.running_mean', 'bn.running_var']);
    for (let k = 0; k < c; k++) {
      expect(next[0]![k]).toBeCloseTo(0.9 * state['bn.running_mean']![k]! + 0.1 * meanOf(channel(k)), 9);
      expect(next[1]![k]).toBeCloseTo(
        0.9 * state['bn.running_var']![k]! + 0.1 * varianceOf(channel(k)) * (count / (count - 1)),
        9,
      );
    }
  });
  it('of a dense layer are over the batch alone', () => {
    const dense = training(
      rebatch(
        network('dense', [3], (x) => batchNorm('bn')(x)),
        5,
      ),
    );
    const v = normal(key(9), 15);
    const [out] = evaluate([dense.output], (leaf) => {
      if (leaf.op === 'input') return v;
      return new Float64Array(3).fill(nameOf(leaf) === 'bn.weight' ? 1 : 0);
    });
    for (let k = 0; k < 3; k++)
      expect(Math.abs(meanOf(out!.filter((_, i) => i % 3 === k)))).toBeLessThan(1e-14);
  });
});
