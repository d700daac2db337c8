import { definitionOf } from '../ops/registry.js';
import { type Shape, type Tensor } from '../tensor/tensor.js';

/** How fused values see each other: expressions over one index space, and the [outer, reduced, inner] view of that space. */

/** A stored value read inside a step; axis k of the storage runs along `axes[k]` of the step's index space. */
export interface LoadUse {
  readonly storage: Tensor;
  readonly axes: readonly number[];
  /** Same elements in the same order as the index space. */
  readonly full: boolean;
}

export interface Expression {
  readonly loads: readonly LoadUse[];
  readonly instructions: number;
}

/** Axes of `input` inside the index space in which `node` has `axes`. */
export const inputAxes = (node: Tensor, axes: readonly number[], input: Tensor): readonly number[] => {
  const lowering = definitionOf(node.op).lower(node);
  if (lowering.kind === 'broadcast') return lowering.axes.map((a) => axes[a]!);
  return axes.slice(axes.length - input.shape.length); // suffix broadcasting
};

const identity = (shape: Shape): number[] => shape.map((_, i) => i);
const isIdentity = (axes: readonly number[], rank: number): boolean => axes.length === rank && axes.every((a, i) => a === i);

/**
 * What a step reads and does for `root`: an elementwise root is computed, also when its value is stored (it is the step that stores
 * it); the body of a reduction is loaded when it is stored.
 */
export const expressionOf = (root: Tensor, compute: boolean, stored: ReadonlySet<Tensor>, storageOf: (n: Tensor) => Tensor): Expression => {
  const seen = new Set<string>();
  const ids = new Map<Tensor, number>();
  const loads: LoadUse[] = [];
  let instructions = 0;
  const visit = (node: Tensor, axes: readonly number[], computed: boolean): void => {
    if (!ids.has(node)) ids.set(node, ids.size);
    const key = `${ids.get(node)}:${axes.join(',')}`;
    if (seen.has(key)) return;
    seen.add(key);
    const storage = storageOf(node);
    if (!computed && (stored.has(storage) || storage !== node)) {
      loads.push({ storage, axes, full: isIdentity(axes, root.shape.length) });
    } else if (node.op !== 'constant') {
      instructions += 1;
      for (const input of node.inputs) visit(input, inputAxes(node, axes, input), false);
    }
  };
  visit(root, identity(root.shape), compute);
  return { loads, instructions };
};

export interface Partition {
  /** First axis of `reduced` and of `inner`. */
  readonly cuts: readonly [number, number];
  readonly domain: readonly [number, number, number];
}

/**
 * Splits the axes of `shape` into three runs so that every load and every reduction result has all or none of the axes of a run, and
 * every reduction drops the middle run. Null where that is impossible. Axes of size one fit anywhere.
 */
export const partition = (shape: Shape, loads: readonly (readonly number[])[], kept: readonly (readonly number[])[]): Partition | null => {
  const real = shape.map((_, i) => i).filter((i) => shape[i] !== 1);
  const cuts = new Set<number>();
  for (const axes of [...loads, ...kept]) {
    for (let i = 1; i < real.length; i++) if (axes.includes(real[i]!) !== axes.includes(real[i - 1]!)) cuts.add(real[i]!);
  }
  const places = [...cuts].sort((a, b) => a - b);
  if (places.length > 2) return null;
  const count = (from: number, to: number): number => shape.slice(from, to).reduce((n, d) => n * d, 1);
  const view = (p: number, q: number): Partition => ({ cuts: [p, q], domain: [count(0, p), count(p, q), count(q, shape.length)] });
  const candidates = places.length === 2
    ? [view(places[0]!, places[1]!)]
    : places.length === 1 ? [view(0, places[0]!), view(places[0]!, shape.length)] : [view(0, shape.length)];
  return candidates.find(({ cuts: [p, q] }) => kept.every((axes) => !axes.some((a) => a >= p && a < q && shape[a] !== 1))) ?? null;
};
