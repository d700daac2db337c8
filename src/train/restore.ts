import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { kindOfState } from '../graph/state-names.js';
import { prunable, type Network } from '../nn/network.js';
import type { Program } from '../program/program.js';
import type { Store } from '../runtime/device.js';
import { sameShape, showShape, type Tensor } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';
import type { StoredTensor } from '../weights/safetensors.js';
import { momentParts } from './optimisers/optimiser.js';

/** State of a training between a store and a checkpoint. */

/** The masks of a network's weights, as a store holds them. */
export const readMasks = async (store: Store, net: Network): Promise<Masks> =>
  new Map(
    await Promise.all(
      prunable(net).map(
        async (w) => [nameOf(w), Uint8Array.from(await store.read(maskName(nameOf(w))))] as const,
      ),
    ),
  );

const isCheckpointed = (name: string): boolean => kindOfState(name) !== 'data';

/** What a checkpoint holds: all state but the data. */
export const readTensors = async (store: Store, program: Program): Promise<Record<string, StoredTensor>> => {
  const entries = [...program.state].filter(([name]) => isCheckpointed(name));
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([name, leaf]) => {
        const values = await store.read(name);
        // float64 from the reference device, float32 otherwise: what the device holds, bit for bit
        const tensor: StoredTensor =
          values instanceof Float64Array
            ? { dtype: 'F64', shape: leaf.shape, data: values }
            : { dtype: 'F32', shape: leaf.shape, data: Float32Array.from(values) };
        return [name, tensor] as const;
      }),
    ),
  );
};

/** State as a checkpoint holds it. Throws CHECKPOINT for tensors that no training of this network leaves. */
export const addTensors = async (
  store: Store,
  program: Program,
  tensors: Readonly<Record<string, StoredTensor>>,
): Promise<void> => {
  const refuse = (name: string, what: string): never =>
    fail('CHECKPOINT', `checkpoint: '${name}' ${what}; restore its files, or choose another path`);
  const valuesOf = (name: string, leaf: Tensor): Float32Array | Float64Array => {
    const stored = Object.hasOwn(tensors, name) ? tensors[name]! : refuse(name, 'is missing');
    if (stored.dtype !== 'F32' && stored.dtype !== 'F64') return refuse(name, `is of dtype ${stored.dtype}`);
    if (!sameShape(stored.shape, leaf.shape))
      refuse(name, `is ${showShape(stored.shape)}, ${showShape(leaf.shape)} is needed`);
    const bad = stored.data.findIndex((v: number) => !Number.isFinite(v));
    if (bad >= 0) refuse(name, `holds ${stored.data[bad]} at ${bad}`);
    return stored.data;
  };
  for (const [name, leaf] of program.state) {
    if (store.has(name)) continue;
    const values = valuesOf(name, leaf);
    const mask = kindOfState(name) === 'mask' ? values : undefined;
    if (mask?.every((m) => m === 0 || m === 1) === false) refuse(name, 'holds other values than 0 and 1');
    await store.add(name, leaf, values);
  }
  for (const [name, leaf] of program.state) {
    const owner = momentParts(name)?.parameter ?? name;
    const weight = program.state.get(owner);
    const mask = tensors[maskName(owner)];
    if (weight === undefined || !isPrunable(weight) || mask === undefined) continue;
    if (valuesOf(name, leaf).some((v: number, i) => v !== 0 && mask.data[i] === 0))
      refuse(name, 'is not zero behind its mask');
  }
};
