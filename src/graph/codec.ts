import * as t from 'io-ts';
import { decode, decodeJson } from '../codec.js';
import { checkValue, text } from '../kinds.js';
import { fail, PathexError } from '../errors.js';
import { isOpName, make, type OpName } from '../ops/registry.js';
import { sameShape, showShape, type Attribute, type Attributes, type Tensor } from '../tensor/tensor.js';
import { walk, type Roots } from './graph.js';

/** The graph file: nodes in order, inputs by number. Types are written for readers and verified when read. */
const GRAPH_VERSION = 1;

const JsonAttribute: t.Type<Attribute> = t.recursion('attribute', () =>
  t.union([
    t.number,
    t.string,
    t.boolean,
    t.null,
    t.readonlyArray(JsonAttribute),
    t.readonly(t.record(t.string, JsonAttribute)),
  ]),
);
const Node = t.intersection(
  [
    t.strict({
      op: t.string,
      inputs: t.readonlyArray(t.number),
      attributes: t.readonly(t.record(t.string, JsonAttribute)),
      shape: t.readonlyArray(t.number),
    }),
    t.partial({ path: t.string }),
  ],
  'node',
);
const GraphFile = t.strict(
  {
    format: t.literal('pathex-graph'),
    version: t.literal(GRAPH_VERSION),
    name: t.string,
    nodes: t.readonlyArray(Node),
    outputs: t.readonlyArray(t.number),
  },
  'graph',
);
export type GraphFile = t.TypeOf<typeof GraphFile>;

/** JSON writes Infinity and NaN as null, which would read back as another graph. */
const finite = (attributes: Attributes, op: string, path: string): Attributes => {
  const holds = (value: Attribute): boolean =>
    typeof value === 'number'
      ? Number.isFinite(value)
      : typeof value !== 'object' || value === null || Object.values(value).every(holds);
  const bad = Object.entries(attributes).find(([, value]) => !holds(value));
  return bad === undefined
    ? attributes
    : fail(
        'GRAPH',
        `encode: ${op} has a non-finite '${bad[0]}'${path === '' ? '' : `; at ${path}`}; a graph file holds finite numbers only`,
      );
};

/** Throws GRAPH for an attribute that is not finite. */
export const encodeGraph = (roots: Roots, name = ''): GraphFile => {
  checkValue('encodeGraph: name', name, text);
  const nodes = walk(roots);
  const number = new Map(nodes.map((n, i) => [n, i]));
  return {
    format: 'pathex-graph',
    version: GRAPH_VERSION,
    name,
    nodes: nodes.map(({ op, inputs, attributes, shape, path }) => ({
      op,
      inputs: inputs.map((i) => number.get(i)!),
      attributes: finite(attributes, op, path),
      shape,
      ...(path === '' ? {} : { path }),
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
    return make(op, inputs, attributes, path);
  } catch (error) {
    const what =
      error instanceof PathexError
        ? error.message
        : `${op} cannot read its attributes ${JSON.stringify(attributes)}`;
    return fail('GRAPH', `${where}: ${what}`, error);
  }
};

/** Rebuilds a graph through the ops' own shape rules. Throws GRAPH for unknown ops, dangling inputs or wrong shapes. */
export const decodeGraph = (
  value: unknown,
  source = 'graph',
): { readonly name: string; readonly roots: readonly Tensor[] } => {
  const file =
    typeof value === 'string'
      ? decodeJson(GraphFile, value, source, 'GRAPH')
      : decode(GraphFile, value, source, 'GRAPH');
  const made: Tensor[] = [];
  const lookup = (i: number, where: string): Tensor =>
    made[i] ??
    fail(
      'GRAPH',
      `${where}: node ${i} is not defined before it; list nodes in the order in which they are used`,
    );
  file.nodes.forEach((n, i) => {
    const where = `${source}.nodes[${i}]`;
    if (!isOpName(n.op)) fail('GRAPH', `${where}: unknown op '${n.op}'; written by another version?`);
    else {
      const node = remake(
        n.op,
        n.inputs.map((k) => lookup(k, where)),
        n.attributes as Attributes,
        n.path ?? '',
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
