import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/graph/check.js';
import {
  dependents,
  flopsOf,
  leaves,
  nameOf,
  rewrite,
  substitute,
  walk,
  withInputs,
} from '../../src/graph/graph.js';
import { print } from '../../src/graph/print.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, maxPool2, relu } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { inference } from '../../src/transform/readings.js';
import { evaluated, MODELS, stateNames } from './helper.js';

const x = ops.state('x', [2, 3]);
const y = ops.state('y', [2, 3]);

describe('walk', () => {
  it('puts inputs before users, first inputs first, and every node once', () => {
    const s = ops.add(x, y);
    const root = ops.mul(ops.neg(s), s);
    expect(walk([root]).map((n) => (n.op === 'state' ? nameOf(n) : n.op))).toEqual([
      'x',
      'y',
      'add',
      'neg',
      'mul',
    ]);
  });
  it('keeps the order of the roots', () => expect(walk([y, x, y])).toEqual([y, x]));
  it('does not overflow the stack on a deep graph', () => {
    const deep = Array.from({ length: 20_000 }).reduce<Tensor>((t) => ops.neg(t), x);
    expect(walk([deep]).length).toBe(20_001);
  });
  it('meets the parameters of a network in the order the layers were written in', () => {
    expect(stateNames([MODELS[3]!.output])).toEqual(
      ['conv1', 'conv2', 'fc1', 'fc2', 'fc3'].flatMap((l) => [`${l}.weight`, `${l}.bias`]),
    );
  });
});

describe('rewrite and substitute', () => {
  it('change nothing, not even identity, where nothing is replaced', () => {
    for (const { output } of MODELS) {
      expect(substitute([output], new Map())[0]).toBe(output);
      expect(rewrite([output], withInputs)[0]).toBe(output);
    }
  });
  it('share what does not depend on the replaced node', () => {
    const kept = ops.exp(y);
    const root = ops.add(ops.neg(x), kept);
    const [next] = substitute([root], new Map([[x, ops.abs(y)]]));
    expect(next).not.toBe(root);
    expect(next!.inputs[1]).toBe(kept);
    expect(next!.inputs[0]!.inputs[0]!.op).toBe('abs');
  });
  it('keep a node shared by two users shared', () => {
    const s = ops.neg(x);
    const [next] = substitute([ops.mul(ops.exp(s), s)], new Map([[x, y]]));
    expect(next!.inputs[0]!.inputs[0]).toBe(next!.inputs[1]);
  });
  it('do not look into a replacement: x may become a function of x', () => {
    const [next] = substitute([ops.neg(x)], new Map([[x, ops.mul(x, y)]]));
    expect(print([next!])).toMatchInlineSnapshot(`
      "%0 = state 'x' : f32[2, 3]
      %1 = state 'y' : f32[2, 3]
      %2 = mul(%0, %1) : f32[2, 3]
      %3 = neg(%2) : f32[2, 3]
      return %3"
    `);
  });
  it('infer shapes again and refuse what does not fit', () => {
    expect(() => substitute([ops.add(x, y)], new Map([[y, ops.state('z', [3, 2])]]))).toThrow(
      'add: shapes differ: [2, 3], [3, 2]; shapes must be equal, or the smaller the trailing dimensions of the larger',
    );
  });
  it('replace a root', () => expect(substitute([x], new Map([[x, y]]))).toEqual([y]));
});

describe('dependents and leaves', () => {
  it('follow every path from the given nodes', () => {
    const [a, b] = [ops.neg(x), ops.exp(y)];
    const root = ops.add(a, b);
    expect([...dependents([root], [x])]).toEqual([x, a, root]);
    expect(leaves([root], 'state')).toEqual([x, y]);
    expect(leaves([root], 'input')).toEqual([]);
  });
});

describe('flops', () => {
  it('count a multiply-add as two', () => {
    expect(flopsOf([ops.matmul(x, y, { transposeB: true })])).toBe(2 * 2 * 3 * 2);
    expect(flopsOf([conv2d('c', 5, { kernel: 3, stride: 2 })(ops.state('i', [2, 7, 6, 4]))])).toBe(
      2 * (2 * 4 * 3 * 5) * (3 * 3 * 4),
    );
  });
});

const tiny = network('tiny', [4, 4, 1], (images) =>
  pipe(
    images,
    conv2d('conv', 2, { kernel: 3, stride: 2 }),
    batchNorm('bn'),
    relu,
    (h) => relu(add(conv2d('next', 2, { kernel: 1, bias: true })(h), h)),
    maxPool2,
    globalAveragePool,
    linear('fc', 3),
  ),
);

describe('print', () => {
  it('shows a network one node a line', () => {
    expect(print([tiny.output])).toMatchInlineSnapshot(`
      "%0 = input 'images' : f32[1, 4, 4, 1]
      %1 = state 'conv.weight' role=weight : f32[2, 3, 3, 1]
      %2 = conv2d(%0, %1) stride=[2 2] dilation=[1 1] padding=[1 1 1 1] : f32[1, 2, 2, 2]  # conv
      %3 = state 'bn.running_mean' role=mean : f32[2]
      %4 = state 'bn.weight' role=scale : f32[2]
      %5 = state 'bn.running_var' role=variance : f32[2]
      %6 = state 'bn.bias' role=shift : f32[2]
      %7 = batchNorm(%2, %3, %4, %5, %6) epsilon=0.00001 : f32[1, 2, 2, 2]  # bn
      %8 = relu(%7) : f32[1, 2, 2, 2]  # bn
      %9 = state 'next.weight' role=weight : f32[2, 1, 1, 2]
      %10 = conv2d(%8, %9) stride=[1 1] dilation=[1 1] padding=[0 0 0 0] : f32[1, 2, 2, 2]  # next
      %11 = state 'next.bias' role=bias : f32[2]
      %12 = add(%10, %11) : f32[1, 2, 2, 2]  # next
      %13 = add(%12, %8) : f32[1, 2, 2, 2]  # next
      %14 = relu(%13) : f32[1, 2, 2, 2]  # next
      %15 = maxPool(%14) window=[2 2] stride=[2 2] padding=[0 0 0 0] : f32[1, 1, 1, 2]  # next
      %16 = sum(%15) axes=[1 2] : f32[1, 2]  # next
      %17 = constant value=1 : f32[]
      %18 = mul(%16, %17) : f32[1, 2]  # next
      %19 = state 'fc.weight' role=weight : f32[3, 2]
      %20 = matmul(%18, %19) transposeA=false transposeB=true : f32[1, 3]  # fc
      %21 = state 'fc.bias' role=bias : f32[3]
      %22 = add(%20, %21) : f32[1, 3]  # fc
      return %22"
    `);
  });
  it('shows the same network read for inference', () => {
    expect(print([inference(tiny).output])).toMatchInlineSnapshot(`
      "%0 = input 'images' : f32[1, 4, 4, 1]
      %1 = state 'conv.weight' role=weight : f32[2, 3, 3, 1]
      %2 = conv2d(%0, %1) stride=[2 2] dilation=[1 1] padding=[1 1 1 1] : f32[1, 2, 2, 2]  # conv
      %3 = state 'bn.weight' role=scale : f32[2]
      %4 = state 'bn.running_var' role=variance : f32[2]
      %5 = constant value=0.00001 : f32[]
      %6 = add(%4, %5) : f32[2]  # bn
      %7 = rsqrt(%6) : f32[2]  # bn
      %8 = mul(%3, %7) : f32[2]  # bn
      %9 = mul(%2, %8) : f32[1, 2, 2, 2]  # conv
      %10 = state 'bn.bias' role=shift : f32[2]
      %11 = state 'bn.running_mean' role=mean : f32[2]
      %12 = mul(%11, %8) : f32[2]  # bn
      %13 = sub(%10, %12) : f32[2]  # bn
      %14 = add(%9, %13) : f32[1, 2, 2, 2]  # bn
      %15 = relu(%14) : f32[1, 2, 2, 2]  # bn
      %16 = state 'next.weight' role=weight : f32[2, 1, 1, 2]
      %17 = conv2d(%15, %16) stride=[1 1] dilation=[1 1] padding=[0 0 0 0] : f32[1, 2, 2, 2]  # next
      %18 = state 'next.bias' role=bias : f32[2]
      %19 = add(%17, %18) : f32[1, 2, 2, 2]  # next
      %20 = add(%19, %15) : f32[1, 2, 2, 2]  # next
      %21 = relu(%20) : f32[1, 2, 2, 2]  # next
      %22 = maxPool(%21) window=[2 2] stride=[2 2] padding=[0 0 0 0] : f32[1, 1, 1, 2]  # next
      %23 = sum(%22) axes=[1 2] : f32[1, 2]  # next
      %24 = constant value=1 : f32[]
      %25 = mul(%23, %24) : f32[1, 2]  # next
      %26 = state 'fc.weight' role=weight : f32[3, 2]
      %27 = matmul(%25, %26) transposeA=false transposeB=true : f32[1, 3]  # fc
      %28 = state 'fc.bias' role=bias : f32[3]
      %29 = add(%27, %28) : f32[1, 3]  # fc
      return %29"
    `);
  });
  it('shows the gradient of a two-layer network as one more graph', () => {
    const net = network('two', [3], (v) => pipe(v, linear('fc1', 4), relu, linear('fc2', 2)));
    const loss = ops.sum(ops.mul(net.output, net.output), [0, 1]);
    expect(print(grad(loss, leaves([loss], 'state')))).toMatchInlineSnapshot(`
      "%0 = constant value=1 : f32[]
      %1 = broadcast(%0) axes=[] : f32[1, 2]
      %2 = input 'images' : f32[1, 3]
      %3 = state 'fc1.weight' role=weight : f32[4, 3]
      %4 = matmul(%2, %3) transposeA=false transposeB=true : f32[1, 4]  # fc1
      %5 = state 'fc1.bias' role=bias : f32[4]
      %6 = add(%4, %5) : f32[1, 4]  # fc1
      %7 = relu(%6) : f32[1, 4]  # fc1
      %8 = state 'fc2.weight' role=weight : f32[2, 4]
      %9 = matmul(%7, %8) transposeA=false transposeB=true : f32[1, 2]  # fc2
      %10 = state 'fc2.bias' role=bias : f32[2]
      %11 = add(%9, %10) : f32[1, 2]  # fc2
      %12 = mul(%1, %11) : f32[1, 2]  # fc2
      %13 = mul(%1, %11) : f32[1, 2]  # fc2
      %14 = add(%12, %13) : f32[1, 2]  # fc2
      %15 = matmul(%14, %8) transposeA=false transposeB=false : f32[1, 4]  # fc2
      %16 = step(%7) : f32[1, 4]  # fc1
      %17 = mul(%15, %16) : f32[1, 4]  # fc2
      %18 = matmul(%17, %2) transposeA=true transposeB=false : f32[4, 3]  # fc2
      %19 = sum(%17) axes=[0] : f32[4]  # fc2
      %20 = matmul(%14, %7) transposeA=true transposeB=false : f32[2, 4]  # fc2
      %21 = sum(%14) axes=[0] : f32[2]  # fc2
      return %18, %19, %20, %21"
    `);
  });
  it('shows part of a graph, and long arrays shortened', () => {
    const root = ops.add(ops.neg(ops.literal([10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])), ops.scalar(1));
    expect(print([root], { from: 0, to: 1 })).toBe(
      '%0 = literal data=[1 2 3 4 5 6 7 8 ...] : f32[10]\n%1 = neg(%0) : f32[10]',
    );
  });
});

describe('check', () => {
  it('accepts every model', () =>
    MODELS.forEach(({ output }) => expect(() => check([output])).not.toThrow()));
  it('shows a node whose type is not what its op infers, in context, and after which pass', () => {
    const broken = { ...ops.neg(x), shape: [3, 2], path: 'layer' };
    expect(() => check([ops.exp(broken)], 'fuse')).toThrow(
      `invalid graph after pass 'fuse': neg at layer: is f32[3, 2], its op infers f32[2, 3]
%0 = state 'x' : f32[2, 3]
%1 = neg(%0) : f32[3, 2]  # layer
%2 = exp(%1) : f32[3, 2]  # layer
return %2`.replace(/\nreturn.*$/, ''),
    );
  });
  it('shows a node whose inputs do not fit, in context', () => {
    const broken = { ...ops.add(x, y), inputs: [x, ops.state('z', [5])] };
    expect(() => check([broken]))
      .toThrow(`invalid graph: add: shapes differ: [2, 3], [5]; shapes must be equal, or the smaller the trailing dimensions of the larger
%0 = state 'x' : f32[2, 3]
%1 = state 'z' : f32[5]
%2 = add(%0, %1) : f32[2, 3]`);
  });
  it('shows a node whose attributes its op cannot read', () => {
    expect(() => check([{ ...ops.sum(x, [0]), attributes: {} }])).toThrow(
      /^invalid graph: sum: axes is nothing; it must be a list of at most 64 whole numbers from 0 on\n/,
    );
  });
  it('refuses one name for two types', () => {
    expect(() => check([ops.add(ops.sum(x, [0, 1]), ops.sum(ops.state('x', [4]), [0]))])).toThrow(
      "invalid graph: state: 'x' is f32[4] here and f32[2, 3] elsewhere\n",
    );
  });
  it('lets an input and a state have one name', () =>
    expect(() => check([ops.add(x, ops.input('x', [3]))])).not.toThrow());
  it('refuses an unknown op', () => {
    expect(() => check([{ ...ops.neg(x), op: 'softmax' }])).toThrow(
      /^invalid graph: unknown op 'softmax'; this version knows input, state, /,
    );
  });
});

describe('gradients', () => {
  it('are zeros for what the output does not depend on', () => {
    expect(print(grad(ops.sum(x, [0, 1]), [y]))).toBe('%0 = constant value=0 : f32[2, 3]\nreturn %0');
  });
  it('of an array are refused', () =>
    expect(() => grad(x, [x])).toThrow('grad: the output is [2, 3], it must be a scalar; sum it first'));
  it('evaluate for every model, read for inference', () => {
    for (const net of MODELS) {
      const { output } = inference(net);
      const weights = leaves([output], 'state');
      const gradient = grad(ops.sum(output, [0, 1]), weights);
      expect(() => check(gradient)).not.toThrow();
      gradient.forEach((g, i) => expect(g.shape).toEqual(weights[i]!.shape));
      expect(evaluated(gradient).flat().every(Number.isFinite)).toBe(true);
    }
  });
});
