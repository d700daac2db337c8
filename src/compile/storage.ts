import type { Tensor } from '../tensor/tensor.js';
import { loweringOf, type Fusion } from './fuse.js';

export interface Narrowing {
  /** Values kept as bf16, by their storage. */
  readonly kept: ReadonlySet<Tensor>;
  /** Calls that multiply bf16 operands. */
  readonly products: ReadonlySet<Tensor>;
}
export const NOTHING_NARROW: Narrowing = { kept: new Set(), products: new Set() };

/** Multiply-adds from which on a matrix product is worth the conversion of its operands. */
const LARGE_PRODUCT = 2 ** 20;

const isConvolution = (node: Tensor): boolean =>
  node.op === 'conv2d' || node.op === 'conv2dInputGrad' || node.op === 'conv2dWeightGrad';

/** Rows of bf16 matrices must be whole packs of 16 bytes for tensor cores. */
const isNarrowProduct = (node: Tensor): boolean => {
  if (isConvolution(node)) return true;
  const lowering = loweringOf(node);
  if (lowering.kind !== 'call' || lowering.kernel !== 'matmul') return false;
  const { m, n, k } = lowering.attributes as { readonly m: number; readonly n: number; readonly k: number };
  return [m, n, k].every((d) => d % 8 === 0) && m * n * k >= LARGE_PRODUCT;
};

/** Calls that read and write values of either storage. */
const isIndifferent = (node: Tensor): boolean => {
  const lowering = loweringOf(node);
  return (
    lowering.kind === 'copies' ||
    (lowering.kind === 'call' &&
      ['maxPool', 'maxPoolGather', 'maxPoolScatter', 'sumPool', 'sumPoolGrad'].includes(lowering.kernel))
  );
};

/** Chooses among the values of the arena; `isBound` holds for those that belong to state, inputs or outputs, which are float32. */
export const chooseNarrow = (
  { units, storageOf, expression }: Fusion,
  isBound: (storage: Tensor) => boolean,
): Narrowing => {
  const calls = units.flatMap((u) => (u.kind === 'call' ? [u.node] : []));
  const products = new Set(calls.filter(isNarrowProduct));
  const convolutions = [...products].filter(isConvolution);
  const needFull = new Set(
    calls.filter((c) => !products.has(c) && !isIndifferent(c)).flatMap((c) => c.inputs.map(storageOf)),
  );
  const loaded = new Set(
    units.flatMap((u) =>
      u.kind === 'fused' ? u.roots.flatMap((r) => expression(r).loads.map((l) => l.storage)) : [],
    ),
  );
  const isWritable = (s: Tensor): boolean => {
    const { kind } = loweringOf(s);
    return (
      kind === 'elementwise' ||
      kind === 'broadcast' ||
      s.op === 'conv2d' ||
      s.op === 'conv2dInputGrad' ||
      (kind === 'call' && isIndifferent(s))
    );
  };
  const mayKeep = (s: Tensor): boolean =>
    s.dtype === 'f32' && !isBound(s) && !needFull.has(s) && isWritable(s);

  const activations = convolutions.flatMap((c) =>
    c.op === 'conv2dWeightGrad' ? c.inputs : [c.inputs[0]!, c],
  );
  const weights = convolutions.map((c) => (c.op === 'conv2dWeightGrad' ? c : c.inputs[1]!));
  const key = (t: Tensor): string => t.shape.join(' ');
  const shapes = new Set(activations.map(key));
  weights.forEach((w) => shapes.delete(key(w)));

  const alike = units.flatMap((u) =>
    u.kind === 'fused' ? u.roots.filter((r) => loweringOf(r).kind !== 'reduce' && shapes.has(key(r))) : [],
  );
  // What only products read: full weights may serve the optimiser, too.
  const operandsOnly = [...products].flatMap((p) => p.inputs.map(storageOf)).filter((s) => !loaded.has(s));
  return {
    kept: new Set([...activations.map(storageOf), ...alike, ...operandsOnly].filter(mayKeep)),
    products,
  };
};

/*
 * Note [What is kept as bf16]
 *
 * Time goes to moving activations, so those are what is kept in 16 bits: the images and results of convolutions, and every stored
 * elementwise value of such a shape, which are the gradients of residual streams. A value that has the shape of a convolution's weight
 * is taken for a weight's gradient and stays float32. So do state, inputs, outputs, constants, results of reductions (statistics, losses),
 * and what a kernel without a bf16 form reads. Arithmetic is float32 everywhere: fused steps convert on load and, to nearest with ties to
 * even, on store; a value that a step both stores and goes on with is not rounded in between.
 *
 * A library multiplies operands of one type. Operands that stay float32 (a weight that the optimiser reads as well, an input) are
 * converted once by a fused step before their first product. Products add up in float32; gradients of weights and results of matrix
 * products are written as float32, activations as bf16.
 */
