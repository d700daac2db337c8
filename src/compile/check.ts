import { fail } from '../errors.js';
import { bytesOf, overlap } from '../plan/memory.js';
import { readsOf, writesOf, type Plan } from '../plan/plan.js';
import { loweringOf } from './fuse.js';
import type { Bound, Fused, Narrowed, Scheduled, Unit } from './stages.js';

/** What must hold between the passes, once there are units; `graph/check.ts` checks the graphs before. */

const refuse = (after: string, what: string): never =>
  fail('GRAPH', `compile: invalid after pass '${after}': ${what}`);

/** Every stored value is written by one unit, and every unit runs once, after all that must run before it. */
export const checkUnits = (from: Fused | Bound | Scheduled | Narrowed, after: string): void => {
  const { stored, unitOf, units, order } = from.fusion;
  for (const value of stored) {
    const { kind } = loweringOf(value);
    if (!unitOf.has(value) && kind !== 'leaf' && kind !== 'alias')
      refuse(after, `nothing writes ${value.op} at '${value.path}'`);
  }
  const known = new Set(units);
  const before = 'before' in from ? from.before : from.fusion.before;
  for (const unit of units) {
    for (const need of before.get(unit) ?? refuse(after, `${nameOf(unit)} is not ordered`)) {
      if (!known.has(need)) refuse(after, `${nameOf(unit)} waits for a unit that never runs`);
      if (order.follows(need, unit)) refuse(after, `${nameOf(unit)} waits for itself`);
    }
  }
  if (!('scheduled' in from)) return;
  const done = new Set<Unit>();
  for (const unit of from.scheduled) {
    if (done.has(unit)) refuse(after, `${nameOf(unit)} runs twice`);
    for (const need of before.get(unit)!)
      if (!done.has(need)) refuse(after, `${nameOf(unit)} runs before ${nameOf(need)}, which it needs`);
    done.add(unit);
  }
  if (done.size !== units.length) refuse(after, `${units.length - done.size} units never run`);
};

const nameOf = (unit: Unit): string => {
  const { op, path } = unit.kind === 'call' ? unit.node : unit.roots[0]!;
  return `${op} at '${path}'`;
};

/** Every value of the arena and every output is written before it is read. */
export const checkSteps = (plan: Plan, after: string): void => {
  const written = new Set<number>();
  for (const step of plan.steps) {
    for (const b of readsOf(step)) {
      const { in: space } = plan.buffers[b]!.place;
      if ((space === 'arena' || space === 'output') && !written.has(b))
        refuse(after, `step '${step.name}' reads buffer ${b} before anything writes it`);
    }
    writesOf(step).forEach((b) => written.add(b));
  }
};

/** Values of the arena stay there until their last reader: nothing is written over them before. */
export const checkPlaces = (plan: Plan, after: string): void => {
  checkSteps(plan, after);
  const held = new Set<number>();
  for (const step of plan.steps) {
    for (const b of readsOf(step))
      if (plan.buffers[b]!.place.in === 'arena' && !held.has(b))
        refuse(after, `step '${step.name}' reads buffer ${b}, which another value has overwritten`);
    for (const b of writesOf(step)) {
      const { place } = plan.buffers[b]!;
      if (place.in !== 'arena') continue;
      if (place.at + bytesOf(plan.buffers[b]!) > plan.arenaBytes)
        refuse(after, `buffer ${b} ends beyond the arena`);
      held.forEach((other) => other !== b && overlap(plan, other, b) && held.delete(other));
      held.add(b);
    }
  }
};
