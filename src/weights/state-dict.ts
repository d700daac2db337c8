import { checkArray } from '../arrays.js';
import { showText } from '../codec.js';
import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type Kind, type KindsOf } from '../kinds.js';
import { nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { parameters, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { sameShape, showShape, size, type Shape, type Tensor } from '../tensor/tensor.js';
import { columnsOf } from './columns.js';
import { fromTorch, swapRuns, toTorch, type Layout } from './layout.js';
import { readFileChecked, writeFileAtomic } from '../io/files.js';
import { decode, encode, type StoredTensor } from './safetensors.js';

/**
 * Weights files as PyTorch reads them: safetensors with state-dict names, convolutions in OIHW, columns of flattened images by channel first. The mask of a weight is stored beside it as
 * `<name>_mask`, uint8, in the same layout.
 */
export interface WeightsFile {
  readonly weights: Weights;
  /** Null where the file holds no masks. */
  readonly masks: ReadonlyMap<string, Uint8Array> | null;
  readonly metadata: Readonly<Record<string, string>>;
}

const texts: Kind = {
  expected: 'an object of strings',
  test: (value) => typeof value === 'object' && value !== null && Object.values(value).every(kinds.text.test),
};
const FILE: KindsOf<WeightsFile> = {
  weights: needed(kinds.weightsMap),
  masks: { ...kinds.orNull(kinds.masksMap), needed: true },
  metadata: needed(texts),
};

type Runs = ReturnType<typeof columnsOf>;

/** Our values in PyTorch's layout, and back: each axis in its order there (weights/columns.ts), convolutions as OIHW. */
const outward = <A extends Float32Array | Uint8Array>(runs: Runs, name: string, own: Layout<A>): Layout<A> =>
  toTorch(runs.get(name)!.reduce((t, axis, i) => (axis === null ? t : swapRuns(t, i, axis, 'theirs')), own));
const inward = <A extends Float32Array | Uint8Array>(
  runs: Runs,
  name: string,
  theirs: Layout<A>,
): Layout<A> =>
  runs
    .get(name)!
    .reduce((t, axis, i) => (axis === null ? t : swapRuns(t, i, axis, 'ours')), fromTorch(theirs));

const maskKey = (name: string): string => `${name}_mask`;

/** Throws WEIGHTS where a weight is missing, or the network has columns whose order in PyTorch is not known. */
export const encodeWeights = (net: Network, { weights, masks, metadata }: WeightsFile): Uint8Array => {
  const runs = columnsOf(net);
  const tensors: Record<string, StoredTensor> = {};
  for (const leaf of parameters(net)) {
    const name = nameOf(leaf);
    const value = weights.get(name) ?? fail('WEIGHTS', `weights of '${net.name}': '${name}' is missing`);
    const own = { shape: leaf.shape, data: value.data };
    const where = `weights of '${net.name}': '${name}'`;
    checkArray(where, value.data, Float32Array);
    if (!sameShape(value.shape, leaf.shape) || value.data.length !== size(leaf.shape))
      fail(
        'WEIGHTS',
        `${where} has ${value.data.length} numbers in shape ${showShape(value.shape)}, the network needs ${showShape(leaf.shape)}`,
      );
    tensors[name] = { dtype: 'F32', ...outward(runs, name, own) };
    const mask = isPrunable(leaf) ? masks?.get(name) : undefined;
    if (mask !== undefined) {
      checkArray(`mask of '${name}'`, mask, Uint8Array);
      if (mask.length !== size(leaf.shape))
        fail('WEIGHTS', `mask of '${name}': ${mask.length} values for ${showShape(leaf.shape)}`);
      tensors[maskKey(name)] = { dtype: 'U8', ...outward(runs, name, { shape: leaf.shape, data: mask }) };
    }
  }
  return encode(tensors, metadata);
};

export const saveWeights = async (path: string, net: Network, file: WeightsFile): Promise<void> => {
  checkValue('saveWeights: path', path, kinds.path);
  checkValue('saveWeights: network', net, kinds.networkKind);
  checkOptions('saveWeights', file, FILE);
  await writeFileAtomic(path, encodeWeights(net, file));
};

/**
 * Reads weights for a network; every parameter must be there in its shape. Throws WEIGHTS also where the network has columns whose order in
 * PyTorch is not known. Ignores PyTorch's `num_batches_tracked`.
 */
export const decodeWeights = (bytes: Uint8Array, net: Network, source: string): WeightsFile => {
  const { tensors, metadata } = decode(bytes, source);
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
    const [a, b, c, d] = leaf.shape;
    const expected = leaf.shape.length === 4 ? [a!, d!, b!, c!] : leaf.shape;
    const data =
      own(stored) ?? fail('WEIGHTS', `${source}: '${name}' has dtype ${stored.dtype}, which does not fit`);
    if (!sameShape(stored.shape, expected))
      fail(
        'WEIGHTS',
        `${source}: '${name}' is ${showShape(stored.shape)}, network '${net.name}' needs ${showShape(expected)}`,
      );
    return inward(runs, nameOf(leaf), { shape: stored.shape, data }).data;
  };
  for (const leaf of parameters(net)) {
    const name = nameOf(leaf);
    const data =
      take(name, leaf, (t) =>
        t.dtype === 'F32' ? t.data : t.dtype === 'F64' ? Float32Array.from(t.data) : null,
      ) ??
      fail('WEIGHTS', `${source}: '${name}' ${showShape(leaf.shape)} of network '${net.name}' is missing`);
    const bad = data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      fail('WEIGHTS', `${source}: '${name}' holds ${data[bad]} at ${bad}; weights must be finite`);
    weights.set(name, { shape: leaf.shape, data });
    const mask = isPrunable(leaf)
      ? take(maskKey(name), leaf, (t) => (t.dtype === 'U8' ? t.data : null))
      : undefined;
    if (mask !== undefined) {
      if (mask.some((m) => m > 1))
        fail('WEIGHTS', `${source}: '${maskKey(name)}' holds other values than 0 and 1`);
      masks.set(name, mask);
    }
  }
  const extra = Object.keys(tensors).find((n) => !used.has(n) && !n.endsWith('num_batches_tracked'));
  if (extra !== undefined)
    fail(
      'WEIGHTS',
      `${source}: network '${net.name}' has no parameter ${showText(extra)}; is it another network's file?`,
    );
  const prunableCount = parameters(net).filter(isPrunable).length;
  if (masks.size !== 0 && masks.size !== prunableCount)
    fail('WEIGHTS', `${source}: ${masks.size} of ${prunableCount} weights have a mask; all or none must`);
  return { weights, masks: masks.size === 0 ? null : masks, metadata };
};

export const loadWeights = async (path: string, net: Network): Promise<WeightsFile> => {
  checkValue('loadWeights: path', path, kinds.path);
  checkValue('loadWeights: network', net, kinds.networkKind);
  return decodeWeights(await readFileChecked(path, 'WEIGHTS'), net, path);
};
