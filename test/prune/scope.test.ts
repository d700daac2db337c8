import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  conv2d,
  fit,
  flatten,
  initialise,
  linear,
  network,
  openDevice,
  ops,
  pipe,
  prunable,
  prune,
  relu,
  resnetCifar,
  synthetic,
  type Criterion,
  type Masks,
  type Minibatch,
  type Network,
  type PruneOptions,
  type Ticket,
  type Weights,
} from '../../src/index.js';
import { PathexError } from '../../src/errors.js';
import { nameOf } from '../../src/graph/graph.js';
import { mlp } from '../../src/models/mlp.js';
import { allocate } from '../../src/prune/allocate.js';
import { survivors } from '../../src/prune/schedule.js';
import { size } from '../../src/tensor/tensor.js';
import { randomImages, seeded } from './helper.js';

/** What weights compete with, and which of them do. */

const device = await openDevice('reference');
/** Convolutions of 54, 216 and 32 weights, and linear layers of 128 and 24. */
const net = network('mixed', [4, 4, 2], (x) =>
  pipe(
    x,
    conv2d('a', 3, { kernel: 3 }),
    relu,
    conv2d('b', 8, { kernel: 3, stride: 2 }),
    relu,
    conv2d('c', 4, { kernel: 1 }),
    flatten,
    linear('d', 8),
    relu,
    linear('e', 3),
  ),
);
const weights = initialise(net, 0);
const owners = prunable(net);
const sizes = owners.map((w) => size(w.shape));
const TOTAL = sizes.reduce((a, b) => a + b, 0);
const data: readonly Minibatch[] = [2, 3].map((seed) => ({
  images: Float32Array.from(randomImages(net, 3, seeded(seed))),
  labels: Int32Array.of(0, 1, 2),
}));
const run = (options: PruneOptions, start: Weights = weights): Promise<Ticket> =>
  prune(net, start, device, options);
const countsOf = ({ masks }: { readonly masks: Masks }): number[] =>
  [...masks.values()].map((m) => m.reduce((n, bit) => n + bit, 0));

/** The rule as it reads, one survivor at a time. */
const oneByOne = (parts: readonly number[], caps: readonly number[], total: number): number[] => {
  const counts = parts.map(() => 0);
  for (let n = 0; n < total; n++) {
    let best = -1;
    for (let i = 0; i < parts.length; i++) {
      if (counts[i]! >= caps[i]!) continue;
      if (best < 0 || parts[i]! / (2 * counts[i]! + 1) > parts[best]! / (2 * counts[best]! + 1)) best = i;
    }
    counts[best]!++;
  }
  return counts;
};

describe('shares of layers', () => {
  const layers = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 8,
  });
  test('go one by one to the layer with the largest claim', () => {
    fc.assert(
      fc.property(layers, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const [parts, caps] = [list.map(([p]) => p), list.map(([, cap]) => cap)];
        const total = Math.round(share * caps.reduce((a, b) => a + b, 0));
        expect(allocate(parts, caps, total)).toEqual(oneByOne(parts, caps, total));
      }),
    );
  });
  test('never fall where there is more to share out', () => {
    fc.assert(
      fc.property(layers, (list) => {
        const [parts, caps] = [list.map(([p]) => p), list.map(([, cap]) => cap)];
        let before = parts.map(() => 0);
        for (let total = 1; total <= caps.reduce((a, b) => a + b, 0); total++) {
          const now = allocate(parts, caps, total);
          expect(now.every((count, i) => count >= before[i]!)).toBe(true);
          before = now;
        }
        expect(before).toEqual(caps);
      }),
    );
  });
});

/**
 * Densities of Erdős-Rényi-Kernel as RigL's code finds them: epsilon from the layers that are not dense,
 * until none has more than 1.
 */
const erkDensities = (net: Network, density: number): readonly number[] => {
  const shapes = prunable(net).map((w) => w.shape);
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const raw = shapes.map((shape) => shape.reduce((a, b) => a + b, 0) / count(shape));
  const dense = new Set<number>();
  for (;;) {
    let [divisor, rest] = [0, 0];
    shapes.forEach((shape, i) => {
      const n = count(shape);
      const zeros = n * (1 - density);
      if (dense.has(i)) rest -= zeros;
      else {
        rest += n - zeros;
        divisor += raw[i]! * n;
      }
    });
    const epsilon = rest / divisor;
    const most = Math.max(...raw.filter((_, i) => !dense.has(i)));
    if (most * epsilon <= 1) return raw.map((p, i) => (dense.has(i) ? 1 : p * epsilon));
    raw.forEach((p, i) => {
      if (p === most) dense.add(i);
    });
  }
};

describe("scope 'erk'", () => {
  test('has the densities of RigL, to the nearest weight, and exactly N - trunc((1 - d) N) in all', async () => {
    for (const density of [0.02, 0.1, 0.3, 0.5, 0.9, 1]) {
      const counts = countsOf(await run({ method: 'magnitude', scope: 'erk', density, allowCollapse: true }));
      expect(counts.reduce((a, b) => a + b)).toBe(survivors(TOTAL, density));
      erkDensities(net, density).forEach((d, i) => {
        expect(Math.abs(counts[i]! - d * sizes[i]!), `${density} ${nameOf(owners[i]!)}`).toBeLessThanOrEqual(
          1,
        );
      });
    }
  });
  test('of ResNet-20, whose shortcuts and first and last layers are dense at a tenth', async () => {
    const resnet = resnetCifar();
    const found = await prune(resnet, initialise(resnet, 0), device, {
      method: 'magnitude',
      scope: 'erk',
      density: 0.1,
    });
    const counts = countsOf(found);
    expect(counts.reduce((a, b) => a + b)).toBe(survivors(270_896, 0.1));
    const densities = erkDensities(resnet, 0.1);
    prunable(resnet).forEach((w, i) => {
      expect(Math.abs(counts[i]! - densities[i]! * size(w.shape)), w.path).toBeLessThanOrEqual(1);
    });
    expect(found.scope).toBe('erk');
  });
});

describe("scope 'layer'", () => {
  test('keeps the same share of every layer, to the nearest weight', async () => {
    for (const density of [0.05, 0.37, 0.5, 0.81, 1]) {
      const counts = countsOf(
        await run({ method: 'magnitude', scope: 'layer', density, allowCollapse: true }),
      );
      expect(counts.reduce((a, b) => a + b)).toBe(survivors(TOTAL, density));
      counts.forEach((count, i) => {
        expect(Math.abs(count - density * sizes[i]!), nameOf(owners[i]!)).toBeLessThanOrEqual(1);
      });
    }
  });
});

describe('inside a layer', () => {
  const bestOf = (scores: readonly number[], keep: number): number[] => {
    const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
    return scores.map((_, i) => (order.indexOf(i) < keep ? 1 : 0));
  };
  test.each(['layer', 'erk'] as const)('the largest survive: %s', async (scope) => {
    const ticket = await run({ method: 'magnitude', scope, density: 0.3 });
    const counts = countsOf(ticket);
    owners.forEach((w, i) => {
      const absolute = [...weights.get(nameOf(w))!.data].map(Math.abs);
      expect([...ticket.masks.get(nameOf(w))!]).toEqual(bestOf(absolute, counts[i]!));
    });
  });
  test.each(['px', 'synflow', 'force', 'itersnip', 'random', 'ntk-sap'] as const)(
    'the schedule falls layer by layer, whatever the method: %s',
    async (method) => {
      const ticket = await run({ method, scope: 'erk', density: 0.2, rounds: 5, data });
      const lives = [1, 2, 3, 4, 5].map((r) => survivors(TOTAL, r === 5 ? 0.2 : 0.2 ** (r / 5)));
      expect(ticket.rounds.map((r) => r.live)).toEqual(lives);
      const parts = owners.map((w) => w.shape.reduce((a, b) => a + b, 0));
      expect(countsOf(ticket)).toEqual(oneByOne(parts, sizes, lives[4]!));
    },
  );
  test('on cpu the same weights as on the reference', async () => {
    const cpu = await openDevice('cpu');
    const options: PruneOptions = {
      method: 'px',
      scope: 'erk',
      density: 0.2,
      rounds: 3,
      data,
      exclude: ['e'],
    };
    const [a, b] = [await prune(net, weights, cpu, options), await run(options)];
    expect(a.masks).toEqual(b.masks);
    await cpu.dispose();
  });
  test('masks of the start hold', async () => {
    const first = await run({ method: 'magnitude', scope: 'layer', density: 0.5 });
    const { masks } = await prune(net, first, device, { method: 'random', scope: 'layer', density: 0.2 });
    for (const [name, mask] of masks)
      mask.forEach((bit, i) => expect(bit).toBeLessThanOrEqual(first.masks.get(name)![i]!));
    await expect(
      prune(net, first, device, { method: 'magnitude', scope: 'erk', density: 0.45 }),
    ).rejects.toThrow(
      "prune: density 0.45 keeps 31 of 54 weights of 'a.weight' in scope 'erk', the given masks leave 27; choose a lower density, or scope 'global'",
    );
  });
});

describe('excluded weights', () => {
  const scores = (ticket: Ticket): readonly number[] => countsOf(ticket);
  test('stay whole, and count neither in the density nor in the survivors', async () => {
    const ticket = await run({ method: 'magnitude', density: 0.25, exclude: ['a', 'e.weight'] });
    const left = TOTAL - 54 - 24;
    expect(ticket.excluded).toEqual(['a.weight', 'e.weight']);
    expect(ticket.rounds.map((r) => r.live)).toEqual([survivors(left, 0.25)]);
    expect(scores(ticket)[0]).toBe(54);
    expect(scores(ticket)[4]).toBe(24);
    const middle = owners.slice(1, 4).flatMap((w) => [...weights.get(nameOf(w))!.data].map(Math.abs));
    const least = [...middle].sort((a, b) => b - a)[survivors(left, 0.25) - 1]!;
    expect(owners.slice(1, 4).flatMap((w) => [...ticket.masks.get(nameOf(w))!])).toEqual(
      middle.map((m) => (m >= least ? 1 : 0)),
    );
  });
  test.each([
    [['*.weight', 'a'], null],
    [['[ab]'], null],
    [[/^[ab]\./], ['a.weight', 'b.weight']],
    [['?'], null],
    [
      ['d*', 'e'],
      ['d.weight', 'e.weight'],
    ],
    [['*b*'], ['b.weight']],
    [[], []],
  ])('by name, pattern or expression: %s', async (exclude, excluded) => {
    const found = run({ method: 'magnitude', density: 0.5, exclude });
    if (excluded === null) await expect(found).rejects.toThrow('prune: exclude');
    else expect((await found).excluded).toEqual(excluded);
  });
  test('leave the scores of the others as they are', async () => {
    const options = { method: 'snip', density: 0.5, data } as const;
    const everywhere = await run({ ...options, scope: 'layer' });
    const without = await run({ ...options, scope: 'layer', exclude: ['d'] });
    const shared = (ticket: Ticket): string => [...ticket.masks.get('b.weight')!].join('');
    const [a, b] = [shared(everywhere), shared(without)];
    const fewer = countsOf(everywhere)[1]! <= countsOf(without)[1]! ? [a, b] : [b, a];
    [...fewer[0]!].forEach((bit, i) => expect(bit <= fewer[1]![i]!).toBe(true));
  });
  test('keep the masks that they start with', async () => {
    const first = await run({ method: 'magnitude', scope: 'layer', density: 0.5 });
    const second = await prune(net, first, device, {
      method: 'synflow',
      rounds: 4,
      density: 0.3,
      exclude: ['a', 'd'],
    });
    for (const name of ['a.weight', 'd.weight'])
      expect(second.masks.get(name)).toEqual(first.masks.get(name));
  });
  test('are trained whole by imp, and the ticket is a start', async () => {
    const images = synthetic({ seed: 0, train: 20, test: 10 });
    const wide = mlp([32, 32, 3], { classes: 10, hidden: [4, 4] });
    const training = { epochs: 1, batch: 10, rate: { kind: 'oneCycle', rate: 0.1 } } as const;
    const [first, , last] = prunable(wide).map(nameOf);
    const ticket = await prune(wide, initialise(wide, 0), device, {
      method: 'imp',
      rounds: 2,
      density: 0.25,
      exclude: [last!],
      dataset: images,
      training,
    });
    expect([...ticket.masks.get(last!)!].every((bit) => bit === 1)).toBe(true);
    expect(
      countsOf(ticket)
        .slice(0, 2)
        .reduce((a, b) => a + b),
    ).toBe(survivors(3072 * 4 + 16, 0.25));
    const trained = await fit(wide, ticket, images, device, training);
    expect(trained.masks!.get(first!)).toEqual(ticket.masks.get(first!));
  });
  test('whatever their scores: a criterion that has none for them', async () => {
    const holes: Criterion = {
      kind: 'criterion',
      name: 'holes',
      doc: 'of this test',
      data: 'none',
      rounds: { kind: 'any', usual: 1 },
      cost: {},
      monotone: true,
      score: (view) => ({
        scores: view.weights.map((w) => (w.path === 'a' ? ops.log(ops.constant(w.shape, 0)) : ops.abs(w))),
        total: null,
      }),
    };
    const found = await run({ criterion: holes, density: 0.5, exclude: ['a'] });
    expect(countsOf(found)[0]).toBe(54);
    await expect(run({ criterion: holes, density: 0.5 })).rejects.toThrow(
      '54 of 454 scores are NaN or infinite',
    );
  });
});

describe('what is refused', () => {
  const refusal = async (options: PruneOptions): Promise<string> => {
    try {
      await run(options);
    } catch (error) {
      if (error instanceof PathexError) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'accepted';
  };
  test('patterns that match nothing, or everything', async () => {
    const half = { method: 'magnitude', density: 0.5 } as const;
    expect(await refusal({ ...half, exclude: ['a', 'd.wieght'] })).toBe(
      "OPTION prune: exclude: 'd.wieght' matches none of 10 names; did you mean 'd.weight'?; give names such as a.weight, a, b.weight, b, ...",
    );
    expect(await refusal({ ...half, exclude: ['*'] })).toBe(
      'OPTION prune: exclude names all prunable weights; leave some to prune',
    );
  });
  test('of a method that does not rank', async () => {
    expect(await refusal({ method: 'phew', density: 0.5, scope: 'erk' })).toBe(
      "OPTION prune: phew does not rank, so that scope 'erk' has no meaning; leave it out",
    );
    expect(await refusal({ method: 'phew', density: 0.5, exclude: ['a'] })).toBe(
      'OPTION prune: phew crosses all layers, so that it can exclude none; leave exclude out',
    );
    expect((await run({ method: 'phew', density: 0.5 })).scope).toBe(null);
  });
});
