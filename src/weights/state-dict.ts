import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { storedMaskName as maskKey } from '../graph/state-names.js';
import { parameters, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { sameShape, showShape, type Shape, type Tensor } from '../tensor/tensor.js';
import { flatLinearFromTorch, flatLinearToTorch, fromTorch, toTorch, type Layout } from './layout.js';
import { readFileChecked, writeFileAtomic } from './files.js';
import { decode, encode, type StoredTensor } from './safetensors.js';

/**
 * Weights files as PyTorch reads them: safetensors with state-dict names, convolutions in OIHW. The mask of a weight is stored beside it as
 * `<name>_mask`, uint8, in the same layout.
 */
export interface WeightsFile {
  readonly weights: Weights;
  /** Null where the file holds no masks. */
  readonly masks: ReadonlyMap<string, Uint8Array> | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Height, width and channels behind a linear layer on flattened activations, whose columns PyTorch orders CHW. */
const flattened = (leaf: Tensor): readonly [number, number, number] | undefined =>
  leaf.attributes['flattened'] as unknown as readonly [number, number, number] | undefined;

const outward = <A extends Float32Array | Uint8Array>(leaf: Tensor, own: Layout<A>): Layout<A> => {
  const hwc = flattened(leaf);
  return hwc === undefined ? toTorch(own) : flatLinearToTorch(own, [hwc[2], hwc[0], hwc[1]]);
};
const inward = <A extends Float32Array | Uint8Array>(leaf: Tensor, theirs: Layout<A>): Layout<A> => {
  const hwc = flattened(leaf);
  return hwc === undefined ? fromTorch(theirs) : flatLinearFromTorch(theirs, [hwc[2], hwc[0], hwc[1]]);
};

export const encodeWeights = (net: Network, { weights, masks, metadata }: WeightsFile): Uint8Array => {
  const tensors: Record<string, StoredTensor> = {};
  for (const leaf of parameters(net)) {
    const name = nameOf(leaf);
    const value = weights.get(name) ?? fail('WEIGHTS', `weights of '${net.name}': '${name}' is missing`);
    const own = { shape: leaf.shape, data: value.data };
    tensors[name] = { dtype: 'F32', ...outward(leaf, own) };
    const mask = isPrunable(leaf) ? masks?.get(name) : undefined;
    if (mask !== undefined) {
      tensors[maskKey(name)] = { dtype: 'U8', ...outward(leaf, { shape: leaf.shape, data: mask }) };
    }
  }
  return encode(tensors, metadata);
};

export const saveWeights = (path: string, net: Network, file: WeightsFile): Promise<void> =>
  writeFileAtomic(path, encodeWeights(net, file));

/** Reads weights for a network; every parameter must be there in its shape. Ignores PyTorch's `num_batches_tracked`. */
export const decodeWeights = (bytes: Uint8Array, net: Network, source: string): WeightsFile => {
  const { tensors, metadata } = decode(bytes, source);
  const weights = new Map<string, { shape: Shape; data: Float32Array }>();
  const masks = new Map<string, Uint8Array>();
  const used = new Set<string>();
  const take = <A extends Float32Array | Uint8Array>(
    name: string,
    leaf: Tensor,
    own: (t: StoredTensor) => A | null,
  ): A | undefined => {
    const stored = tensors[name];
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
    return inward(leaf, { shape: stored.shape, data }).data;
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
      `${source}: network '${net.name}' has no parameter '${extra}'; is it another network's file?`,
    );
  const prunableCount = parameters(net).filter(isPrunable).length;
  if (masks.size !== 0 && masks.size !== prunableCount)
    fail('WEIGHTS', `${source}: ${masks.size} of ${prunableCount} weights have a mask; all or none must`);
  return { weights, masks: masks.size === 0 ? null : masks, metadata };
};

export const loadWeights = async (path: string, net: Network): Promise<WeightsFile> =>
  decodeWeights(await readFileChecked(path, 'WEIGHTS'), net, path);
