import { fail } from '../errors.js';
import { dependents, nameOf, walk } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { definitionOf } from '../ops/registry.js';
import { prunable, type Network } from '../nn/network.js';
import type { Tensor } from '../tensor/tensor.js';
import { inference } from '../transform/readings.js';

/**
 * A network as layers between units: which output unit of which layer feeds which input column of which other. It is read off the Tensor
 * graph, from where the last axis (channels or columns) goes; gates, BatchNorm, biases and pools leave it alone. See Note [Identity skips].
 */
export interface LayerGraph {
  /** Channels of the network's input. */
  readonly inputs: number;
  /** In the order in which values pass them. */
  readonly layers: readonly Layer[];
  /** Of each output of the network. */
  readonly outputs: Units;
}

/** Convolution or product with a prunable weight of `outputs` units, `inputs` columns and `taps` places in the kernel. */
export interface Layer {
  readonly weight: Tensor;
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: number;
  /** Strides of unit, column and tap in the weight, row-major. */
  readonly strides: readonly [output: number, input: number, tap: number];
  /** What each column reads: one unit, or several where branches were added. */
  readonly reads: Units;
}

/** An output unit of layer number `layer`; `layer` null means a channel of the network's input. */
export interface Unit {
  readonly layer: number | null;
  readonly unit: number;
}
export type Units = readonly (readonly Unit[])[];

export const layerGraph = (net: Network): LayerGraph => {
  const { input, output } = inference(net);
  const carried = dependents([output], [input]);
  const layers: Layer[] = [];
  const upstream: ReadonlySet<number | null>[] = [];
  const inputs = input.shape[input.shape.length - 1]!;
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
  const addLayer = (node: Tensor, reads: Units): Units => {
    const [outputs, columns, taps, strides] = axesOf(node);
    const lost = reads.findIndex((from) => from.length === 0);
    if (lost >= 0) refuse(node, `reads nothing of the input in column ${lost}`, 'leave the column out');
    layers.push({ weight: node.inputs[1]!, inputs: columns, outputs, taps, strides, reads });
    const sources = new Set(reads.flat().map((u) => u.layer));
    upstream.push(
      new Set([...sources].flatMap((layer) => (layer === null ? [null] : [layer, ...upstream[layer]!]))),
    );
    return Array.from({ length: outputs }, (_, unit) => [{ layer: layers.length - 1, unit }]);
  };

  for (const node of walk([output])) {
    if (!carried.has(node) || node === input) continue;
    const from = node.inputs.filter((i) => carried.has(i)).map((i) => units.get(i)!);
    units.set(
      node,
      ((): Units => {
        const rule = definitionOf(node.op).paths;
        if (rule.kind === 'none') return refuse(node, rule.why);
        if (node.op === 'concat')
          return concatenated(
            node,
            node.inputs.map((i) => units.get(i)),
          );
        const [first, second] = from;
        if (second !== undefined)
          return node.op === 'add' || node.op === 'sub'
            ? join(first!, second)
            : refuse(node, 'combines two values that both depend on the input');
        return rule.kind === 'weight' && node.op !== 'mul' ? addLayer(node, first!) : moved(node, first!);
      })(),
    );
  }
  const graph = { inputs, layers, outputs: units.get(output)! };
  check(net, graph);
  return graph;
};

/** A message as "walks: op why; at path; remedy". */
const refuse = (node: Tensor, why: string, remedy = 'choose another method'): never =>
  fail('NETWORK', `walks: ${node.op} ${why}${node.path === '' ? '' : `; at ${node.path}`}; ${remedy}`);

/** Outputs, inputs, taps and their strides of a layer's weight: [f, kh, kw, c] of a convolution, [f, c] or [c, f] of a product. */
const axesOf = (node: Tensor): readonly [number, number, number, Layer['strides']] => {
  const weight = node.inputs[1]!;
  if (!isPrunable(weight))
    refuse(
      node,
      weight.op === 'state'
        ? `reads '${nameOf(weight)}', which has not the role 'weight'`
        : `reads its weight through ${weight.op}`,
    );
  if (node.op === 'conv2d') {
    const [f, kh, kw, c] = weight.shape as readonly [number, number, number, number];
    return [f, c, kh * kw, [kh * kw * c, 1, c]];
  }
  if (node.op !== 'matmul' || node.attributes['transposeA'] === true)
    return refuse(node, 'is no layer that a walk can cross');
  const [rows, columns] = weight.shape as readonly [number, number];
  return node.attributes['transposeB'] === true
    ? [rows, columns, 1, [columns, 1, 0]]
    : [columns, rows, 1, [1, columns, 0]];
};

/** Where the units of the last axis are after an op with one input that depends on the network's. */
const moved = (node: Tensor, units: Units): Units => {
  const last = node.shape.length - 1;
  const numbers = (key: string): readonly number[] => node.attributes[key] as readonly number[];
  const lost = (): never => refuse(node, 'mixes or moves the last axis, which walks follow');
  switch (node.op) {
    case 'sum':
      return numbers('axes').includes(node.inputs[0]!.shape.length - 1) ? lost() : units;
    case 'broadcast':
      return numbers('axes').at(-1) === last ? units : lost();
    case 'transpose':
      return numbers('order').at(-1) === last ? units : lost();
    case 'slice': {
      const [start, limit, stride] = [
        numbers('start')[last]!,
        numbers('limit')[last]!,
        numbers('stride')[last]!,
      ];
      return units.filter((_, k) => k >= start && k < limit && (k - start) % stride === 0);
    }
    case 'place': {
      const [start, stride] = [numbers('start')[last]!, numbers('stride')[last]!];
      const placed: (readonly Unit[])[] = Array.from({ length: node.shape[last]! }, () => []);
      units.forEach((u, k) => (placed[start + k * stride] = u));
      return placed;
    }
    case 'reshape': {
      // Row-major, so that a longer last axis holds whole rows of the old one: the columns of a flattened image.
      const copies = node.shape[last]! / units.length;
      return Number.isInteger(copies) ? Array.from({ length: copies }, () => units).flat() : lost();
    }
    default:
      return node.shape[last] === units.length ? units : lost();
  }
};

const concatenated = (node: Tensor, parts: readonly (Units | undefined)[]): Units =>
  node.attributes['axis'] === node.shape.length - 1
    ? parts.flatMap((part, i) => part ?? Array.from({ length: node.inputs[i]!.shape.at(-1)! }, () => []))
    : refuse(node, 'joins along another axis than the last');

/** Every weight is crossed by some walk, and no walk can end in the middle. */
const check = (net: Network, { inputs, layers, outputs }: LayerGraph): void => {
  const crossed = new Set(layers.map(({ weight }) => nameOf(weight)));
  const missed = prunable(net).find((w) => !crossed.has(nameOf(w)));
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
 * Note [Identity skips]
 * Where branches meet in a sum, a unit is dropped if a unit of the other branch depends on it: such a branch holds no weight, and a
 * walk that took it would pass the block without choosing anything. PHEW leaves identity skips out for the same reason. Two branches with weights, as the
 * main branch and the 1x1 shortcut of a projection block, both stay.
 */
