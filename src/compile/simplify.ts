import { rewrite, withInputs, type Roots } from '../graph/graph.js';
import { definitionOf, make, type OpName } from '../ops/registry.js';
import { sameShape, size, type Attributes, type Tensor } from '../tensor/tensor.js';
import type { Pass } from './pass.js';
import type { Graph } from './stages.js';

/**
 * Algebra that saves work without changing what is computed beyond rounding, and sharing of equal nodes.
 * Every rule holds for infinities and NaN: nothing is multiplied away. Algebra is about ops, so that these
 * rules know them by name.
 */

const sameNodes = (a: readonly Tensor[], b: readonly Tensor[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** JSON has no word for some numbers, and one for both zeros. */
const told = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `number ${1 / value} ${value}`
    : value;

/** One node for each distinct (op, attributes, inputs). */
const interner = (): ((node: Tensor) => Tensor) => {
  const leaves = new Map<string, Tensor>();
  const users = new Map<Tensor, Tensor[]>(); // by their first input that is no constant: those have the most users
  const written = new Map<Attributes, string>(); // rewritten nodes keep the attributes they had
  const write = (attributes: Attributes): string => {
    const found = written.get(attributes) ?? JSON.stringify(attributes, told);
    written.set(attributes, found);
    return found;
  };
  const isSame = (a: Tensor, b: Tensor): boolean =>
    a.op === b.op &&
    sameNodes(a.inputs, b.inputs) &&
    (a.attributes === b.attributes || write(a.attributes) === write(b.attributes));
  return (node) => {
    const [first] = node.inputs;
    if (first === undefined) {
      const key = `${node.op}|${write(node.attributes)}`;
      const found = leaves.get(key) ?? node;
      leaves.set(key, found);
      return found;
    }
    const home = node.inputs.find((t) => t.op !== 'constant') ?? first;
    const others = users.get(home);
    if (others === undefined) users.set(home, [node]);
    const found = others?.find((other) => isSame(other, node));
    if (found === undefined) others?.push(node);
    return found ?? node;
  };
};

const isConstant = (t: Tensor, value?: number): boolean =>
  t.op === 'constant' && (value === undefined || t.attributes['value'] === value);
const isElementwise = (t: Tensor): boolean => definitionOf(t.op).lower(t).kind === 'elementwise';

/** Lower rank than the value it meets: one number for each channel, or one for all. */
const isSmall = (t: Tensor, beside: Tensor): boolean => t.shape.length < beside.shape.length;

type Build = (op: OpName, inputs: readonly Tensor[], attributes?: Attributes) => Tensor;

/**
 * (x - c) + d where c and d are repeated alike is x + (d - c): what is small is added up before it is
 * repeated.
 */
const repeatedTogether = (difference: Tensor, d: Tensor, build: Build): Tensor | null => {
  const [x, c] = difference.inputs;
  if (difference.op !== 'sub' || c?.op !== 'broadcast' || d.op !== 'broadcast') return null;
  if (JSON.stringify(c.attributes) !== JSON.stringify(d.attributes)) return null;
  const small = build('sub', [d.inputs[0]!, c.inputs[0]!]);
  return build('add', [x!, build('broadcast', [small], d.attributes)]);
};

const simplifyNode = (node: Tensor, build: Build): Tensor => {
  const [a, b] = node.inputs as readonly [Tensor, Tensor];
  const unchanged = (t: Tensor): boolean => sameShape(t.shape, node.shape);
  switch (node.op) {
    case 'stopGradient':
      return a;
    case 'reshape':
      if (unchanged(a)) return a;
      return a.op === 'reshape' ? build('reshape', [a.inputs[0]!], node.attributes) : node;
    case 'add':
      if (isConstant(a, 0) && unchanged(b)) return b;
      if (isConstant(b, 0) && unchanged(a)) return a;
      if (b.op === 'neg') return build('sub', [a, b.inputs[0]!]);
      if (a.op === 'neg') return build('sub', [b, a.inputs[0]!]);
      return repeatedTogether(a, b, build) ?? repeatedTogether(b, a, build) ?? node;
    case 'sub':
      if (isConstant(b, 0) && unchanged(a)) return a;
      return b.op === 'neg' ? build('add', [a, b.inputs[0]!]) : node;
    case 'mul': {
      if (isConstant(a, 1) && unchanged(b)) return b;
      if (isConstant(b, 1) && unchanged(a)) return a;
      if (isSmall(a, b)) return build('mul', [b, a]); // the small factor second, so that chains of them meet
      if (a.op === 'mul' && isSmall(a.inputs[1]!, a.inputs[0]!) && isSmall(b, a.inputs[0]!))
        return build('mul', [a.inputs[0]!, build('mul', [a.inputs[1]!, b])]);
      return node;
    }
    case 'div':
      return isConstant(b, 1) && unchanged(a) ? a : node;
    case 'neg':
      return a.op === 'neg' ? a.inputs[0]! : node;
    case 'maximum':
      return isConstant(a) && size(a.shape) > 0
        ? build('constant', [], { shape: node.shape, value: a.attributes['value'] as number })
        : node;
    case 'sum': {
      const axes = node.attributes['axes'] as readonly number[];
      if (isConstant(a, 0)) return build('constant', [], { shape: node.shape, value: 0 });
      if (a.op === 'neg') return build('neg', [build('sum', [a.inputs[0]!], node.attributes)]);
      if (a.op !== 'mul') return node;
      // sum(x * c) = sum(x) * c for a factor c that has only axes the sum keeps
      const [x, c] = a.inputs as readonly [Tensor, Tensor];
      const suffix = a.shape.length - c.shape.length;
      return isSmall(c, x) && axes.every((axis) => axis < suffix)
        ? build('mul', [build('sum', [x], node.attributes), c])
        : node;
    }
    default:
      return node;
  }
};

/** An elementwise op of constants is a constant. */
const evaluated = (node: Tensor, build: Build): Tensor => {
  const inputs = node.inputs.map((i) => Float64Array.of(i.attributes['value'] as number));
  const [value] = definitionOf(node.op).evaluate(inputs, { ...node, shape: [1] });
  return Number.isFinite(value) ? build('constant', [], { shape: node.shape, value: value! }) : node;
};

const simplify = (roots: Roots): Tensor[] => {
  const intern = interner();
  const finish = (node: Tensor): Tensor => {
    const shared = intern(node);
    const simpler = simplifyNode(shared, build);
    if (simpler !== shared) return intern(simpler);
    const isOfConstants = shared.inputs.length > 0 && shared.inputs.every((i) => isConstant(i));
    return isOfConstants && isElementwise(shared) ? intern(evaluated(shared, build)) : shared;
  };
  const build: Build = (op, inputs, attributes) => finish(make(op, inputs, attributes));
  return rewrite(roots, (node, inputs) => finish(withInputs(node, inputs)));
};

/**
 * A reduction over several separate runs of axes is taken one run at a time, innermost first: a fused step
 * reduces one run. One over axes of size one is a view; the variance of single values is that of each from
 * itself, which is NaN where they are not finite.
 */
const splitReductions = (roots: Roots): Tensor[] =>
  rewrite(roots, (node, inputs) => {
    const x = inputs[0];
    const rebuilt = withInputs(node, inputs);
    if (node.op === 'variance' && size(x!.shape) === size(node.shape)) {
      const off = make('sub', [x!, x!], {}, node.path);
      return make('reshape', [make('mul', [off, off], {}, node.path)], { shape: node.shape }, node.path);
    }
    // The reductions that can be taken again of their own results; a variance cannot, and has one run of
    // axes.
    if ((node.op !== 'sum' && node.op !== 'maximum') || x === undefined) return rebuilt;
    const axes = (node.attributes['axes'] as readonly number[]).filter((a) => x.shape[a] !== 1);
    if (axes.length === 0) return make('reshape', [x], { shape: node.shape }, node.path);
    const isKept = (a: number): boolean => x.shape[a] !== 1 && !axes.includes(a);
    const sorted = [...axes].sort((p, q) => p - q);
    const last = sorted.reduce<number[]>(
      (run, a) => (run.length > 0 && between(run[run.length - 1]!, a).some(isKept) ? [a] : [...run, a]),
      [],
    );
    if (last.length === sorted.length) return rebuilt;
    const inner = make(node.op, [x], { axes: last }, node.path);
    const rest = (node.attributes['axes'] as readonly number[])
      .filter((a) => !last.includes(a))
      .map((a) => a - last.filter((l) => l < a).length);
    return make(node.op, [inner], { axes: rest }, node.path);
  });

const between = (a: number, b: number): number[] =>
  Array.from({ length: Math.max(b - a - 1, 0) }, (_, i) => a + 1 + i);

const graphPass = (name: string, doc: string, rewriteRoots: (roots: Roots) => Roots): Pass<Graph, Graph> => ({
  name,
  doc,
  run: (graph) => ({ ...graph, roots: rewriteRoots(graph.roots) }),
});

export const simplifyPass = graphPass('simplify', 'algebra and sharing of equal nodes', simplify);
export const splitReductionsPass = graphPass(
  'split-reductions',
  'one run of axes for each reduction',
  splitReductions,
);
export const sharePass = graphPass(
  'share',
  'sharing again, over what the passes before made equal',
  simplify,
);
