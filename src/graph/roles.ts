import type { ROLES } from '../ops/attributes.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * What a state leaf is for. `weight`s are the prunable set: every conv and linear weight, nothing else.
 * `values` are what is left of a weight in a compacted network.
 */
export type Role = (typeof ROLES)[number];

/** How a state leaf starts. `fanIn` counts the inputs of one output unit. */
export type Initialiser =
  | { readonly kind: 'kaimingNormal'; readonly fanIn: number } // N(0, 2 / fanIn), He et al. 2015
  | { readonly kind: 'uniform'; readonly bound: number } // U(-bound, bound)
  | { readonly kind: 'constant'; readonly value: number };

export const roleOf = (leaf: Tensor): Role | undefined => leaf.attributes['role'] as Role | undefined;
export const initialiserOf = (leaf: Tensor): Initialiser | undefined =>
  leaf.attributes['init'] as unknown as Initialiser | undefined;

const LEARNT: readonly (Role | undefined)[] = ['weight', 'values', 'bias', 'scale', 'shift'];
export const isLearnt = (leaf: Tensor): boolean => LEARNT.includes(roleOf(leaf));
export const isPrunable = (leaf: Tensor): boolean => roleOf(leaf) === 'weight';
