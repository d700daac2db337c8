import { nameOf } from '../../graph/graph.js';
import { stateName } from '../../graph/state-names.js';
import { ops } from '../../ops/registry.js';
import type { Criterion } from '../criterion.js';

/** |theta| at initialisation. More rounds give the same mask. */
export const magnitude = (): Criterion => ({
  kind: 'criterion',
  name: 'magnitude',
  doc: 'size of the weight',
  data: 'none',
  rounds: { kind: 'any', usual: 1 },
  cost: {},
  monotone: true,
  score: (view) => ({ scores: view.weights.map((w) => ops.abs(w)), total: null }),
});

/** A standard normal number for each weight, drawn from the seed: state 'noise/<weight>'. */
export const random = (): Criterion => ({
  kind: 'criterion',
  name: 'random',
  doc: 'a random number for each weight',
  data: 'none',
  rounds: { kind: 'any', usual: 1 },
  cost: {},
  monotone: true,
  score: (view) => ({
    scores: view.weights.map((w) => ops.state(stateName('noise', nameOf(w)), w.shape, { role: 'noise' })),
    total: null,
  }),
});
