import { check } from '../graph/check.js';
import { leaves, nameOf, rewrite, withInputs } from '../graph/graph.js';
import { stateName } from '../graph/state-names.js';
import { ops } from '../ops/registry.js';
import type { Tensor } from '../tensor/tensor.js';
import { close, rootsOf, type Program } from './program.js';

/** The state that holds all values of an input, one row each. */
export const tableName = (input: string): string => stateName('table', input);

/**
 * The program with inputs that it reads from tables on the device instead: input x becomes row number `row`
 * (input i32 [1]) of state 'table/x', [rows, ...shape of x]. What many runs share is then uploaded once. A
 * table of one row is read as it is, without an input `row`.
 */
export const withTables = (p: Program, inputs: readonly string[], rows: number): Program => {
  const row = ops.input('row', [1], 'i32');
  const read = (leaf: Tensor): Tensor => {
    const table = ops.state(tableName(nameOf(leaf)), [rows, ...leaf.shape], {
      dtype: leaf.dtype,
      role: 'data',
    });
    return ops.reshape(rows === 1 ? table : ops.gather(table, row), leaf.shape);
  };
  const reads = new Map(
    [...p.inputs].filter(([name]) => inputs.includes(name)).map(([name, leaf]) => [name, read(leaf)]),
  );
  check([...p.state.values(), ...leaves([...reads.values()], 'state')]); // a table must not have the name of another state
  const roots = rewrite(rootsOf(p), (node, its) =>
    node.op === 'input' ? (reads.get(nameOf(node)) ?? node) : withInputs(node, its),
  );
  const names = Object.keys(p.outputs);
  return close(p.name, {
    outputs: Object.fromEntries(names.map((name, i) => [name, roots[i]!])),
    next: Object.keys(p.next).map((name, i) => [p.state.get(name)!, roots[names.length + i]!] as const),
  });
};
