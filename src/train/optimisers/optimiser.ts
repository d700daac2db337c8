import { fail } from '../../errors.js';
import { nameOf } from '../../graph/graph.js';
import { kindOfState, stateName } from '../../graph/state-names.js';
import * as kinds from '../../kinds.js';
import { listOf, needed, optionsOf, type Kind, type KindsOf } from '../../kinds.js';
import { ops } from '../../ops/registry.js';
import { matchesName, matchingNames, namePattern, type NamePattern } from '../../patterns.js';
import type { Tensor } from '../../tensor/tensor.js';

/** What an optimiser gathers of each parameter: state '<moment>/<parameter>'. */
export type Moment = 'velocity' | 'moment/first' | 'moment/second';

const MOMENT = kinds.wordOf('velocity', 'moment/first', 'moment/second');

export const momentName = (moment: Moment, parameter: string): string => {
  const [kind, which] = moment.split('/') as ['velocity' | 'moment', string?];
  return stateName(kind, which === undefined ? parameter : `${which}/${parameter}`);
};

/** The moment of a parameter, zero at the start. */
export const momentOf = (moment: Moment, parameter: Tensor): Tensor => {
  kinds.checkValue('momentOf: moment', moment, MOMENT);
  kinds.checkValue('momentOf: parameter', parameter, kinds.tensor);
  return ops.state(
    momentName(moment, nameOf(parameter)),
    parameter.shape,
    { role: 'velocity', init: { kind: 'constant', value: 0 } },
    parameter.path,
  );
};

/** Of a name that `momentName` made, its parts; undefined for other names. */
export const momentParts = (
  name: string,
): { readonly moment: Moment; readonly parameter: string } | undefined => {
  const kind = kindOfState(name);
  if (kind === 'velocity') return { moment: 'velocity', parameter: name.slice('velocity/'.length) };
  if (kind !== 'moment') return undefined;
  const [, which, ...rest] = name.split('/');
  return { moment: `moment/${which}` as Moment, parameter: rest.join('/') };
};

/** A leaf of state and its next value. */
export type Update = readonly [leaf: Tensor, next: Tensor];

/**
 * How parameters follow from their gradients: a plain value, made by `sgd`, `adam`, `adamW` or a script.
 * Rules keep a masked weight, which is zero and has a zero gradient, at exactly zero.
 */
export interface Optimiser {
  readonly name: string;
  /** Everything that decides its numbers, as JSON would hold it: what checkpoints compare. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What it gathers of each parameter. */
  readonly moments: readonly Moment[];
  /**
   * Values of further scalar inputs at the update number `t`, counted from 1 since the moments were zero.
   * Their names are those that `update` gives to `ops.input(name, [])`.
   */
  readonly inputs?: (t: number) => Readonly<Record<string, number>>;
  /** Next values of parameters and moments. `rate` is a scalar. */
  readonly update: (
    parameters: readonly Tensor[],
    gradients: readonly Tensor[],
    rate: Tensor,
  ) => readonly Update[];
}

export const optimiserKind: Kind = {
  expected: 'an optimiser, as sgd({ momentum: 0.9 }) and adamW() give',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'update' in value &&
    kinds.isFunction(value.update) &&
    'moments' in value &&
    Array.isArray(value.moments) &&
    'settings' in value &&
    typeof value.settings === 'object' &&
    value.settings !== null,
};

/**
 * Parameters that are updated otherwise than the rest, by their names; of several groups that match, the
 * first counts.
 */
export interface ParameterGroup {
  /** Names such as 'fc.weight', patterns such as 'bn*' or /\.bias$/. */
  readonly match: NamePattern | readonly NamePattern[];
  /** Multiplies the rate. Default 1. */
  readonly rate?: number;
  /** In the place of the optimiser's. */
  readonly weightDecay?: number;
}

const patternsKind: Kind = {
  expected: "a pattern such as 'bn*', or an array of them",
  test: (value) => namePattern.test(value) || (Array.isArray(value) && value.every(namePattern.test)),
};
const GROUP: KindsOf<ParameterGroup> = {
  match: needed(patternsKind),
  rate: kinds.fromZero,
  weightDecay: kinds.fromZero,
};
export const groupsKind = listOf(optionsOf(GROUP), 'groups such as { match, weightDecay }');

const patternsOf = ({ match }: ParameterGroup): readonly NamePattern[] =>
  Array.isArray(match) ? (match as readonly NamePattern[]) : [match as NamePattern];

/** Groups as checkpoints compare them. */
export const showGroups = (groups: readonly ParameterGroup[]): unknown =>
  groups.map((group) => ({ ...group, match: patternsOf(group).map(String) }));

/**
 * For each parameter its rate and decay. Throws OPTION for lists that do not fit and for a pattern that
 * matches nothing.
 */
export const eachParameter = <T>(
  where: string,
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  { rate, groups = [], weightDecay }: EachOptions,
  update: (at: {
    readonly parameter: Tensor;
    readonly gradient: Tensor;
    readonly rate: Tensor;
    readonly weightDecay: number;
  }) => readonly T[],
): T[] => {
  if (gradients.length !== parameters.length)
    fail(
      'OPTION',
      `${where}: ${parameters.length} parameters, ${gradients.length} gradients; give one gradient for each parameter`,
    );
  const names = parameters.map(nameOf);
  for (const group of groups) matchingNames(`${where}: groups`, patternsOf(group), names);
  return parameters.flatMap((parameter, i) => {
    const own = groups.find((group) => patternsOf(group).some((pattern) => matchesName(pattern, names[i]!)));
    const factor = own?.rate ?? 1;
    return update({
      parameter,
      gradient: gradients[i]!,
      rate: factor === 1 ? rate : ops.mul(rate, ops.scalar(factor)),
      weightDecay: own?.weightDecay ?? weightDecay,
    });
  });
};

interface EachOptions {
  readonly rate: Tensor;
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly weightDecay: number;
}

/** The further inputs of update number `t`, as runs take them. */
export const scalarsOf = ({ inputs }: Optimiser, t: number): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(Object.entries(inputs?.(t) ?? {}).map(([name, value]) => [name, [value]]));
