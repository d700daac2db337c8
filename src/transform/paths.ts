import { fail } from '../errors.js';
import { dependents, leaves, nameOf, walk } from '../graph/graph.js';
import { isPrunable, roleOf } from '../graph/roles.js';
import {
  checkOptions,
  checkValue,
  flag,
  needed,
  networkKind,
  tensor,
  wordOf,
  type KindsOf,
} from '../kinds.js';
import { pathInputs } from '../ops/op.js';
import { definitionOf, make, ops, type OpName } from '../ops/registry.js';
import { sameShape, type Tensor } from '../tensor/tensor.js';
import type { Readable } from './readings.js';

/**
 * Path networks: readings of a piecewise-linear network in which every path from input to output carries a
 * non-negative value. One rewrite, driven by each op's `paths` rule, gives all of them (methods.md 3.1-3.3):
 *
 *   H1 of PX        weights squared, gates open       sum over paths of v_p^2
 *   H2 of PX        weights one, gates the network's  sum over paths of a_p^2 x^2
 *   px-gated        weights squared, gates the network's
 *   SynFlow         weights absolute, gates open
 */
export interface PathReading {
  /** What an edge carries instead of its weight w: w^2, |w|, or 1 where it is not masked. */
  readonly weights: 'squared' | 'absolute' | 'one';
  /**
   * `open`: every gate passes and every pooling candidate counts. `network`: gates and choices of the network
   * itself on its input.
   */
  readonly gates: 'open' | 'network';
  /** Whether paths may start at a constant 1, that is at a bias or BatchNorm shift. Default true. */
  readonly biasPaths?: boolean;
  /**
   * How a non-parametric constant c = c1 c2 is shared between weights (c1^2) and data (c2^2). Default
   * 'balanced': c1 = c2 = sqrt c.
   */
  readonly constantSplit?: 'balanced' | 'weight' | 'data';
  /**
   * 'path' (default): as above. 'code': max-pool on each path network's own values, as released code does.
   */
  readonly maxPool?: 'path' | 'code';
  /**
   * Keep every value as mantissa * 2^exponent, so that float32 holds products over any depth. Default true.
   */
  readonly scaled?: boolean;
}

const READING: KindsOf<PathReading> = {
  weights: needed(wordOf('squared', 'absolute', 'one')),
  gates: needed(wordOf('open', 'network')),
  biasPaths: flag,
  constantSplit: wordOf('balanced', 'weight', 'data'),
  maxPool: wordOf('path', 'code'),
  scaled: flag,
};

/** mantissa * 2^exponent; a null exponent is zero. The exponent is a scalar tensor that holds an integer. */
export interface Scaled {
  readonly mantissa: Tensor;
  readonly exponent: Tensor | null;
}

export interface PathNetwork {
  readonly output: Scaled;
  /** What stands for each prunable weight, by its name: differentiate with respect to these. */
  readonly edges: ReadonlyMap<string, Tensor>;
}

/**
 * The path reading of `net` (already read for inference) on `input`, which has the shape of one of its
 * batches. Throws NETWORK for ops without a meaning in the path algebra and for weights that occur twice on a
 * path.
 */
export const pathNetwork = (net: Readable, input: Tensor, reading: PathReading): PathNetwork => {
  checkValue('pathNetwork: network', net, networkKind);
  checkValue('pathNetwork: input', input, tensor);
  checkOptions('pathNetwork', reading, READING);
  const { scaled = true } = reading;
  const carried = dependents([net.output], [net.input]);
  const edges = new Map<string, Tensor>();
  const values = new Map<Tensor, Scaled>([[net.input, { mantissa: input, exponent: null }]]);
  rejectReuse(net, carried);

  for (const node of onPaths(net.output)) {
    if (!carried.has(node) || node === net.input) continue;
    const edgeOf = (parameter: Tensor): Tensor => {
      const edge = edgeValue(parameter, reading);
      for (const weight of factors(parameter, node)) edges.set(nameOf(weight), edge);
      return edge;
    };
    const refuse = (why: string): never =>
      fail(
        'NETWORK',
        `paths: ${node.op} ${why}${at(node)}; use a method that needs no paths, such as magnitude or snip`,
      );
    const carriedInputs = node.inputs.filter((i) => carried.has(i));
    const first = values.get(carriedInputs[0]!)!;
    const rule = definitionOf(node.op).paths;
    const result = ((): Scaled => {
      switch (rule.kind) {
        case 'none':
          return refuse(rule.why);
        case 'gate': {
          if (reading.gates === 'open') return first;
          const gate = rule.gate(ops, node);
          return { ...first, mantissa: ops.mul(ops.mul(first.mantissa, gate), gate) };
        }
        case 'selection':
          if (reading.maxPool === 'code') return { ...first, mantissa: again(node, [first.mantissa]) };
          return {
            ...first,
            mantissa:
              reading.gates === 'open'
                ? rule.open(ops, node, first.mantissa)
                : rule.chosen(ops, node, node.inputs[0]!, first.mantissa),
          };
        case 'weight': {
          if (carriedInputs.length !== 1)
            return refuse('multiplies two values that both depend on the input');
          const i = node.inputs.indexOf(carriedInputs[0]!);
          const other = i === 0 ? 1 : 0;
          const edge = edgeOf(node.inputs[other]!);
          if (rule.elementwise)
            return isOne(edge) ? first : { ...first, mantissa: ops.mul(first.mantissa, edge) };
          const pair = new Map([
            [i, first.mantissa],
            [other, edge],
          ]);
          const product = again(
            node,
            node.inputs.map((input, k) => pair.get(k) ?? input),
          );
          return scaled ? rescaled(product, first) : { mantissa: product, exponent: first.exponent };
        }
        case 'divide': {
          if (carriedInputs.length !== 1 || carriedInputs[0] !== node.inputs[0])
            return refuse('divides by a value that depends on the input');
          const edge = edgeOf(ops.div(ops.scalar(1), node.inputs[1]!));
          return isOne(edge) ? first : { ...first, mantissa: ops.mul(first.mantissa, edge) };
        }
        case 'linear': {
          const parts = node.inputs.map((x): Scaled | null => {
            const value = values.get(x);
            if (value !== undefined) return value;
            return reading.biasPaths === false ? null : { mantissa: edgeOf(x), exponent: null };
          });
          const aligned = align(parts.filter((p) => p !== null));
          const mantissas = [...aligned.mantissas];
          const joined = parts.map((p) => (p === null ? null : mantissas.shift()!));
          const mantissa =
            rule.join?.(ops, joined, node) ??
            again(
              node,
              joined.filter((v) => v !== null),
            );
          return { mantissa, exponent: aligned.exponent };
        }
      }
    })();
    values.set(node, result);
  }
  const output = values.get(net.output)!;
  // A NaN or infinite pre-activation would close its gate in silence: the network's own output carries it
  // into the result.
  const alarm =
    reading.gates === 'network' && sameShape(net.output.shape, output.mantissa.shape)
      ? ops.sub(net.output, net.output)
      : null;
  return {
    output: alarm === null ? output : { ...output, mantissa: ops.add(output.mantissa, alarm) },
    edges,
  };
};

/** The nodes that paths may cross, inputs first: all but what only chooses the state of a gate. */
export const onPaths = (output: Tensor): readonly Tensor[] => {
  const reached = new Set([output]);
  for (const node of [...walk([output])].reverse()) {
    if (!reached.has(node)) continue;
    for (const input of pathInputs(node, definitionOf(node.op).paths)) reached.add(input);
  }
  return walk([output]).filter((node) => reached.has(node));
};

const at = (node: Tensor): string => (node.path === '' ? '' : `; at ${node.path}`);

/** The op of `node` on other values of the same shapes. */
const again = (node: Tensor, inputs: readonly Tensor[]): Tensor =>
  make(node.op as OpName, inputs, node.attributes, node.path);

const hasParameter = (t: Tensor): boolean => leaves([t], 'state').length > 0;
const isMask = (t: Tensor): boolean => roleOf(t) === 'mask';
/** The number that a tensor holds everywhere; null where it may hold others. */
const numberOf = (t: Tensor): number | null => {
  const lowering = t.inputs.length === 0 ? definitionOf(t.op).lower(t) : null;
  return lowering?.kind === 'constant' ? lowering.value : null;
};
const isOne = (t: Tensor): boolean => numberOf(t) === 1;
/** Whether each element is the product of one of either input. */
const isProduct = (t: Tensor): boolean => {
  const rule = definitionOf(t.op).paths;
  return rule.kind === 'weight' && rule.elementwise === true;
};

/**
 * What the edge of a parameter or constant carries. Constants share their value between both networks; see
 * `constantSplit`.
 */
const edgeValue = (w: Tensor, { weights, constantSplit = 'balanced' }: PathReading): Tensor => {
  if (!hasParameter(w)) {
    const magnitude = ops.abs(w);
    const live = ops.sub(ops.scalar(1), ops.equal(w, ops.scalar(0)));
    if (weights === 'absolute' || constantSplit === 'balanced')
      return (numberOf(w) ?? -1) >= 0 ? w : magnitude;
    return (constantSplit === 'weight') === (weights === 'squared') ? ops.mul(w, w) : live;
  }
  if (weights === 'squared') return ops.mul(w, w);
  return weights === 'absolute' ? ops.abs(w) : pattern(w);
};

/**
 * The weights of an edge, each element of which must be a factor of the same element of the edge's value:
 * then the edge's share of a flow is the weight's, and the mask can be found again. Sums, and weights in
 * another order of axes, are not of this kind.
 */
const factors = (edge: Tensor, user: Tensor): readonly Tensor[] => {
  const weights = walk([edge]).filter(isPrunable);
  const through = walk([edge]).find(
    (t) => !isProduct(t) && t.inputs.length > 0 && walk([t]).some(isPrunable),
  );
  return through === undefined && weights.every((w) => sameShape(w.shape, edge.shape))
    ? weights
    : fail(
        'NETWORK',
        `paths: ${user.op} reads weight '${nameOf(weights[0]!)}' through ${(through ?? edge).op}${at(user)}; use the weight as it is, or times values of its shape`,
      );
};

/** 1 where an edge exists, 0 where its weight is masked. A weight that merely is zero exists. */
const pattern = (w: Tensor): Tensor => {
  if (isMask(w)) return w;
  if (isProduct(w)) {
    const [a, b] = w.inputs.map(pattern) as [Tensor, Tensor];
    if (isOne(a) && sameShape(b.shape, w.shape)) return b;
    if (isOne(b) && sameShape(a.shape, w.shape)) return a;
    return isOne(a) && isOne(b) ? ops.constant(w.shape, 1) : ops.mul(a, b);
  }
  return ops.constant(w.shape, 1);
};

/**
 * A product of a value, divided by 2^e, e the exponent of the value's largest element: what follows a product
 * is elementwise, so the factor costs nothing there, and weights do not wait for e. One product is far from
 * overflow. (A rescale inside one branch of a sum would reweight it; exponents travel along instead and are
 * aligned there.)
 */
const rescaled = (product: Tensor, { mantissa, exponent }: Scaled): Scaled => {
  const e = exponentOf(mantissa);
  return {
    mantissa: ops.mul(product, ops.exp2(ops.neg(e))),
    exponent: exponent === null ? e : ops.add(exponent, e),
  };
};

/** floor(log2) of the largest element, as a scalar. */
const exponentOf = (t: Tensor): Tensor =>
  ops.exponent(
    ops.maximum(
      t,
      t.shape.map((_, i) => i),
    ),
  );

/**
 * Brings values to their largest exponent; smaller ones may underflow to zero, larger ones never overflow.
 */
const align = (
  parts: readonly Scaled[],
): { readonly mantissas: readonly Tensor[]; readonly exponent: Tensor | null } => {
  if (parts.every((p) => p.exponent === parts[0]!.exponent))
    return { mantissas: parts.map((p) => p.mantissa), exponent: parts[0]!.exponent };
  const exponents = parts.map((p) => p.exponent ?? ops.scalar(0));
  const top = exponents.reduce((a, b) => ops.max(a, b));
  return {
    mantissas: parts.map((p, i) => ops.mul(p.mantissa, ops.exp2(ops.sub(exponents[i]!, top)))),
    exponent: top,
  };
};

/** Sum of two scaled values of one shape. */
export const addScaled = (a: Scaled, b: Scaled): Scaled => {
  const { mantissas, exponent } = align([a, b]);
  return { mantissa: ops.add(mantissas[0]!, mantissas[1]!), exponent };
};

/** The largest element brought into [1, 2), the exponent adjusted. */
export const normalised = ({ mantissa, exponent }: Scaled): Scaled & { readonly exponent: Tensor } => {
  const e = exponentOf(mantissa);
  return {
    mantissa: ops.mul(mantissa, ops.exp2(ops.neg(e))),
    exponent: exponent === null ? e : ops.add(exponent, e),
  };
};

/** A weight shared between layers could occur twice on a path, where v_p is not linear in it. */
const rejectReuse = (net: Readable, carried: ReadonlySet<Tensor>): void => {
  const used = new Set<string>();
  for (const node of walk([net.output])) {
    if (!carried.has(node)) continue;
    for (const parameter of node.inputs.filter((i) => !carried.has(i))) {
      for (const weight of walk([parameter]).filter(isPrunable)) {
        if (used.has(nameOf(weight)))
          fail(
            'NETWORK',
            `paths: ${node.op} uses weight '${nameOf(weight)}' again, so that a path could cross it twice${at(node)}; use one weight for each layer`,
          );
        used.add(nameOf(weight));
      }
    }
  }
};
