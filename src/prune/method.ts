import { checkValue, type Kind } from '../kinds.js';
import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import type { TargetValues } from '../source/targets.js';
import type { Masks } from '../transform/mask.js';

/**
 * One minibatch of the pruning split: normalised NHWC images and their labels. All minibatches have one size.
 */
export interface Minibatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}
/** One with the targets of any task, by name. */
export interface TargetMinibatch {
  readonly images: Float32Array;
  readonly targets: Readonly<Record<string, TargetValues>>;
}
export type AnyMinibatch = Minibatch | TargetMinibatch;

/** The targets of a minibatch by name. */
export const targetsOf = (minibatch: AnyMinibatch): Readonly<Record<string, TargetValues>> =>
  'targets' in minibatch ? minibatch.targets : { labels: minibatch.labels };

export interface RoundReport {
  readonly round: number;
  readonly rounds: number;
  /** Survivors after the round, of the weights that are ranked. */
  readonly live: number;
  /** log2 of the flow Q before the round; null where the method has none. */
  readonly log2Flow: number | null;
  /**
   * Survivors whose score is exactly zero: the order of the layers chose them, no score did. Null where the
   * method has a flow, which says when nothing is left, or no scores.
   */
  readonly zeroScores: number | null;
  /**
   * From the end of the round before to the end of this one, by the device's marks; of a host method, by the
   * host's clock.
   */
  readonly seconds: number;
}

/**
 * Work as passes through the network. A derivative of a derivative (`second`) is counted apart: it visits the
 * backward pass as well.
 */
export interface Passes {
  readonly forward: number;
  readonly backward: number;
  readonly second?: number;
}

/** What one round of a method costs; no passes where it looks at the weights alone. */
export interface Cost {
  readonly perMinibatch?: Passes;
  /** Passes of a single image, whatever the data. */
  readonly perRound?: Passes;
  /** Every round is a whole training. */
  readonly training?: true;
}

/** What every method says of itself, in whatever way it finds its mask. */
export interface MethodFacts {
  readonly name: string;
  readonly doc: string;
  /** What it reads of the pruning split. */
  readonly data: 'none' | 'images' | 'labelled images';
  /** Single-shot methods refuse more than one round, for the reason given. */
  readonly rounds:
    { readonly kind: 'any'; readonly usual: number } | { readonly kind: 'single'; readonly why: string };
  readonly cost: Cost;
  /** How often a round passes over its minibatches, for methods that draw noise. Default 1. */
  readonly resamplings?: number;
}

/** A method that needs no device: it chooses weights on the host, from the weights alone. */
export interface HostMethod extends MethodFacts {
  readonly kind: 'host';
  /** The masks of all prunable weights, in layer order. */
  readonly choose: (
    net: Network,
    weights: Weights,
    settings: { readonly density: number; readonly seed: number; readonly signal: AbortSignal | null },
  ) => Promise<Masks>;
}

const facts: Kind = {
  expected: 'a method, as procedureOf gives',
  test: (value) => typeof value === 'object' && value !== null && 'rounds' in value && 'cost' in value,
};

export const usualRounds = (method: MethodFacts): number => {
  checkValue('usualRounds: method', method, facts);
  const { rounds } = method;
  return rounds.kind === 'single' ? 1 : rounds.usual;
};

const showPasses = ({ forward, backward, second = 0 }: Passes, [f, b]: readonly [string, string]): string =>
  (
    [
      [forward, f],
      [backward + 2 * second, b],
    ] as const
  )
    .filter(([n]) => n > 0)
    .map(([n, symbol]) => `${n === 1 ? '' : n}${symbol}`)
    .join(' + ');

/**
 * As a formula of R rounds, S resamplings, M minibatches, F and B a forward and backward pass of a minibatch,
 * f and b of one image, T a training: `R (M 2F + f + b)`. A second derivative counts as 2B, as is usual,
 * though it has as many convolutions and products as 3B.
 */
export const showCost = (method: MethodFacts): string => {
  checkValue('showCost: method', method, facts);
  const {
    cost: { perMinibatch, perRound, training },
    rounds,
    resamplings,
  } = method;
  const factor = (symbol: string, sum: string): string =>
    `${symbol} ${sum.includes(' + ') ? `(${sum})` : sum}`;
  const batches =
    perMinibatch === undefined
      ? []
      : [factor(resamplings === undefined ? 'M' : 'S M', showPasses(perMinibatch, ['F', 'B']))];
  const terms = [...batches, ...(perRound === undefined ? [] : [showPasses(perRound, ['f', 'b'])])];
  if (training === true) terms.push('T');
  if (terms.length === 0) return 'no pass';
  const round = terms.join(' + ');
  if (rounds.kind === 'single') return round;
  return perRound === undefined ? `R ${round}` : factor('R', round);
};
