import type { Tensor } from '../tensor/tensor.js';

/**
 * Where the units of an op's output are made: the places along its last axis (channels, columns), from those
 * of its inputs. Together with `paths` it tells walks, connectivity and compaction what becomes of a unit, so
 * that none of them knows an op by its name.
 */
export type UnitRule =
  /** Unit k is made of unit k of every input alone; an input without axes reaches them all. */
  | { readonly kind: 'stay' }
  /**
   * Unit k is unit from[k] of the only input, at the same or another place of the other axes; null where it
   * is of none.
   */
  | { readonly kind: 'moved'; readonly from: readonly (number | null)[] }
  /** The inputs one after the other: their units, or places of another axis, where each unit stays. */
  | { readonly kind: 'parts'; readonly along: 'units' | 'places' }
  /** Sums over the units of input 0, weighed by input 1. */
  | LayerRule
  /** Every unit may be made of all units of all inputs. `why` completes "the op ...". */
  | { readonly kind: 'mixed'; readonly why: string };

/**
 * Unit o is the sum over i and t of unit i of input 0 times the weight at place o * strides[0] + i *
 * strides[1] + t * strides[2]: that element of input 1.
 */
export interface LayerRule {
  readonly kind: 'layer';
  readonly outputs: number;
  readonly inputs: number;
  /** Places in the kernel. */
  readonly taps: number;
  readonly strides: readonly [output: number, input: number, tap: number];
  /** The places of the weights that exist, which input 1 has in this order; all others are zero. */
  readonly places?: readonly number[];
}

export type UnitsOf = (node: Tensor) => UnitRule;

/** The length of the last axis; 1 for a scalar. */
export const unitCount = (t: Pick<Tensor, 'shape'>): number => t.shape[t.shape.length - 1] ?? 1;

/** Places of one image that a unit has: the length of the axes between the batch and the last. */
export const placesOf = ({ shape }: Pick<Tensor, 'shape'>): number =>
  shape.slice(1, -1).reduce((n, d) => n * d, 1);

const STAY: UnitRule = { kind: 'stay' };
const MIXED: UnitRule = { kind: 'mixed', why: 'mixes or moves the last axis' };

export const unitsStay: UnitsOf = () => STAY;
/** Units stay where `holds`; otherwise the last axis becomes another or is reduced. */
export const stayIf = (holds: boolean): UnitRule => (holds ? STAY : MIXED);

export const unitsMix =
  (why: string): UnitsOf =>
  () => ({ kind: 'mixed', why });
