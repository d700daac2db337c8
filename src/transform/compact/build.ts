import type { Readable } from '../../graph/description.js';
import { nameOf, walk, withInputs } from '../../graph/graph.js';
import { definitionOf, make, ops, type OpName } from '../../ops/registry.js';
import { unitCount, type LayerRule } from '../../ops/units.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Masks } from '../mask.js';
import { withStreams } from '../readings.js';
import {
  anyLayer,
  denseWeight,
  liveLayer,
  type Form,
  type LayerShape,
  type LiveWeight,
  type Restricted,
} from './layers.js';
import { unitsFrom, unitsOfParameter, type Source } from './select.js';
import { unitSets, type Kept, type UnitSets } from './sets.js';

/** A value of a compacted network. */
interface Value {
  readonly node: Tensor;
  readonly kept: Kept;
  /** Over the varying units of a batch; null where none varies. */
  readonly varying: Tensor | null;
  /** Over the constant units, of one image; null where there are none. */
  readonly constant: Tensor | null;
}

/** What became of a layer. */
export interface BuiltLayer {
  readonly node: Tensor;
  readonly form: Form;
  /** Weights that are computed with. */
  readonly live: number;
}

export interface Built {
  readonly output: Tensor;
  readonly layers: readonly BuiltLayer[];
  readonly sets: UnitSets;
}

export interface BuildOptions {
  readonly masks: Masks;
  /** By the name of the weight. */
  readonly weights: ReadonlyMap<string, LiveWeight>;
  readonly choose: (layer: LayerShape) => 'sparse' | 'dense';
}

/** The network over the units that its masks leave. */
export const build = (dense: Readable, { masks, weights, choose }: BuildOptions): Built => {
  const net = { ...dense, output: withStreams(dense.output) };
  const sets = unitSets(net, masks);
  const images = net.input.shape[0]!;
  const values = new Map<Tensor, Value>();
  const layers: BuiltLayer[] = [];

  /** A value that does not depend on the input, with live weights in the place of dense ones. */
  const parameters = new Map<Tensor, Tensor>();
  const parameter = (t: Tensor): Tensor => {
    for (const node of walk([t])) if (!parameters.has(node)) parameters.set(node, written(node));
    return parameters.get(t)!;
  };
  const written = (node: Tensor): Tensor => {
    const weight = node.op === 'state' ? weights.get(nameOf(node)) : undefined;
    if (weight === undefined)
      return withInputs(
        node,
        node.inputs.map((i) => parameters.get(i)!),
      );
    return denseWeight(node, weight);
  };

  const repeated = (constant: Tensor): Tensor => {
    const shape = [images, ...constant.shape.slice(1)];
    const image = ops.reshape(constant, constant.shape.slice(1));
    return ops.broadcast(
      image,
      shape,
      image.shape.map((_, axis) => axis + 1),
    );
  };
  const sourcesOf = ({ kept, varying, constant }: Value): readonly Source[] => [
    ...(varying === null ? [] : [{ tensor: varying, units: kept.varying }]),
    ...(constant === null ? [] : [{ tensor: repeated(constant), units: kept.constant }]),
  ];
  /** Some units of a value, varying or not, for every image. */
  const ofBatch = (value: Value, units: readonly number[]): Tensor =>
    unitsFrom(sourcesOf(value), units, value.node.shape);
  /** Some constant units of a value. */
  const ofImage = ({ node, kept, constant }: Value, units: readonly number[]): Tensor =>
    unitsFrom(constant === null ? [] : [{ tensor: constant, units: kept.constant }], units, [
      1,
      ...node.shape.slice(1),
    ]);
  const whole = (value: Value): Tensor =>
    ofBatch(
      value,
      Array.from({ length: unitCount(value.node) }, (_, k) => k),
    );

  /** One of the two parts of a node: its units for a batch of `of` images. */
  const part = (node: Tensor, units: readonly number[], of: number): Tensor | null => {
    if (units.length === 0) return null;
    const taken = of === images ? ofBatch : ofImage;
    const again = (inputs: readonly Tensor[], count: number): Tensor =>
      // isSeparable has asked whether the op can
      make(
        node.op as OpName,
        inputs,
        definitionOf(node.op).over!(node, { images: of, units: count, repeats: images / of })!,
        node.path,
      );
    const rule = definitionOf(node.op).units(node);
    switch (rule.kind) {
      case 'moved': {
        const wanted = new Set(units.map((k) => rule.from[k]));
        const given = [...wanted].filter((k): k is number => typeof k === 'number').sort((a, b) => a - b);
        const shape = [of, ...node.shape.slice(1)];
        if (given.length === 0) return unitsFrom([], units, shape);
        const made = rule.from.flatMap((k, unit) => (k !== null && wanted.has(k) ? [unit] : []));
        const tensor = again([taken(values.get(node.inputs[0]!)!, given)], made.length);
        return unitsFrom([{ tensor, units: made }], units, shape);
      }
      case 'parts':
        if (rule.along === 'units') return joined(node, units, of, taken);
        break;
      case 'layer':
        return null; // see layerOf
      case 'stay':
      case 'mixed':
    }
    const inputs = node.inputs.map((x) => {
      const value = values.get(x);
      return value === undefined ? unitsOfParameter(parameter(x), units) : taken(value, units);
    });
    return again(inputs, units.length);
  };

  const joined = (
    node: Tensor,
    units: readonly number[],
    of: number,
    taken: (value: Value, units: readonly number[]) => Tensor,
  ): Tensor => {
    let first = 0;
    const sources = node.inputs.flatMap((x): Source[] => {
      const [from, to] = [first, first + unitCount(x)];
      first = to;
      const own = units.filter((k) => k >= from && k < to);
      return own.length === 0
        ? []
        : [
            {
              tensor: taken(
                values.get(x)!,
                own.map((k) => k - from),
              ),
              units: own,
            },
          ];
    });
    return unitsFrom(sources, units, [of, ...node.shape.slice(1)]);
  };

  /** The weight of a layer that has one of its own. */
  const liveOf = ({ inputs: [, weight] }: Tensor): LiveWeight | undefined =>
    weight?.op === 'state' ? weights.get(nameOf(weight)) : undefined;

  /** A layer is the sum of what it makes of the varying units, and of the constant ones. */
  const layerOf = (node: Tensor, rule: LayerRule, kept: Kept): Pick<Value, 'varying' | 'constant'> => {
    const x = values.get(node.inputs[0]!)!;
    const weight = node.inputs[1]!;
    const live = liveOf(node);
    const between = (
      from: Tensor | null,
      inputs: readonly number[],
      outputs: readonly number[],
    ): Tensor | null => {
      if (from === null || outputs.length === 0) return null;
      const restricted: Restricted = { node, rule, x: from, inputs, outputs };
      if (live === undefined) return anyLayer(restricted, parameter(weight));
      const made = liveLayer(restricted, weight.shape, live, choose);
      if (made !== null && from === x.varying) layers.push({ node, form: made.form, live: made.live });
      return made?.output ?? null;
    };
    const known = layers.length;
    const zeros = (of: number, units: readonly number[]): Tensor | null =>
      units.length === 0 ? null : unitsFrom([], units, [of, ...node.shape.slice(1)]);
    const main = between(x.varying, x.kept.varying, kept.varying);
    const added = between(x.constant, x.kept.constant, kept.varying);
    if (live !== undefined && layers.length === known) layers.push({ node, form: 'removed', live: 0 });
    const constant = between(x.constant, x.kept.constant, kept.constant) ?? zeros(1, kept.constant);
    if (added === null) return { varying: main ?? zeros(images, kept.varying), constant };
    return { varying: main === null ? repeated(added) : ops.add(main, repeated(added)), constant };
  };

  const valueOf = (node: Tensor): Value => {
    const kept = sets.kept(node);
    if (node === net.input) return { node, kept, varying: node, constant: null };
    const rule = definitionOf(node.op).units(node);
    if (sets.isWhole(node)) {
      const inputs = node.inputs.map((x) => {
        const value = values.get(x);
        return value === undefined ? parameter(x) : whole(value);
      });
      const live = rule.kind === 'layer' ? liveOf(node) : undefined;
      if (live !== undefined) layers.push({ node, form: 'dense', live: live.places.length });
      return { node, kept, varying: withInputs(node, inputs), constant: null };
    }
    if (rule.kind === 'layer') return { node, kept, ...layerOf(node, rule, kept) };
    return { node, kept, varying: part(node, kept.varying, images), constant: part(node, kept.constant, 1) };
  };

  for (const node of sets.nodes) values.set(node, valueOf(node));
  return { output: whole(values.get(net.output)!), layers, sets };
};
