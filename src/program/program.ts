import { fail } from '../errors.js';
import {
  checkOptions,
  checkValue,
  flag,
  name as nameKind,
  tensor,
  tensors,
  type Kind,
  type KindsOf,
} from '../kinds.js';
import { check } from '../graph/check.js';
import { nameOf, walk } from '../graph/graph.js';
import { sameShape, showType, type Tensor } from '../tensor/tensor.js';

/**
 * A closed pure function (state, inputs) -> (state', outputs). State leaves keep their value unless `next`
 * names a new one; every new value is computed from the old ones.
 */
export interface Program {
  readonly name: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly next: Readonly<Record<string, Tensor>>;
  /** State leaves in the order of first use, by name; those that are only written come last. */
  readonly state: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /**
   * Whether large intermediates may be kept as bf16 where the device is asked to: so for training and
   * evaluation. Programs that score weights never are: values of path networks need all of their mantissa.
   */
  readonly narrowable: boolean;
}

/** The tensors a program computes: outputs first, then next states. */
export const rootsOf = ({ outputs, next }: Pick<Program, 'outputs' | 'next'>): readonly Tensor[] => [
  ...Object.values(outputs),
  ...Object.values(next),
];

export interface ProgramParts {
  readonly outputs?: Readonly<Record<string, Tensor>>;
  readonly next?: readonly (readonly [leaf: Tensor, value: Tensor])[];
  readonly narrowable?: boolean;
}

export const pairsOfTensors: Kind = {
  expected: 'an array of pairs [leaf, value] of tensors',
  test: (value) =>
    Array.isArray(value) &&
    value.every((pair) => tensors.test(pair) && Array.isArray(pair) && pair.length === 2),
};
const tensorsByName: Kind = {
  expected: 'an object of tensors by their names',
  test: (value) => typeof value === 'object' && value !== null && Object.values(value).every(tensor.test),
};
const PARTS: KindsOf<ProgramParts> = { outputs: tensorsByName, next: pairsOfTensors, narrowable: flag };

/**
 * Closes a program. `next` maps state leaves to their new values. Throws GRAPH where a value does not fit its
 * leaf.
 */
export const program = (name: string, parts: ProgramParts): Program => {
  checkValue('program: name', name, nameKind);
  checkOptions(`program '${name}'`, parts, PARTS);
  const { outputs = {}, next = [] } = parts;
  check([...Object.values(outputs), ...next.map(([, value]) => value), ...next.map(([leaf]) => leaf)]);
  return close(name, parts);
};

/** The same for tensors that are known to be sound, as those of another program rewritten are. */
export const close = (
  name: string,
  { outputs = {}, next = [], narrowable = false }: ProgramParts,
): Program => {
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
        `program '${name}': next of '${nameOf(leaf)}' is ${showType(value)}, the state is ${showType(leaf)}; give a value of that type`,
      );
    }
    if (!state.has(nameOf(leaf))) state.set(nameOf(leaf), leaf);
  }
  return { name, outputs, next: values, state, inputs: find('input'), narrowable };
};
