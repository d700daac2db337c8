import { fail } from '../errors.js';
import { leaves, nameOf } from '../graph/graph.js';
import { roleOf } from '../graph/roles.js';
import { kindOfState } from '../graph/state-names.js';
import * as kinds from '../kinds.js';
import { checkOptions, needed, optionsOf, wordOf, type Kind, type KindsOf } from '../kinds.js';
import { showValue } from '../options.js';
import { sameShape, showShape, showType, type Tensor } from '../tensor/tensor.js';
import type { Scaled } from '../transform/paths.js';
import type { Objective } from './objective.js';
import type { Criterion, PruningView, Scores } from './criterion.js';
import type { Cost, Passes } from './method.js';

/**
 * Criteria may be a script's own: what they say of themselves, and the graphs that their functions return,
 * are checked like any input.
 */

const passes = optionsOf<Passes>({
  forward: needed(kinds.count),
  backward: needed(kinds.count),
  second: kinds.count,
});
const isTrue: Kind = { expected: 'true, or left out', test: (value) => value === true };
const cost = optionsOf<Cost>({ perMinibatch: passes, perRound: passes, training: isTrue });
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const rounds: Kind = {
  expected: "{ kind: 'any', usual: 100 }, or { kind: 'single', why } for a method of one round",
  test: (value) =>
    isObject(value) &&
    (value['kind'] === 'any'
      ? kinds.positiveInteger.test(value['usual'])
      : value['kind'] === 'single' && kinds.text.test(value['why'])),
};
const CRITERION: KindsOf<Criterion> = {
  kind: { expected: "'criterion'", test: (value) => value === 'criterion', needed: true },
  name: needed(kinds.name),
  doc: needed(kinds.text),
  data: needed(wordOf('none', 'images', 'labelled images')),
  rounds: needed(rounds),
  cost: needed({ ...cost, expected: 'an object of passes, {} where it looks at the weights alone' }),
  resamplings: kinds.positiveInteger,
  monotone: needed(kinds.flag),
  accumulate: kinds.callback,
  secondPass: kinds.callback,
  score: needed(kinds.callback),
};

/**
 * Throws OPTION for what is no criterion: a part that is missing, unknown or of the wrong kind, and parts
 * that do not go together.
 */
export const checkCriterion = (where: string, criterion: Criterion): void => {
  if (!isObject(criterion))
    fail(
      'OPTION',
      `${where} is ${showValue(criterion)}; give an object { kind: 'criterion', name, doc, data, rounds, cost, monotone, score }`,
    );
  checkOptions(where, criterion, CRITERION);
  const { data, accumulate, secondPass } = criterion;
  if (secondPass !== undefined && accumulate === undefined)
    fail('OPTION', `${where}: it has a secondPass without a first; name the first one accumulate`);
  if (accumulate === undefined && data !== 'none')
    fail(
      'OPTION',
      `${where}: it reads ${data} but has no accumulate, which alone sees them; add it, or say data: 'none'`,
    );
  if (accumulate !== undefined && data === 'none')
    fail(
      'OPTION',
      `${where}: accumulate is called for each minibatch, data is 'none'; say data: 'images' or 'labelled images'`,
    );
};

const isScalar = (value: unknown): value is Tensor =>
  kinds.tensor.test(value) && (value as Tensor).shape.length === 0 && (value as Tensor).dtype === 'f32'; // a tensor by its kind

/**
 * What a function of a criterion may read: the inputs of a minibatch, none in `score`, and what was added up
 * before.
 */
interface Sight {
  readonly view: PruningView;
  readonly inputs: readonly Tensor[];
  readonly sum: Scaled | null;
}

/** Throws OPTION for graphs that read something else. */
const checkReads = (where: string, roots: readonly Tensor[], { view, inputs, sum }: Sight): void => {
  const names = inputs.map(nameOf);
  for (const leaf of leaves(roots, 'input')) {
    const name = nameOf(leaf);
    if (inputs.length === 0)
      fail('OPTION', `${where} reads input '${name}'; only accumulate and secondPass see the data`);
    const known = inputs.find((input) => nameOf(input) === name);
    if (known === undefined)
      return fail(
        'OPTION',
        `${where} reads input '${name}'; there is '${names.join("' and '")}', and targets only with data: 'labelled images'`,
      );
    if (!sameShape(leaf.shape, known.shape) || leaf.dtype !== known.dtype)
      fail(
        'OPTION',
        `${where} reads input '${name}' as ${showType(leaf)}, a minibatch has ${showType(known)}; read view.evalBatch or view.trainBatch`,
      );
  }
  const added = sum === null ? [] : leaves(partsOf(sum), 'state');
  const states = new Set([...leaves([view.raw.one.output], 'state'), ...added].map(nameOf));
  for (const leaf of leaves(roots, 'state')) {
    const name = nameOf(leaf);
    const isDrawn = kindOfState(name) === 'noise' && roleOf(leaf) === 'noise';
    if (!states.has(name) && !isDrawn)
      fail(
        'OPTION',
        `${where} reads state '${name}', which is none of the network's; random numbers are ops.state('noise/...', shape, { role: 'noise' })`,
      );
  }
};

const partsOf = ({ mantissa, exponent }: Scaled): readonly Tensor[] =>
  exponent === null ? [mantissa] : [mantissa, exponent];

const checkScaled = (where: string, value: unknown): void => {
  const { mantissa, exponent } = isObject(value) ? value : {};
  if (!kinds.tensor.test(mantissa) || (mantissa as Tensor).dtype !== 'f32' || exponent === undefined)
    fail(
      'OPTION',
      `${where} is ${showValue(value)}; return { mantissa, exponent }, a tensor of f32 and null, or the scalar e where it counts 2^e times as much`,
    );
  if (exponent !== null && !isScalar(exponent))
    fail('OPTION', `${where} has an exponent that is no scalar of f32; return one, or null for none`);
};

/**
 * What `accumulate` or `secondPass` adds for one minibatch. Throws OPTION for a graph that cannot be added
 * up.
 */
export const checkedSum = (
  { name }: Criterion,
  at: 'accumulate' | 'secondPass',
  added: Scaled,
  { view, objective, sum }: Omit<Sight, 'inputs'> & { readonly objective: Objective },
): Scaled => {
  const where = `${name}: what ${at} returns`;
  checkScaled(where, added);
  const images = view.evalBatch.input;
  checkReads(where, partsOf(added), {
    view,
    inputs: [images, ...Object.values(objective.targets)],
    sum,
  });
  return added;
};

/** What `score` returns. Throws OPTION unless there is one score for every prunable weight and its shape. */
export const checkedScores = (
  { name }: Criterion,
  result: Scores,
  { view, sum }: Omit<Sight, 'inputs'>,
): Scores => {
  const where = `${name}: what score returns`;
  if (!isObject(result) || !kinds.tensors.test(result.scores) || result.total === undefined)
    fail(
      'OPTION',
      `${where} is ${showValue(result)}; return { scores, total }, a tensor for each of view.weights and a flow or null`,
    );
  const { scores, total } = result;
  const { weights } = view;
  if (scores.length !== weights.length)
    fail(
      'OPTION',
      `${where} has ${scores.length} scores for ${weights.length} weights; return one for each of view.weights, in their order`,
    );
  weights.forEach((weight, i) => {
    const score = scores[i]!;
    if (!sameShape(score.shape, weight.shape) || score.dtype !== 'f32')
      fail(
        'OPTION',
        `${where} has ${showType(score)} for '${nameOf(weight)}' ${showShape(weight.shape)}; return f32 of the weight's shape`,
      );
  });
  if (total !== null) {
    checkScaled(`${where} as total`, total);
    if (!isScalar(total.mantissa))
      fail(
        'OPTION',
        `${where} has a total ${showType(total.mantissa)}; return a scalar flow, or null for none`,
      );
  }
  checkReads(where, [...scores, ...(total === null ? [] : partsOf(total))], { view, inputs: [], sum });
  return result;
};
