import { fail } from '../errors.js';
import { dependents, leaves, nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { definitionOf } from '../ops/registry.js';
import { unitCount, type LayerRule } from '../ops/units.js';
import type { Tensor } from '../tensor/tensor.js';
import { onPaths } from './paths.js';
import { inference, type Readable } from './readings.js';

/**
 * A network as layers between units: which output unit of which layer feeds which input column of which
 * other. It is read off the `units` of every op: gates, BatchNorm, biases and pools leave them alone. See
 * Note [Identity skips].
 */
export interface LayerGraph {
  /** Channels of the network's input. */
  readonly inputs: number;
  /** In the order in which values pass them. */
  readonly layers: readonly Layer[];
  /** Of each output of the network. */
  readonly outputs: Units;
}

/**
 * Convolution or product with a prunable weight of `outputs` units, `inputs` columns and `taps` places in the
 * kernel.
 */
export interface Layer extends Omit<LayerRule, 'kind'> {
  readonly weight: Tensor;
  /** What each column reads: one unit, or several where branches were added. */
  readonly reads: Units;
}

/** An output unit of layer number `layer`; `layer` null means a channel of the network's input. */
export interface Unit {
  readonly layer: number | null;
  readonly unit: number;
}
export type Units = readonly (readonly Unit[])[];

export const layerGraph = (net: Readable): LayerGraph => {
  const { input, output } = inference(net);
  const carried = dependents([output], [input]);
  const layers: Layer[] = [];
  const upstream: ReadonlySet<number | null>[] = [];
  const inputs = unitCount(input);
  const units = new Map<Tensor, Units>([
    [input, Array.from({ length: inputs }, (_, unit) => [{ layer: null, unit }])],
  ]);

  const isUpstream = (a: Unit, b: Unit): boolean => b.layer !== null && upstream[b.layer]!.has(a.layer);
  const join = (a: Units, b: Units): Units =>
    a.map((left, k) => {
      const right = b[k]!;
      const main = [
        ...left.filter((u) => !right.some((v) => isUpstream(u, v))),
        ...right.filter((u) => !left.some((v) => isUpstream(u, v))),
      ];
      return main.filter((u, i) => main.findIndex((v) => v.layer === u.layer && v.unit === u.unit) === i);
    });
  const addLayer = (node: Tensor, reads: Units, { kind: _, places, ...axes }: LayerRule): Units => {
    if (places !== undefined) refuse(node, 'names its weights by an index, which walks do not read');
    const weight = weightOf(node);
    const lost = reads.findIndex((from) => from.length === 0);
    if (lost >= 0) refuse(node, `reads nothing of the input in column ${lost}`, 'leave the column out');
    layers.push({ weight, reads, ...axes });
    const sources = new Set(reads.flat().map((u) => u.layer));
    upstream.push(
      new Set([...sources].flatMap((layer) => (layer === null ? [null] : [layer, ...upstream[layer]!]))),
    );
    return Array.from({ length: axes.outputs }, (_, unit) => [{ layer: layers.length - 1, unit }]);
  };
  const unitsOf = (node: Tensor): Units => {
    const { paths, units: rule } = definitionOf(node.op);
    if (paths.kind === 'none') return refuse(node, paths.why);
    const own = rule(node);
    const parts = node.inputs.map((i) => units.get(i));
    const [first, ...others] = parts.filter((part) => part !== undefined);
    switch (own.kind) {
      case 'mixed':
        return refuse(node, `${own.why}, which walks follow`);
      case 'parts':
        if (own.along === 'places') return refuse(node, 'joins along another axis than the last');
        return parts.flatMap((part, i) => part ?? nothing(unitCount(node.inputs[i]!)));
      case 'moved':
        return own.from.map((k) => (k === null ? [] : first![k]!));
      case 'layer':
        return others.length === 0 ? addLayer(node, first!, own) : refuse(node, TWO);
      case 'stay':
        if (others.length > 0 && paths.kind !== 'linear') return refuse(node, TWO);
        if (parts.some((part) => part !== undefined && part.length !== unitCount(node)))
          return refuse(node, 'repeats one unit, which walks could not tell apart');
        return others.reduce(join, first!);
    }
  };

  for (const node of onPaths(output)) if (carried.has(node) && node !== input) units.set(node, unitsOf(node));
  const graph = { inputs, layers, outputs: units.get(output)! };
  check(output, graph);
  return graph;
};

const TWO = 'combines two values that both depend on the input';
const nothing = (count: number): Units => Array.from({ length: count }, () => []);

/** A message as "walks: op why; at path; remedy". */
const refuse = (node: Tensor, why: string, remedy = 'choose another method'): never =>
  fail('NETWORK', `walks: ${node.op} ${why}${node.path === '' ? '' : `; at ${node.path}`}; ${remedy}`);

/** The weight of a layer, which is a prunable parameter itself. */
const weightOf = (node: Tensor): Tensor => {
  const weight = node.inputs[1]!;
  if (isPrunable(weight)) return weight;
  const isLeaf = leaves([weight], 'state').includes(weight);
  return refuse(
    node,
    isLeaf
      ? `reads '${nameOf(weight)}', which has not the role 'weight'`
      : `reads its weight through ${weight.op}`,
  );
};

/** Every weight is crossed by some walk, and no walk can end in the middle. */
const check = (output: Tensor, { inputs, layers, outputs }: LayerGraph): void => {
  const crossed = new Set(layers.map(({ weight }) => nameOf(weight)));
  const missed = leaves([output], 'state').find((w) => isPrunable(w) && !crossed.has(nameOf(w)));
  if (missed !== undefined)
    fail('NETWORK', `walks: no walk crosses weight '${nameOf(missed)}'; give it another role than 'weight'`);
  const used = new Set(
    [...layers.flatMap((l) => l.reads), ...outputs].flat().map((u) => `${u.layer} ${u.unit}`),
  );
  const deadEnd = (layer: number | null, count: number, what: string): void => {
    for (let unit = 0; unit < count; unit++)
      if (!used.has(`${layer} ${unit}`))
        fail('NETWORK', `walks: nothing reads unit ${unit} of ${what}; leave it out`);
  };
  deadEnd(null, inputs, 'the input');
  layers.forEach(({ outputs: count, weight }, i) => deadEnd(i, count, `'${nameOf(weight)}'`));
  const unreached = outputs.findIndex((from) => from.length === 0);
  if (unreached >= 0)
    fail('NETWORK', `walks: output ${unreached} does not depend on the input; leave it out`);
};

/*
 * Note [Identity skips] Where branches meet in a sum, a unit is dropped if a unit of the other branch depends
 * on it: such a branch holds no weight, and a walk that took it would pass the block without choosing
 * anything. PHEW leaves identity skips out for the same reason. Two branches with weights, as the main branch
 * and the 1x1 shortcut of a projection block, both stay.
 */
