import { CALLS, type CallAttributes, type CallName, type CallRow } from './calls.js';

/** What the compiler asks of calls beside their sizes. It asks here, not for their names. */
interface Traits {
  /**
   * A convolution or a gradient of one; where its weight is, as its second operand or as its result. All else
   * are images.
   */
  readonly convolution?: { readonly weight: 'second' | 'result' };
  /** Reads and writes float32 and bf16 alike. */
  readonly anyStorage?: true;
  /** On few elements it is over before another launch would have begun. */
  readonly short?: true;
}

/** A call that has no row has none of this. */
const TRAITS: { readonly [K in CallName]?: Traits } = {
  conv2d: { convolution: { weight: 'second' } },
  conv2dInputGrad: { convolution: { weight: 'second' } },
  conv2dWeightGrad: { convolution: { weight: 'result' } },
  gather: { short: true },
  argMax: { short: true },
};

/** A kernel with the attributes that it takes: a step, or an op lowered to one. */
export type Call = {
  [K in CallName]: { readonly kind: 'call'; readonly kernel: K; readonly attributes: CallAttributes<K> };
}[CallName];

/** The same among other steps, or among nodes that are no calls. */
type MaybeCall = Call | { readonly kind: string; readonly kernel?: never };

/** Kernels of our own convert wherever the table leaves the type open. */
const takesAnyStorage = (kernel: CallName): boolean => {
  const { inputs, outputs, cuda }: CallRow = CALLS[kernel];
  return cuda === 'emitted' && [...inputs, ...outputs].every((operand) => /^(real|any)\[/.test(operand));
};

export const traitsOf = ({ kernel }: Pick<Call, 'kernel'>): Traits =>
  takesAnyStorage(kernel) ? { ...TRAITS[kernel], anyStorage: true } : (TRAITS[kernel] ?? {});

/** A convolution whose result is an image: a map may become one with it. */
export const isImageConvolution = (step: { readonly kind: string; readonly kernel?: CallName }): boolean =>
  step.kernel !== undefined && TRAITS[step.kernel]?.convolution?.weight === 'second';

/**
 * A product summed over the batch, for which only the optimiser or a criterion waits: of a convolution, or of
 * a dense layer, whose rows are summed over (the transposed product that matmul is then has no name of its
 * own).
 */
export const isWeightGradient = (step: MaybeCall): boolean =>
  step.kernel !== undefined &&
  (traitsOf(step).convolution?.weight === 'result' ||
    (step.kernel === 'matmul' && step.attributes.transposeA));
