import { fail, PathexError } from '../errors.js';
import { inferType } from '../ops/registry.js';
import { sameShape, showType, type Tensor, type TensorType } from '../tensor/tensor.js';
import { nameOf, walk, type Roots } from './graph.js';
import { print } from './print.js';

/**
 * Verifies a graph: every op is known, every node has the type its op infers, and leaves of one name are one value.
 * Compiler passes are checked with it; `after` names the pass in the message, which shows the faulty node in context.
 */
export const check = (roots: Roots, after?: string): void => {
  const named = new Map<string, Tensor>();
  const nodes = walk(roots);
  nodes.forEach((node, i) => {
    const refuse = (what: string): never =>
      fail('GRAPH', `invalid graph${after === undefined ? '' : ` after pass '${after}'`}: ${what}\n${print(roots, { from: i - 5, to: i + 5 })}`);
    const complain = (what: string): never => refuse(`${node.op}${node.path === '' ? '' : ` at ${node.path}`}: ${what}`);
    const inferred = ((): TensorType => {
      try {
        return inferType(node.op, node.inputs, node.attributes, { op: node.op, path: node.path });
      } catch (error) {
        return error instanceof PathexError ? refuse(error.message) : complain(`its attributes do not fit: ${String(error)}`);
      }
    })();
    if (!sameShape(inferred.shape, node.shape) || inferred.dtype !== node.dtype) complain(`is ${showType(node)}, its op infers ${showType(inferred)}`);
    if (node.op === 'input' || node.op === 'state') {
      const key = `${node.op} ${nameOf(node)}`;
      const other = named.get(key);
      if (other !== undefined && (!sameShape(other.shape, node.shape) || other.dtype !== node.dtype)) {
        complain(`'${nameOf(node)}' is ${showType(node)} here and ${showType(other)} elsewhere`);
      }
      named.set(key, node);
    }
  });
};
