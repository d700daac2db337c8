import { fail } from '../errors.js';
import { checkValue, listOf, text } from '../kinds.js';
import { checkKeys, checkWord, didYouMean, showValue } from '../options.js';
import { COMMON_OPTIONS } from './common-options.js';
import type { Criterion } from './criterion.js';
import { grasp, GRASP_OPTIONS } from './criteria/grasp.js';
import { impCriterion, IMP_OPTIONS, type ImpOptions } from './criteria/imp.js';
import { force, iterSnip } from './criteria/iter-snip.js';
import { logSynflow } from './criteria/logsynflow.js';
import { magnitude, random } from './criteria/magnitude.js';
import { ntkSap, NTK_SAP_OPTIONS } from './criteria/ntk-sap.js';
import { PATH_OPTIONS } from './criteria/path-score.js';
import { phew } from './criteria/phew.js';
import { prospr, PROSPR_OPTIONS } from './criteria/prospr.js';
import { px, PX_OPTIONS } from './criteria/px.js';
import { snip, SNIP_OPTIONS } from './criteria/snip.js';
import { synflow, synflowL2, SYNFLOW_L2_OPTIONS } from './criteria/synflow.js';
import type { HostMethod } from './method.js';
import { readOptions, settle, type OptionsOf } from './options.js';

/**
 * The options of every method that are plain values; the names of this record are the names of the methods.
 */
export const METHOD_OPTIONS = {
  px: PX_OPTIONS,
  synflow: PATH_OPTIONS,
  'synflow-l2': SYNFLOW_L2_OPTIONS,
  logsynflow: PATH_OPTIONS,
  snip: SNIP_OPTIONS,
  itersnip: {},
  force: {},
  grasp: GRASP_OPTIONS,
  prospr: PROSPR_OPTIONS,
  'ntk-sap': NTK_SAP_OPTIONS,
  phew: {},
  magnitude: {},
  random: {},
  imp: {},
} as const;
export type Method = keyof typeof METHOD_OPTIONS;
/** Every method with these options: `{ method: 'px', mode: 'px-gated' }`. */
export type CriterionOptions = {
  readonly [M in Method]: { readonly method: M } & OptionsOf<(typeof METHOD_OPTIONS)[M]>;
}[Method];
/** Every method with all options it takes: IMP also needs what it trains on, and how. */
export type MethodOptions =
  Exclude<CriterionOptions, { readonly method: 'imp' }> | ({ readonly method: 'imp' } & ImpOptions);

/** In the order of the record, which holds no other names. */
export const METHODS = Object.keys(METHOD_OPTIONS) as readonly Method[];

/** The ways to find a mask; prune() knows what to do with each. */
export type Procedure = Criterion | HostMethod;

/** Throws OPTION unless `options` name a method. */
export const checkMethod = (where: string, options: { readonly method: Method }): void => {
  if (typeof options !== 'object' || options === null)
    fail('OPTION', `${where}: options are ${showValue(options)}; give an object such as { method: 'px' }`);
  checkWord(`${where}: method`, options.method, METHODS);
};

/** The method's own of options that may be all of prune's. */
const ownOptions = (options: CriterionOptions): CriterionOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => !Object.hasOwn(COMMON_OPTIONS, name)),
  ) as CriterionOptions; // those that were left out are none of a method's

/** Throws OPTION for an unknown method, and for options that neither it nor prune() has. */
export const procedureOf = (given: CriterionOptions): Procedure => {
  checkMethod('procedureOf', given);
  const options = ownOptions(given);
  switch (options.method) {
    case 'px':
      return px(options);
    case 'synflow':
      return synflow(options);
    case 'synflow-l2':
      return synflowL2(options);
    case 'logsynflow':
      return logSynflow(options);
    case 'snip':
      return snip(options);
    case 'itersnip':
      return withoutOptions(options, iterSnip);
    case 'force':
      return withoutOptions(options, force);
    case 'grasp':
      return grasp(options);
    case 'prospr':
      return prospr(options);
    case 'ntk-sap':
      return ntkSap(options);
    case 'phew':
      return withoutOptions(options, phew);
    case 'magnitude':
      return withoutOptions(options, magnitude);
    case 'random':
      return withoutOptions(options, random);
    case 'imp':
      checkKeys<Readonly<Record<string, unknown>>>('imp', options, { ...IMP_OPTIONS, method: true });
      return impCriterion();
  }
};

const withoutOptions = (options: CriterionOptions, make: () => Procedure): Procedure => {
  settle(options.method, {}, options);
  return make();
};

/**
 * The criterion of a method that is one. Throws OPTION for the others: they have no programs and no scores.
 */
export const criterionOf = (options: CriterionOptions): Criterion => {
  const procedure = procedureOf(options);
  return procedure.kind === 'criterion'
    ? procedure
    : fail('OPTION', `${procedure.name}: it scores no weights on a device; choose another method`);
};

export const isMethod = (name: string): name is Method => Object.hasOwn(METHOD_OPTIONS, name);
export const methodOf = (name: string): Method =>
  isMethod(name)
    ? name
    : fail(
        'OPTION',
        `method: ${showValue(name)} is unknown${didYouMean(String(name), METHODS)}; choose ${METHODS.join(', ')}`,
      );

const TEXTS = listOf(text, "texts such as 'mode=px-gated'");

/**
 * A method and its options from text: `readMethod('grasp', ['temperature=1'])`. Throws OPTION for what none
 * of them takes.
 */
export const readMethod = (name: string, options: readonly string[]): CriterionOptions => {
  const method = methodOf(name);
  checkValue('readMethod: options', options, TEXTS);
  // The options were read by this very method's record.
  return { method, ...readOptions(method, METHOD_OPTIONS[method], options) } as CriterionOptions;
};
