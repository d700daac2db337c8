import type { ConvGeometry } from '../../src/ops/conv2d.js';
import type { PoolGeometry } from '../../src/ops/pool.js';
import { ops, type OpName } from '../../src/ops/registry.js';
import type { Shape, Tensor } from '../../src/tensor/tensor.js';
import { leaf, type Case, type Given } from './helper.js';

/** Every op in use: a new op does not compile until it has a row here. */

const f = (...shape: number[]): Given => ({ shape });
const integers = (shape: Shape, values: readonly number[], dtype: 'i32' | 'u8' = 'i32'): Given => ({
  shape,
  dtype,
  values,
});

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

const unary = (build: Unary, options: Partial<Case> = {}): Case[] => [
  { label: 'of an array', inputs: [f(2, 3)], build: ([x]) => build(x!), ...options },
  { label: 'of a scalar', inputs: [f()], build: ([x]) => build(x!), ...options },
];

const SUFFIXES: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 2, 3], [3]],
  [[3], [2, 2, 3]],
  [
    [2, 3, 2],
    [3, 2],
  ],
  [
    [3, 2],
    [4, 3, 2],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [[], []],
];
const binary = (build: Binary, options: Partial<Case> = {}): Case[] =>
  SUFFIXES.map(([a, b]) => ({
    label: `of [${a.join()}] and [${b.join()}]`,
    inputs: [f(...a), f(...b)],
    build: ([x, y]) => build(x!, y!),
    ...options,
  }));

const subsets = (n: number): number[][] =>
  Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (_unused, i) => i).filter((i) => (bits >> i) & 1),
  );

const conv = (
  stride: [number, number],
  dilation: [number, number],
  padding: [number, number, number, number],
): ConvGeometry => ({ stride, dilation, padding });
interface ConvCase {
  readonly label: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly g: ConvGeometry;
}
const CONVS: readonly ConvCase[] = [
  { label: '1x1', x: [2, 3, 2, 2], w: [3, 1, 1, 2], g: conv([1, 1], [1, 1], [0, 0, 0, 0]) },
  { label: 'centred 3x3, H != W', x: [2, 4, 5, 2], w: [2, 3, 3, 2], g: conv([1, 1], [1, 1], [1, 1, 1, 1]) },
  {
    label: 'stride 2, odd H, even W',
    x: [1, 7, 6, 2],
    w: [2, 3, 3, 2],
    g: conv([2, 2], [1, 1], [1, 1, 1, 1]),
  },
  {
    label: 'stride 2 that drops a row',
    x: [1, 6, 5, 1],
    w: [2, 3, 3, 1],
    g: conv([2, 2], [1, 1], [0, 0, 0, 0]),
  },
  { label: 'dilation 2', x: [1, 5, 6, 1], w: [2, 3, 3, 1], g: conv([1, 1], [2, 2], [2, 2, 2, 2]) },
  {
    label: 'dilation 3 by 1, stride 1 by 2',
    x: [1, 8, 5, 1],
    w: [1, 3, 2, 1],
    g: conv([1, 2], [3, 1], [0, 1, 1, 0]),
  },
  { label: 'asymmetric padding', x: [1, 4, 3, 2], w: [2, 2, 3, 2], g: conv([1, 1], [1, 1], [0, 2, 1, 0]) },
  {
    label: 'kernel as large as the input',
    x: [1, 3, 2, 2],
    w: [2, 3, 2, 2],
    g: conv([1, 1], [1, 1], [0, 0, 0, 0]),
  },
];
/** Every other weight of a kernel, or one alone; their places, and the geometry with its kernel. */
const packedOf = ({ label, w, g }: ConvCase) => {
  const all = Array.from({ length: w.reduce((n, d) => n * d, 1) }, (_, k) => k);
  const kept = label === '1x1' ? all.slice(2, 3) : all.filter((k) => k % 3 !== 1);
  return {
    count: kept.length,
    index: ops.literal([kept.length], kept, 'i32'),
    geometry: { ...g, kernel: [w[1]!, w[2]!] as const },
  };
};
const outputOf = ({ x, w, g }: ConvCase): Shape => ops.conv2d(leaf('x', x), leaf('w', w), g).shape;

const pool = (
  window: [number, number],
  stride: [number, number],
  padding: [number, number, number, number],
): PoolGeometry => ({ window, stride, padding });
interface PoolCase {
  readonly label: string;
  readonly x: Shape;
  readonly g: PoolGeometry;
}
const POOLS: readonly PoolCase[] = [
  { label: '2x2 by 2', x: [2, 4, 6, 2], g: pool([2, 2], [2, 2], [0, 0, 0, 0]) },
  { label: '2x2 by 2, odd sizes', x: [1, 5, 3, 2], g: pool([2, 2], [2, 2], [0, 0, 0, 0]) },
  { label: '3x3 by 2, padded', x: [1, 6, 5, 2], g: pool([3, 3], [2, 2], [1, 1, 1, 1]) },
  { label: 'overlapping 3x2 by 1, asymmetric', x: [1, 4, 3, 1], g: pool([3, 2], [1, 1], [2, 0, 1, 1]) },
];
const pooledOf = ({ x, g }: PoolCase): Shape => ops.sumPool(leaf('x', x), g).shape;

const TRANSPOSES = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

const RESIZES: readonly (readonly [from: Shape, to: readonly [number, number]])[] = [
  [
    [2, 3, 4, 2],
    [5, 6],
  ],
  [
    [1, 7, 5, 2],
    [3, 2],
  ],
  [
    [1, 3, 4, 1],
    [1, 7],
  ],
  [
    [1, 1, 2, 1],
    [3, 1],
  ],
];
const resizes = (
  build: (x: Tensor, of: Shape, to: readonly [number, number], alignCorners: boolean) => Tensor,
  isGrad: boolean,
): Case[] =>
  RESIZES.flatMap(([from, to]) =>
    [true, false].map((alignCorners) => ({
      label: `[${from.join()}] to ${to.join('x')}${alignCorners ? ', corners aligned' : ''}`,
      inputs: [isGrad ? f(from[0]!, ...to, from[3]!) : f(...from)],
      build: ([x]: readonly Tensor[]) => build(x!, from, to, alignCorners),
      linear: [[0]],
    })),
  );

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  input: [{ label: 'alone', inputs: [f(2, 3)], build: ([x]) => x! }],
  state: [{ label: 'alone', inputs: [f(2, 3)], build: ([x]) => x! }],
  constant: [{ label: 'times x', inputs: [f(2, 3)], build: ([x]) => ops.mul(x!, ops.constant([2, 3], 1.5)) }],
  literal: [{ label: 'times x', inputs: [f(3)], build: ([x]) => ops.mul(x!, ops.literal([3], [1, -2, 3])) }],
  batchNorm: [[2, 3], [2, 2, 2, 3], [3]].map((x) => ({
    label: `of rank ${x.length}`,
    inputs: [f(...x), f(3), f(3), f(3), f(3)],
    positive: true,
    build: ([y, mean, weight, variance, bias]) =>
      ops.batchNorm(y!, { mean: mean!, weight: weight!, variance: variance!, bias: bias! }, 1e-2),
    linear: [[2, 4]],
  })),
  statistic: [
    {
      label: 'stored',
      inputs: [f(2, 3), f(3)],
      build: ([x, m]) => ops.statistic(x!, m!, 'mean'),
      linear: [[1]],
    },
  ],
  dropout: unary((x) => ops.dropout(x, 0.25), { linear: [[0]] }),
  bernoulli: [
    [2, 3],
    [1, 5],
    [2, 2, 2, 2],
  ].map((shape) => ({
    label: `of [${shape.join()}]`,
    inputs: [integers([2], [-7, 3])],
    build: ([noise]) => ops.bernoulli(noise!, shape, 0.5, 2),
  })),

  neg: unary(ops.neg, { linear: [[0]] }),
  abs: unary(ops.abs),
  sign: unary(ops.sign),
  exp: unary(ops.exp),
  log: unary(ops.log, { positive: true }),
  sqrt: unary(ops.sqrt, { positive: true }),
  rsqrt: unary(ops.rsqrt, { positive: true }),
  exp2: unary(ops.exp2),
  exponent: unary(ops.exponent),
  sigmoid: unary(ops.sigmoid),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  softplus: unary(ops.softplus),
  relu: unary(ops.relu),
  step: unary(ops.step),
  add: [
    ...binary(ops.add, { linear: [[0, 1]] }),
    { label: 'of x and x', inputs: [f(2, 3)], build: ([x]) => ops.add(x!, x!), linear: [[0]] },
  ],
  sub: binary(ops.sub, { linear: [[0, 1]] }),
  mul: [
    ...binary(ops.mul, { linear: [[0], [1]] }),
    { label: 'of x and x', inputs: [f(2, 3)], build: ([x]) => ops.mul(x!, x!) },
  ],
  gate: [
    {
      label: 'by a factor',
      inputs: [f(2, 3)],
      build: ([x]) => ops.gate(x!, ops.literal([3], [1, 0, 0.5])),
      linear: [[0]],
    },
  ],
  div: [
    ...binary(ops.div, { linear: [[0]], positive: true }),
    { label: 'of x and x', inputs: [f(2, 3)], build: ([x]) => ops.div(x!, x!), positive: true },
  ],
  max: binary(ops.max),
  min: binary(ops.min),
  greater: binary(ops.greater),
  equal: binary(ops.equal),
  select: [
    {
      label: 'of equal shapes',
      inputs: [f(2, 3), f(2, 3), f(2, 3)],
      build: ([a, b, c]) => ops.select(ops.step(a!), b!, c!),
    },
    {
      label: 'of a row, an array and a scalar',
      inputs: [f(3), f(2, 3), f()],
      build: ([a, b, c]) => ops.select(ops.step(a!), b!, c!),
    },
    {
      label: 'of an array, a scalar and a row',
      inputs: [f(4, 2, 3), f(), f(3)],
      build: ([a, b, c]) => ops.select(ops.step(a!), b!, c!),
    },
  ],
  toReal: [
    { label: 'i32', inputs: [integers([3], [-1, 0, 7])], build: ([x]) => ops.toReal(x!) },
    { label: 'u8', inputs: [integers([2], [0, 255], 'u8')], build: ([x]) => ops.toReal(x!) },
  ],
  stopGradient: [
    { label: 'of an array', inputs: [f(2, 3)], build: ([x]) => ops.stopGradient(x!), cuts: true },
  ],

  sum: subsets(3)
    .slice(1)
    .map((axes) => ({
      label: `over ${axes.join()}`,
      inputs: [f(2, 3, 4)],
      build: ([x]) => ops.sum(x!, axes),
      linear: [[0]],
    })),
  maximum: subsets(3)
    .slice(1)
    .map((axes) => ({
      label: `over ${axes.join()}`,
      inputs: [f(2, 3, 4)],
      build: ([x]) => ops.maximum(x!, axes),
    })),
  broadcast: subsets(3)
    .slice(0, -1)
    .map((axes) => ({
      label: `of axes ${axes.join() || 'none'}`,
      inputs: [f(...axes.map((a) => [2, 3, 4][a]!))],
      build: ([x]) => ops.broadcast(x!, [2, 3, 4], axes),
      linear: [[0]],
    })),
  variance: [
    { label: 'of columns', inputs: [f(4, 3)], build: ([x]) => ops.variance(x!) },
    { label: 'of channels', inputs: [f(2, 3, 2, 2)], build: ([x]) => ops.variance(x!) },
    { label: 'of one value', inputs: [f(1, 3)], build: ([x]) => ops.variance(x!) },
  ],
  argMax: [
    { label: 'of rows', inputs: [f(2, 3, 4)], build: ([x]) => ops.argMax(x!) },
    { label: 'of one row', inputs: [f(5)], build: ([x]) => ops.argMax(x!) },
  ],

  reshape: [
    { label: 'to a matrix', inputs: [f(2, 3, 4)], build: ([x]) => ops.reshape(x!, [6, 4]), linear: [[0]] },
    { label: 'of a scalar', inputs: [f()], build: ([x]) => ops.reshape(x!, [1, 1]), linear: [[0]] },
  ],
  transpose: [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ].map((order) => ({
    label: order.join(),
    inputs: [f(2, 3, 4)],
    build: ([x]) => ops.transpose(x!, order),
    linear: [[0]],
  })),
  slice: [
    {
      label: 'inner',
      inputs: [f(4, 5)],
      build: ([x]) => ops.slice(x!, [1, 2], [3, 5], [1, 1]),
      linear: [[0]],
    },
    {
      label: 'strided, last step short',
      inputs: [f(5, 6)],
      build: ([x]) => ops.slice(x!, [0, 1], [5, 6], [2, 3]),
      linear: [[0]],
    },
  ],
  place: [
    {
      label: 'padding',
      inputs: [f(2, 3)],
      build: ([x]) => ops.place(x!, [4, 5], [1, 2], [1, 1]),
      linear: [[0]],
    },
    {
      label: 'strided',
      inputs: [f(2, 3)],
      build: ([x]) => ops.place(x!, [5, 8], [1, 0], [3, 3]),
      linear: [[0]],
    },
  ],
  concat: [0, 1, 2].map((axis) => ({
    label: `along ${axis}`,
    inputs: [1, 2, 3].map((d) => f(...[2, 3, 2].map((e, i) => (i === axis ? d : e)))),
    build: (xs) => ops.concat(xs, axis),
    linear: [[0, 1, 2]],
  })),

  conv2d: CONVS.map(({ label, x, w, g }) => ({
    label,
    inputs: [f(...x), f(...w)],
    build: ([a, b]) => ops.conv2d(a!, b!, g),
    linear: [[0], [1]],
  })),
  conv2dInputGrad: CONVS.map((c) => ({
    label: c.label,
    inputs: [f(...outputOf(c)), f(...c.w)],
    build: ([a, b]) => ops.conv2dInputGrad(a!, b!, [c.x[1]!, c.x[2]!], c.g),
    linear: [[0], [1]],
  })),
  conv2dWeightGrad: CONVS.map((c) => ({
    label: c.label,
    inputs: [f(...c.x), f(...outputOf(c))],
    build: ([a, b]) => ops.conv2dWeightGrad(a!, b!, [c.w[1]!, c.w[2]!], c.g),
    linear: [[0], [1]],
  })),
  sparseConv2d: CONVS.map((c) => {
    const { count, index, geometry } = packedOf(c);
    return {
      label: c.label,
      inputs: [f(...c.x), f(count)],
      build: ([x, v]) => ops.sparseConv2d(x!, v!, index, c.w[0]!, geometry),
      linear: [[0], [1]],
    };
  }),
  sparseConv2dInputGrad: CONVS.map((c) => {
    const { count, index, geometry } = packedOf(c);
    return {
      label: c.label,
      inputs: [f(...outputOf(c)), f(count)],
      build: ([dy, v]) => ops.sparseConv2dInputGrad(dy!, v!, index, [c.x[1]!, c.x[2]!, c.x[3]!], geometry),
      linear: [[0], [1]],
    };
  }),
  sparseConv2dWeightGrad: CONVS.map((c) => {
    const { index, geometry } = packedOf(c);
    return {
      label: c.label,
      inputs: [f(...c.x), f(...outputOf(c))],
      build: ([x, dy]) => ops.sparseConv2dWeightGrad(x!, dy!, index, geometry),
      linear: [[0], [1]],
    };
  }),
  matmul: TRANSPOSES.map(([transposeA, transposeB]) => ({
    label: `${transposeA ? 'aT' : 'a'} ${transposeB ? 'bT' : 'b'}`,
    inputs: [transposeA ? f(3, 2) : f(2, 3), transposeB ? f(4, 3) : f(3, 4)],
    build: ([a, b]) => ops.matmul(a!, b!, { transposeA, transposeB }),
    linear: [[0], [1]],
  })),

  maxPool: POOLS.map(({ label, x, g }) => ({ label, inputs: [f(...x)], build: ([a]) => ops.maxPool(a!, g) })),
  maxPoolGather: POOLS.map(({ label, x, g }) => ({
    label,
    inputs: [f(...x), f(...x)],
    build: ([a, b]) => ops.maxPoolGather(a!, b!, g),
    linear: [[1]],
  })),
  maxPoolScatter: POOLS.map((p) => ({
    label: p.label,
    inputs: [f(...p.x), f(...pooledOf(p))],
    build: ([a, b]) => ops.maxPoolScatter(a!, b!, p.g),
    linear: [[1]],
  })),
  sumPool: POOLS.map(({ label, x, g }) => ({
    label,
    inputs: [f(...x)],
    build: ([a]) => ops.sumPool(a!, g),
    linear: [[0]],
  })),
  sumPoolGrad: POOLS.map((p) => ({
    label: p.label,
    inputs: [f(...pooledOf(p))],
    build: ([a]) => ops.sumPoolGrad(a!, [p.x[1]!, p.x[2]!], p.g),
    linear: [[0]],
  })),

  resizeBilinear: resizes((x, _, to, alignCorners) => ops.resizeBilinear(x, to, { alignCorners }), false),
  resizeBilinearGrad: resizes(
    (dy, from, _, alignCorners) => ops.resizeBilinearGrad(dy, [from[1]!, from[2]!], { alignCorners }),
    true,
  ),

  gather: [
    {
      label: 'rows, one twice',
      inputs: [f(4, 2, 3), integers([5], [3, 0, 0, 2, 3])],
      build: ([t, i]) => ops.gather(t!, i!),
      linear: [[0]],
    },
    {
      label: 'numbers',
      inputs: [f(4), integers([2], [1, 3])],
      build: ([t, i]) => ops.gather(t!, i!),
      linear: [[0]],
    },
  ],
  scatterAdd: [
    {
      label: 'rows, two into one',
      inputs: [f(3, 2), integers([3], [1, 3, 1])],
      build: ([v, i]) => ops.scatterAdd(v!, i!, 4),
      linear: [[0]],
    },
    {
      label: 'numbers',
      inputs: [f(3), integers([3], [0, 0, 0])],
      build: ([v, i]) => ops.scatterAdd(v!, i!, 1),
      linear: [[0]],
    },
  ],
  cropFlip: [
    {
      label: 'shifted and flipped',
      inputs: [
        integers([2, 2, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'u8'),
        integers([3], [1, 0, 1]),
        integers([3, 3], [0, 0, 0, 1, -1, 0, 0, 1, 1]),
      ],
      build: ([images, index, shift]) => ops.cropFlip(images!, index!, shift!),
    },
  ],
  rankMask: [
    { label: 'three of six', inputs: [f(6), integers([], [3])], build: ([s, k]) => ops.rankMask(s!, k!) },
  ],
};
