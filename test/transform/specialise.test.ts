import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { key } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { casesOf, courseOf, EXACT, showGap, type Case } from './compact-cases.js';
import { verdictOf, type Verdict } from './compact-oracle.js';
import type { SpecialiseOptions } from '../../src/transform/specialise.js';
import { randomValues } from './random-networks.js';
import { TRAPS } from './still-channels.js';

/** A compacted network computes, and learns, what the masked one does. */

const device = referenceDevice();

/** PATHEX_NETWORKS=5000 PATHEX_SEED=7 tries more networks, and others; one that fails is named by its parts. */
const MANY = Number(process.env['PATHEX_NETWORKS'] ?? 200);
const SEED = Number(process.env['PATHEX_SEED'] ?? 1);

const expectSame = async (one: Case, options: SpecialiseOptions = {}): Promise<Verdict> => {
  const verdict = await verdictOf(device, one, options);
  const { batch, optimiser } = one.course;
  expect(
    verdict.worst.gap,
    `${one.net.name}, batch ${batch}, ${optimiser.name}: ${showGap(verdict.worst)}`,
  ).toBeLessThanOrEqual(verdict.rounding);
  return verdict;
};

describe('constant channels', () => {
  test.each(TRAPS.map((trap) => [trap.name, trap] as const))('%s', async (_, { net, masks }) => {
    for (const start of ['far', 'fresh'] as const)
      for (const [batch, layers] of [
        [3, 'auto'],
        [2, 'sparse'],
        [1, 'dense'],
      ] as const) {
        const values = randomValues(net, masks, start, key(batch));
        await expectSame({ net, masks, values, course: courseOf(4, key(batch), { batch }) }, { layers });
      }
  });
});

describe('random networks under random masks', () => {
  test.each([
    [MANY, 6],
    [Math.ceil(MANY / 4), 50],
  ])(
    '%i of them, %i steps each',
    async (runs, steps) => {
      let excused = 0;
      await fc.assert(
        fc.asyncProperty(casesOf(steps), fc.constantFrom('auto', 'sparse', 'dense'), async (one, layers) => {
          const { rounding } = await expectSame(one, { layers });
          if (rounding > EXACT) excused++;
        }),
        { numRuns: runs, seed: SEED },
      );
      expect(excused).toBeLessThan(Math.max(4, runs / 20));
    },
    60_000 + 3_000 * MANY,
  );
});
