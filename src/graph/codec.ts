import * as t from 'io-ts';
import { decode, decodeJson, list, showText } from '../codec.js';
import { fail, PathexError } from '../errors.js';
import { checkValue, text } from '../kinds.js';
import { mismatch } from '../ops/op.js';
import { isOpName, make, type OpName } from '../ops/registry.js';
import { sameShape, showShape, type Attributes, type Tensor } from '../tensor/tensor.js';
import { forBatch, isMultiple, symbolicNodes, type Multiple } from './batch-symbol.js';
import { keepDescription, type Description } from './description.js';
import { endlessKey, fileNodes } from './file-nodes.js';
import { byFirstAxis, withNorms } from './first-version.js';
import { leaves, type Roots } from './graph.js';

/** The graph file: nodes in order, inputs by number. Types are written for readers and verified when read. */
const GRAPH_VERSION = 2;

type Version = 1 | typeof GRAPH_VERSION;
const isVersion = (u: unknown): u is Version => u === 1 || u === GRAPH_VERSION;
const Version = new t.Type<Version>(
  `1 or ${GRAPH_VERSION}`,
  isVersion,
  (u, context) => (isVersion(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
);
const isSize = (u: unknown): u is number | Multiple => typeof u === 'number' || isMultiple(u);
const Size = new t.Type<number | Multiple>(
  'a number, or { batch: k } for k times the batch',
  isSize,
  (u, context) => (isSize(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
);
const isBatch = (u: unknown): u is number => typeof u === 'number' && Number.isSafeInteger(u) && u > 0;
const Batch = new t.Type<number>(
  'a positive whole number',
  isBatch,
  (u, context) => (isBatch(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
);

const Members = new t.Type('an object', t.UnknownRecord.is, t.UnknownRecord.validate, t.identity);
/** Attributes are checked by what their op says of them, in {@link remake}. */
const Node = t.intersection(
  [
    t.strict(
      {
        op: t.string,
        inputs: list(t.number),
        attributes: Members,
        shape: list(Size),
      },
      'a node',
    ),
    t.partial({ path: t.string }),
  ],
  'node',
);
const GraphFile = t.intersection(
  [
    t.strict(
      {
        format: t.literal('pathex-graph'),
        version: Version,
        name: t.string,
        nodes: list(Node),
        outputs: list(t.number),
      },
      'graph',
    ),
    /**
     * The batch that the graph is read for unless another is asked for; none where the file has no symbol.
     */
    t.partial({ batch: Batch }),
  ],
  'graph',
);
export type GraphFile = t.TypeOf<typeof GraphFile>;

/**
 * A graph as a file. That of a described network holds its batch as a symbol, so that it can be read for any;
 * another holds the sizes of its own batch alone. Throws GRAPH for an attribute that is not finite, or none
 * of its op's.
 */
export const encodeGraph = (roots: Roots, name = ''): GraphFile => {
  checkValue('encodeGraph: name', name, text);
  const { nodes, outputs } = fileNodes(roots);
  const symbolic = roots.length === 1 ? symbolicNodes(roots[0]!, nodes) : null;
  return {
    format: 'pathex-graph',
    version: GRAPH_VERSION,
    name,
    ...(symbolic ?? { nodes }),
    outputs,
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
 * Rebuilds a graph through the ops' own attributes and shape rules. Throws GRAPH for unknown ops, dangling
 * inputs, and attributes and shapes that are wrong, with the node's place in the file.
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
  const written = rootsOf(file, source);
  const roots = file.version === 1 ? withNorms(written) : written;
  const [output] = roots;
  const [input, ...others] = leaves(roots, 'input');
  if (roots.length === 1 && others.length === 0 && input !== undefined && input !== output) {
    const describe = describedIn(file, source, input, output!);
    if (describe !== null) keepDescription({ name: file.name, input, output: output! }, describe);
  }
  return { name: file.name, roots };
};

/** How a file says that its graph is read for another batch; null where it does not. */
const describedIn = (file: GraphFile, source: string, input: Tensor, output: Tensor): Description | null => {
  if (file.version === 1) return byFirstAxis(output, input);
  return file.batch === undefined ? null : (other) => rootsOf(file, source, other)[0]!;
};

/** The roots of a file, over an input of another batch where one is given. */
const rootsOf = (file: GraphFile, source: string, input?: Tensor): readonly Tensor[] => {
  const batch = input?.shape[0] ?? file.batch;
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
    if (!isOpName(n.op))
      return fail('GRAPH', `${where}: unknown op ${showText(n.op)}; written by another version?`);
    const inputs = n.inputs.map((k) => lookup(k, where));
    const node =
      n.op === 'input' && input !== undefined
        ? input
        : remake(n.op, inputs, attributesFor(n.attributes, batch), path, where);
    const shape = shapeFor(n.shape, batch, where);
    if (!sameShape(node.shape, shape))
      fail(
        'GRAPH',
        `${where}: ${n.op} has shape ${showShape(node.shape)}, the file says ${showShape(shape)}; correct the one or the other`,
      );
    made.push(node);
  });
  return file.outputs.map((i) => lookup(i, `${source}.outputs`));
};

/** What they are is checked where the node is made. */
const attributesFor = (attributes: unknown, batch: number | undefined): Attributes =>
  (batch === undefined ? attributes : forBatch(attributes, batch)) as Attributes;

const shapeFor = (
  shape: readonly (number | Multiple)[],
  batch: number | undefined,
  where: string,
): readonly number[] =>
  shape.map((size) => {
    if (typeof size === 'number') return size;
    return batch === undefined
      ? fail(
          'GRAPH',
          `${where}.shape: ${JSON.stringify(size)} in a file without a batch; give the file its batch`,
        )
      : size.batch * batch;
  });
