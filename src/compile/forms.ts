import { check } from '../graph/check.js';
import { print } from '../graph/print.js';
import { checkPlaces, checkSteps, checkUnits } from './check.js';
import type { Form } from './pass.js';
import { printPlan } from './print-plan.js';
import { printUnits } from './print-units.js';
import type { Bound, Emitted, Fused, Graph, Narrowed, Scheduled } from './stages.js';

/** How the forms of a program between its passes are printed and checked. */

export const GRAPH: Form<Graph> = {
  show: ({ roots }) => print(roots),
  check: ({ roots }, after) => check(roots, after),
};

export const UNITS: Form<Fused | Bound> = { show: printUnits, check: checkUnits };
export const SCHEDULED: Form<Scheduled | Narrowed> = { show: printUnits, check: checkUnits };

export const STEPS: Form<Emitted> = {
  show: ({ plan }) => printPlan(plan),
  check: ({ plan }, after) => checkSteps(plan, after),
};
export const PLACED: Form<Emitted> = {
  show: STEPS.show,
  check: ({ plan }, after) => checkPlaces(plan, after),
};
