import type { Readable } from '../../graph/description.js';
import { nameOf, walk, withInputs } from '../../graph/graph.js';
import { definitionOf, make, ops, type OpName } from '../../ops/registry.js';
import { unitCount, type LayerRule } from '../../ops/units.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Masks } from '../mask.js';
import { withStreams } from '../readings.js';
import {
  anyLayer,
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
  /** Over the moving units of a batch; null where none moves. */
  readonly moving: Tensor | null;
  /** Over the still units, of one image; null where there are none. */
  readonly still: Tensor | null;
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

export interface Making {
  readonly masks: Masks;
  /** By the name of the weight. */
  readonly weights: ReadonlyMap<string, LiveWeight>;
  readonly choose: (layer: LayerShape) => 'sparse' | 'dense';
}

/** The network over the units that its masks leave. */
export const build = (dense: Readable, { masks, weights, choose }: Making): Built => {
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
    return spread(node, weight);
  };

  const repeated = (still: Tensor): Tensor => {
    const shape = [images, ...still.shape.slice(1)];
    const image = ops.reshape(still, still.shape.slice(1));
    return ops.broadcast(
      image,
      shape,
      image.shape.map((_, axis) => axis + 1),
    );
  };
  const sourcesOf = ({ kept, moving, still }: Value): readonly Source[] => [
    ...(moving === null ? [] : [{ tensor: moving, units: kept.moving }]),
    ...(still === null ? [] : [{ tensor: repeated(still), units: kept.still }]),
  ];
  /** Some units of a value, moving or not, for every image. */
  const ofBatch = (value: Value, units: readonly number[]): Tensor =>
    unitsFrom(sourcesOf(value), units, value.node.shape);
  /** Some still units of a value. */
  const ofImage = ({ node, kept, still }: Value, units: readonly number[]): Tensor =>
    unitsFrom(still === null ? [] : [{ tensor: still, units: kept.still }], units, [
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

  /** A layer is the sum of what it makes of the moving units, and of the still ones. */
  const layerOf = (node: Tensor, rule: LayerRule, kept: Kept): Pick<Value, 'moving' | 'still'> => {
    const x = values.get(node.inputs[0]!)!;
    const weight = node.inputs[1]!;
    const live = weight.op === 'state' ? weights.get(nameOf(weight)) : undefined;
    const between = (
      from: Tensor | null,
      inputs: readonly number[],
      outputs: readonly number[],
    ): Tensor | null => {
      if (from === null || outputs.length === 0) return null;
      const restricted: Restricted = { node, rule, x: from, inputs, outputs };
      if (live === undefined) return anyLayer(restricted, parameter(weight));
      const made = liveLayer(restricted, weight.shape, live, choose);
      if (made !== null && from === x.moving) layers.push({ node, form: made.form, live: made.live });
      return made?.output ?? null;
    };
    const known = layers.length;
    const zeros = (of: number, units: readonly number[]): Tensor | null =>
      units.length === 0 ? null : unitsFrom([], units, [of, ...node.shape.slice(1)]);
    const main = between(x.moving, x.kept.moving, kept.moving);
    const added = between(x.still, x.kept.still, kept.moving);
    if (live !== undefined && layers.length === known) layers.push({ node, form: 'removed', live: 0 });
    const still = between(x.still, x.kept.still, kept.still) ?? zeros(1, kept.still);
    if (added === null) return { moving: main ?? zeros(images, kept.moving), still };
    return { moving: main === null ? repeated(added) : ops.add(main, repeated(added)), still };
  };

  const valueOf = (node: Tensor): Value => {
    const kept = sets.kept(node);
    if (node === net.input) return { node, kept, moving: node, still: null };
    const rule = definitionOf(node.op).units(node);
    if (sets.isWhole(node)) {
      const inputs = node.inputs.map((x) => {
        const value = values.get(x);
        return value === undefined ? parameter(x) : whole(value);
      });
      return { node, kept, moving: withInputs(node, inputs), still: null };
    }
    if (rule.kind === 'layer') return { node, kept, ...layerOf(node, rule, kept) };
    return { node, kept, moving: part(node, kept.moving, images), still: part(node, kept.still, 1) };
  };

  for (const node of sets.nodes) values.set(node, valueOf(node));
  return { output: whole(values.get(net.output)!), layers, sets };
};

/** The dense weight of live values. */
const spread = (leaf: Tensor, { values, places }: LiveWeight): Tensor => {
  if (values === null) return ops.constant(leaf.shape, 0);
  const count = leaf.shape.reduce((n, d) => n * d, 1);
  const flat =
    places.length === count
      ? values
      : ops.scatterAdd(values, ops.literal([places.length], [...places], 'i32'), count);
  return ops.reshape(flat, leaf.shape);
};
