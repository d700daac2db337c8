import { walk, type Roots } from '../graph/graph.js';
import { reachability } from '../graph/reachability.js';
import { definitionOf } from '../ops/registry.js';
import type { Lowering } from '../ops/op.js';
import { sameShape, size, type Tensor } from '../tensor/tensor.js';
import type { Pass } from './pass.js';
import type { Fused, FusedUnit, Fusion, Graph, Unit } from './stages.js';
import { expressionOf, partition, type Expression, type LoadUse, type Partition } from './expression.js';

/** Which values are stored, and which of them are computed in one step. See Note [Storing or recomputing]. */

export const loweringOf = (node: Tensor): Lowering => definitionOf(node.op).lower(node);

/** Its own step, whatever is stored. */
const isKernel = (kind: Lowering['kind']): boolean => kind === 'call' || kind === 'copies';

/** Stored by another node or from the start. */
const isGiven = (kind: Lowering['kind']): boolean => kind === 'leaf' || kind === 'alias';

const isFusible = (node: Tensor): boolean => {
  const { kind } = loweringOf(node);
  return kind === 'elementwise' || kind === 'broadcast';
};

const SMALL = 4096;
const MOST_INSTRUCTIONS = 24;

const fuse = (roots: Roots): Fusion => {
  const nodes = walk(roots);
  const heads = headsOf(nodes, roots);
  const kindOf = (node: Tensor): Lowering['kind'] => (heads.has(node) ? 'alias' : loweringOf(node).kind);
  const storageOf = (node: Tensor): Tensor => (kindOf(node) === 'alias' ? storageOf(node.inputs[0]!) : node);
  const stored = chooseStored(nodes, roots, kindOf, storageOf);
  const unitOf = new Map<Tensor, Unit>();
  const before = new Map<Unit, Set<Unit>>();
  const units: Unit[] = [];
  const place = new Map<Unit, number>(); // in `units`
  const expression = expressionsOver(stored, storageOf);
  const isCall = (node: Tensor): boolean =>
    isKernel(kindOf(node)) || (kindOf(node) === 'constant' && stored.has(node));
  const computed = nodes.filter((node) => isCall(node) || (stored.has(node) && !isGiven(kindOf(node))));
  const order = reachability<Unit>(computed.length);

  const need = (unit: Unit, needs: readonly Tensor[]): void => {
    for (const n of needs) {
      const u = unitOf.get(n);
      if (u === undefined || u === unit || before.get(unit)!.has(u)) continue;
      before.get(unit)!.add(u);
      order.connect(unit, u);
    }
  };
  const open = (unit: Unit): void => {
    place.set(unit, units.push(unit));
    order.add(unit);
    before.set(unit, new Set());
  };

  /** Fused units that write each value or read it in full. */
  const traffic = new Map<Tensor, Set<FusedUnit>>();
  const trafficOf = (value: Tensor): Set<FusedUnit> => {
    const found = traffic.get(value) ?? new Set();
    traffic.set(value, found);
    return found;
  };

  for (const node of computed) {
    if (isCall(node)) {
      const unit: Unit = { kind: 'call', node };
      open(unit);
      need(unit, node.inputs.map(storageOf));
      unitOf.set(node, unit);
    } else {
      const { shape } = bodyOf(node);
      const { loads } = expression(node);
      const needs = loads.map((l) => l.storage);
      const whole = loads.filter((l) => l.full).map((l) => l.storage);
      const partial = new Set(loads.filter((l) => !l.full).map((l) => l.storage));
      const fits = (unit: FusedUnit): boolean => {
        const inRegister = (n: Tensor): boolean => loweringOf(n).kind !== 'reduce' && !partial.has(n);
        return (
          sameShape(unit.shape, shape) &&
          needs.every((n) => {
            const u = unitOf.get(n);
            return u === undefined || (u === unit ? inRegister(n) : !order.follows(u, unit));
          }) &&
          groupPartition([...unit.roots, node], expression) !== null
        );
      };
      const sharing = new Set(whole.flatMap((value) => [...trafficOf(value)]));
      const candidate = [...sharing].sort((a, b) => place.get(b)! - place.get(a)!).find(fits); // the latest
      const unit = candidate ?? { kind: 'fused', roots: [], shape };
      if (candidate === undefined) open(unit);
      unit.roots.push(node);
      need(unit, needs);
      unitOf.set(node, unit);
      for (const value of [node, ...whole]) trafficOf(value).add(unit);
    }
  }
  return { units, storageOf, unitOf, before, order, stored, expression };
};

/** The expression of a root, worked out once. */
const expressionsOver = (
  stored: ReadonlySet<Tensor>,
  storageOf: (n: Tensor) => Tensor,
): ((root: Tensor) => Expression) => {
  const known = new Map<Tensor, Expression>();
  return (root) => {
    const found =
      known.get(root) ??
      expressionOf(
        bodyOf(root),
        bodyOf(root) === root || !stored.has(storageOf(bodyOf(root))),
        stored,
        storageOf,
      );
    known.set(root, found);
    return found;
  };
};

/** The one [outer, reduced, inner] view of the group's index space, or null where there is none. */
export const groupPartition = (
  roots: readonly Tensor[],
  expression: (root: Tensor) => Expression,
): Partition | null =>
  partition(
    bodyOf(roots[0]!).shape,
    roots.reduce((cuts, r) => cuts | expression(r).cuts, 0),
    roots.flatMap((r) => keptAxes(r) ?? []),
  );

/** What a root computes over its index space: itself, or the input of a reduction. */
export const bodyOf = (root: Tensor): Tensor => (loweringOf(root).kind === 'reduce' ? root.inputs[0]! : root);

/** Axes of its index space that a reduction keeps, in a list of one; undefined for elementwise roots. */
const keptAxes = (root: Tensor): readonly (readonly number[])[] | undefined => {
  const lowering = loweringOf(root);
  return lowering.kind === 'reduce'
    ? [
        bodyOf(root)
          .shape.map((_, i) => i)
          .filter((i) => !lowering.axes.includes(i)),
      ]
    : undefined;
};

/**
 * Copies that are the first elements of their input and that only fused steps read: those load them from the
 * input itself. (A batch's first row, the shift of its moments.)
 */
const headsOf = (order: readonly Tensor[], roots: Roots): ReadonlySet<Tensor> => {
  const isHead = (node: Tensor): boolean => {
    const lowering = loweringOf(node);
    if (lowering.kind !== 'copies' || !lowering.cover || lowering.copies.length !== 1) return false;
    const { srcOffset, dstOffset, srcStrides, dims, dstStrides } = lowering.copies[0]!;
    return srcOffset === dstOffset && dims.every((d, i) => d === 1 || srcStrides[i] === dstStrides[i]);
  };
  const heads = new Set(order.filter(isHead));
  const views = new Map<Tensor, Tensor>(); // a head, or a view of one -> the head
  for (const node of order) {
    if (heads.has(node)) views.set(node, node);
    const viewed = node.inputs.flatMap((i) => views.get(i) ?? []);
    if (viewed.length === 0) continue;
    const { kind } = loweringOf(node);
    if (kind === 'alias') views.set(node, viewed[0]!);
    else if (kind !== 'elementwise' && kind !== 'broadcast' && kind !== 'reduce')
      viewed.forEach((head) => heads.delete(head));
  }
  roots.forEach((r) => heads.delete(views.get(r) ?? r));
  return heads;
};

const chooseStored = (
  order: readonly Tensor[],
  roots: Roots,
  kindOf: (n: Tensor) => Lowering['kind'],
  storageOf: (n: Tensor) => Tensor,
): Set<Tensor> => {
  const stored = new Set<Tensor>();
  const uses = new Map<Tensor, number>();
  const store = (t: Tensor): void => {
    const s = storageOf(t);
    stored.add(s);
  };
  for (const node of order) {
    const kind = kindOf(node);
    for (const i of node.inputs) uses.set(i, (uses.get(i) ?? 0) + 1);
    if (kind === 'call' || kind === 'copies') {
      stored.add(node);
      node.inputs.forEach(store);
    } else if (kind === 'reduce') stored.add(node);
    else if (kind === 'leaf') stored.add(node);
    else if (kind === 'alias')
      store(node); // a view needs something to look at
    else if (kind === 'broadcast' && isFusible(node.inputs[0]!)) store(node.inputs[0]!);
  }
  roots.forEach(store);
  for (const node of order) {
    if (loweringOf(node).kind === 'reduce') {
      const body = bodyOf(node);
      const { cuts } = expressionOf(body, !stored.has(storageOf(body)), stored, storageOf);
      if (partition(body.shape, cuts, keptAxes(node)!) === null) stored.add(body);
    }
    if (!isFusible(node) || stored.has(node)) continue;
    const { loads, instructions, cuts } = expressionOf(node, true, stored, storageOf);
    const isShared = (uses.get(node) ?? 0) > 1;
    const large = (): number => new Set(loads.filter((l) => isWhole(l, node)).map((l) => l.storage)).size;
    const isDear = (): boolean => (size(node.shape) <= SMALL ? instructions >= 3 : large() >= 3);
    const isRepresentable = partition(node.shape, cuts, []) !== null;
    if (!isRepresentable) node.inputs.filter(isFusible).forEach(store); // its operands one by one
    if (instructions > MOST_INSTRUCTIONS || (isShared && isDear())) stored.add(node);
  }
  return stored;
};

/** Whether a load reads as many elements as `node` has. */
const isWhole = ({ axes }: LoadUse, node: Tensor): boolean =>
  axes.reduce((n, a) => n * node.shape[a]!, 1) === size(node.shape);

export const fusePass: Pass<Graph, Fused> = {
  name: 'fuse',
  doc: 'which values are stored, and which are computed in one step',
  run: (graph) => ({ ...graph, fusion: fuse(graph.roots) }),
};

/*
 * Note [Storing or recomputing]
 *
 * These networks are bound by memory traffic, so an elementwise value is recomputed by each step that uses it
 * unless that would read three or more tensors of its size: then one write and later single reads are
 * cheaper. The gradient of a residual stream is the case that matters: three operands, and without the rule
 * it would grow by two operands at each block. Small values (per channel, scalars) are stored as soon as
 * several steps need them, else the chains of exponents of path networks would be recomputed at every layer.
 */
