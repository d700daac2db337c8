import { fail } from '../errors.js';
import { attributeFault, isOpName } from '../ops/registry.js';
import type { Attribute, Attributes, Tensor } from '../tensor/tensor.js';
import { walk, type Roots } from './graph.js';

/** A node as a graph file holds it: its inputs by their numbers. */
export interface FileNode {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly attributes: Attributes;
  readonly shape: readonly number[];
  readonly path?: string;
}

/** An attribute that is not finite: JSON writes such numbers as null, and reads 1e400 as Infinity. */
export const endlessKey = (attributes: Attributes): string | undefined => {
  const holds = (value: Attribute): boolean =>
    typeof value === 'number'
      ? Number.isFinite(value)
      : typeof value !== 'object' || value === null || Object.values(value).every(holds);
  return Object.entries(attributes).find(([, value]) => !holds(value))?.[0];
};

/** Attributes as a file holds them; one that could not be read back is refused here. */
const writable = ({ op, attributes, path }: Tensor): Attributes => {
  const fault = isOpName(op) ? attributeFault(op, attributes) : undefined;
  if (fault !== undefined)
    fail('GRAPH', `encode: ${op}: ${fault.what}${path === '' ? '' : `; at ${path}`}; ${fault.remedy}`);
  const bad = endlessKey(attributes);
  if (bad !== undefined)
    fail(
      'GRAPH',
      `encode: ${op} has a non-finite '${bad}'${path === '' ? '' : `; at ${path}`}; a graph file holds finite numbers only`,
    );
  return attributes;
};

/**
 * The nodes of a graph in their order, and which of them are its roots. Throws GRAPH for an attribute that is
 * not finite, or none of its op's.
 */
export const fileNodes = (
  roots: Roots,
): { readonly nodes: readonly FileNode[]; readonly outputs: readonly number[] } => {
  const nodes = walk(roots);
  const number = new Map(nodes.map((n, i) => [n, i]));
  return {
    nodes: nodes.map((node) => ({
      op: node.op,
      inputs: node.inputs.map((i) => number.get(i)!),
      attributes: writable(node),
      shape: node.shape,
      ...(node.path === '' ? {} : { path: node.path }),
    })),
    outputs: roots.map((r) => number.get(r)!),
  };
};
