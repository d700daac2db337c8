import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { kindOfState } from '../graph/state-names.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { sameShape, showShape, size, type Tensor } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';
import type { StoredTensor } from '../weights/safetensors.js';
import { momentParts, type Moment } from './optimisers/optimiser.js';
import type { Moments } from './start.js';
import type { TrainingState } from './state.js';

/** State of a training between a device and a checkpoint. */

/** The masks of a network's weights, as a training keeps them. */
export const readMasks = async (state: TrainingState, net: Network): Promise<Masks> =>
  new Map(
    await Promise.all(
      prunable(net).map(
        async (w) => [nameOf(w), Uint8Array.from(await state.read(maskName(nameOf(w))))] as const,
      ),
    ),
  );

const readState = async (
  state: TrainingState,
  leaves: readonly Tensor[],
  keyOf: (leaf: Tensor) => string,
): Promise<Weights> =>
  new Map(
    await Promise.all(
      leaves.map(async (leaf) => {
        const data = Float32Array.from(await state.read(nameOf(leaf)));
        return [keyOf(leaf), { shape: leaf.shape, data }] as const;
      }),
    ),
  );

/** What an optimiser has gathered, by moment. */
export const readMoments = async (state: TrainingState): Promise<Moments> => {
  const leaves = new Map<Moment, Tensor[]>();
  for (const [name, leaf] of state.leaves) {
    const parts = momentParts(name);
    if (parts !== undefined) leaves.set(parts.moment, [...(leaves.get(parts.moment) ?? []), leaf]);
  }
  const read = [...leaves].map(async ([moment, own]) => {
    const weights = await readState(state, own, (leaf) => momentParts(nameOf(leaf))!.parameter);
    return [moment, weights] as const;
  });
  return new Map(await Promise.all(read));
};

/** The parameters of a network, statistics included. */
export const readParameters = (state: TrainingState, net: Network): Promise<Weights> =>
  readState(state, parameters(net), nameOf);

/** What a checkpoint holds: all state but the data. */
export const readTensors = async (state: TrainingState): Promise<Record<string, StoredTensor>> =>
  Object.fromEntries(
    await Promise.all(
      [...state.leaves].map(async ([name, leaf]) => {
        const data = await state.read(name);
        // float64 from the reference device, float32 otherwise: what the device holds, bit for bit
        const tensor: StoredTensor =
          data instanceof Float64Array
            ? { dtype: 'F64', shape: leaf.shape, data }
            : { dtype: 'F32', shape: leaf.shape, data };
        return [name, tensor] as const;
      }),
    ),
  );

const refuse = (name: string, what: string): never =>
  fail('CHECKPOINT', `checkpoint: '${name}' ${what}; restore its files, or choose another path`);

type Tensors = Readonly<Record<string, StoredTensor>>;

const numbersOf = (tensors: Tensors, name: string): Float32Array | Float64Array => {
  const stored = Object.hasOwn(tensors, name) ? tensors[name]! : refuse(name, 'is missing');
  return stored.dtype === 'F32' || stored.dtype === 'F64'
    ? stored.data
    : refuse(name, `is of dtype ${stored.dtype}`);
};

/**
 * The masks that a checkpoint holds. Throws CHECKPOINT for one that is missing, of another size, or holds
 * other numbers than 0 and 1.
 */
export const masksOfTensors = (tensors: Tensors, net: Network): Masks =>
  new Map(
    prunable(net).map((weight) => {
      const name = maskName(nameOf(weight));
      const mask = numbersOf(tensors, name);
      if (mask.length !== size(weight.shape)) refuse(name, `has ${mask.length} numbers`);
      if (!mask.every((m) => m === 0 || m === 1)) refuse(name, 'holds other values than 0 and 1');
      return [nameOf(weight), Uint8Array.from(mask)];
    }),
  );

/** State as a checkpoint holds it. Throws CHECKPOINT for tensors that no training of this network leaves. */
export const addTensors = async (state: TrainingState, tensors: Tensors): Promise<void> => {
  const valuesOf = (name: string, leaf: Tensor): Float32Array | Float64Array => {
    const values = numbersOf(tensors, name);
    const { shape } = tensors[name]!;
    if (!sameShape(shape, leaf.shape))
      refuse(name, `is ${showShape(shape)}, ${showShape(leaf.shape)} is needed`);
    const bad = values.findIndex((v: number) => !Number.isFinite(v));
    if (bad >= 0) refuse(name, `holds ${values[bad]} at ${bad}`);
    return values;
  };
  for (const [name, leaf] of state.leaves) {
    const owner = momentParts(name)?.parameter ?? name;
    const weight = state.leaves.get(owner);
    const values = valuesOf(name, leaf);
    if (kindOfState(name) === 'mask' && !values.every((m: number) => m === 0 || m === 1))
      refuse(name, 'holds other values than 0 and 1');
    if (weight === undefined || !isPrunable(weight)) continue;
    const mask = numbersOf(tensors, maskName(owner));
    if (values.some((v: number, i: number) => v !== 0 && mask[i] === 0))
      refuse(name, 'is not zero behind its mask');
  }
  for (const name of state.leaves.keys())
    if (!state.has(name)) await state.add(name, numbersOf(tensors, name));
};
