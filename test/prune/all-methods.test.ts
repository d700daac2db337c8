import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf } from '../../src/graph/roles.js';
import { batchNorm, conv2d, globalAveragePool, linear, relu } from '../../src/nn/layers.js';
import { network, parameters, type Network } from '../../src/nn/network.js';
import type { Weights } from '../../src/nn/weights.js';
import { METHODS, procedureOf, type MethodOptions } from '../../src/prune/methods.js';
import { prune, type Minibatch, type PruneOptions } from '../../src/prune/prune.js';
import { fold, integers } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { asWeights, randomImages, randomState, seeded } from './helper.js';

/**
 * What holds for every method, whatever it does; IMP, which trains, has the same statements in imp.test.ts.
 */

const net = network('small', [5, 5, 2], (x) =>
  linear(
    'fc',
    3,
  )(
    globalAveragePool(
      relu(
        batchNorm('bn')(
          conv2d('b', 4, { kernel: 3, bias: true })(relu(conv2d('a', 4, { kernel: 3, stride: 2 })(x))),
        ),
      ),
    ),
  ),
) as unknown as Network;
const BATCH = 4;
const minibatch = (seed: number): Minibatch => ({
  images: Float32Array.from(randomImages(net, BATCH, seeded(seed))),
  labels: integers(fold(seeded(seed), 'labels'), BATCH, 3),
});
const weights = asWeights(net, randomState(net, seeded(4)));
const data = [minibatch(1), minibatch(2)];

const SCORED = METHODS.filter((m) => m !== 'imp');

/** Every method, and the options that make it another. */
const ALL: readonly MethodOptions[] = [
  ...SCORED.map((method) => ({ method }) as MethodOptions),
  { method: 'px', mode: 'px-gated' },
  { method: 'px', mode: 'px-release' },
  { method: 'synflow-l2', form: 'gradient' },
  { method: 'snip', statistics: 'stored' },
  { method: 'prospr', order: 'first' },
  { method: 'prospr', momentum: 0.9 },
];
const roundsOf = (options: MethodOptions): number => (procedureOf(options).rounds.kind === 'single' ? 1 : 3);

let cpu: Device;
beforeAll(async () => {
  cpu = await openDevice('cpu', { threads: 1 });
});
afterAll(async () => {
  await cpu.dispose();
});

type Given = Partial<Omit<PruneOptions, 'method'>> & {
  readonly epsilon?: number;
  readonly from?: Weights;
  readonly on?: Device;
};
const find = ({ from = weights, on = cpu, ...options }: Given & MethodOptions): ReturnType<typeof prune> =>
  // The method's options are whole; only what all methods share may be missing.
  prune(net, from, on, {
    density: 0.4,
    rounds: roundsOf(options),
    data,
    allowCollapse: true,
    ...options,
  } as PruneOptions);
const bytes = (xs: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(xs.buffer, xs.byteOffset, xs.byteLength).slice();

describe.each(ALL)('$method $mode $form $statistics $order $momentum', (options) => {
  test('weights, statistics and data keep their bits', async () => {
    const before = [...weights].map(([name, { data: values }]) => [name, bytes(values)] as const);
    const batches = data.map((d) => [bytes(d.images), bytes(d.labels)]);
    await find({ ...options });
    expect([...weights].map(([name, { data: values }]) => [name, bytes(values)])).toEqual(before);
    expect(data.map((d) => [bytes(d.images), bytes(d.labels)])).toEqual(batches);
  });
  test('nothing is left on the device, and no draw depends on what was drawn before', async () => {
    const first = await find({ ...options, seed: 3 });
    await find({ method: 'random', seed: 8 });
    await find({ method: 'ntk-sap' });
    expect([...(await find({ ...options, seed: 3 })).masks]).toEqual([...first.masks]);
    expect(cpu.liveBytes()).toBe(0);
  });
  test('masks of all prunable weights, in layer order, of zeros and ones', async () => {
    const { masks } = await find({ ...options });
    expect([...masks].map(([name, mask]) => [name, mask.length])).toEqual([
      ['a.weight', 72],
      ['b.weight', 144],
      ['fc.weight', 12],
    ]);
    for (const mask of masks.values()) expect(mask.every((m) => m === 0 || m === 1)).toBe(true);
  });
  test('one round or a reason', async () => {
    const { rounds, name } = procedureOf(options);
    if (rounds.kind === 'any')
      expect((await find({ ...options, rounds: 2 })).rounds.map((r) => r.round)).toEqual([0, 1]);
    else
      await expect(find({ ...options, rounds: 2 })).rejects.toMatchObject({
        code: 'OPTION',
        message: `prune: ${name} is single-shot, rounds 2: ${rounds.why}; use 1`,
      });
  });
});

describe('scores that are not finite are an error of one line', () => {
  const leaves = parameters(net);
  const only = (role: string, value: number): Weights =>
    new Map(
      [...weights]
        .filter(([name]) => roleOf(leaves.find((p) => nameOf(p) === name)!) === role)
        .map(([name, w]) => [name, { ...w, data: w.data.map(() => value) }]),
    );
  const withNaN = [{ ...data[0]!, images: data[0]!.images.map((v, i) => (i === 7 ? NaN : v)) }];
  /** Pixels that are numbers, but whose products are none in float32. */
  const withHuge = data.map((d) => ({ ...d, images: d.images.map(() => 3e38) }));
  /** BatchNorm that scales by more than float32 holds. */
  const steep = new Map([...weights, ...only('scale', 3e38), ...only('variance', 0)]);
  /**
   * How to make a score that is no number; null where weights are finite and so is everything made of them.
   */
  const HOW: { readonly [M in (typeof SCORED)[number]]: Given | null } = {
    px: { data: withHuge },
    snip: { data: withHuge },
    itersnip: { data: withHuge },
    force: { data: withHuge },
    grasp: { data: withHuge },
    prospr: { data: withHuge },
    synflow: { from: steep },
    'synflow-l2': { from: steep },
    'ntk-sap': { epsilon: 1e30 }, // its square is beyond float32
    logsynflow: null,
    phew: null,
    magnitude: null,
    random: null,
  };
  test.each(SCORED.filter((m) => HOW[m] !== null))('%s', async (method) => {
    const options = { method } as MethodOptions;
    await expect(find({ ...options, ...HOW[method] })).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(
        new RegExp(
          `^prune: ${method}, round 1 of ${roundsOf(options)}: \\d+ of 228 scores are NaN or infinite; check the weights and the data$`,
        ),
      ) as string,
    });
  });
  test.each(SCORED.filter((m) => HOW[m] === null))(
    '%s looks at weights alone: neither variances nor spoilt images matter',
    async (method) => {
      const options = { method } as MethodOptions;
      expect([
        ...(await find({ ...options, from: new Map([...weights, ...only('variance', 0.5)]), data: withNaN }))
          .masks,
      ]).toEqual([...(await find({ ...options })).masks]);
    },
  );
});
