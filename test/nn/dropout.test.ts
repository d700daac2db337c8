import { pipe } from 'fp-ts/lib/function.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaves, nameOf, walk } from '../../src/graph/graph.js';
import { print } from '../../src/graph/print.js';
import { batchNorm, dropout, linear, relu } from '../../src/nn/layers.js';
import { network, rebatch, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { program, rootsOf } from '../../src/program/program.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { criterionOf, METHODS } from '../../src/prune/methods.js';
import { philox } from '../../src/philox.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import { evaluate, referenceDevice } from '../../src/runtime/reference.js';
import { size } from '../../src/tensor/tensor.js';
import { fit } from '../../src/train/fit.js';
import { masked } from '../../src/transform/mask.js';
import { pathNetwork } from '../../src/transform/paths.js';
import { inference, training } from '../../src/transform/readings.js';
import { tinyData } from '../train/tiny.js';

const net = network('dropping', [50], (x) =>
  pipe(x, dropout(0.5), linear('a', 40), batchNorm('bn'), relu, dropout('late', 0.2), linear('b', 3)),
) as unknown as Network;
const plain = network('dropping', [50], (x) =>
  pipe(x, linear('a', 40), batchNorm('bn'), relu, linear('b', 3)),
) as unknown as Network;
const noiseOf = (seed: number, step: number): Int32Array => Int32Array.of(seed, step);

/** The random zeros and ones of a training, one list for each dropout. */
const drawn = (of: Network, noise: Int32Array): readonly Float64Array[] => {
  const { output } = training(rebatch(of, 64));
  const draws = walk([output]).filter(({ op }) => op === 'bernoulli');
  return evaluate(draws, () => Float64Array.from(noise));
};
const share = (values: Float64Array): number => values.reduce((s, v) => s + v, 0) / values.length;

describe('dropout', () => {
  it('is nothing for inference, in path networks and for criteria', () => {
    expect(print([inference(net).output])).toBe(print([inference(plain).output]));
    const one = inference(masked(net));
    const input = ops.constant(net.input.shape, 1);
    const paths = pathNetwork(one, input, { weights: 'absolute', gates: 'open' });
    expect(walk([paths.output.mantissa]).some(({ op }) => op === 'dropout' || op === 'bernoulli')).toBe(
      false,
    );
    for (const method of METHODS.filter((m) => m !== 'imp' && m !== 'phew')) {
      const criterion = criterionOf({ method });
      if (criterion.kind !== 'criterion') continue;
      const programs = (of: Network): readonly string[] => {
        const { accumulate, secondPass, select } = roundPrograms(of, criterion, 4);
        return [accumulate, secondPass, select].map((p) => (p == null ? '' : print(rootsOf(p))));
      };
      expect(programs(net)).toEqual(programs(plain));
    }
  });
  it('keeps a share of 1 - rate, others in each step and for each key, and in each dropout', () => {
    const [early, late] = drawn(net, noiseOf(7, 0)) as [Float64Array, Float64Array];
    expect(early.length).toBe(64 * 50);
    expect(late.length).toBe(64 * 40);
    expect(Math.abs(share(early) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(share(late) - 0.8)).toBeLessThan(0.05);
    const agreement = (a: Float64Array, b: Float64Array): number =>
      share(a.map((v, i) => Number(v === b[i])));
    for (const [seed, step] of [
      [7, 1],
      [8, 0],
    ] as const)
      expect(Math.abs(agreement(early, drawn(net, noiseOf(seed, step))[0]!) - 0.5)).toBeLessThan(0.05);
    const twice = network('twice', [50], (x) => linear('a', 3)(dropout(0.5)(dropout(0.5)(x))));
    const [first, second] = drawn(twice as unknown as Network, noiseOf(7, 0)) as [Float64Array, Float64Array];
    expect(Math.abs(agreement(first, second) - 0.5)).toBeLessThan(0.05);
    expect(first).toEqual(early);
  });
  it('divides what it keeps by the share that it keeps', () => {
    const x = network('x', [1000], (x) => dropout(0.2)(x));
    const { output } = training(x);
    const [y] = evaluate([output], (leaf) =>
      nameOf(leaf) === 'noise' ? Float64Array.of(3, 4) : new Float64Array(1000).fill(2),
    );
    expect([...new Set(y)].sort()).toEqual([0, 2.5]);
    expect(y!.reduce((s, v) => s + v, 0) / 1000).toBeCloseTo(2, 0);
  });
  it('of a rate of zero, and where a training is to drop nothing, asks for no noise', () => {
    const inputs = (of: Network): readonly string[] => leaves([of.output], 'input').map(nameOf);
    const none = network('none', [4], (x) => linear('a', 2)(dropout(0)(x))) as unknown as Network;
    expect(inputs(training(none))).toEqual(['images']);
    expect(inputs(training(rebatch(net, 2), { dropout: false }))).toEqual(['images']);
    expect(inputs(training(rebatch(net, 2)))).toEqual(['images', 'noise']);
  });
});

describe('its noise', () => {
  let cpu: Device;
  beforeAll(async () => {
    cpu = await openDevice('cpu', { threads: 2 });
  });
  afterAll(() => cpu.dispose());

  /** Large enough for several threads, and no multiple of a block of four words. */
  const shapes = [[1], [3, 5], [7, 4099]];
  const draws = program('draws', {
    outputs: Object.fromEntries(
      shapes.flatMap((shape) =>
        [0, 1e-9, 0.3, 0.5, 1 - 2 ** -32, 1].map((p, stream) => [
          `${shape.join('x')} ${p}`,
          ops.bernoulli(ops.input('noise', [2], 'i32'), shape, p, stream),
        ]),
      ),
    ),
  });
  const run = async (device: Device, noise: Int32Array): Promise<Record<string, number[]>> => {
    const executable = await device.compile(draws);
    const store = device.store();
    const out = await executable.run(store, { noise });
    store.dispose();
    executable.dispose();
    return Object.fromEntries(Object.entries(out).map(([name, values]) => [name, Array.from(values)]));
  };
  it.each([
    [0, 0],
    [-1, 2 ** 31 - 1],
    [123_456_789, 42],
  ])('has equal bits on both devices: key %d, step %d', async (k, step) => {
    const noise = noiseOf(k, step);
    expect(await run(cpu, noise)).toEqual(await run(referenceDevice(), noise));
  });
  it('is a comparison of Philox words', async () => {
    const found = (await run(cpu, noiseOf(-5, 9)))['3x5 0.5']!;
    const words = [0, 1, 2, 3].flatMap((block) => [...philox([block, 0, 9, 3], [-5, 0])]);
    expect(found).toEqual(words.slice(0, 15).map((word) => Number(word < 2 ** 31)));
  });
  it('holds all and nothing at the ends of the scale', async () => {
    const found = await run(cpu, noiseOf(1, 2));
    expect(found['7x4099 0']!.every((v) => v === 0)).toBe(true);
    expect(found['7x4099 1']!.every((v) => v === 1)).toBe(true);
  });
});

describe('a training with dropout', () => {
  const { height, width, channels, classes } = tinyData;
  const small = network('small', [height, width, channels], (x) =>
    pipe(
      ops.reshape(x, [x.shape[0], height * width * channels] as const),
      linear('a', 16),
      relu,
      dropout(0.3),
      linear('b', classes),
    ),
  );
  const options = { epochs: 2, batch: 8, rate: { kind: 'oneCycle', rate: 0.05 }, seed: 3 } as const;
  const weights = initialise(small as unknown as Network, 1);
  const bits = (w: typeof weights): unknown => [...w].map(([name, { data }]) => [name, [...data]]);

  it('has the same losses on cpu and reference, and the same bits in two runs that meet', async () => {
    const cpu = await openDevice('cpu');
    const losses = async (device: Device, seed: number): Promise<number[]> => {
      const seen: number[] = [];
      const onStep = ({ loss }: { readonly loss: number }): void => void seen.push(loss);
      await fit(small, { weights }, tinyData, device, { ...options, seed, onStep });
      return seen;
    };
    const [exact, single, other] = [
      await losses(referenceDevice(), 3),
      await losses(cpu, 3),
      await losses(cpu, 4),
    ];
    single.forEach((loss, i) => expect(Math.abs(loss - exact[i]!)).toBeLessThan(1e-4));
    expect(other).not.toEqual(single);
    const whole = await fit(small, { weights }, tinyData, cpu, options);
    const first = await fit(small, { weights }, tinyData, cpu, { ...options, steps: { to: 3 } });
    const rest = await fit(small, first, tinyData, cpu, { ...options, steps: { from: 3 } });
    expect(bits(rest.weights)).toEqual(bits(whole.weights));
    expect(size([...weights.values()][0]!.shape)).toBe(16 * height * width * channels);
    await cpu.dispose();
  });
});
