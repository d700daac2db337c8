import { describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { BINARY, UNARY } from '../../src/ops/elementwise.js';
import { make, ops, registry, type OpName } from '../../src/ops/registry.js';
import type { Attributes } from '../../src/tensor/tensor.js';
import { leaf } from './helper.js';

/** Every op says "op: what differs: left, right; at path; remedy". */

const f = (...shape: number[]) => leaf('x', shape, 'f32', 'net.layer');
const i = (...shape: number[]) => leaf('i', shape, 'i32', 'net.layer');
const g = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
const sparse = { ...g, kernel: [3, 3] } as const;
const p = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
const raw =
  (op: OpName, inputs: readonly ReturnType<typeof f>[], attributes: Attributes = {}) =>
  () =>
    make(op, inputs, attributes, 'net.layer');

/** Attributes that are well-formed, so that it is the inputs that are refused. */
const goodAttributes: { readonly [K in OpName]?: Attributes } = {
  batchNorm: { epsilon: 1e-5 },
  dropout: { rate: 0.5 },
  bernoulli: { shape: [2], probability: 0.5, stream: 0 },
  statistic: { moment: 'mean' },
  sum: { axes: [0] },
  maximum: { axes: [0] },
  broadcast: { shape: [2], axes: [0] },
  reshape: { shape: [2] },
  transpose: { order: [0] },
  slice: { start: [0], limit: [1], stride: [1] },
  place: { shape: [2], start: [0], stride: [1] },
  conv2d: g,
  conv2dInputGrad: { ...g, size: [2, 2] },
  conv2dWeightGrad: { ...g, kernel: [1, 1] },
  sparseConv2d: { ...g, kernel: [1, 1], filters: 2 },
  sparseConv2dInputGrad: { ...g, kernel: [1, 1], size: [2, 2, 3] },
  sparseConv2dWeightGrad: { ...g, kernel: [1, 1] },
  maxPool: p,
  maxPoolGather: p,
  maxPoolScatter: p,
  sumPool: p,
  sumPoolGrad: { ...p, size: [2, 2] },
  resizeBilinear: { size: [2, 2], alignCorners: false },
  resizeBilinearGrad: { size: [2, 2], alignCorners: false },
  scatterAdd: { rows: 1 },
};

const wrong: { readonly [K in OpName]: readonly (readonly [build: () => unknown, message: string])[] } = {
  ...(Object.fromEntries(
    UNARY.map((op) => [
      op,
      [
        [() => ops[op](i(3)), `${op}: input 0 is i32[3], expected f32; at net.layer; cast it first`],
        [raw(op, [f(3), f(3)]), `${op}: takes 1 input, got 2; at net.layer; pass exactly these`],
      ],
    ]),
  ) as unknown as Record<(typeof UNARY)[number], readonly (readonly [() => unknown, string])[]>),
  ...(Object.fromEntries(
    BINARY.map((op) => [
      op,
      [
        [
          () => ops[op](f(2, 3), f(2)),
          `${op}: shapes differ: [2, 3], [2]; at net.layer; shapes must be equal, or the smaller the trailing dimensions of the larger`,
        ],
        [
          () => ops[op](f(2, 3), f(2, 1)),
          `${op}: shapes differ: [2, 3], [2, 1]; at net.layer; shapes must be equal, or the smaller the trailing dimensions of the larger`,
        ],
        [() => ops[op](f(2), i(2)), `${op}: input 1 is i32[2], expected f32; at net.layer; cast it first`],
        [raw(op, [f(2)]), `${op}: takes 2 inputs, got 1; at net.layer; pass exactly these`],
      ],
    ]),
  ) as unknown as Record<(typeof BINARY)[number], readonly (readonly [() => unknown, string])[]>),
  gate: [
    [
      () => ops.gate(f(2, 3), f(2)),
      'gate: shapes differ: [2, 3], [2]; at net.layer; shapes must be equal, or the smaller the trailing dimensions of the larger',
    ],
  ],
  select: [
    [
      () => ops.select(f(2), f(3), f()),
      'select: shapes differ: [2], [3], []; at net.layer; shapes must be equal, or the smaller the trailing dimensions of the larger',
    ],
  ],
  input: [
    [
      () => ops.input('images', [2, -1]),
      'input: the result would be f32[2, -1]; every size must be a positive integer',
    ],
    [
      raw('input', [], { name: 'x', shape: [2], dtype: 'f64' }),
      'input: dtype is "f64"; at net.layer; did you mean \'f32\'?',
    ],
    [
      raw('input', [f(2)], { name: 'x', shape: [2] }),
      'input: takes 0 inputs, got 1; at net.layer; pass exactly these',
    ],
  ],
  state: [
    [
      () => ops.state('w', [2.5, 0], {}, 'net.layer'),
      'state: shape is [2.5,0]; at net.layer; it must be a list of at most 64 whole numbers',
    ],
  ],
  constant: [
    [
      raw('constant', [], { shape: [], value: null }),
      'constant: value is null; at net.layer; it must be a number',
    ],
  ],
  literal: [
    [() => ops.literal([3], [1, 2]), 'literal: 2 numbers for shape [3]; give one number for each element'],
  ],
  batchNorm: [
    [
      () => ops.batchNorm(f(2, 3), { mean: f(3), weight: f(2), variance: f(3), bias: f(3) }, 1e-5),
      'batchNorm: f32[2] beside f32[2, 3]; at net.layer; give one number for each channel',
    ],
  ],
  dropout: [
    [
      () => ops.dropout(f(2), 1),
      'dropout: rate is 1; at net.layer; give the share to drop, from 0 to less than 1',
    ],
  ],
  bernoulli: [
    [
      () => ops.bernoulli(f(2), [3], 0.5, 0),
      'bernoulli: noise is f32[2]; at net.layer; pass i32[2], a key and a step',
    ],
    [
      () => ops.bernoulli(i(2), [3], 1.5, 0),
      'bernoulli: probability is 1.5; at net.layer; give one from 0 to 1',
    ],
  ],
  statistic: [
    [
      () => ops.statistic(f(2, 3), f(2), 'mean'),
      'statistic: statistic f32[2] of f32[2, 3]; at net.layer; it holds one number per channel',
    ],
  ],
  toReal: [[() => ops.toReal(f(3)), 'toReal: input is f32[3]; at net.layer; pass an i32 or u8 tensor']],
  stopGradient: [
    [raw('stopGradient', []), 'stopGradient: takes 1 input, got 0; at net.layer; pass exactly these'],
  ],

  sum: [
    [
      () => ops.sum(f(2, 3), [2]),
      'sum: axes [2] of shape [2, 3]; at net.layer; name existing axes once each',
    ],
    [
      () => ops.sum(f(2, 3), [1, 1]),
      'sum: axes [1, 1] of shape [2, 3]; at net.layer; name existing axes once each',
    ],
    [
      () => ops.sum(f(2, 3), [-1]),
      'sum: axes is [-1]; at net.layer; it must be a list of at most 64 whole numbers from 0 on',
    ],
    [
      () => ops.sum(f(2, 3), [0.5]),
      'sum: axes is [0.5]; at net.layer; it must be a list of at most 64 whole numbers from 0 on',
    ],
  ],
  maximum: [
    [
      () => ops.maximum(f(2, 3), [3]),
      'maximum: axes [3] of shape [2, 3]; at net.layer; name existing axes once each',
    ],
  ],
  broadcast: [
    [
      () => ops.broadcast(f(2), [3, 4], [0]),
      'broadcast: input [2] as axes [0] of [3, 4]; at net.layer; axes must increase and their sizes agree',
    ],
    [
      () => ops.broadcast(f(2, 3), [3, 2, 4], [1, 0]),
      'broadcast: input [2, 3] as axes [1, 0] of [3, 2, 4]; at net.layer; axes must increase and their sizes agree',
    ],
    [
      () => ops.broadcast(f(2), [3], [0]),
      'broadcast: input [2] as axes [0] of [3]; at net.layer; axes must increase and their sizes agree',
    ],
  ],
  variance: [
    [
      () => ops.variance(f(3)),
      'variance: input [3] has no axis beside its channels; at net.layer; pass [..., c]',
    ],
    [
      () => ops.variance(i(2, 3)),
      'variance: input 0 is i32[2, 3], expected f32; at net.layer; cast it first',
    ],
  ],
  argMax: [
    [() => ops.argMax(f()), 'argMax: a scalar has no last axis; at net.layer; pass at least one axis'],
  ],

  reshape: [
    [
      () => ops.reshape(f(2, 3), [4]),
      'reshape: cannot view f32[2, 3] as [4]; at net.layer; both must have as many elements',
    ],
    [
      () => ops.reshape(f(2, 3), [-2, -3]),
      'reshape: the result would be f32[-2, -3]; at net.layer; every size must be a positive integer',
    ],
  ],
  transpose: [
    [
      () => ops.transpose(f(2, 3), [0, 0]),
      'transpose: order [0, 0] of [2, 3]; at net.layer; name every axis once',
    ],
    [() => ops.transpose(f(2, 3), [0]), 'transpose: order [0] of [2, 3]; at net.layer; name every axis once'],
  ],
  slice: [
    [
      () => ops.slice(f(2, 3), [0, 1], [2, 4], [1, 1]),
      'slice: from [0, 1] to [2, 4] by [1, 1] of [2, 3]; at net.layer; stay inside the shape',
    ],
    [
      () => ops.slice(f(2), [0, 0], [1, 1], [1, 1]),
      'slice: from [0, 0] to [1, 1] by [1, 1] of [2]; at net.layer; stay inside the shape',
    ],
    [
      () => ops.slice(f(2), [1], [1], [1]),
      'slice: from [1] to [1] by [1] of [2]; at net.layer; stay inside the shape',
    ],
  ],
  place: [
    [
      () => ops.place(f(2, 3), [4, 5], [1, 1], [1, 2]),
      'place: [2, 3] at [1, 1] by [1, 2] in [4, 5]; at net.layer; stay inside the shape',
    ],
  ],
  concat: [
    [
      () => ops.concat([f(2, 3), f(2, 4)], 0),
      'concat: cannot join f32[2, 3], f32[2, 4] along axis 0; at net.layer; the axis must exist and all others agree',
    ],
    [
      () => ops.concat([f(2, 3), f(2, 3)], 2),
      'concat: cannot join f32[2, 3], f32[2, 3] along axis 2; at net.layer; the axis must exist and all others agree',
    ],
    [
      () => ops.concat([f(2), i(2)], 0),
      'concat: cannot join f32[2], i32[2] along axis 0; at net.layer; the axis must exist and all others agree',
    ],
    [() => ops.concat([], 0), 'concat: takes at least one input, got 0; pass what to join'],
  ],

  conv2d: [
    [
      () => ops.conv2d(f(1, 5, 5, 3), f(8, 3, 3, 4), g),
      'conv2d: channels differ: input has 3, weight has 4; at net.layer; give the weight shape [8, 3, 3, 3]',
    ],
    [
      () => ops.conv2d(f(5, 3), f(8, 3, 3, 3), g),
      'conv2d: input is [5, 3]; at net.layer; it needs four axes',
    ],
    [
      () => ops.conv2d(f(1, 2, 5, 3), f(8, 3, 3, 3), g),
      'conv2d: the 3x3 kernel does not fit the 2x5 input; at net.layer; pad more or shrink the kernel',
    ],
    [
      () => ops.conv2d(f(1, 5, 5, 3), f(8, 3, 3, 3), { ...g, stride: [0, 1] }),
      'conv2d: stride is [0,1]; at net.layer; it must be two positive whole numbers, of height and width',
    ],
  ],
  conv2dInputGrad: [
    [
      () => ops.conv2dInputGrad(f(1, 3, 3, 8), f(8, 3, 3, 2), [6, 5], g),
      'conv2dInputGrad: dy is [1, 3, 3, 8], the forward output is [1, 4, 3, 8]; at net.layer; pass the cotangent of that output',
    ],
  ],
  conv2dWeightGrad: [
    [
      () => ops.conv2dWeightGrad(f(1, 5, 5, 2), f(1, 3, 4, 8), [3, 3], g),
      'conv2dWeightGrad: dy is [1, 3, 4, 8], the forward output is [1, 3, 3, 8]; at net.layer; pass the cotangent of that output',
    ],
  ],
  sparseConv2d: [
    [
      () => ops.sparseConv2d(f(1, 5, 5, 3), f(4), i(5), 8, sparse),
      'sparseConv2d: values f32[4], index i32[5]; at net.layer; give one i32 index for each value of f32',
    ],
    [
      () => ops.sparseConv2d(f(5, 3), f(4), i(4), 8, sparse),
      'sparseConv2d: input is f32[5, 3]; at net.layer; it needs four axes of f32',
    ],
    [
      () => ops.sparseConv2d(f(1, 2, 5, 3), f(4), i(4), 8, sparse),
      'sparseConv2d: the 3x3 kernel does not fit the 2x5 input; at net.layer; pad more or shrink the kernel',
    ],
  ],
  sparseConv2dInputGrad: [
    [
      () => ops.sparseConv2dInputGrad(f(1, 3, 3, 8), f(4), i(4), [6, 5, 3], sparse),
      'sparseConv2dInputGrad: dy is [1, 3, 3, 8], the forward output is [4, 3] high and wide; at net.layer; pass the cotangent of that output',
    ],
  ],
  sparseConv2dWeightGrad: [
    [
      () => ops.sparseConv2dWeightGrad(f(1, 5, 5, 2), f(1, 3, 4, 8), i(4), sparse),
      'sparseConv2dWeightGrad: dy is [1, 3, 4, 8], the forward output is [1, 3, 3]; at net.layer; pass the cotangent of that output',
    ],
    [
      () => ops.sparseConv2dWeightGrad(f(1, 5, 5, 2), f(1, 3, 3, 8), f(4), sparse),
      'sparseConv2dWeightGrad: index f32[4]; at net.layer; give one i32 index for each value of f32',
    ],
  ],
  matmul: [
    [
      () => ops.matmul(f(2, 3), f(4, 5)),
      'matmul: inner sizes differ: left 3, right 4; at net.layer; they must be equal',
    ],
    [
      () => ops.matmul(f(2, 3), f(4, 5), { transposeA: true, transposeB: true }),
      'matmul: inner sizes differ: left 2, right 5; at net.layer; they must be equal',
    ],
    [
      () => ops.matmul(f(2, 3), f(3)),
      'matmul: inputs are [2, 3] and [3]; at net.layer; both must be matrices',
    ],
  ],

  maxPool: [
    [
      () => ops.maxPool(f(1, 1, 4, 2), p),
      'maxPool: the 2x2 window does not fit the 1x4 input; at net.layer; pad more or shrink the window',
    ],
    [
      () => ops.maxPool(f(1, 4, 4, 2), { ...p, padding: [2, 0, 0, 0] }),
      'maxPool: padding [2, 0, 0, 0] holds whole windows of 2x2; at net.layer; pad less than the window',
    ],
    [() => ops.maxPool(f(4, 4), p), 'maxPool: input is [4, 4]; at net.layer; it needs four axes'],
  ],
  maxPoolGather: [
    [
      () => ops.maxPoolGather(f(1, 4, 4, 2), f(1, 2, 2, 2), p),
      'maxPoolGather: x is [1, 4, 4, 2], v is [1, 2, 2, 2]; at net.layer; both must have one shape',
    ],
  ],
  maxPoolScatter: [
    [
      () => ops.maxPoolScatter(f(1, 4, 4, 2), f(1, 4, 4, 2), p),
      'maxPoolScatter: dy is [1, 4, 4, 2], the pool gives [1, 2, 2, 2]; at net.layer; pass the cotangent of that output',
    ],
  ],
  sumPool: [
    [() => ops.sumPool(f(4, 4, 2), p), 'sumPool: input is [4, 4, 2]; at net.layer; it needs four axes'],
  ],
  sumPoolGrad: [
    [
      () => ops.sumPoolGrad(f(1, 3, 3, 2), [4, 4], p),
      'sumPoolGrad: dy is [1, 3, 3, 2], the pool gives [1, 2, 2, 2]; at net.layer; pass the cotangent of that output',
    ],
  ],
  resizeBilinear: [
    [
      () => ops.resizeBilinear(f(4, 4, 2), [2, 2]),
      'resizeBilinear: input is [4, 4, 2]; at net.layer; it needs four axes',
    ],
    [
      () => ops.resizeBilinear(f(1, 4, 4, 2), [2, 0]),
      'resizeBilinear: size is [2,0]; at net.layer; it must be two positive whole numbers, of height and width',
    ],
    [
      () => ops.resizeBilinear(f(1, 4, 4, 2), [2, 2], { alignCorners: 1 as never }),
      'resizeBilinear: alignCorners is 1; at net.layer; it must be true or false',
    ],
    [
      () => ops.resizeBilinear(f(1, 4, 4, 2), [2, 2], null as never),
      'resizeBilinear: its attributes are null; give an object of size, alignCorners',
    ],
  ],
  resizeBilinearGrad: [
    [
      () => ops.resizeBilinearGrad(f(4, 4), [2, 2]),
      'resizeBilinearGrad: input is [4, 4]; at net.layer; it needs four axes',
    ],
  ],

  gather: [
    [
      () => ops.gather(f(4, 2), f(3)),
      'gather: table f32[4, 2], index f32[3]; at net.layer; the table needs rows and the index must be i32[count]',
    ],
    [
      () => ops.gather(f(), i(3)),
      'gather: table f32[], index i32[3]; at net.layer; the table needs rows and the index must be i32[count]',
    ],
  ],
  scatterAdd: [
    [
      () => ops.scatterAdd(f(4, 2), i(3), 5),
      'scatterAdd: rows f32[4, 2], index i32[3]; at net.layer; give one i32 index for each row of f32',
    ],
    [
      () => ops.scatterAdd(f(3, 2), i(3), 0),
      'scatterAdd: rows is 0; at net.layer; it must be a positive whole number',
    ],
  ],
  cropFlip: [
    [
      () => ops.cropFlip(f(4, 2, 2, 1), i(3), i(3, 3)),
      'cropFlip: got f32[4, 2, 2, 1], i32[3], i32[3, 3]; at net.layer; pass u8[m, h, w, c], i32[b], i32[b, 3]',
    ],
  ],
  rankMask: [
    [
      () => ops.rankMask(f(4), i(1)),
      'rankMask: scores f32[4], keep i32[1]; at net.layer; pass f32[n] and i32[]',
    ],
  ],
};

describe('a wrong use of an op is a SHAPE error that names op, values, path and remedy', () => {
  it('for every op', () => expect(Object.keys(wrong).sort()).toEqual(Object.keys(registry).sort()));
  it.each(
    Object.values(wrong)
      .flat()
      .map(([build, message]) => ({ build, message })),
  )('$message', ({ build, message }) => {
    let error: unknown;
    try {
      build();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(PathexError);
    expect(error).toMatchObject({ code: 'SHAPE', message });
  });
  it.each(
    Object.keys(registry).filter(
      (op) => !['input', 'state', 'constant', 'literal', 'concat'].includes(op),
    ) as OpName[],
  )('%s refuses no input and one too many', (op) => {
    for (const n of [0, 4])
      expect(
        raw(
          op,
          Array.from({ length: n }, () => f(2)),
          goodAttributes[op],
        ),
      ).toThrow(new RegExp(`^${op}: takes \\d inputs?, got ${n}; at net.layer; pass exactly these$`));
  });
});
