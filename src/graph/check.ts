import { fail, PathexError } from '../errors.js';
import { inferType } from '../ops/registry.js';
import { sameType, showType, type Tensor, type TensorType } from '../tensor/tensor.js';
import { nameOf, walk, type Roots } from './graph.js';
import { roleOf } from './roles.js';
import { print } from './print.js';

/**
 * Verifies a graph: every op is known, every node has the type its op infers, and leaves of one name are one
 * value, of one role. Compiler passes are checked with it; `after` names the pass in the message, which shows
 * the faulty node in context.
 */
export const check = (roots: Roots, after?: string): void => {
  const named = new Map<string, Tensor>();
  const nodes = walk(roots);
  const refuse = (i: number, what: string): never =>
    fail(
      'GRAPH',
      `invalid graph${after === undefined ? '' : ` after pass '${after}'`}: ${what}\n${print(roots, { from: i - 5, to: i + 5 })}`,
    );
  const complain = (node: Tensor, i: number, what: string): never =>
    refuse(i, `${node.op}${node.path === '' ? '' : ` at ${node.path}`}: ${what}`);
  const inferredOf = (node: Tensor, i: number): TensorType => {
    try {
      return inferType(node.op, node.inputs, node.attributes, node); // a node says where it is
    } catch (error) {
      return error instanceof PathexError
        ? refuse(i, error.message)
        : complain(node, i, `its attributes do not fit: ${String(error)}`);
    }
  };
  nodes.forEach((node, i) => {
    const inferred = inferredOf(node, i);
    if (!sameType(inferred, node))
      complain(node, i, `is ${showType(node)}, its op infers ${showType(inferred)}`);
    if (node.op === 'input' || node.op === 'state') {
      const key = `${node.op} ${nameOf(node)}`;
      const other = named.get(key);
      if (other !== undefined && !sameType(other, node))
        complain(node, i, `'${nameOf(node)}' is ${showType(node)} here and ${showType(other)} elsewhere`);
      if (other !== undefined && roleOf(other) !== roleOf(node))
        complain(
          node,
          i,
          `'${nameOf(node)}' is a ${roleOf(node) ?? 'state'} here and a ${roleOf(other) ?? 'state'} elsewhere; give one of them another name`,
        );
      named.set(key, node);
    }
  });
};
