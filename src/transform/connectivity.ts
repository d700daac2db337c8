import type { Readable } from '../graph/description.js';
import { dependents, walk } from '../graph/graph.js';
import { definitionOf } from '../ops/registry.js';
import { unitCount, type LayerRule } from '../ops/units.js';
import type { Tensor } from '../tensor/tensor.js';
import { patternOf, type Known } from './pattern.js';

/**
 * What of a network is connected, for any network: it asks where each op's units come from, not whether the
 * op has a meaning in the path algebra. Zeros decide: those of weights, or of masks by the names of their
 * weights. See Note [What is taken for connected].
 */

/**
 * The live units of every node between input and output: 1 for a unit that some path of live weights brings
 * from the input and some such path takes on to the output.
 */
export const liveUnits = (net: Readable, known: Known): ReadonlyMap<Tensor, Uint8Array> => {
  const graph = unitGraph(net, known);
  const [reached, read] = [reachedUnits(graph), readUnits(graph, net.output)];
  return new Map(
    [...reached].map(([node, units]) => [node, units.map((bit, k) => bit & read.get(node)![k]!)]),
  );
};

/** Whether any unit of the output depends on the input. */
export const connected = (net: Readable, known: Known): boolean =>
  reachedUnits(unitGraph(net, known)).get(net.output)!.includes(1);

/** Calls visit(unit of the input, unit of the output) for those of which the second is made of the first. */
export type Pairs = (visit: (unit: number, output: number) => void) => void;
export interface Edge {
  readonly from: Tensor;
  readonly pairs: Pairs | 'all';
}
/** What a network's values are made of, unit by unit. */
export interface UnitGraph {
  readonly input: Tensor;
  /** That depend on the input, inputs before users. */
  readonly nodes: readonly Tensor[];
  /** From those inputs of a node that depend on the network's. */
  readonly edges: (node: Tensor) => readonly Edge[];
}

/** 1 for the units that live weights bring from the input. */
export const reachedUnits = ({ input, nodes, edges }: UnitGraph): ReadonlyMap<Tensor, Uint8Array> => {
  const reached = new Map([[input, new Uint8Array(unitCount(input)).fill(1)]]);
  for (const node of nodes) {
    if (node === input) continue;
    const own = new Uint8Array(unitCount(node));
    for (const { from, pairs } of edges(node)) {
      const units = reached.get(from)!;
      if (pairs !== 'all') pairs((unit, output) => (own[output]! |= units[unit]!));
      else if (units.includes(1)) own.fill(1);
    }
    reached.set(node, own);
  }
  return reached;
};

/** 1 for the units that live weights take on to the output. */
export const readUnits = (graph: UnitGraph, output: Tensor): ReadonlyMap<Tensor, Uint8Array> => {
  const read = new Map(graph.nodes.map((node) => [node, new Uint8Array(unitCount(node))]));
  read.get(output)!.fill(1);
  for (const node of [...graph.nodes].reverse()) {
    const own = read.get(node)!;
    for (const { from, pairs } of graph.edges(node)) {
      const to = read.get(from)!;
      if (pairs !== 'all') pairs((unit, after) => (to[unit]! |= own[after]!));
      else if (own.includes(1)) to.fill(1);
    }
  }
  return read;
};

export const unitGraph = ({ input, output }: Readable, known: Known): UnitGraph => {
  const carried = dependents([output], [input]);
  const zerosOf = patternOf(known);
  const edgesOf = (node: Tensor): readonly Edge[] =>
    node.inputs.flatMap((from, i) => {
      if (!carried.has(from)) return [];
      // the other factor of a product, where it is no value of the network
      const other = definitionOf(node.op).paths.kind === 'weight' ? node.inputs[i === 0 ? 1 : 0]! : null;
      const factor = other === null || carried.has(other) ? null : zerosOf(other);
      return [{ from, pairs: pairsOf(node, i, carried, factor) }];
    });
  const found = new Map<Tensor, readonly Edge[]>();
  const edges = (node: Tensor): readonly Edge[] => {
    const own = found.get(node) ?? edgesOf(node);
    found.set(node, own);
    return own;
  };
  return { input, nodes: walk([output]).filter((node) => carried.has(node)), edges };
};

/** How input `i` of a node reaches it, if `factor` says what multiplies it: 0 for zeros; null for none. */
const pairsOf = (
  node: Tensor,
  i: number,
  carried: ReadonlySet<Tensor>,
  factor: Uint8Array | null,
): Pairs | 'all' => {
  const rule = definitionOf(node.op).units(node);
  const [units, outputs] = [unitCount(node.inputs[i]!), unitCount(node)];
  const stays: Pairs = (visit) => {
    const open = openUnits(factor, outputs);
    for (let k = 0; k < outputs; k++) if (open[k] === 1) visit(units === 1 ? 0 : k, k);
  };
  switch (rule.kind) {
    case 'stay':
      return stays;
    case 'moved':
      return (visit) => rule.from.forEach((k, output) => k !== null && visit(k, output));
    case 'parts': {
      if (rule.along === 'places') return stays;
      const before = node.inputs.slice(0, i).reduce((n, part) => n + unitCount(part), 0);
      return (visit) => {
        for (let k = 0; k < units; k++) visit(k, before + k);
      };
    }
    case 'layer':
      if (i === 0 && !carried.has(node.inputs[1]!)) return crossing(rule, factor);
      return isZero(factor) ? () => undefined : 'all';
    case 'mixed':
      return isZero(factor) ? () => undefined : 'all';
  }
};

/** The units of a layer between which a weight is live. */
const crossing = (rule: LayerRule, values: Uint8Array | null): Pairs => {
  const { outputs, inputs, taps, strides } = rule;
  const [so, si, st] = strides;
  // asked many times, and most weights of a large layer are seldom live
  let live: Uint8Array | undefined;
  const find = (): Uint8Array => {
    const between = new Uint8Array(outputs * inputs);
    const weight = atPlaces(rule, values);
    if (weight === null) return between.fill(1);
    for (let o = 0; o < outputs; o++)
      for (let t = 0; t < taps; t++)
        for (let i = 0; i < inputs; i++) between[o * inputs + i]! |= weight[o * so + i * si + t * st]!;
    return between;
  };
  return (visit) => {
    live ??= find();
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) if (live[o * inputs + i] === 1) visit(i, o);
  };
};

/** The weights at all places of a layer; values that are not known count as no zero. */
const atPlaces = (
  { outputs, inputs, taps, places }: LayerRule,
  values: Uint8Array | null,
): Uint8Array | null => {
  if (places === undefined) return values;
  const weight = new Uint8Array(outputs * inputs * taps);
  places.forEach((place, k) => (weight[place] = values?.[k] ?? 1));
  return weight;
};

/** 1 for the units in which a factor, of the output's shape or a suffix of it, is not zero throughout. */
const openUnits = (factor: Uint8Array | null, units: number): Uint8Array => {
  const open = new Uint8Array(units);
  if (factor === null || factor.length < units) return open.fill(isZero(factor) ? 0 : 1);
  for (let j = 0; j < factor.length; j++) if (factor[j] !== 0) open[j % units] = 1;
  return open;
};

const isZero = (factor: Uint8Array | null): boolean => {
  if (factor === null) return false;
  for (let j = 0; j < factor.length; j++) if (factor[j] !== 0) return false;
  return true;
};

/*
 * Note [What is taken for connected] A unit depends on the input if any op lets it. Ops that mix units
 * (softmax, a norm over the last axis, products of two activations) let every unit of their inputs reach
 * every one of theirs, so that nothing is ever called dead that is alive. Units are followed, not places in
 * an image: a path that zero padding cuts, since each of its layers has one live tap that looks beyond a
 * border, counts as one.
 */
