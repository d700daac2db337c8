import { fail } from '../errors.js';
import { transformed, type Readable } from '../graph/description.js';
import { leaves, nameOf } from '../graph/graph.js';
import { isLearnt, isPrunable, roleOf } from '../graph/roles.js';
import { checkOptions, checkValue, networkKind, wordOf, type KindsOf } from '../kinds.js';
import { definitionOf, ops } from '../ops/registry.js';
import { placesOf } from '../ops/units.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { build, type BuiltLayer } from './compact/build.js';
import type { Form, LayerShape, LiveWeight } from './compact/layers.js';
import type { UnitSets } from './compact/sets.js';
import { checkMasks, type Masks } from './mask.js';

/** How a layer of a compacted network is computed. */
export interface SpecialisedLayer {
  /** Of its weight. */
  readonly name: string;
  /** `removed`: none of its weights has a part in the answer that differs from image to image. */
  readonly form: Form;
  /** Weights: all, the live ones, and those that are computed with for every image. */
  readonly weights: { readonly all: number; readonly live: number; readonly used: number };
  /** Multiply-adds of one image, of the dense layer and of what is left of it. */
  readonly multiplyAdds: { readonly dense: number; readonly left: number };
}

/**
 * A network without what its masks prune; the values that it computes, and how they are learnt, are those of
 * the masked network but for rounding.
 */
export interface Specialised<N extends Readable = Readable> {
  /**
   * Its parameters have the names of the dense ones. A weight is its live values [nnz], in the order of the
   * dense one; one without any is left out. All others have the shape that they had, those of channels that
   * are gone included.
   */
  readonly net: N;
  /** The network that it was made of, and its masks. */
  readonly dense: N;
  readonly masks: Masks;
  readonly layers: readonly SpecialisedLayer[];
  /** Parameters that are not part of the graph any more: they have no gradient, but decay as ever. */
  readonly unused: readonly Tensor[];
  /**
   * Running statistics that nobody can observe, since no live weight reads their channels: 1 for those, by
   * name. A training leaves them alone, or writes what is left of what they would be.
   */
  readonly unobserved: ReadonlyMap<string, Uint8Array>;
  /**
   * What the compacted network holds of a dense parameter, or of anything that has a number for each of its
   * numbers.
   */
  readonly pack: <A extends Numbers>(name: string, dense: A) => A;
  /** The dense one again; what is pruned is 0. */
  readonly unpack: <A extends Numbers>(name: string, packed: A) => A;
}

type Numbers = Float32Array | Float64Array;

export interface SpecialiseOptions {
  /** How layers are computed that are left: by default sparse where that is expected to be faster. */
  readonly layers?: 'auto' | 'sparse' | 'dense';
}
const OPTIONS: KindsOf<SpecialiseOptions> = { layers: wordOf('auto', 'sparse', 'dense') };

/**
 * What a sparse layer costs on the cpu device, in the time that a dense one takes for one weight at one place
 * of its result: for each live weight, and for each channel that is brought into planes or back. Fitted to
 * the kernels' times on AVX-512, docs/results.md, "Sparse tickets".
 */
const [PER_LIVE_WEIGHT, PER_CHANNEL] = [2.2, 20];

const byCost = ({ kernel, live, inputs, outputs, node }: LayerShape): 'sparse' | 'dense' => {
  const channels = (inputs * placesOf(node.inputs[0]!)) / placesOf(node) + outputs;
  return PER_LIVE_WEIGHT * live + PER_CHANNEL * channels < size(kernel) ? 'sparse' : 'dense';
};

/**
 * The compact network of a ticket: channels without live weights are gone or, where they are read, constants;
 * weights are their live values. Exact for every network, by masks alone. Throws WEIGHTS for masks that are
 * not the network's, OPTION for options that it does not know.
 */
export const specialise = <N extends Readable>(
  net: N,
  masks: Masks,
  options: SpecialiseOptions = {},
): Specialised<N> => {
  checkValue('specialise: network', net, networkKind);
  checkMasks(net, masks, 'specialise: masks');
  checkOptions('specialise', options, OPTIONS);
  const { layers: form = 'auto' } = options;
  const choose = form === 'auto' ? byCost : (): 'sparse' | 'dense' => form;
  const dense = parametersOf(net);
  const weights = new Map(
    dense.filter(isPrunable).map((leaf) => [nameOf(leaf), liveWeight(leaf, masks.get(nameOf(leaf))!)]),
  );
  const making = { masks, weights, choose };
  const first = build(net, making);
  const compact = transformed(net, (output, input) =>
    output === net.output ? first.output : build({ name: net.name, input, output }, making).output,
  );
  const live = new Set(parametersOf(compact).map(nameOf));
  const packed = dense.flatMap((leaf) => {
    const weight = weights.get(nameOf(leaf));
    if (weight === undefined) return [leaf];
    return weight.values === null ? [] : [weight.values];
  });
  const leafOf = new Map(dense.map((leaf) => [nameOf(leaf), leaf]));
  const sizeOf = (name: string): number =>
    size(
      (
        leafOf.get(name) ??
        fail(
          'WEIGHTS',
          `specialise: network '${net.name}' has no parameter '${name}'; is it another network's?`,
        )
      ).shape,
    );
  return {
    net: compact,
    dense: net,
    masks,
    layers: first.layers.map((layer) => described(layer, weights)),
    unused: packed.filter((leaf) => !live.has(nameOf(leaf))),
    unobserved: unobserved(first.sets),
    pack: (name, values) => {
      expectLength(name, values, sizeOf(name));
      const places = weights.get(name)?.places;
      return places === undefined ? values : taken(values, places);
    },
    unpack: (name, values) => {
      const places = weights.get(name)?.places;
      expectLength(name, values, places?.length ?? sizeOf(name));
      return places === undefined ? values : put(values, places, sizeOf(name));
    },
  };
};

const parametersOf = ({ output }: Readable): readonly Tensor[] => leaves([output], 'state');

const expectLength = (name: string, values: Numbers, length: number): void => {
  if (values.length !== length)
    fail(
      'WEIGHTS',
      `specialise: '${name}' has ${values.length} numbers, expected ${length}; give one for each weight`,
    );
};

const emptyLike = <A extends Numbers>(values: A, length: number): A =>
  (values instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)) as A;

const taken = <A extends Numbers>(values: A, places: Int32Array): A => {
  const result = emptyLike(values, places.length);
  places.forEach((place, k) => (result[k] = values[place]!));
  return result;
};
const put = <A extends Numbers>(values: A, places: Int32Array, length: number): A => {
  const result = emptyLike(values, length);
  places.forEach((place, k) => (result[place] = values[k]!));
  return result;
};

const liveWeight = (leaf: Tensor, mask: Uint8Array): LiveWeight => {
  let count = 0;
  for (let place = 0; place < mask.length; place++) count += mask[place]!;
  const places = new Int32Array(count);
  for (let place = 0, k = 0; k < count; place++) if (mask[place] === 1) places[k++] = place;
  const name = nameOf(leaf);
  const values = places.length === 0 ? null : ops.state(name, [places.length], { role: 'values' }, leaf.path);
  return { values, places };
};

const described = (
  { node, form, live }: BuiltLayer,
  weights: ReadonlyMap<string, LiveWeight>,
): SpecialisedLayer => {
  const weight = node.inputs[1]!;
  const all = size(weight.shape);
  const dense = definitionOf(node.op).cost(node).flops / 2 / node.shape[0]!;
  return {
    name: nameOf(weight),
    form,
    weights: { all, live: weights.get(nameOf(weight))!.places.length, used: live },
    multiplyAdds: { dense, left: (dense * live) / all },
  };
};

const unobserved = ({ nodes, readOf }: UnitSets): ReadonlyMap<string, Uint8Array> => {
  const found = new Map<string, Uint8Array>();
  for (const node of nodes)
    for (const leaf of node.inputs) {
      const role = leaf.op === 'state' ? roleOf(leaf) : undefined;
      if (role !== 'mean' && role !== 'variance') continue;
      const read = readOf(node);
      if (read.length === size(leaf.shape))
        found.set(
          nameOf(leaf),
          read.map((bit) => 1 - bit),
        );
    }
  return found;
};

/** The parameters that a training of a compacted network learns, in the order of the dense ones. */
export const learntOf = ({
  net,
  unused,
  dense,
}: Pick<Specialised, 'net' | 'unused' | 'dense'>): readonly Tensor[] => {
  const own = new Map([...parametersOf(net), ...unused].map((leaf) => [nameOf(leaf), leaf]));
  return parametersOf(dense)
    .flatMap((leaf) => own.get(nameOf(leaf)) ?? [])
    .filter(isLearnt);
};
