import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { isPrunable } from '../graph/roles.js';
import { kindOfState } from '../graph/state-names.js';
import { parameters, prunable, type Network } from '../nn/network.js';
import { ops } from '../ops/registry.js';
import type { Program } from '../program/program.js';
import type { Store } from '../runtime/device.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { maskName } from '../transform/mask.js';
import type { Specialised } from '../transform/specialise.js';
import { momentName, momentParts } from './optimisers/optimiser.js';
import { isSpecialised, type Trainable } from './trainable.js';

/** Numbers of a store that are no data: parameters, masks and what an optimiser has gathered. */
export type StateValues = Float32Array | Float64Array;

/**
 * The state of a training as people know it: every weight dense, with its mask beside it. What a store holds
 * of a compacted network is packed and unpacked on the way, so that starts, checkpoints and results are the
 * same either way.
 */
export interface TrainingState {
  /** By name, with the shapes of the dense network. */
  readonly leaves: ReadonlyMap<string, Tensor>;
  readonly has: (name: string) => boolean;
  /** `values` has a number for each of the leaf's; behind masks they are zero. */
  readonly add: (name: string, values: ArrayLike<number>) => Promise<void>;
  readonly read: (name: string) => Promise<StateValues>;
}

const isData = (name: string): boolean => kindOfState(name) === 'data';
const ofStore = (values: Awaited<ReturnType<Store['read']>>): StateValues =>
  values instanceof Float64Array ? values : Float32Array.from(values);

/** The state of a program in a store, of what the program was made of. */
export const trainingState = (trainable: Trainable, program: Program, store: Store): TrainingState =>
  isSpecialised(trainable) ? compactState(trainable, program, store) : denseState(program, store);

const denseState = ({ state }: Program, store: Store): TrainingState => {
  const leaves = new Map([...state].filter(([name]) => !isData(name)));
  return {
    leaves,
    has: (name) => store.has(name),
    add: (name, values) => store.add(name, leaves.get(name)!, values),
    read: async (name) => ofStore(await store.read(name)),
  };
};

/** The parameter that a name belongs to: its own, or one whose moment it is. */
const ownerOf = (name: string): string => momentParts(name)?.parameter ?? name;

const compactState = (specialised: Specialised<Network>, { state }: Program, store: Store): TrainingState => {
  const { dense, masks } = specialised;
  const parameter = new Map(parameters(dense).map((leaf) => [nameOf(leaf), leaf]));
  const held = [...state.keys()].filter((name) => !isData(name));
  const moments = [...new Set(held.flatMap((name) => momentParts(name)?.moment ?? []))];
  const weights = prunable(dense).map(nameOf);
  // weights without anything live are in no program, and masks are part of it
  const names = [...parameter.keys()]
    .flatMap((name) => [name, ...moments.map((moment) => momentName(moment, name))])
    .filter((name) => state.has(name) || weights.includes(ownerOf(name)));
  const like = (name: string, leaf: Tensor): Tensor =>
    ops.state(name, leaf.shape, leaf.attributes, leaf.path);
  const leaves = new Map(
    names.map((name) => {
      const owner = parameter.get(ownerOf(name))!;
      return [name, state.get(name)?.shape === owner.shape ? state.get(name)! : like(name, owner)];
    }),
  );
  for (const weight of prunable(dense)) {
    const name = maskName(nameOf(weight));
    leaves.set(name, ops.state(name, weight.shape, { role: 'mask' }, weight.path));
  }
  const maskOf = new Map(weights.map((name) => [maskName(name), masks.get(name)!]));
  const isPacked = (name: string): boolean => isPrunable(parameter.get(ownerOf(name))!);
  return {
    leaves,
    has: (name) => store.has(name),
    add: async (name, values) => {
      const leaf = state.get(name);
      const mask = maskOf.get(name);
      if (mask?.some((m, i) => m !== values[i]) === true)
        fail('WEIGHTS', `'${name}' is not what the network was compacted by; specialise it again`);
      if (leaf === undefined) return;
      const numbers = values instanceof Float64Array ? values : Float32Array.from(values);
      await store.add(name, leaf, isPacked(name) ? specialised.pack(ownerOf(name), numbers) : numbers);
    },
    read: async (name) => {
      const mask = maskOf.get(name);
      if (mask !== undefined) return Float32Array.from(mask);
      if (!state.has(name)) return new Float32Array(size(leaves.get(name)!.shape));
      const numbers = ofStore(await store.read(name));
      return isPacked(name) ? specialised.unpack(ownerOf(name), numbers) : numbers;
    },
  };
};
