import * as t from 'io-ts';
import { Count, decode, decodeJson, list, showText } from '../codec.js';
import { fail } from '../errors.js';
import { storedMaskName as maskKey } from '../graph/state-names.js';
import { sameShape, showShape, size, type Shape } from '../tensor/tensor.js';
import type { StoredTensor, StoredTensors } from './safetensors.js';

/**
 * How a weights file keeps weights that have masks. `dense`: all values, and a mask of as many bytes beside
 * them, as other tools expect it. `compact`: the values of live weights and their places; those of pruned
 * weights are not kept, and read as 0.
 */
export type WeightsForm = 'dense' | 'compact';
export const FORMS = ['dense', 'compact'] as const satisfies readonly WeightsForm[];

/*
 * A compact file has, in the place of a weight and its mask, `<name>_values`, F32, its live values in
 * row-major order of PyTorch's shape, and `<name>_gaps`, U8, which say where they are: each byte is the
 * distance to the place before, the first from place 0, and 255 goes on by 255 places without a value. So the
 * places are the sums of all bytes up to those that are not 255. See Note [Why gaps]. The metadata
 * `pathex-compact` holds JSON, { version, shapes }: the shape of every such weight.
 */
const METADATA = 'pathex-compact';
const VERSION = 1;
const ESCAPE = 255;
const valuesKey = (weight: string): string => `${weight}_values`;
const gapsKey = (weight: string): string => `${weight}_gaps`;

const Version = t.type({ version: Count }, '{ version, shapes }');
const Members = new t.Type('an object', t.UnknownRecord.is, t.UnknownRecord.validate, t.identity);
const Header = t.strict({ version: Count, shapes: Members }, '{ version, shapes }');
const Sizes = list(Count, { name: 'a list of whole numbers from 0 on', most: 64 });

/** Of the places of ones in a mask. At most as many bytes as the mask has: an escape passes 255 places. */
const gapsOf = (mask: Uint8Array): Uint8Array => {
  const gaps = new Uint8Array(mask.length);
  let length = 0;
  let before = 0;
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    for (; at - before >= ESCAPE; before += ESCAPE) gaps[length++] = ESCAPE;
    gaps[length++] = at - before;
    before = at;
  }
  return gaps.slice(0, length);
};

/** Throws WEIGHTS for metadata of one's own under the name that compact files are known by. */
export const checkMetadata = (where: string, metadata: Readonly<Record<string, string>>): void => {
  if (Object.hasOwn(metadata, METADATA))
    fail(
      'WEIGHTS',
      `${where}: metadata '${METADATA}' is what compact files are known by; give it another name`,
    );
};

/**
 * Dense tensors in the compact form; `weights` are the names of those that have a mask. Throws WEIGHTS where
 * another tensor has a name that the form needs.
 */
export const compacted = (
  { tensors, metadata }: StoredTensors,
  weights: readonly string[],
  where: string,
): StoredTensors => {
  const packed = new Map(Object.entries(tensors));
  const shapes = new Map<string, Shape>();
  for (const name of weights) {
    const [weight, mask] = [packed.get(name), packed.get(maskKey(name))];
    if (weight?.dtype !== 'F32' || mask?.dtype !== 'U8')
      return fail('WEIGHTS', `${where}: '${name}' has no mask; give masks, or leave form: 'compact' out`);
    const taken = [valuesKey(name), gapsKey(name)].find((key) => packed.has(key));
    if (taken !== undefined)
      fail(
        'WEIGHTS',
        `${where}: compact files keep the name '${taken}' for '${name}'; leave form: 'compact' out, or give the other parameter another name`,
      );
    const values = weight.data.filter((_, i) => mask.data[i] !== 0);
    const gaps = gapsOf(mask.data);
    packed.delete(name);
    packed.delete(maskKey(name));
    packed.set(valuesKey(name), { dtype: 'F32', shape: [values.length], data: values });
    packed.set(gapsKey(name), { dtype: 'U8', shape: [gaps.length], data: gaps });
    shapes.set(name, weight.shape);
  }
  const header = { version: VERSION, shapes: Object.fromEntries(shapes) };
  return {
    tensors: Object.fromEntries(packed),
    metadata: { ...metadata, [METADATA]: JSON.stringify(header) },
  };
};

/** A weight that may be pruned, in the layout of files. */
export interface PackedWeight {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * What a file holds as dense tensors, whatever its form. Nothing larger than `weights`, the prunable weights
 * of the network that reads it, is made, whatever the file claims. Throws WEIGHTS for a compact file that is
 * not of these weights, of another version, or whose values and places cannot belong together.
 */
export const expanded = (
  { tensors, metadata }: StoredTensors,
  weights: readonly PackedWeight[],
  source: string,
): StoredTensors & { readonly form: WeightsForm } => {
  if (!Object.hasOwn(metadata, METADATA)) {
    checkNotStripped(tensors, weights, source);
    return { tensors, metadata, form: 'dense' };
  }
  const { [METADATA]: header = '', ...rest } = metadata;
  const shapes = shapesOf(header, `${source}: metadata '${METADATA}'`);
  const all = new Map(Object.entries(tensors));
  const known = new Set(weights.map(({ name }) => name));
  const strange = Object.keys(shapes).find((name) => !known.has(name));
  if (strange !== undefined)
    fail(
      'WEIGHTS',
      `${source}: the network has no prunable weight ${showText(strange)}; is it another network's file?`,
    );
  for (const { name, shape } of weights) {
    const where = `${source}: '${name}'`;
    if (!Object.hasOwn(shapes, name))
      fail(
        'WEIGHTS',
        `${where} has no shape in metadata '${METADATA}'; a compact file must have those of all prunable weights`,
      );
    const found = decode(
      Sizes,
      shapes[name],
      `${source}: metadata '${METADATA}': shape of '${name}'`,
      'WEIGHTS',
    );
    if (!sameShape(found, shape))
      fail('WEIGHTS', `${where} is ${showShape(found)}, the network needs ${showShape(shape)}`);
    const twice = [name, maskKey(name)].find((key) => all.has(key));
    if (twice !== undefined)
      fail('WEIGHTS', `${source}: '${twice}' is beside '${valuesKey(name)}'; a compact file has one of them`);
    const values = listOf(all.get(valuesKey(name)), 'F32', `${source}: '${valuesKey(name)}'`);
    const gaps = listOf(all.get(gapsKey(name)), 'U8', `${source}: '${gapsKey(name)}'`);
    const { data, mask } = unpacked(values.data, gaps.data, size(shape), where);
    all.delete(valuesKey(name));
    all.delete(gapsKey(name));
    all.set(name, { dtype: 'F32', shape, data });
    all.set(maskKey(name), { dtype: 'U8', shape, data: mask });
  }
  return { tensors: Object.fromEntries(all), metadata: rest, form: 'compact' };
};

/** The shapes by name; what they are is not looked at yet. */
const shapesOf = (header: string, where: string): Readonly<Record<string, unknown>> => {
  const { version } = decodeJson(Version, header, where, 'WEIGHTS');
  if (version !== VERSION)
    fail(
      'WEIGHTS',
      `${where}: version ${version}, this pathex reads ${VERSION}; read it with a later one, or take the dense file`,
    );
  return decodeJson(Header, header, where, 'WEIGHTS').shapes;
};

/** Tools that copy the tensors of a file and not its metadata leave a compact one without its shapes. */
const checkNotStripped = (
  tensors: StoredTensors['tensors'],
  weights: readonly PackedWeight[],
  source: string,
): void => {
  const has = (name: string): boolean => Object.hasOwn(tensors, name);
  const stripped = weights.find(({ name }) => !has(name) && has(valuesKey(name)) && has(gapsKey(name)));
  if (stripped !== undefined)
    fail(
      'WEIGHTS',
      `${source}: it has '${gapsKey(stripped.name)}' as a compact file, but no metadata '${METADATA}'; copy the metadata along with the tensors`,
    );
};

type Stored<D extends StoredTensor['dtype']> = Extract<StoredTensor, { readonly dtype: D }>;

/** A tensor of one axis and the given type. */
const listOf = <D extends StoredTensor['dtype']>(
  stored: StoredTensor | undefined,
  dtype: D,
  where: string,
): Stored<D> => {
  if (stored === undefined) return fail('WEIGHTS', `${where} is missing; is the file whole?`);
  if (stored.dtype !== dtype || stored.shape.length !== 1)
    return fail(
      'WEIGHTS',
      `${where} is ${stored.dtype}${showShape(stored.shape)}; a compact file has ${dtype} with one axis there`,
    );
  return stored as Stored<D>; // its dtype was compared
};

/** The weight and its mask, both of `length` numbers in the order of the file. */
const unpacked = (
  values: Float32Array,
  gaps: Uint8Array,
  length: number,
  where: string,
): { readonly data: Float32Array; readonly mask: Uint8Array } => {
  const places = gaps.reduce((n, gap) => n + (gap === ESCAPE ? 0 : 1), 0);
  if (places !== values.length)
    fail('WEIGHTS', `${where} has ${values.length} live values and ${places} places; both must be as many`);
  if (gaps.at(-1) === ESCAPE)
    fail('WEIGHTS', `${where}: its gaps end with ${ESCAPE}, after which a place must come`);
  const data = new Float32Array(length);
  const mask = new Uint8Array(length);
  let at = 0;
  let next = 0;
  for (let i = 0; i < gaps.length; i++) {
    const gap = gaps[i]!;
    at += gap;
    if (gap === ESCAPE) continue;
    if (at >= length)
      fail('WEIGHTS', `${where} has a live value at place ${at} of ${length}; places count from 0`);
    if (gap === 0 && i > 0 && gaps[i - 1] !== ESCAPE)
      fail('WEIGHTS', `${where} has two live values at place ${at}; places must ascend`);
    data[at] = values[next++]!;
    mask[at] = 1;
  }
  return { data, mask };
};

/*
 * Note [Why gaps]
 *
 * No code of places at density d takes fewer than H(d) / d bits for each live weight where places are drawn
 * without structure, H the entropy of a coin: 7.2 at 1.8 %. A byte for each gap, and another for each 255
 * that are passed, takes 8.1 there, and is never more than the byte for each weight that a dense file's mask
 * takes. A bit for each weight is less from a density of 1/8 on, where the values are most of the file: at
 * 1/2 it would save 15 % of it, for a second encoding that every reader has to know.
 */
