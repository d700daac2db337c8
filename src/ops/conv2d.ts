import type { Shape, TensorType } from '../tensor/tensor.js';
import { showShape, size } from '../tensor/tensor.js';
import type { AttributeKind } from './attributes.js';
import {
  at,
  defineOp,
  expectReals,
  mismatch,
  sameOver,
  type NodeOf,
  type OpDefinition,
  type Where,
} from './op.js';
import { unitsMix } from './units.js';

/**
 * Two-dimensional convolution (cross-correlation) and its two adjoints. The three are bilinear and closed
 * under
 * differentiation: the vjp of each is written with the other two.
 *
 *   y[n,p,q,f] = sum_{a,b,c} x[n, p*s - t + a*d, q*s - l + b*d, c] * w[f,a,b,c]
 */
export interface ConvGeometry {
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** [top, left, bottom, right] zeros around x. */
  readonly padding: readonly [number, number, number, number];
}

const GEOMETRY = {
  stride: 'pair',
  dilation: 'pair',
  padding: 'padding',
} as const satisfies Record<keyof ConvGeometry, AttributeKind>;

type Node = NodeOf<typeof GEOMETRY>;
type Four = readonly [number, number, number, number];
const four = (t: TensorType, what: string, where: Where): Four =>
  t.shape.length === 4
    ? (t.shape as Four)
    : mismatch(where, `${what} is ${showShape(t.shape)}`, 'it needs four axes');

/** All of the geometry: what is left without the sizes of an adjoint. */
const geometryOf = ({
  size: _size,
  kernel: _kernel,
  ...geometry
}: ConvGeometry & { readonly size?: unknown; readonly kernel?: unknown }): ConvGeometry => geometry;

export const convOutput = (
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number => Math.floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1;

export const convOutputSize = (
  h: number,
  w: number,
  kh: number,
  kw: number,
  g: ConvGeometry,
): [number, number] => [
  convOutput(h, kh, g.stride[0], g.dilation[0], g.padding[0], g.padding[2]),
  convOutput(w, kw, g.stride[1], g.dilation[1], g.padding[1], g.padding[3]),
];

/** What the three compute, by its sizes. */
export interface ConvProblem extends ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly f: number;
  readonly kh: number;
  readonly kw: number;
  readonly oh: number;
  readonly ow: number;
}

/** `weight` is [filters, height, width, ...]. */
export const convProblem = (x: Shape, weight: Shape, y: Shape, g: ConvGeometry): ConvProblem => {
  const [n, h, w, c] = x as Four;
  const [f, kh, kw] = weight as Four;
  const [, oh, ow] = y as Four;
  return { n, h, w, c, f, kh, kw, oh, ow, ...g };
};

/** Calls visit(xIndex, wIndex, yIndex) for every multiply-add of the convolution. */
const visitAll = (p: ConvProblem, visit: (x: number, w: number, y: number) => void): void => {
  for (let n = 0; n < p.n; n++)
    for (let oy = 0; oy < p.oh; oy++)
      for (let ox = 0; ox < p.ow; ox++)
        for (let a = 0; a < p.kh; a++) {
          const iy = oy * p.stride[0] - p.padding[0] + a * p.dilation[0];
          if (iy < 0 || iy >= p.h) continue;
          for (let b = 0; b < p.kw; b++) {
            const ix = ox * p.stride[1] - p.padding[1] + b * p.dilation[1];
            if (ix < 0 || ix >= p.w) continue;
            const x0 = ((n * p.h + iy) * p.w + ix) * p.c;
            const y0 = ((n * p.oh + oy) * p.ow + ox) * p.f;
            for (let f = 0; f < p.f; f++) {
              const w0 = ((f * p.kh + a) * p.kw + b) * p.c;
              for (let c = 0; c < p.c; c++) visit(x0 + c, w0 + c, y0 + f);
            }
          }
        }
};

const flops = (p: ConvProblem): number => 2 * p.n * p.oh * p.ow * p.f * p.kh * p.kw * p.c;

const problemOf = (node: Node): ConvProblem => {
  const [a, b] = [at(node.inputs, 0).shape, at(node.inputs, 1).shape];
  const g = geometryOf(node.attributes);
  if (node.op === 'conv2d') return convProblem(a, b, node.shape, g);
  return node.op === 'conv2dInputGrad' ? convProblem(node.shape, b, a, g) : convProblem(a, node.shape, b, g);
};

/** What the three have in common. */
const shared = <K extends 'conv2d' | 'conv2dInputGrad' | 'conv2dWeightGrad'>(kernel: K) => ({
  name: kernel,
  paths: { kind: 'weight' as const },
  cost: (node: Node) => ({ flops: flops(problemOf(node)) }),
  lower: (node: Node) => ({ kind: 'call' as const, kernel, attributes: problemOf(node) }),
});

/** (x [n,h,w,c], weight [f,kh,kw,c]) -> y [n,oh,ow,f] */
export const conv2d: OpDefinition = defineOp({
  ...shared('conv2d'),
  doc: 'two-dimensional convolution',
  attributes: GEOMETRY,
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    const [n, h, w, c] = four(at(inputs, 0), 'input', where);
    const [f, kh, kw, wc] = four(at(inputs, 1), 'weight', where);
    if (c !== wc)
      mismatch(
        where,
        `channels differ: input has ${c}, weight has ${wc}`,
        `give the weight shape [${f}, ${kh}, ${kw}, ${c}]`,
      );
    const [oh, ow] = convOutputSize(h, w, kh, kw, geometryOf(attributes));
    if (oh < 1 || ow < 1)
      mismatch(
        where,
        `the ${kh}x${kw} kernel does not fit the ${h}x${w} input`,
        'pad more or shrink the kernel',
      );
    return { shape: [n, oh, ow, f], dtype: 'f32' };
  },
  vjp: (o, node, dy) => {
    const [x, w] = [at(node.inputs, 0), at(node.inputs, 1)];
    const g = geometryOf(node.attributes);
    return [
      o.conv2dInputGrad(dy, w, [at(x.shape, 1), at(x.shape, 2)], g),
      o.conv2dWeightGrad(x, dy, [at(w.shape, 1), at(w.shape, 2)], g),
    ];
  },
  units: (node) => {
    const { f, kh, kw, c } = problemOf(node);
    return { kind: 'layer', outputs: f, inputs: c, taps: kh * kw, strides: [kh * kw * c, 1, c] };
  },
  over: sameOver,
  sparse: (o, node, { x, values, index, kernel: [f, kh, kw] }) =>
    o.sparseConv2d(x, values, index, f!, { ...geometryOf(node.attributes), kernel: [kh!, kw!] }),
  evaluate: ([x, w], node) => {
    const y = new Float64Array(size(node.shape));
    visitAll(problemOf(node), (i, j, k) => {
      y[k]! += x![i]! * w![j]!;
    });
    return y;
  },
});

/** (dy [n,oh,ow,f], weight [f,kh,kw,c]) -> dx [n,h,w,c]: the adjoint of conv2d in x. `size` = [h, w]. */
export const conv2dInputGrad: OpDefinition = defineOp({
  ...shared('conv2dInputGrad'),
  doc: 'adjoint of conv2d in its input',
  attributes: { ...GEOMETRY, size: 'pair' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    const [n, oh, ow, f] = four(at(inputs, 0), 'dy', where);
    const [wf, kh, kw, c] = four(at(inputs, 1), 'weight', where);
    const [h, w] = attributes.size;
    const expected = convOutputSize(h, w, kh, kw, geometryOf(attributes));
    if (f !== wf || oh !== expected[0] || ow !== expected[1]) {
      mismatch(
        where,
        `dy is ${showShape(at(inputs, 0).shape)}, the forward output is ${showShape([n, ...expected, wf])}`,
        'pass the cotangent of that output',
      );
    }
    return { shape: [n, h, w, c], dtype: 'f32' };
  },
  vjp: (o, node, g) => {
    const [dy, w] = [at(node.inputs, 0), at(node.inputs, 1)];
    const geometry = geometryOf(node.attributes);
    return [o.conv2d(g, w, geometry), o.conv2dWeightGrad(g, dy, [at(w.shape, 1), at(w.shape, 2)], geometry)];
  },
  units: (node) => {
    const { f, kh, kw, c } = problemOf(node);
    return { kind: 'layer', outputs: c, inputs: f, taps: kh * kw, strides: [1, kh * kw * c, c] };
  },
  over: sameOver,
  sparse: (o, node, { x, values, index, kernel: [, kh, kw, c] }) =>
    o.sparseConv2dInputGrad(x, values, index, [...node.attributes.size, c!], {
      ...geometryOf(node.attributes),
      kernel: [kh!, kw!],
    }),
  evaluate: ([dy, w], node) => {
    const dx = new Float64Array(size(node.shape));
    visitAll(problemOf(node), (i, j, k) => {
      dx[i]! += dy![k]! * w![j]!;
    });
    return dx;
  },
});

/**
 * (x [n,h,w,c], dy [n,oh,ow,f]) -> dweight [f,kh,kw,c]: the adjoint of conv2d in its weight. `kernel` = [kh,
 * kw].
 */
export const conv2dWeightGrad: OpDefinition = defineOp({
  ...shared('conv2dWeightGrad'),
  doc: 'adjoint of conv2d in its weight',
  attributes: { ...GEOMETRY, kernel: 'pair' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    const [n, h, w, c] = four(at(inputs, 0), 'input', where);
    const [dn, oh, ow, f] = four(at(inputs, 1), 'dy', where);
    const [kh, kw] = attributes.kernel;
    const expected = convOutputSize(h, w, kh, kw, geometryOf(attributes));
    if (dn !== n || oh !== expected[0] || ow !== expected[1]) {
      mismatch(
        where,
        `dy is ${showShape(at(inputs, 1).shape)}, the forward output is ${showShape([n, ...expected, f])}`,
        'pass the cotangent of that output',
      );
    }
    return { shape: [f, kh, kw, c], dtype: 'f32' };
  },
  vjp: (o, node, g) => {
    const [x, dy] = [at(node.inputs, 0), at(node.inputs, 1)];
    const geometry = geometryOf(node.attributes);
    return [o.conv2dInputGrad(dy, g, [at(x.shape, 1), at(x.shape, 2)], geometry), o.conv2d(x, g, geometry)];
  },
  units: unitsMix('correlates along other axes than the last'),
  evaluate: ([x, dy], node) => {
    const dw = new Float64Array(size(node.shape));
    visitAll(problemOf(node), (i, j, k) => {
      dw[j]! += x![i]! * dy![k]!;
    });
    return dw;
  },
});
