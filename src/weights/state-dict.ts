import { checkArray } from '../arrays.js';
import { showText } from '../codec.js';
import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type Kind, type KindsOf } from '../kinds.js';
import { nameOf, walk } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { storedMaskName as maskKey } from '../graph/state-names.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { sameShape, showShape, type Shape, type Tensor } from '../tensor/tensor.js';
import { checkMasks } from '../transform/mask.js';
import { columnsOf } from './columns.js';
import { checkMetadata, compacted, expanded, FORMS, type WeightsForm } from './compact.js';
import { fromTorch, swapRuns, toTorch, type Layout } from './layout.js';
import { readFileChecked, writeFileAtomic } from '../io/files.js';
import { decode, encode, type StoredTensor } from './safetensors.js';

export type { WeightsForm } from './compact.js';

/**
 * Weights files as PyTorch reads them: safetensors with state-dict names, convolutions in OIHW, columns of
 * flattened images by channel first. The mask of a weight is stored beside it as `<name>_mask`, uint8, in the
 * same layout; or, in the compact form, weight and mask as the live values and the gaps between their places
 * (weights/compact.ts).
 */
export interface WeightsFile {
  readonly weights: Weights;
  /** Null where the file holds no masks. */
  readonly masks: ReadonlyMap<string, Uint8Array> | null;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Default: 'dense', as other tools read it. 'compact' needs masks, keeps no values of pruned weights and is
   * about as long as 5 bytes for each live weight; `loadWeights` says which of them a file is.
   */
  readonly form?: WeightsForm;
}

const texts: Kind = {
  expected: 'an object of strings',
  test: (value) => typeof value === 'object' && value !== null && Object.values(value).every(kinds.text.test),
};
const FILE: KindsOf<WeightsFile> = {
  weights: needed(kinds.weightsMap),
  masks: { ...kinds.orNull(kinds.masksMap), needed: true },
  metadata: needed(texts),
  form: kinds.wordOf(...FORMS),
};

type Runs = ReturnType<typeof columnsOf>;

/**
 * Our values in PyTorch's layout, and back: each axis in its order there (weights/columns.ts), convolutions
 * as OIHW.
 */
const inFileOrder = <A extends Float32Array | Uint8Array>(
  runs: Runs,
  name: string,
  own: Layout<A>,
): Layout<A> =>
  toTorch(runs.get(name)!.reduce((t, axis, i) => (axis === null ? t : swapRuns(t, i, axis, 'theirs')), own));
const inOwnOrder = <A extends Float32Array | Uint8Array>(
  runs: Runs,
  name: string,
  theirs: Layout<A>,
): Layout<A> =>
  runs
    .get(name)!
    .reduce((t, axis, i) => (axis === null ? t : swapRuns(t, i, axis, 'ours')), fromTorch(theirs));

/** A parameter's shape in files: convolutions as OIHW. */
const shapeInFile = ({ shape }: Tensor): Shape => {
  const [a, b, c, d] = shape;
  return shape.length === 4 ? [a!, d!, b!, c!] : shape;
};

/**
 * The bytes of a weights file. Throws WEIGHTS for weights or masks that do not fit, so that nothing is
 * written that could not be read again, for the compact form without masks, and where the network has columns
 * whose order in PyTorch is not known.
 */
export const encodeWeights = (
  net: Network,
  { weights, masks, metadata, form = 'dense' }: WeightsFile,
): Uint8Array => {
  checkMetadata(`weights of '${net.name}'`, metadata);
  if (form === 'compact' && masks == null)
    fail(
      'WEIGHTS',
      `weights of '${net.name}': the compact form keeps live weights, and there are no masks; give masks, or leave form: 'compact' out`,
    );
  checkWeights(net, weights, `weights of '${net.name}'`);
  if (masks != null) checkMasks(net, masks, `masks of '${net.name}'`);
  const runs = columnsOf(net);
  const tensors: Record<string, StoredTensor> = {};
  for (const leaf of parameters(net)) {
    const name = nameOf(leaf);
    const own = { shape: leaf.shape, data: weights.get(name)!.data };
    tensors[name] = { dtype: 'F32', ...inFileOrder(runs, name, own) };
    const mask = isPrunable(leaf) ? masks?.get(name) : undefined;
    if (mask !== undefined) {
      checkArray(`mask of '${name}'`, mask, Uint8Array); // and not in shared memory
      tensors[maskKey(name)] = { dtype: 'U8', ...inFileOrder(runs, name, { shape: leaf.shape, data: mask }) };
    }
  }
  if (form === 'dense') return encode(tensors, metadata);
  const all = compacted({ tensors, metadata }, prunable(net).map(nameOf), `weights of '${net.name}'`);
  return encode(all.tensors, all.metadata);
};

/**
 * Writes weights and masks for PyTorch's names and layouts; in the form 'compact' only what masks leave of
 * the weights. Errors: those of the file that cannot be read again (WEIGHTS), and OUTPUT.
 */
export const saveWeights = async (path: string, net: Network, file: WeightsFile): Promise<void> => {
  checkValue('saveWeights: path', path, kinds.path);
  checkValue('saveWeights: network', net, kinds.networkKind);
  checkOptions('saveWeights', file, FILE);
  await writeFileAtomic(path, encodeWeights(net, file));
};

/**
 * Reads weights for a network; every parameter must be there in its shape. Masks may be bytes or floats of
 * exactly 0 and 1. Besides parameters a file may hold what changes nothing here: PyTorch's
 * `num_batches_tracked`, and what masked layers of Synaptic-Flow's kind, which PX's code has, keep for
 * everything: masks of biases and BatchNorm that are all 1, and scales of identity shortcuts that are all 1.
 * A compact file is known by its metadata; its pruned weights are 0. Throws WEIGHTS also where the network
 * has columns whose order in PyTorch is not known.
 */
export const decodeWeights = (bytes: Uint8Array, net: Network, source: string): WeightsFile => {
  const packed = prunable(net).map((w) => ({ name: nameOf(w), shape: shapeInFile(w) }));
  const { tensors, metadata, form } = expanded(decode(bytes, source), packed, source);
  const weights = new Map<string, { shape: Shape; data: Float32Array }>();
  const masks = new Map<string, Uint8Array>();
  const used = new Set<string>();
  const runs = columnsOf(net);
  const take = <A extends Float32Array | Uint8Array>(
    name: string,
    leaf: Tensor,
    own: (t: StoredTensor) => A | null,
  ): A | undefined => {
    const stored = Object.hasOwn(tensors, name) ? tensors[name] : undefined; // not what every object has
    if (stored === undefined) return undefined;
    used.add(name);
    const expected = shapeInFile(leaf);
    const data =
      own(stored) ?? fail('WEIGHTS', `${source}: '${name}' has dtype ${stored.dtype}, which does not fit`);
    if (!sameShape(stored.shape, expected))
      fail(
        'WEIGHTS',
        `${source}: '${name}' is ${showShape(stored.shape)}, network '${net.name}' needs ${showShape(expected)}`,
      );
    return inOwnOrder(runs, nameOf(leaf), { shape: stored.shape, data }).data;
  };
  const float32Of = ({ dtype, data }: StoredTensor): Float32Array | null => {
    if (dtype === 'F32') return data;
    return dtype === 'F64' ? Float32Array.from(data) : null;
  };
  for (const leaf of parameters(net)) {
    const name = nameOf(leaf);
    const data =
      take(name, leaf, float32Of) ??
      fail('WEIGHTS', `${source}: '${name}' ${showShape(leaf.shape)} of network '${net.name}' is missing`);
    weights.set(name, { shape: leaf.shape, data });
    const mask = take(maskKey(name), leaf, (t) => bitsOf(t, `${source}: '${maskKey(name)}'`));
    if (mask !== undefined && isPrunable(leaf)) masks.set(name, mask);
    else if (mask !== undefined) checkAllLive(`${source}: '${maskKey(name)}'`, name, mask);
  }
  checkWeights(net, weights, source);
  for (const [name, stored] of Object.entries(tensors)) {
    if (used.has(name) || name.endsWith('num_batches_tracked')) continue;
    if (!isIdentityScale(net, name, stored, tensors, source))
      fail(
        'WEIGHTS',
        `${source}: network '${net.name}' has no parameter ${showText(name)}; is it another network's file?`,
      );
  }
  if (masks.size !== 0 && masks.size !== packed.length)
    fail('WEIGHTS', `${source}: ${masks.size} of ${packed.length} weights have a mask; all or none must`);
  return { weights, masks: masks.size === 0 ? null : masks, metadata, form };
};

/**
 * A stored mask as bytes, or null for a dtype that holds none. Throws WEIGHTS for other values than 0 and 1.
 */
const bitsOf = (stored: StoredTensor, where: string): Uint8Array | null => {
  if (stored.dtype !== 'U8' && stored.dtype !== 'F32' && stored.dtype !== 'F64') return null;
  const values: ArrayLike<number> = stored.data;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== 0 && values[i] !== 1)
      fail('WEIGHTS', `${where} holds ${values[i]} at ${i}; an entry of a mask is 1 (live) or 0 (pruned)`);
  }
  return Uint8Array.from(values);
};

/** Throws WEIGHTS where a mask of what is never pruned here prunes something. */
const checkAllLive = (where: string, name: string, mask: Uint8Array): void => {
  const pruned = mask.reduce((n, live) => n + 1 - live, 0);
  if (pruned !== 0)
    fail(
      'WEIGHTS',
      `${where} prunes ${pruned} of ${mask.length} numbers; here only weights of convolutions and linear layers have masks: multiply '${name}' by its mask and leave the mask out`,
    );
};

/**
 * Whether a tensor without a parameter is the scale of an identity shortcut, which networks here do not have:
 * '<block>.shortcut.weight' or its mask, [c] or [c, 1, 1], where the block's output is added to another value
 * of c channels. Throws WEIGHTS unless all of it is 1.
 */
const isIdentityScale = (
  net: Network,
  name: string,
  stored: StoredTensor,
  tensors: Readonly<Record<string, StoredTensor>>,
  source: string,
): boolean => {
  const block = /^(.+)\.shortcut\.weight(_mask)?$/.exec(name)?.[1];
  if (block === undefined) return false;
  if (parameters(net).some((p) => nameOf(p).startsWith(`${block}.shortcut.`))) return false;
  if (tensors[`${block}.shortcut.weight`] === undefined) return false;
  const [channels = 0, ...ones] = stored.shape;
  const isScale = stored.shape.length === 1 || (ones.length === 2 && ones.every((n) => n === 1));
  const isOfBlock = (t: Tensor): boolean => t.path.startsWith(`${block}.`);
  const isSkip = (t: Tensor): boolean =>
    t.op === 'add' &&
    t.shape.length === 4 &&
    t.shape[3] === channels &&
    t.inputs.length === 2 &&
    t.inputs.every((i) => sameShape(i.shape, t.shape)) &&
    t.inputs.filter(isOfBlock).length === 1;
  if (!isScale || !walk([net.output]).some(isSkip)) return false;
  const values: ArrayLike<number | bigint> = stored.data;
  const other = Array.from(values).findIndex((v) => v !== 1);
  if (other >= 0)
    fail(
      'WEIGHTS',
      `${source}: '${name}' scales an identity shortcut by ${values[other]} at ${other}; network '${net.name}' adds it as it is: only scales of exactly 1 can be left out`,
    );
  return true;
};

/**
 * Reads weights and masks of a file in either form, `form` says in which: those of a compact file are what
 * was written bit for bit, but for pruned weights, whose values it does not keep and which are 0. Errors:
 * WEIGHTS.
 */
export const loadWeights = async (path: string, net: Network): Promise<WeightsFile> => {
  checkValue('loadWeights: path', path, kinds.path);
  checkValue('loadWeights: network', net, kinds.networkKind);
  return decodeWeights(await readFileChecked(path, 'WEIGHTS'), net, path);
};
