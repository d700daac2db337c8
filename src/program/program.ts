import { fail } from '../errors.js';
import { check } from '../graph/check.js';
import { nameOf, walk } from '../graph/graph.js';
import { sameShape, showType, type Tensor } from '../tensor/tensor.js';

/**
 * A closed pure function (state, inputs) -> (state', outputs). State leaves keep their value unless `next` names a new one;
 * every new value is computed from the old ones.
 */
export interface Program {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly next: Readonly<Record<string, Tensor>>;
  /** State leaves in the order of first use, by name; those that are only written come last. */
  readonly state: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /**
   * Whether large intermediates may be kept as bf16 where the device is asked to: so for training and evaluation. Programs that score
   * weights never are: values of path networks need all of their mantissa.
   */
  readonly narrowable: boolean;
}

/** The tensors a program computes: outputs first, then next states. */
export const rootsOf = ({ outputs, next }: Pick<Program, 'outputs' | 'next'>): readonly Tensor[] => [
  ...Object.values(outputs),
  ...Object.values(next),
];

interface Parts {
  readonly outputs?: Readonly<Record<string, Tensor>>;
  readonly next?: readonly (readonly [leaf: Tensor, value: Tensor])[];
  readonly narrowable?: boolean;
}

/** Closes a program. `next` maps state leaves to their new values. Throws GRAPH where a value does not fit its leaf. */
export const program = (name: string, parts: Parts): Program => {
  const { outputs = {}, next = [] } = parts;
  check([...Object.values(outputs), ...next.map(([, value]) => value), ...next.map(([leaf]) => leaf)]);
  return close(name, parts);
};

/** The same for tensors that are known to be sound, as those of another program rewritten are. */
export const close = (name: string, { outputs = {}, next = [], narrowable = false }: Parts): Program => {
  const values = Object.fromEntries(next.map(([leaf, value]) => [nameOf(leaf), value]));
  const roots = rootsOf({ outputs, next: values });
  const nodes = walk(roots);
  const find = (op: 'state' | 'input'): Map<string, Tensor> =>
    new Map(nodes.filter((n) => n.op === op).map((n) => [nameOf(n), n]));
  const state = find('state');
  for (const [leaf, value] of next) {
    if (leaf.op !== 'state')
      fail('GRAPH', `program '${name}': next of a ${leaf.op}; only state has a next value`);
    if (!sameShape(leaf.shape, value.shape) || leaf.dtype !== value.dtype) {
      fail(
        'GRAPH',
        `program '${name}': next of '${nameOf(leaf)}' is ${showType(value)}, the state is ${showType(leaf)}`,
      );
    }
    if (!state.has(nameOf(leaf))) state.set(nameOf(leaf), leaf);
  }
  return { name, outputs, next: values, state, inputs: find('input'), narrowable };
};
