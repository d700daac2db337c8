import { fail } from '../errors.js';
import { nameOf, walk } from '../graph/graph.js';
import { definitionOf } from '../ops/registry.js';
import { rootsOf, type Program } from '../program/program.js';
import type { Tensor, TensorType } from '../tensor/tensor.js';
import { referenceArray } from './convert.js';
import {
  bytesOf,
  checkInputs,
  checkState,
  noValue,
  type Device,
  type Executable,
  type Store,
} from './device.js';

/**
 * The reference device: float64, plain loops, no compiler. It evaluates the graph as written and is the
 * meaning of every op; slow, and meant for small networks.
 */

type Values = Float64Array;

/** Evaluates tensors for given leaf values. */
export const evaluate = (
  roots: readonly Tensor[],
  leafValue: (leaf: Tensor) => Values | undefined,
): Values[] => {
  const values = new Map<Tensor, Values>();
  for (const node of walk(roots)) {
    const given = node.op === 'input' || node.op === 'state' ? leafValue(node) : undefined;
    values.set(
      node,
      given ??
        definitionOf(node.op).evaluate(
          node.inputs.map((i) => values.get(i)!),
          node,
        ),
    );
  }
  return roots.map((r) => values.get(r)!);
};

interface Entry {
  readonly type: TensorType;
  readonly data: Values;
}
/** A store of this device; `values` is what programs read and replace. */
type ReferenceStore = Store & { readonly values: Map<string, Entry> };

/** `guard` throws where the device was disposed, `grow` hears of bytes that are taken or freed. */
const makeStore = (guard: () => void, grow: (bytes: number) => void): ReferenceStore => {
  const values = new Map<string, Entry>();
  const get = (name: string): Entry => values.get(name) ?? fail('DEVICE', noValue(name, values));
  return {
    values,
    get names() {
      return [...values.keys()];
    },
    has: (name) => values.has(name),
    typeOf: (name) => get(name).type,
    read: async (name) => {
      guard();
      return get(name).data.slice();
    },
    write: async (name, data) => {
      guard();
      const { type } = get(name);
      values.set(name, { type, data: referenceArray(`store: '${name}'`, type, data) });
    },
    add: async (name, type, data) => {
      guard();
      if (values.has(name))
        fail('DEVICE', `store: '${name}' exists already; write to it, or choose another name`);
      values.set(name, { type, data: referenceArray(`store: '${name}'`, type, data) });
      grow(bytesOf(type, 8));
    },
    dispose: () => {
      for (const { type } of values.values()) grow(-bytesOf(type, 8));
      values.clear();
    },
  };
};

/** A program as its ops define it: every value anew, in float64. */
const executableOf = (program: Program, guard: () => void): Executable => {
  const roots = rootsOf(program);
  const outputs = Object.keys(program.outputs);
  const next = Object.keys(program.next);
  return {
    program,
    arenaBytes: 0,
    dispose: () => undefined,
    run: async (target, inputs = {}) => {
      guard();
      checkInputs(program, inputs);
      checkState(program, target);
      const held = (target as ReferenceStore).values;
      if (held === undefined)
        fail(
          'DEVICE',
          `run '${program.name}': the store belongs to another device; make one with this device's store()`,
        );
      const given = new Map(
        [...program.inputs].map(([name, leaf]) => [
          name,
          referenceArray(`run '${program.name}': input '${name}'`, leaf, inputs[name]!),
        ]),
      );
      const results = evaluate(roots, (leaf) =>
        leaf.op === 'input' ? given.get(nameOf(leaf)) : held.get(nameOf(leaf))!.data,
      );
      next.forEach((name, i) =>
        held.set(name, { type: held.get(name)!.type, data: results[outputs.length + i]!.slice() }),
      );
      return Object.fromEntries(outputs.map((name, i) => [name, results[i]!.slice()]));
    },
  };
};

export const referenceDevice = (): Device => {
  let live = 0;
  let disposed = false;
  const guard = (): void => {
    if (disposed) fail('DEVICE', 'reference: the device was disposed; open another');
  };
  const self: Device = {
    kind: 'reference',
    description: 'reference (float64, plain TypeScript)',
    store: () =>
      makeStore(guard, (bytes) => {
        live += bytes;
      }),
    compile: async (program) => {
      guard();
      return executableOf(program, guard);
    },
    mark: async () => {
      guard();
      return { device: self, seconds: performance.now() / 1000 };
    },
    liveBytes: () => live,
    dispose: () => {
      disposed = true;
      live = 0;
      return Promise.resolve();
    },
  };
  return self;
};
