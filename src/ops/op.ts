import { fail } from '../errors.js';
import type { AttributeKinds, AttributesOf } from './attributes.js';
import type { Attributes, Shape, Tensor, TensorType } from '../tensor/tensor.js';
import { showType } from '../tensor/tensor.js';
import type { CallAttributes, CallName } from '../plan/calls.js';
import type { Instruction } from '../plan/instructions.js';
import type { Ops } from './registry.js';
import type { UnitRule } from './units.js';

/** Values of the reference device: every dtype is held in float64. */
export type Values = Float64Array;

/**
 * What an op means in the path algebra (a path = one edge per layer from the input to an output).
 * `carried` inputs depend on the network's input, the others are parameters or constants.
 */
export type PathRule<K extends AttributeKinds = AttributeKinds> =
  /**
   * Unit or relabelling edges; several carried inputs are unions of path sets. By default the op itself runs
   * on the path values of its inputs. `join` says it otherwise: it gets null for an input that no path may
   * come through.
   */
  | {
      readonly kind: 'linear';
      readonly join?: (o: Ops, values: readonly (Tensor | null)[], node: NodeOf<K>) => Tensor;
    }
  /**
   * Bilinear in one carried input and one weight; `elementwise` where each element is one product, not a sum
   * of them.
   */
  | { readonly kind: 'weight'; readonly elementwise?: true }
  /** One carried input divided by a weight. */
  | { readonly kind: 'divide' }
  /**
   * y = gate * z for z the first input, with a gate that is piecewise constant. `controls` are inputs that
   * only choose: no path crosses them.
   */
  | {
      readonly kind: 'gate';
      readonly gate: (o: Ops, node: NodeOf<K>) => Tensor;
      readonly controls?: readonly number[];
    }
  /** Selects one element of each window: `open` keeps every candidate, `chosen` follows z's choice. */
  | {
      readonly kind: 'selection';
      readonly open: (o: Ops, node: NodeOf<K>, v: Tensor) => Tensor;
      readonly chosen: (o: Ops, node: NodeOf<K>, z: Tensor, v: Tensor) => Tensor;
    }
  /** The op has no meaning in the path algebra when its input is carried. */
  | { readonly kind: 'none'; readonly why: string };

/** The inputs of a node that paths come through. */
export const pathInputs = (node: Tensor, rule: PathRule): readonly Tensor[] =>
  rule.kind === 'gate' && rule.controls !== undefined
    ? node.inputs.filter((_, i) => !rule.controls!.includes(i))
    : node.inputs;

/**
 * What a marker stands for where its network is read for inference or for training; `marker` has inputs that
 * are read already. Such an op is never lowered.
 */
export interface ReadingRule {
  readonly inference: (o: Ops, marker: Tensor) => Tensor;
  readonly training: (o: Ops, marker: Tensor, reader: TrainingReader) => Tensor;
}

/** The moments of a batch, one number a channel. */
export interface Moments {
  readonly mean: Tensor;
  /** Biased: divided by count. */
  readonly variance: Tensor;
  readonly count: number;
}

/** What the markers of one network share where it is read for training. */
export interface TrainingReader {
  /** Weight of the batch in running statistics. */
  readonly momentum: number;
  /** The moments of a batch, taken once for all that ask. */
  readonly momentsOf: (x: Tensor) => Moments;
  /**
   * Where random numbers come from, of another stream for each that asks without one of its own; null where
   * nothing is to be random.
   */
  readonly draw: (stream?: number) => { readonly noise: Tensor; readonly stream: number } | null;
  /** A stored value becomes another with the step. */
  readonly update: (stored: Tensor, next: Tensor) => void;
}

/** The lowering of a marker. */
export const unread = (op: string) => (): never =>
  fail(
    'GRAPH',
    `${op}: the graph was not read for inference or training; apply inference() or training() first`,
  );

/** How the compiler lowers a node. Kernel names and attributes are those of the Plan. */
export type Lowering =
  /** Stored from the start: bound by its name, or part of the plan. */
  | { readonly kind: 'leaf'; readonly in: 'state' | 'input'; readonly name: string }
  | { readonly kind: 'leaf'; readonly in: 'constant'; readonly data: readonly number[] }
  /** The immediate of an instruction; all elements of a buffer where it must be stored. */
  | { readonly kind: 'constant'; readonly value: number }
  /** Same elements in the same order: no work. */
  | { readonly kind: 'alias' }
  /** One instruction of a fused step; `load` is what every load does, the conversion to a real number. */
  | { readonly kind: 'elementwise'; readonly instruction: Exclude<Instruction, 'const'> | 'load' }
  /** Input repeated along the axes of the output that are not in `axes`. */
  | { readonly kind: 'broadcast'; readonly axes: readonly number[] }
  | { readonly kind: 'reduce'; readonly op: 'sum' | 'variance' | 'max'; readonly axes: readonly number[] }
  | CallLowering
  /** Strided copies into one destination, which is zeroed first when `cover` is false. */
  | { readonly kind: 'copies'; readonly cover: boolean; readonly copies: readonly Copy[] };

/** A kernel of the plan with the attributes that it takes. */
export type CallLowering = {
  [K in CallName]: {
    readonly kind: 'call';
    readonly kernel: K;
    readonly attributes: CallAttributes<K>;
  };
}[CallName];

/**
 * dst[dstOffset + sum i_k dstStrides[k]] = inputs[input][srcOffset + sum i_k srcStrides[k]], i < dims; in
 * elements.
 */
export interface Copy {
  readonly input: number;
  readonly dims: readonly number[];
  readonly srcOffset: number;
  readonly srcStrides: readonly number[];
  readonly dstOffset: number;
  readonly dstStrides: readonly number[];
}

export interface Cost {
  /** Floating-point operations, a multiply-add counting as two. */
  readonly flops: number;
}

/** What a node computes of what it computed in the network that it was taken from. */
export interface Portion {
  readonly images: number;
  /** Elements of the last axis. */
  readonly units: number;
  /** How many images of the network's batch each image stands for. */
  readonly repeats: number;
}

/** A layer's input, and its weights at places of a kernel that has the axes of the layer's own. */
export interface SparseLayer {
  readonly x: Tensor;
  readonly values: Tensor;
  /** Literal i32, ascending. */
  readonly index: Tensor;
  readonly kernel: Shape;
}

/** How a layer is written with only some of its weights. */
export interface SparseRule<K extends AttributeKinds = AttributeKinds> {
  (o: Ops, node: NodeOf<K>, layer: SparseLayer): Tensor;
}

/** How an op is written with the others, zeros between the weights that exist. */
export interface DenseRule<K extends AttributeKinds> {
  readonly write: (o: Ops, node: NodeOf<K>) => Tensor;
}

/** Everything the product knows about one op; see docs/concepts.md, "One op, one file". */
export interface OpDefinition<K extends AttributeKinds = AttributeKinds> {
  readonly name: string;
  readonly doc: string;
  /**
   * The attributes it has; others, and values of another kind, are a SHAPE error before `infer` is asked. The
   * types of the attributes below follow.
   */
  readonly attributes: K;
  /** Output type, or a SHAPE error. The only shape rule of the op. */
  readonly infer: (inputs: readonly TensorType[], attributes: AttributesOf<K>, where: Where) => TensorType;
  /**
   * Cotangents of the inputs for cotangent dy of the output, in ops that have `vjp` themselves; null where it
   * is zero.
   */
  readonly vjp: (o: Ops, node: NodeOf<K>, dy: Tensor) => readonly (Tensor | null)[];
  readonly paths: PathRule<K>;
  /** Of markers alone. */
  readonly reading?: ReadingRule;
  /** Where the units of its output come from. */
  readonly units: (node: NodeOf<K>) => UnitRule;
  /**
   * The attributes of the same node over a portion of its images and units, whose inputs are over that
   * portion, too; null where images depend on each other. Ops without it are computed over whole batches and
   * all units.
   */
  readonly over?: (node: NodeOf<K>, portion: Portion) => Attributes | null;
  /** Of layers: the same with only some of the weights. */
  readonly sparse?: SparseRule<K>;
  /** Naive float64 loops: the meaning of the op. */
  readonly evaluate: (inputs: readonly Values[], node: NodeOf<K>) => Values;
  readonly cost: (node: NodeOf<K>) => Cost;
  readonly lower: (node: NodeOf<K>) => Lowering;
  /** For targets without sparse kernels; see `Target`. */
  readonly dense?: DenseRule<K>;
  /**
   * Its result is an image that has the last axis of its inputs; ops without say in weights/columns.ts what
   * axes they have.
   */
  readonly columns?: 'image';
}

/** A node of an op whose attributes are of the kinds K. */
export type NodeOf<K extends AttributeKinds> = Omit<Tensor, 'attributes'> & {
  readonly attributes: AttributesOf<K>;
};

/** The definition as the registry holds it, for nodes of any op. */
export const defineOp = <const K extends AttributeKinds>(definition: OpDefinition<K>): OpDefinition =>
  // a node is made after attributeCheck has let its attributes pass, so they are those of K
  definition as unknown as OpDefinition;

/** Where a shape error happened: the op and the layer path. */
export interface Where {
  readonly op: string;
  readonly path: string;
}

/** Throws "op: what differs: left, right; layer path; remedy". */
export const mismatch = (where: Where, what: string, remedy: string): never =>
  fail('SHAPE', `${where.op}: ${what}${where.path === '' ? '' : `; at ${where.path}`}; ${remedy}`);

export const expectCount = (inputs: readonly TensorType[], count: number, where: Where): void => {
  if (inputs.length !== count)
    mismatch(
      where,
      `takes ${count} input${count === 1 ? '' : 's'}, got ${inputs.length}`,
      'pass exactly these',
    );
};

/** Checks the number of inputs and that they are of the real dtype. */
export const expectReals = (inputs: readonly TensorType[], count: number, where: Where): void => {
  expectCount(inputs, count, where);
  for (let i = 0; i < count; i++) {
    const t = inputs[i]!;
    if (t.dtype !== 'f32') mismatch(where, `input ${i} is ${showType(t)}, expected f32`, 'cast it first');
  }
};

export const real = (shape: Shape): TensorType => ({ shape, dtype: 'f32' });
export const at = <T>(xs: readonly T[], i: number): T => {
  const x = xs[i];
  if (x === undefined) throw new RangeError(`index ${i} outside 0..${xs.length - 1}`);
  return x;
};

/** The cost of an op that does `perElement` operations for each element of its output. */
export const perElement =
  (n: number) =>
  (node: Tensor): Cost => ({ flops: n * node.shape.reduce((a, d) => a * d, 1) });
/** One answer for all nodes, such as a lowering, which the compiler asks for many times. */
export const always =
  <A>(answer: A): (() => A) =>
  () =>
    answer;
/** `over` of ops whose attributes say nothing of images and units. */
export const sameOver = <A>({ attributes }: { readonly attributes: A }): A => attributes;
/** The vjp of an op that is constant almost everywhere, or has no differentiable input. */
export const noGradient = (_o: Ops, node: Tensor): readonly null[] => node.inputs.map(() => null);
