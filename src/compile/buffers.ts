import { leaves, nameOf } from '../graph/graph.js';
import type { Plan, PlanBuffer } from '../plan/plan.js';
import type { Tensor } from '../tensor/tensor.js';
import { loweringOf } from './fuse.js';
import type { Narrowed } from './stages.js';

/** The buffers of a plan while its steps are written: numbers by state, input, output and storage node. */

export type BufferType = Pick<PlanBuffer, 'dtype' | 'shape'>;

export interface Buffers {
  /** The buffer of a value, made when it is first asked for. */
  readonly of: (storage: Tensor) => number;
  /** A new buffer of the arena, at 0 until it is placed. */
  readonly add: (type: BufferType) => number;
  readonly ofResult: (to: { readonly state: string } | { readonly output: string }) => number;
  readonly parts: () => Pick<Plan, 'buffers' | 'state' | 'inputs' | 'outputs'>;
}

type Slots = ReadonlyMap<string, number>;

/** States, inputs and outputs come first, in the order of the program. */
export const buffersOf = ({ program, roots, binding, narrowing }: Narrowed): Buffers => {
  const buffers: PlanBuffer[] = [];
  const put = ({ dtype, shape }: BufferType, place: PlanBuffer['place']): number =>
    buffers.push({ dtype, shape, place }) - 1;
  const add = (type: BufferType): number => put(type, { in: 'arena', at: 0 });
  const slots = (
    space: 'state' | 'input' | 'output',
    values: Iterable<readonly [name: string, value: Tensor]>,
  ): Slots => new Map([...values].map(([name, value], at) => [name, put(value, { in: space, at })]));

  const state = slots('state', program.state);
  const inputs = slots('input', program.inputs);
  const outputs = slots('output', Object.entries(program.outputs));

  const ids = new Map<Tensor, number>();
  for (const leaf of [...program.state.values(), ...leaves(roots, 'state')]) {
    const id = state.get(nameOf(leaf));
    if (id !== undefined) ids.set(leaf, id);
  }
  const make = (storage: Tensor): number => {
    const lowering = loweringOf(storage);
    if (lowering.kind === 'leaf') {
      if (lowering.in === 'constant') return put(storage, { in: 'constant', data: lowering.data });
      return (lowering.in === 'input' ? inputs : state).get(lowering.name)!;
    }
    const inPlace = binding.inPlace.get(storage);
    if (inPlace !== undefined) return state.get(inPlace)!;
    const output = binding.direct.get(storage);
    if (output !== undefined) return outputs.get(output)!;
    return add(narrowing.kept.has(storage) ? { dtype: 'bf16', shape: storage.shape } : storage);
  };
  const named = (all: Slots): Plan['state'] => [...all].map(([name, buffer]) => ({ name, buffer }));
  return {
    of: (storage) => {
      const id = ids.get(storage) ?? make(storage);
      ids.set(storage, id);
      return id;
    },
    add,
    ofResult: (to) => ('state' in to ? state.get(to.state)! : outputs.get(to.output)!),
    parts: () => ({ buffers, state: named(state), inputs: named(inputs), outputs: named(outputs) }),
  };
};
