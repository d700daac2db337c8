import { walk } from '../graph/graph.js';
import { definitionOf } from '../ops/registry.js';
import type { Lowering, OpDefinition } from '../ops/op.js';
import { size, type Tensor } from '../tensor/tensor.js';

/**
 * What is known of state, by name, of which zeros alone count: weights as they are, or their masks. State
 * that is not given counts as no zero.
 */
export type Known = ReadonlyMap<string, ArrayLike<number>>;

/** 1 where an element may be other than zero, 0 where it is zero whatever the live values are. */
type Pattern = Uint8Array;

/**
 * The zeros of tensors that do not depend on a network's input, as known state makes them; null where every
 * element may be other than zero. See Note [Patterns, not values].
 */
export const patternOf = (known: Known): ((t: Tensor) => Uint8Array | null) => {
  const patterns = new Map<Tensor, Pattern | null>();
  const find = (node: Tensor): Pattern | null => {
    if (node.op === 'input') return null;
    if (node.op === 'state') {
      const values = known.get(String(node.attributes['name']));
      return values === undefined ? null : zerosOf(values);
    }
    return patternOfNode(
      node,
      node.inputs.map((i) => patterns.get(i) ?? null),
    );
  };
  return (t) => {
    for (const node of walk([t])) if (!patterns.has(node)) patterns.set(node, find(node));
    return patterns.get(t)!;
  };
};

const zerosOf = (values: ArrayLike<number>): Pattern => {
  const pattern = new Uint8Array(values.length);
  for (let j = 0; j < pattern.length; j++) if (values[j] !== 0) pattern[j] = 1;
  return pattern;
};

const patternOfNode = (node: Tensor, inputs: readonly (Pattern | null)[]): Pattern | null => {
  const definition = definitionOf(node.op);
  // a marker is not what it stands for, and the index of a table is no factor
  if (definition.reading !== undefined || node.inputs.some(({ dtype }) => dtype !== 'f32')) return null;
  const lowering = definition.lower(node);
  const [x = null] = inputs;
  if (keepsZeros(definition, lowering)) return zerosOf(evaluated(definition, node, inputs));
  if (lowering.kind !== 'elementwise') return null;
  // the divisor decides no zero: over zero there is none
  if (lowering.instruction === 'div') return zerosOf(evaluated(definition, node, [x, null]));
  return isZeroOfZeros(definition, node) ? union(node, inputs) : null;
};

/**
 * Whether an op moves its elements, or adds up products of them with factors that are not negative, as those
 * of path sets are: then it is above zero for patterns exactly where it may be other than zero for values.
 */
const keepsZeros = ({ paths }: OpDefinition, lowering: Lowering): boolean => {
  const { kind } = lowering;
  if (kind === 'leaf' || kind === 'constant') return true;
  if (kind === 'alias' || kind === 'copies' || kind === 'broadcast') return true;
  if (kind === 'elementwise' && lowering.instruction === 'mul') return true;
  return paths.kind === 'weight' || (paths.kind === 'linear' && paths.join === undefined);
};

const evaluated = (
  { evaluate }: OpDefinition,
  node: Tensor,
  inputs: readonly (Pattern | null)[],
): Float64Array =>
  evaluate(
    inputs.map((p, i) =>
      p === null ? new Float64Array(size(node.inputs[i]!.shape)).fill(1) : Float64Array.from(p),
    ),
    node,
  );

const isZeroOfZeros = ({ evaluate }: OpDefinition, node: Tensor): boolean =>
  evaluate(
    node.inputs.map(() => Float64Array.of(0)),
    { ...node, shape: [] },
  )[0] === 0;

const union = (node: Tensor, inputs: readonly (Pattern | null)[]): Pattern => {
  const pattern = new Uint8Array(size(node.shape));
  for (const p of inputs) {
    if (p === null) return pattern.fill(1);
    for (let j = 0; j < pattern.length; j++) pattern[j]! |= p[j % p.length]!;
  }
  return pattern;
};

/*
 * Note [Patterns, not values] Masks say which numbers are zero, not what the others are: a weight minus its
 * mean is zero everywhere if it is evaluated for its mask of ones, and almost nowhere in truth. So zeros are
 * followed through the graph instead. Movements take them along, a product is zero where one factor is, a sum
 * where all its terms are, and a function of single elements where it makes zero of zeros; whatever else an
 * op does, its result counts as other than zero. Values of weights that cancel each other are one step of
 * training away from not doing so, and count as live for that reason.
 */
