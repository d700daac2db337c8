import * as kinds from '../kinds.js';
import { needed, type Kind, type KindsOf } from '../kinds.js';
import { taskKind, type Task } from '../task/task.js';
import type { Masks } from '../transform/mask.js';
import type { AnyMinibatch, RoundReport } from './method.js';
import type { NamePattern } from '../patterns.js';
import type { Schedule } from './schedule.js';
import { EXCLUDE, SCOPES, type Scope } from './scope.js';

/** The options of prune() that all methods have. */
export interface CommonOptions {
  /**
   * Share of the prunable weights that survive, in (0, 1]; of those that are left where some are excluded.
   */
  readonly density: number;
  /** What weights compete with; see Scope. Default 'global'. */
  readonly scope?: Scope;
  /**
   * Weights that are not pruned, by their names or their layers' names: a name such as 'fc', one with `*` for
   * any letters, or a regular expression. They count neither in the density nor in the survivors. Default:
   * none.
   */
  readonly exclude?: readonly NamePattern[];
  /** Default: the method's usual number, 100 for iterative methods and 1 for the others. */
  readonly rounds?: number;
  /** Default 'exponential'. */
  readonly schedule?: Schedule;
  /** Needed by methods that read data; the paper takes ten images of each class. */
  readonly data?: readonly AnyMinibatch[];
  /** What the loss of methods with labels is: as of the training. Default: `classification()`. */
  readonly task?: Task;
  /** For methods that draw numbers. Default 0. */
  readonly seed?: number;
  /**
   * Where to start: weights that these masks prune never come back. `masksOfZeros` makes them from weights
   * that were saved without masks. Not for methods whose removed weights may return (force) or that start
   * from an empty mask (phew). Default: all weights live.
   */
  readonly masks?: Masks | null;
  /**
   * Return a ticket that no path crosses, or most of whose weights have score zero, instead of failing with
   * COLLAPSE. Default false.
   */
  readonly allowCollapse?: boolean;
  readonly onRound?: (report: RoundReport) => void;
  readonly signal?: AbortSignal;
}

const minibatch: Kind = {
  expected: 'a minibatch { images, labels } or { images, targets }, as pruningSplit gives',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    'images' in value &&
    kinds.numbers.test(value.images) &&
    (('labels' in value && kinds.numbers.test(value.labels)) ||
      ('targets' in value && typeof value.targets === 'object' && value.targets !== null)),
};
export const COMMON_OPTIONS: KindsOf<CommonOptions> = {
  density: needed(kinds.numberThat('a number in (0, 1], the share of weights to keep', () => true)), // keepCounts says more of its range
  scope: kinds.wordOf(...SCOPES),
  exclude: EXCLUDE,
  rounds: kinds.positiveInteger,
  schedule: kinds.wordOf('exponential', 'linear'),
  data: kinds.listOf(minibatch, 'minibatches, as pruningSplit gives'),
  task: taskKind,
  seed: kinds.count,
  masks: kinds.orNull(kinds.masksMap),
  allowCollapse: kinds.flag,
  onRound: kinds.callback,
  signal: kinds.signal,
};
