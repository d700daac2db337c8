import { callback, checkValue, map, tensors, wordOf } from '../kinds.js';
import { sameType, type Tensor } from '../tensor/tensor.js';
import { definitionOf, make, type OpName } from '../ops/registry.js';

/** A graph is its roots: everything they are made from belongs to it. */
export type Roots = readonly Tensor[];

/**
 * All nodes in an order in which inputs come before users; first inputs first, so that layers keep the order
 * they were written in.
 */
export const walk = (roots: Roots): readonly Tensor[] => {
  checkValue('graph: roots', roots, tensors);
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: Tensor[] = [];
  const next: number[] = []; // input to visit, of each node of the stack
  const visit = (node: Tensor): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push(node);
    next.push(0);
  };
  for (const root of roots) {
    visit(root);
    while (stack.length > 0) {
      const top = stack.length - 1;
      const node = stack[top]!;
      const input = node.inputs[next[top]!++];
      if (input !== undefined) visit(input);
      else {
        order.push(node);
        stack.pop();
        next.pop();
      }
    }
  }
  return order;
};

/**
 * Rebuilds a graph from its leaves up. `rule` sees each node with its inputs already rewritten and answers
 * with the node's replacement; untouched parts are shared with the old graph.
 */
export const rewrite = (
  roots: Roots,
  rule: (node: Tensor, inputs: readonly Tensor[]) => Tensor,
): Tensor[] => {
  checkValue('rewrite: rule', rule, callback);
  const done = new Map<Tensor, Tensor>();
  for (const node of walk(roots))
    done.set(
      node,
      rule(
        node,
        node.inputs.map((i) => done.get(i)!),
      ),
    );
  return roots.map((r) => done.get(r)!);
};

/**
 * The node over other inputs; itself where they are the same. Where their types or the attributes differ, its
 * type is inferred and checked again.
 */
export const withInputs = (node: Tensor, inputs: readonly Tensor[], attributes = node.attributes): Tensor => {
  let isSame = inputs.length === node.inputs.length && attributes === node.attributes;
  let isTyped = isSame;
  for (let i = 0; i < inputs.length && isTyped; i++) {
    if (inputs[i] === node.inputs[i]) continue;
    isSame = false;
    isTyped = sameType(inputs[i]!, node.inputs[i]!);
  }
  if (isSame) return node;
  return isTyped ? { ...node, inputs } : make(node.op as OpName, inputs, attributes, node.path);
};

/** Replaces nodes wherever they occur. */
export const substitute = (roots: Roots, replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] => {
  checkValue('substitute: replacements', replacements, REPLACEMENTS);
  return rewrite(roots, (node, inputs) => replacements.get(node) ?? withInputs(node, inputs));
};
const REPLACEMENTS = map('tensors to tensors');

/** The leaves of one kind, in the order of their first use. */
export const leaves = (roots: Roots, op: 'input' | 'state'): readonly Tensor[] => {
  checkValue('leaves: kind', op, LEAF_KINDS);
  return walk(roots).filter((n) => n.op === op);
};
const LEAF_KINDS = wordOf('input', 'state');
export const nameOf = (leaf: Tensor): string => String(leaf.attributes['name']);

/** The nodes that depend on one of the given nodes, these included. */
export const dependents = (roots: Roots, on: readonly Tensor[]): ReadonlySet<Tensor> => {
  const found = new Set<Tensor>(on);
  for (const node of walk(roots)) if (node.inputs.some((i) => found.has(i))) found.add(node);
  return found;
};

/** Floating-point operations of one evaluation. */
export const flopsOf = (roots: Roots): number =>
  walk(roots).reduce((s, n) => s + definitionOf(n.op).cost(n).flops, 0);
