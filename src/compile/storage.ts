import { traitsOf } from '../plan/traits.js';
import type { Tensor } from '../tensor/tensor.js';
import { loweringOf } from './fuse.js';
import type { Pass } from './pass.js';
import type { Fusion, Narrowed, Narrowing, Scheduled } from './stages.js';

/** Which values are kept, and which products taken, in 16 bits. */

const NOTHING_NARROW: Narrowing = { kept: new Set(), products: new Set() };

/** Multiply-adds from which on a matrix product is worth the conversion of its operands. */
const LARGE_PRODUCT = 2 ** 20;

const convolutionOf = (node: Tensor): ReturnType<typeof traitsOf>['convolution'] => {
  const lowering = loweringOf(node);
  return lowering.kind === 'call' ? traitsOf(lowering).convolution : undefined;
};

/**
 * Rows of bf16 matrices must be whole packs of 16 bytes for tensor cores. The sizes are matmul's own, so that
 * it is asked for by name.
 */
const isNarrowProduct = (node: Tensor): boolean => {
  if (convolutionOf(node) !== undefined) return true;
  const lowering = loweringOf(node);
  if (lowering.kind !== 'call' || lowering.kernel !== 'matmul') return false;
  const { m, n, k } = lowering.attributes;
  return [m, n, k].every((d) => d % 8 === 0) && m * n * k >= LARGE_PRODUCT;
};

/** Calls that read and write values of either storage. */
const isIndifferent = (node: Tensor): boolean => {
  const lowering = loweringOf(node);
  return lowering.kind === 'copies' || (lowering.kind === 'call' && traitsOf(lowering).anyStorage === true);
};

/**
 * Chooses among the values of the arena; `isBound` holds for those that belong to state, inputs or outputs,
 * which are float32.
 */
const chooseNarrow = (
  { units, storageOf, expression }: Fusion,
  isBound: (storage: Tensor) => boolean,
): Narrowing => {
  const calls = units.flatMap((u) => (u.kind === 'call' ? [u.node] : []));
  const products = new Set(calls.filter(isNarrowProduct));
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
      convolutionOf(s)?.weight === 'second' ||
      (kind === 'call' && isIndifferent(s))
    );
  };
  const mayKeep = (s: Tensor): boolean =>
    s.dtype === 'f32' && !isBound(s) && !needFull.has(s) && isWritable(s);

  const convolutions = [...products].flatMap((node) => {
    const { weight } = convolutionOf(node) ?? {};
    const [first, second] = node.inputs as readonly [Tensor, Tensor]; // as products have
    if (weight === undefined) return [];
    return weight === 'result'
      ? [{ images: [first, second], weight: node }]
      : [{ images: [first, node], weight: second }];
  });
  const activations = convolutions.flatMap((c) => c.images);
  const weights = convolutions.map((c) => c.weight);
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

export const narrowPass: Pass<Scheduled, Narrowed> = {
  name: 'narrow',
  doc: 'what is kept and multiplied as bf16, where the target asks for it',
  run: (from) => {
    const { program, target, fusion, binding } = from;
    if (target.storage === 'f32' || !program.narrowable) return { ...from, narrowing: NOTHING_NARROW };
    const { inPlace, direct } = binding;
    const copied = new Set(binding.copies.map((c) => c.from));
    const isBound = (s: Tensor): boolean => copied.has(s) || inPlace.has(s) || direct.has(s);
    return { ...from, narrowing: chooseNarrow(fusion, isBound) };
  },
};

/*
 * Note [What is kept as bf16]
 *
 * Time goes to moving activations, so those are what is kept in 16 bits: the images and results of
 * convolutions, and every stored elementwise value of such a shape, which are the gradients of residual
 * streams. A value that has the shape of a convolution's weight is taken for a weight's gradient and stays
 * float32. So do state, inputs, outputs, constants, results of reductions (statistics, losses), and what a
 * kernel without a bf16 form reads. Arithmetic is float32 everywhere: fused steps convert on load and, to
 * nearest with ties to even, on store; a value that a step both stores and goes on with is not rounded in
 * between.
 *
 * A library multiplies operands of one type. Operands that stay float32 (a weight that the optimiser reads as
 * well, an input) are converted once by a fused step before their first product. Products add up in float32;
 * gradients of weights and results of matrix products are written as float32, activations as bf16.
 */
