import { walk } from '../../src/graph/graph.js';
import { ops } from '../../src/ops/registry.js';
import { fold, key, normal, permutation, type Key } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import type { DType, Shape, Tensor } from '../../src/tensor/tensor.js';
import { size } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';

/** What an op is tried on: `fill` real inputs, or the given integers. */
export interface Given {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly values?: readonly number[];
}

/**
 * One use of an op. Real inputs are drawn so that no two elements, and no element and zero, are close: finite
 * differences stay on one side of every kink.
 */
export interface Case {
  readonly label: string;
  readonly inputs: readonly Given[];
  readonly build: (xs: readonly Tensor[]) => Tensor;
  /** Sets of inputs in which the op is linear, the others held. */
  readonly linear?: readonly (readonly number[])[];
  /** Draw positive numbers: for logarithms and roots. */
  readonly positive?: boolean;
  /** The op declares its derivative to be zero although it is not. */
  readonly cuts?: boolean;
}

export type Binding = ReadonlyMap<Tensor, Float64Array>;

export const run = (roots: readonly Tensor[], binding: Binding): Float64Array[] =>
  evaluate(roots, (leaf) => binding.get(leaf));

export const leaf = (name: string, shape: Shape, dtype: DType = 'f32', path = ''): Tensor =>
  ops.state(name, shape, { dtype }, path);
export const noise = (seed: Key, shape: Shape): Float64Array => normal(seed, size(shape));
export const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
const magnitude = (a: Float64Array, b: Float64Array): number =>
  a.reduce((s, v, i) => s + Math.abs(v * b[i]!), 0);
export const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

const real = (x: Tensor): Tensor => (x.dtype === 'f32' ? x : ops.toReal(x));
export const total = (x: Tensor): Tensor =>
  ops.sum(
    x,
    x.shape.map((_, i) => i),
  );

/** Elements of all real inputs from one shuffled grid of spacing 4/N around zero, which it does not hold. */
const draw = (inputs: readonly Given[], positive: boolean, seed: Key): Float64Array[] => {
  const n = inputs.reduce((s, g) => s + (g.values === undefined ? size(g.shape) : 0), 0);
  const order = permutation(seed, 2 * n);
  let next = 0;
  const one = (): number => {
    const z = (1.0371 * (order[next++]! + 0.5)) / n - 1.0371;
    return positive ? 0.4 + (z + 1.0371) : 2 * z;
  };
  return inputs.map((g) =>
    g.values === undefined ? Float64Array.from({ length: size(g.shape) }, one) : Float64Array.from(g.values),
  );
};

export interface Trial {
  readonly xs: readonly Tensor[];
  readonly y: Tensor;
  readonly at: Binding;
  /** Indices of the real inputs. */
  readonly reals: readonly number[];
}

export const trial = ({ inputs, build, positive = false }: Case, seed: number): Trial => {
  const xs = inputs.map((g, i) => leaf(`x${i}`, g.shape, g.dtype ?? 'f32', 'layer'));
  const values = draw(inputs, positive, key(seed));
  return {
    xs,
    y: build(xs),
    at: new Map(xs.map((x, i) => [x, values[i]!])),
    reals: xs.flatMap((x, i) => (x.dtype === 'f32' ? [i] : [])),
  };
};

const STEP = 1e-4;

/**
 * d/dt f(at + t direction) at 0 by central differences of two step sizes, extrapolated: the error is of order
 * STEP^4.
 */
const slope = (f: (b: Binding) => number, at: Binding, direction: Binding): number => {
  const moved = (t: number): Binding =>
    new Map([...at].map(([x, v]) => [x, v.map((e, i) => e + t * (direction.get(x)?.[i] ?? 0))]));
  const central = (h: number): number => (f(moved(h)) - f(moved(-h))) / (2 * h);
  return (4 * central(STEP / 2) - central(STEP)) / 3;
};

/**
 * Differentiates `scalar` by `wrt` in a random direction, once by its gradient graph and once numerically;
 * the error relative to the sum of magnitudes.
 */
export const gradientError = (
  scalar: Tensor,
  wrt: readonly Tensor[],
  at: Binding,
  seed: number,
): { readonly error: number; readonly slope: number } => {
  const direction: Binding = new Map(wrt.map((x, i) => [x, noise(fold(key(seed), 'direction', i), x.shape)]));
  const gradient = run(grad(scalar, wrt), at);
  const exact = wrt.reduce((s, x, i) => s + dot(gradient[i]!, direction.get(x)!), 0);
  const scale = wrt.reduce((s, x, i) => s + magnitude(gradient[i]!, direction.get(x)!), 0);
  const numeric = slope((b) => run([scalar], b)[0]![0]!, at, direction);
  return { error: Math.abs(exact - numeric) / (scale === 0 ? 1 : scale), slope: numeric };
};

/** <c, y> for a fixed random c: its gradient is the vjp of y at c. */
export const probe = (y: Tensor, seed: number): Tensor =>
  total(ops.mul(real(y), ops.literal(y.shape, Array.from(noise(fold(key(seed), 'probe'), y.shape)))));

/**
 * <c, y^3>: curved even where y is linear or a square root, so that its second derivative meets every rule
 * twice.
 */
export const curvedProbe = (y: Tensor, seed: number): Tensor =>
  probe(ops.mul(real(y), ops.mul(real(y), real(y))), seed);

/** Σ_i <u_i, d scalar / d x_i> for fixed random u. */
export const gradientProbe = (scalar: Tensor, wrt: readonly Tensor[], seed: number): Tensor =>
  grad(scalar, wrt)
    .map((g, i) => probe(g, seed + i + 1))
    .reduce((a, b) => ops.add(a, b));

/** Every node of the graph evaluates to as many elements as its shape says. */
export const sizesAgree = (roots: readonly Tensor[], at: Binding): boolean => {
  const nodes = walk(roots);
  return run(nodes, at).every((v, i) => v.length === size(nodes[i]!.shape));
};

/** The array whose element at each multi-index is f(index). */
export const tabulate = (shape: Shape, f: (...index: number[]) => number): Float64Array => {
  const index = shape.map(() => 0);
  return Float64Array.from({ length: size(shape) }, () => {
    const value = f(...index);
    for (let k = shape.length - 1; k >= 0 && ++index[k]! === shape[k]; k--) index[k] = 0;
    return value;
  });
};

/** Reads by multi-index; undefined outside. */
export const reader =
  (values: Float64Array, shape: Shape) =>
  (...index: number[]): number | undefined =>
    index.every((i, k) => i >= 0 && i < shape[k]!)
      ? values[index.reduce((s, i, k) => s * shape[k]! + i, 0)]
      : undefined;
