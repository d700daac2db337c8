import * as t from 'io-ts';
import { decode, decodeJson } from '../codec.js';
import { fail } from '../errors.js';
import { isOpName, make } from '../ops/registry.js';
import { sameShape, showShape, type Attribute, type Attributes, type Tensor } from '../tensor/tensor.js';
import { walk, type Roots } from './graph.js';

/** The graph file: nodes in order, inputs by number. Types are written for readers and verified when read. */
const GRAPH_VERSION = 1;

const JsonAttribute: t.Type<Attribute> = t.recursion('attribute', () =>
  t.union([t.number, t.string, t.boolean, t.null, t.readonlyArray(JsonAttribute), t.readonly(t.record(t.string, JsonAttribute))]));
const Node = t.intersection([
  t.strict({ op: t.string, inputs: t.readonlyArray(t.number), attributes: t.readonly(t.record(t.string, JsonAttribute)), shape: t.readonlyArray(t.number) }),
  t.partial({ path: t.string }),
], 'node');
const GraphFile = t.strict({
  format: t.literal('pathex-graph'),
  version: t.literal(GRAPH_VERSION),
  name: t.string,
  nodes: t.readonlyArray(Node),
  outputs: t.readonlyArray(t.number),
}, 'graph');
export type GraphFile = t.TypeOf<typeof GraphFile>;

export const encodeGraph = (roots: Roots, name = ''): GraphFile => {
  const nodes = walk(roots);
  const number = new Map(nodes.map((n, i) => [n, i]));
  return {
    format: 'pathex-graph',
    version: GRAPH_VERSION,
    name,
    nodes: nodes.map(({ op, inputs, attributes, shape, path }) => ({
      op, inputs: inputs.map((i) => number.get(i)!), attributes, shape, ...(path === '' ? {} : { path }),
    })),
    outputs: roots.map((r) => number.get(r)!),
  };
};

/** Rebuilds a graph through the ops' own shape rules. Throws GRAPH for unknown ops, dangling inputs or wrong shapes. */
export const decodeGraph = (value: unknown, source = 'graph'): { readonly name: string; readonly roots: readonly Tensor[] } => {
  const file = typeof value === 'string' ? decodeJson(GraphFile, value, source, 'GRAPH') : decode(GraphFile, value, source, 'GRAPH');
  const made: Tensor[] = [];
  const lookup = (i: number, where: string): Tensor => made[i] ?? fail('GRAPH', `${where}: node ${i} is not defined before it`);
  file.nodes.forEach((n, i) => {
    const where = `${source}.nodes[${i}]`;
    if (!isOpName(n.op)) fail('GRAPH', `${where}: unknown op '${n.op}'; written by another version?`);
    else {
      const node = make(n.op, n.inputs.map((k) => lookup(k, where)), n.attributes as Attributes, n.path ?? '');
      if (!sameShape(node.shape, n.shape)) fail('GRAPH', `${where}: ${n.op} has shape ${showShape(node.shape)}, the file says ${showShape(n.shape)}`);
      made.push(node);
    }
  });
  return { name: file.name, roots: file.outputs.map((i) => lookup(i, `${source}.outputs`)) };
};
