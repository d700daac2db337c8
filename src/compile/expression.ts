import { definitionOf } from '../ops/registry.js';
import { sameShape, type Shape, type Tensor } from '../tensor/tensor.js';

/**
 * How fused values see each other: expressions over one index space, and the [outer, reduced, inner] view of
 * that space.
 */

/**
 * A stored value read inside a step; axis k of the storage runs along `axes[k]` of the step's index space.
 */
export interface LoadUse {
  readonly storage: Tensor;
  readonly axes: readonly number[];
  /** Same elements in the same order as the index space. */
  readonly full: boolean;
}

export interface Expression {
  readonly loads: readonly LoadUse[];
  readonly instructions: number;
  /** Where the loads need the index space cut; see `cutsFor`. */
  readonly cuts: number;
}

/** Values by node and the axes along which it lies. */
export interface AxesTable<T> {
  readonly get: (node: Tensor, axes: readonly number[]) => T | undefined;
  readonly set: (node: Tensor, axes: readonly number[], value: T) => void;
}

/** One node along one list of axes; `other` is the same node along others, of which it seldom has any. */
interface Entry<T> {
  readonly axes: readonly number[];
  readonly value: T;
  readonly other: Entry<T> | undefined;
}

export const axesTable = <T>(): AxesTable<T> => {
  const entries = new Map<Tensor, Entry<T>>();
  return {
    get: (node, axes) => {
      let entry = entries.get(node);
      while (entry !== undefined && !sameShape(entry.axes, axes)) entry = entry.other;
      return entry?.value;
    },
    set: (node, axes, value) => void entries.set(node, { axes, value, other: entries.get(node) }),
  };
};

/** Axes of `input` inside the index space in which `node` has `axes`. */
export const inputAxes = (node: Tensor, axes: readonly number[], input: Tensor): readonly number[] => {
  const lowering = definitionOf(node.op).lower(node);
  if (lowering.kind === 'broadcast') return lowering.axes.map((a) => axes[a]!);
  return axes.length === input.shape.length ? axes : axes.slice(axes.length - input.shape.length); // suffix broadcasting
};

const identity = (shape: Shape): number[] => shape.map((_, i) => i);
const isIdentity = (axes: readonly number[], rank: number): boolean =>
  axes.length === rank && axes.every((a, i) => a === i);

/**
 * What a step reads and does for `root`: an elementwise root is computed, also when its value is stored (it
 * is the step that stores it); the body of a reduction is loaded when it is stored.
 */
export const expressionOf = (
  root: Tensor,
  compute: boolean,
  stored: ReadonlySet<Tensor>,
  storageOf: (n: Tensor) => Tensor,
): Expression => {
  // Expressions are short, since long ones are stored: searching them costs less than a table.
  const nodes: Tensor[] = [];
  const along: (readonly number[])[] = [];
  const isSeen = (node: Tensor, axes: readonly number[]): boolean => {
    for (let i = 0; i < nodes.length; i++) if (nodes[i] === node && sameShape(along[i]!, axes)) return true;
    return false;
  };
  const loads: LoadUse[] = [];
  let [instructions, cuts] = [0, 0];
  const visit = (node: Tensor, axes: readonly number[], computed: boolean): void => {
    if (isSeen(node, axes)) return;
    nodes.push(node);
    along.push(axes);
    const storage = storageOf(node);
    if (!computed && (stored.has(storage) || storage !== node)) {
      loads.push({ storage, axes, full: isIdentity(axes, root.shape.length) });
      cuts |= cutsFor(root.shape, axes);
    } else if (definitionOf(node.op).lower(node).kind !== 'constant') {
      instructions += 1;
      for (const input of node.inputs) visit(input, inputAxes(node, axes, input), false);
    }
  };
  visit(root, identity(root.shape), compute);
  return { loads, instructions, cuts };
};

/**
 * Bit i: axis i must begin a run, since `axes` has it and not the one before it, or the other way round. Axes
 * of size one fit anywhere.
 */
const cutsFor = (shape: Shape, axes: readonly number[]): number => {
  let inside = 0;
  for (const a of axes) inside |= 1 << a;
  let cuts = 0;
  let before = -1;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 1) continue;
    if (before >= 0 && (((inside >> i) ^ (inside >> before)) & 1) !== 0) cuts |= 1 << i;
    before = i;
  }
  return cuts;
};

export interface Partition {
  /** First axis of `reduced` and of `inner`. */
  readonly cuts: readonly [number, number];
  readonly domain: readonly [number, number, number];
}

/**
 * Splits the axes of `shape` into three runs so that every load, by its `cuts`, and every reduction result,
 * by the axes it has `kept`, has all or none of the axes of a run, and every reduction drops the middle run.
 * Null where that is impossible.
 */
export const partition = (
  shape: Shape,
  cuts: number,
  kept: readonly (readonly number[])[],
): Partition | null => {
  const all = kept.reduce((bits, axes) => bits | cutsFor(shape, axes), cuts);
  const places: number[] = [];
  for (let i = 0; i < shape.length; i++) if ((all & (1 << i)) !== 0) places.push(i);
  if (places.length > 2) return null;
  const count = (from: number, to: number): number => shape.slice(from, to).reduce((n, d) => n * d, 1);
  const view = (p: number, q: number): Partition => ({
    cuts: [p, q],
    domain: [count(0, p), count(p, q), count(q, shape.length)],
  });
  const [first = 0, second = shape.length] = places;
  const candidates = places.length === 1 ? [view(0, first), view(first, second)] : [view(first, second)];
  return (
    candidates.find(({ cuts: [p, q] }) =>
      kept.every((axes) => !axes.some((a) => a >= p && a < q && shape[a] !== 1)),
    ) ?? null
  );
};
