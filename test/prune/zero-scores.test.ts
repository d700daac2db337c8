import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { synthetic } from '../../src/datasets/synthetic.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { initialise, masksOfZeros, type Weights } from '../../src/nn/weights.js';
import type { MethodOptions } from '../../src/prune/methods.js';
import { prune, type PruneOptions, type Ticket } from '../../src/prune/prune.js';
import { pruningSplit } from '../../src/prune/pruning-split.js';
import type { Device, DeviceKind } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';

/**
 * Seven of eight pixels are always 0, so that 21 of the 30 weights score exactly 0: those of layer a that
 * read these pixels.
 */
const net = network('narrow', [8], (x) => linear('b', 2)(linear('a', 3, { bias: false })(x)));
const weights = initialise(net, 2);
const images = Float32Array.from({ length: 32 }, (_, i) => (i % 8 === 7 ? 1 + i / 8 : 0));
const data = [{ images, labels: Int32Array.of(0, 1, 1, 0) }];
const keeping = (count: number): number => (count - 0.5) / 30; // trunc leaves count

const LABELLED: readonly MethodOptions[] = [
  { method: 'snip' },
  { method: 'itersnip' },
  { method: 'force' },
  { method: 'grasp' },
  { method: 'prospr' },
];

describe.each<DeviceKind>(['reference', 'cpu'])('survivors of score zero on %s', (kind) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(kind);
  });
  afterAll(() => device.dispose());
  const find = (
    options: MethodOptions,
    more: Partial<PruneOptions>,
    from: Weights = weights,
  ): Promise<Ticket> =>
    prune(net, from, device, { data, rounds: 1, density: 1, ...options, ...more } as PruneOptions);
  const zeros = ({ rounds }: Ticket): readonly (number | null)[] => rounds.map((r) => r.zeroScores);

  // GraSP's scores are signed: those of zero come before the negative ones, so only the count of positive
  // ones is known to be kept first.
  test.each(LABELLED.filter(({ method }) => method !== 'grasp'))('$method counts them', async (options) => {
    for (const [keep, expected] of [
      [9, 0],
      [12, 3],
      [18, 9], // half of them is not most of them
      [30, 21], // all are kept: nothing was to be decided
    ] as const) {
      const ticket = await find(options, { density: keep === 30 ? 1 : keeping(keep) });
      expect(zeros(ticket), `${keep}`).toEqual([expected]);
      expect(ticket.zeroScores).toBe(expected);
      expect(ticket.rounds[0]!.live).toBe(keep);
    }
  });

  test.each(LABELLED)('$method refuses where they are most', async (options) => {
    await expect(find(options, { density: keeping(24) })).rejects.toMatchObject({
      code: 'COLLAPSE',
      message: expect.stringMatching(
        new RegExp(
          `^prune: ${options.method}, round 1 of 1: \\d+ of the 24 weights to keep have score zero, so that their order alone would choose them; give more data, fewer rounds, a higher density or another method, or allow it with allowCollapse$`,
        ),
      ) as string,
    });
    const ticket = await find(options, { density: keeping(24), allowCollapse: true });
    expect(ticket.zeroScores).toBeGreaterThan(12);
  });

  test('a later round is refused by its own count', async () => {
    // 18 are kept in the first round, 9 of them of score zero; the second keeps what has a score
    const ticket = await find({ method: 'itersnip' }, { density: (keeping(18) / 1) ** 2, rounds: 2 });
    expect(zeros(ticket)[0]).toBe(9);
    expect(ticket.zeroScores).toBe(Math.max(0, ticket.rounds[1]!.live - 9));
  });

  test('a method with a flow, and one without scores, count none', async () => {
    for (const options of [{ method: 'px' }, { method: 'synflow' }, { method: 'phew' }] as const)
      expect(zeros(await find(options, { density: 0.5 }))).toEqual([null]);
  });

  test('magnitude and random go on as ever', async () => {
    expect(zeros(await find({ method: 'magnitude' }, { density: 0.1, rounds: 3 }))).toEqual([0, 0, 0]);
    expect(zeros(await find({ method: 'random' }, { density: 0.1, rounds: 3, allowCollapse: true }))).toEqual(
      [0, 0, 0],
    );
  });

  describe('of weights that are zero', () => {
    /** Three weights of a and all six of b are not zero. */
    const sparse: Weights = new Map(weights).set('a.weight', {
      shape: [3, 8],
      data: weights.get('a.weight')!.data.map((v, i) => (i % 8 === 7 ? v : 0)),
    });
    test('magnitude keeps the nine others, in however many rounds', async () => {
      const one = await find({ method: 'magnitude' }, { density: keeping(9) }, sparse);
      const many = await find({ method: 'magnitude' }, { density: keeping(9), rounds: 4 }, sparse);
      expect(many.masks).toEqual(one.masks);
      expect(one.masks).toEqual(masksOfZeros(net, sparse));
      expect([one.zeroScores, many.zeroScores]).toEqual([0, 0]);
      expect(zeros(many)[0]).toBeGreaterThan(9); // said, though the last round alone decides
    });
    test('magnitude refuses to choose among zeros', async () => {
      await expect(find({ method: 'magnitude' }, { density: keeping(24) }, sparse)).rejects.toMatchObject({
        code: 'COLLAPSE',
        message: expect.stringMatching(
          /^prune: magnitude, round 1 of 1: 15 of the 24 weights to keep/,
        ) as string,
      });
    });
    test('a method with a flow refuses to keep mostly zeros, and counts a few', async () => {
      for (const method of ['px', 'synflow'] as const) {
        const ticket = await find({ method }, { density: keeping(12), rounds: 2 }, sparse);
        expect(ticket.zeroScores).toBe(3);
        await expect(find({ method }, { density: keeping(24), rounds: 2 }, sparse)).rejects.toMatchObject({
          code: 'COLLAPSE',
          message: `prune: ${method}: 15 of the 24 weights of the ticket are zero themselves, so that no score chose them; take a lower density, start from masksOfZeros(net, weights), or allow it with allowCollapse`,
        });
      }
    });
    test('masks of zeros keep them pruned', async () => {
      const masks = masksOfZeros(net, sparse);
      for (const options of [
        { method: 'px' },
        { method: 'itersnip' },
        { method: 'random' },
        { method: 'magnitude' },
      ] as const) {
        const ticket = await find(
          options,
          { masks, density: 0.25, rounds: options.method === 'random' ? 1 : 3, seed: 3, allowCollapse: true },
          sparse,
        );
        expect(
          ticket.rounds.map((r) => r.live),
          options.method,
        ).toEqual(
          ticket.rounds.length === 1 ? [8] : [9, 9, 8], // 19, 12 and 8 of which masks leave 9
        );
        for (const [name, mask] of ticket.masks)
          mask.forEach((m, i) => expect(m).toBeLessThanOrEqual(masks.get(name)![i]!));
      }
    });
    test('masks that leave too few, or that a method cannot keep to, are refused', async () => {
      const masks = masksOfZeros(net, sparse);
      await expect(find({ method: 'px' }, { masks, density: 0.5 }, sparse)).rejects.toMatchObject({
        code: 'OPTION',
        message:
          'prune: density 0.5 keeps 15 of 30 weights, the given masks leave 9; choose a density up to 0.3',
      });
      await expect(find({ method: 'force' }, { masks, density: 0.25 }, sparse)).rejects.toMatchObject({
        code: 'OPTION',
        message:
          'prune: under force removed weights may return, so that it cannot keep to masks; leave masks out, or choose another method',
      });
      await expect(find({ method: 'phew' }, { masks, density: 0.25 }, sparse)).rejects.toMatchObject({
        code: 'OPTION',
        message:
          'prune: phew starts from an empty mask, so that it cannot keep to masks; leave masks out, or choose another method',
      });
    });
  });
});

describe('force on a fresh ResNet-20 with 20 images', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('cpu');
  });
  afterAll(() => device.dispose());

  // Which round runs out of scores hangs on single roundings: what holds is that it is counted, and that the
  // count decides.
  test.each([1, 2])(
    '10 rounds to 98.2 % stop where most survivors have score zero (weights %i)',
    async (seed) => {
      const net = resnetCifar({ depth: 20 });
      const images = synthetic({ seed: 0, test: 1 });
      const run = (allowCollapse: boolean): Promise<Ticket> =>
        prune(net, initialise(net, seed), device, {
          method: 'force',
          density: 0.018,
          rounds: 10,
          data: pruningSplit(images, { examples: 2 }),
          allowCollapse,
        });
      const { rounds } = await run(true);
      const refused = rounds.find(({ live, zeroScores }) => 2 * zeroScores! > live);
      expect(rounds.slice(0, 5).map((r) => r.zeroScores)).toEqual([0, 0, 0, 0, 0]);
      if (refused === undefined) expect((await run(false)).rounds).toHaveLength(10);
      else
        await expect(run(false)).rejects.toMatchObject({
          code: 'COLLAPSE',
          message: expect.stringContaining(
            `prune: force, round ${refused.round + 1} of 10: ${refused.zeroScores} of the ${refused.live} weights to keep have score zero`,
          ) as string,
        });
    },
  );
});
