import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, type Kind } from '../kinds.js';
import { checkCriterion } from './check-criterion.js';
import { IMP_OPTIONS } from './criteria/imp.js';
import type { Criterion } from './criterion.js';
import {
  checkMethod,
  METHOD_OPTIONS,
  METHODS,
  procedureOf,
  type CriterionOptions,
  type Procedure,
} from './methods.js';

/** A criterion of a script's own, in the place of a method's name and options. */
export interface OwnCriterion {
  readonly criterion: Criterion;
  readonly method?: never;
}
type Chosen = CriterionOptions | OwnCriterion;

/** The names of the options that a choice takes besides those that all take. */
const ownNames = (options: Chosen): readonly string[] => {
  if (options.method === undefined) return ['criterion'];
  return ['method', ...Object.keys(options.method === 'imp' ? IMP_OPTIONS : METHOD_OPTIONS[options.method])];
};

/** Throws OPTION for options that name no method and hold no criterion, or both. */
const checkChoice = (where: string, options: Chosen): void => {
  if (typeof options !== 'object' || options === null || options.method !== undefined) {
    if (Object.hasOwn(Object(options), 'criterion'))
      fail('OPTION', `${where}: method and criterion are given; leave one of them out`);
    return checkMethod(where, options as CriterionOptions); // which says so where it is none
  }
  if (options.criterion === undefined)
    fail(
      'OPTION',
      `${where}: method is missing; choose from ${METHODS.join(', ')}, or give a criterion of your own as criterion`,
    );
  checkCriterion(`${where}: criterion`, options.criterion);
};

/**
 * The method that options name, or the criterion that they hold, after a check of all names and of the values
 * of the `common` options. Throws OPTION for what is neither, or both.
 */
export const chosen = (where: string, options: Chosen, common: Readonly<Record<string, Kind>>): Procedure => {
  checkChoice(where, options);
  const own = ownNames(options).map((name) => [name, kinds.anything] as const);
  const given: Readonly<Record<string, unknown>> = { ...options };
  checkOptions(where, given, { ...common, ...Object.fromEntries(own) });
  return options.method === undefined ? options.criterion : procedureOf(options);
};
