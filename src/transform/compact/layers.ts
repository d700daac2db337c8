import { definitionOf, make, ops, type OpName } from '../../ops/registry.js';
import { sameOver } from '../../ops/op.js';
import type { LayerRule } from '../../ops/units.js';
import { size, stridesOf, type Shape, type Tensor } from '../../tensor/tensor.js';
import { indexOf } from './select.js';

/** A weight as the compacted network has it: a value for each live place of the dense one. */
export interface LiveWeight {
  /** State [nnz]; null where nothing is live. */
  readonly values: Tensor | null;
  /** Flat places in the dense weight, ascending. */
  readonly places: Int32Array;
}

/** What a layer of a compacted network is made with. */
export type Form = 'removed' | 'sparse' | 'dense';

/** What decides between the forms of a layer. */
export interface LayerShape {
  /** The kernel between the units that are left. */
  readonly kernel: Shape;
  /** Weights that are left in it. */
  readonly live: number;
  /** Units on either side. */
  readonly inputs: number;
  readonly outputs: number;
  /** The layer in the dense network. */
  readonly node: Tensor;
}

/** A layer between some of its units. */
export interface Restricted {
  readonly node: Tensor;
  readonly rule: LayerRule;
  /** Over the units of `inputs`. */
  readonly x: Tensor;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** A dense kernel between some units: its places in the whole one. */
interface Restriction {
  readonly kernel: Shape;
  /** The place in the restricted kernel of a place in the whole one; -1 for none. */
  readonly placeOf: (place: number) => number;
}

const restriction = (weight: Shape, { rule, inputs, outputs }: Restricted): Restriction => {
  const strides = stridesOf(weight);
  const [outputStride, inputStride] = rule.strides;
  // where axes of one element make two strides equal, either is right
  const axisOf = (stride: number, count: number): number =>
    weight.findIndex((d, axis) => strides[axis] === stride && d === count);
  const [outputAxis, inputAxis] = [axisOf(outputStride, rule.outputs), axisOf(inputStride, rule.inputs)];
  const numbersOf = (units: readonly number[], count: number): Int32Array => {
    const numbers = new Int32Array(count).fill(-1);
    units.forEach((unit, i) => (numbers[unit] = i));
    return numbers;
  };
  const outputNumber = numbersOf(outputs, rule.outputs);
  const inputNumber = numbersOf(inputs, rule.inputs);
  const kernel = weight.map((d, axis) => {
    if (axis === outputAxis) return outputs.length;
    return axis === inputAxis ? inputs.length : d;
  });
  const own = stridesOf(kernel);
  const placeOf = (place: number): number => {
    let to = 0;
    for (let axis = 0; axis < weight.length; axis++) {
      const at = Math.floor(place / strides[axis]!) % weight[axis]!;
      let number = at;
      if (axis === outputAxis) number = outputNumber[at]!;
      else if (axis === inputAxis) number = inputNumber[at]!;
      if (number < 0) return -1;
      to += number * own[axis]!;
    }
    return to;
  };
  return { kernel, placeOf };
};

/** The weights of a layer that lie between its units: their numbers among the live ones, and their places. */
const restricted = (
  { places }: LiveWeight,
  { placeOf }: Restriction,
): { readonly numbers: readonly number[]; readonly index: readonly number[] } => {
  const [numbers, index]: [number[], number[]] = [[], []];
  places.forEach((place, number) => {
    const to = placeOf(place);
    if (to < 0) return;
    numbers.push(number);
    index.push(to);
  });
  return { numbers, index };
};

const dense = ({ node, x }: Restricted, weight: Tensor): Tensor =>
  make(node.op as OpName, [x, weight], sameOver(node), node.path); // a node's op is the name of one

/** Values at flat places of a tensor, zero elsewhere. */
const scattered = (values: Tensor, places: readonly number[], shape: Shape): Tensor => {
  const count = size(shape);
  const flat = places.length === count ? values : ops.scatterAdd(values, indexOf(places), count);
  return ops.reshape(flat, shape);
};

/** The whole weight, zero where nothing is live. */
export const denseWeight = ({ shape }: Tensor, { values, places }: LiveWeight): Tensor =>
  values === null ? ops.constant(shape, 0) : scattered(values, [...places], shape);

/** A layer whose weight has live places alone; null where none of them lies between its units. */
export const liveLayer = (
  layer: Restricted,
  shape: Shape,
  weight: LiveWeight,
  choose: (layer: LayerShape) => 'sparse' | 'dense',
): { readonly output: Tensor; readonly form: Form; readonly live: number } | null => {
  const { node, x } = layer;
  const to = restriction(shape, layer);
  const { numbers, index } = restricted(weight, to);
  const live = index.length;
  if (weight.values === null || live === 0) return null;
  const isAll = live === weight.places.length;
  const values = isAll ? weight.values : ops.gather(weight.values, indexOf(numbers));
  const { sparse } = definitionOf(node.op);
  const form =
    sparse === undefined
      ? 'dense'
      : choose({ kernel: to.kernel, live, inputs: layer.inputs.length, outputs: layer.outputs.length, node });
  if (form === 'sparse') {
    const output = sparse!(ops, node, { x, values, index: indexOf(index), kernel: to.kernel });
    return { output, form, live };
  }
  return { output: dense(layer, scattered(values, index, to.kernel)), form, live };
};

/** A layer whose weight is some expression: that of the units in question is taken out of it. */
export const anyLayer = (layer: Restricted, weight: Tensor): Tensor => {
  const { kernel, placeOf } = restriction(weight.shape, layer);
  const all = size(weight.shape);
  if (size(kernel) === all) return dense(layer, weight);
  const places = Array.from({ length: all }, (_, place) => place).filter((place) => placeOf(place) >= 0);
  const taken = ops.gather(ops.reshape(weight, [all]), indexOf(places));
  return dense(layer, ops.reshape(taken, kernel));
};
