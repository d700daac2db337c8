import type { Tensor } from '../tensor/tensor.js';
import { showShape, size } from '../tensor/tensor.js';
import type { OpDefinition } from './op.js';
import { at, expectReals, mismatch, sameOver } from './op.js';

const flag = (node: Pick<Tensor, 'attributes'>, key: 'transposeA' | 'transposeB'): boolean =>
  node.attributes[key] === true;

/** [m, k, n] of a product. */
const sizes = (node: Tensor): [number, number, number] => {
  const a = at(node.inputs, 0).shape;
  return [at(node.shape, 0), at(a, flag(node, 'transposeA') ? 0 : 1), at(node.shape, 1)];
};

const POINT = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], kernel: [1, 1] } as const;

/** Matrix product a b of [m,k] and [k,n], either of them stored transposed. */
export const matmul: OpDefinition = {
  name: 'matmul',
  doc: 'matrix product',
  attributes: { transposeA: 'flag?', transposeB: 'flag?' },
  infer: (inputs, attributes, where) => {
    expectReals(inputs, 2, where);
    const [a, b] = [at(inputs, 0).shape, at(inputs, 1).shape];
    if (a.length !== 2 || b.length !== 2)
      mismatch(where, `inputs are ${showShape(a)} and ${showShape(b)}`, 'both must be matrices');
    const [m, k] = attributes['transposeA'] === true ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
    const [kb, n] = attributes['transposeB'] === true ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
    if (k !== kb) mismatch(where, `inner sizes differ: left ${k}, right ${kb}`, 'they must be equal');
    return { shape: [m, n], dtype: 'f32' };
  },
  vjp: (o, node, dy) => {
    const [a, b] = [at(node.inputs, 0), at(node.inputs, 1)];
    const [ta, tb] = [flag(node, 'transposeA'), flag(node, 'transposeB')];
    const da = ta
      ? o.matmul(b, dy, { transposeA: tb, transposeB: true })
      : o.matmul(dy, b, { transposeB: !tb });
    const db = tb
      ? o.matmul(dy, a, { transposeA: true, transposeB: ta })
      : o.matmul(a, dy, { transposeA: !ta });
    return [da, db];
  },
  paths: { kind: 'weight' },
  units: (node) => {
    if (flag(node, 'transposeA')) return { kind: 'mixed', why: 'multiplies another axis than the last' };
    const [, k, n] = sizes(node);
    const strides = flag(node, 'transposeB') ? ([k, 1, 0] as const) : ([1, n, 0] as const);
    return { kind: 'layer', outputs: n, inputs: k, taps: 1, strides };
  },
  over: sameOver,
  // a 1x1 convolution of images of one pixel
  sparse: (o, node, { x, values, index, kernel }) => {
    const [rows, k] = x.shape as readonly [number, number];
    const image = o.reshape(x, [rows, 1, 1, k]);
    const y = flag(node, 'transposeB')
      ? o.sparseConv2d(image, values, index, at(kernel, 0), POINT)
      : o.sparseConv2dInputGrad(image, values, index, [1, 1, at(kernel, 1)], POINT);
    return o.reshape(y, [rows, at(y.shape, 3)]);
  },
  evaluate: ([a, b], node) => {
    const [m, k, n] = sizes(node);
    const [ta, tb] = [flag(node, 'transposeA'), flag(node, 'transposeB')];
    const y = new Float64Array(size(node.shape));
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let s = 0;
        for (let q = 0; q < k; q++) s += a![ta ? q * m + i : i * k + q]! * b![tb ? j * k + q : q * n + j]!;
        y[i * n + j] = s;
      }
    return y;
  },
  cost: (node) => ({ flops: 2 * sizes(node).reduce((s, d) => s * d, 1) }),
  lower: (node) => {
    const [m, k, n] = sizes(node);
    return {
      kind: 'call',
      kernel: 'matmul',
      attributes: {
        m,
        n,
        k,
        transposeA: flag(node, 'transposeA'),
        transposeB: flag(node, 'transposeB'),
      },
    };
  },
};
