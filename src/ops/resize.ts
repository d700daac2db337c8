import type { Shape, Tensor, TensorType } from '../tensor/tensor.js';
import { showShape, size } from '../tensor/tensor.js';
import {
  at,
  defineOp,
  expectReals,
  mismatch,
  sameOver,
  type NodeOf,
  type OpDefinition,
  type Values,
  type Where,
} from './op.js';
import { unitsStay } from './units.js';

/**
 * Bilinear interpolation of images [n,h,w,c] to a given height and width, and its adjoint; PyTorch's
 * F.interpolate(mode='bilinear'). Row p of the result lies between two rows of the image: at (p + 1/2) h/oh -
 * 1/2 and no higher than the first, where centres of pixels are aligned, or at p (h - 1)/(oh - 1), where the
 * centres of the corners are.
 */
const ATTRIBUTES = { size: 'pair', alignCorners: 'flag' } as const;
type Node = NodeOf<typeof ATTRIBUTES>;
type ImageOp = OpDefinition & { readonly columns: 'image' };
type Four = readonly [number, number, number, number];

/** Rows or columns `low` and `high` of the image, the second with `share` of the weight. */
interface Tap {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}
const tapsOf = (extent: number, out: number, alignCorners: boolean): readonly Tap[] =>
  Array.from({ length: out }, (_, p) => {
    const corners = out > 1 ? (p * (extent - 1)) / (out - 1) : 0;
    const place = alignCorners ? corners : Math.max(0, ((2 * p + 1) * extent - out) / (2 * out));
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, extent - 1), share: place - low };
  });

/** Calls visit(image index, result index, weight) for all that a result is made of. */
const visitAll = (
  [n, h, w, c]: Four,
  [, oh, ow]: Four,
  alignCorners: boolean,
  visit: (x: number, y: number, weight: number) => void,
): void => {
  const [rows, columns] = [tapsOf(h, oh, alignCorners), tapsOf(w, ow, alignCorners)];
  const weighted = ({ low, high, share }: Tap): [number, number][] => [
    [low, 1 - share],
    [high, share],
  ];
  for (let y = 0; y < n * oh * ow * c; y++) {
    const [channel, q, p] = [y % c, Math.floor(y / c) % ow, Math.floor(y / (c * ow)) % oh];
    const image = Math.floor(y / (c * ow * oh));
    for (const [row, vertical] of weighted(rows[p]!))
      for (const [column, horizontal] of weighted(columns[q]!))
        visit(((image * h + row) * w + column) * c + channel, y, vertical * horizontal);
  }
};

const resized = (inputs: readonly TensorType[], to: readonly [number, number], where: Where): TensorType => {
  expectReals(inputs, 1, where);
  const { shape } = at(inputs, 0);
  if (shape.length !== 4) mismatch(where, `input is ${showShape(shape)}`, 'it needs four axes');
  return { shape: [shape[0]!, ...to, shape[3]!], dtype: 'f32' };
};

const heightAndWidth = ({ shape }: Tensor): [number, number] => [at(shape, 1), at(shape, 2)];

/**
 * What the two have in common; `big` is the image of the interpolation, `small` its result, however large
 * they are.
 */
const shared = <K extends 'resizeBilinear' | 'resizeBilinearGrad'>(
  kernel: K,
  shapesOf: (node: Node) => readonly [image: Shape, result: Shape],
) => ({
  name: kernel,
  attributes: ATTRIBUTES,
  paths: { kind: 'linear' as const },
  units: unitsStay,
  over: sameOver,
  cost: (node: Node) => ({ flops: 8 * size(shapesOf(node)[1]) }),
  lower: (node: Node) => {
    const [[n, h, w, c], [, oh, ow]] = shapesOf(node) as readonly [Four, Four];
    const { alignCorners } = node.attributes;
    return { kind: 'call' as const, kernel, attributes: { n, h, w, c, oh, ow, alignCorners } };
  },
});

/** (x [n,h,w,c]) -> y [n, *size, c] */
export const resizeBilinear: ImageOp = {
  ...defineOp({
    ...shared('resizeBilinear', (node) => [at(node.inputs, 0).shape, node.shape]),
    doc: 'bilinear interpolation of images to a size',
    infer: (inputs, attributes, where) => resized(inputs, attributes.size, where),
    vjp: (o, node, dy) => [
      o.resizeBilinearGrad(dy, heightAndWidth(at(node.inputs, 0)), {
        alignCorners: node.attributes.alignCorners,
      }),
    ],
    evaluate: ([x], node) => {
      const y: Values = new Float64Array(size(node.shape));
      const shape = at(node.inputs, 0).shape as Four; // as `infer` has found
      visitAll(shape, node.shape as Four, node.attributes.alignCorners, (i, j, weight) => {
        y[j]! += weight * x![i]!;
      });
      return y;
    },
  }),
  columns: 'image',
};

/** (dy [n,oh,ow,c]) -> dx [n, *size, c]: the adjoint of resizeBilinear. */
export const resizeBilinearGrad: ImageOp = {
  ...defineOp({
    ...shared('resizeBilinearGrad', (node) => [node.shape, at(node.inputs, 0).shape]),
    doc: 'adjoint of resizeBilinear',
    infer: (inputs, attributes, where) => resized(inputs, attributes.size, where),
    vjp: (o, node, g) => [
      o.resizeBilinear(g, heightAndWidth(at(node.inputs, 0)), { alignCorners: node.attributes.alignCorners }),
    ],
    evaluate: ([dy], node) => {
      const dx: Values = new Float64Array(size(node.shape));
      const shape = at(node.inputs, 0).shape as Four; // as `infer` has found
      visitAll(node.shape as Four, shape, node.attributes.alignCorners, (i, j, weight) => {
        dx[i]! += weight * dy![j]!;
      });
      return dx;
    },
  }),
  columns: 'image',
};
