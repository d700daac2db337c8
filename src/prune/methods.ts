import { fail } from '../errors.js';
import type { Criterion } from './criterion.js';
import { logSynflow } from './criteria/logsynflow.js';
import { magnitude, random } from './criteria/magnitude.js';
import { ntkSap, type NtkSapOptions } from './criteria/ntk-sap.js';
import { grasp, type GraspOptions } from './criteria/grasp.js';
import { force, iterSnip } from './criteria/iter-snip.js';
import { px, type PxOptions } from './criteria/px.js';
import { snip } from './criteria/snip.js';
import { synflow, synflowL2, type SynflowL2Options } from './criteria/synflow.js';
import type { PathOptions } from './criteria/path-score.js';

/** Every method with the options it takes: `{ method: 'px', mode: 'px-gated' }`. */
export type MethodOptions =
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
  | { readonly method: 'random' };
export type Method = MethodOptions['method'];

export const METHODS: readonly Method[] = ['px', 'synflow', 'synflow-l2', 'logsynflow', 'snip', 'itersnip', 'force', 'grasp', 'ntk-sap', 'magnitude', 'random'];

export const criterionOf = (options: MethodOptions): Criterion => {
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
  }
};

export const isMethod = (name: string): name is Method => (METHODS as readonly string[]).includes(name);
export const methodOf = (name: string): Method => (isMethod(name) ? name : fail('OPTION', `method: '${name}' is unknown; choose ${METHODS.join(', ')}`));
