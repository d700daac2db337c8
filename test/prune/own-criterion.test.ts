import type { Objective } from '../../src/prune/objective.js';
import { describe, expect, test } from 'vitest';
import {
  fit,
  grad,
  initialise,
  linear,
  network,
  openDevice,
  ops,
  option,
  pack,
  positive,
  prune,
  relu,
  unpack,
  withOptions,
  type Criterion,
  type Masks,
  type Minibatch,
  type PruneOptions,
  type Scaled,
  type Tensor,
  type Ticket,
  type Weights,
} from '../../src/index.js';
import { METHODS, procedureOf } from '../../src/prune/methods.js';
import { PathexError } from '../../src/errors.js';
import { synthetic } from '../../src/datasets/synthetic.js';
import { mlp } from '../../src/models/mlp.js';
import { asWeights, randomImages, randomState, seeded } from './helper.js';

/** Criteria of a script's own, written with what the package exports. */

/** 3 -> 4 -> 2: 20 weights. */
const net = network('small', [3], (x) => linear('b', 2)(relu(linear('a', 4)(x))));
const weights = asWeights(net, randomState(net, seeded(1)));
const minibatch = (n: number, seed: number): Minibatch => ({
  images: Float32Array.from(randomImages(net, n, seeded(seed))),
  labels: Int32Array.from({ length: n }, (_, i) => (i + seed) % 2),
});
const data = [minibatch(4, 2), minibatch(4, 3), minibatch(4, 4)];
const device = await openDevice('reference');
const valuesOf = (name: string): readonly number[] => [...weights.get(name)!.data];
const flat = ({ masks }: Ticket): number[] => [...masks.values()].flatMap((m) => [...m]);
/** The mask of the best scores, ties to the first. */
const best = (scores: readonly number[], keep: number): number[] => {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return scores.map((_, i) => (order.indexOf(i) < keep ? 1 : 0));
};

/**
 * Gradient of the mean cross-entropy of one minibatch by hand: of a.weight [4, 3], then of b.weight [2, 4].
 */
const slopesOf = ({ images, labels }: Minibatch): number[] => {
  const [a, aBias, b, bBias] = ['a.weight', 'a.bias', 'b.weight', 'b.bias'].map(valuesOf);
  const slopes = new Array<number>(20).fill(0);
  labels.forEach((label, n) => {
    const x = [...images.subarray(3 * n, 3 * n + 3)];
    const z = [0, 1, 2, 3].map((u) => aBias![u]! + x.reduce((s, v, i) => s + v * a![3 * u + i]!, 0));
    const h = z.map((v) => Math.max(v, 0));
    const y = [0, 1].map((k) => bBias![k]! + h.reduce((s, v, u) => s + v * b![4 * k + u]!, 0));
    const whole = y.reduce((s, v) => s + Math.exp(v), 0);
    const dy = y.map((v, k) => (Math.exp(v) / whole - (k === label ? 1 : 0)) / labels.length);
    for (let u = 0; u < 4; u++) {
      const dz = z[u]! > 0 ? dy.reduce((s, d, k) => s + d * b![4 * k + u]!, 0) : 0;
      for (let i = 0; i < 3; i++) slopes[3 * u + i]! += dz * x[i]!;
      for (let k = 0; k < 2; k++) slopes[12 + 4 * k + u]! += dy[k]! * h[u]!;
    }
  });
  return slopes;
};

const facts = {
  kind: 'criterion',
  doc: 'of this test',
  rounds: { kind: 'any', usual: 1 },
  cost: { perMinibatch: { forward: 1, backward: 1 } },
  monotone: true,
} as const;
const slopesAt = (net: { readonly output: Tensor }, { loss }: Objective, wrt: readonly Tensor[]): Tensor =>
  pack(grad(loss(net.output), wrt));

/** Sum over minibatches of (theta dL/dtheta)^2. */
const taylor: Criterion = {
  ...facts,
  name: 'taylor',
  data: 'labelled images',
  accumulate: (view, objective) => {
    const product = ops.mul(pack(view.effective), slopesAt(view.evalBatch, objective, view.effective));
    return { mantissa: ops.mul(product, product), exponent: null };
  },
  score: (view, sum) => ({ scores: unpack(sum!.mantissa, view.weights), total: null }),
};
/** Spread of dL/dtheta over the minibatches: the second pass knows the mean of the first. */
const spread: Criterion = {
  ...facts,
  name: 'spread',
  data: 'labelled images',
  accumulate: (view, objective) => ({
    mantissa: slopesAt(view.evalBatch, objective, view.weights),
    exponent: null,
  }),
  secondPass: (view, objective, first) => {
    const average = ops.mul(first.mantissa, ops.scalar(1 / data.length));
    const away = ops.sub(slopesAt(view.evalBatch, objective, view.weights), average);
    return { mantissa: ops.mul(away, away), exponent: null };
  },
  score: (view, sum) => ({ scores: unpack(sum!.mantissa, view.weights), total: null }),
};

describe("a criterion of one's own", () => {
  const all = ['a.weight', 'b.weight'].flatMap(valuesOf);
  const perBatch = data.map(slopesOf);
  test('adds up over the minibatches and ranks by its scores', async () => {
    const expected = all.map((w, i) => perBatch.reduce((s, g) => s + (w * g[i]!) ** 2, 0));
    const ticket = await prune(net, weights, device, { criterion: taylor, density: 0.4, data });
    expect(flat(ticket)).toEqual(best(expected, 8));
    expect(ticket).toMatchObject({ method: 'taylor', density: 0.4 });
    expect(ticket.rounds.map((r) => [r.live, r.log2Flow])).toEqual([[8, null]]);
  });
  test('passes a second time, with what the first pass added up', async () => {
    const averages = all.map((_, i) => perBatch.reduce((s, g) => s + g[i]! / data.length, 0));
    const expected = all.map((_, i) => perBatch.reduce((s, g) => s + (g[i]! - averages[i]!) ** 2, 0));
    const ticket = await prune(net, weights, device, { criterion: spread, density: 0.3, data });
    expect(flat(ticket)).toEqual(best(expected, 6));
  });
  test('has options of its own, which are checked', async () => {
    const POWER = { power: option(positive, 1, 'of the fan-in') };
    const scaled = withOptions('scaled', POWER, ({ power }): Criterion => ({
      ...facts,
      name: 'scaled',
      data: 'none',
      cost: {},
      score: ({ weights: own }) => ({
        scores: own.map((w) => ops.mul(ops.abs(w), ops.scalar(w.shape[1]! ** power))),
        total: null,
      }),
    }));
    for (const power of [1, 6]) {
      const expected = all.map((w, i) => Math.abs(w) * (i < 12 ? 3 : 4) ** power);
      const ticket = await prune(net, weights, device, { criterion: scaled({ power }), density: 0.5 });
      expect(flat(ticket), String(power)).toEqual(best(expected, 10));
    }
    expect(() => scaled({ power: -1 })).toThrow('scaled: power -1 is not a positive number; its options are');
  });
  test('may have a flow, which its report shows, and take as many rounds as it says', async () => {
    const halves: Criterion = {
      ...facts,
      name: 'halves',
      data: 'none',
      rounds: { kind: 'any', usual: 3 },
      score: ({ effective }) => {
        const scores = effective.map((w) => ops.mul(w, w));
        const total = ops.sum(pack(scores), [0]);
        return { scores, total: { mantissa: total, exponent: ops.scalar(2) } };
      },
    };
    const { rounds } = await prune(net, weights, device, { criterion: halves, density: 0.5 });
    const squares = all.map((w) => w * w);
    const left = [20, ...rounds.map((r) => r.live)].map((keep) =>
      best(squares, keep).reduce((s, kept, i) => s + kept * squares[i]!, 0),
    );
    expect(rounds).toHaveLength(3);
    rounds.forEach((r, i) => {
      expect(r.log2Flow).toBeCloseTo(2 + Math.log2(left[i]!), 6);
    });
  });
  test('draws numbers from the seed', async () => {
    const lots: Criterion = {
      ...facts,
      name: 'lots',
      data: 'none',
      score: (view) => ({
        scores: view.weights.map((w) => ops.state(`noise/${w.path}`, w.shape, { role: 'noise' })),
        total: null,
      }),
    };
    const mask = async (seed: number): Promise<string> =>
      flat(await prune(net, weights, device, { criterion: lots, density: 0.5, seed })).join('');
    expect(await mask(1)).toBe(await mask(1));
    expect(await mask(1)).not.toBe(await mask(2));
  });
  test.each(METHODS.filter((method) => method !== 'phew' && method !== 'imp'))(
    'that of %s gives the ticket of the method',
    async (method) => {
      const criterion = procedureOf({ method });
      if (criterion.kind !== 'criterion') throw new Error(`${method} is one`);
      const common = { density: 0.5, data, ...(criterion.rounds.kind === 'any' ? { rounds: 4 } : {}) };
      const [byName, own] = [
        await prune(net, weights, device, { method, ...common }),
        await prune(net, weights, device, { criterion, ...common }),
      ];
      expect(flat(own)).toEqual(flat(byName));
    },
  );
  test('keeps the same weights on cpu', async () => {
    const cpu = await openDevice('cpu');
    const options: PruneOptions = { criterion: taylor, density: 0.4, rounds: 3, data };
    expect(flat(await prune(net, weights, cpu, options))).toEqual(
      flat(await prune(net, weights, device, options)),
    );
    await cpu.dispose();
  });
});

describe('the start of pruning', () => {
  const half = { method: 'magnitude', density: 0.5 } as const;
  test('is that of a training: weights with masks, a ticket, what a training returns', async () => {
    const first = await prune(net, weights, device, half);
    const more = { method: 'magnitude', density: 0.2 } as const;
    const expected = flat(await prune(net, weights, device, { ...more, masks: first.masks }));
    for (const start of [first, { weights, masks: first.masks }])
      expect(flat(await prune(net, start, device, more))).toEqual(expected);
    expect(flat(await prune(net, { weights }, device, half))).toEqual(flat(first));
    expect(flat(await prune(net, { weights, masks: null }, device, { ...half, masks: null }))).toEqual(
      flat(first),
    );

    const images = synthetic({ seed: 0, train: 20, test: 10 });
    const wide = mlp([32, 32, 3], { classes: 10, hidden: [4] });
    const trained = await fit(wide, { weights: initialise(wide, 0) }, images, device, {
      epochs: 1,
      batch: 10,
      rate: { kind: 'oneCycle', rate: 0.1 },
    });
    expect(flat(await prune(wide, trained, device, half))).toEqual(
      flat(await prune(wide, trained.weights, device, half)),
    );
  });
  test('has masks once', async () => {
    const { masks } = await prune(net, weights, device, half);
    await expect(prune(net, { weights, masks }, device, { ...half, masks })).rejects.toThrow(
      'prune: the start has masks, and masks are given as an option; leave one of them out',
    );
  });
});

describe('what is no criterion is refused', () => {
  const mine: Criterion = {
    ...facts,
    name: 'mine',
    data: 'none',
    score: (view) => ({ scores: view.weights.map((w) => ops.abs(w)), total: null }),
  };
  const reading: Criterion = { ...taylor, name: 'mine' };
  const refusal = async (change: object, from: Criterion = mine): Promise<string> => {
    const criterion = { ...from, ...change };
    try {
      await prune(net, weights, device, { criterion, density: 0.5, data });
    } catch (error) {
      if (error instanceof PathexError) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'accepted';
  };
  const scaled = (mantissa: Tensor): Scaled => ({ mantissa, exponent: null });
  test('as it stands it is accepted', async () => {
    expect(await refusal({})).toBe('accepted');
    expect(await refusal({}, reading)).toBe('accepted');
  });
  test.each([
    [{ score: undefined }, 'prune: criterion: score is missing; give a function'],
    [{ scor: () => null }, "prune: criterion: there is no option 'scor'; did you mean 'score'?"],
    [{ name: '' }, "prune: criterion: name '' is not a name, a string that is not empty; give one"],
    [{ kind: undefined }, "prune: criterion: kind is missing; give 'criterion'"],
    [{ monotone: 1 }, 'prune: criterion: monotone 1 is not true or false; give one'],
    [
      { rounds: 100 },
      "prune: criterion: rounds 100 is not { kind: 'any', usual: 100 }, or { kind: 'single', why } for a method of one round; give one",
    ],
    [
      { cost: undefined },
      'prune: criterion: cost is missing; give an object of passes, {} where it looks at the weights alone',
    ],
    [
      { cost: { perRound: { forward: 1 } } },
      'prune: criterion: cost: perRound: backward is missing; give an integer from 0 on',
    ],
    [
      { data: 'labels' },
      "prune: criterion: data 'labels' is unknown; choose from none, images, labelled images",
    ],
    [
      { data: 'images' },
      "prune: criterion: it reads images but has no accumulate, which alone sees them; add it, or say data: 'none'",
    ],
    [
      { accumulate: taylor.accumulate },
      "prune: criterion: accumulate is called for each minibatch, data is 'none'; say data: 'images' or 'labelled images'",
    ],
    [
      { secondPass: spread.secondPass },
      'prune: criterion: it has a secondPass without a first; name the first one accumulate',
    ],
  ])('%o', async (change, message) => {
    expect(await refusal(change)).toBe(`OPTION ${message}`);
  });
  test.each([
    [
      () => null,
      'mine: what score returns is null; return { scores, total }, a tensor for each of view.weights and a flow or null',
    ],
    [
      (view: { weights: Tensor[] }) => view.weights,
      'mine: what score returns is an array of 2; return { scores, total }, a tensor for each of view.weights and a flow or null',
    ],
    [
      (view: { weights: Tensor[] }) => ({ scores: view.weights.slice(1), total: null }),
      'mine: what score returns has 1 scores for 2 weights; return one for each of view.weights, in their order',
    ],
    [
      (view: { weights: Tensor[] }) => ({ scores: view.weights.map((w) => ops.sum(w, [0])), total: null }),
      "mine: what score returns has f32[3] for 'a.weight' [4, 3]; return f32 of the weight's shape",
    ],
    [
      (view: { weights: Tensor[] }) => ({ scores: view.weights, total: scaled(view.weights[0]!) }),
      'mine: what score returns has a total f32[4, 3]; return a scalar flow, or null for none',
    ],
    [
      (view: { weights: Tensor[] }) => ({
        scores: view.weights.map((w) => ops.mul(w, ops.sum(ops.input('images', [4, 3]), [0, 1]))),
        total: null,
      }),
      "mine: what score returns reads input 'images'; only accumulate and secondPass see the data",
    ],
    [
      (view: { weights: Tensor[] }) => ({
        scores: view.weights.map((w) => ops.mul(w, ops.state('scale', []))),
        total: null,
      }),
      "mine: what score returns reads state 'scale', which is none of the network's; random numbers are ops.state('noise/...', shape, { role: 'noise' })",
    ],
  ])('score %#', async (score, message) => {
    expect(await refusal({ score })).toBe(`OPTION ${message}`);
  });
  test.each([
    [
      () => ops.scalar(1),
      'mine: what accumulate returns is a plain object; return { mantissa, exponent }, a tensor of f32 and null, or the scalar e where it counts 2^e times as much',
    ],
    [
      (view: { evalBatch: { output: Tensor } }) => ({
        ...scaled(view.evalBatch.output),
        exponent: view.evalBatch.output,
      }),
      'mine: what accumulate returns has an exponent that is no scalar of f32; return one, or null for none',
    ],
    [
      (view: { evalOne: { output: Tensor } }) => scaled(view.evalOne.output),
      "mine: what accumulate returns reads input 'images' as f32[1, 3], a minibatch has f32[4, 3]; read view.evalBatch or view.trainBatch",
    ],
    [
      () => scaled(ops.input('targets', [4])),
      "mine: what accumulate returns reads input 'targets'; there is 'images' and 'labels', and targets only with data: 'labelled images'",
    ],
  ])('accumulate %#', async (accumulate, message) => {
    expect(await refusal({ accumulate }, reading)).toBe(`OPTION ${message}`);
  });
  test('labels where it says that it reads images alone', async () => {
    expect(await refusal({ data: 'images' }, reading)).toBe(
      "OPTION mine: it asks for a loss but reads images; say data: 'labelled images'",
    );
  });
  test('beside a method, or nothing at all', async () => {
    const given = (options: object): Promise<Ticket> => prune(net, weights, device, options as PruneOptions);
    await expect(given({ method: 'px', criterion: mine, density: 0.5 })).rejects.toThrow(
      'prune: method and criterion are given; leave one of them out',
    );
    await expect(given({ density: 0.5 })).rejects.toThrow(
      /^prune: method is missing; choose from px, .*, or give a criterion of your own as criterion$/,
    );
    await expect(given({ criterion: mine, density: 0.5, mode: 'px' })).rejects.toThrow("no option 'mode'");
  });
  test('in a start that masks prune, unless what is removed stays out', async () => {
    const masks: Masks = new Map(
      [...weights]
        .filter(([name]) => name.endsWith('weight'))
        .map(([name, w]) => [name, new Uint8Array(w.data.length).fill(1)]),
    );
    const criterion = { ...mine, monotone: false };
    const start: { weights: Weights; masks: Masks } = { weights, masks };
    await expect(prune(net, start, device, { criterion, density: 0.5 })).rejects.toThrow(
      'prune: under mine removed weights may return, so that it cannot keep to masks; leave masks out',
    );
  });
});
