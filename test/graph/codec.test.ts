import { describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { decodeGraph, encodeGraph } from '../../src/graph/codec.js';
import { print } from '../../src/graph/print.js';
import { firstVersionOf } from '../../src/graph/first-version.js';
import { linear, refine } from '../../src/nn/layers.js';
import { network, networkOf, parameters, rebatch } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { grad } from '../../src/transform/grad.js';
import { inference, training } from '../../src/transform/readings.js';
import { evaluated, MODELS, stateNames } from './helper.js';
import { FOLDING, heads, ones } from '../nn/described.js';

const DESCRIBED = [...MODELS, ...FOLDING];
const reread = (roots: Parameters<typeof encodeGraph>[0]): ReturnType<typeof decodeGraph> =>
  decodeGraph(JSON.stringify(encodeGraph(roots, 'net')));

describe('a graph file', () => {
  it.each(MODELS.map((net) => ({ name: `${net.name} ${net.input.shape.join('x')}`, net })))(
    '$name: gives the same print and the same numbers when read back',
    ({ net }) => {
      const { name, roots } = reread([net.output]);
      expect(name).toBe('net');
      expect(print(roots)).toBe(print([net.output]));
      expect(evaluated(roots)).toEqual(evaluated([net.output]));
      expect(encodeGraph(roots)).toEqual(encodeGraph([net.output]));
      expect(networkOf('again', roots).input).toEqual(net.input);
    },
  );
  it.each(DESCRIBED.map((net) => ({ name: `${net.name} ${net.input.shape.join('x')}`, net })))(
    '$name: is read for any batch, as the network is',
    ({ net }) => {
      for (const written of [net, inference(net), rebatch(net, 3)]) {
        const file = encodeGraph([written.output], 'net');
        const read = networkOf('net', decodeGraph(JSON.stringify(file)).roots);
        expect(print([read.output])).toBe(print([written.output]));
        for (const n of [1, 2, 7])
          expect(print([rebatch(read, n).output])).toBe(print([rebatch(written, n).output]));
        const leaves = new Set(parameters(read));
        expect(parameters(rebatch(read, 5)).every((leaf) => leaves.has(leaf))).toBe(true);
        expect(encodeGraph([read.output], 'net')).toEqual(file);
        expect(encodeGraph([rebatch(read, 4).output], 'net')).toEqual({ ...file, batch: 4 });
      }
    },
  );
  it('holds what is a multiple of the batch as one, and no other size', () => {
    const { batch, nodes } = encodeGraph([heads.output]);
    expect(batch).toBe(1);
    expect(nodes.filter(({ op }) => op === 'reshape').map(({ shape }) => shape)).toContainEqual([
      { batch: 2 },
      4,
      3,
    ]);
    const slices = encodeGraph([ones.output]).nodes.filter(({ op }) => op === 'slice');
    expect(slices.map(({ attributes }) => attributes['limit'])).toEqual([
      [1, { batch: 1 }],
      [1, 3],
    ]);
  });
  it('holds one batch alone where others cannot be told from it', () => {
    const scaled = network('scaled', [3], (x) =>
      refine(ops.mul(linear('fc', 2)(x), ops.scalar(1 / x.shape[0])), [x.shape[0], 2]),
    );
    const literal = network('literal', [2, 3], (x) => linear('fc', 2)(ops.reshape(x, [1, 6] as const)));
    for (const { name, output } of [scaled, literal]) {
      const file = encodeGraph([output], name);
      expect(file.batch).toBeUndefined();
      const read = networkOf(name, decodeGraph(JSON.stringify(file)).roots);
      expect(() => rebatch(read, 2)).toThrow(`network '${name}': its graph was made or changed by hand`);
    }
  });
  it('of version 1 is read for another batch by its first axes', () => {
    for (const net of MODELS) {
      const file = { ...firstVersionOf([net.output]), name: 'old' };
      const old = networkOf('old', decodeGraph(JSON.stringify(file)).roots);
      expect(print([rebatch(old, 3).output])).toBe(print([rebatch(net, 3).output]));
      expect(encodeGraph([old.output])).toEqual(encodeGraph([net.output]));
    }
  });
  it('holds gradients and training graphs as well', () => {
    for (const net of MODELS) {
      const { output, updates } = training(net);
      const loss = ops.sum(output, [0, 1]);
      const roots = [loss, ...updates.map((u) => u.next), ...grad(loss, [net.input])];
      expect(print(reread(roots).roots)).toBe(print(roots));
      expect(print(reread([inference(net).output]).roots)).toBe(print([inference(net).output]));
    }
  });
  it('keeps roles and initialisers', () => {
    const [weight] = reread([MODELS[1]!.output]).roots[0]!.inputs[0]!.inputs.slice(1);
    expect(weight!.attributes).toMatchObject({
      name: 'fc3.weight',
      role: 'weight',
      init: { kind: 'kaimingNormal', fanIn: 4 },
    });
  });
  it('keeps a node that two roots share shared', () => {
    const x = ops.state('x', [2]);
    const { roots } = reread([ops.neg(x), ops.exp(x), x]);
    expect(roots[0]!.inputs[0]).toBe(roots[2]);
    expect(roots[1]!.inputs[0]).toBe(roots[2]);
    expect(stateNames(roots)).toEqual(['x']);
  });
  it('refuses numbers that JSON cannot hold', () => {
    const bad = { ...ops.scalar(-Infinity), path: 'head' };
    expect(() => encodeGraph([bad])).toThrow(
      "encode: constant has a non-finite 'value'; at head; a graph file holds finite numbers only",
    );
    expect(() => encodeGraph([ops.literal([2], [1, NaN])])).toThrow(
      "encode: literal has a non-finite 'data'; a graph file holds finite numbers only",
    );
  });
});

describe('a bad graph file is a GRAPH error that names the place', () => {
  const good = encodeGraph([ops.add(ops.state('x', [2, 3], {}, 'layer'), ops.state('y', [3]))], 'net');
  const [x, y, sum] = good.nodes;
  const withNodes = (...nodes: readonly unknown[]): unknown => ({ ...good, nodes });
  const cases: readonly (readonly [what: string, file: unknown, message: string | RegExp])[] = [
    ['not JSON', '{"format": ', /^model\.json: not JSON: .+/],
    ['nothing', undefined, 'model.json: expected graph, got nothing'],
    [
      'another format',
      { ...good, format: 'pathex-plan' },
      'model.json.format: expected "pathex-graph", got "pathex-plan"',
    ],
    ['another version', { ...good, version: 3 }, 'model.json.version: expected 1 or 2, got 3'],
    ['a batch of none', { ...good, batch: 0 }, 'model.json.batch: expected a positive whole number, got 0'],
    [
      'multiples of a batch that it does not have',
      withNodes({ ...x, shape: [{ batch: 2 }, 3] }, y, sum),
      'model.json.nodes[0].shape: {"batch":2} in a file without a batch; give the file its batch',
    ],
    [
      'a multiple that is none',
      { ...good, batch: 1, nodes: [{ ...x, shape: [{ batch: 0.5 }, 3] }, y, sum] },
      'model.json.nodes[0].shape[0]: expected a number, or { batch: k } for k times the batch, got {"batch":0.5}',
    ],
    [
      'a multiple in the place of a text',
      { ...good, batch: 1, nodes: [{ ...x, attributes: { ...x!.attributes, name: { batch: 1 } } }, y, sum] },
      /^model\.json\.nodes\[0\]: state: name is 1; /,
    ],
    ['no nodes', { ...good, nodes: undefined }, /^model\.json\.nodes: expected .*, got nothing$/],
    ['a node that is no node', withNodes(x, 7), /^model\.json\.nodes\[1\].*, got 7$/],
    [
      'inputs that are no numbers',
      withNodes(x, y, { ...sum, inputs: [0, '1'] }),
      'model.json.nodes[2].inputs[1]: expected number, got "1"',
    ],
    [
      'a path that is no string',
      withNodes({ ...x, path: 3 }, y, sum),
      /^model\.json\.nodes\[0\]\.path: expected .*string.*, got 3$/,
    ],
    [
      'an unknown op',
      withNodes(x, y, { ...sum, op: 'softmax' }),
      "model.json.nodes[2]: unknown op 'softmax'; written by another version?",
    ],
    [
      'a name every object has',
      withNodes(x, y, { ...sum, op: 'constructor' }),
      "model.json.nodes[2]: unknown op 'constructor'; written by another version?",
    ],
    [
      'an input that comes later',
      withNodes(x, { ...sum, inputs: [0, 2] }, y),
      'model.json.nodes[1]: node 2 is not defined before it; list nodes in the order in which they are used',
    ],
    [
      'an input that never comes',
      withNodes(x, y, { ...sum, inputs: [0, 9] }),
      'model.json.nodes[2]: node 9 is not defined before it; list nodes in the order in which they are used',
    ],
    [
      'a fractional input',
      withNodes(x, y, { ...sum, inputs: [0, 0.5] }),
      'model.json.nodes[2]: node 0.5 is not defined before it; list nodes in the order in which they are used',
    ],
    [
      'an output that never comes',
      { ...good, outputs: [3] },
      'model.json.outputs: node 3 is not defined before it; list nodes in the order in which they are used',
    ],
    [
      'a wrong shape',
      withNodes(x, y, { ...sum, shape: [3, 2] }),
      'model.json.nodes[2]: add has shape [2, 3], the file says [3, 2]; correct the one or the other',
    ],
    [
      'inputs that do not fit',
      withNodes({ ...x, attributes: { ...x!.attributes, shape: [3, 2] }, shape: [3, 2] }, y, sum),
      'model.json.nodes[2]: add: shapes differ: [3, 2], [3]; at layer; shapes must be equal, or the smaller the trailing dimensions of the larger',
    ],
    ['missing attributes', withNodes(x, y, { ...sum, op: 'conv2d' }), /^model\.json\.nodes\[2\]: conv2d/],
    [
      'attributes of another op',
      withNodes(x, { ...sum, op: 'sum', inputs: [0], attributes: { axis: 0 } }),
      "model.json.nodes[1]: sum: there is no attribute 'axis'; at layer; did you mean 'axes'?",
    ],
    [
      'a constant without a number',
      withNodes({ op: 'constant', inputs: [], attributes: { shape: [], value: null }, shape: [] }),
      'model.json.nodes[0]: constant: value is null; it must be a number',
    ],
    [
      'a negative size',
      withNodes({ ...x, attributes: { ...x!.attributes, shape: [-2, -3] }, shape: [-2, -3] }),
      'model.json.nodes[0]: state: the result would be f32[-2, -3]; at layer; every size must be a positive integer',
    ],
    [
      'an unknown dtype',
      withNodes({ ...x, attributes: { ...x!.attributes, dtype: 'f64' } }),
      'model.json.nodes[0]: state: dtype is "f64"; at layer; did you mean \'f32\'?',
    ],
  ];
  it.each(cases)('%s', (_what, file, message) => {
    let error: unknown;
    try {
      decodeGraph(file, 'model.json');
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(PathexError);
    expect((error as PathexError).code).toBe('GRAPH');
    if (typeof message === 'string') expect((error as PathexError).message).toBe(message);
    else expect((error as PathexError).message).toMatch(message);
  });
});

describe('attributes of a graph file', () => {
  const x = ops.input('x', [2, 6, 6, 4]);
  const index = ops.input('index', [2], 'i32');
  const geometry = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
  const pool = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
  const weight = ops.state('w', [3, 2, 2, 4], { role: 'weight', init: { kind: 'kaimingNormal', fanIn: 16 } });
  const y = ops.conv2d(x, weight, geometry);
  /** Nodes that have every attribute of every op. */
  const nodes = [
    ops.state('f', [10, 4], { role: 'weight', init: { kind: 'uniform', bound: 1 }, flattened: [1, 1, 4] }),
    ops.literal([2], [1, 2]),
    ops.scalar(2),
    ops.statistic(x, ops.state('m', [4]), 'mean'),
    ops.sum(x, [1]),
    ops.maximum(x, [1]),
    ops.broadcast(ops.state('b', [4]), [3, 4], [1]),
    ops.reshape(x, [2, 144]),
    ops.transpose(x, [0, 3, 1, 2]),
    ops.slice(x, [0, 0, 0, 0], [2, 3, 3, 4], [1, 1, 1, 1]),
    ops.place(ops.state('p', [2]), [4], [1], [2]),
    ops.concat([x, x], 3),
    y,
    ops.conv2dInputGrad(y, weight, [6, 6], geometry),
    ops.conv2dWeightGrad(x, y, [2, 2], geometry),
    ops.matmul(ops.state('l', [2, 3]), ops.state('r', [3, 4])),
    ops.maxPool(x, pool),
    ops.maxPoolGather(x, x, pool),
    ops.maxPoolScatter(x, ops.maxPool(x, pool), pool),
    ops.sumPool(x, pool),
    ops.sumPoolGrad(ops.sumPool(x, pool), [6, 6], pool),
    ops.gather(ops.state('t', [5, 3]), index),
    ops.scatterAdd(ops.state('v', [2, 3]), index, 5),
  ];
  const good = encodeGraph(nodes, 'all');
  /** Of no attribute the kind; '' is a shape without a size to a reader that takes what it is given. */
  const WRONG: readonly unknown[] = [
    '',
    'x',
    -1.5,
    {},
    { length: 2 },
    [''],
    [[1]],
    [null],
    [0.5, 1],
    1e999,
    null,
  ];
  const changed = (i: number, key: string, value: unknown): unknown => ({
    ...good,
    nodes: good.nodes.map((n, k) => (k === i ? { ...n, attributes: { ...n.attributes, [key]: value } } : n)),
  });
  const cases = good.nodes.flatMap(({ op, attributes }, i) =>
    Object.keys(attributes).map((key) => ({ op, key, i })),
  );
  const messageOf = (file: unknown): string => {
    try {
      decodeGraph(file, 'g');
    } catch (error) {
      if (error instanceof PathexError && error.code === 'GRAPH') return error.message;
      throw error;
    }
    return 'taken';
  };

  it.each(cases)('$op: a wrong $key is named with its place, whatever it is', ({ op, key, i }) => {
    // Any text is a name, and -1.5 and Infinity are numbers, which only a constant has; Infinity is refused
    // elsewhere.
    const isName = key === 'name';
    const isNumber = key === 'value';
    const isNumbers = key === 'data';
    for (const value of WRONG.filter(
      (v) =>
        !(isName && typeof v === 'string') &&
        !(isNumber && v === -1.5) &&
        !(isNumbers && Array.isArray(v) && v[0] === 0.5),
    )) {
      const message = messageOf(changed(i, key, value));
      expect(message).toMatch(
        new RegExp(
          `^g\\.nodes\\[${i}\\]: ${op}: ${key}(\\.\\w+)? is .*; (it must be|choose|did you mean|a graph file holds) [^\\n]*$`,
        ),
      );
    }
  });
  it.each(cases)('$op: an unknown neighbour of $key is refused', ({ op, key, i }) => {
    expect(messageOf(changed(i, `${key}x`, 1))).toMatch(
      new RegExp(`^g\\.nodes\\[${i}\\]: ${op}: there is no attribute '${key}x'`),
    );
  });
  it.each([
    [
      'a shape of more elements than numbers count',
      { shape: [2 ** 31, 2 ** 31], dtype: 'f32', name: 'x' },
      /^g\.nodes\[0\]: input: the result would be f32\[2147483648, 2147483648\]; it must have fewer than 2\^53 elements$/,
    ],
    [
      'a hundred axes',
      { shape: new Array<number>(100).fill(1), name: 'x' },
      /^g\.nodes\[0\]: input: shape is \[1,1.*; it must be a list of at most 64 whole numbers$/,
    ],
    [
      'a name with a line break',
      { shape: [1], name: 'a\nb' },
      /^g\.nodes\[0\]: input: name is "a\\nb"; it must be a text/,
    ],
  ])('%s', (_what, attributes, message) => {
    const { shape } = attributes;
    expect(
      messageOf({ ...good, nodes: [{ op: 'input', inputs: [], attributes, shape }], outputs: [0] }),
    ).toMatch(message);
  });
  it('a literal of integers that holds none', () => {
    const attributes = { shape: [2], data: [1, 2.5], dtype: 'i32' };
    expect(
      messageOf({ ...good, nodes: [{ op: 'literal', inputs: [], attributes, shape: [2] }], outputs: [0] }),
    ).toBe('g.nodes[0]: literal: i32 cannot hold 2.5; give numbers of its type');
  });
  it('that could not be read back are not written', () => {
    const x = ops.state('x', [2], {}, 'layer');
    const withColour = { ...x, attributes: { ...x.attributes, colour: 'red' } }; // as no op makes it
    expect(() => encodeGraph([withColour])).toThrow(
      new PathexError(
        'GRAPH',
        "encode: state: there is no attribute 'colour'; at layer; it takes name, shape, dtype, role, init, flattened",
      ),
    );
  });
});
