import { definitionOf } from '../../ops/registry.js';
import { placesOf, unitCount } from '../../ops/units.js';
import type { Tensor } from '../../tensor/tensor.js';
import { reachedUnits, readUnits, unitGraph, type Edge } from '../connectivity.js';
import { roleOf } from '../../graph/roles.js';
import type { Readable } from '../../graph/description.js';
import type { Masks } from '../mask.js';

/**
 * The units of a value that a compacted network has, by number, ascending. See Note [Varying and constant
 * units].
 */
export interface Kept {
  /** Differ from image to image. */
  readonly varying: readonly number[];
  /** Are the same for every image. */
  readonly constant: readonly number[];
}

/** What becomes of the values of a network that depend on its input. */
export interface UnitSets {
  /** Inputs before users. */
  readonly nodes: readonly Tensor[];
  readonly kept: (node: Tensor) => Kept;
  /** Of values that do not depend on the input there are no sets. */
  readonly has: (node: Tensor) => boolean;
  /** Whether a node is computed over whole batches and all units. */
  readonly isWhole: (node: Tensor) => boolean;
  /** 1 for the units that live weights take on to the output. */
  readonly readOf: (node: Tensor) => Uint8Array;
}

/**
 * Whether images, and units as far as its rule says, are computed each for themselves, from values whose
 * first axis is the batch.
 */
const isSeparable = (node: Tensor, batch: number, has: (node: Tensor) => boolean): boolean => {
  const definition = definitionOf(node.op);
  const rule = definition.units(node);
  const mine = node.inputs.filter(has);
  const rank = Math.max(...node.inputs.map((x) => x.shape.length));
  const isBatch = (x: Tensor): boolean => x.shape[0] === batch && x.shape.length > 1;
  if (rule.kind === 'mixed' || definition.over === undefined) return false;
  if (![node, ...mine].every(isBatch)) return false;
  if (rule.kind === 'layer') return has(node.inputs[0]!) && mine.length === 1;
  const others = node.inputs.filter((x) => !has(x));
  if (mine.some((x) => x.shape.length < rank) || others.some((x) => x.shape.length === rank)) return false;
  return definition.over(node, { images: batch, units: unitCount(node), repeats: 1 }) !== null;
};

export const unitSets = (net: Readable, masks: Masks): UnitSets => {
  const graph = unitGraph(net, masks);
  const { nodes, input } = graph;
  const [reached, read] = [reachedUnits(graph), readUnits(graph, net.output)];
  const has = (node: Tensor): boolean => reached.has(node);
  if (sharesStatistics(nodes)) return { ...allOf(nodes), has };
  const whole = new Set(nodes.filter((node) => node !== input && !isSeparable(node, input.shape[0]!, has)));
  const isWhole = (node: Tensor): boolean => whole.has(node);
  const varying = new Map(
    nodes.map((node) => [
      node,
      node === input || isWhole(node)
        ? new Uint8Array(unitCount(node)).fill(1)
        : reached.get(node)!.map((bit, k) => bit & read.get(node)![k]!),
    ]),
  );
  const widening = {
    nodes,
    edges: graph.edges,
    varying,
    read,
    isWhole: (node: Tensor) => node === input || isWhole(node),
  };
  absorb(widening);
  widen(widening);
  const kept = new Map(
    nodes.map((node) => {
      const [own, wanted] = [varying.get(node)!, read.get(node)!];
      const units = Array.from(own.keys());
      return [
        node,
        {
          varying: units.filter((k) => own[k] === 1),
          constant: units.filter((k) => own[k] === 0 && wanted[k] === 1),
        },
      ] as const;
    }),
  );
  return { nodes, kept: (node) => kept.get(node)!, has, isWhole, readOf: (node) => read.get(node)! };
};

/**
 * Whether two nodes keep statistics of different values in the same place: the last one's are kept, whether
 * live weights read them or not, so that nothing of it may go.
 */
const sharesStatistics = (nodes: readonly Tensor[]): boolean => {
  const measured = new Map<Tensor, Tensor>();
  return nodes.some(({ inputs: [x, ...others] }) =>
    others.some((leaf) => {
      const role = leaf.op === 'state' ? roleOf(leaf) : undefined;
      if (role !== 'mean' && role !== 'variance') return false;
      const first = measured.get(leaf) ?? x!;
      measured.set(leaf, first);
      return first !== x;
    }),
  );
};

/** Every value as it is in the dense network. */
const allOf = (nodes: readonly Tensor[]): Omit<UnitSets, 'has'> => ({
  nodes,
  kept: (node) => ({ varying: Array.from({ length: unitCount(node) }, (_, k) => k), constant: [] }),
  isWhole: () => true,
  readOf: (node) => new Uint8Array(unitCount(node)).fill(1),
});

/**
 * Passes over memory that a constant image costs where a layer adds it to what it makes of the varying units
 * (it is read, written, and its gradient summed over the images), and those that a unit costs which varies:
 * forward and backward through a norm and an activation.
 */
const [PASSES_ADDED, PASSES_VARYING] = [3, 9];

/**
 * Computes constant units for every image that a layer reads beside varying ones, where they are so few that
 * it is cheaper.
 */
const absorb = ({ nodes, edges, varying, isWhole }: Widening): void => {
  for (const node of nodes) {
    if (isWhole(node) || definitionOf(node.op).units(node).kind !== 'layer') continue;
    const [{ from, pairs }] = edges(node) as readonly [Edge]; // of a layer that is separable
    const [units, own] = [varying.get(from)!, varying.get(node)!];
    const constant = new Set<number>();
    if (pairs !== 'all')
      pairs((unit, output) => {
        if (units[unit] === 0 && own[output] === 1) constant.add(unit);
      });
    const varyingOutputs = own.reduce((n, bit) => n + bit, 0);
    const isCheaper =
      PASSES_VARYING * constant.size * placesOf(from) <= PASSES_ADDED * varyingOutputs * placesOf(node);
    if (isCheaper && units.includes(1)) constant.forEach((unit) => (units[unit] = 1));
  }
};

interface Widening {
  readonly nodes: readonly Tensor[];
  readonly edges: (node: Tensor) => readonly Edge[];
  readonly varying: ReadonlyMap<Tensor, Uint8Array>;
  readonly read: ReadonlyMap<Tensor, Uint8Array>;
  readonly isWhole: (node: Tensor) => boolean;
}

/**
 * Counts more units as varying until values that meet element by element have the same ones, so that nothing
 * is moved from one place to another on the way: a layer may as well write a row of zeros.
 */
const widen = ({ nodes, edges, varying, read, isWhole }: Widening): void => {
  let grown = true;
  const add = (to: Uint8Array, k: number): void => {
    if (to[k] === 1) return;
    to[k] = 1;
    grown = true;
  };
  const addAll = (to: Uint8Array, from: Uint8Array): void =>
    from.forEach((bit, k) => bit === 1 && add(to, k));
  const visit = (node: Tensor): void => {
    const own = varying.get(node)!;
    const rule = definitionOf(node.op).units(node);
    const inputs = edges(node).map(({ from }) => varying.get(from)!);
    switch (rule.kind) {
      case 'stay':
        return meet([own, ...inputs]);
      case 'parts':
        return rule.along === 'places' ? meet([own, ...inputs]) : meetParts(node, own);
      case 'moved':
        return rule.from.forEach((k, unit) => {
          if (k === null) return;
          if (inputs[0]![k] === 1) add(own, unit);
          if (own[unit] === 1) add(inputs[0]!, k);
        });
      case 'layer':
        return edges(node).forEach(({ pairs }) => {
          if (pairs === 'all') return;
          pairs((unit, output) => {
            if (inputs[0]![unit] === 1 && read.get(node)![output] === 1) add(own, output);
          });
        });
      case 'mixed':
        return;
    }
  };
  /** Values without any varying unit are added as they are, once for all images. */
  const meet = (values: readonly Uint8Array[]): void => {
    const some = values.filter((units, i) => i === 0 || units.includes(1));
    some.slice(1).forEach((units) => addAll(some[0]!, units));
    some.slice(1).forEach((units) => addAll(units, some[0]!));
  };
  const meetParts = (node: Tensor, own: Uint8Array): void => {
    let first = 0;
    for (const part of node.inputs) {
      const count = unitCount(part);
      const units = varying.get(part);
      for (let k = 0; units !== undefined && k < count; k++) {
        if (units[k] === 1) add(own, first + k);
        if (own[first + k] === 1) add(units, k);
      }
      first += count;
    }
  };
  while (grown) {
    grown = false;
    for (const node of nodes) if (!isWhole(node)) visit(node);
  }
};

/*
 * Note [Varying and constant units]
 *
 * A unit varies if live weights bring it from the input; otherwise it is the same for every image, though not
 * necessarily at every place of one: zero padding makes borders out of constants. What no live weight takes
 * on to the output is left out, varying or constant. Masks decide all of it, never values.
 *
 * Constant units are computed once a step, by the same ops over a batch of one image, from the same
 * parameters: they learn as ever. BatchNorm over such an image has the moments of the batch that it stands
 * for; only the unbiased variance asks how many images these are. Where a layer reads a few of them beside
 * varying ones it is cheaper to compute them for every image, too.
 *
 * Where images or units are not independent, as after a softmax or with dropout, whose random numbers are
 * those of whole values, all units are put together again.
 */
