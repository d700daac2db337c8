import { fail } from '../errors.js';
import { isImageConvolution, isWeightGradient, traitsOf } from '../plan/traits.js';
import { size } from '../tensor/tensor.js';
import { loweringOf } from './fuse.js';
import type { Pass } from './pass.js';
import type { Bound, Scheduled, Unit } from './stages.js';

/** The order of a plan's steps. See Note [Neighbours]. */

/** Elements up to which a step is over before another launch would have begun. */
export const SMALL = 2048;

/** Which of the units that are ready comes first. */
type Turn = 'first' | 'small' | 'gradient' | 'as written' | 'last';
const TURNS: readonly Turn[] = ['first', 'small', 'gradient', 'as written', 'last'];

const isMap = (u: Unit): boolean =>
  u.kind === 'fused' && u.roots.every((r) => loweringOf(r).kind !== 'reduce');

const isSmall = (u: Unit): boolean => {
  if (u.kind === 'fused') return size(u.shape) <= SMALL;
  const lowering = loweringOf(u.node);
  return lowering.kind === 'call' && traitsOf(lowering).short === true && size(u.node.shape) <= SMALL;
};

const turnOf = (u: Unit, needs: ReadonlySet<Unit>, users: readonly Unit[]): Turn => {
  if (needs.size === 0 && isMap(u)) return 'first';
  if (users.length === 0 && isMap(u)) return 'last';
  if (isSmall(u)) return 'small';
  return u.kind === 'call' && isWeightGradient(loweringOf(u.node)) ? 'gradient' : 'as written';
};

/** Units in dependency order, given for each what must run before it. */
const schedule = (units: readonly Unit[], before: ReadonlyMap<Unit, ReadonlySet<Unit>>): Unit[] => {
  const waiting = new Map(units.map((u) => [u, before.get(u)!.size]));
  const after = new Map<Unit, Unit[]>(units.map((u) => [u, []]));
  for (const [u, needs] of before) for (const n of needs) after.get(n)!.push(u);
  const rank = new Map(
    units.map((u, i) => [u, TURNS.indexOf(turnOf(u, before.get(u)!, after.get(u)!)) * units.length + i]),
  );
  const ready: Unit[] = []; // the next one last
  const add = (unit: Unit): void => {
    let [from, to] = [0, ready.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (rank.get(ready[middle]!)! > rank.get(unit)!) from = middle + 1;
      else to = middle;
    }
    ready.splice(from, 0, unit);
  };
  units.filter((u) => waiting.get(u) === 0).forEach(add);
  const done: Unit[] = [];
  for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
    done.push(unit);
    for (const u of after.get(unit)!) {
      waiting.set(u, waiting.get(u)! - 1);
      if (waiting.get(u) === 0) add(u);
    }
  }
  return done.length === units.length
    ? besideReaders(done, after)
    : fail('GRAPH', 'compile: the fused steps depend on each other in a circle');
};

/**
 * Convolutions directly before the map that is their first reader. What stood between them needs nothing of
 * them.
 */
const besideReaders = (order: readonly Unit[], after: ReadonlyMap<Unit, readonly Unit[]>): Unit[] => {
  const moved = [...order];
  const place = new Map(moved.map((u, i) => [u, i]));
  for (let at = moved.length - 1; at >= 0; at--) {
    const unit = moved[at]!;
    if (unit.kind !== 'call' || !isImageConvolution(loweringOf(unit.node))) continue;
    const reader = after.get(unit)!.reduce((first, u) => Math.min(first, place.get(u)!), moved.length);
    if (reader === moved.length || reader === at + 1 || !isMap(moved[reader]!)) continue;
    moved.splice(reader - 1, 0, ...moved.splice(at, 1));
    for (let i = at; i < reader; i++) place.set(moved[i]!, i);
  }
  return moved;
};

export const schedulePass: Pass<Bound, Scheduled> = {
  name: 'schedule',
  doc: 'the order of the steps',
  run: (bound) => ({ ...bound, scheduled: schedule(bound.fusion.units, bound.before) }),
};

/*
 * Note [Neighbours]
 *
 * Any order that respects `before` computes the same. This one puts together what a device can do together or
 * what shares memory that is still near: maps of state alone (masked weights) at the start, and those that
 * nothing waits for (the optimiser's) at the end, side by side; steps on few elements (statistics of
 * channels, losses) at once after the reduction that they wait for; gradients of weights right after the
 * value they are taken from, which then need not be kept; convolutions before the map that reads them first,
 * since a device may run both as one. All else as the graph was written.
 */
