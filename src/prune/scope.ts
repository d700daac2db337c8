import { fail } from '../errors.js';
import { nameOf } from '../graph/graph.js';
import { listOf } from '../kinds.js';
import { prunable, type Network } from '../nn/network.js';
import { matchingNames, namePattern, type NamePattern } from '../patterns.js';
import { size, type Tensor } from '../tensor/tensor.js';
import type { Masks } from '../transform/mask.js';
import { allocate, sumOf } from './allocate.js';
import { keepCounts, type Schedule } from './schedule.js';

/**
 * What weights compete with: all others, those of their layer at the density of all, or those of their layer
 * at the density that Erdős-Rényi-Kernel gives it (Evci et al., ICML 2020): proportional to (in + out + kh +
 * kw) / (in out kh kw), layers that would have more than all dense.
 */
export type Scope = 'global' | 'layer' | 'erk';
export const SCOPES = ['global', 'layer', 'erk'] as const satisfies readonly Scope[];

export const EXCLUDE = listOf(
  namePattern,
  "names such as 'fc', patterns such as 'block1.*', or regular expressions",
);

/**
 * Which weights are ranked, in groups that compete among themselves, by their places among the prunable ones.
 */
export type RankGroups = readonly (readonly number[])[];

/**
 * The prunable weights that `exclude` does not name, by themselves or by their layer. Throws OPTION for a
 * pattern that matches nothing, or where none is left.
 */
export const rankedWeights = (net: Network, exclude: readonly NamePattern[]): readonly Tensor[] => {
  const weights = prunable(net);
  const names = weights.flatMap((w) => [nameOf(w), w.path]).filter((name) => name !== '');
  const excluded = matchingNames('prune: exclude', exclude, [...new Set(names)]);
  const ranked = weights.filter((w) => !excluded.has(nameOf(w)) && !excluded.has(w.path));
  if (ranked.length === 0) fail('OPTION', 'prune: exclude names all prunable weights; leave some to prune');
  return ranked;
};

export interface Ranking {
  /** In the order of the network. */
  readonly weights: readonly Tensor[];
  readonly groups: RankGroups;
  /** Survivors of each group after each round. */
  readonly keeps: readonly (readonly number[])[];
  /** Weights that are ranked, and how many of them the start leaves. */
  readonly total: number;
  readonly available: number;
}

const liveOf = (weight: Tensor, masks: Masks | null): number =>
  masks === null ? size(weight.shape) : masks.get(nameOf(weight))!.reduce((n, bit) => n + bit, 0);

/**
 * Who competes with whom, and for how many places in each round. Throws OPTION for a density that keeps none,
 * or more than the masks leave.
 */
export const rankingOf = (
  net: Network,
  weights: readonly Tensor[],
  masks: Masks | null,
  settings: {
    readonly scope: Scope;
    readonly density: number;
    readonly rounds: number;
    readonly schedule: Schedule;
  },
): Ranking => {
  const { scope, density, rounds, schedule } = settings;
  const places = new Map(prunable(net).map((w, i) => [w, i]));
  const own = weights.map((w) => places.get(w)!);
  const sizes = weights.map((w) => size(w.shape));
  const live = weights.map((w) => liveOf(w, masks));
  const [total, available] = [sumOf(sizes), sumOf(live)];
  const counts = keepCounts(total, density, rounds, schedule);
  const isGlobal = scope === 'global';
  const parts = scope === 'erk' ? weights.map((w) => sumOf(w.shape)) : sizes;
  const wanted = counts.map((count) => (isGlobal ? [count] : allocate(parts, sizes, count)));
  const within = isGlobal ? [available] : live;
  wanted[wanted.length - 1]!.forEach((keep, group) => {
    if (keep <= within[group]!) return;
    const [of, where] = isGlobal
      ? [total, '']
      : [sizes[group]!, ` of '${nameOf(weights[group]!)}' in scope '${scope}'`];
    const remedy = isGlobal
      ? `choose a density up to ${available / total}`
      : "choose a lower density, or scope 'global'";
    fail(
      'OPTION',
      `prune: density ${density} keeps ${keep} of ${of} weights${where}, the given masks leave ${within[group]}; ${remedy}`,
    );
  });
  return {
    weights,
    groups: isGlobal ? [own] : own.map((i) => [i]),
    keeps: wanted.map((round) => round.map((keep, group) => Math.min(keep, within[group]!))),
    total,
    available,
  };
};
