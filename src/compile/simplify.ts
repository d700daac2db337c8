import { rewrite, type Roots } from '../graph/graph.js';
import { definitionOf, make, type OpName } from '../ops/registry.js';
import { sameShape, size, type Tensor } from '../tensor/tensor.js';

/**
 * Algebra that saves work without changing what is computed beyond rounding, and sharing of equal nodes. Every rule holds for
 * infinities and NaN: nothing is multiplied away.
 */

/** One node for each distinct (op, attributes, inputs). */
const interner = (): ((node: Tensor) => Tensor) => {
  const ids = new Map<Tensor, number>();
  const known = new Map<string, Tensor>();
  return (node) => {
    const key = `${node.op}|${JSON.stringify(node.attributes)}|${node.inputs.map((i) => ids.get(i)).join(',')}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, node);
    ids.set(node, ids.size);
    return node;
  };
};

const isConstant = (t: Tensor, value?: number): boolean => t.op === 'constant' && (value === undefined || t.attributes['value'] === value);
const isElementwise = (t: Tensor): boolean => definitionOf(t.op).lower(t).kind === 'elementwise';

/** Lower rank than the value it meets: one number for each channel, or one for all. */
const isSmall = (t: Tensor, beside: Tensor): boolean => t.shape.length < beside.shape.length;

type Build = (op: OpName, inputs: readonly Tensor[], attributes?: Tensor['attributes']) => Tensor;

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
      return node;
    case 'sub':
      if (isConstant(b, 0) && unchanged(a)) return a;
      return b.op === 'neg' ? build('add', [a, b.inputs[0]!]) : node;
    case 'mul': {
      if (isConstant(a, 1) && unchanged(b)) return b;
      if (isConstant(b, 1) && unchanged(a)) return a;
      if (isSmall(a, b)) return build('mul', [b, a]); // the small factor second, so that chains of them meet
      if (a.op === 'mul' && isSmall(a.inputs[1]!, a.inputs[0]!) && isSmall(b, a.inputs[0]!)) return build('mul', [a.inputs[0]!, build('mul', [a.inputs[1]!, b])]);
      return node;
    }
    case 'div':
      return isConstant(b, 1) && unchanged(a) ? a : node;
    case 'neg':
      return a.op === 'neg' ? a.inputs[0]! : node;
    case 'maximum':
      return isConstant(a) && size(a.shape) > 0 ? build('constant', [], { shape: node.shape, value: a.attributes['value'] as number }) : node;
    case 'sum': {
      const axes = node.attributes['axes'] as readonly number[];
      if (isConstant(a, 0)) return build('constant', [], { shape: node.shape, value: 0 });
      if (a.op === 'neg') return build('neg', [build('sum', [a.inputs[0]!], node.attributes)]);
      if (a.op !== 'mul') return node;
      // sum(x * c) = sum(x) * c for a factor c that has only axes the sum keeps
      const [x, c] = a.inputs as readonly [Tensor, Tensor];
      const suffix = a.shape.length - c.shape.length;
      return isSmall(c, x) && axes.every((axis) => axis < suffix) ? build('mul', [build('sum', [x], node.attributes), c]) : node;
    }
    default:
      return isElementwise(node) && node.inputs.length > 0 && node.inputs.every((i) => isConstant(i)) ? fold(node, build) : node;
  }
};

/** An elementwise op of constants is a constant. */
const fold = (node: Tensor, build: Build): Tensor => {
  const inputs = node.inputs.map((i) => Float64Array.of(i.attributes['value'] as number));
  const [value] = definitionOf(node.op).evaluate(inputs, { ...node, shape: [1] });
  return Number.isFinite(value) ? build('constant', [], { shape: node.shape, value: value! }) : node;
};

const BINARY: readonly string[] = ['add', 'sub', 'mul', 'div', 'neg'];

export const simplify = (roots: Roots): Tensor[] => {
  const intern = interner();
  const finish = (node: Tensor): Tensor => {
    const shared = intern(node);
    const simpler = simplifyNode(shared, build);
    if (simpler !== shared) return intern(simpler);
    return BINARY.includes(shared.op) && shared.inputs.every((i) => isConstant(i)) ? intern(fold(shared, build)) : shared;
  };
  const build: Build = (op, inputs, attributes = {}) => finish(make(op, inputs, attributes));
  return rewrite(roots, (node, inputs) =>
    finish(inputs.every((t, i) => t === node.inputs[i]) ? node : { ...node, inputs, ...definitionOf(node.op).infer(inputs, node.attributes, { op: node.op, path: node.path }) }));
};

/** A reduction over several separate runs of axes is taken one run at a time, innermost first: a fused step reduces one run. One over axes of size one is a view. */
export const splitReductions = (roots: Roots): Tensor[] =>
  rewrite(roots, (node, inputs) => {
    const x = inputs[0];
    const rebuilt = inputs.every((t, i) => t === node.inputs[i]) ? node : make(node.op as OpName, inputs, node.attributes, node.path);
    if ((node.op !== 'sum' && node.op !== 'maximum') || x === undefined) return rebuilt;
    const axes = (node.attributes['axes'] as readonly number[]).filter((a) => x.shape[a] !== 1);
    if (axes.length === 0) return make('reshape', [x], { shape: node.shape }, node.path);
    const isKept = (a: number): boolean => x.shape[a] !== 1 && !axes.includes(a);
    const sorted = [...axes].sort((p, q) => p - q);
    const last = sorted.reduce<number[]>((run, a) => (run.length > 0 && between(run[run.length - 1]!, a).some(isKept) ? [a] : [...run, a]), []);
    if (last.length === sorted.length) return rebuilt;
    const inner = make(node.op, [x], { axes: last }, node.path);
    const rest = (node.attributes['axes'] as readonly number[]).filter((a) => !last.includes(a)).map((a) => a - last.filter((l) => l < a).length);
    return make(node.op, [inner], { axes: rest }, node.path);
  });

const between = (a: number, b: number): number[] => Array.from({ length: Math.max(b - a - 1, 0) }, (_, i) => a + 1 + i);
