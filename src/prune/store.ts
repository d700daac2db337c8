import { fail } from '../errors.js';
import { initialiserOf, roleOf } from '../graph/roles.js';
import { kindOfState } from '../graph/state-names.js';
import type { Weights } from '../nn/weights.js';
import type { Program } from '../program/program.js';
import { fold, key, normal, type Key } from '../random.js';
import type { Store } from '../runtime/device.js';
import { size, type Tensor } from '../tensor/tensor.js';
import { maskName, type Masks } from '../transform/mask.js';

/**
 * Gives every state leaf of a program that the store lacks its start: weights from `weights`, masks from
 * `masks` or 1, accumulators empty, noise drawn from the seed. Throws WEIGHTS for a weight that has the name
 * of another kind of state.
 */
export const fillStore = async (
  store: Store,
  { state }: Program,
  weights: Weights,
  seed: number,
  masks: Masks | null = null,
): Promise<void> => {
  const given = new Map<string, ArrayLike<number>>([...weights].map(([name, { data }]) => [name, data]));
  for (const name of given.keys())
    if (kindOfState(name) !== undefined)
      fail(
        'WEIGHTS',
        `weights: '${name}' is the name of a ${kindOfState(name)}; give the weight another name`,
      );
  for (const [name, mask] of masks ?? []) given.set(maskName(name), mask);
  const isMissing = ([name]: readonly [string, Tensor]): boolean => !store.has(name);
  await Promise.all(
    [...state].filter(isMissing).map(([name, leaf]) => {
      const n = size(leaf.shape);
      const init = initialiserOf(leaf);
      const start = (): ArrayLike<number> =>
        roleOf(leaf) === 'noise'
          ? normal(fold(key(seed), name), n)
          : new Float64Array(n).fill(init?.kind === 'constant' ? init.value : 0);
      return store.add(name, leaf, given.get(name) ?? start());
    }),
  );
};

/**
 * Draws the noise that a program reads anew. All writes are under way when it returns, so that a run that is
 * started next reads them.
 */
export const redraw = async (store: Store, { state }: Program, from: Key): Promise<void> => {
  const noise = [...state].filter(([, leaf]) => roleOf(leaf) === 'noise');
  await Promise.all(
    noise.map(([name, leaf]) => store.write(name, normal(fold(from, name), size(leaf.shape)))),
  );
};
