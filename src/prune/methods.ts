import { fail } from '../errors.js';
import type { Criterion } from './criterion.js';
import { logSynflow } from './criteria/logsynflow.js';
import { magnitude, random } from './criteria/magnitude.js';
import { ntkSap, type NtkSapOptions } from './criteria/ntk-sap.js';
import { grasp, type GraspOptions } from './criteria/grasp.js';
import { impCriterion, type ImpOptions } from './criteria/imp.js';
import { force, iterSnip } from './criteria/iter-snip.js';
import { px, type PxOptions } from './criteria/px.js';
import { snip } from './criteria/snip.js';
import { synflow, synflowL2, type SynflowL2Options } from './criteria/synflow.js';
import type { PathOptions } from './criteria/path-score.js';

/** Every method with the options that its scores depend on: `{ method: 'px', mode: 'px-gated' }`. */
export type CriterionOptions =
  | ({ readonly method: 'px' } & PxOptions)
  | ({ readonly method: 'synflow' } & PathOptions)
  | ({ readonly method: 'synflow-l2' } & SynflowL2Options)
  | ({ readonly method: 'logsynflow' } & PathOptions)
  | { readonly method: 'snip'; readonly statistics?: 'batch' | 'stored' }
  | { readonly method: 'itersnip' }
  | { readonly method: 'force' }
  | ({ readonly method: 'grasp' } & GraspOptions)
  | ({ readonly method: 'ntk-sap' } & NtkSapOptions)
  | { readonly method: 'magnitude' }
  | { readonly method: 'random' }
  | { readonly method: 'imp' };
/** Every method with all options it takes. */
export type MethodOptions = Exclude<CriterionOptions, { readonly method: 'imp' }> | ({ readonly method: 'imp' } & ImpOptions);
export type Method = MethodOptions['method'];

export const METHODS: readonly Method[] = ['px', 'synflow', 'synflow-l2', 'logsynflow', 'snip', 'itersnip', 'force', 'grasp', 'ntk-sap', 'magnitude', 'random', 'imp'];

export const criterionOf = (options: CriterionOptions): Criterion => {
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
      return iterSnip();
    case 'force':
      return force();
    case 'grasp':
      return grasp(options);
    case 'ntk-sap':
      return ntkSap(options);
    case 'magnitude':
      return magnitude();
    case 'random':
      return random();
    case 'imp':
      return impCriterion();
  }
};

export const isMethod = (name: string): name is Method => (METHODS as readonly string[]).includes(name);
export const methodOf = (name: string): Method => (isMethod(name) ? name : fail('OPTION', `method: '${name}' is unknown; choose ${METHODS.join(', ')}`));
