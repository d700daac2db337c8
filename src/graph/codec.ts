import * as t from 'io-ts';
import { decode, decodeJson, list, showText } from '../codec.js';
import { fail, PathexError } from '../errors.js';
import { checkValue, text } from '../kinds.js';
import { mismatch } from '../ops/op.js';
import { attributeFault, isOpName, make, type OpName } from '../ops/registry.js';
import { sameShape, showShape, type Attribute, type Attributes, type Tensor } from '../tensor/tensor.js';
import { walk, type Roots } from './graph.js';

/** The graph file: nodes in order, inputs by number. Types are written for readers and verified when read. */
const GRAPH_VERSION = 1;

const Members = new t.Type('an object', t.UnknownRecord.is, t.UnknownRecord.validate, t.identity);
/** Attributes are checked by what their op says of them, in {@link remake}. */
const Node = t.intersection(
  [
    t.strict(
      {
        op: t.string,
        inputs: list(t.number),
        attributes: Members,
        shape: list(t.number),
      },
      'a node',
    ),
    t.partial({ path: t.string }),
  ],
  'node',
);
const GraphFile = t.strict(
  {
    format: t.literal('pathex-graph'),
    version: t.literal(GRAPH_VERSION),
    name: t.string,
    nodes: list(Node),
    outputs: list(t.number),
  },
  'graph',
);
export type GraphFile = t.TypeOf<typeof GraphFile>;

/** An attribute that is not finite: JSON writes such numbers as null, and reads 1e400 as Infinity. */
const endlessKey = (attributes: Attributes): string | undefined => {
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

/** Throws GRAPH for an attribute that is not finite, or none of its op's. */
export const encodeGraph = (roots: Roots, name = ''): GraphFile => {
  checkValue('encodeGraph: name', name, text);
  const nodes = walk(roots);
  const number = new Map(nodes.map((n, i) => [n, i]));
  return {
    format: 'pathex-graph',
    version: GRAPH_VERSION,
    name,
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

const remake = (
  op: OpName,
  inputs: readonly Tensor[],
  attributes: Attributes,
  path: string,
  where: string,
): Tensor => {
  try {
    const bad = endlessKey(attributes);
    if (bad !== undefined)
      mismatch({ op, path }, `${bad} is not finite`, 'a graph file holds finite numbers only');
    return make(op, inputs, attributes, path);
  } catch (error) {
    return fail('GRAPH', `${where}: ${reasonOf(error)}`, error);
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof PathexError ? error.message : `its attributes do not fit: ${String(error)}`;

/** Layer paths and names stand in messages, which are one line each. */
const isPath = (path: string): boolean =>
  path.length <= 1000 && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path);

/**
 * Rebuilds a graph through the ops' own attributes and shape rules. Throws GRAPH for unknown ops, dangling inputs, and attributes
 * and shapes that are wrong, with the node's place in the file.
 */
export const decodeGraph = (
  value: unknown,
  source = 'graph',
): { readonly name: string; readonly roots: readonly Tensor[] } => {
  const file =
    typeof value === 'string'
      ? decodeJson(GraphFile, value, source, 'GRAPH')
      : decode(GraphFile, value, source, 'GRAPH');
  if (!isPath(file.name))
    fail(
      'GRAPH',
      `${source}.name: expected a network's name, got ${showText(file.name)}; shorten it to one line`,
    );
  const made: Tensor[] = [];
  const lookup = (i: number, where: string): Tensor =>
    made[i] ??
    fail(
      'GRAPH',
      `${where}: node ${i} is not defined before it; list nodes in the order in which they are used`,
    );
  file.nodes.forEach((n, i) => {
    const where = `${source}.nodes[${i}]`;
    const { path = '' } = n;
    if (!isPath(path))
      fail('GRAPH', `${where}.path: expected a layer path, got ${showText(path)}; shorten it to one line`);
    if (!isOpName(n.op)) fail('GRAPH', `${where}: unknown op ${showText(n.op)}; written by another version?`);
    else {
      const node = remake(
        n.op,
        n.inputs.map((k) => lookup(k, where)),
        n.attributes as Attributes, // what they are is checked there
        path,
        where,
      );
      if (!sameShape(node.shape, n.shape))
        fail(
          'GRAPH',
          `${where}: ${n.op} has shape ${showShape(node.shape)}, the file says ${showShape(n.shape)}; correct the one or the other`,
        );
      made.push(node);
    }
  });
  return { name: file.name, roots: file.outputs.map((i) => lookup(i, `${source}.outputs`)) };
};
